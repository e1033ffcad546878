"""Ways through the demo that come by every page a customer can see. Each looks at what it comes by.

Must not judge: what is wrong with a page, ``eyes`` tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.models import User
from django.core import mail

from authshield import clock
from authshield.contain import links
from authshield.factors import recovery
from authshield.learn import reports
from authshield.models import Challenge, Device, Session, SwitchRow, TotpFactor
from authshield.tune import rulebook
from authshield.vocabulary.actions import Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.operation import Operation
from tests.authenticator import Authenticator
from tests.challenging import Asked, challenged
from tests.looks.confirming import of_a_number, of_another_device
from tests.looks.shop import press
from tests.passkeys import enrol
from tests.site import code_of, work_off
from tests.virtual import plug_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.looks.shop import Shop

SUBMIT = "main form button[type=submit]"
FACTORS = ("webauthn", "totp", "email", "static")


@dataclass(frozen=True)
class Walk:
    """Who walks where; ``look`` is told what the page is."""

    shop: Shop
    page: Page
    look: Callable[[str], None]

    def at(self, path: str, name: str) -> None:
        """Open a page and look at it."""
        self.page.goto(path)
        self.look(name)

    def send(self, path: str, **fields: str) -> None:
        """Fill the form of a page and send it, whatever the browser thinks of it."""
        self.page.goto(path)
        self.fill(**fields)

    def fill(self, **fields: str) -> None:
        """Fill the form of the page at hand and send it."""
        for name, value in fields.items():
            self.page.fill(f"main [name={name}]", value)
        with self.page.expect_navigation():
            self.page.locator(SUBMIT).first.evaluate("one => { one.form.noValidate = true; one.click(); }")

    def account(self, name: str) -> str:
        """The account of somebody."""
        return str(User.objects.get(username=name).pk)

    def challenge(self, name: str, *factors: str, operation: Operation | None = None) -> str:
        """Put a challenge to the session at hand; the address of its page."""
        asked = Asked(Strength.OTP, factors)
        sid = self.shop.session_of(self.page)["authshield"]["sid"]
        user = User.objects.get(username=name)
        made = challenged(user, operation, asked=asked, binding=f"sid:{sid}", now=clock.now())
        return f"/security/challenge/{made.pk}/"


def of_a_visitor(walk: Walk) -> None:
    """Nobody is signed in."""
    walk.at("/login/", "sign-in")
    walk.fill(username="alice", password="wrong")
    walk.look("sign-in, failed")
    walk.page.locator("[data-passkey=login]").evaluate(
        "form => { form.elements.token.value = 'x'; form.submit(); }"
    )
    walk.page.wait_for_url("**/passkeys/sign-in/")
    walk.look("sign-in by passkey, failed")
    walk.at("/password/reset/", "password, forgotten")
    walk.fill(email="alice@hinode-customers.example")
    walk.look("password, link sent")
    (path,) = re.findall(r"http://\S+(/password/reset/\S+)", str(mail.outbox[-1].body))
    walk.at(path, "password, new")
    walk.fill(new_password1="1", new_password2="2")
    walk.look("password, new one refused")
    walk.fill(new_password1="correct horse battery", new_password2="correct horse battery")
    walk.look("password, set")
    walk.at(path, "password, link used")
    walk.at("/nothing/", "no such page")


def by_links(walk: Walk) -> None:
    """What the links of a mail lead to."""
    walk.shop.sign_in(walk.page, "erin")
    work_off()
    session = Session.objects.get()
    walk.page.context.clear_cookies(name="sessionid")
    token = reports.link_token(session.account, session.sid, clock.now())
    walk.at(f"/security/not-me/{token}/", "not me, by link")
    press(walk.page, SUBMIT)
    walk.look("not me, by link, done")
    walk.at("/security/not-me/nonsense/", "not me, link too old")
    walk.at(f"/security/freeze/{links.freeze_token(session.account, clock.now())}/", "freeze, by link")
    press(walk.page, SUBMIT)
    walk.look("frozen")
    walk.send("/login/", username="erin", password="erin-erin")
    walk.look("sign-in of a frozen account")


def of_a_trader(walk: Walk) -> None:
    """Everyday pages of the broker."""
    walk.shop.sign_in(walk.page, "alice")
    walk.look("portfolio")
    walk.at("/orders/", "orders, none")
    walk.at("/orders/new/", "ticket")
    walk.fill(symbol="1301", quantity="no")
    walk.look("ticket, refused")
    walk.at("/orders/new/?symbol=7203", "ticket with a quote")
    walk.fill(symbol="1301", quantity="1")
    walk.page.goto("/orders/new/?symbol=1301")
    walk.page.select_option("[name=order_type]", "limit")
    walk.fill(symbol="1301", quantity="1", limit_price="2000")
    walk.look("orders")
    _hold_orders()
    walk.send("/orders/new/?symbol=1301", quantity="1")
    walk.look("orders, one held")
    walk.page.locator("a[href*=amend]").first.click()
    walk.look("order, change")
    walk.at("/withdrawals/new/", "withdrawal")
    walk.fill(amount="1000")
    walk.fill(token=code_of("alice"))
    walk.look("withdrawal, done")
    for name in ("contact", "bank", "password"):
        walk.at(f"/account/{name}/", name)
    walk.send("/account/contact/", email="nobody", phone="x")
    walk.look("contact, refused")


def _hold_orders() -> None:
    now = clock.now()
    until = now + timedelta(hours=1)
    SwitchRow.objects.create(kind="tighten", target="order", action="hold", reason="test", expires_at=until)
    rulebook.forget()


def of_the_security_centre(walk: Walk) -> None:
    """Devices, sessions, activity and factors; what each act asks and tells."""
    shop, page = walk.shop, walk.page
    shop.sign_in(page, "alice")
    work_off()
    walk.at("/security/", "security")
    walk.at("/security/passkeys/", "passkeys, none")
    walk.at("/security/recovery/", "recovery codes, before")
    press(page, SUBMIT)
    walk.look("proof of a change")
    walk.fill(token=code_of("alice"))
    walk.look("recovery codes")
    enrol(User.objects.get(username="alice"), name="端末")
    enrol(User.objects.get(username="alice"), Authenticator(is_synced=True), name="雲")
    walk.at("/security/passkeys/", "passkeys")
    walk.at("/security/", "security, with passkeys")
    own = Session.objects.latest("started_at")
    walk.at(f"/security/sessions/{own.sid}/not-me/", "not me, this session")
    walk.at("/security/freeze/", "freeze")
    session = shop.session_of(page)
    session["authshield_passkey"] = "A" * 43
    session.save()
    walk.at("/security/passkeys/new/", "passkey, new")
    plug_in(page).verifies(is_right=False)
    page.locator(SUBMIT).first.click()
    page.locator("[data-when=failed]").wait_for()
    walk.look("passkey, not made")


def of_a_new_customer(walk: Walk) -> None:
    """No factor yet: the nudge, and an app enrolled."""
    walk.shop.sign_in(walk.page, "erin")
    work_off()
    walk.at("/security/", "security, no factor")
    walk.at("/security/totp/", "app, before")
    press(walk.page, SUBMIT)
    walk.look("app")
    walk.fill(token="000000")
    walk.look("app, wrong code")


def of_challenges(walk: Walk) -> None:
    """Each factor, each kind of operation, what goes wrong."""
    page = walk.page
    walk.shop.sign_in(page, "alice")
    alice = User.objects.get(username="alice")
    enrol(alice)
    for factor in FACTORS:
        walk.at(f"{walk.challenge('alice', *FACTORS)}?factor={factor}", f"challenge, {factor}")
    address = walk.challenge("alice", *FACTORS)
    page.goto(f"{address}?factor=totp")
    walk.fill(token="000000")
    walk.look("challenge, wrong code")
    page.locator("button[value=extend]").click()
    page.locator("[role=status]").wait_for()
    walk.look("challenge, more time")
    Challenge.objects.update(expires_at=clock.now() - timedelta(minutes=1))
    walk.at(address, "challenge, over")
    walk.at(walk.challenge("alice"), "challenge, no way")
    for kind, fields in (
        (Kind.WITHDRAWAL, {"amount": "100000", "bank_account": "0005-123-1000001"}),
        (Kind.PROFILE_CHANGE, {"field": "contact", "email": "a@example.com", "phone": "090"}),
        (Kind.ORDER_CHANGE, {"order_id": "A-1", "change": "amend", "quantity": "2"}),
        (Kind.REQUEST, {"session": "x"}),
    ):
        operation = Operation(kind, walk.account("alice"), fields)
        walk.at(walk.challenge("alice", "totp", operation=operation), f"challenge of a {kind}")


def of_a_way_back(walk: Walk) -> None:
    """Somebody else was there."""
    page, since = walk.page, _somebody_was_there(walk)
    walk.at("/security/way-back/", "way back")
    walk.at("/security/way-back/?since=never", "way back, no such moment")
    page.goto(f"/security/way-back/?since={since}")
    walk.look("way back, proof")
    walk.fill(token=code_of("alice"))
    walk.look("way back, what was added")
    press(page, SUBMIT)
    walk.look("way back, done")
    TotpFactor.objects.all().delete()
    page.goto(f"/security/way-back/?since={since.replace('%2B00:00', '')}")
    walk.look("way back, by the desk")


def of_a_report(walk: Walk) -> None:
    """One session was not the customer's; and in the end everything is frozen."""
    page, _ = walk.page, _somebody_was_there(walk)
    walk.at("/security/", "security, two sessions")
    walk.at("/security/activity/", "activity")
    page.locator("a[href*=not-me]").first.click()
    walk.look("not me")
    press(page, SUBMIT)
    walk.look("not me, done")
    walk.at("/security/activity/", "activity, reported")
    page.goto("/security/freeze/")
    press(page, SUBMIT)
    walk.look("frozen by oneself")


def _somebody_was_there(walk: Walk) -> str:
    """Alice's app and device are old, two sign-ins came since; the moment before them as an address has it."""
    before = clock.now() - timedelta(hours=2)
    walk.shop.sign_in(walk.page, "alice")
    work_off()
    Device.objects.update(first_seen_at=before, trusted_at=before)
    TotpFactor.objects.update(created_at=before - timedelta(days=1))
    for _ in range(2):
        walk.page.context.clear_cookies(name="sessionid")
        walk.shop.sign_in(walk.page, "alice")
        work_off()
    recovery.generate(User.objects.get(username="alice"), clock.now())
    return f"{before:%Y-%m-%dT%H:%M}%2B00:00"


def of_a_stolen_cookie(walk: Walk) -> None:
    """The session is bound to a key that this browser has not."""
    walk.shop.sign_in(walk.page, "dave")
    walk.page.wait_for_load_state("networkidle")
    session = walk.shop.session_of(walk.page)
    session["authshield"]["key"] = "A" * 43
    session.save()
    walk.at("/orders/", "is this your browser")


ALL = {
    story.__name__: story
    for story in (
        of_a_visitor,
        by_links,
        of_a_trader,
        of_the_security_centre,
        of_a_new_customer,
        of_challenges,
        of_a_way_back,
        of_a_report,
        of_a_stolen_cookie,
        of_another_device,
        of_a_number,
    )
}
