"""What the browser's script is told in its tag: a nonce to sign, and what is to be done in this session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from authshield.clock import now as clock_now
from authshield.conf import current
from authshield.observe.proof import new_nonce, session_key
from authshield.observe.request import presence_left
from authshield.signedin import may_bind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest
    from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def device_script(context: Mapping[str, Any]) -> SafeString:
    """The script's tag.

    Not deferred: a form that is sent before the script is there goes unsigned. Cost: about 20 µs.
    """
    now = clock_now()
    request: HttpRequest | None = context.get("request")
    attributes = _of_session(request) if request is not None and hasattr(request, "session") else ""
    return format_html(
        '<script src="{}" data-to="{}" data-nonce="{}"{}></script>',
        static("authshield/device.js"),
        reverse("authshield:device"),
        new_nonce(now),
        attributes,
    )


def _of_session(request: HttpRequest) -> SafeString | str:
    now = clock_now()
    if session_key(request):
        age = current().PRESENCE_SECONDS - presence_left(request, now)
        return format_html(' data-age="{}"', age)
    return mark_safe(" data-register") if may_bind(request, now) else ""
