"""The services that a session knows."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from bitfount_api import config
from bitfount_api._core.effects import OBJECT_STORAGE, Service
from bitfount_api._internal.urls import base_url

if TYPE_CHECKING:
    from bitfount_api.exceptions import HTTPError

STORAGE = Service(OBJECT_STORAGE)
"""Object storage, which is addressed by presigned URLs. No credentials are sent to it."""


_HUB: Final = "the Hub"
_ACCESS_MANAGER: Final = "the access manager"
_SMART_ON_FHIR: Final = "SMART on FHIR"
_VARIABLES: Final = {
    _HUB: "BITFOUNT_HUB_URL",
    _ACCESS_MANAGER: "BITFOUNT_ACCESS_MANAGER_URL",
    _SMART_ON_FHIR: "SMART_ON_FHIR_URL",
}


def url_may_have_expired(error: HTTPError) -> bool:
    """Whether object storage refused a request with a status that an expired URL can cause."""
    return error.status_code in (400, 403)


def hub(url: str | None = None) -> Service:
    """Return the Hub at a base URL; default: the configured one, or the environment's."""
    url = config.hub_url() if url is None else url
    return Service(_HUB, base_url(url), "hub")


def access_manager(url: str | None = None) -> Service:
    """Return the access manager at a base URL; default: as for the Hub."""
    url = config.access_manager_url() if url is None else url
    return Service(_ACCESS_MANAGER, base_url(url), "am")


def smart_on_fhir(url: str | None = None) -> Service:
    """Return SMART on FHIR at a base URL; default: the configured one, or the environment's."""
    url = config.smart_on_fhir_url() if url is None else url
    return Service(_SMART_ON_FHIR, base_url(url), "hub")


def url_source(service: Service) -> str | None:
    """Return the variable that holds the URL of a service; None if no variable does."""
    found = config.setting(_VARIABLES[service.name])
    with suppress(ValueError):  # the variable is not valid, so that it is not the URL's
        if found is not None and base_url(found.value) == service.url:
            return found.source
    return None


def environment_services() -> list[Service]:
    """Return the services of the environment, which every session knows."""
    return [hub(), access_manager(), smart_on_fhir()]
