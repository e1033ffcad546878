"""Keep one child as the demo's supervisor does: `python -m tests.demo.keeper FOLDER STOP_SECONDS ARGV…`.

Prints the child's process id once it is started. Must stay as close to supervisor/run.py as it can.
"""

import sys
from pathlib import Path

from demo_site.supervisor.errors import StartError, StopAskedError
from demo_site.supervisor.family import Command, Family
from demo_site.supervisor.interrupts import Interrupts
from demo_site.supervisor.state import exclusive


def main(folder: Path, stop_seconds: float, argv: list[str]) -> int:
    """Return the exit status that the demo would have."""
    try:
        with (
            Interrupts() as interrupts,
            exclusive(folder) as lock,
            Family(folder / "logs", interrupts, lock=lock, stop_seconds=stop_seconds) as family,
        ):
            print(family.start(Command("child", argv, cwd=folder)).process.pid, flush=True)
            family.watch()
    except StopAskedError:
        return 0
    except StartError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 3


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
