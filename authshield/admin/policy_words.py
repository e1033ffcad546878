"""The assurance policy in words for the desk."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from authshield.vocabulary.assurance import Act

ACT_WORDS: dict[Act, Any] = {
    Act.LOGIN: gettext_lazy("sign in"),
    Act.VIEW: gettext_lazy("look around"),
    Act.ORDER: gettext_lazy("place or change an order"),
    Act.WITHDRAWAL: gettext_lazy("withdraw money"),
    Act.BANK_ACCOUNT: gettext_lazy("change the bank account"),
    Act.CONTACT: gettext_lazy("change contact data"),
    Act.FACTOR: gettext_lazy("change factors or the password"),
    Act.API_KEY: gettext_lazy("make an access key for programs"),
    Act.SECURITY: gettext_lazy("end sessions, remove devices"),
    Act.WAY_BACK: gettext_lazy("undo a takeover"),
    Act.FREEZE_RELEASE: gettext_lazy("release a freeze (the desk)"),
}

FACTOR_WORDS: dict[str, Any] = {
    "totp": gettext_lazy("Authenticator app"),
    "static": gettext_lazy("Recovery codes"),
    "email": gettext_lazy("Codes by e-mail"),
    "webauthn": gettext_lazy("Passkeys"),
}
