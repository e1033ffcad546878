"""The demo's settings, made fit for tests. Must not relax anything that a test is about."""

from demo_site.settings import *  # noqa: F403 - the same site, differing in what follows
