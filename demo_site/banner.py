"""What the terminal shows once the demo is ready. Must not ask the database: it has to come at once."""

CUSTOMERS = {
    "alice": "ordinary portfolio; authenticator app and recovery codes",
    "bob": "only ever bought index funds; codes by e-mail",
    "carol": "active in small caps; authenticator app",
    "dave": "for trying attacks on; authenticator app",
    "erin": "no second factor yet",
}
STAFF = ("analyst", "tuner", "approver", "auditor", "admin")


def password(name: str) -> str:
    """Return the password of one of the demo's people; it is no secret, the site says so on every page."""
    return f"{name}-{name}"


def banner(base_url: str) -> str:
    """Return the text: address, people, their passwords and how to get their codes."""
    people = "\n".join(f"    {name:<8}{password(name):<14}{about}" for name, about in CUSTOMERS.items())
    staff = ", ".join(STAFF)
    return f"""
AuthShield demo brokerage: {base_url}

  Customers (name, password)
{people}

  Security desk: {base_url}/admin/
    {staff}: the password is the name twice, with a hyphen (analyst-analyst)

  Codes, in another terminal
    .venv/bin/python manage.py demo_otp alice     the authenticator's code, valid now
    .venv/bin/python manage.py demo_mail alice    the newest mail to her

  Everything here is made up. Ctrl-C ends it; the data stays; `make reset` starts over.
"""
