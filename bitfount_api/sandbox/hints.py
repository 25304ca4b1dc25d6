"""What a user of the official SDK has to know about a running sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_api.sandbox.sandbox import DEVELOPMENT_PORTS
from bitfount_api.sandbox.servers import LOCALHOST

if TYPE_CHECKING:
    from bitfount_api.sandbox.sandbox import Sandbox

HUB_URL = f"http://{LOCALHOST}:{DEVELOPMENT_PORTS.hub}"
ACCESS_MANAGER_URL = f"http://{LOCALHOST}:{DEVELOPMENT_PORTS.access_manager}"


def on_development_urls(sandbox: Sandbox) -> bool:
    """Return whether clients find the Hub and the access manager by their environment ``dev``."""
    return (sandbox.hub_url, sandbox.access_manager_url) == (HUB_URL, ACCESS_MANAGER_URL)


NOT_THE_CLOUD = "BITFOUNT_ENVIRONMENT=sandbox is a service that Bitfount runs, not this sandbox."
"""A line against the likeliest wrong guess."""


def official_sdk(sandbox: Sandbox) -> list[str]:
    """Return lines about the official SDK, of at most 100 characters."""
    lines = [f"The official SDK sends credentials only to {HUB_URL} and {ACCESS_MANAGER_URL}."]
    if not on_development_urls(sandbox):
        return [*lines, "It cannot use this sandbox: start one on these ports, without --host."]
    return [
        *lines,
        f'Pass it the URLs in code: BitfountHub(session, "{sandbox.hub_url}") uses production',
        f'otherwise, and SMARTOnFHIR(session, "{sandbox.smart_on_fhir_url}") does not read',
        "SMART_ON_FHIR_URL.",
    ]
