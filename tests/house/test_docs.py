"""Whatever a broker can set, call, read or write rules with is named in the documentation."""

import re
from dataclasses import fields
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from authshield.conf import PREFIX, Settings
from authshield.vocabulary.facts import FACTS

PROJECT = Path(__file__).resolve().parents[2]
CHECK_ID = re.compile(r"authshield\.[EWI]\d{3}")


def documentation() -> str:
    """Return all that is written for people, as one text."""
    return "\n".join(path.read_text() for path in sorted((PROJECT / "docs").rglob("*.md")))


def not_named(names: set[str]) -> list[str]:
    """Return the names that appear nowhere as a whole word."""
    text = documentation()
    return sorted(name for name in names if not re.search(rf"(?<![\w.]){re.escape(name)}(?![\w])", text))


def test_every_setting_is_documented() -> None:
    """docs/ names each AUTHSHIELD_ setting."""
    assert not_named({PREFIX + field.name for field in fields(Settings)}) == []


def test_every_command_is_documented() -> None:
    """docs/ names each management command of the app."""
    folder = PROJECT / "authshield" / "management" / "commands"
    assert not_named({path.stem for path in folder.glob("[!_]*.py")}) == []


def test_every_check_is_documented() -> None:
    """docs/ names each id that `manage.py check` may print."""
    sources = [PROJECT / "authshield" / "checks.py", *(PROJECT / "authshield" / "checks").glob("*.py")]
    ids = {found for path in sources if path.exists() for found in CHECK_ID.findall(path.read_text())}
    assert ids
    assert not_named(ids) == []


def test_every_fact_of_the_rules_is_documented() -> None:
    """docs/ names each fact that a rule may use."""
    assert not_named({fact.name for fact in FACTS}) == []


@pytest.mark.django_db
def test_no_migration_is_pending() -> None:
    """The models are what the migrations make."""
    said = StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=said)
    except SystemExit:
        pytest.fail(f"run makemigrations:\n{said.getvalue()}")
