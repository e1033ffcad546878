"""Receivers of Django's own signals: every sign-in passes here, every new password, and `migrate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in
from django.db import router
from django.db.models.signals import post_migrate, post_save, pre_save
from django.dispatch import receiver

from authshield import signedin, signin
from authshield.backends.accounts import account_of
from authshield.clock import now as clock_now
from authshield.contain import cases, contacts, steps
from authshield.contain.notices import local_time, notify
from authshield.models import RulesetVersion
from authshield.signals import factor_locked, passkey_suspect
from authshield.tune import rulebook
from authshield.vocabulary.decision import Reason
from authshield.vocabulary.event import Login

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from django.apps import AppConfig
    from django.db.migrations import Migration
    from django.db.models.signals import ModelSignal
    from django.http import HttpRequest

    Receiver = Callable[..., None]

SUSPECT_PASSKEY = Reason(
    "passkey_counter", 0.0, "the counter of a passkey did not rise: there may be a copy of it"
)

FORMER = "_authshield_former_address"


def on_users(signal: ModelSignal, dispatch_uid: str) -> Callable[[Receiver], Receiver]:
    """Receive what a model tells of users, proxies too: to be asked of every row would cost each session's save."""

    def connect(receive: Receiver) -> Receiver:
        for model in apps.get_models(include_swapped=True):
            if issubclass(model, AbstractBaseUser):
                signal.connect(receive, sender=model, dispatch_uid=dispatch_uid)
        return receive

    return connect


@receiver(user_logged_in, dispatch_uid="authshield.enforce_sign_in")
def enforce_sign_in(
    sender: Any,  # noqa: ARG001 - the signal's form
    request: HttpRequest | None,
    user: AbstractBaseUser,
    **kwargs: Any,  # noqa: ARG001 - the signal's form
) -> None:
    """Enforce the verdict that was reached before the password was checked, or reach one now.

    Raises ``StepUpRequired`` or ``Refused``; the middleware turns them into answers.
    """
    if request is None or not hasattr(request, "META"):
        return
    attempt = signin.attempt_of(request)
    try:
        if attempt is None or attempt.assessment.event.account != account_of(user):
            attempt = signin.begin_for(request, user)
        signin.complete(request, user, attempt)
        _prove_account(attempt, user)
        _tell_of_new_device(attempt, user)
    except BaseException:  # whatever stopped it, the session that Django has filled already must not stay
        signedin.empty(request)
        raise


def _prove_account(attempt: signin.Attempt, user: AbstractBaseUser) -> None:
    """Whoever signed in with a stronger proof has taken a frozen or stolen account back."""
    if attempt.assessment.features.facts["account.must_prove"]:
        subject = attempt.assessment.event.subject
        is_passkey = isinstance(subject, Login) and subject.method == "passkey"
        if is_passkey or (attempt.grant is not None and attempt.grant.proved):
            steps.proved(account_of(user), clock_now())


def _tell_of_new_device(attempt: signin.Attempt, user: AbstractBaseUser) -> None:
    """A sign-in from a device that the account has never used. Cost: no query where it has."""
    event, facts = attempt.assessment.event, attempt.assessment.features.facts
    if facts["device.is_seen"] or not facts["account.logins"]:
        return
    account = account_of(user)
    label = event.client.browser.replace("/", ", ")
    context = {"at": local_time(event.at), "place": event.network.country, "label": label}
    key = f"new_device:{account}:{label}:{event.at:%Y%m%d%H}"
    notify(account, "new_device", key, context=context, now=event.at)


@on_users(post_save, "authshield.new_password")
def end_what_the_old_password_opened(
    sender: Any,  # noqa: ARG001 - the signal's form
    instance: Any,
    *,
    created: bool,
    raw: bool,
    **kwargs: Any,  # noqa: ARG001 - the signal's form
) -> None:
    """A password that is set anywhere, by a reset link or by the desk, ends the account's other sessions.

    The session that sets it stays, as with Django. A password that is only hashed anew is the old one.
    """
    # Django keeps it on the instance from set_password() until it is saved, for password_changed() likewise.
    is_set = getattr(instance, "_password", None) is not None
    if is_set and not created and not raw:
        steps.password_changed(account_of(instance), now=clock_now(), keep=signedin.sid_in_hand())


@on_users(pre_save, "authshield.former_address")
def remember_the_address_that_is_replaced(
    sender: Any,
    instance: Any,
    *,
    raw: bool,
    update_fields: frozenset[str] | None = None,
    **kwargs: Any,  # noqa: ARG001 - the signal's form
) -> None:
    """An e-mail address that is changed anywhere, by the customer or by the desk.

    Cost: 1 query where a user with an address is saved whole or with it; none at a sign-in.
    """
    if instance.pk is None or raw:
        return
    name = instance.get_email_field_name()
    if not hasattr(instance, name) or (update_fields is not None and name not in update_fields):
        return
    rows = sender._default_manager.filter(pk=instance.pk)  # noqa: SLF001 - public by Django's documentation
    before = rows.values_list(name, flat=True).first()
    if before and before != getattr(instance, name):
        setattr(instance, FORMER, before)


@on_users(post_save, "authshield.told_former_address")
def tell_both_addresses(sender: Any, instance: Any, **kwargs: Any) -> None:  # noqa: ARG001 - the signal's form
    """Once the new address is in force, so that both hear of it."""
    former = instance.__dict__.pop(FORMER, "")
    if former:
        contacts.changed(account_of(instance), contacts.EMAIL, clock_now(), former_address=former)


@receiver(factor_locked, dispatch_uid="authshield.tell_of_a_lock")
def tell_of_a_lock(
    sender: Any,  # noqa: ARG001 - the signal's form
    account: str,
    factor: str,
    until: datetime | None,
    **kwargs: Any,  # noqa: ARG001 - the signal's form
) -> None:
    """The customer learns that somebody guesses at a code: once a lock, however many guesses ran into it."""
    now = clock_now()
    template, mark = ("factor_locked", until) if until else ("factor_disabled", now.date())
    context = {"factor": factor, "at": local_time(now), "until": local_time(until) if until else ""}
    notify(account, template, f"{template}:{factor}:{account}:{mark.isoformat()}", context=context, now=now)


@receiver(passkey_suspect, dispatch_uid="authshield.tell_of_a_suspect_passkey")
def tell_of_a_suspect_passkey(
    sender: Any,  # noqa: ARG001 - the signal's form
    account: str,
    name: str,
    passkey: int,
    **kwargs: Any,  # noqa: ARG001 - the signal's form
) -> None:
    """The desk gets a case and the customer a notice, once a day: a counter that went back is a sign, no proof."""
    now = clock_now()
    case = cases.open_or_join(
        account, "", title="A passkey may have been copied", score=0.0, reasons=(SUSPECT_PASSKEY,), now=now
    )
    key = f"passkey_suspect:{passkey}:{now.date().isoformat()}"
    text = f"The counter of the passkey “{name}” did not rise at its last use."
    cases.note(case, cases.Entry(key, "passkey:suspect", text), now)
    notify(account, "passkey_suspect", key, context={"at": local_time(now), "name": name}, now=now)


@receiver(post_migrate, dispatch_uid="authshield.seed_rulebook")
def seed_rulebook(
    sender: AppConfig,
    using: str,
    plan: Sequence[tuple[Migration, bool]] = (),
    **kwargs: Any,  # noqa: ARG001 - the signal's form
) -> None:
    """Publish the shipped rules once our tables are there: the desk never starts from an empty rulebook.

    Only where this very `migrate` made or changed our tables; a `flush` leaves the rulebook empty.
    """
    if sender.label != "authshield" or using != router.db_for_write(RulesetVersion):
        return
    if any(step.app_label == sender.label and not is_backwards for step, is_backwards in plan):
        rulebook.seed_default(clock_now())
