"""Settings of the demo brokerage: one machine, SQLite and the embedded Valkey, and yet nothing switched off.

The state is in one folder (``DEMO_DATA``, ``DATA``, else ``.demo/``). Must not hold a secret: those are made
at the first start and kept in that folder.
"""

import os

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from demo_site.supervisor import state
from demo_site.supervisor.errors import StartError

PACKAGE = state.PROJECT / "demo_site"

DATA = state.data_folder(os.environ)
try:
    _SECRETS = state.secrets_in(DATA)
except StartError as error:
    raise ImproperlyConfigured(str(error)) from error

SECRET_KEY = os.environ.get("SECRET_KEY") or _SECRETS.secret_key
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ROOT_URLCONF = "demo_site.urls"
WSGI_APPLICATION = "demo_site.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp_webauthn",
    "authshield",
    "demo_site.broker",
]

MIDDLEWARE = [
    "demo_site.broker.middleware.SiteMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "demo_site.broker.bearer.BearerSession",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "authshield.middleware.AuthShieldMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # In front of the apps: the site's own pages around AuthShield's.
        "DIRS": [PACKAGE / "broker" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# ------------------------------------------------------------------ data


def _postgres(dsn: str) -> dict[str, object]:
    """Take a libpq string such as ``host=127.0.0.1 dbname=demo user=demo`` as it is."""
    words = dict(word.split("=", 1) for word in dsn.split())
    names = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER", "password": "PASSWORD"}
    given: dict[str, object] = {names[key]: value for key, value in words.items()}
    return given | {"ENGINE": "django.db.backends.postgresql"}


_SQLITE: dict[str, object] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": DATA / "db.sqlite3",
    "CONN_MAX_AGE": 60,
    "OPTIONS": {
        # A transaction that will write waits at its begin, not in its middle, where SQLite would give up.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    },
    # A file, since threads that share a database in memory lock each other out.
    "TEST": {"NAME": DATA / "test.sqlite3"},
}
_POSTGRES_DSN = os.environ.get("DEMO_POSTGRES", "")
DATABASES = {"default": _postgres(_POSTGRES_DSN) if _POSTGRES_DSN else _SQLITE}

# ---------------------------------------------------- people and sessions

AUTHENTICATION_BACKENDS = [
    "authshield.authentication.GuardBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
PASSWORD_RESET_TIMEOUT = 3600

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "demo_site.broker.views.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

# ------------------------------------------------------ language, static

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ja", _("Japanese"))]
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # straight from the packages: nothing has to be collected first

# ------------------------------------------------------------ mail, logs

EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = DATA / "mail"
DEFAULT_FROM_EMAIL = "Hinode Securities <notices@hinode.example>"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "authshield": {"level": "INFO"},
        # Its mail to ADMINS would carry request data; the console handler is for DEBUG alone.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
    },
}

# -------------------------------------------------------------- passkeys

# Browsers take no address for a passkey's home: http://127.0.0.1 has none, http://localhost is the same site.
OTP_WEBAUTHN_RP_ID = "localhost"
OTP_WEBAUTHN_RP_NAME = "Hinode Securities"
OTP_WEBAUTHN_ALLOWED_ORIGINS = [f"http://localhost:{os.environ.get('PORT') or 8000}"]
OTP_WEBAUTHN_HELPER_CLASS = "authshield.factors.passkey_helper.PasskeyHelper"

# ------------------------------------------------------------ AuthShield

AUTHSHIELD_MODE = "enforce"
AUTHSHIELD_REDIS_URL = state.redis_url(DATA, os.environ) or f"unix://{DATA}/valkey.sock"
AUTHSHIELD_SEALING_KEYS = [os.environ.get("AUTHSHIELD_SEALING_KEY") or _SECRETS.sealing_key]
AUTHSHIELD_TRUST_FIRST_DEVICE = True
AUTHSHIELD_TRUSTED_PROXIES = [
    proxy.strip() for proxy in os.environ.get("AUTHSHIELD_TRUSTED_PROXIES", "").split(",") if proxy.strip()
]
AUTHSHIELD_GEOIP = [str(PACKAGE / "geo" / "demo.mmdb")]
AUTHSHIELD_ORDER_GATEWAY = "demo_site.broker.books.Books"
AUTHSHIELD_CUSTOMER_RECORDS = "demo_site.broker.records.Records"
