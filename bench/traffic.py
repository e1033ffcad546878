"""Requests as a WSGI server would hand them over, and the people who send them. Must not know of any guard."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from bench.variants import LOGIN, ORDER, PAGE, STRANGER, TYPO

if TYPE_CHECKING:
    from collections.abc import Callable

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/135.0.0.0 "
    "Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:137.0) Gecko/20100101 Firefox/137.0"
PASSWORD = "right-password"
EXPECTED = {LOGIN: 200, TYPO: 401, STRANGER: 401, ORDER: 201, PAGE: 200}
VICTIM = "victim"
"""A kind that only prepares: the victim signs in, so that there is a device that strangers have not."""

TRIES_EACH = 3
"""Of a person's 5 in 10 minutes; the first is spent on warming up."""


@dataclass
class Person:
    """A customer at an address of its own, in a network of its own; ``cookies`` is the own browser's jar."""

    number: int
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of an owner, who signs in, or of a victim, whose name strangers try."""
        return f"owner-{self.number}"

    @property
    def victim(self) -> str:
        """Whose account strangers try; a name of its own, so that the owner's limits stay apart."""
        return f"victim-{self.number}"

    @property
    def home(self) -> str:
        """The owner's address."""
        return f"10.{self.number // 250}.{self.number % 250}.7"

    def elsewhere(self, times: int) -> str:
        """The stranger's address, after so many tries: a new one each time."""
        return f"172.{16 + self.number // 250}.{self.number % 250}.{9 + times % 240}"


class Traffic:
    """Numbered requests: each kind walks through the people, so that no one meets a limit."""

    def __init__(self, people: int) -> None:
        """``people`` owners and as many victims."""
        self.people = [Person(number) for number in range(people)]
        self._next = dict.fromkeys((*EXPECTED, VICTIM), 0)

    def environ(self, scenario: str) -> tuple[dict[str, Any], Person]:
        """The next request of this kind."""
        times, number = divmod(self._next[scenario], len(self.people))
        person = self.people[number]
        self._next[scenario] += 1
        return self._requests(times)[scenario](person), person

    def skip(self, times: int) -> None:
        """Go on as if everybody had done everything so often."""
        for scenario in self._next:
            self._next[scenario] += times * len(self.people)

    def _requests(self, times: int) -> dict[str, Callable[[Person], dict[str, Any]]]:
        return {
            LOGIN: lambda who: _sign_in(who.name, PASSWORD, who.home, _device(who)),
            TYPO: lambda who: _sign_in(who.name, "wrong", who.home, _device(who)),
            STRANGER: lambda who: _sign_in(who.victim, "wrong", who.elsewhere(times), {}, agent=FIREFOX),
            VICTIM: lambda who: _sign_in(who.victim, PASSWORD, who.home, {}),
            ORDER: _order,
            PAGE: lambda who: request("GET", "/page/", who.home, who.cookies),
        }


def _device(person: Person) -> dict[str, str]:
    """The cookies without the session: a sign-in begins a new one."""
    return {name: value for name, value in person.cookies.items() if name != "sessionid"}


def _sign_in(
    name: str, password: str, address: str, cookies: dict[str, str], *, agent: str = CHROME
) -> dict[str, Any]:
    fields = {"username": name, "password": password}
    return request("POST", "/login/", address, cookies, fields=fields, agent=agent)


def _order(person: Person) -> dict[str, Any]:
    fields = {"symbol": "7203", "side": "buy", "quantity": "1", "order_type": "market"}
    return request("POST", "/orders/", person.home, person.cookies, fields=fields)


def request(
    method: str,
    path: str,
    address: str,
    cookies: dict[str, str],
    *,
    fields: dict[str, str] | None = None,
    agent: str = CHROME,
) -> dict[str, Any]:
    """One request's WSGI environ."""
    body = urlencode(fields or {}).encode()
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_ADDR": address,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "HTTP_ACCEPT": "application/json",
        "HTTP_ACCEPT_LANGUAGE": "ja,en;q=0.8",
        "HTTP_USER_AGENT": agent,
        "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


class Site:
    """The whole WSGI application, called in this process."""

    def __init__(self, application: Any) -> None:
        """``application`` is Django's."""
        self._application = application
        self.status = 0
        self._headers: list[tuple[str, str]] = []

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        del exc_info
        self.status = int(status[:3])
        self._headers = headers

    def call(self, environ: dict[str, Any]) -> None:
        """One request, to the last byte of its answer; ``status`` is the answer's."""
        answer = self._application(environ, self._start)
        try:
            for _ in answer:
                pass
        finally:
            answer.close()

    def keep_cookies(self, person: Person) -> None:
        """Put what the last answer set into the person's jar."""
        for header, value in self._headers:
            if header == "Set-Cookie":
                for name, morsel in SimpleCookie(value).items():
                    person.cookies[name] = morsel.value
