"""Configuration: environments, environment variables, limits.

Variables are read at each use, never at import, so that a test, or a notebook that sets a variable
in its second cell, sees the effect.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NoReturn

import attrs

from bitfount_api._internal.key_text import looks_like_key
from bitfount_api._internal.tracebacks import without_variables
from bitfount_api._internal.validation import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

MIB: Final = 1024 * 1024

MAX_SCHEMA_BYTES: Final = 10 * MIB
"""The largest pod schema the Hub stores, in bytes of msgpack."""

MAX_MODEL_BYTES: Final = 3 * MIB
"""The largest model code the Hub stores, in bytes."""

MAX_WEIGHTS_BYTES: Final = 500 * MIB
"""The largest model weights the Hub stores, in bytes."""

MULTIPART_THRESHOLD_BYTES: Final = 5 * MIB
"""From this size on, in bytes, objects may be uploaded in parts."""

DEFAULT_TIMEOUT: Final = 30.0
"""Seconds to connect, and between two bytes of a response, for operations without their own."""

DEFAULT_DEADLINE: Final = 180.0
"""Seconds for a whole call, from its first request, retries included. File transfers have no
default deadline: they are limited by the time between two bytes."""

DEFAULT_MAX_RETRIES: Final = 3
DEFAULT_SMART_ON_FHIR_TIMEOUT: Final = 30.0
MAX_RETRIES_LIMIT: Final = 100

_ADDRESSES: Final = (
    "BITFOUNT_HUB_URL",
    "BITFOUNT_ACCESS_MANAGER_URL",
    "SMART_ON_FHIR_URL",
    "BITFOUNT_AUTH_DOMAIN",
)
"""The variables that take precedence over the environment."""

OAUTH_AUDIENCE: Final = "https://hub.bitfount.com/api"
"""The audience of access tokens; the same in every environment."""

OAUTH_SCOPES: Final = "profile openid offline_access"
"""The scopes that the device-code flow requests; ``offline_access`` is for a refresh token."""


@attrs.frozen
class Environment:
    """The URLs of one environment's services.

    Args:
        name: The environment's name, a value of ``BITFOUNT_ENVIRONMENT``.
        hub_url: The Hub's base URL.
        access_manager_url: The Access Manager's base URL.
        smart_on_fhir_url: The SMART on FHIR service's base URL.
        auth_domain: The authorization server's host name.
        client_id: The SDKs' OAuth client id; public, as for every native application.
    """

    name: str
    hub_url: str
    access_manager_url: str
    smart_on_fhir_url: str
    auth_domain: str
    client_id: str


@attrs.frozen
class Setting:
    """A setting from the environment.

    Args:
        value: The setting's value.
        source: Where the value comes from, for errors: the name of a variable, or the setting of a
            profile.
    """

    value: str
    source: str


@attrs.frozen
class APIKeySettings:
    """The API key from the environment. Neither part is shown in the repr."""

    api_key_id: str = attrs.field(repr=False)
    api_key: str = attrs.field(repr=False)

    def __reduce__(self) -> NoReturn:
        # A pickle would hold the secrets in plain text.
        raise TypeError("an API key is a secret, and cannot be pickled")


LOG_LEVELS: Final = ("debug", "info", "warning")
"""The values of ``BITFOUNT_LOG``."""
ENVIRONMENTS: Final[Mapping[str, Environment]] = MappingProxyType(
    {
        environment.name: environment
        for environment in (
            Environment(
                name="production",
                hub_url="https://hub.bitfount.com",
                access_manager_url="https://am.hub.bitfount.com",
                smart_on_fhir_url="https://smartonfhir.bitfount.com",
                auth_domain="auth.bitfount.com",
                client_id="8iCJ33Kp6hc9ofrXTzr5GLxMRHWrlzZO",
            ),
            Environment(
                name="staging",
                hub_url="https://hub.staging.bitfount.com",
                access_manager_url="https://am.hub.staging.bitfount.com",
                smart_on_fhir_url="https://smartonfhir.staging.bitfount.com",
                auth_domain="auth.staging.bitfount.com",
                client_id="Wk4XZHDKfY8F3OYcKdagIHETt6JYwX08",
            ),
            Environment(
                name="dev",
                hub_url="http://localhost:3000",
                access_manager_url="http://localhost:3001",
                smart_on_fhir_url="https://smartonfhir.sandbox.bitfount.com",
                auth_domain="auth.sandbox.bitfount.com",
                client_id="nPU5aIZIOYqqYhUNX84j9OjKpUOnqfRB",
            ),
            Environment(
                name="sandbox",
                hub_url="https://hub.sandbox.bitfount.com",
                access_manager_url="https://am.hub.sandbox.bitfount.com",
                smart_on_fhir_url="https://smartonfhir.sandbox.bitfount.com",
                auth_domain="auth.sandbox.bitfount.com",
                client_id="nPU5aIZIOYqqYhUNX84j9OjKpUOnqfRB",
            ),
        )
    }
)
"""The four environments by name. Source: the table of the wire contract."""

PRODUCTION_HUB_URL: Final = ENVIRONMENTS["production"].hub_url
"""The documented default of ``BitfountHub(url=...)``."""

PRODUCTION_AM_URL: Final = ENVIRONMENTS["production"].access_manager_url
"""The access manager of production."""


def environment() -> Environment:
    """Return the environment of ``BITFOUNT_ENVIRONMENT``; production if it is unset or empty.

    Raises:
        ValueError: The variable's value is not one of the four names.
    """
    found = setting("BITFOUNT_ENVIRONMENT")
    return ENVIRONMENTS["production"] if found is None else environment_of(found)


def environment_of(named: Setting) -> Environment:
    """Return the environment that a setting names.

    Raises:
        ValueError: The setting's value is not one of the four names.
    """
    found = ENVIRONMENTS.get(named.value)
    if found is None:
        known = ", ".join(ENVIRONMENTS)
        raise ValueError(f"{named.source} is {quote(named.value)}, not one of: {known}")
    return found


def service_url(url: str) -> str:
    """Check the base URL of a service.

    Returns:
        The URL without a trailing slash, as clients use it.

    Raises:
        ValueError: The URL is not absolute, is not http or https, or has a user name, a query or a
            fragment.
    """
    # Not at the top, as it loads httpx.
    from bitfount_api._internal.urls import base_url

    return base_url(url)


def hub_url() -> str:
    """Return the URL of the Hub: ``BITFOUNT_HUB_URL``, else the environment's.

    Raises:
        ValueError: The variable's value is not the base URL of a service.
    """
    return _url_of("BITFOUNT_HUB_URL") or environment().hub_url


def access_manager_url() -> str:
    """Return the access manager's URL: ``BITFOUNT_ACCESS_MANAGER_URL``, else the environment's.

    Raises:
        ValueError: The variable's value is not the base URL of a service.
    """
    return _url_of("BITFOUNT_ACCESS_MANAGER_URL") or environment().access_manager_url


def smart_on_fhir_url() -> str:
    """Return the URL of SMART on FHIR: ``SMART_ON_FHIR_URL``, else the environment's.

    Raises:
        ValueError: The variable's value is not the base URL of a service.
    """
    return _url_of("SMART_ON_FHIR_URL") or environment().smart_on_fhir_url


def auth_domain() -> Setting:
    """Return the authorization server: ``BITFOUNT_AUTH_DOMAIN``, else the environment's."""
    found = setting("BITFOUNT_AUTH_DOMAIN")
    return found or Setting(environment().auth_domain, "BITFOUNT_ENVIRONMENT")


def smart_on_fhir_resource_server_url() -> str | None:
    """Return ``SMART_ON_FHIR_RESOURCE_SERVER_URL``, the resource server; None means any."""
    return _variable("SMART_ON_FHIR_RESOURCE_SERVER_URL")


def smart_on_fhir_timeout() -> float:
    """Return the timeout for SMART on FHIR: ``SMART_ON_FHIR_API_TIMEOUT``, else 30 seconds.

    Raises:
        ValueError: The variable's value is not a positive number.
    """
    text = _variable("SMART_ON_FHIR_API_TIMEOUT")
    if text is None:
        return DEFAULT_SMART_ON_FHIR_TIMEOUT
    # A pattern, because float() also accepts "nan", "infinity" and "1_0".
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{0,9})?|\.[0-9]{1,9}", text):
        seconds = float(text)
        if seconds > 0:
            return seconds
    raise ValueError(
        f"SMART_ON_FHIR_API_TIMEOUT is {quote(text, 40)}, not a positive number of seconds"
    )


def max_retries() -> int:
    """Return the maximum number of retries: ``BITFOUNT_WEB_MAX_RETRIES``, else 3.

    Raises:
        ValueError: The variable's value is not a whole number from 0 to 100.
    """
    text = _variable("BITFOUNT_WEB_MAX_RETRIES")
    if text is None:
        return DEFAULT_MAX_RETRIES
    if re.fullmatch(r"[0-9]{1,9}", text) and int(text) <= MAX_RETRIES_LIMIT:
        return int(text)
    raise ValueError(
        f"BITFOUNT_WEB_MAX_RETRIES is {quote(text, 40)}, "
        f"not a whole number from 0 to {MAX_RETRIES_LIMIT}"
    )


def allow_insecure() -> bool:
    """Return whether ``BITFOUNT_ALLOW_INSECURE`` allows to send credentials without encryption.

    Raises:
        ValueError: The variable's value is neither ``1``, ``true`` or ``yes`` nor ``0``, ``false``
            or ``no``.
    """
    text = (_variable("BITFOUNT_ALLOW_INSECURE") or "0").lower()
    if text in ("1", "true", "yes"):
        return True
    if text in ("0", "false", "no"):
        return False
    raise ValueError(f"BITFOUNT_ALLOW_INSECURE is {quote(text, 40)}; set it to 1 or to 0")


def log_level() -> str | None:
    """Return the level from which ``BITFOUNT_LOG`` asks for log messages, None without it.

    Raises:
        ValueError: The variable's value is not ``debug``, ``info`` or ``warning``.
    """
    level = (_variable("BITFOUNT_LOG") or "").lower()
    if level and level not in LOG_LEVELS:
        raise ValueError(f"BITFOUNT_LOG is {quote(level, 40)}; set it to debug, info or warning")
    return level or None


def storage_path() -> Path:
    """Return the folder for tokens and keys: ``BITFOUNT_STORAGE_PATH``, else ``~/.bitfount``.

    Raises:
        ValueError: The home folder is needed and cannot be found, or the variable is set to a key.
    """
    path = Path(_variable("BITFOUNT_STORAGE_PATH") or Path("~", ".bitfount"))
    if looks_like_key(path):  # a folder would be named after it
        raise ValueError("BITFOUNT_STORAGE_PATH is the text of a key, not the path of a folder")
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError(
            f"no home folder can be found for {path}; set BITFOUNT_STORAGE_PATH to a folder"
        ) from None


@without_variables
def api_keys() -> APIKeySettings | None:
    """Return ``BITFOUNT_API_KEY_ID`` and ``BITFOUNT_API_KEY``; None if neither is set.

    Raises:
        ValueError: Only one of the two is set.
    """
    key_id, key = _variable("BITFOUNT_API_KEY_ID"), _variable("BITFOUNT_API_KEY")
    if key_id and key:
        return APIKeySettings(key_id, key)
    if key_id or key:
        given, missing = "BITFOUNT_API_KEY_ID", "BITFOUNT_API_KEY"
        if key:
            given, missing = missing, given
        raise ValueError(f"{given} is set but {missing} is not: set both, or neither")
    return None


def username() -> str | None:
    """Return ``BITFOUNT_USERNAME``, the owner of the API key, else the profile's user, or None."""
    found = setting("BITFOUNT_USERNAME")
    return None if found is None else found.value


def login_username() -> str | None:
    """Return the profile's user, who has to log in; None for any user.

    The variable ``BITFOUNT_USERNAME`` is not used here: it names the owner of an API key.
    """
    found = profile().get("BITFOUNT_USERNAME")
    return None if found is None else found.value


def token_store() -> Setting:
    """Return ``BITFOUNT_TOKEN_STORE``, how logins are stored: ``file`` (default) or ``keyring``.

    Raises:
        ValueError: The variable's value is neither.
    """
    found = setting("BITFOUNT_TOKEN_STORE") or Setting("file", "BITFOUNT_TOKEN_STORE")
    return token_store_of(found)


def token_store_of(named: Setting) -> Setting:
    """Check a setting for the store of logins.

    Raises:
        ValueError: The setting's value is neither ``file`` nor ``keyring``.
    """
    if named.value not in ("file", "keyring"):
        raise ValueError(f"{named.source} is {quote(named.value)}, not one of: file, keyring")
    return named


def setting(name: str) -> Setting | None:
    """Return the value of a variable, or else of the profile; None if neither has one.

    Raises:
        ValueError: The variable is unset, and ``BITFOUNT_PROFILE`` names no valid profile.
    """
    value = _variable(name)
    return profile().get(name) if value is None else Setting(value, name)


def profile_name() -> str | None:
    """Return ``BITFOUNT_PROFILE``, the name of the profile in use; None if it is unset or empty."""
    return _variable("BITFOUNT_PROFILE")


def profile() -> dict[str, Setting]:
    """Return the settings of the profile that ``BITFOUNT_PROFILE`` names, by their variables.

    Raises:
        ValueError: There is no such profile, or the file with the profiles is not valid.
    """
    name = profile_name()
    if name is None:
        return {}
    # Not at the top: few programs use profiles.
    from bitfount_api.profiles import SETTINGS, read_profile

    return {
        SETTINGS[key]: Setting(value.strip(), f"{key} of the profile {name}")
        for key, value in read_profile(storage_path(), name).items()
    }


def overridden() -> list[str]:
    """Return the variables that are set, and take precedence over settings of the profile."""
    found = profile()
    names = dict.fromkeys(found)
    if "BITFOUNT_ENVIRONMENT" in found:  # the variables with URLs take precedence over it, too
        names |= dict.fromkeys(_ADDRESSES)
    return [
        name
        for name in names
        if (value := _variable(name)) and (name not in found or found[name].value != value)
    ]


def _url_of(name: str) -> str | None:
    """Return the base URL of a service from a setting; None if there is none."""
    found = setting(name)
    if found is None:
        return None
    try:
        return service_url(found.value)
    except ValueError as error:
        raise ValueError(f"{found.source}: {error}") from None


def _variable(name: str) -> str | None:
    # Values often come from files and end in a newline, which headers and URLs must not have.
    return os.environ.get(name, "").strip() or None
