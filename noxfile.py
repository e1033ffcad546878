"""The matrix: `.venv/bin/nox` tests every supported Python, Django and database that this machine has.

Interpreters that are missing are left out; with pyenv name them first: PYENV_VERSION=3.11.7:3.12.1:3.13.0.
"""

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False

NEWEST_DJANGO_NEEDS = "3.12"


@nox.session(python=["3.11", "3.12", "3.13", "3.14"])
@nox.parametrize("database", ["sqlite", "postgresql"])
@nox.parametrize("django", ["5.2", "newest"])
def tests(session: nox.Session, django: str, database: str) -> None:
    """Run the suite on one combination; arguments after `--` go to pytest."""
    if django == "newest" and session.python == "3.11":
        session.skip(f"the newest Django needs Python {NEWEST_DJANGO_NEEDS}")
    session.install("--require-hashes", "-r", "requirements/dev.txt")
    if django == "5.2":
        session.install("django>=5.2,<5.3")
    session.install("--no-deps", "--no-build-isolation", "-e", ".")
    session.run("python", "-m", "pytest", "-n", "auto", *session.posargs, env={"TEST_DATABASE": database})
