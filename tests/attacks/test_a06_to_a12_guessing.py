"""A06 to A12: guessing at one account from everywhere, at many from one place, slowly, in turns, over an edge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from authshield import tasks
from authshield.models import Notice
from tests.clocks import Clock, set_clock
from tests.hashes import counted_hashes
from tests.site import Guest, challenge_in, stranger, work_off

pytestmark = pytest.mark.usefixtures("own_site")
LIMIT = 5
A_DAY = 20
A_MONTH = 100
NAMES = 10
FROM_ADDRESS = 20
WINDOW = 600


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Time passes as the test says."""
    with set_clock() as standing:
        yield standing


def _guess(number: int, name: str = "dave", *, is_right: bool = False) -> int:
    """One guess from an address that nobody used before."""
    guest = stranger(f"127.{number // 60000}.{number // 250 % 240 + 1}.{number % 250 + 1}")
    return int(guest.api_sign_in(name, None if is_right else "wrong").status_code)


def test_a06_many_addresses_share_the_accounts_budget() -> None:
    """Forty addresses, one guess each: five are looked at, the right one too late."""
    with counted_hashes() as counted:
        statuses = [_guess(number) for number in range(40)]
    assert statuses == [401] * LIMIT + [429] * (40 - LIMIT)
    assert counted.hashes == LIMIT
    assert _guess(99, is_right=True) == 429


def test_a06_the_wait_grows_and_there_is_an_end(clock: Clock) -> None:
    """Twenty a day, a hundred in thirty days, whoever waits for each window."""
    with counted_hashes() as counted:
        number = 0
        for day in range(1, 15):
            for _ in range(6):
                for _ in range(LIMIT):
                    number += 1
                    _guess(number)
                clock.go_on(WINDOW + 1)
            assert counted.hashes <= A_DAY * day
            clock.go_on(86_400 - 6 * (WINDOW + 1) + 1)
    assert A_DAY < counted.hashes <= A_MONTH


def test_a06_guessing_on_after_the_limit_shuts_no_new_browser_out(clock: Clock) -> None:
    """What is refused unheard fills no limit: a flood of refusals must not use up the month of strangers."""
    for round_ in range(3):
        heard = [_guess(100 * round_ + number) for number in range(40)]
        assert heard.count(401) == 5
        clock.go_on(601)
    assert _guess(9_000) == 401


def test_a07_one_address_tries_ten_names_and_no_more() -> None:
    """Its right guess comes too late as well; the customer's own browser next door goes on."""
    owner, thief = Guest(), stranger()
    owner.sign_in("dave")
    statuses = [thief.api_sign_in(f"name-{number}", "Spring2025!").status_code for number in range(150)]
    assert statuses == [401] * NAMES + [429] * (150 - NAMES)
    assert thief.api_sign_in("dave").status_code == 429
    assert owner.sign_in("dave").headers["Location"] == "/"


def test_a08_a_right_guess_from_a_fresh_address_opens_nothing() -> None:
    """A new address for each name: whoever guesses right is asked for a code; who has none cannot go on at all."""
    for name in ("dave", "erin"):
        Guest().sign_in(name)
    work_off()
    for number in range(30):
        assert _guess(number, f"name-{number}") == 401
    thief = stranger("127.0.0.88")
    assert challenge_in(thief.sign_in("dave"))
    assert not thief.is_signed_in
    assert stranger("127.0.0.89").api_sign_in("erin").json()["code"] == "invalid_credentials"


def test_a09_a_guess_a_day_stays_a_strangers_guess(clock: Clock) -> None:
    """Weeks of trying earn no trust: the right password is asked for a code, and the customer hears of it."""
    Guest().sign_in("dave")
    work_off()
    thief = stranger()
    for _ in range(30):
        assert thief.api_sign_in("dave", "wrong").status_code == 401
        clock.go_on(86_400)
    assert challenge_in(thief.sign_in("dave"))
    assert not thief.is_signed_in
    clock.go_on(301)
    tasks.expire()
    assert [notice.template for notice in Notice.objects.all()] == ["password_known"]


def test_a10_an_own_sign_in_in_between_clears_nobody_elses_count() -> None:
    """The thief's own account at the same address gives back its own tries alone."""
    thief = Guest()
    thief.sign_in("erin")
    with counted_hashes() as counted:
        for _ in range(4):
            for _ in range(3):
                thief.api_sign_in("dave", "wrong")
            assert thief.sign_in("erin").headers["Location"] == "/"
    assert counted.hashes == LIMIT + 4


def test_a10_nor_the_addresss_count() -> None:
    """Over many names: the address runs dry, whatever succeeds there."""
    own, thief = Guest(), stranger(Guest().address)
    own.sign_in("erin")
    wrong = 0
    for number in range(12):
        for _ in range(3):
            wrong += thief.api_sign_in(f"name-{number % 8}", "wrong").status_code == 401
        own.sign_in("erin")
    assert FROM_ADDRESS <= wrong <= FROM_ADDRESS + 2  # one customer behind it is worth two tries


def test_a12_a_burst_over_an_edge_is_one_burst(clock: Clock) -> None:
    """Ten minutes by anybody's clock hold five, wherever they begin."""
    clock.go_on(WINDOW - clock.at.timestamp() % WINDOW - 2)
    with counted_hashes() as counted:
        for number in range(7):
            _guess(number)
        clock.go_on(4)
        for number in range(7, 14):
            _guess(number)
        assert counted.hashes == LIMIT
        clock.go_on(WINDOW - 5)
        assert _guess(21) == 429
        clock.go_on(1)
        assert _guess(22) == 401
