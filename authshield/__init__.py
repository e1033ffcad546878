"""AuthShield."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from authshield.installation import install as install

__version__ = "0.1.0.dev0"


def __getattr__(name: str) -> Any:
    """``authshield.install``, imported when it is asked for: importing the package costs nothing."""
    if name == "install":
        from authshield.installation import install  # noqa: PLC0415 - nothing at import time

        return install
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
