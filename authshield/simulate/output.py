"""Where the lines go: a file that is there whole or not at all, packed if its name says so, or standard output."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_QUICK = 4  # of gzip's levels: a fifth larger than the usual, in half the time
Write = Callable[[str], object]


@contextmanager
def writing(name: str, print_text: Write) -> Iterator[Write]:
    """Yield what takes the text. The file appears once all is written; ``-`` prints it instead."""
    if name == "-":
        yield lambda text: print_text(text.removesuffix("\n")) if text else None
        return
    path = Path(name)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as raw:
            if path.suffix == ".gz":
                # Neither name nor time goes into the file: the same run gives the same bytes.
                with gzip.GzipFile("", "wb", _QUICK, raw, mtime=0) as packed:
                    yield lambda text: packed.write(text.encode())
            else:
                yield lambda text: raw.write(text.encode())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
