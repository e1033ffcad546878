"""Publishing, rolling back, lists and what every process sees of it, in a real database."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction

from authshield.errors import RuleError
from authshield.models import LimitDraft, ListDraft, RuleDraft, RulesetVersion
from authshield.tune import rulebook
from authshield.tune.snapshot import Snapshots
from authshield.tune.switches import turn_on
from authshield.tune.transfer import default_source
from authshield.vocabulary.ruleset import ListEntry, Switch, SwitchKind

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


def seed() -> None:
    """Version 1, the shipped one."""
    assert rulebook.seed_default(NOW) is not None


def draft(identifier: str, condition: str = "order.is_thin") -> RuleDraft:
    """A rule that is drafted."""
    return RuleDraft.objects.create(identifier=identifier, kinds=["order"], points=5, condition=condition)


def ids() -> set[str]:
    """The rules in force in this process."""
    return {rule.id for rule in rulebook.active(NOW)[0].source.rules}


def test_without_any_version_the_shipped_rules_are_in_force() -> None:
    """An installation guards from its first request on; its version is 0."""
    ruleset, switches = rulebook.active(NOW)
    assert (ruleset.version, switches) == (0, ())
    assert ruleset.source.name == "broker-default"


def test_seeding_publishes_the_shipped_rules_once() -> None:
    """As version 1 and as drafts, equal to what is shipped; a second time nothing happens."""
    seed()
    assert rulebook.seed_default(NOW) is None
    assert rulebook.active(NOW)[0].version == 1
    shipped = default_source()
    assert rulebook.published() == replace(shipped, version=1)
    drafted = rulebook.draft_source()
    assert set(drafted.rules) == set(shipped.rules)
    assert set(drafted.limits) == set(shipped.limits)
    assert (drafted.parameters, drafted.thresholds) == (shipped.parameters, shipped.thresholds)


def test_seeding_leaves_drafts_alone() -> None:
    """Somebody may have begun to write."""
    draft("mine")
    seed()
    assert [one.identifier for one in RuleDraft.objects.all()] == ["mine"]


def test_a_publication_counts_at_once_in_this_process() -> None:
    """No waiting for the next poll."""
    seed()
    assert "mine" not in ids()
    draft("mine")
    assert "mine" not in ids()
    author = get_user_model().objects.create(username="tuner")
    version = rulebook.publish(author, "because " * 50, NOW)
    assert "mine" in ids()
    assert (version.number, version.author, len(version.reason)) == (2, author, 200)


def test_what_cannot_be_compiled_is_not_published() -> None:
    """All problems at once, and nothing has changed."""
    seed()
    draft("bad-one", "order.nothing")
    draft("bad-two", "order.value")
    with pytest.raises(RuleError) as caught:
        rulebook.publish(None, "", NOW)
    assert len(caught.value.problems) == 2
    RuleDraft.objects.filter(identifier="bad-one").update(kinds=["trade"])
    with pytest.raises(RuleError, match="trade"):
        rulebook.publish(None, "", NOW)
    assert RulesetVersion.objects.count() == 1


def test_a_roll_back_publishes_old_rules_anew_and_keeps_the_lists() -> None:
    """Drafts follow, so that the next publication does not bring the rule back."""
    seed()
    draft("mine")
    rulebook.publish(None, "", NOW)
    ListDraft.objects.create(name="blocked", kind="ip", value="192.0.2.7")
    assert rulebook.sync_lists(None, "attack", NOW) is not None
    version = rulebook.rollback(1, None, "too strict", NOW)
    assert version.number == 4
    assert "mine" not in ids()
    assert rulebook.active(NOW)[0].source.lists == (ListEntry("blocked", "ip", "192.0.2.7"),)
    assert not RuleDraft.objects.filter(identifier="mine").exists()
    with pytest.raises(RuleError, match="version 99 does not exist"):
        rulebook.rollback(99, None, "", NOW)


def test_a_list_is_published_by_itself_with_the_rules_in_force() -> None:
    """Drafted rules stay drafts; without a change there is no version; it works before any publication too."""
    ListDraft.objects.create(
        name="blocked", kind="ip", value="192.0.2.0/24", expires_at=NOW + timedelta(days=1)
    )
    draft("mine")
    version = rulebook.sync_lists(None, "", NOW)
    assert version is not None
    assert version.number == 1
    assert "mine" not in ids()
    assert rulebook.sync_lists(None, "", NOW) is None
    ListDraft.objects.create(name="blocked", kind="ip", value="192.0.2.7/24")
    with pytest.raises(RuleError, match="did you mean"):
        rulebook.sync_lists(None, "", NOW)


def test_an_imported_ruleset_is_published_whole() -> None:
    """Rules, limits, lists, thresholds and parameters; they are the drafts then."""
    seed()
    ListDraft.objects.create(name="old", kind="ip", value="192.0.2.7")
    shipped = default_source()
    entry = ListEntry("watched", "country", "JP", NOW + timedelta(days=1))
    imported = replace(
        shipped, name="ours", rules=shipped.rules[:3], lists=(entry,), parameters={"trust_days": 30.0}
    )
    rulebook.publish_source(imported, None, "import", NOW)
    assert rulebook.published() == replace(imported, version=2)
    drafted = rulebook.draft_source()
    assert (set(drafted.rules), drafted.lists, drafted.parameters) == (
        set(imported.rules),
        (entry,),
        {"trust_days": 30.0},
    )
    with pytest.raises(RuleError):
        rulebook.publish_source(replace(imported, parameters={"nothing": 1.0}), None, "", NOW)
    assert LimitDraft.objects.count() == len(shipped.limits)


def test_polls_are_half_a_second_apart_and_small(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Nothing in between, one query a poll."""
    seed()
    rulebook.active(NOW, tick=100.0)
    with django_assert_num_queries(0):
        rulebook.active(NOW, tick=100.49)
    with django_assert_num_queries(1):
        rulebook.active(NOW, tick=100.5)


def test_another_process_sees_a_publication_and_a_switch_within_a_second() -> None:
    """Two processes, each with what it holds; the time is handed in."""
    seed()
    one, other = Snapshots(), Snapshots()
    assert one.get(NOW, 0.0).ruleset.version == other.get(NOW, 0.3).ruleset.version == 1
    rulebook.publish(None, "", NOW)
    turn_on(Switch(SwitchKind.OBSERVE_ALL, NOW + timedelta(hours=1)), reason="test", by="tuner", now=NOW)
    for process in (one, other):
        held = process.get(NOW, 1.0)
        assert held.ruleset.version == 2
        assert [switch.kind for switch in held.switches] == [SwitchKind.OBSERVE_ALL]


def test_a_roll_back_of_the_transaction_takes_the_publication_with_it() -> None:
    """A process never stays on a version that does not exist."""
    seed()
    with transaction.atomic():
        rulebook.publish(None, "", NOW)
        transaction.set_rollback(True)
    rulebook.active(NOW, tick=0.0)
    assert rulebook.active(NOW, tick=1.0)[0].version == 1


def test_a_version_that_cannot_be_read_leaves_the_last_one_in_force(caplog: pytest.LogCaptureFixture) -> None:
    """Said once in the log, not at every poll; a new process falls back on the shipped rules."""
    seed()
    process = Snapshots()
    process.get(NOW, 0.0)
    RulesetVersion.objects.create(
        number=2, snapshot={"name": "x", "rules": [{"id": "from-the-future"}]}, created_at=NOW
    )
    assert process.get(NOW, 1.0).ruleset.version == 1
    assert process.get(NOW, 2.0).ruleset.version == 1
    assert len(caplog.records) == 1
    assert Snapshots().get(NOW, 0.0).ruleset.version == 0


def test_a_number_that_somebody_else_took_is_tried_again() -> None:
    """Two who publish at once both succeed; nothing is overwritten."""
    seed()
    refused: list[str] = []

    def refuse_once(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("INSERT") and "rulesetversion" in sql and not refused:
            refused.append(sql)
            raise IntegrityError
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse_once):
        assert rulebook.publish(None, "", NOW).number == 2
    assert refused


def test_whoever_never_gets_a_number_is_told() -> None:
    """After a few tries it is an error and no endless loop."""
    seed()

    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("INSERT") and "rulesetversion" in sql:
            raise IntegrityError
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse), pytest.raises(RuleError, match="at the same time"):
        rulebook.publish(None, "", NOW)


def ask_beside(process: Snapshots, tick: float, *, wait: bool) -> tuple[list[int], list[threading.Thread]]:
    """Poll at this tick, and let another thread ask at the same time; it is waited for during the poll or not."""
    answered: list[int] = []
    threads: list[threading.Thread] = []

    def beside(execute: Any, sql: str, *rest: Any) -> Any:
        if not threads:
            ask = threading.Thread(target=lambda: answered.append(process.get(NOW, tick).ruleset.version))
            threads.append(ask)
            ask.start()
            if wait:
                ask.join()
        return execute(sql, *rest)

    with connection.execute_wrapper(beside):
        process.get(NOW, tick)
    return answered, threads


def test_threads_go_on_with_what_is_held_while_one_asks() -> None:
    """A slow database makes one request wait, not all."""
    seed()
    process = Snapshots()
    process.get(NOW, 0.0)
    assert ask_beside(process, 0.6, wait=True)[0] == [1]


def test_after_a_pause_threads_wait_for_the_one_that_asks() -> None:
    """What was read long ago is not gone by."""
    seed()
    process = Snapshots()
    process.get(NOW, 0.0)
    rulebook.publish(None, "", NOW)
    answered, threads = ask_beside(process, 60.0, wait=False)
    threads[0].join()
    assert answered == [2]


def test_a_publication_during_a_poll_is_seen_by_the_next_call() -> None:
    """What is published while the database is being asked does not wait for half a second."""
    seed()
    process = Snapshots()

    def publish_meanwhile(execute: Any, sql: str, *rest: Any) -> Any:
        answer = execute(sql, *rest)
        process.ask_again()
        return answer

    with connection.execute_wrapper(publish_meanwhile):
        before = process.get(NOW, 0.0)
    RulesetVersion.objects.update(created_at=NOW + timedelta(seconds=1))
    assert process.get(NOW, 0.0).stamp != before.stamp


def test_a_forked_process_is_not_stuck_behind_a_thread_that_is_not_there() -> None:
    """The lock is new in a child."""
    process = Snapshots()
    process._lock.acquire()
    process._unlock()
    assert process.get(NOW, 0.0).ruleset.version == 0
