"""Get the schema of a pod with one call, without a client."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitfount_api._internal.logs import get_logger
from bitfount_api._internal.tracebacks import without_variables
from bitfount_api.auth._default import handler_for
from bitfount_api.hub import BitfountHub
from bitfount_api.session import BitfountSession

if TYPE_CHECKING:
    import os

    from bitfount_api.identifiers import PodIdentifier
    from bitfount_api.schemas import BitfountSchema

_logger = get_logger(__name__)


@without_variables
def get_pod_schema(
    pod_identifier: str | PodIdentifier,
    save_file_path: str | os.PathLike[str] | None = None,
    hub: BitfountHub | None = None,
    username: str | None = None,
    project_id: str | None = None,
    secrets: Any = None,
) -> BitfountSchema:
    """Get the schema of a pod from object storage.

    Args:
        pod_identifier: The pod's full name, ``namespace/name``, or a ``PodIdentifier``, or the name
            of one of the caller's own pods.
        save_file_path: A YAML file to write the schema to, which replaces an existing one.
        hub: The client to use. Default: a client of the environment's Hub (see
            ``BITFOUNT_ENVIRONMENT``), which is closed at the end.
        username: The user, for the default client: who owns the API key, or logs in. With ``hub``,
            it is not used, and a warning is logged.
        project_id: The project through which a pod of another user is accessed.
        secrets: The credentials of the default client: an
            :class:`~bitfount_api.AuthenticationHandler`, or an object with ``access_key_id`` and
            ``access_key``, or with ``jwt``, ``expires`` and ``get_token``, as the official SDK's
            ``APIKeys`` and ``JWT``. Default: as for :class:`~bitfount_api.BitfountSession`.

    Returns:
        The schema.

    Raises:
        ValueError: ``pod_identifier`` is not valid. Nothing was sent.
        TypeError: ``hub`` is not a :class:`~bitfount_api.BitfountHub`, or ``secrets`` are of
            another type.
        InvalidJSONError: The pod cannot be retrieved, or has no valid schema.
        HTTPError: Object storage refused the request.
        RequestException: Object storage is unreachable.
        AuthenticationError: No credentials are available, or the username of ``secrets`` is
            missing.
        OSError: The file cannot be written.

    Endpoint: as for :meth:`BitfountHub.get_pod_schema`.
    """
    if hub is not None:
        if not isinstance(hub, BitfountHub):
            kind = type(hub)
            raise TypeError(
                f"the hub must be a bitfount_api.BitfountHub, not a "
                f"{kind.__module__}.{kind.__qualname__}"
            )
        if username is not None or secrets is not None:
            _logger.warning("username and secrets are not used, since a hub is given")
        return _get(hub, pod_identifier, save_file_path, project_id)
    with BitfountSession(handler_for(username, secrets)) as session:
        return _get(BitfountHub.from_env(session), pod_identifier, save_file_path, project_id)


def _get(
    hub: BitfountHub,
    pod_identifier: str | PodIdentifier,
    path: str | os.PathLike[str] | None,
    project_id: str | None,
) -> BitfountSchema:
    if isinstance(pod_identifier, str) and "/" not in pod_identifier:
        if not hub.session.authenticated:
            hub.session.authenticate()  # the user may not be known before
        pod_identifier = f"{hub.username}/{pod_identifier}"
    schema = hub.get_pod_schema(pod_identifier, project_id)
    if path is not None:
        schema.dump(Path(path).expanduser())
    return schema
