"""A signed-in session and the lines that it writes: who, where, with what. Customers and thieves alike."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

from authshield.simulate.devices import Device
from authshield.simulate.draws import Draws
from authshield.simulate.engine import Engine, Process
from authshield.simulate.networks import Place
from authshield.simulate.people import Person

LANDING = "/"
LEGIT, FRAUD = ',"label":"legit"', ',"label":"fraud"'


@dataclass(frozen=True, slots=True)
class Setting:
    """What a session is made of. ``token`` is the id in its cookie, ``key`` whether it proves to be that device."""

    device: Device
    place: Place
    token: str
    key: bool
    can_pass: tuple[str, ...]
    label: str = LEGIT
    prints: str = ""  # the fingerprint's JSON where it is not the device's own
    client: str = ""  # likewise of the headers
    keeps: bool = True  # whether the cookie outlives the session


class Session:
    """Writes events of one session. ``issued`` is the id that its browser has from the login on."""

    __slots__ = (
        "_after",
        "_before",
        "_draws",
        "_tail",
        "_where",
        "_who",
        "account",
        "engine",
        "is_open",
        "issued",
        "setting",
        "sid",
    )

    def __init__(
        self, engine: Engine, draws: Draws, person: Person, setting: Setting, *, sid: str = ""
    ) -> None:
        """The login is still to come, unless ``sid`` names a session that somebody goes on with."""
        device, place = setting.device, setting.place
        self.engine, self.setting, self.account = engine, setting, person.account
        self._draws = draws
        self.is_open = True
        self.sid = sid or f"s{draws.token()}"
        self.issued = setting.token or f"d{draws.token()}"
        proof = '"valid"' if setting.key else "null"
        prints = setting.prints or device.print_json
        first = f'"{setting.token}","proof":{proof}' if setting.token else 'null,"proof":null'
        self._who = f'"account":"{person.account}",'
        self._before = f'"device":{{"id":{first},"fingerprint":{prints}}}'
        can_pass = _listed(tuple(f for f in person.enrolled if f in setting.can_pass))
        self._where = f'"ip":"{place.ip}",{setting.client or device.client},{place.block.json}'
        self._tail = f'{self._where},"enrolled":{person.enrolled_json},"can_pass":{can_pass}{setting.label},'
        later = f'"device":{{"id":"{self.issued}","proof":{proof},"fingerprint":{prints}}}'
        self._after = f'{self._who}"session":"{self.sid}",{self._tail}{later}'

    def fail(self, username: str, *, known: bool = True) -> None:
        """A wrong password, or a name that nobody has."""
        who, tail = self._who, self._tail
        if not known:
            who = '"account":null,'
            tail = f'{self._where},"enrolled":[],"can_pass":[]{self.setting.label},'
        self.engine.emit(
            "login",
            f'{who}"session":null,{tail}{self._before}',
            f',"username":"{username}","outcome":"failure","method":"password"',
        )

    def login(self, username: str, method: str = "password") -> None:
        """In."""
        if self.setting.keeps:
            self.setting.device.token = self.issued
        self.engine.emit(
            "login",
            f'{self._who}"session":"{self.sid}",{self._tail}{self._before}',
            f',"username":"{username}","outcome":"success","method":"{method}"',
        )
        self.engine.start(self.engine.now + 150 + int(self._draws.exponential(350)), self._landing())

    def _landing(self) -> Process:
        """Every sign-in leads to a page; with it the browser's new id comes back for the first time."""
        if self.is_open:
            self.page(LANDING)
        yield 0.0

    def page(self, path: str) -> None:
        """A page was asked for."""
        self.engine.emit("request", self._after, f',"path":"{path}"')

    def act(self, kind: str, body: str) -> None:
        """Any other event; ``body`` begins with a comma, or is empty."""
        self.engine.emit(kind, self._after, body)

    def leave(self) -> None:
        """Sign out."""
        self.is_open = False
        self.engine.emit("logout", self._after)


@cache
def _listed(names: tuple[str, ...]) -> str:
    return json.dumps(names, separators=(",", ":"))
