"""The door that the first-party script posts to."""

import json

import pytest
from django.test import Client

from authshield.observe.request import FINGERPRINT_KEY

pytestmark = pytest.mark.django_db

ADDRESS = "/security/api/fingerprint"


def post(client: Client, body: str | dict[str, object], **headers: str) -> int:
    """The status of the answer."""
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(ADDRESS, text, content_type="application/json", headers=headers).status_code


def test_known_attributes_are_kept_with_the_session(client: Client) -> None:
    """Others are dropped; it is there for the next sign-in."""
    assert post(client, {"screen": "1920x1080x24@1", "touch": "0", "is_admin": "yes"}) == 204
    assert client.session[FINGERPRINT_KEY] == {"screen": "1920x1080x24@1", "touch": "0"}
    assert post(client, {"screen": "1920x1080x24@1", "touch": "0"}) == 204


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("x" * 5_000, 413),
        ('{"screen": "' + "x" * 5_000_000 + '"}', 413),
        ("[" * 2_000 + "]" * 2_000, 400),
        ('{"screen": NaN}', 400),
        ('{"screen": {"a": 1}}', 400),
        ('{"screen": "' + "x" * 300 + '"}', 400),
        ('{"screen": "a", "screen": "b"}', 400),
        ('"<script>"', 400),
    ],
)
def test_whatever_is_no_small_object_of_short_strings_is_refused(
    client: Client, body: str, status: int
) -> None:
    """A46: bounded in size, depth and type; nothing is kept."""
    assert post(client, body) == status
    assert FINGERPRINT_KEY not in client.session


def test_other_sites_cannot_post_one(client: Client) -> None:
    """By the browser's own word, and by the type that a form cannot have."""
    assert post(client, {"screen": "1"}, **{"Sec-Fetch-Site": "cross-site"}) == 403
    assert post(client, {"screen": "1"}, **{"Sec-Fetch-Site": "same-origin"}) == 204
    assert client.post(ADDRESS, {"screen": "1"}).status_code == 415
    assert client.get(ADDRESS).status_code == 405
