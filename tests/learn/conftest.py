"""The demo's site, for stories of customers and thieves."""

from tests.attacks.conftest import own_site, site

__all__ = ["own_site", "site"]
