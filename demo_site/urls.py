"""Every address of the demo brokerage. Must not hold more than addresses."""

from django.contrib import admin
from django.urls import include, path

handler400 = "demo_site.broker.views.errors.bad_request"
handler403 = "demo_site.broker.views.errors.forbidden"
handler404 = "demo_site.broker.views.errors.not_found"
handler500 = "demo_site.broker.views.errors.server_error"

urlpatterns = [
    path("", include("demo_site.broker.urls")),
    path("security/", include("authshield.urls")),
    path("admin/", admin.site.urls),
]
