"""The test settings over https, with sessions that browsers bind, and a cookie that lives for seconds."""

from __future__ import annotations

from tests.counting_settings import *  # noqa: F403 - the same site

AUTHSHIELD_DBSC = True
AUTHSHIELD_DBSC_COOKIE_SECONDS = 4
