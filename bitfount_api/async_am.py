"""The async client of the access manager: whether a modeller may run a task on a pod."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bitfount_api._client import AsyncClient
from bitfount_api._core import services
from bitfount_api._operations import access
from bitfount_api.identifiers import PodIdentifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from bitfount_api import types
    from bitfount_api.session import BitfountSession


class AsyncBitfountAM(AsyncClient):
    """A typed async client of the Bitfount access manager.

    Args:
        session: The session whose credentials and connections are used. Default: a new session,
            with API keys from the environment or else the device-code flow.
        access_manager_url: The access manager's base URL; by default
            ``BITFOUNT_ACCESS_MANAGER_URL``, or else the environment's.
        owns_session: Whether :meth:`aclose` also closes the session. Default: only if no session
            was passed.

    Raises:
        ValueError: ``access_manager_url`` is not a valid base URL, or credentials would be
            sent to it without encryption (see ``allow_insecure``).
    """

    def __init__(
        self,
        session: BitfountSession | None = None,
        access_manager_url: str | None = None,
        *,
        owns_session: bool | None = None,
    ) -> None:
        self._connect(session, services.access_manager(access_manager_url), owns_session)

    @property
    def access_manager_url(self) -> str:
        """The access manager's base URL, as :attr:`url`."""
        return self.url

    async def get_access_manager_key(self) -> RSAPublicKey:
        """Get the access manager's public key. No credentials are needed or sent.

        Raises:
            HTTPError: The access manager refused the request.
            InvalidJSONError: The response contains no RSA key.
            RequestException: The access manager is unreachable.

        Endpoint: ``GET /api/access-manager-key``.
        """
        # Without a login: the operation needs no credentials.
        return await self._run(access.get_key(self._remote))

    async def check_oidc_access_request(
        self,
        pod_identifier: str | PodIdentifier,
        serialized_protocol: types.SerializedProtocol | Mapping[str, Any],
        modeller_name: str,
        modeller_access_token: str,
        project_id: str | None = None,
    ) -> types.AccessCheckResult:
        """Check access with the modeller's access token.

        Args:
            pod_identifier: The pod the request is for, ``namespace/name``, or a ``PodIdentifier``.
            serialized_protocol: The protocol as received from the modeller; sent unchanged.
            modeller_name: The modeller's user name.
            modeller_access_token: The modeller's OAuth access token.
            project_id: The project the task belongs to, for access granted by a project.

        Returns:
            The decision, and the limits that apply. An unknown decision becomes ``NO_ACCESS``. The
            limits may have presigned URLs of the model: print and log only ``redact()`` of the
            result (:func:`~bitfount_api.redaction.redact`).

        Raises:
            ValueError: An argument is not valid. Nothing was sent.
            HTTPError: The access manager refused the request.
            InvalidJSONError: The response is not JSON, or not of the documented shape.
            RequestException: The access manager is unreachable.

        Endpoint: ``POST /api/access``.
        """
        flow = access.check_oidc(
            self._remote,
            PodIdentifier.parse(pod_identifier),
            serialized_protocol,
            modeller_name,
            modeller_access_token,
            project_id,
        )
        return await self._run(flow)

    async def check_signature_based_access_request(
        self,
        unsigned_task: bytes,
        task_signature: bytes,
        pod_identifier: str | PodIdentifier,
        serialized_protocol: types.SerializedProtocol | Mapping[str, Any],
        modeller_name: str,
        project_id: str | None = None,
        public_key_id: str | None = None,
    ) -> types.AccessCheckResult:
        """Check access by verifying the signature of the task.

        Args:
            unsigned_task: The task, as it was signed.
            task_signature: The modeller's signature of the task, as ``keys.sign`` returns it.
            pod_identifier: The pod the request is for, ``namespace/name``, or a ``PodIdentifier``.
            serialized_protocol: The protocol as received from the modeller; sent unchanged.
            modeller_name: The modeller's user name.
            project_id: The project the task belongs to, for access granted by a project.
            public_key_id: The id of the modeller's registered key that verifies the signature.

        Returns:
            The decision, and the limits that apply. An unknown decision becomes ``NO_ACCESS``. The
            limits may have presigned URLs of the model: print and log only ``redact()`` of the
            result (:func:`~bitfount_api.redaction.redact`).

        Raises:
            ValueError: An argument is not valid. Nothing was sent.
            HTTPError: The access manager refused the request.
            InvalidJSONError: The response is not JSON, or not of the documented shape.
            RequestException: The access manager is unreachable.

        Endpoint: ``POST /api/access``.
        """
        flow = access.check_signature(
            self._remote,
            PodIdentifier.parse(pod_identifier),
            serialized_protocol,
            modeller_name,
            unsigned_task,
            task_signature,
            project_id,
            public_key_id,
        )
        return await self._run(flow)
