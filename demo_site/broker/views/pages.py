"""What all pages of a customer need. Must not act."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from authshield.errors import InvalidInput


def page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """A page of the site."""
    return render(request, f"broker/{template}.html", context)


def invalid_of(request: HttpRequest) -> InvalidInput | None:
    """Why the form that was sent makes no sense, if it was and does not."""
    guarded = getattr(request, "authshield", None)
    invalid: InvalidInput | None = getattr(guarded, "invalid", None)
    return invalid


def typed(request: HttpRequest, *names: str, **defaults: str) -> dict[str, str]:
    """What stands in a form's fields: what was typed, else the defaults. Nothing typed is lost."""
    source = request.POST if request.method == "POST" else request.GET
    return {name: source.get(name, defaults.get(name, ""))[:100] for name in names}
