"""The public data set: attackers drawn from it, proofs counted as its authors do."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from authshield.evaluate.attackers import KINDS, Attacked
from authshield.evaluate.rba import REAL

HEADER = (
    "index,Login Timestamp,User ID,Round-Trip Time [ms],IP Address,Country,Region,City,ASN,User Agent String,"
    "Browser Name and Version,OS Name and Version,Device Type,Login Successful,Is Attack IP,Is Account Takeover"
)
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/84.0.4147.105 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:79.0) Gecko/20100101 Firefox/79.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 13_6 like Mac OS X) Version/13.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; SM-G960F) AppleWebKit/537.36 Chrome/84.0.4147.111 Mobile Safari/537.36",
)
PLACES = (("NO", "Oslo", 29695), ("NO", "Viken", 41164), ("US", "Texas", 7018), ("SE", "Scania", 1257))


def table(path: Path, *, users: int = 16, days: int = 42, takeover: bool = True) -> Path:
    """Made-up customers who sign in daily from their own address and browser; one is taken over near the end."""
    random, rows = Random(3), []
    start = datetime(2020, 3, 1, 8)  # noqa: DTZ001 - the set has no zones
    for day in range(days):
        for user in range(users):
            at = start + timedelta(days=day, minutes=user, seconds=random.randrange(30))
            rows.append(_row(at, user, place=user % 4, agent=(user // 2) % 4, ip=f"10.{user % 4}.{user}.7"))
    if takeover:
        at = start + timedelta(days=days)
        rows.append(_row(at, 3, place=2, agent=1, ip="10.2.99.9", takeover=True))
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def _row(at: datetime, user: int, *, place: int, agent: int, ip: str, takeover: bool = False) -> str:
    country, region, asn = PLACES[place]
    time = at.isoformat(sep=" ", timespec="milliseconds")
    cells = (0, time, user, "", ip, country, region, "City", asn, f'"{AGENTS[agent]}"', "", "", "")
    return ",".join(map(str, (*cells, True, False, takeover)))


def _attacks(path: Path, seed: int = 0, share: float = 1.0) -> list[Mapping[str, Any]]:
    with path.open("rb") as stream:
        lines = [body for _, body in Attacked(seed, share).lines(stream) if isinstance(body, Mapping)]
    assert [body["time"] for body in lines] == sorted(str(body["time"]) for body in lines)
    return [body for body in lines if body.get("campaign")]


def test_attackers_know_what_their_name_says(tmp_path: Path) -> None:
    """Anything; the victim's country; the victim's city and kind of browser. Never the victim's own address."""
    attacks = _attacks(table(tmp_path / "rba.csv"))
    counts = Counter(attack["campaign"] for attack in attacks)
    assert set(counts) == set(KINDS)
    for attack in attacks:
        user = int(attack["account"])
        country, region, _ = PLACES[user % 4]
        assert attack["ip"] != f"10.{user % 4}.{user}.7"
        assert (attack["outcome"], attack["session"], attack["label"]) == ("failure", None, "fraud")
        if attack["campaign"] != "naive":
            assert attack["network"]["country"] == country
        if attack["campaign"] == "targeted":
            assert PLACES[int(attack["ip"].split(".")[1])][1] == region
            assert attack["user_agent"] == AGENTS[(user // 2) % 4]
    strangers = [
        a
        for a in attacks
        if a["campaign"] == "naive" and a["network"]["country"] != PLACES[int(a["account"]) % 4][0]
    ]
    assert strangers


def test_the_seed_fixes_the_attackers(tmp_path: Path) -> None:
    """Each reading of the file brings the same ones, as a replay reads a long file twice."""
    path = table(tmp_path / "rba.csv", days=5)
    assert _attacks(path, 1) == _attacks(path, 1)
    assert _attacks(path, 1) != _attacks(path, 2)
    few = _attacks(path, 1, 0.1)
    assert 0 < len(few) < len(_attacks(path, 1)) / 2


def _call(*args: str) -> str:
    out = io.StringIO()
    call_command("authshield_evaluate", *args, "--format", "rba", stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("valkey", "db")
def test_the_tables_of_the_study_are_printed(tmp_path: Path) -> None:
    """Ours beside the public code, for each attacker, after 12, 20 and 39 sign-ins, and recall at 1 %."""
    path = str(table(tmp_path / "rba.csv"))
    text = _call(path, "--seed", "4")
    for words in (
        "Recall at 1 % of customers' sign-ins challenged",
        "Median proofs asked of a customer",
        "of 12 sign-ins",
        "of 39 sign-ins",
        "naive, 98 % found: Freeman/Wiefling, as the public code",
        "targeted, 99.9 % found: AuthShield",
        f"{REAL}, 78.16 % found",
    ):
        assert words in text
    assert text == _call(path, "--seed", "4")


@pytest.mark.usefixtures("valkey", "db")
def test_customers_who_never_change_are_never_asked(tmp_path: Path) -> None:
    """The public code tells such customers from naive attackers without a proof; a page is written too."""
    text = _call(str(table(tmp_path / "rba.csv", takeover=False)), "--out", str(tmp_path / "out"))
    line = next(line for line in text.splitlines() if "naive, 98 % found: Freeman" in line)
    assert line.split()[-3:] == ["0.0", "0.0", "0.0"]
    assert REAL not in text.split("ROC area")[1]
    assert "naive, 98 % found" in (tmp_path / "out" / "index.html").read_text()


@pytest.mark.usefixtures("valkey", "db")
def test_customers_without_a_history_cannot_be_scored(tmp_path: Path) -> None:
    """One sign-in each: there is nothing to say, and that is said; a missing column is named."""
    with pytest.raises(CommandError, match="no customer signs in twice") as caught:
        _call(str(table(tmp_path / "rba.csv", days=1, takeover=False)))
    assert caught.value.returncode == 2
    bad = tmp_path / "bad.csv"
    bad.write_text("User ID\n1\n")
    with pytest.raises(CommandError, match=r"bad\.csv:1: line: expected a column named 'Login Timestamp'"):
        _call(str(bad))
