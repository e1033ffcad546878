"""The broker's own addresses, as its HTTP interface lists them. Must not hold more than addresses."""

from django.contrib.auth import views as auth_views
from django.urls import path
from django.views.generic import RedirectView

from authshield.decorators import watch
from authshield.vocabulary.event import Kind
from demo_site.broker.views import account, api, orders, portfolio, session

RESET = "password/reset/"

urlpatterns = [
    path("", portfolio.show, name="portfolio"),
    path("favicon.ico", RedirectView.as_view(url="/static/broker/mark.svg")),
    path("login/", session.SignIn.as_view(), name="login"),
    path("logout/", session.SignOut.as_view(), name="logout"),
    path("i18n/setlang/", session.language, name="set_language"),
    path("orders/", orders.index, name="orders"),
    path("orders/new/", orders.new, name="ticket"),
    path("orders/quick/", orders.quick, name="quick"),
    path("orders/<slug:order_id>/cancel/", orders.cancel, name="cancel"),
    path("orders/<slug:order_id>/amend/", orders.amend, name="amend"),
    path("account/contact/", account.contact, name="contact"),
    path("account/bank/", account.bank, name="bank"),
    path("account/password/", account.password, name="password"),
    path("withdrawals/new/", account.withdraw, name="withdrawal"),
    path(
        RESET,
        watch(Kind.PASSWORD_RESET, username_field="email")(session.ForgottenPassword.as_view()),
        name="password_reset",
    ),
    path(
        f"{RESET}sent/",
        auth_views.PasswordResetDoneView.as_view(template_name="broker/reset_sent.html"),
        name="password_reset_done",
    ),
    path(
        f"{RESET}<uidb64>/<token>/",
        auth_views.PasswordResetConfirmView.as_view(
            template_name="broker/reset_confirm.html", success_url=f"/{RESET}done/"
        ),
        name="password_reset_confirm",
    ),
    path(
        f"{RESET}done/",
        auth_views.PasswordResetCompleteView.as_view(template_name="broker/reset_done.html"),
        name="password_reset_complete",
    ),
    path("api/login", api.sign_in, name="api_login"),
    path("api/orders", api.Verbs(api.place, "GET", "HEAD", "POST"), name="api_orders"),
    path("api/orders/<slug:order_id>/cancel", api.Verbs(api.cancel, "POST"), name="api_cancel"),
    path("api/orders/<slug:order_id>", api.Verbs(api.amend, "GET", "HEAD", "PATCH"), name="api_order"),
    path("api/withdrawals", api.Verbs(api.withdraw, "POST"), name="api_withdrawals"),
]
