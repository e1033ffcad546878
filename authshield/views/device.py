"""The door of the browser's script: it registers its key after a sign-in, and says that it is still there.

A proof is all that is taken here; what it is of, the signature says. Must not bind a session to a second key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from authshield import clock, pages, signedin
from authshield.enforce import responses
from authshield.models import DeviceKey
from authshield.observe.device import device_or_issued, rotate_device
from authshield.observe.proof import VALID, new_nonce, proof_of, session_key
from authshield.record.rows import device_hash
from authshield.signin import safe_path

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from authshield.observe.proof import Proof

_OWN_SITE = frozenset({"", "none", "same-origin"})


@csrf_exempt
@require_http_methods(["GET", "POST"])
def device(request: HttpRequest) -> HttpResponseBase:
    """GET: a fresh nonce. POST with a proof: 204, and the answer brings the sign of presence.

    409 where the session is bound to another key, or may not be bound any more; 403 for no good proof.
    """
    if request.headers.get("Sec-Fetch-Site", "") not in _OWN_SITE:
        return responses.problem("denied", 403, _("Only pages of this site may send this."))
    now = clock.now()
    if request.method == "GET":
        return JsonResponse({"nonce": new_nonce(now)}, headers={"Cache-Control": "no-store"})
    proof = proof_of(request, now)
    if proof.state != VALID or not request.user.is_authenticated:
        return responses.problem("denied", 403, _("This needs a fresh proof of a signed-in browser."))
    if session_key(request) != proof.key and not _register(request, proof, now):
        return responses.problem("denied", 409, _("This session has its key, or it is too late for one."))
    return HttpResponse(status=204, headers={"Cache-Control": "no-store"})


def _register(request: HttpRequest, proof: Proof, now: datetime) -> bool:
    """Bind the session and the device's cookie to the key. Cost: 2 queries, and the session's own."""
    if not signedin.bind(request, proof.key, now):
        return False
    account = signedin.account_of_request(request) or ""
    hashed = device_hash(device_or_issued(request))
    mine = DeviceKey.objects.filter(account=account, device_hash=hashed)
    mine.filter(replaced_at=None).exclude(thumbprint=proof.key).update(replaced_at=now)
    mine.update_or_create(
        account=account,
        device_hash=hashed,
        thumbprint=proof.key,
        defaults={"replaced_at": None},
        create_defaults={"registered_at": now},
    )
    rotate_device(request, key=proof.key)
    return True


@login_required
@require_POST
def confirm(request: HttpRequest) -> HttpResponseBase:
    """Prove the person where the device cannot prove itself; then the page that was asked for opens."""
    way_back = safe_path(request.POST.get("next", "")) or "/"
    pages.confirm(request, return_to=way_back)
    return redirect(way_back)


device.authshield_exempt = True  # type: ignore[attr-defined]
confirm.authshield_exempt = True  # type: ignore[attr-defined]
