"""AuthShield's own addresses; a site mounts them where it likes, usually at ``security/``."""

from __future__ import annotations

from django.urls import path

from authshield.views import api, challenge

app_name = "authshield"

urlpatterns = [
    path("challenge/<uuid:challenge_id>/", challenge.challenge_page, name="challenge"),
    path("api/challenges/<uuid:challenge_id>/verify", api.verify, name="verify"),
    path("api/fingerprint", api.fingerprint, name="fingerprint"),
]
