"""`python -m demo_site` runs the demo in the foreground; `python -m demo_site reset` empties its folder.

Must not do more than read the command line and turn errors into one line and an exit status.
"""

import argparse
import os
import sys

from demo_site.supervisor.errors import StartError, StopAskedError
from demo_site.supervisor.run import Options, serve
from demo_site.supervisor.state import data_folder, reset


def main() -> int:
    """Return the exit status: 0 ended as asked, 1 a part failed, 2 the input or the machine is at fault."""
    arguments = _parser().parse_args()
    try:
        if arguments.action == "reset":
            reset(data_folder(os.environ))
        else:
            serve(Options.from_environ(os.environ), say=_say, follow_parent=arguments.follow_parent)
    except StopAskedError:
        _say("The demo has ended.")
    except StartError as error:
        print(f"authshield demo: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo_site",
        description="Run the demo brokerage until Ctrl-C. Environment it reads: PORT, DATA, WEB_WORKERS.",
    )
    parser.add_argument(
        "action", nargs="?", choices=["run", "reset"], default="run", help="reset empties the folder DATA"
    )
    parser.add_argument(
        "--follow-parent", action="store_true", help="end when the process that started it ends"
    )
    return parser


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
