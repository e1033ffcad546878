"""Operations, changes and refusals in words."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from authshield.admin.changes import compare, touched
from authshield.admin.publishing import change_sentence
from authshield.admin.refusals import said
from authshield.admin.words import operation_words
from authshield.errors import (
    AuthShieldError,
    GatewayError,
    InvalidInput,
    Refused,
    RuleError,
    StoreUnavailable,
)
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import PASSWORD_MARK, Operation
from authshield.vocabulary.ruleset import Dimension as By
from authshield.vocabulary.ruleset import Limit, ListEntry, Rule, RulesetSource, Threshold

ORDERS = frozenset({Kind.ORDER})


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        (Kind.ORDER, {"symbol": "7203", "side": "sell", "quantity": "100"}, "Sell 100 of 7203, at market"),
        (Kind.ORDER, {"symbol": "7203", "side": "short", "quantity": "x"}, "short x of 7203, at market"),
        (Kind.ORDER, {}, "? of ?, at market"),
        (Kind.WITHDRAWAL, {"amount": "1200000", "bank_account": "9"}, "Withdraw 1,200,000 (bank_account 9)"),
        (Kind.WITHDRAWAL, {"amount": "5"}, "Withdraw 5"),
        (Kind.WITHDRAWAL, {"sum": "5"}, "withdrawal: sum 5"),
        (Kind.PROFILE_CHANGE, {"field": "email", "old": ""}, "change of personal data: field email"),
        (Kind.LOGIN, {"username": "dave", PASSWORD_MARK: "5f"}, "sign-in: username dave"),
    ],
)
def test_an_operation_is_one_sentence(kind: Kind, fields: dict[str, str], words: str) -> None:
    """Whatever its kind."""
    assert operation_words(Operation(kind, "7", fields).canonical()).strip() == words


@pytest.mark.parametrize("text", ["", "nonsense", "null", "[]", json.dumps({"kind": "order"})])
def test_what_is_no_operation_is_shown_as_it_is(text: str) -> None:
    """Nothing is hidden, nothing breaks."""
    assert operation_words(text) == text


def ruleset(**parts: Any) -> RulesetSource:
    """A ruleset of these parts."""
    return RulesetSource(version=1, name="x", **parts)


def test_every_part_of_a_ruleset_is_compared() -> None:
    """Rules and limits by field, thresholds, parameters and lists too; what is alike is not named."""
    same = Rule("same", ORDERS, "true", points=1)
    until = datetime(2026, 5, 4, tzinfo=UTC)
    old = ruleset(
        rules=(same, Rule("gone", ORDERS, "true", points=1), Rule("other", ORDERS, "true", points=1)),
        limits=(Limit("many", ORDERS, By.ACCOUNT, 60, 5),),
        thresholds=(Threshold(ORDERS, 50, Action.CHALLENGE, Strength.OTP),),
        parameters={"trust_days": 21.0},
    )
    new = ruleset(
        rules=(same, Rule("other", frozenset({Kind.ORDER, Kind.LOGIN}), "false", points=1)),
        limits=(Limit("many", ORDERS, By.ACCOUNT, 60, 6), Limit("more", ORDERS, By.IP, 60, 5)),
        thresholds=(Threshold(ORDERS, 60, Action.CHALLENGE, Strength.OTP),),
        parameters={"trust_days": 14.0},
        lists=(ListEntry("blocked", "ip", "192.0.2.0/24", until),),
    )
    changes = compare(old, new)
    assert [(change.identifier, change.field) for change in changes] == [
        ("gone", ""),
        ("other", "kinds"),
        ("other", "when"),
        ("many", "capacity"),
        ("more", ""),
        ("order → challenge", "risk"),
        ("trust_days", ""),
        ("blocked ip 192.0.2.0/24", ""),
    ]
    assert compare(new, new) == []
    sentences = [change_sentence(change) for change in changes]
    assert sentences[0] == "rule gone is dropped"
    assert sentences[1] == "rule other: kinds from “order” to “login, order”"
    assert sentences[6].endswith("from “21.0” to “14.0”")
    assert sentences[7].startswith("new list blocked ip")
    assert len(touched(changes)["other"]) == 2


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RuleError(["a: b", "c: d"]), ("a: b", "c: d")),
        (InvalidInput("not so", field="x"), ("not so",)),
        (
            StoreUnavailable("x"),
            ("Redis does not answer. The database was not changed; try again in a moment.",),
        ),
        (GatewayError("books closed"), ("books closed",)),
        (Refused("account_frozen"), ("account_frozen",)),
    ],
)
def test_a_refusal_is_told_in_sentences(error: AuthShieldError, told: tuple[str, ...]) -> None:
    """Each problem is one; no other error is swallowed."""

    def refuse() -> str:
        raise error

    def stumble() -> str:
        raise ZeroDivisionError

    assert said(refuse) == ("", told)
    assert said(lambda: "done") == ("done", ())
    with pytest.raises(ZeroDivisionError):
        said(stumble)
