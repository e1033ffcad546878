"""AuthShield's own addresses; a site mounts them where it likes, usually at ``security/``."""

from __future__ import annotations

from django.urls import path

from authshield.views import (
    api,
    asking,
    challenge,
    dbsc,
    device,
    enrolment,
    oob,
    passkey,
    passkey_signin,
    report,
    security,
    way_back,
)

app_name = "authshield"

urlpatterns = [
    path("", security.centre, name="security"),
    path("activity/", security.activity, name="activity"),
    path("sessions/<slug:sid>/end/", security.end_session, name="end_session"),
    path("sessions/end-others/", security.end_others, name="end_others"),
    path("sessions/<slug:sid>/not-me/", report.not_me, name="not_me"),
    path("not-me/<str:token>/", report.by_link, name="not_me_by_link"),
    path("devices/<int:device_id>/remove/", security.remove_device, name="remove_device"),
    path("freeze/", security.freeze, name="freeze"),
    path("freeze/<str:token>/", report.freeze_by_link, name="freeze_by_link"),
    path("way-back/", way_back.way_back, name="way_back"),
    path("totp/", enrolment.set_up_totp, name="totp"),
    path("totp/begin/", enrolment.begin_totp, name="begin_totp"),
    path("recovery/", enrolment.make_codes, name="recovery"),
    path("passkeys/", passkey.index, name="passkeys"),
    path("passkeys/begin/", passkey.begin, name="begin_passkey"),
    path("passkeys/new/", passkey.set_up, name="new_passkey"),
    path("passkeys/<int:passkey_id>/remove/", passkey.remove, name="remove_passkey"),
    path("passkeys/sign-in/", passkey_signin.sign_in, name="passkey_sign_in"),
    path("api/passkeys/options", passkey_signin.options, name="passkey_options"),
    path("challenge/<uuid:challenge_id>/", challenge.challenge_page, name="challenge"),
    path("api/challenges/<uuid:challenge_id>", api.show, name="show_challenge"),
    path("api/challenges/<uuid:challenge_id>/verify", api.verify, name="verify"),
    path("api/challenges/<uuid:challenge_id>/state", asking.state, name="confirmation_state"),
    path("confirmations/", oob.confirmations, name="confirmations"),
    path("confirmations/choose/", oob.choose, name="choose_device"),
    path("confirmations/unchoose/", oob.unchoose, name="unchoose_device"),
    path("confirmations/<uuid:request_id>/", oob.confirmation, name="confirmation"),
    path("confirm/", device.confirm, name="confirm"),
    path("api/device", device.device, name="device"),
    path("dbsc/register", dbsc.register, name="dbsc_register"),
    path("dbsc/refresh", dbsc.refresh, name="dbsc_refresh"),
    path("api/fingerprint", api.fingerprint, name="fingerprint"),
]
