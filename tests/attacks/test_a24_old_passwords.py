"""A24: the old password cannot be guessed from a stolen session, at the desk neither; with Redis and without."""

from __future__ import annotations

import pytest

from tests.hashes import counted_hashes
from tests.servers import Valkey
from tests.site import Guest, code_of

LIMIT = 10
NEW = "correct horse battery"


def _signed_in() -> Guest:
    """A member of the desk, whose session somebody then has."""
    desk = Guest()
    answer = desk.sign_in("admin")
    if "/challenge/" in answer.headers["Location"]:
        desk.client.post(answer.headers["Location"], {"factor": "totp", "token": code_of("admin")})
    assert "_auth_user_id" in desk.client.session
    return desk


def _guess(desk: Guest, old: str) -> int:
    form = {"old_password": old, "new_password1": NEW, "new_password2": NEW}
    return int(desk.client.post("/admin/password_change/", form).status_code)


@pytest.mark.parametrize("is_away", [False, True])
def test_a24_a_stolen_session_of_the_desk_gets_ten_looks(own_site: Valkey, is_away: bool) -> None:
    """The eleventh is refused before a hash, the right one too."""
    desk = _signed_in()
    if is_away:
        own_site.client.execute_command("ACL", "SETUSER", "default", "-@all", "+acl", "+ping")  # type: ignore[no-untyped-call]
    try:
        with counted_hashes() as counted:
            statuses = [_guess(desk, "wrong") for _ in range(LIMIT + 3)]
            refused = _guess(desk, "admin-admin")
    finally:
        own_site.client.execute_command("ACL", "SETUSER", "default", "+@all")  # type: ignore[no-untyped-call]
    assert statuses == [200] * LIMIT + [429] * 3
    assert refused == 429
    assert counted.hashes == LIMIT


def test_a24_the_owner_changes_the_password_as_ever(own_site: Valkey) -> None:
    """One try is enough for whoever knows it."""
    del own_site
    assert _guess(_signed_in(), "admin-admin") == 302
