"""Every line is an event as the format's page has it, and in reserved space."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from authshield.replay.money import Base
from authshield.replay.parse import Setting
from authshield.replay.reader import Problem, read
from authshield.simulate.parameters import scenarios
from authshield.vocabulary.event import Network
from tests.simulate.made import made

RESERVED = [ip_network(text) for text in ("10.0.0.0/8", "100.64.0.0/10", "2001:db8::/32")]


@pytest.mark.parametrize("name", list(scenarios()))
def test_the_replay_reads_every_line(name: str, tmp_path: Path) -> None:
    """Each scenario's file is in order of time, with ids of its own, and nothing in it breaks the format."""
    run = made(name, accounts=80, days=24, hijacked=0.05 if scenarios()[name].hijacked else 0.0)
    path = tmp_path / "events.jsonl"
    path.write_text(run.text)
    problems: list[Problem] = []
    setting = Setting(Base.of("JPY"), lambda _: Network())
    records = list(read([path], setting, problems.append))
    assert [str(problem) for problem in problems] == []
    assert len(records) == len(run.events) == run.simulation.world.engine.written


def test_no_address_belongs_to_anybody() -> None:
    """All addresses and networks are of reserved space."""
    run = made("mixed", accounts=80, days=24, hijacked=0.05)
    addresses = {event["ip"] for event in run.events}
    strangers = [a for a in sorted(addresses) if not any(ip_address(a) in network for network in RESERVED)]
    assert strangers == []
    assert all(64512 <= event["network"]["asn"] <= 65534 for event in run.events)


def test_a_browser_has_no_id_until_it_was_given_one() -> None:
    """At a first login the device is unknown; the session's later events carry the id it was given."""
    run = made("quiet")
    seen: set[str] = set()
    given: dict[str, str] = {}
    for event in run.events:
        device, session = event["device"]["id"], event["session"]
        if event["kind"] == "login":
            assert device is None or device in seen, event
            continue
        assert device is not None
        assert given.setdefault(session, device) == device
        seen.add(device)


def test_what_a_browser_says_fits_together() -> None:
    """Client hints name the system that the user agent names; only Chromium sends them."""
    for event in made("quiet").events:
        agent, headers = event["user_agent"], event["headers"]
        assert ("sec_ch_ua" in headers) == ("Chrome/" in agent)
        if "sec_ch_ua" in headers:
            system = {"Windows": "Windows", "macOS": "Macintosh", "Android": "Android"}
            assert system[headers["sec_ch_ua_platform"].strip('"')] in agent
            version = agent.split("Chrome/")[1].split(".")[0]
            assert f'"Chromium";v="{version}"' in headers["sec_ch_ua"]
