"""Files of events become records, one at a time: every line is checked, and none is trusted.

Must not use Django nor decide anything. Memory: one line of at most a megabyte a file, and the ids seen.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from heapq import merge
from pathlib import Path
from typing import BinaryIO, Never, cast
from zlib import error as ZlibError  # noqa: N812 - an exception under a name that says so

from authshield.errors import AuthShieldError
from authshield.replay.fields import Body, FieldError, show
from authshield.replay.parse import Setting
from authshield.replay.parse import record as parse_record
from authshield.replay.record import Record

MAX_LINE = 1 << 20
_GZIP = b"\x1f\x8b"
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_BOM = b"\xef\xbb\xbf"
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]", re.ASCII)


class ReplayError(AuthShieldError):
    """A replay that cannot start or go on; the message names the thing, what is wrong and the way out."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that breaks the format."""

    file: str
    line: int
    field: str
    expected: str
    seen: str

    def __str__(self) -> str:
        """One line, without anything that a file could have put there to deceive its reader."""
        name = self.file if self.file.isprintable() else ascii(self.file)
        return f"{name}:{self.line}: {self.field}: expected {self.expected}, got {self.seen}"


Report = Callable[[Problem], None]
Lines = Iterator[tuple[int, Body | FieldError]]
LinesOf = Callable[[BinaryIO], Lines]


@dataclass(slots=True)
class _File:
    """A file being read, and what its good lines have claimed so far: their ids, and how far the time has come."""

    path: Path
    prefix: str
    ids: set[str] = field(default_factory=set)
    at: datetime = _BEGINNING


def read(
    paths: list[Path], setting: Setting, report: Report, *, lines_of: LinesOf | None = None
) -> Iterator[Record]:
    """All good records of all files in one order of time; each bad line goes to ``report``.

    Events of the same time keep the order of the files. Raises ``ReplayError`` for a file that cannot be read.
    """
    files = [_File(path, f"{place}/" if place else "") for place, path in enumerate(paths)]
    streams = [_records(file, setting, report, lines_of or json_lines) for file in files]
    return streams[0] if len(streams) == 1 else merge(*streams, key=lambda record: record.event.at)


def json_lines(stream: BinaryIO) -> Lines:
    """Each line of a file, with its number, as a JSON object or as what is wrong with it."""
    for number, line in enumerate(_bounded(stream), 1):
        try:
            yield number, _body(line.removeprefix(_BOM) if number == 1 else line)
        except FieldError as error:
            yield number, error


def _records(file: _File, setting: Setting, report: Report, lines_of: LinesOf) -> Iterator[Record]:
    try:
        with _open(file.path) as stream:
            for number, body in lines_of(stream):
                try:
                    yield _checked(body, file, setting)
                except FieldError as error:
                    report(Problem(str(file.path), number, error.field, error.expected, error.seen))
    except (OSError, EOFError, ZlibError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ReplayError(f"cannot read {str(file.path)!r}: {reason}") from error


def _checked(body: Body | FieldError, file: _File, setting: Setting) -> Record:
    if isinstance(body, FieldError):
        raise body
    record = parse_record(body, setting, prefix=file.prefix)
    if record.id in file.ids:
        raise FieldError("id", "an id that no line before has", show(record.id))
    if record.event.at < file.at:
        raise FieldError("time", f"no step back before {file.at.isoformat()}", show(record.time))
    # A bad line claims nothing, so that it cannot spoil a good one.
    file.ids.add(record.id)
    file.at = record.event.at
    return record


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as stream:
        if stream.peek(len(_GZIP))[: len(_GZIP)] == _GZIP:
            with gzip.GzipFile(fileobj=stream) as unpacked:
                yield cast("BinaryIO", unpacked)
        else:
            yield stream


def _bounded(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(MAX_LINE):
        if len(line) == MAX_LINE and not line.endswith(b"\n"):
            while (rest := stream.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                pass
        yield line


def _body(line: bytes) -> Body:
    if len(line) == MAX_LINE:
        raise FieldError("line", f"less than {MAX_LINE} bytes", "more")
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise FieldError("line", "UTF-8", f"the byte 0x{line[error.start]:02x} at {error.start}") from error
    try:
        body = json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_unique)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise FieldError("line", "a JSON object", show(text.strip())) from error
    if type(body) is not dict:
        raise FieldError("line", "a JSON object", show(body))
    if _SURROGATE.search(text):
        _encodable(body)
    return body


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    body = dict(pairs)
    if len(body) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise FieldError("line", "each key once", f"{show(twice)} twice")
    return body


def _no_constant(name: str) -> Never:
    raise ValueError(name)


def _encodable(body: Body) -> None:
    try:
        json.dumps(body, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        raise FieldError("line", "Unicode text", "half of a surrogate pair") from error
