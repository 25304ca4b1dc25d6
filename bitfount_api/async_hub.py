"""The async client of the Hub: pods, schemas, models, weights, projects, keys, monitoring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bitfount_api import _operations as operations
from bitfount_api._client import AsyncClient
from bitfount_api._core import services
from bitfount_api.auth.anonymous import AnonymousHandler
from bitfount_api.config import PRODUCTION_HUB_URL
from bitfount_api.identifiers import PodIdentifier
from bitfount_api.session import BitfountSession
from bitfount_api.transfers import MAX_DOWNLOAD_BYTES, PARTS_AT_ONCE, TransferOptions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from bitfount_api import types
    from bitfount_api.models import BitfountModel
    from bitfount_api.progress import ProgressCallback
    from bitfount_api.schemas import BitfountSchema
    from bitfount_api.transfers import Download


class AsyncBitfountHub(AsyncClient):
    """A typed async API for interacting with the Bitfount Hub.

    Args:
        session: Whose credentials and connections to use. Default: a session of its own, with API
            keys from the environment or else the device-code flow.
        url: The Hub's base URL.
        owns_session: Whether :meth:`aclose` closes the session, too. Default: only if no session
            was given.

    Raises:
        ValueError: ``url`` is not a service's base URL.
    """

    def __init__(
        self,
        session: BitfountSession | None = None,
        url: str = PRODUCTION_HUB_URL,
        *,
        owns_session: bool | None = None,
    ) -> None:
        self._connect(session, services.hub(url), owns_session)

    @classmethod
    def from_env(cls, session: BitfountSession | None = None) -> AsyncBitfountHub:
        """The Hub of the environment that ``BITFOUNT_ENVIRONMENT`` names."""
        return cls(session, services.hub().url)

    # --- Pods ------------------------------------------------------------------------------------

    async def get_pod(
        self,
        pod_identifier: str | None = None,
        pod_namespace: str | None = None,
        pod_name: str | None = None,
        project_id: str | None = None,
    ) -> types.PodDetails | None:
        """Get the details of a pod.

        Args:
            pod_identifier: The pod's full name, ``namespace/name``.
            pod_namespace: Its owner's user name; deprecated.
            pod_name: Its name; deprecated.
            project_id: The project to look for it in, where it is not the caller's own.

        Returns:
            The pod's details; None if they cannot be retrieved (a warning in the log says why, and
            :meth:`retrieve_pod` raises the error).

        Raises:
            ValueError: The arguments name no pod, half a pod, or two different ones.
            InvalidJSONError: The Hub's answer is not JSON, or not a pod's details.
            AuthenticationError: No credentials could be had.

        Endpoint: ``GET /api/pods/{userName}/{podName}``, or the same below
        ``/api/projects/{projectId}``.
        """
        pod = PodIdentifier.resolve(pod_identifier, pod_namespace, pod_name)
        return await self._run(operations.pods.get_pod(self._remote, pod, project_id))

    async def retrieve_pod(
        self, pod_identifier: str, project_id: str | None = None
    ) -> types.PodDetails:
        """Get the details of a pod, or an error that says why they cannot be retrieved.

        :meth:`get_pod` returns None instead.

        Args:
            pod_identifier: The pod's full name, ``namespace/name``.
            project_id: The project to look for it in, where it is not the caller's own.

        Returns:
            The pod's details.

        Raises:
            ValueError: ``pod_identifier`` is not a valid identifier. Nothing was sent.
            PodDoesNotExistError: There is no such pod, or these credentials may not see it. It is
                an ``HTTPError`` with the status 404.
            HTTPError: The Hub refused for another reason.
            InvalidJSONError: The Hub's answer is not JSON, or not a pod's details.
            RequestException: The Hub could not be reached.
            AuthenticationError: No credentials could be had.

        Endpoint: as :meth:`get_pod`.
        """
        pod = PodIdentifier.parse(pod_identifier)
        return await self._run(operations.pods.retrieve(self._remote, pod, project_id))

    async def get_pod_key(
        self,
        pod_identifier: str | None = None,
        pod_namespace: str | None = None,
        pod_name: str | None = None,
        project_id: str | None = None,
    ) -> str | None:
        """Get the public key of a pod.

        Args:
            pod_identifier: The pod's full name, ``namespace/name``.
            pod_namespace: Its owner's user name; deprecated.
            pod_name: Its name; deprecated.
            project_id: The project to look for it in, where it is not the caller's own.

        Returns:
            The key as the Hub gives it, PEM or OpenSSH text, for ``load_public_key``; None if the
            pod cannot be retrieved or has no key.

        Raises:
            ValueError: The arguments name no pod, half a pod, or two different ones.
            InvalidJSONError: The Hub's answer is not JSON, or not a pod's details.
            AuthenticationError: No credentials could be had.

        Endpoint: as :meth:`get_pod`.
        """
        pod = PodIdentifier.resolve(pod_identifier, pod_namespace, pod_name)
        return await self._run(operations.pods.get_pod_key(self._remote, pod, project_id))

    async def get_pod_schema(
        self, pod_identifier: str, project_id: str | None = None
    ) -> BitfountSchema:
        """Retrieve the schema of a pod.

        Args:
            pod_identifier: The pod's full name, ``namespace/name``.
            project_id: The project to look for it in, where it is not the caller's own.

        Raises:
            ValueError: ``pod_identifier`` is none.
            InvalidJSONError: The pod cannot be retrieved, has no schema, or what is stored is none.
            HTTPError: Object storage refused the schema.
            AuthenticationError: No credentials could be had.

        Endpoint: as :meth:`get_pod`, then ``GET`` at the pod's ``schemaDownloadUrl``.
        """
        pod = PodIdentifier.parse(pod_identifier)
        return await self._run(
            operations.pod_schemas.get_pod_schema(self._remote, pod, project_id), transfer=True
        )

    async def register_pod(
        self,
        public_metadata: types.PodPublicMetadata,
        pod_public_key: RSAPublicKey,
        access_manager_key: RSAPublicKey,
        *,
        file_processing_metadata: types.FileProcessingMetadata | None = None,
        progress: ProgressCallback | None = None,
        parts_at_once: int = PARTS_AT_ONCE,
    ) -> None:
        """Register a pod with the Hub, and upload its schema.

        Registering a pod again updates it.

        Args:
            public_metadata: Details about the pod.
            pod_public_key: The key that the pod signs with.
            access_manager_key: The key of the pod's access manager, such as
                ``AsyncBitfountAM.get_access_manager_key()`` gives it.
            file_processing_metadata: What came of the files behind the pod's data.
            progress: Told how much of the schema has been sent.
            parts_at_once: How many parts of a large schema to send at a time, at most.

        Raises:
            SchemaUploadError: The packed schema is over 10 MiB, or it cannot be packed. Nothing
                was sent.
            ValueError: The pod's name is not valid, or a key is not RSA. Nothing was sent.
            HTTPError: The Hub, or object storage, refused.
            RequestException: The Hub could not be reached, or its answer is not usable.

        Endpoint: ``POST /api/pods``, then object storage.
        """
        options = TransferOptions(progress, parts_at_once)
        flow = operations.pod_registration.register_pod(
            self._remote,
            public_metadata,
            pod_public_key,
            access_manager_key,
            file_processing_metadata,
            options,
        )
        await self._run(flow, transfer=True)

    async def do_pod_heartbeat(self, pod_names: list[str], pod_public_key: RSAPublicKey) -> None:
        """Make a "heartbeat" update to the Hub: these pods are online.

        Args:
            pod_names: The names of the pods, all the caller's.
            pod_public_key: The key that the pods were registered with.

        Raises:
            ValueError: A name is not valid. Nothing was sent.
            HTTPError: The Hub refused.
            RequestException: The Hub could not be reached.

        Endpoint: ``PATCH /api/pods``.
        """
        await self._run(
            operations.pod_registration.do_pod_heartbeat(self._remote, pod_names, pod_public_key)
        )

    # --- Models ----------------------------------------------------------------------------------

    async def get_model(
        self,
        username: str,
        model_name: str,
        model_version: int | None = None,
        project_id: str | None = None,
    ) -> type[BitfountModel] | None:
        """Get a model's code, check its hash, **run it**, and give the class it defines.

        Running somebody's code is a decision: :meth:`get_model_code` gives the same checked text
        without running it.

        Args:
            username: The model's owner.
            model_name: The name of the model.
            model_version: Its version; the latest by default.
            project_id: The project that grants the access, and whose limits count.

        Returns:
            The class; None if there is no such model, or its code cannot be parsed or imported
            (a line in the log says why).

        Raises:
            ModelValidationError: The code is not what was published. It was not run.
            NoModelCodeError: The project's usage limit is spent.
            InvalidJSONError: The Hub's answer is not JSON, or has no ``modelDownloadUrl``.
            HTTPError: The Hub or object storage refused.
            RequestException: One of them could not be reached.

        Endpoint: ``GET /api/models``, then ``GET`` at its ``modelDownloadUrl``.
        """
        flow = operations.models.get_model(
            self._remote, username, model_name, model_version, project_id
        )
        return await self._run(flow, transfer=True)

    async def retrieve_model(
        self,
        username: str,
        model_name: str,
        model_version: int | None = None,
        project_id: str | None = None,
    ) -> types.ModelDetails:
        """Get the details of a model: its version, its hash, and where its code and weights are.

        The code and the weights are not downloaded. The URLs grant access to them for a short
        time, so keep them secret.

        Args:
            username: The model's owner.
            model_name: The name of the model.
            model_version: Its version; the latest by default.
            project_id: The project that grants the access, and whose limits count.

        Returns:
            The model's details. ``modelDownloadUrl`` is missing or None if the project's usage
            limit is spent, ``weightsDownloadUrl`` if no weights have been uploaded.

        Raises:
            ValueError: A name or the version is not valid. Nothing was sent.
            HTTPError: The Hub refused. The status is 404 if there is no such model, or these
                credentials may not see it.
            InvalidJSONError: The Hub's answer is not JSON, or not a model's details.
            RequestException: The Hub could not be reached.
            AuthenticationError: No credentials could be had.

        Endpoint: ``GET /api/models``.
        """
        flow = operations.models.retrieve(
            self._remote, username, model_name, model_version, project_id
        )
        return await self._run(flow)

    async def get_model_code(
        self,
        username: str,
        model_name: str,
        model_version: int | None = None,
        project_id: str | None = None,
    ) -> str | None:
        r"""Get a model's code and check its hash, without running it.

        Args:
            username: The model's owner.
            model_name: The name of the model.
            model_version: Its version; the latest by default.
            project_id: The project that grants the access, and whose limits count.

        Returns:
            The very text that was hashed (without any ``\r``), as :meth:`get_model` would run it;
            None if there is no such model.

        Raises:
            ModelValidationError: The code is not what was published, or not UTF-8.
            NoModelCodeError: The project's usage limit is spent.
            InvalidJSONError: The Hub's answer is not JSON, or has no ``modelDownloadUrl``.
            HTTPError: The Hub or object storage refused.
            RequestException: One of them could not be reached.

        Endpoint: as :meth:`get_model`.
        """
        flow = operations.models.get_model_source(
            self._remote, username, model_name, model_version, project_id
        )
        return await self._run(flow, transfer=True)

    async def download_model(
        self,
        username: str,
        model_name: str,
        model_version: int | None,
        path: Path,
        project_id: str | None = None,
        *,
        progress: ProgressCallback | None = None,
    ) -> Download | None:
        r"""Download a model's code to a file, without running it.

        Its hash is checked before the file appears.

        Args:
            username: The model's owner.
            model_name: The name of the model.
            model_version: Its version; None for the latest.
            path: The file to write. One that is there is replaced.
            project_id: The project that grants the access, and whose limits count.
            progress: Told how much has been written.

        Returns:
            Where the file is, its size and its SHA-256, which is the hash of the model; what is in
            it is the very text that was hashed (without any ``\r``). None if there is no such
            model.

        Raises:
            ModelValidationError: The code is not what was published.
            NoModelCodeError: The project's usage limit is spent.
            TransferError: The file cannot be written.
            InvalidJSONError: The Hub's answer is not JSON, or has no ``modelDownloadUrl``.
            HTTPError: The Hub or object storage refused.
            RequestException: One of them could not be reached.

        Endpoint: as :meth:`get_model`.
        """
        options = TransferOptions(progress)
        flow = operations.models.download_model(
            self._remote, username, model_name, model_version, path, project_id, options
        )
        return await self._run(flow, transfer=True)

    @staticmethod
    async def get_model_from_url(model_url: str, model_hash: str) -> type[BitfountModel] | None:
        """Retrieve model code from a presigned URL, check its hash, **run it**, give its class.

        Args:
            model_url: The presigned URL. It is sent no credentials.
            model_hash: The hash that the code has to have: 64 hex digits.

        Returns:
            The class; None if the code cannot be parsed or imported (a line in the log says why).

        Raises:
            ModelValidationError: The code has another hash. It was not run.
            HTTPError: Object storage refused.
            RequestException: It could not be reached.
        """
        async with _anonymous() as session:
            hub = AsyncBitfountHub(session)
            flow = operations.models.get_model_from_url(hub._remote, model_url, model_hash)
            return await hub._run(flow, transfer=True)

    async def send_model(
        self,
        model_code_path: Path,
        private_model: bool = False,
        *,
        description: str | None = None,
        progress: ProgressCallback | None = None,
    ) -> types.ModelUpload:
        """Send a model's code to the Hub, in the name of the session's user.

        The model is named after the file. The file is checked by its syntax tree; it is not run.

        Args:
            model_code_path: The file: UTF-8, at most 3 MiB, with one model class named as the file.
            private_model: Whether the model is private or publicly accessible.
            description: What the model does.
            progress: Told how much has been sent.

        Returns:
            The Hub's answer; its ``version`` is the one that was made, or found to be the same.

        Raises:
            ModelValidationError: The file is no proper model. Nothing was sent.
            ModelTooLargeError: It is over 3 MiB. Nothing was sent.
            ModelUploadError: The Hub or object storage refused, or could not be reached.

        Endpoint: ``POST /api/models``, then object storage.
        """
        options = TransferOptions(progress=progress)
        flow = operations.models.send_model(
            self._remote,
            model_code_path,
            private=private_model,
            description=description,
            options=options,
        )
        return await self._run(flow, transfer=True)

    async def get_weights(
        self,
        username: str,
        model_name: str,
        model_version: int,
        project_id: str | None = None,
        *,
        progress: ProgressCallback | None = None,
        parts_at_once: int = PARTS_AT_ONCE,
        max_bytes: int = MAX_DOWNLOAD_BYTES,
    ) -> bytes | None:
        """Get a model's weights, in memory; :meth:`download_weights` streams them to a file.

        Args:
            username: The model's owner.
            model_name: The name of the model.
            model_version: Its version.
            project_id: The project that grants the access, and whose limits count.
            progress: Told how much has come.
            parts_at_once: How many parts of a large object to fetch at a time, at most.
            max_bytes: The most bytes to take, stored and unpacked.

        Returns:
            The weights, decompressed where they are stored compressed; None if there is no such
            model, or no weights have been uploaded for it.

        Raises:
            TransferError: They are larger than ``max_bytes``, or damaged.
            InvalidJSONError: The Hub's answer is not JSON, or not a model's details.
            HTTPError: The Hub or object storage refused.
            RequestException: One of them could not be reached.

        Endpoint: ``GET /api/models``, then ``GET`` at its ``weightsDownloadUrl``.
        """
        options = TransferOptions(progress, parts_at_once, max_bytes)
        weights = operations.models.Weights(
            self._remote, username, model_name, model_version, project_id
        )
        return await self._run(weights.get(options), transfer=True)

    async def download_weights(
        self,
        username: str,
        model_name: str,
        model_version: int,
        path: Path,
        project_id: str | None = None,
        *,
        progress: ProgressCallback | None = None,
        parts_at_once: int = PARTS_AT_ONCE,
        max_bytes: int = MAX_DOWNLOAD_BYTES,
    ) -> Download | None:
        """Download a model's weights to a file, whatever their size and the link.

        The file appears whole, or not at all. Until then, the bytes are in ``<name>.part`` beside
        it. What broke off is taken up there by the next call, also in a later process; a download
        that is cancelled, or that cannot be written, leaves nothing.

        Args:
            username: The model's owner.
            model_name: The name of the model.
            model_version: Its version.
            path: The file to write. One that is there is replaced.
            project_id: The project that grants the access, and whose limits count.
            progress: Told how much has come.
            parts_at_once: How many parts of a large object to fetch at a time, at most.
            max_bytes: The most bytes to take, stored and unpacked.

        Returns:
            Where the file is, its size and its SHA-256; weights that are stored compressed are
            decompressed in it. None if there is no such model, or no weights have been uploaded.

        Raises:
            TransferError: The file cannot be written; or the weights are larger than
                ``max_bytes``, or damaged.
            InvalidJSONError: The Hub's answer is not JSON, or not a model's details.
            HTTPError: The Hub or object storage refused.
            RequestException: One of them could not be reached.

        Endpoint: as :meth:`get_weights`.
        """
        options = TransferOptions(progress, parts_at_once, max_bytes)
        weights = operations.models.Weights(
            self._remote, username, model_name, model_version, project_id
        )
        return await self._run(weights.download(path, options), transfer=True)

    @staticmethod
    async def get_weights_from_url(
        weights_url: str,
        *,
        progress: ProgressCallback | None = None,
        parts_at_once: int = PARTS_AT_ONCE,
        max_bytes: int = MAX_DOWNLOAD_BYTES,
    ) -> bytes:
        """Retrieve model weights from a presigned URL.

        Args:
            weights_url: The presigned URL. It is sent no credentials.
            progress: Told how much has come.
            parts_at_once: How many parts of a large object to fetch at a time, at most.
            max_bytes: The most bytes to take, stored and unpacked.

        Returns:
            The weights, decompressed where they are stored compressed.

        Raises:
            TransferError: They are larger than ``max_bytes``, or damaged.
            HTTPError: Object storage refused.
            RequestException: It could not be reached.
        """
        async with _anonymous() as session:
            hub = AsyncBitfountHub(session)
            options = TransferOptions(progress, parts_at_once, max_bytes)
            flow = operations.models.get_weights_from_url(hub._remote, weights_url, options)
            return await hub._run(flow, transfer=True)

    async def send_weights(
        self,
        model_name: str,
        model_version: int,
        pretrained_file_path: Path,
        *,
        progress: ProgressCallback | None = None,
        parts_at_once: int = PARTS_AT_ONCE,
        compress: bool = False,
    ) -> None:
        """Send a model's weights to the Hub, streamed from disk.

        Args:
            model_name: The name of the model, one of the session user's.
            model_version: The version that the weights belong to.
            pretrained_file_path: The file with the weights, at most 500 MiB.
            progress: Told how much has been sent.
            parts_at_once: How many parts of a large file to send at a time, at most.
            compress: Compress the weights on the way (Zstandard, into a temporary file first);
                whoever gets them has them decompressed.

        Raises:
            ValueError: The model's name or version is not valid. Nothing was sent.
            ModelTooLargeError: The file is over 500 MiB, compressed where that is wanted. Nothing
                was sent.
            ModelUploadError: The file cannot be read, or changed meanwhile; the Hub or object
                storage refused, or could not be reached.

        Endpoint: ``PUT /api/models``, then object storage.
        """
        options = TransferOptions(progress, parts_at_once, compress=compress)
        flow = operations.models.send_weights(
            self._remote, model_name, model_version, pretrained_file_path, options=options
        )
        await self._run(flow, transfer=True)

    # --- Keys ------------------------------------------------------------------------------------

    async def register_user_public_key(self, key: RSAPublicKey) -> str | int:
        """Register a public key for the signed-in user.

        Args:
            key: The key that the user's tasks will be signed with.

        Returns:
            The key's id, a text or a number as the Hub gives it.

        Raises:
            ValueError: The key is not RSA. Nothing was sent.
            HTTPError: The Hub refused.
            RequestException: The Hub could not be reached, or its answer is not usable.

        Endpoint: ``POST /api/{userName}/keys?version=2``.
        """
        return await self._run(operations.public_keys.register(self._remote, key))

    async def check_public_key_registered_and_active(
        self, key_id: str, username: str | None = None
    ) -> types.ActivePublicKey | None:
        """Get the details of a public key if it is registered, and active.

        Args:
            key_id: The key's id.
            username: Whose key it is; the session's user by default.

        Returns:
            The key, loaded, with its id; None if there is no such key, or it is not active.

        Raises:
            HTTPError: The Hub refused.
            InvalidJSONError: The Hub's answer is not JSON, or holds no RSA key.
            RequestException: The Hub could not be reached.

        Endpoint: ``GET /api/{userName}/keys/{keyId}``.
        """
        return await self._run(operations.public_keys.check(self._remote, key_id, username))

    # --- Projects --------------------------------------------------------------------------------

    async def create_project(self, name: str) -> str:
        """Create a project.

        Args:
            name: Its name.

        Returns:
            The project's id.

        Raises:
            HTTPError: The Hub refused.
            RequestException: The Hub could not be reached, or its answer is not usable. The
                project may have been made all the same: look before you try again.

        Endpoint: ``POST /api/projects``.
        """
        return await self._run(operations.projects.create_project(self._remote, name))

    async def get_projects(
        self, offset: int | None = 0, limit: int | None = 12
    ) -> types.ProjectsPage | None:
        """Get a page of the caller's projects.

        Args:
            offset: How many projects to skip.
            limit: The most projects to give.

        Raises:
            HTTPError: The Hub refused.
            RequestException: The Hub could not be reached, or its answer is not usable.

        Endpoint: ``GET /api/projects``.
        """
        return await self._run(operations.projects.get_projects(self._remote, offset, limit))

    async def iter_projects(self, page_size: int = 100) -> AsyncIterator[types.Project]:
        """Go through all of the caller's projects, page by page.

        Args:
            page_size: How many projects to ask for at a time.

        Yields:
            One project after another, each once.

        Raises:
            HTTPError: The Hub refused.
            RequestException: The Hub could not be reached, or its answer is not usable.

        Endpoint: ``GET /api/projects``, as often as needed.
        """
        pages = operations.projects.Pages(page_size)
        while pages.more:
            for project in pages.take(await self._run(pages.next_page(self._remote))):
                yield project

    async def add_dataset_to_project_for_user(self, project_id: str, dataset_name: str) -> None:
        """Add a dataset to an already existing project.

        Only works for projects owned by the authenticated user.

        Args:
            project_id: The project's id.
            dataset_name: The name of the dataset, that is of the pod that holds it.

        Raises:
            HTTPError: The Hub refused.
            RequestException: The Hub could not be reached.

        Endpoint: ``PUT /api/projects/{projectId}/pod``.
        """
        await self._run(operations.projects.add_dataset(self._remote, project_id, dataset_name))

    async def get_usage_limits(
        self, project_id: str, model_id: str | None = None
    ) -> list[types.SimpleUsage] | types.ProjectModelLimits:
        """Get usage and limits in a project, for the current user.

        Args:
            project_id: The project's id.
            model_id: One model, ``owner/ModelName:version`` (or ``:latest``).

        Returns:
            With ``model_id``, the usage and limits of that model; without, a list of the usage of
            each model of the project's task.

        Raises:
            HTTPError: The Hub refused.
            RequestException: The Hub could not be reached, or its answer is not usable.

        Endpoint: ``GET /api/projects/{projectId}/limits``, and
        ``…/limits/models/{owner}/{model}``.
        """
        if model_id is None:
            return await self._run(operations.projects.get_usage_limits(self._remote, project_id))
        return await self._run(
            operations.projects.get_model_usage_limits(self._remote, project_id, model_id)
        )

    # --- Monitoring ------------------------------------------------------------------------------

    async def send_monitor_update(self, update: types.MonitorUpdate | Mapping[str, Any]) -> None:
        """Send an update to the monitor service.

        Args:
            update: The update, as :class:`~bitfount_api.types.MonitorUpdate` says.

        Raises:
            ValueError: It is not of that shape. Nothing was sent.
            HTTPError: The Hub refused.
            RequestException: The Hub could not be reached.

        Endpoint: ``POST /api/ingest``.
        """
        await self._run(operations.monitoring.send_update(self._remote, update))


def _anonymous() -> BitfountSession:
    """What a presigned URL opens needs no user."""
    return BitfountSession(AnonymousHandler())
