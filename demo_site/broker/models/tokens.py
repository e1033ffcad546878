"""Bearer tokens of the JSON API: another way to carry a session, never a second kind of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ApiToken(models.Model):
    """One token. Neither it nor the session key that it stands for can be read out of this table."""

    token_hash = models.CharField(_("hash of the token"), max_length=64, primary_key=True)
    sealed_session_key = models.BinaryField(_("sealed session key"))
    expires_at = models.DateTimeField(_("valid until"), db_index=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.token_hash[:12]
