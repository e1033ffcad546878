"""Replies and commands on the wire: ours are what Redis and hiredis say they are."""

from __future__ import annotations

from typing import Any

import hiredis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authshield.measure.transport_resp import (
    MORE,
    PlainReader,
    Reader,
    Refused,
    pack,
    pack_front,
    pack_parts,
    reader,
)

WIRE = b"+OK\r\n-ERR no such thing\r\n:42\r\n$3\r\na\r\n\r\n$-1\r\n*2\r\n$0\r\n\r\n*1\r\n:-1\r\n*-1\r\n*0\r\n"
VALUES = [b"OK", "ERR no such thing", 42, b"a\r\n", None, [b"", [-1]], None, []]

theirs: Any = hiredis.pack_command


def read_all(made: Reader, pieces: list[bytes]) -> list[object]:
    """What it gets of these pieces, errors as their text."""
    found: list[object] = []
    for piece in pieces:
        made.feed(piece)
        while (reply := made.gets()) is not MORE:
            found.append(str(reply) if isinstance(reply, Refused) else reply)
    return found


@pytest.mark.parametrize("make", [PlainReader, reader], ids=["plain", "installed"])
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_replies_are_read_however_they_arrive(make: type[PlainReader], size: int) -> None:
    """In single bytes or all at once, with hiredis or without."""
    pieces = [WIRE[start : start + size] for start in range(0, len(WIRE), size)]
    assert read_all(make(), pieces) == VALUES


@pytest.mark.parametrize("make", [PlainReader, reader], ids=["plain", "installed"])
def test_what_is_no_reply_breaks_the_connection(make: type[PlainReader]) -> None:
    """A server that talks otherwise is as good as none."""
    made = make()
    made.feed(b"HTTP/1.1 400 Bad Request\r\n")
    with pytest.raises(ConnectionError):
        made.gets()


def test_a_refusal_has_its_first_word_as_code() -> None:
    """And tells no more than needed."""
    refused = Refused("MOVED 3999 127.0.0.1:6381" + "x" * 1000)
    assert refused.code == "MOVED"
    assert len(str(refused)) == 200


@given(st.lists(st.one_of(st.binary(max_size=9000), st.text(max_size=50), st.integers()), min_size=1))
def test_commands_are_packed_as_hiredis_does(parts: list[str | bytes | int]) -> None:
    """Whatever they hold."""
    assert pack(*parts) == theirs(tuple(parts))


@given(st.binary(), st.lists(st.binary(max_size=5000)), st.lists(st.binary(max_size=5000)))
def test_a_script_is_packed_as_hiredis_does(text: bytes, keys: list[bytes], others: list[bytes]) -> None:
    """Its front is made once, the rest each time."""
    packed = pack_front(b"EVAL", text, len(keys), len(others)) + pack_parts([*keys, *others])
    assert packed == theirs((b"EVAL", text, len(keys), *keys, *others))
