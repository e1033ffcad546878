"""How a start can end early. Must not know who raises what."""


class StartError(Exception):
    """The demo cannot run; the message is the one line that the person at the terminal gets.

    ``exit_status`` is 2 where the input or the surroundings are at fault, 1 where a part of the demo is.
    """

    def __init__(self, message: str, *, exit_status: int = 2) -> None:
        super().__init__(message)
        self.exit_status = exit_status


class StopAskedError(Exception):
    """Ctrl-C, SIGTERM or the end of the terminal: not a fault, the exit status is 0."""
