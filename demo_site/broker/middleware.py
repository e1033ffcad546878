"""What holds for every answer of the site, AuthShield's and the admin's pages too: headers, size of bodies.

Must not look at who asks.
"""

from collections.abc import Callable
from urllib.parse import unquote_plus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from demo_site.broker.problems import is_json_path, problem
from demo_site.broker.views.errors import answer, too_large

NUL = "\x00"
BODY_BYTES = 64 * 1024
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "object-src 'none'; form-action 'self'; frame-ancestors 'none'"
)
# No script may turn text into code. The admin's own scripts (jQuery among them) still do.
TRUSTED_TYPES = "; require-trusted-types-for 'script'; trusted-types 'none'"
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class SiteMiddleware:
    """The outermost middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse what is too large or malformed before anything reads it; put the headers on every answer."""
        response = _refuse_large(request) or _refuse_nul(request) or self.get_response(request)
        trusted = "" if request.path_info.startswith("/admin/") else TRUSTED_TYPES
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY + trusted
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        # Every page is somebody's: neither a proxy nor the back button may show it again.
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _refuse_large(request: HttpRequest) -> HttpResponse | None:
    if _content_length(request) <= BODY_BYTES:
        return None
    if is_json_path(request.path_info):
        return problem(413, "too_large", f"The body may have {BODY_BYTES} bytes.")
    return too_large(request)


def _refuse_nul(request: HttpRequest) -> HttpResponse | None:
    """A NUL in an address or a cookie is nobody's mistake, and PostgreSQL takes none in a look-up."""
    asked = (request.path_info, unquote_plus(request.META.get("QUERY_STRING", "")), *request.COOKIES.values())
    return answer(request, 400) if any(NUL in text for text in asked) else None


def _content_length(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isascii() and length.isdigit() else 0
