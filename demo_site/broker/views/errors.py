"""Answers when something is wrong, as a page or as problem+json. Must not need more than the request."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authshield.enforce.responses import wants_json
from demo_site.broker.problems import is_json_path, problem

CODES = {400: "bad_request", 403: "denied", 404: "not_found", 413: "too_large", 500: "server_error"}
TITLES = {
    400: gettext_lazy("That request makes no sense"),
    403: gettext_lazy("That is not allowed"),
    404: gettext_lazy("There is no such page"),
    413: gettext_lazy("That is too large"),
    500: gettext_lazy("Something broke on our side"),
}
TEXTS = {
    400: gettext_lazy("Nothing was changed. Go back and try it again."),
    403: gettext_lazy("Nothing was changed. If you believe that you should be able to do it, call us."),
    404: gettext_lazy("The address may be mistyped, or what was there is gone."),
    413: gettext_lazy("Nothing was changed. Send less at once."),
    500: gettext_lazy("It is recorded. Look at your orders before you try again."),
}


def answer(request: HttpRequest, status: int, detail: str = "") -> HttpResponse:
    """The error as a page or, for a program, as a problem. ``detail`` replaces the stock text."""
    text = detail or str(TEXTS[status])
    if wants_json(request):
        return problem(status, CODES[status], text)
    context = {"title": TITLES[status], "text": text, "status": status}
    return HttpResponse(render_to_string("broker/error.html", context), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """400."""
    return answer(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """403."""
    return answer(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """404."""
    return answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    return answer(request, 500)


def too_large(request: HttpRequest) -> HttpResponse:
    """413."""
    return answer(request, 413)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - as above
    """403 for a post that did not come from a page of this site."""
    if is_json_path(request.path_info) and not request.user.is_authenticated:
        return problem(401, "not_authenticated", _("Sign in first: POST /api/login."))
    return answer(request, 403, _("The form has expired. Load the page again, then send it."))
