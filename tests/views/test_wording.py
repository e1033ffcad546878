"""A stored operation in words."""

from authshield.models import Challenge
from authshield.views import wording
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation


def shown(kind: Kind, worth: dict[str, str | int] | None = None, **fields: str) -> dict[str, str]:
    """What the page says of an operation, by label."""
    operation = Operation(kind, "7", fields).canonical()
    rows = wording.facts(Challenge(operation=operation, shown=worth or {}))
    return {str(row.label): str(row.value) for row in rows}


def test_money_has_the_decimals_of_its_currency() -> None:
    """Yen have none, dollars two."""
    yen = shown(Kind.ORDER, {"value_minor": 1234567, "currency": "JPY"})
    dollars = shown(Kind.ORDER, {"value_minor": 1234567, "currency": "USD"})
    assert yen == {"Estimated value": "1,234,567 JPY"}
    assert dollars == {"Estimated value": "12,345.67 USD"}


def test_a_withdrawal_says_how_much_and_where_to() -> None:
    """The two things that somebody would change."""
    assert shown(Kind.WITHDRAWAL, amount="50000", bank_account="0005-123-1234567") == {
        "Amount": "50,000",
        "To bank account": "0005-123-1234567",
    }


def test_what_cannot_be_put_into_words_is_shown_as_it_is() -> None:
    """Another broker's fields may hold other words and notations."""
    assert shown(Kind.ORDER, quantity="ten", side="short", order_type="stop") == {
        "Side": "short",
        "Quantity": "ten",
        "Type": "stop",
    }
    assert shown(Kind.PROFILE_CHANGE, field="nickname") == {"What changes": "nickname"}


def test_a_change_of_factors_says_which() -> None:
    """In the words of the security centre, not of the code."""
    assert shown(Kind.PROFILE_CHANGE, field="mfa", change="totp")["Change"] == "Authenticator app"
    assert shown(Kind.PROFILE_CHANGE, field="mfa", change="recovery")["Change"] == "Recovery codes"


def test_nothing_secret_is_shown() -> None:
    """Fields that the page has no word for stay where they are."""
    assert shown(Kind.PROFILE_CHANGE, field="password", password_change="P-1") == {"What changes": "password"}


def test_a_sign_in_and_a_page_have_no_facts() -> None:
    """The title says it all."""
    assert shown(Kind.LOGIN, username="alice") == shown(Kind.REQUEST, session="s") == {}
