"""The desk's pictures, as SVG files of their own: pages may hold no styles. Must not compute figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from authshield.evaluate.svg import Axis, Line, Plot, decades
from authshield.learn.calibration import SHIPPED, Bin, Scale

_LEAST = 1e-5
_TENS = [(10.0**power, f"{10.0 ** (power + 2):g} %") for power in range(-5, 1)]
_RISKS = [(float(risk), str(risk)) for risk in range(0, 101, 20)]


def served(text: str) -> HttpResponse:
    """A picture as a browser takes it: it may use its own style and nothing else."""
    return HttpResponse(
        text,
        content_type="image/svg+xml",
        headers={
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
            "Cache-Control": "private, max-age=60",
        },
    )


def reliability(scale: Scale, bands: Sequence[Bin]) -> str:
    """What was said against what was true, band by band."""
    plot = Plot(
        "reliability",
        _("What was said, and what was true"),
        _(
            "Each dot is a band of risk: its chance of fraud as said, and the share that turned out fraudulent."
        ),
        Axis(_("chance of fraud as said (logarithmic)"), _LEAST, 1.0, _TENS, is_log=True),
        Axis(_("turned out fraudulent"), _LEAST, 1.0, _TENS, is_log=True),
    )
    plot.lines([Line(_("as said"), [(_LEAST, _LEAST), (1.0, 1.0)], 5)])
    for colour, (name, one) in enumerate(((_("calibrated"), scale), (_("as shipped"), SHIPPED))):
        for band in bands:
            number = band.frauds + band.others
            told = _("%(name)s, risk %(risk).0f: %(frauds)d of %(number)d") % {
                "name": name,
                "risk": band.risk,
                "frauds": band.frauds,
                "number": number,
            }
            plot.dot(one.chance(band.risk), max(band.frauds / max(1, number), _LEAST), colour, told)
        y = 60.0 + 22 * colour
        plot.parts.append(
            f'<circle cx="572" cy="{y - 4}" r="4.5" fill-opacity=".8" style="fill:var(--c{colour})"/>'
        )
        plot.words(584, y, name)
    return plot.text()


def rates(strata: Sequence[dict[str, Any]]) -> str:
    """The rate against the threshold, a line a stratum, and where the proposed thresholds lie."""
    plot = Plot(
        "rates",
        _("How many are asked at which threshold"),
        _("Share of ordinary decisions at or over each threshold, rules and limits included."),
        Axis(_("threshold (risk)"), 0.0, 100.0, _RISKS),
        decades(_("ordinary decisions asked (logarithmic)"), 1e-4, 1.0),
    )
    plot.lines(
        [
            Line(one["name"], [(x, max(y, 1e-4)) for x, y in one["curve"]], number, is_stepped=True)
            for number, one in enumerate(strata)
        ]
    )
    for number, one in enumerate(strata):
        if one["threshold"] is not None:
            plot.dot(
                one["threshold"], max(one["rate"], 1e-4), number, f"{one['name']}: {one['threshold']:.2f}"
            )
    return plot.text()
