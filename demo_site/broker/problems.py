"""Errors of the JSON API as problem+json (RFC 9457). Must not say more than the sender needs."""

from http import HTTPStatus
from typing import Any

from django.http import JsonResponse

CONTENT_TYPE = "application/problem+json"
API_PATHS = ("/api/", "/security/api/")


def is_json_path(path: str) -> bool:
    """Whether answers under this path are JSON whatever the client says that it accepts."""
    return path.startswith(API_PATHS)


def problem(status: int, code: str, detail: str, **members: Any) -> JsonResponse:
    """One problem; ``members`` are added to the body."""
    body = {
        "type": f"urn:authshield:problem:{code.replace('_', '-')}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **members,
    }
    answer = JsonResponse(body, status=status, content_type=CONTENT_TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
