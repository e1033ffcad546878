"""What is compared: ours with its parts switched on one after the other, and the baselines beside it.

Must not run anything (job.py does).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from authshield.evaluate import forest
from authshield.judge import Ruleset, compile_ruleset
from authshield.judge.parameters import PARAMETERS
from authshield.vocabulary.actions import Action, Strength
from authshield.vocabulary.event import Kind
from authshield.vocabulary.ruleset import Rule, RulesetSource

MODELS = ("model_login", "model_order", "model_campaign")
BASELINES = ("static", "freeman", "forest", "login", "order")
OURS = "ours"
TITLES = {
    "static": "Static rules: new device or new country",
    "freeman": "Freeman/Wiefling, as the public code",
    "forest": "Isolation forest",
    "login": "AuthShield, sign-in model alone",
    "order": "AuthShield, + orders",
    OURS: "AuthShield, + campaigns",
}
WITHOUT_MODELS = "AuthShield, rules as given"
_MONEY = frozenset({Kind.ORDER, Kind.ORDER_CHANGE, Kind.WITHDRAWAL})
_KNOWN = frozenset(parameter.name for parameter in PARAMETERS)
_CERTAIN = 100.0
_HALF = 50.0


@dataclass(frozen=True, slots=True)
class Detector:
    """One line of the table. ``ruleset`` is None for a baseline that only ranks; ``missing`` says how to get it."""

    key: str
    title: str
    ruleset: Ruleset | None = None
    missing: str = ""


def detectors(source: RulesetSource, wanted: frozenset[str]) -> list[Detector]:
    """The lines of the table in its order; ours with everything on is always the last. Raises ``RuleError``."""
    found: list[Detector] = []
    if "static" in wanted:
        found.append(Detector("static", TITLES["static"], compile_ruleset(static_rules())))
    if "freeman" in wanted:
        found.append(Detector("freeman", TITLES["freeman"]))
    if "forest" in wanted:
        found.append(
            Detector("forest", TITLES["forest"], missing="" if forest.is_there() else forest.HOW_TO_GET)
        )
    if not has_models():
        return [*found, Detector(OURS, WITHOUT_MODELS, compile_ruleset(source))]
    for number, key in enumerate(("login", "order", OURS), 1):
        if key == OURS or key in wanted:
            found.append(Detector(key, TITLES[key], compile_ruleset(with_models(source, number))))
    return found


def has_models() -> bool:
    """Whether a ruleset has switches for the models at all."""
    return _KNOWN.issuperset(MODELS)


def with_models(source: RulesetSource, on: int) -> RulesetSource:
    """The rules with the first ``on`` models at work; what a ruleset says of a model that stays on is kept."""
    switched = dict.fromkeys(MODELS[on:], 0.0)
    kept = {name: source.parameters.get(name) or 1.0 for name in MODELS[:on]}
    return replace(source, parameters={**source.parameters, **kept, **switched})


def static_rules() -> RulesetSource:
    """What many sites have: a code at a sign-in from a device or a country that the account never used.

    Orders from there get points and no action: the frontier shows what holding them would bring.
    """
    off = {"score_case": _CERTAIN, "score_contain": _CERTAIN} | dict.fromkeys(MODELS, 0.0)
    return RulesetSource(
        version=0,
        name="static",
        rules=tuple(_static_rules()),
        parameters={name: value for name, value in off.items() if name in _KNOWN},
    )


def _static_rules() -> list[Rule]:
    known = {
        "device": ("!device.is_seen", "a new device"),
        "country": ('network.country != "" && !network.country_seen', "a new country"),
    }
    return [
        Rule(
            id=f"static-{name}-{kind}",
            kinds=frozenset({Kind.LOGIN}) if kind == "sign-in" else _MONEY,
            when=f"account.logins > 0 && {when}" if kind == "sign-in" else when,
            points=_HALF,
            action=Action.CHALLENGE if kind == "sign-in" else Action.ALLOW,
            required=Strength.OTP if kind == "sign-in" else Strength.NONE,
            code=f"new_{name}",
            text=text,
        )
        for name, (when, text) in known.items()
        for kind in ("sign-in", "order")
    ]
