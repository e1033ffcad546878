"""The evaluation as one page that opens anywhere: no scripts, nothing fetched, pictures and tables in it.

Must not compute figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from authshield.evaluate.pictures import caption
from authshield.evaluate.table import Body, Table
from authshield.evaluate.words import amount, between, minutes, percent

TEMPLATE = "authshield/evaluation.html"


def page(evaluation: Body, tables: Sequence[Table], pictures: Mapping[str, str]) -> str:
    """The whole page."""
    return render_to_string(
        TEMPLATE,
        {
            "headlines": list(_headlines(evaluation)) if "detectors" in evaluation else [],
            "pictures": [
                {"svg": mark_safe(svg), "caption": caption(name)}  # noqa: S308 - our own, escaped where it was made
                for name, svg in pictures.items()
            ],
            "tables": tables,
            "files": [row["file"] for row in evaluation["files"]],
            "seed": evaluation["seed"],
        },
    )


def _headlines(evaluation: Body) -> list[dict[str, Any]]:
    """The few figures that matter most, each with what it means."""
    ours, currency = evaluation["detectors"][-1], evaluation["currency"]
    value, friction, detection = ours["value"], ours["friction"]["legit"], ours["detection"]
    found = []
    if value["attempted"]:
        told = f"of {amount(value['attempted'], currency)} that thieves ordered"
        found.append(
            {
                "figure": percent(value["not_executed"]),
                "words": f"{told} was not executed",
                "range": value["interval"],
            }
        )
    for name, words in (
        ("challenged", "of customers' sessions were asked for a proof"),
        ("held", "had an order or a change held for the desk"),
        ("stopped", "were stopped"),
    ):
        found.append(
            {"figure": percent(friction[name]["share"]), "words": words, "range": friction[name]["interval"]}
        )
    if detection["campaigns"]:
        noticed = detection["campaigns"] - detection["never"]
        words = f"median until a campaign was noticed ({noticed} of {detection['campaigns']} were)"
        found.append({"figure": minutes(detection["minutes_median"]), "words": words, "range": None})
    return [{**one, "range": between(one["range"])} for one in found]
