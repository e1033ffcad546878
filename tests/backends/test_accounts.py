"""Users are looked up in a statement that is built once, and come out as Django's own look-up gives them."""

from typing import Any

import pytest
from django.contrib.auth.models import User, UserManager
from django.db.models import Manager, QuerySet
from django.test.utils import isolate_apps
from pytest_django import DjangoAssertNumQueries

from authshield.authentication import GuardBackend
from authshield.backends.accounts import user_by_key, user_by_name
from authshield.models.lookup import Lookup, is_plain

pytestmark = pytest.mark.django_db


@pytest.fixture
def mina() -> User:
    """A customer with a value in every kind of field."""
    return User.objects.create_user("mina", "mina@example.org", "right", last_login="2025-04-01T00:00:00Z")


def _values(user: Any) -> dict[str, object]:
    return {field.attname: getattr(user, field.attname) for field in User._meta.concrete_fields}


def test_a_user_comes_out_as_from_djangos_own_query(mina: User) -> None:
    """Every value and its type are the same, and the row can be saved again."""
    expected = User.objects.get(pk=mina.pk)
    for found in (user_by_name("mina"), user_by_key(mina.pk), user_by_key(str(mina.pk))):
        assert isinstance(found, User)
        assert _values(found) == _values(expected)
        assert [type(value) for value in _values(found).values()] == [
            type(value) for value in _values(expected).values()
        ]
        assert (found._state.adding, found._state.db) == (False, "default")
        assert not found.get_deferred_fields()
        found.save()
        assert _values(User.objects.get(pk=mina.pk)) == _values(expected)


@pytest.mark.usefixtures("mina")
def test_a_look_up_is_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Django's cursor sees it, as it sees any other."""
    user_by_name("mina")
    with django_assert_num_queries(1) as seen:
        user_by_name("mina")
    assert "mina" in seen.captured_queries[0]["sql"]


def test_a_name_that_nobody_has_costs_no_more(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """One query, as for a name that somebody has: its time tells nothing."""
    with django_assert_num_queries(1):
        assert user_by_name("nobody") is None


def test_nobody_is_found_by_a_wrong_value(mina: User) -> None:
    """A look-up that finds nothing is nobody's, whatever it was asked."""
    for name in ("minb", "", "mi\x00na", "mina" * 40, "\ud800"):
        assert user_by_name(name) is None
    assert user_by_key(mina.pk + 1) is None


def test_a_closed_account_keeps_no_session(mina: User) -> None:
    """A session's user is looked up anew each time, and one that is not active is nobody."""
    assert GuardBackend().get_user(mina.pk) == mina
    User.objects.update(is_active=False)
    assert GuardBackend().get_user(mina.pk) is None
    assert GuardBackend().get_user(mina.pk + 1) is None


def test_two_rows_are_an_error_as_django_tells_it() -> None:
    """Which of two is meant nobody can tell."""
    for name in ("mina", "mino"):
        User.objects.create_user(name, "mina@example.org")
    with pytest.raises(User.MultipleObjectsReturned):
        Lookup(User, "email").get("mina@example.org")


@isolate_apps("django.contrib.auth")
def test_a_managers_own_rows_are_not_got_round(mina: User) -> None:
    """A site whose manager leaves somebody out, now and then, leaves them out of sign-ins and sessions too."""

    class TenantManager(Manager[User]):
        is_open = True

        def get_queryset(self) -> QuerySet[User]:
            rows = super().get_queryset()
            return rows if self.is_open else rows.none()

    class Tenant(User):
        objects = TenantManager()  # type: ignore[assignment]

        class Meta:
            proxy = True
            app_label = "auth"

    look_up = Lookup(Tenant, "username")
    assert look_up.get("mina").pk == mina.pk
    TenantManager.is_open = False
    with pytest.raises(Tenant.DoesNotExist):
        look_up.get("mina")


def test_only_djangos_own_managers_are_plain() -> None:
    """A query set that somebody wrote may do anything."""

    class Careful(QuerySet[User]):
        pass

    assert is_plain(UserManager())
    assert is_plain(Manager())
    assert not is_plain(Careful.as_manager())
    assert not is_plain(UserManager.from_queryset(Careful)())
