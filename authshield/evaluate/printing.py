"""Tables on a terminal: columns in line, nothing else. Must not choose what is printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

from authshield.evaluate.table import Table

WIDTH = 100
_HEAD_WIDTH = 22


def printed(tables: Sequence[Table]) -> str:
    """All tables, one under the other."""
    return "\n\n".join("\n".join(_lines(table)) for table in tables)


def _lines(table: Table) -> Iterator[str]:
    yield table.caption
    heads = [wrap(safe(cell), _HEAD_WIDTH) or [""] for cell in table.head]
    rows = [[safe(cell) for cell in row] for row in table.rows]
    widths = [
        max([len(line) for line in head] + [len(row[place]) for row in rows])
        for place, head in enumerate(heads)
    ]
    for line in zip_longest(*heads, fillvalue=""):
        yield _aligned(line, widths)
    yield "  " + "  ".join("-" * width for width in widths)
    for row in rows:
        yield _aligned(row, widths)
    yield from (f"  {line}" for line in wrap(table.note, WIDTH))


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(cells, widths, strict=True)
    line = "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)])
    return f"  {line}".rstrip()


def safe(cell: str) -> str:
    """A cell without anything that a file's names could do to a terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in cell)
