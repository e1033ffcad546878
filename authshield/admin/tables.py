"""Small tables inside pages: reasons with their points, facts as they were when it was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from authshield.admin.words import NONE
from authshield.vocabulary.facts import BY_NAME, MISSING


def reasons_of(stored: Any) -> list[dict[str, Any]]:
    """Stored reasons as code, points and text, whatever older versions left there."""
    if not isinstance(stored, Sequence) or isinstance(stored, str):
        return []
    kept = []
    for reason in stored:
        if isinstance(reason, Mapping):
            kept.append({key: reason.get(key, "") for key in ("code", "points", "text")})
        else:
            kept.append({"code": str(reason), "points": "", "text": ""})
    return kept


def reasons_table(stored: Any) -> SafeString:
    """The reasons, largest first as they were stored, with the sum."""
    reasons = reasons_of(stored)
    total = sum(reason["points"] for reason in reasons if isinstance(reason["points"], (int, float)))
    return render_to_string("admin/authshield/reasons.html", {"reasons": reasons, "total": total})


def facts_table(stored: Any) -> SafeString:
    """The facts of an event with what they mean; declared ones in their declared order, others after them.

    Recorded is what differs from its default; of a group of which nothing does there is nothing to tell.
    """
    facts = stored if isinstance(stored, Mapping) else {}
    told = {name.partition(".")[0] for name in facts}
    facts = {name: value for name, value in MISSING.items() if name.partition(".")[0] in told} | dict(facts)
    order = {name: place for place, name in enumerate(BY_NAME)}
    names = sorted(facts, key=lambda name: (order.get(name, len(order)), name))
    rows = [
        {
            "name": name,
            "value": _value(facts[name]),
            "unit": _(fact.unit) if (fact := BY_NAME.get(name)) and fact.unit else "",
            "text": _(fact.text) if fact else "",
        }
        for name in names
    ]
    return render_to_string("admin/authshield/facts.html", {"rows": rows})


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"  # noqa: PLR2004 - no digits after it then
    if isinstance(value, list):
        return ", ".join(map(str, value)) or NONE
    return str(value) if value != "" else NONE
