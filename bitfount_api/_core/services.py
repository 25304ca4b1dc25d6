"""The services that a session knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_api import config
from bitfount_api._core.effects import OBJECT_STORAGE, Service
from bitfount_api._internal.urls import base_url

if TYPE_CHECKING:
    from bitfount_api.exceptions import HTTPError

STORAGE = Service(OBJECT_STORAGE)
"""Object storage, which is addressed by presigned URLs. No credentials are sent to it."""


def url_may_have_expired(error: HTTPError) -> bool:
    """Whether object storage refused a request with a status that an expired URL can cause."""
    return error.status_code in (400, 403)


def hub(url: str | None = None) -> Service:
    """Return the Hub at a base URL; default: the environment's."""
    url = config.environment().hub_url if url is None else url
    return Service("the Hub", base_url(url), "hub")


def access_manager(url: str | None = None) -> Service:
    """Return the access manager at a base URL; default: the environment's."""
    url = config.environment().access_manager_url if url is None else url
    return Service("the access manager", base_url(url), "am")


def smart_on_fhir(url: str | None = None) -> Service:
    """Return SMART on FHIR at a base URL; default: the configured one, or the environment's."""
    url = config.smart_on_fhir_url() if url is None else url
    return Service("SMART on FHIR", base_url(url), "hub")


def environment_services() -> list[Service]:
    """Return the services of the environment, which every session knows."""
    return [hub(), access_manager(), smart_on_fhir()]
