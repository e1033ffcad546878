"""A person or a program at the keyboard of the running demo: plain HTTP, cookies kept, any loopback address.

Must not know anything of the project's inside.
"""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/135.0.0.0 "
    "Safari/537.36"
)
HOME = "127.0.0.1"
ELSEWHERE = "127.0.0.77"
TIMEOUT_SECONDS = 20


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        return self.headers.get("Location", "")


@dataclass
class Visitor:
    """One browser profile at one address."""

    port: int
    address: str = HOME
    agent: str = CHROME
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """Send one request; header names are written with underscores."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=TIMEOUT_SECONDS, source_address=(self.address, 0)
        )
        sent = {"User-Agent": self.agent, "Accept": "text/html"}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        self._keep(answer)
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        """Open a page."""
        return self.send("GET", path, None, **headers)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Send a form as a browser would, with the token that the site gave."""
        if "csrftoken" not in self.cookies:
            self.get(path)
        sent = {"csrfmiddlewaretoken": self.cookies.get("csrftoken", ""), **fields}
        headers.setdefault("Content_Type", "application/x-www-form-urlencoded")
        return self.send("POST", path, urlencode(sent).encode(), **headers)

    def api(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Send JSON as a program would."""
        headers.setdefault("Accept", "application/json")
        raw = None if body is None else json.dumps(body).encode()
        if raw is not None:
            headers.setdefault("Content_Type", "application/json")
        if "csrftoken" in self.cookies:
            headers.setdefault("X_CSRFToken", self.cookies["csrftoken"])
        return self.send(method, path, raw, **headers)

    def sign_in(self, name: str, password: str = "", **fields: str) -> Answer:
        """Sign in through the form."""
        return self.post("/login/", {"username": name, "password": password or f"{name}-{name}", **fields})

    def _keep(self, answer: Answer) -> None:
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value


def challenge_of(answer: Answer) -> str:
    """The id of the challenge that a redirect leads to."""
    match = re.fullmatch(r"/security/challenge/([0-9a-f-]{36})/", urlsplit(answer.location).path)
    assert match, f"no challenge: {answer.status} {answer.location}"
    return match[1]
