"""The site's three addresses, behind the guard of the variant."""

from django.urls import URLPattern, URLResolver, include, path

from bench.site import guards, settings, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", guards.login(views.sign_in), name="login"),
    path("orders/", guards.order(), name="orders"),
    path("page/", guards.page(views.page), name="page"),
]
if settings.VARIANT == "authshield":
    urlpatterns.append(path("security/", include("authshield.urls")))
