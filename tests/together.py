"""Runs things at the same time, in threads with their own database connections. Must not hide an error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection, connections

Result = TypeVar("Result")


def together(acts: Sequence[Callable[[], Result]]) -> list[Result | Exception]:
    """Start all acts at once; their results in order, an exception where one was raised."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], Result]) -> Result | Exception:
        try:
            gate.wait(timeout=30)
            return act()
        except Exception as error:  # noqa: BLE001 - handed to the test, which looks at it
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@contextmanager
def just_before(fragment: str, act: Callable[[], object]) -> Iterator[None]:
    """Do something right before the first statement that holds ``fragment``, as somebody else might."""
    waiting = [act]

    def watch(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if waiting and fragment in sql:
            waiting.pop()()
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        yield
    assert not waiting, f"no statement held {fragment!r}"
