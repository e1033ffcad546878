"""What was learnt, in words that the desk reads: strata, signs, chances. Asks the database for the scale alone."""

from __future__ import annotations

from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield.judge.evidence.signs import BY_CODE
from authshield.learn import chances
from authshield.learn.calibration import Scale
from authshield.learn.rates import RULES_ALONE, TOO_FEW, needed_for

STRATUM_WORDS: dict[str, Any] = {
    "login_known": gettext_lazy("sign-ins from trusted devices: challenged"),
    "login_unknown": gettext_lazy("sign-ins from other devices: challenged"),
    "order_known": gettext_lazy("orders from trusted devices: challenged"),
    "order_unknown": gettext_lazy("orders from other devices: challenged"),
    "order_known_held": gettext_lazy("orders from trusted devices: held"),
    "order_unknown_held": gettext_lazy("orders from other devices: held"),
}
STRATUM_SHORT: dict[str, Any] = {
    "login_known": gettext_lazy("sign-ins, trusted"),
    "login_unknown": gettext_lazy("sign-ins, others"),
    "order_known": gettext_lazy("orders, trusted"),
    "order_unknown": gettext_lazy("orders, others"),
    "order_known_held": gettext_lazy("held, trusted"),
    "order_unknown_held": gettext_lazy("held, others"),
}
"""For a picture, where there is little room."""

GROUP_WORDS: dict[str, Any] = {
    "login": gettext_lazy("sign-ins"),
    "order": gettext_lazy("orders and the like"),
}
METHOD_WORDS: dict[str, Any] = {
    "shipped": gettext_lazy("as shipped: too few labels"),
    "shifted": gettext_lazy("shifted to this site's base rate"),
    "stretched": gettext_lazy("shifted and stretched"),
    "bent": gettext_lazy("bent to what was observed"),
}
LEVEL_WORDS: dict[str, Any] = {
    "steady": gettext_lazy("steady"),
    "watch": gettext_lazy("worth a look"),
    "drifted": gettext_lazy("drifted"),
}


def percent(share: float, digits: int = 2) -> str:
    """A share as a percentage without empty digits."""
    text = f"{100 * share:.{digits}f}".rstrip("0").rstrip(".")
    return f"{text} %"


def chance_words(risk: float, kind: str) -> str:
    """What a risk means as a chance, and by how many labels. Cost: 1 query."""
    scale = chances.scale_of(chances.group_of(kind))
    told = _("one in %(number)s (risk %(risk).0f; %(how)s)")
    chance = scale.chance(risk)
    number = number_format(max(1, round(1 / max(chance, 1e-9))), use_l10n=True, force_grouping=True)
    return told % {"number": number, "risk": risk, "how": scale_words(scale)}


def scale_words(scale: Scale) -> str:
    """How a scale was found."""
    if scale.method == "shipped":
        return str(METHOD_WORDS["shipped"])
    return _("%(how)s by %(frauds)d frauds") % {"how": METHOD_WORDS[scale.method], "frauds": scale.frauds}


def sign_words(code: str) -> str:
    """A sign in words; a rule as its id."""
    return _(BY_CODE[code].text) if code in BY_CODE else code


def why_words(why: str, rate: float, least: float | None) -> str:
    """Why there is no threshold for a rate."""
    if why == TOO_FEW:
        return _("it takes at least %(number)d ordinary decisions to promise that") % {
            "number": needed_for(rate)
        }
    if why == RULES_ALONE:
        return _("rules and limits alone ask %(rate)s") % {"rate": percent(least or 0.0)}
    return ""
