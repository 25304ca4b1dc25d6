"""The environment variables that are set."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bitfount_api import BitfountSession, config
from bitfount_api.auth.anonymous import AnonymousHandler
from bitfount_api.auth.oauth import authorization_server
from bitfount_api.auth.token_files import keyring_in_use
from bitfount_api.cli.checks.report import Finding, Report, collecting_warnings
from bitfount_api.exceptions import RequestException
from bitfount_api.redaction import looks_like_key, redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHECKS: Final[dict[str, Callable[[], Any]]] = {
    "BITFOUNT_ACCESS_MANAGER_URL": config.access_manager_url,
    "BITFOUNT_ALLOW_INSECURE": config.allow_insecure,
    "BITFOUNT_AUTH_DOMAIN": lambda: authorization_server(None),
    "BITFOUNT_ENVIRONMENT": config.environment,
    "BITFOUNT_HUB_URL": config.hub_url,
    "BITFOUNT_LOG": config.log_level,
    "BITFOUNT_STORAGE_PATH": config.storage_path,
    "BITFOUNT_TOKEN_STORE": keyring_in_use,
    "BITFOUNT_USERNAME": config.username,
    "BITFOUNT_WEB_MAX_RETRIES": config.max_retries,
    "SMART_ON_FHIR_URL": config.smart_on_fhir_url,
    "SMART_ON_FHIR_RESOURCE_SERVER_URL": config.smart_on_fhir_resource_server_url,
    "SMART_ON_FHIR_API_TIMEOUT": config.smart_on_fhir_timeout,
}
_SECRET: Final = (
    "BITFOUNT_API_KEY_ID",
    "BITFOUNT_API_KEY",
    "BITFOUNT_KEY_PASSWORD",
    "BITFOUNT_MODELLER_TOKEN",
)
_PROXIES: Final = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_CERTIFICATES: Final = (
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
)


def check() -> list[Finding]:
    """Check all environment variables that this library or its dependencies read."""
    findings = Report("Settings")
    for name, reader in _CHECKS.items():
        _check_variable(findings, name, reader)
    _check_profile(findings)
    for name in _SECRET:
        if os.environ.get(name):
            findings.ok(f"{name} is set (its value is not shown)")
    if os.environ.get("BITFOUNT_ENVIRONMENT", "").strip() == "sandbox":
        findings.note("the environment sandbox is run by Bitfount; the local sandbox is dev")
    _check_proxies(findings)
    _check_certificates(findings)
    _check_spelling(findings)
    if not findings.found:
        findings.ok("no variables are set: the defaults apply, with the production environment")
    return findings.found


def _check_variable(findings: Report, name: str, reader: Callable[[], Any]) -> None:
    value = os.environ.get(name, "").strip()
    if not value:
        return
    if looks_like_key(value):
        _report_key(findings, name)
        return
    try:
        reader()
    except ValueError as error:
        text = str(error) if name in str(error) else f"{name}: {error}"
        findings.problem(text, f"correct {name}, or unset it")
    else:
        if name.endswith("_URL"):  # without a scheme, too
            value = re.split(r"[?#]", value)[0]
        findings.ok(f"{name} is {redact(value, limit=200)}")


def _check_profile(findings: Report) -> None:
    name = config.profile_name()
    if name is None:
        return
    if looks_like_key(name):
        _report_key(findings, "BITFOUNT_PROFILE")
        return
    try:
        found = config.profile()
    except ValueError as error:
        findings.problem(str(error), "correct BITFOUNT_PROFILE or the file, or unset the variable")
        return
    findings.ok(f"the profile {name} is in use")
    for variable in config.overridden():
        findings.note(f"{variable} takes precedence over the profile {name}")
    for variable, setting in found.items():
        if os.environ.get(variable, "").strip():
            continue  # checked with the variables
        try:
            _CHECKS[variable]()
        except ValueError as error:
            findings.problem(str(error), "correct it with 'bitfount-api profiles set'")
        else:
            findings.ok(f"{setting.source} is {redact(setting.value, limit=200)}")


def _report_key(findings: Report, name: str) -> None:
    findings.problem(
        f"{name} contains text that could be a key or a certificate, so it is not shown",
        f"correct {name}; save keys and certificates in files",
    )


def _check_proxies(findings: Report) -> None:
    for name in _PROXIES:
        # The lower-case name takes precedence; under CGI, only the lower-case http_proxy is read.
        value = os.environ.get(name.lower()) or os.environ.get(name)
        if value:
            shown = redact(value, limit=200)
            if "@" in shown:  # a proxy without a scheme can still contain a password
                shown = shown.rpartition("@")[2]
            findings.note(f"{name} is {shown}")

    with collecting_warnings() as warnings, _session() as session:
        for url in ("https://bitfount.com", "http://bitfount.com"):
            # An error is reported for each service that needs the proxy.
            with contextlib.suppress(RequestException):
                session.proxy_for(url)
    for text in warnings:
        findings.warn(text, "correct NO_PROXY, with commas between its entries")


def _check_certificates(findings: Report) -> None:
    values = {name: os.environ.get(name, "") for name in _CERTIFICATES}
    named = {name: value for name, value in values.items() if _paths(name, value)}
    for name, value in named.items():
        used = next(iter(named))
        if any(map(looks_like_key, (value, *_paths(name, value)))):
            _report_key(findings, name)
            continue
        if name != used:
            findings.note(f"{name} is {value}, but ignored: {used} takes precedence")
            continue
        # The library decides, so that this cannot differ from what it does.
        try:
            with _session() as session:
                trusted = session.trusted_certificates()
        except RequestException as error:
            reason = str(error).partition("cannot be used: ")[2] or str(error)
            text = reason if name in reason else f"{name}: {reason}"
            findings.problem(text, f"correct {name}, or unset it")
            continue
        findings.note(f"{name} is {value}: only the CAs in it are trusted")
        for path in _paths(name, value):
            if str(Path(path)) not in trusted:
                findings.note(f"{name}: {path} does not exist, and is ignored")


@contextlib.contextmanager
def _session() -> Iterator[BitfountSession]:
    """A session without a level for messages, which may be invalid, and is checked elsewhere."""
    level = os.environ.pop("BITFOUNT_LOG", None)
    try:
        session = BitfountSession(AnonymousHandler())
    finally:
        if level is not None:
            os.environ["BITFOUNT_LOG"] = level
    with session:
        yield session


def _paths(name: str, value: str) -> list[str]:
    """Return the paths that a variable names; only folders can be listed."""
    paths = value.split(os.pathsep) if name == "SSL_CERT_DIR" else [value]
    return [path for path in paths if path]


def _check_spelling(findings: Report) -> None:
    known = [*_CHECKS, *_SECRET, "BITFOUNT_PROFILE"]
    for name in sorted(os.environ):
        if name in known or not name.upper().startswith(("BITFOUNT_", "SMART_ON_FHIR_", "BIT_")):
            continue
        # The official SDK reads other variables, so report only names similar to this library's.
        if close := difflib.get_close_matches(name.upper(), known, 1, 0.88):
            findings.warn(f"{name} is set, but not used", f"did you mean {close[0]}?")
