"""Settings of the site, for the variant that the environment names. Must not differ but for the guard."""

import os
from datetime import timedelta
from pathlib import Path

VARIANT = os.environ["BENCH_VARIANT"]
FAMILY = VARIANT.partition("-")[0]
FOLDER = Path(os.environ["BENCH_FOLDER"])
REDIS_URL = os.environ["BENCH_REDIS_URL"]
LOOSE = 1_000_000
"""A limit that nobody reaches."""
LIMIT = int(os.environ.get("BENCH_LIMIT", LOOSE))
WINDOW_SECONDS = 600

SECRET_KEY = "bench" * 10
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
ROOT_URLCONF = "bench.site.urls"
WSGI_APPLICATION = "bench.site.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
LOGIN_URL = "/login/"
# What a hash costs would hide what a guard costs; the run with parallel guesses takes the real one.
PASSWORD_HASHERS = [os.environ.get("BENCH_HASHER", "django.contrib.auth.hashers.MD5PasswordHasher")]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"nowhere": {"class": "logging.NullHandler"}},
    "root": {"handlers": ["nowhere"], "level": "WARNING"},
    "loggers": {"django": {"handlers": [], "level": "WARNING", "propagate": True}},
}

if "BENCH_POSTGRES" in os.environ:
    _DATABASE: dict[str, object] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": f"bench_{VARIANT.replace('-', '_')}",
        "USER": "postgres",
        "HOST": os.environ["BENCH_POSTGRES"],
    }
else:
    _DATABASE = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FOLDER / "db.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
DATABASES = {"default": _DATABASE | {"CONN_MAX_AGE": None}}

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "bench.site",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
OTP_WEBAUTHN_RP_ID = "localhost"
OTP_WEBAUTHN_RP_NAME = "bench"
OTP_WEBAUTHN_ALLOWED_ORIGINS = ["http://localhost"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
_CACHE = "django.core.cache.backends.redis" if VARIANT.endswith("-own") else "django_redis.cache"
CACHES = {"default": {"BACKEND": f"{_CACHE}.RedisCache", "LOCATION": REDIS_URL}}

if FAMILY == "authshield":
    INSTALLED_APPS += ["django_otp", "django_otp_webauthn", "authshield"]
    MIDDLEWARE += ["authshield.middleware.AuthShieldMiddleware"]
    AUTHENTICATION_BACKENDS.insert(0, "authshield.authentication.GuardBackend")
    AUTHSHIELD_MODE = "enforce"
    AUTHSHIELD_REDIS_URL = REDIS_URL
    AUTHSHIELD_SEALING_KEYS = ["bench" * 10]
    AUTHSHIELD_TRUST_FIRST_DEVICE = True
    if "BENCH_IMPATIENT" not in os.environ:
        AUTHSHIELD_STORE_TIMEOUT_SECONDS = 2.0  # else a busy machine would look like an outage
elif FAMILY == "row":
    INSTALLED_APPS += ["django_otp", "django_otp_webauthn", "authshield"]
    AUTHSHIELD_SEALING_KEYS = ["bench" * 10]
elif FAMILY == "axes":
    INSTALLED_APPS += ["axes"]
    MIDDLEWARE += ["axes.middleware.AxesMiddleware"]
    AUTHENTICATION_BACKENDS.insert(0, "axes.backends.AxesStandaloneBackend")
    _KIND = "database.AxesDatabaseHandler" if VARIANT == "axes-database" else "cache.AxesCacheHandler"
    AXES_HANDLER = f"axes.handlers.{_KIND}"
    AXES_FAILURE_LIMIT = LIMIT
    AXES_COOLOFF_TIME = timedelta(seconds=WINDOW_SECONDS)
    AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
    AXES_VERBOSE = False
elif FAMILY == "defender":
    INSTALLED_APPS += ["defender"]
    DEFENDER_REDIS_URL = REDIS_URL
    DEFENDER_LOGIN_FAILURE_LIMIT = LIMIT
    DEFENDER_COOLOFF_TIME = WINDOW_SECONDS
    DEFENDER_STORE_ACCESS_ATTEMPTS = VARIANT == "defender"
elif FAMILY == "allauth":
    INSTALLED_APPS += ["allauth", "allauth.account"]
    MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]
    ACCOUNT_RATE_LIMITS = {
        "login": f"{LOOSE}/m/ip",
        "login_failed": f"{LOOSE}/m/ip,{LIMIT}/300s/key",
        "order": f"{LOOSE}/m/ip,{LOOSE}/300s/user,{LOOSE}/d/user",
    }
elif FAMILY == "drf":
    INSTALLED_APPS += ["rest_framework"]
elif FAMILY == "otp":
    INSTALLED_APPS += ["django_otp", "django_otp.plugins.otp_totp"]
    MIDDLEWARE += ["django_otp.middleware.OTPMiddleware"]
