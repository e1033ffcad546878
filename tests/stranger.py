"""A broker's own project as a stranger makes it: ``startproject``, then the very lines of docs/install.md.

Made of awkward choices: people sign in by e-mail, ids are UUIDs, requests are transactions, keys are small, and
the sign-in page is not where the demo has it. Must not use anything of the demo.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management import call_command

from tests.client import HOME, Visitor
from tests.workers import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs" / "install.md"
START_SECONDS = 40
FAR_AWAY = "127.9.8.7"
SETTINGS = """
INSTALLED_APPS += ["trade"]
AUTH_USER_MODEL = "trade.Member"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES["default"]["ATOMIC_REQUESTS"] = True
DATABASES["default"]["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL;"}
LOGIN_URL = "enter"
LOGIN_REDIRECT_URL = "/orders/new/"
ALLOWED_HOSTS = ["127.0.0.1"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_BROKER_URL = "redis+" + os.environ["REDIS_URL"].replace("unix", "socket")
"""
URLS = """
from django.contrib.auth.views import LoginView
from trade import views
urlpatterns += [
    path("enter/", LoginView.as_view(template_name="enter.html"), name="enter"),
    path("orders/new/", views.new_order),
]
"""
MODELS = """
import uuid
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

class Member(AbstractBaseUser, PermissionsMixin):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    USERNAME_FIELD = "email"
    objects = BaseUserManager()

class Placed(models.Model):
    member = models.ForeignKey(Member, models.CASCADE)
    symbol = models.CharField(max_length=16)
    side = models.CharField(max_length=4)
    quantity = models.PositiveIntegerField()
"""
BOOKS = """
from collections import namedtuple
from decimal import Decimal
from trade.models import Placed

Stock = namedtuple("Stock", "symbol price average_daily_value")
STOCKS = {"7203": Stock("7203", Decimal(2500), 90_000_000_000), "9999": Stock("9999", Decimal(100), 10_000_000)}
find = STOCKS.get

def cash(user): return 9_000_000
def positions_value(user): return 1_000_000
def quantity(user, symbol): return Decimal(0)

def place(user, fields):
    Placed.objects.create(member=user, symbol=fields["symbol"], side=fields["side"], quantity=int(fields["quantity"]))
"""
FORM = "<form method=post>{% csrf_token %}{{ form }}{{ invalid.detail }}<button>Go</button></form>"
SET_UP = """
from django.core.management import call_command
call_command("makemigrations", "trade", verbosity=0)
call_command("migrate", verbosity=0)
call_command("check", deploy=True, databases=["default"])
from trade.models import Member
for name in ("hana", "kenji"):
    member = Member(email=f"{name}@broker.example")
    member.set_password(f"{name}-{name}")
    member.save()
"""


@dataclass(frozen=True)
class Project:
    """A project of its own, with its database and its people."""

    folder: Path
    environ: dict[str, str]

    def manage(self, *arguments: str) -> str:
        """Run a management command; returns all that it said."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=START_SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def rows(self, query: str) -> list[Any]:
        """What its database holds, looked at from outside."""
        address = f"file:{self.folder}/db.sqlite3?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=5)) as database:
            return database.execute(query).fetchall()

    def wait_for(self, query: str) -> Any:
        """The first row, once there is one."""
        wait_for(lambda: self.rows(query), query)
        return self.rows(query)[0]

    @contextmanager
    def start(self, name: str, *argv: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run Python beside the test, to the end of the block."""
        with (self.folder / f"{name}.log").open("ab") as log:
            argv = (sys.executable, *argv)
            process = subprocess.Popen(argv, cwd=self.folder, env=self.environ, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=30)

    @contextmanager
    def serve(self) -> Iterator[int]:
        """Serve it on a free port."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        argv = ("-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "4", "broker.wsgi")
        with self.start("web", *argv) as process:
            deadline = time.monotonic() + START_SECONDS
            while not _answers(port):
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=0.05)
                log = (self.folder / "web.log").read_text()
                assert process.poll() is None, log
                assert time.monotonic() < deadline, log
            yield port

    def enforce(self) -> None:
        """Take the one line over that docs/install.md names."""
        with (self.folder / "broker" / "settings.py").open("a") as settings:
            settings.write('AUTHSHIELD_MODE = "enforce"\n')


@dataclass
class Customer(Visitor):
    """Somebody at the stranger's site."""

    def enter(self, name: str) -> str:
        """Sign in; where it leads."""
        fields = {"username": f"{name}@broker.example", "password": f"{name}-{name}"}
        return self.post("/enter/", fields).location

    def buy(self, symbol: str, quantity: int) -> str:
        """Send the order form; where it leads."""
        fields = {"symbol": symbol, "side": "buy", "quantity": str(quantity)}
        return self.post("/orders/new/", fields).location


def at_home(port: int) -> Customer:
    """A fresh browser."""
    return Customer(port, HOME)


def elsewhere(port: int) -> Customer:
    """A fresh browser somewhere else."""
    return Customer(port, FAR_AWAY)


def lines_for(name: str) -> str:
    """The lines of docs/install.md for one file of a project."""
    blocks = re.findall(r"```python\n# (\S+?)(?:, last lines)?\n(.*?)```", DOCS.read_text(), re.DOTALL)
    (found,) = (lines for file, lines in blocks if file == name)
    return str(found)


def make_project(folder: Path, redis_url: str) -> Project:
    """Start a project, write its trade, and install AuthShield as it is told to."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "COV_"))}
    environ = {**kept, "REDIS_URL": redis_url, "SEALING_KEY": "k" * 40, "PYTHONPATH": f"{folder}:{ROOT}"}
    project = Project(folder, environ)
    call_command("startproject", "broker", str(folder))
    written = {
        "broker/settings.py": "import os\n" + SETTINGS + lines_for("settings.py"),
        "broker/urls.py": URLS.replace("\nurlpatterns", "\nfrom django.urls import path\nurlpatterns")
        + lines_for("urls.py"),
        "broker/celery.py": lines_for("celery.py"),
        "broker/__init__.py": lines_for("__init__.py"),
        "trade/__init__.py": "",
        "trade/models.py": MODELS,
        "trade/books.py": BOOKS,
        "trade/views.py": lines_for("views.py"),
        "trade/templates/order.html": FORM,
        "trade/templates/enter.html": FORM,
    }
    for name, text in written.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(text)
    return project


def findings(project: Project) -> dict[str, str]:
    """What the doctor says, by name."""
    said = project.manage("authshield_doctor", "--json")
    return {
        row["name"]: row["state"]
        for row in json.loads(said[said.index("{") : said.rindex("}") + 1])["findings"]
    }


def _answers(port: int) -> bool:
    try:
        return Customer(port).get("/enter/").status == 200
    except OSError:
        return False
