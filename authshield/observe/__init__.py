"""Stage 1: ``observe(request, kind, …) -> Event``.

May touch the request and the signing key. No query, no network. A field that cannot be read is "unknown".
"""

from authshield.observe.request import observe

__all__ = ["observe"]
