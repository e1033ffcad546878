"""A virtual authenticator in Chromium, by its debugging protocol. Must not know anything of the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, CDPSession, Page

OPTIONS = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass(frozen=True)
class Virtual:
    """The authenticator of one page."""

    cdp: CDPSession
    id: str

    def verifies(self, *, is_right: bool) -> None:
        """Let its person be recognised from now on, or not."""
        self.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": is_right})

    def credentials(self) -> list[dict[str, Any]]:
        """Its passkeys, with their private keys."""
        told = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        found: list[dict[str, Any]] = told["credentials"]
        return found

    def add(self, credential: dict[str, Any]) -> None:
        """Put a passkey of another one into it."""
        self.cdp.send("WebAuthn.addCredential", {"authenticatorId": self.id, "credential": credential})

    def remove(self) -> None:
        """Unplug it."""
        self.cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.id})


def plug_in(page: Page, **options: Any) -> Virtual:
    """Give a page's browser an authenticator."""
    context: BrowserContext = page.context
    cdp = context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": {**OPTIONS, **options}})
    return Virtual(cdp, made["authenticatorId"])
