"""Cookies of this package are what ``set_cookie`` would have set, whoever changes them afterwards."""

from __future__ import annotations

import pickle

import pytest
from django.http import HttpResponse

from authshield.observe.cookies import put_cookie

NAME, VALUE, SECONDS = "__Host-device", "v2.x-_y.0001", 600


@pytest.mark.parametrize("is_secure", [True, False])
def test_a_cookie_is_written_as_django_writes_it(*, is_secure: bool) -> None:
    """Attributes and their order are the same, also after a cache has kept the answer."""
    ours, theirs = HttpResponse(), HttpResponse()
    put_cookie(ours, NAME, VALUE, seconds=SECONDS, is_secure=is_secure)
    theirs.set_cookie(NAME, VALUE, path="/", httponly=True, samesite="Lax", secure=is_secure)
    theirs.cookies[NAME]["max-age"] = SECONDS
    assert ours.cookies[NAME].output() == theirs.cookies[NAME].output()
    assert pickle.loads(pickle.dumps(ours)).cookies[NAME].output() == theirs.cookies[NAME].output()  # noqa: S301


def test_a_cookie_that_a_site_changes_is_written_changed() -> None:
    """Another middleware may still add to it; the next answer's cookie is as ever."""
    changed, fresh = HttpResponse(), HttpResponse()
    put_cookie(changed, NAME, VALUE, seconds=SECONDS, is_secure=True)
    changed.cookies[NAME]["domain"] = "broker.example"
    put_cookie(fresh, NAME, VALUE, seconds=SECONDS, is_secure=True)
    assert "Domain=broker.example" in changed.cookies[NAME].output()
    assert "Domain" not in fresh.cookies[NAME].output()
