"""Step-up factors as django-otp devices whose secrets are sealed: nothing in these tables opens an account.

The behaviour is in ``authshield.factors``; here are the columns.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, VerifyNotAllowed

from authshield import clock


class FactorColumns(models.Model):
    """What every authenticator needs against guessing, and django-otp's two questions about it."""

    objects: ClassVar[Any]
    acceptor: ClassVar[Callable[[Any, str, datetime], bool]]
    """Checks a token and uses it up; ``authshield.factors`` puts it here, since it is the floor above."""

    failures = models.PositiveIntegerField(_("wrong answers in a row"), default=0)
    locked_until = models.DateTimeField(_("locked until"), null=True, blank=True)
    disabled_at = models.DateTimeField(_("disabled at"), null=True, blank=True)
    created_at = models.DateTimeField(_("enrolled at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)

    class Meta:
        """Columns only."""

        abstract = True

    def is_open(self, now: datetime) -> bool:
        """Whether it may be tried: neither disabled nor locked."""
        return self.disabled_at is None and (self.locked_until is None or self.locked_until <= now)

    def verify_is_allowed(self) -> tuple[bool, dict[str, Any] | None]:
        """django-otp's question before a try."""
        if self.is_open(clock.now()):
            return True, None
        return False, {
            "reason": VerifyNotAllowed.N_FAILED_ATTEMPTS,
            "failure_count": self.failures,
            "locked_until": self.locked_until,
        }

    def verify_token(self, token: str) -> bool:
        """django-otp's try. Counted like every other one; a token is accepted once."""
        return type(self).acceptor(self, token, clock.now())


class TotpFactor(FactorColumns, Device):  # noqa: DJ008 - Device has it
    """A time-based code generator. ``last_step`` grows with each accepted code, so none is accepted twice."""

    sealed_key = models.BinaryField(_("sealed key"))
    last_step = models.BigIntegerField(_("last accepted time step"), default=-1)

    class Meta(Device.Meta):
        """Names for the desk."""

        verbose_name = _("code generator")
        verbose_name_plural = _("code generators")
        permissions = [("unlock_factor", "Can unlock authenticators")]


class RecoveryCodes(FactorColumns, Device):  # noqa: DJ008 - Device has it
    """A set of recovery codes, kept as keyed hashes; a used one is removed from ``hashes`` atomically."""

    hashes = models.JSONField(_("hashes"), default=list)
    generation = models.PositiveIntegerField(_("generation"), default=0)

    class Meta(Device.Meta):
        """Names for the desk."""

        verbose_name = _("recovery codes")
        verbose_name_plural = _("recovery codes")


class EmailFactor(FactorColumns, Device):  # noqa: DJ008 - Device has it
    """Codes by e-mail: for signing in only, never for an order."""

    code_hash = models.CharField(_("hash of the code that is valid"), max_length=64, blank=True)
    code_expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    sent_at = models.DateTimeField(_("last sent at"), null=True, blank=True)
    sends = models.PositiveSmallIntegerField(_("sent in the last ten minutes"), default=0)

    class Meta(Device.Meta):
        """Names for the desk."""

        verbose_name = _("codes by e-mail")
        verbose_name_plural = _("codes by e-mail")
