"""QR codes as inline SVG that a strict content security policy lets through: no script, no style."""

from __future__ import annotations

import segno
from django.utils.safestring import SafeString, mark_safe


def svg(text: str) -> SafeString:
    """The QR code of a text, black on white, sized by its container. Cost: about 7 ms."""
    code = segno.make(text, error="m", micro=False)
    drawn = code.svg_inline(scale=4, border=4, omitsize=True, dark="#000", light="#fff", svgclass="qr")
    return mark_safe(drawn)  # noqa: S308 - made of numbers alone; the text is in the pattern, not in the markup
