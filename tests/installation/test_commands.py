"""What an operator types: settings, doctor, purge."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from pytest_django.fixtures import Settings

from authshield.clock import now as clock_now
from authshield.conf import PREFIX
from authshield.installation import GUARD, MIDDLEWARE, known_names
from authshield.management.diagnosis import EXAMINATIONS, redis_version
from authshield.models import JournalEntry, OutboxTask, RulesetVersion, TotpFactor
from authshield.tune import rulebook
from demo_site.celery import app as celery_app
from demo_site.celery import broker_url
from tests.admin.conftest import NOW, make_recorded
from tests.servers import Valkey


def said(name: str, *arguments: str) -> str:
    """What a command prints."""
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def examined(*arguments: str) -> tuple[dict[str, dict[str, str]], int]:
    """The doctor's findings by name, and its exit status."""
    out = StringIO()
    status = 0
    try:
        call_command("authshield_doctor", "--json", "--timeout", "0.2", *arguments, stdout=out)
    except SystemExit as stop:
        status = int(str(stop.code))
    answer = json.loads(out.getvalue())
    assert answer["exit"] == status
    return {row["name"]: row for row in answer["findings"]}, status


def test_the_explicit_form_is_python_that_says_the_same(settings: Settings) -> None:
    """Pasted into a settings module it gives what is in force; keys and passwords are not printed."""
    settings.AUTHSHIELD_SEALING_KEYS = ["k" * 40]
    settings.AUTHSHIELD_REDIS_URL = "redis://:pass-word@redis:6379/0"
    text = said("authshield_settings")
    assert "k" * 40 not in text
    assert "pass-word" not in text
    pasted: dict[str, Any] = {}
    environment = {f"{PREFIX}SEALING_KEYS": "a b", f"{PREFIX}REDIS_URL": "redis://x"}
    exec(compile(text.replace("os.environ", repr(environment)), "settings", "exec"), pasted)  # noqa: S102 - own output
    assert pasted["MIDDLEWARE"] == settings.MIDDLEWARE
    assert MIDDLEWARE in pasted["MIDDLEWARE"]
    assert pasted["AUTHENTICATION_BACKENDS"][0] == GUARD
    assert pasted["AUTHSHIELD_GEOIP"] == settings.AUTHSHIELD_GEOIP
    assert pasted["AUTHSHIELD_SEALING_KEYS"] == ["a", "b"]
    assert all(name in text for name in known_names())


def test_a_program_reads_the_settings_as_json(settings: Settings) -> None:
    """Every name with its value; secrets are null."""
    settings.AUTHSHIELD_REDIS_URL = "redis://redis:6379/0"
    answer = json.loads(said("authshield_settings", "--json"))
    assert set(known_names()) <= set(answer)
    assert answer["AUTHSHIELD_SEALING_KEYS"] is None
    assert answer["AUTHSHIELD_REDIS_URL"] == "redis://redis:6379/0"
    assert answer["AUTHSHIELD_CHALLENGE_SECONDS"] == 300


@pytest.mark.django_db
def test_the_doctor_finds_what_is_well(valkey: Valkey, settings: Settings) -> None:
    """Everything is examined; without a worker the answer is still no."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    rulebook.seed_default(NOW)
    findings, status = examined()
    assert list(findings) == [name for name, _ in EXAMINATIONS]
    assert status == 1
    bad = {name for name, row in findings.items() if row["state"] == "bad"}
    assert bad == {"worker"}
    assert findings["redis"]["text"].startswith(("Valkey ", "Redis "))
    assert "version 1" in findings["ruleset"]["text"]
    assert valkey.client.ping()


@pytest.mark.django_db
def test_the_doctor_finds_what_is_ill(settings: Settings) -> None:
    """No Redis, an overdue outbox, no mail server, no ruleset: each is its own finding, and none hides another."""
    now = clock_now()
    late = now - timedelta(minutes=10)
    OutboxTask.objects.create(task="t", argument="1", created_at=late, due_at=late)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    findings, status = examined()
    assert status == 1
    for name in ("redis", "clock of redis", "stream", "outbox", "mail", "worker"):
        assert findings[name]["state"] == "bad", name
    assert findings["ruleset"]["state"] == "warn"
    assert "600 s overdue" in findings["outbox"]["text"]
    assert findings["outbox"]["hint"]


@pytest.mark.django_db
def test_the_doctor_names_staff_without_a_strong_factor(valkey: Valkey) -> None:
    """Whoever would be shut out of the desk once it enforces is known before."""
    del valkey
    boss = User.objects.create_superuser("boss", "boss@broker.example", "pass-pass")
    assert "boss" in examined()[0]["desk"]["text"]
    TotpFactor.objects.create(user=boss, confirmed=True)
    assert examined()[0]["desk"]["state"] == "ok"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value"), [("AUTHSHIELD_SEALING_KEYS", []), ("AUTHSHIELD_GEOIP", ["/nowhere.mmdb"])]
)
def test_settings_at_fault_exit_with_two(
    name: str, value: object, settings: Settings, valkey: Valkey
) -> None:
    """What only an edit of the settings cures is told apart from what is down."""
    del valkey
    setattr(settings, name, value)
    assert examined()[1] == 2


@pytest.mark.django_db
def test_a_broken_ruleset_and_old_places_are_found(
    settings: Settings, tmp_path: Path, valkey: Valkey
) -> None:
    """A snapshot that does not compile is bad, data of last year a warning."""
    del valkey
    old = tmp_path / "old.mmdb"
    old.write_bytes(b"")
    os.utime(old, (0, 0))
    settings.AUTHSHIELD_GEOIP = [str(old)]
    settings.AUTHSHIELD_MODE = "observe"
    RulesetVersion.objects.create(number=1, snapshot={"rules": 5}, created_at=NOW)
    findings, _ = examined()
    assert findings["ruleset"]["state"] == "bad"
    assert findings["geoip"]["state"] == "warn"
    assert findings["settings"]["state"] == "warn"


@pytest.mark.django_db
def test_events_that_were_dropped_are_found(valkey: Valkey) -> None:
    """A stream that overflowed is no small matter."""
    valkey.client.set("as:{stream}:dropped", 3)
    findings, _ = examined()
    assert findings["stream"]["state"] == "bad"
    assert "3 were dropped" in findings["stream"]["text"]


@pytest.mark.django_db
def test_a_person_reads_a_table(valkey: Valkey) -> None:
    """One line a finding, the way out below what is not well."""
    del valkey
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("authshield_doctor", "--timeout", "0.2", stdout=out)
    lines = out.getvalue().splitlines()
    assert any(line.startswith("ok    redis") for line in lines), lines
    assert any("→ is CELERY_BROKER_URL right" in line for line in lines)


@pytest.mark.parametrize(
    ("info", "told"),
    [
        ({"redis_version": "7.2.4", "valkey_version": "8.1.0"}, "Valkey 8.1.0"),
        (b"# Server\r\nredis_version:7.4.1\r\n", "Redis 7.4.1"),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_server_names_itself(info: object, told: str) -> None:
    """Valkey calls itself Redis 7.2 for old clients; its own name is told."""
    assert redis_version(info) == told


@pytest.mark.django_db
def test_the_purge_deletes_what_is_past_its_retention() -> None:
    """It says how many of each."""
    now = clock_now()
    make_recorded(JournalEntry, "old", at=now - timedelta(days=31))
    make_recorded(JournalEntry, "new", at=now)
    assert json.loads(said("authshield_purge", "--json"))["JournalEntry"] == 1
    assert "JournalEntry: 0" in said("authshield_purge")
    assert list(JournalEntry.objects.values_list("event_id", flat=True)) == ["new"]


@pytest.mark.django_db
def test_a_broker_without_a_worker_is_told_from_no_broker(valkey: Valkey, settings: Settings) -> None:
    """Nobody answers within the patience: the hint starts a worker."""
    before = celery_app.conf.broker_url
    celery_app.conf.update(broker_url=broker_url(settings.AUTHSHIELD_REDIS_URL))
    try:
        findings, status = examined()
    finally:
        celery_app.conf.update(broker_url=before)
    assert status == 1
    assert "nobody answered within 0.2 s" in findings["worker"]["text"]
    assert findings["worker"]["hint"].startswith("celery -A")
    assert valkey.client.ping()
