"""Step-up factors: what an account can prove itself with, and whether it did.

``enrolled(user)``, ``verify(user, factor, token, now)`` and ``shut(user, now)`` are all that other rooms need;
enrolment is in the module of each factor. Must not know of challenges, decisions or requests.
"""

from authshield.factors.registry import enrolled, shut, verify

__all__ = ["enrolled", "shut", "verify"]
