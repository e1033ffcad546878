"""``authshield.install``: three lines of settings, and nothing that was set is touched."""

import subprocess
import sys
from typing import Any

import pytest

import authshield
from authshield.errors import ConfigurationError
from authshield.installation import GUARD, MIDDLEWARE, MODEL_BACKEND

KEY = "k" * 32


def settings_of_a_broker(**more: Any) -> dict[str, Any]:
    """What `startproject` writes, as far as it matters here."""
    return {
        "SECRET_KEY": "s" * 50,
        "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
        "MIDDLEWARE": [
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        **more,
    }


def test_installs_everything_in_its_place() -> None:
    """Apps, middleware below what it needs, the guard first, observe mode."""
    namespace = settings_of_a_broker()
    authshield.install(namespace, redis_url="redis://redis:6379/3", sealing_keys=[KEY])
    assert namespace["INSTALLED_APPS"][-3:] == ["django_otp", "django_otp_webauthn", "authshield"]
    assert namespace["MIDDLEWARE"].index(MIDDLEWARE) == 3
    assert namespace["AUTHENTICATION_BACKENDS"] == [GUARD, MODEL_BACKEND]
    assert namespace["AUTHSHIELD_MODE"] == "observe"
    assert namespace["AUTHSHIELD_REDIS_URL"] == "redis://redis:6379/3"
    assert namespace["AUTHSHIELD_SEALING_KEYS"] == [KEY]


def test_a_second_call_changes_nothing() -> None:
    """Installing what is installed leaves it as it is."""
    namespace = settings_of_a_broker()
    authshield.install(namespace, sealing_keys=[KEY], trusted_proxies=["10.0.0.0/8"])
    first = {**namespace}
    authshield.install(namespace, sealing_keys=[KEY], trusted_proxies=("10.0.0.0/8",))
    assert namespace == first


def test_what_is_set_is_never_overwritten() -> None:
    """The broker's own lines win over the defaults of the installation."""
    own = [MIDDLEWARE, "django.contrib.auth.middleware.AuthenticationMiddleware"]
    backends = ["broker.Backend", GUARD]
    namespace = settings_of_a_broker(
        AUTHSHIELD_MODE="enforce",
        AUTHSHIELD_SEALING_KEYS=[KEY],
        MIDDLEWARE=own,
        AUTHENTICATION_BACKENDS=backends,
        INSTALLED_APPS=["authshield.apps.AuthShieldConfig", "django_otp", "django_otp_webauthn"],
    )
    authshield.install(namespace)
    assert namespace["AUTHSHIELD_MODE"] == "enforce"
    assert namespace["MIDDLEWARE"] == own
    assert namespace["AUTHENTICATION_BACKENDS"] == backends
    assert namespace["INSTALLED_APPS"] == [
        "authshield.apps.AuthShieldConfig",
        "django_otp",
        "django_otp_webauthn",
    ]


def test_a_list_that_another_module_shares_is_not_changed() -> None:
    """`from base import *` shares its lists: the base module's own stay as they are."""
    namespace = settings_of_a_broker(AUTHENTICATION_BACKENDS=["broker.Backend"])
    shared = {name: namespace[name] for name in ("INSTALLED_APPS", "MIDDLEWARE", "AUTHENTICATION_BACKENDS")}
    lengths = {name: len(value) for name, value in shared.items()}
    authshield.install(namespace, sealing_keys=[KEY])
    assert {name: len(value) for name, value in shared.items()} == lengths
    assert namespace["AUTHENTICATION_BACKENDS"] == [GUARD, "broker.Backend"]


def test_further_settings_go_by_their_names() -> None:
    """Every setting is an option in small letters."""
    namespace = settings_of_a_broker()
    authshield.install(namespace, sealing_keys=[KEY], geoip=["/data/city.mmdb"], order_gateway="broker.Books")
    assert namespace["AUTHSHIELD_GEOIP"] == ["/data/city.mmdb"]
    assert namespace["AUTHSHIELD_ORDER_GATEWAY"] == "broker.Books"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"mode": "enforcing"}, "AUTHSHIELD_MODE is 'enforcing'"),
        ({"redis_url": "redis:6379"}, "AUTHSHIELD_REDIS_URL"),
        ({"redis_url": "http://redis/"}, "begins with redis://"),
        ({"redis_url": "redis+sentinel://s1:26379,s2:26379"}, "the service's name"),
        ({"sealing_keys": []}, "secrets.token_hex"),
        ({"sealing_keys": ["short"]}, "key 1 is shorter than 32"),
        ({"sealing_keys": [KEY, "s" * 50]}, "key 2 is SECRET_KEY"),
        ({"sealing_keys": KEY}, "make it a list"),
        ({"trusted_proxies": "10.0.0.1"}, "make it a list"),
        ({"trusted_proxies": ["10.0.0.0/8", "proxy"]}, "'proxy'"),
        ({"geoip": "/data/city.mmdb"}, "AUTHSHIELD_GEOIP"),
        ({"redis_ulr": "redis://redis/"}, "did you mean 'redis_url'?"),
        ({"nonsense_at_all": 1}, "no option 'nonsense_at_all'"),
    ],
)
def test_impossible_input_gets_one_clear_error(options: dict[str, Any], told: str) -> None:
    """The error names the setting, the value and the way out, and the settings stay as they were."""
    namespace = settings_of_a_broker()
    before = {**namespace}
    with pytest.raises(ConfigurationError) as caught:
        authshield.install(namespace, **{"sealing_keys": [KEY], **options})
    assert told in str(caught.value)
    assert namespace == before


def test_a_key_is_never_printed() -> None:
    """An error about keys names none of them."""
    namespace = settings_of_a_broker(AUTHSHIELD_SEALING_KEYS=["a" * 40])
    with pytest.raises(ConfigurationError) as caught:
        authshield.install(namespace, sealing_keys=["b" * 40])
    assert "a" * 40 not in str(caught.value)
    assert "b" * 40 not in str(caught.value)


def test_two_answers_to_one_question_are_refused() -> None:
    """What is set and what is given must not contradict each other."""
    namespace = settings_of_a_broker(AUTHSHIELD_REDIS_URL="redis://one/")
    with pytest.raises(ConfigurationError, match="keep one"):
        authshield.install(namespace, sealing_keys=[KEY], redis_url="redis://two/")


@pytest.mark.parametrize("name", ["INSTALLED_APPS", "MIDDLEWARE"])
def test_called_too_early_it_says_so(name: str) -> None:
    """It belongs on the last line of the settings."""
    namespace = settings_of_a_broker()
    del namespace[name]
    with pytest.raises(ConfigurationError, match="last line"):
        authshield.install(namespace, sealing_keys=[KEY])


def test_without_authentication_there_is_no_place_for_it() -> None:
    """The middleware it builds on has to be there."""
    namespace = settings_of_a_broker(MIDDLEWARE=[])
    with pytest.raises(ConfigurationError, match="AuthenticationMiddleware"):
        authshield.install(namespace, sealing_keys=[KEY])


def test_a_proxy_on_a_unix_socket_can_be_trusted() -> None:
    """Its peer has no address; its name is `unix`."""
    namespace = settings_of_a_broker()
    authshield.install(namespace, sealing_keys=[KEY], trusted_proxies=["unix"])
    assert namespace["AUTHSHIELD_TRUSTED_PROXIES"] == ["unix"]


def test_importing_the_package_imports_nothing() -> None:
    """Settings import it before Django is set up."""
    program = (
        "import authshield, sys; print([m for m in sys.modules if m.startswith(('django', 'authshield.'))])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_the_package_has_no_other_lazy_names() -> None:
    """A slip of the pen is an AttributeError, as everywhere."""
    with pytest.raises(AttributeError, match="instal"):
        _ = authshield.instal
