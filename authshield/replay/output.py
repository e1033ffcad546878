"""Files that appear whole or not at all, packed where their name ends in ``.gz``.

Must not decide what is written.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from authshield.replay.reader import ReplayError


class Outputs:
    """Writes beside the final names and renames everything in ``keep``, so that a failure leaves nothing."""

    def __init__(self, stack: ExitStack) -> None:
        """``stack`` closes and removes what was not kept."""
        self._stack = stack
        self._files: list[tuple[TextIO, Path, Path]] = []

    def open(self, path: Path) -> TextIO:
        """A file to write text to. A device or a pipe is written at once; ``ReplayError`` where it cannot be."""
        try:
            if path.exists() and not path.is_file():
                return self._stack.enter_context(path.open("w", encoding="utf-8"))
            part = path.with_name(f".{path.name}.{os.getpid()}.part")
            stream = self._stack.enter_context(_written(part, packed=path.suffix == ".gz"))
        except OSError as error:
            raise ReplayError(f"cannot write {str(path)!r}: {error.strerror}") from error
        self._files.append((stream, part, path))
        return stream

    def keep(self) -> None:
        """Give every file its name; ``ReplayError`` where the disk is full or a name cannot be had."""
        for stream, part, path in self._files:
            try:
                stream.close()
                part.replace(path)
            except OSError as error:
                raise ReplayError(f"cannot write {str(path)!r}: {error.strerror}") from error


@contextmanager
def _written(part: Path, *, packed: bool) -> Iterator[TextIO]:
    with ExitStack() as stack:
        raw = stack.enter_context(part.open("wb"))
        stack.callback(part.unlink, missing_ok=True)
        # Neither a name nor a time in the archive: the same decisions make the same bytes.
        stream = stack.enter_context(gzip.GzipFile("", "wb", 6, raw, mtime=0)) if packed else raw
        yield stack.enter_context(TextIOWrapper(stream, encoding="utf-8", newline="\n"))
