"""Signing in and out, and a forgotten password. The guard sits in the authentication backends, not here."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordResetView
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from authshield.errors import InvalidInput
from authshield.observe import canonical

CREDENTIALS = ("username", "password")


class SignInForm(AuthenticationForm):
    """One message for every failure alike."""

    error_messages = {
        "invalid_login": gettext_lazy("That did not work. Check the name and the password, or wait a while."),
        "inactive": gettext_lazy("That did not work. Check the name and the password, or wait a while."),
    }


class SignIn(LoginView):
    """The form; whatever no browser sends gets a 400 before anything is counted or hashed."""

    template_name = "broker/login.html"
    authentication_form = SignInForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check the shape, then sign in."""
        try:
            canonical.credentials({name: _only(request, name) for name in CREDENTIALS})
        except InvalidInput as error:
            context = self.get_context_data(form=self.get_form_class()(request), is_malformed=True)
            return self.render_to_response(context, status=error.status_code)
        return super().post(request, *args, **kwargs)

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        """A path of this site; what is relative or leads elsewhere is dropped."""
        del request  # Django 6.1 hands it over, and keeps it in self as before
        return own_path(super().get_redirect_url())


class SignOut(LogoutView):
    """By POST alone, so that no picture in a mail signs anybody out."""

    http_method_names = ["post"]


class ForgottenPassword(PasswordResetView):
    """The same answer for every address, whether somebody has it or not."""

    template_name = "broker/reset.html"
    email_template_name = "broker/mail/reset.txt"
    subject_template_name = "broker/mail/reset_subject.txt"
    success_url = "/password/reset/sent/"


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Django's switch of the language, which goes on at a path of this site alone."""
    wanted = request.POST.copy()
    wanted["next"] = own_path(wanted.get("next", "")) or "/"
    request.POST = wanted  # type: ignore[assignment]
    return set_language(request)


def own_path(target: str) -> str:
    """The target if it is a path from the root of this site, else nothing."""
    is_path = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if is_path and target.isprintable() else ""


def _only(request: HttpRequest, name: str) -> str | None:
    values = request.POST.getlist(name)
    return values[0] if len(values) == 1 else None
