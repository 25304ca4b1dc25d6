"""Installed versions."""

from __future__ import annotations

import importlib.metadata
import platform
import ssl
from typing import Final

from bitfount_api import __version__
from bitfount_api.cli.checks.report import Finding, Report

_PACKAGES: Final = (
    "httpx",
    "cryptography",
    "msgpack",
    "msgspec",
    "attrs",
    "pyjwt",
    "pyyaml",
    "filelock",
    "click",
    "libcst",
    "rich",
)
_SANDBOX: Final = ("starlette", "uvicorn", "python-multipart")


def check() -> list[Finding]:
    """Report the versions that a bug report should contain."""
    findings = Report("Versions")
    findings.ok(f"bitfount-api {__version__}")
    installed = _version("bitfount-api")
    if installed is not None and installed != __version__:
        findings.warn(
            f"the installed package has version {installed}",
            "reinstall it: pip install --force-reinstall bitfount-api",
        )
    system = f"{platform.system()} {platform.release()} on {platform.machine()}"
    findings.ok(f"Python {platform.python_version()}, {system}")
    findings.ok(ssl.OPENSSL_VERSION)
    found = {name: _version(name) for name in _PACKAGES}
    findings.ok(", ".join(f"{name} {version}" for name, version in found.items() if version))
    for name, version in found.items():
        if version is None:
            findings.problem(f"{name} is not installed", "pip install 'bitfount-api[cli]'")
    if any(_version(name) is None for name in _SANDBOX):
        findings.note(
            "the sandbox is not installed", "to install it: pip install 'bitfount-api[sandbox]'"
        )
    if (official := _version("bitfount")) is not None:
        findings.note(
            f"the official SDK is also installed (bitfount {official}); both share logins"
        )
    return findings.found


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
