# Written from async_smart_on_fhir.py by `make generate`: edit that file, not this one.
"""The client of SMART on FHIR: access tokens for clinical systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_api import config
from bitfount_api._client import SyncClient
from bitfount_api._core import services
from bitfount_api._internal.validation import check_encodable
from bitfount_api._io.driver import Timing
from bitfount_api._operations import fhir

if TYPE_CHECKING:
    from bitfount_api import types
    from bitfount_api.session import BitfountSession


class SMARTOnFHIR(SyncClient):
    """A typed client of SMART on FHIR pairings and sessions.

    Args:
        session: The session whose credentials and connections are used. Default: a new session,
            with API keys from the environment or else the device-code flow.
        smart_on_fhir_url: The service's base URL; by default ``SMART_ON_FHIR_URL``, or else the
            environment's.
        resource_server_url: The FHIR resource server of the pairing; by default
            ``SMART_ON_FHIR_RESOURCE_SERVER_URL``, or else any. No request is ever sent to it.
        owns_session: Whether :meth:`close` also closes the session. Default: only if no session
            was passed.

    Raises:
        ValueError: ``smart_on_fhir_url`` is not a valid base URL, or credentials would be sent
            to it without encryption (see ``allow_insecure``), or ``SMART_ON_FHIR_API_TIMEOUT`` is
            not a number of seconds.
    """

    def __init__(
        self,
        session: BitfountSession | None = None,
        smart_on_fhir_url: str | None = None,
        resource_server_url: str | None = None,
        *,
        owns_session: bool | None = None,
    ) -> None:
        self._connect(session, services.smart_on_fhir(smart_on_fhir_url), owns_session)
        self.resource_server_url: str | None = _resource_server(resource_server_url)
        self._timing = _with_configured_timeout(self._timing)

    @property
    def base_url(self) -> str:
        """The service's base URL, as :attr:`url`."""
        return self.url

    def get_access_token(self) -> types.SMARTOnFHIRAccessToken:
        """Get a SMART on FHIR access token for the logged-in user.

        Returns:
            The token of the first pairing with the resource server, and its NextGen context.

        Raises:
            SMARTOnFHIRError: The user is not paired with the resource server.
            HTTPError: The service refused the request.
            InvalidJSONError: The response is not JSON, or not of the documented shape.
            RequestException: The service is unreachable.

        Endpoint: ``GET /api/pairings``, then ``GET /api/pairings/{id}/session``.
        """
        return self._run(fhir.get_access_token(self._remote, self.resource_server_url))


def _resource_server(url: str | None) -> str | None:
    check_encodable("resource_server_url", url)
    return url or config.smart_on_fhir_resource_server_url()


def _with_configured_timeout(timing: Timing) -> Timing:
    return Timing(timing.timeout or config.smart_on_fhir_timeout(), timing.deadline)
