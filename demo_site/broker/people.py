"""Who is in the demo, and what they own. Must not write anything: seeding.py does."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ISSUER = "Hinode Securities"
MAIL_DOMAIN = "hinode-customers.example"
STAFF_DOMAIN = "hinode.example"
WRITING = ("add", "change", "delete")


@dataclass(frozen=True)
class Person:
    """One person; the password is the name twice. Staff have no account."""

    name: str
    first_name: str = ""
    factors: tuple[str, ...] = ()
    cash_minor: int = 0
    positions: Mapping[str, int] = field(default_factory=dict)
    phone: str = ""
    bank: str = ""
    role: str = ""
    is_staff: bool = False
    is_superuser: bool = False

    @property
    def password(self) -> str:
        """Shown to everybody: it is a demo."""
        return f"{self.name}-{self.name}"

    @property
    def email(self) -> str:
        """An address that leads nowhere; mail goes into files."""
        return f"{self.name}@{STAFF_DOMAIN if self.is_staff else MAIL_DOMAIN}"


# What each part of the security desk may do besides looking at everything.
ROLES: Mapping[str, tuple[str, ...]] = {
    "analysts": (
        "change_case",
        "contain_case",
        "decide_hold",
        "end_session",
        "freeze_account",
        "trust_device",
        "label_event",
        "unlock_factor",
        "ask_approval",
    ),
    "tuners": (
        *(f"{verb}_{draft}" for draft in ("ruledraft", "limitdraft", "listdraft") for verb in WRITING),
        "change_assurancedraft",
        "add_proposal",
        "add_switchrow",
        "change_switchrow",
    ),
    "approvers": (
        "publish_ruleset",
        "add_switchrow",
        "change_switchrow",
        "change_case",
        "decide_hold",
        "decide_approval",
    ),
    "auditors": (),
}

CUSTOMERS = (
    Person(
        "alice",
        "Alice",
        factors=("totp", "static"),
        cash_minor=2_400_000,
        positions={"7203": 800, "8307": 900, "9433": 200, "4503": 300, "1302": 200},
        phone="090-1111-2222",
        bank="0005-123-1000001",
    ),
    Person(
        "bob",
        "Bob",
        factors=("email",),
        cash_minor=650_000,
        positions={"1301": 400, "1302": 350, "1303": 20},
        phone="090-2222-3333",
        bank="0009-201-2000002",
    ),
    Person(
        "carol",
        "Carol",
        factors=("totp",),
        cash_minor=1_900_000,
        positions={"3097": 300, "4392": 400, "7839": 200, "5998": 3000, "2911": 100, "6254": 150},
        phone="090-3333-4444",
        bank="0001-045-3000003",
    ),
    Person(
        "dave",
        "Dave",
        factors=("totp",),
        cash_minor=3_100_000,
        positions={"8036": 100, "7203": 1000, "9994": 200, "2503": 500, "8802": 300, "1301": 300},
        phone="090-4444-5555",
        bank="0010-310-4000004",
    ),
    Person(
        "erin",
        "Erin",
        cash_minor=280_000,
        positions={"1301": 50, "3383": 100},
        phone="090-5555-6666",
        bank="0033-002-5000005",
    ),
)
STAFF = (
    Person("analyst", "Aoi", factors=("totp",), role="analysts", is_staff=True),
    Person("tuner", "Toru", factors=("totp",), role="tuners", is_staff=True),
    Person("approver", "Asuka", factors=("totp",), role="approvers", is_staff=True),
    Person("auditor", "Akira", factors=("totp",), role="auditors", is_staff=True),
    Person("admin", "Admin", factors=("totp",), is_staff=True, is_superuser=True),
)
PEOPLE = CUSTOMERS + STAFF
