"""What the doctor examines on a live system, each alone: one that hangs or fails takes no other with it.

Must not change anything, and waits for nobody longer than it is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from smtplib import SMTPException

from django.contrib.auth import get_user_model
from django.core.mail import get_connection
from django.db import DatabaseError, connection

from authshield import clock, tasks
from authshield.conf import current, sealing_keys
from authshield.errors import AuthShieldError, ConfigurationError, GatewayError, RuleError
from authshield.factors import enrolled
from authshield.factors.passkey import rows
from authshield.factors.passkey_helper import helper, origins
from authshield.installation import LOCALHOST
from authshield.judge import compile_ruleset
from authshield.measure import default_store
from authshield.measure.stream import dropped, lag
from authshield.models import RulesetVersion
from authshield.record import outbox, reports
from authshield.tune.transfer import source_from_json

GOOD, WARN, BAD = "ok", "warn", "bad"

SLOW_MILLISECONDS = 20.0
SKEW_SECONDS = 1.0
WAITING_EVENTS = 10_000
OVERDUE_SECONDS = 60.0
GEOIP_OLD = timedelta(days=45)
OLDEST_REDIS = 7
STAFF_ASKED = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined. ``hint`` says what to do; ``is_setup`` that the settings are at fault."""

    name: str
    state: str
    text: str
    hint: str = ""
    is_setup: bool = False


Examination = Callable[[datetime, float], Finding]


def examine(now: datetime, *, timeout_seconds: float) -> list[Finding]:
    """Examine everything, in a fixed order. Cost: some ten queries and Redis calls, and two time-outs at most."""
    return [_alone(name, examination, now, timeout_seconds) for name, examination in EXAMINATIONS]


def _alone(name: str, examination: Examination, now: datetime, timeout_seconds: float) -> Finding:
    try:
        return examination(now, timeout_seconds)
    except ConfigurationError as error:
        return Finding(name, BAD, str(error), is_setup=True)
    except AuthShieldError as error:
        return Finding(name, BAD, str(error))
    except DatabaseError as error:
        return Finding(name, BAD, f"the database says: {error}", "manage.py migrate; then look at its log")


def _settings(_now: datetime, _timeout: float) -> Finding:
    keys = sealing_keys()
    mode = current().MODE
    state = GOOD if mode == "enforce" else WARN
    told = "acts on its decisions" if mode == "enforce" else "records decisions and stops nobody"
    return Finding("settings", state, f"mode {mode}: it {told}; {len(keys)} sealing key(s)")


def _passkeys(_now: datetime, _timeout: float) -> Finding:
    with_one = rows().values("user_id").distinct().count()
    told = f"they work on {', '.join(origins())}; {with_one} account(s) have one"
    if helper().get_relying_party_domain() == LOCALHOST:
        hint = "authshield.install(globals(), origins=['https://trade.example.jp'], …)  # the site's own"
        return Finding("passkeys", WARN, told, hint)
    return Finding("passkeys", GOOD, told)


def _redis(_now: datetime, _timeout: float) -> Finding:
    store = default_store()
    store.command("PING")
    began = time.perf_counter()
    store.command("PING")
    milliseconds = (time.perf_counter() - began) * 1000
    version = redis_version(store.command("INFO", "server"))
    text = f"{version or 'unknown version'}, {milliseconds:.1f} ms a round trip"
    major = version.partition(" ")[2].partition(".")[0]
    if major.isdigit() and int(major) < OLDEST_REDIS:
        return Finding("redis", BAD, text, "use Redis 7 or Valkey 7.2 or newer")
    if milliseconds > SLOW_MILLISECONDS:
        return Finding("redis", WARN, text, "every guarded request waits this long: bring Redis nearer")
    return Finding("redis", GOOD, text)


def redis_version(info: object) -> str:
    """Name and version out of what INFO answers, parsed or not; empty where neither is told."""
    found: dict[str, str] = {}
    if isinstance(info, dict):
        found = {str(name): str(value) for name, value in info.items()}
    elif isinstance(info, bytes):
        pairs = (line.partition(":") for line in info.decode(errors="replace").splitlines())
        found = {name: value for name, _, value in pairs}
    if "valkey_version" in found:
        return f"Valkey {found['valkey_version']}"
    return f"Redis {found['redis_version']}" if "redis_version" in found else ""


def _outages(now: datetime, _timeout: float) -> Finding:
    """What the web processes say; this one may well reach what they do not."""
    name = "outages"
    away = reports.away(now)
    if away:
        longest = f"{away[0].node} since {away[0].changed_at:%H:%M:%S} UTC"
        text = f"{len(away)} web process(es) work without Redis, {longest}"
        return Finding(name, BAD, text, "can that machine reach AUTHSHIELD_REDIS_URL?")
    outages, events = reports.totals()
    return Finding(name, GOOD, f"none now; {outages} on record, with {events} event(s) judged without Redis")


def _redis_clock(_now: datetime, _timeout: float) -> Finding:
    seconds, microseconds = (int(part) for part in default_store().command("TIME"))
    theirs = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)
    return _skew("clock of redis", theirs, clock.now())


def _database_clock(_now: datetime, _timeout: float) -> Finding:
    name = "clock of database"
    if connection.vendor != "postgresql":
        return Finding(name, GOOD, f"{connection.vendor}: this machine's own")
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
    return _skew(name, theirs, clock.now())


def _skew(name: str, theirs: datetime, ours: datetime) -> Finding:
    seconds = (theirs - ours).total_seconds()
    if abs(seconds) > SKEW_SECONDS:
        return Finding(
            name, BAD, f"{seconds:+.1f} s off", "synchronise the clocks (chrony, systemd-timesyncd)"
        )
    return Finding(name, GOOD, f"{seconds:+.3f} s off")


def _worker(_now: datetime, timeout: float) -> Finding:
    try:
        names = tasks.ping_workers(timeout)
    except GatewayError as error:
        hint = "is CELERY_BROKER_URL right, and does the project's __init__ import its Celery app?"
        return Finding("worker", BAD, str(error), hint)
    if not names:
        hint = f"celery -A <project> worker --beat -Q celery,{current().QUEUE}"
        return Finding("worker", BAD, f"nobody answered within {timeout:g} s", hint)
    return Finding("worker", GOOD, ", ".join(sorted(names)))


def _stream(_now: datetime, _timeout: float) -> Finding:
    store = default_store()
    store.command("PING")  # the stream's own calls have a worker's patience, a doctor has not
    waiting, lost = lag(store), dropped(store)
    text = f"{waiting} event(s) wait for the scoring"
    if lost:
        hint = f"start more workers, or raise AUTHSHIELD_STREAM_LENGTH ({current().STREAM_LENGTH})"
        return Finding("stream", BAD, f"{text}; {lost} were dropped", hint)
    if waiting > WAITING_EVENTS:
        return Finding("stream", WARN, text, "is the worker alive, and does it drain?")
    return Finding("stream", GOOD, text)


def _outbox(now: datetime, _timeout: float) -> Finding:
    seconds = outbox.oldest_due_seconds(now)
    if seconds > OVERDUE_SECONDS:
        text = f"the oldest task is {seconds:.0f} s overdue"
        return Finding(
            "outbox", BAD, text, "its last error is in the admin under “outbox”; is the beat running?"
        )
    return Finding("outbox", GOOD, "nothing is overdue" if not seconds else f"{seconds:.0f} s behind")


def _mail(_now: datetime, timeout: float) -> Finding:
    backend = get_connection(timeout=timeout)
    try:
        backend.open()
        backend.close()
    except (OSError, SMTPException) as error:
        return Finding(
            "mail", BAD, f"{type(error).__name__}: {error}", "look at EMAIL_HOST, EMAIL_PORT and the login"
        )
    return Finding("mail", GOOD, f"{type(backend).__module__} opens")


def _geoip(now: datetime, _timeout: float) -> Finding:
    paths = [Path(path) for path in current().GEOIP]
    if not paths:
        return Finding(
            "geoip", WARN, "no data: places and carriers stay unknown", "AUTHSHIELD_GEOIP = ['….mmdb']"
        )
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        return Finding("geoip", BAD, f"not there: {', '.join(missing)}", is_setup=True)
    age = max(now - datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in paths)
    text = f"{len(paths)} file(s), the oldest {max(age.days, 0)} day(s) old"
    return (
        Finding("geoip", WARN, text, "fetch newer ones") if age > GEOIP_OLD else Finding("geoip", GOOD, text)
    )


def _ruleset(_now: datetime, _timeout: float) -> Finding:
    version = RulesetVersion.objects.order_by("-number").first()
    if version is None:
        return Finding("ruleset", WARN, "none is published: the shipped rules count", "manage.py migrate")
    try:
        ruleset = compile_ruleset(source_from_json(version.snapshot))
    except RuleError as error:
        return Finding("ruleset", BAD, f"version {version.number}: {error}", "roll back in the admin")
    source = ruleset.source
    return Finding(
        "ruleset", GOOD, f"version {version.number}: {len(source.rules)} rules, {len(source.limits)} limits"
    )


def _desk(_now: datetime, _timeout: float) -> Finding:
    staff = get_user_model()._default_manager.filter(is_staff=True, is_active=True)[:STAFF_ASKED]  # noqa: SLF001
    bare = [user.get_username() for user in staff if not {"totp", "static"} & set(enrolled(user))]
    if not bare:
        return Finding("desk", GOOD, "everybody on the staff has a strong factor")
    text = f"{len(bare)} on the staff without a strong factor, such as {bare[0]}"
    hint = "enrol an app under security/totp/: from an unknown device they cannot sign in once it enforces"
    return Finding("desk", WARN, text, hint)


EXAMINATIONS: tuple[tuple[str, Examination], ...] = (
    ("settings", _settings),
    ("passkeys", _passkeys),
    ("redis", _redis),
    ("outages", _outages),
    ("clock of redis", _redis_clock),
    ("clock of database", _database_clock),
    ("worker", _worker),
    ("stream", _stream),
    ("outbox", _outbox),
    ("mail", _mail),
    ("geoip", _geoip),
    ("ruleset", _ruleset),
    ("desk", _desk),
)
