"""The async client of the Hub: pods, schemas, models, weights, projects, keys, monitoring."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, overload

from bitfount_api import _operations as operations
from bitfount_api._client import AsyncClient
from bitfount_api._core import services
from bitfount_api.async_streams import AsyncWeightsStream
from bitfount_api.auth.anonymous import AnonymousHandler
from bitfount_api.config import PRODUCTION_HUB_URL
from bitfount_api.identifiers import PodIdentifier
from bitfount_api.session import BitfountSession
from bitfount_api.transfers import MAX_DOWNLOAD_BYTES, PARTS_AT_ONCE, TransferOptions

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from bitfount_api import types
    from bitfount_api.models import BitfountModel
    from bitfount_api.progress import ProgressCallback
    from bitfount_api.schemas import BitfountSchema
    from bitfount_api.transfers import Download, WrittenDownload


class AsyncBitfountHub(AsyncClient):
    """A typed async client of the Bitfount Hub.

    Args:
        session: The session whose credentials and connections are used. Default: a new session,
            with API keys from the environment or else the device-code flow.
        url: The Hub's base URL.
        cluster_id: The cluster whose datasets ``get_pod_dataset_list()`` and
            ``get_pod_datasets_configurations()`` return. Also an attribute.
        owns_session: Whether :meth:`aclose` also closes the session. Default: only if no session
            was passed.

    Raises:
        ValueError: ``url`` is not a valid base URL, or credentials would be sent to it
            without encryption (see ``allow_insecure``).
    """

    def __init__(
        self,
        session: BitfountSession | None = None,
        url: str = PRODUCTION_HUB_URL,
        cluster_id: str | None = None,
        *,
        owns_session: bool | None = None,
    ) -> None:
        self._connect(session, services.hub(url), owns_session)
        self.cluster_id: str | None = cluster_id

    @classmethod
    def from_env(cls, session: BitfountSession | None = None) -> AsyncBitfountHub:
        """Return a client of the Hub at ``BITFOUNT_HUB_URL``, or else of ``BITFOUNT_ENVIRONMENT``.

        A variable that is not valid raises a ``ValueError`` that names it.
        """
        return cls(session, services.hub().url)

    # --- Pods ------------------------------------------------------------------------------------

    async def get_pod(
        self,
        pod_identifier: str | PodIdentifier | None = None,
        pod_namespace: str | None = None,
        pod_name: str | None = None,
        project_id: str | None = None,
    ) -> types.PodDetails | None:
        """Get the details of a pod.

        Args:
            pod_identifier: The pod's full name, ``namespace/name``, or a ``PodIdentifier``.
            pod_namespace: The user name of the pod's owner; deprecated.
            pod_name: The pod's name; deprecated.
            project_id: The project through which a pod of another user is accessed; not used for
                the caller's own pods.

        Returns:
            The pod's details; None if they cannot be retrieved (the reason is logged as a warning;
            :meth:`retrieve_pod` raises it as an error). This is a plain dict with a presigned URL:
            print and log only ``redact(pod)`` (:func:`~bitfount_api.redaction.redact`).

        Raises:
            ValueError: The arguments are missing, incomplete, or name two different pods.
            InvalidJSONError: The response is not JSON, or does not contain a pod's details.
            AuthenticationError: No credentials are available.

        Endpoint: ``GET /api/pods/{userName}/{podName}``, or
        ``GET /api/projects/{projectId}/pods/{userName}/{podName}``.
        """
        pod = PodIdentifier.resolve(pod_identifier, pod_namespace, pod_name)
        return await self._run(operations.pods.get_pod(self._remote, pod, project_id))

    async def retrieve_pod(
        self, pod_identifier: str | PodIdentifier, project_id: str | None = None
    ) -> types.PodDetails:
        """Get the details of a pod, or raise an error if they cannot be retrieved.

        :meth:`get_pod` returns None instead of raising.

        Args:
            pod_identifier: The pod's full name, ``namespace/name``, or a ``PodIdentifier``.
            project_id: The project through which a pod of another user is accessed; not used for
                the caller's own pods.

        Returns:
            The pod's details, with a presigned URL, as for :meth:`get_pod`.

        Raises:
            ValueError: ``pod_identifier`` is not a valid identifier. Nothing was sent.
            PodDoesNotExistError: The pod does not exist, or is not visible with these credentials.
                This is an ``HTTPError`` with the status 404.
            HTTPError: The Hub refused the request for another reason.
            InvalidJSONError: The response is not JSON, or does not contain a pod's details.
            RequestException: The Hub is unreachable.
            AuthenticationError: No credentials are available.

        Endpoint: as for :meth:`get_pod`.
        """
        pod = PodIdentifier.parse(pod_identifier)
        return await self._run(operations.pods.retrieve(self._remote, pod, project_id))

    async def get_pod_key(
        self,
        pod_identifier: str | PodIdentifier | None = None,
        pod_namespace: str | None = None,
        pod_name: str | None = None,
        project_id: str | None = None,
    ) -> str | None:
        """Get the public key of a pod.

        Args:
            pod_identifier: The pod's full name, ``namespace/name``, or a ``PodIdentifier``.
            pod_namespace: The user name of the pod's owner; deprecated.
            pod_name: The pod's name; deprecated.
            project_id: The project through which a pod of another user is accessed; not used for
                the caller's own pods.

        Returns:
            The key as the Hub returns it, PEM or OpenSSH text, for ``load_public_key``; None if
            the pod cannot be retrieved or has no key.

        Raises:
            ValueError: The arguments are missing, incomplete, or name two different pods.
            InvalidJSONError: The response is not JSON, or does not contain a pod's details.
            AuthenticationError: No credentials are available.

        Endpoint: as for :meth:`get_pod`.
        """
        pod = PodIdentifier.resolve(pod_identifier, pod_namespace, pod_name)
        return await self._run(operations.pods.get_pod_key(self._remote, pod, project_id))

    async def get_pod_schema(
        self, pod_identifier: str | PodIdentifier, project_id: str | None = None
    ) -> BitfountSchema:
        """Get the schema of a pod.

        Args:
            pod_identifier: The pod's full name, ``namespace/name``, or a ``PodIdentifier``.
            project_id: The project through which a pod of another user is accessed; not used for
                the caller's own pods.

        Raises:
            ValueError: ``pod_identifier`` is not a valid identifier.
            InvalidJSONError: The pod cannot be retrieved, has no schema, or its stored schema is
                not valid.
            HTTPError: Object storage refused the download.
            AuthenticationError: No credentials are available.

        Endpoint: as for :meth:`get_pod`, then ``GET`` of the pod's ``schemaDownloadUrl``.
        """
        pod = PodIdentifier.parse(pod_identifier)
        return await self._run(operations.pod_schemas.get_pod_schema(self._remote, pod, project_id))

    async def register_pod(
        self,
        public_metadata: types.PodPublicMetadata,
        pod_public_key: RSAPublicKey,
        access_manager_key: RSAPublicKey,
        *,
        file_processing_metadata: types.FileProcessingMetadata | Mapping[str, Any] | None = None,
        progress: ProgressCallback | None = None,
        parts_at_once: int = PARTS_AT_ONCE,
    ) -> None:
        """Register a pod with the Hub and upload its schema.

        Registering a pod again updates it.

        Args:
            public_metadata: The pod's public metadata.
            pod_public_key: The pod's public key, which verifies its signatures.
            access_manager_key: The public key of the pod's access manager, as returned by
                ``AsyncBitfountAM.get_access_manager_key()``.
            file_processing_metadata: The results of processing the files behind the pod's data,
                unless ``public_metadata`` has them.
            progress: The callback for the progress of the schema's upload.
            parts_at_once: The maximum number of parts of a large schema to send concurrently.

        Raises:
            SchemaUploadError: The serialized schema is over 10 MiB, or the schema cannot be
                serialized. Nothing was sent.
            ValueError: The pod's name, a key or the file results are not valid, or the file results
                have unknown fields. Nothing was sent.
            HTTPError: The Hub or object storage refused the request.
            RequestException: The Hub is unreachable, or its response is not usable.

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
        await self._run(flow)

    @overload
    async def do_pod_heartbeat(
        self, pod_names: Sequence[str], pod_public_key: RSAPublicKey
    ) -> None: ...
    @overload
    async def do_pod_heartbeat(
        self,
        *,
        instance_id: str,
        cluster_id: str | None = None,
        is_busy: bool,
        is_ehr_configured: bool,
        is_ehr_connected: bool,
        private_ip_address: str | None = None,
        datasource_health: Sequence[types.DatasourceHealth | Mapping[str, Any]] | None = None,
    ) -> types.Heartbeat | None: ...
    async def do_pod_heartbeat(
        self,
        pod_names: Sequence[str] | None = None,
        pod_public_key: RSAPublicKey | None = None,
        *,
        instance_id: str | None = None,
        cluster_id: str | None = None,
        is_busy: bool | None = None,
        is_ehr_configured: bool | None = None,
        is_ehr_connected: bool | None = None,
        private_ip_address: str | None = None,
        datasource_health: Sequence[types.DatasourceHealth | Mapping[str, Any]] | None = None,
    ) -> types.Heartbeat | None:
        """Send a heartbeat to the Hub: of pods, or of a compute instance.

        The Hub reports that the pods are online. Pass either the first two arguments or the others,
        by name; the latter form is the one of version 13.0 of the official SDK.

        Args:
            pod_names: The names of the pods, which must all belong to the caller.
            pod_public_key: The public key that the pods were registered with.
            instance_id: The id that the caller gave the compute instance.
            cluster_id: The id of the instance's cluster; without it, the Hub uses the one of the
                API key.
            is_busy: Whether the instance is running a task.
            is_ehr_configured: Whether the instance has a configuration for electronic health
                records (EHR).
            is_ehr_connected: Whether the instance has credentials for the EHR.
            private_ip_address: The instance's address in its own network.
            datasource_health: The state of each dataset, see
                :class:`~bitfount_api.types.DatasourceHealth`. Without it, the Hub takes every
                dataset for healthy.

        Returns:
            For a compute instance, the Hub's response: the instance's ``computeId`` and ``domain``,
            if it has them. None, with a warning, if the Hub accepted the request but its response
            is not JSON, or has another status than 200. For pods, None.

        Raises:
            ValueError: The arguments are of both forms, one is not valid, or ``datasource_health``
                is empty, which the Hub refuses. Nothing was sent.
            TypeError: Arguments are missing. Nothing was sent.
            HTTPError: The Hub refused the request.
            RequestException: The Hub is unreachable.

        Endpoint: ``PATCH /api/pods``.
        """
        instance = operations.heartbeats.InstanceState(
            instance_id,
            cluster_id,
            is_busy,
            is_ehr_configured,
            is_ehr_connected,
            private_ip_address,
            datasource_health,
        )
        return await self._run(
            operations.heartbeats.do_pod_heartbeat(
                self._remote, pod_names, pod_public_key, instance
            )
        )

    async def archive_pod(self, pod_name: str) -> None:
        """Archive a pod of the session's user: the Hub no longer finds or offers it.

        Args:
            pod_name: The name of the pod.

        Raises:
            ValueError: The name is not valid. Nothing was sent.
            HTTPError: The Hub refused the request.
            RequestException: The Hub is unreachable. The pod may have been archived nevertheless.

        Endpoint: ``POST /api/pods/{userName}/{podName}``.
        """
        await self._run(operations.pods.archive(self._remote, pod_name))

    async def get_pod_dataset_list(self) -> list[types.PodDataset]:
        """Get the datasets linked to the client's cluster, or without one, to the caller's compute.

        Returns:
            The datasets, each with the ``identifier`` of its pod (``namespace/name``) and
            ``configurationLastUpdated``, a time in ISO 8601.

        Raises:
            ValueError: The client's ``cluster_id`` is not valid. Nothing was sent.
            HTTPError: The Hub refused the request.
            RequestException: The Hub is unreachable, or its response is not usable.

        Endpoint: ``GET /api/compute-clusters/{clusterId}/datasets``, or
        ``GET /api/compute-clusters/datasets`` without ``cluster_id``.
        """
        return await self._run(operations.clusters.get_datasets(self._remote, self.cluster_id))

    async def get_pod_dataset_configuration(
        self, dataset_identifier: str | PodIdentifier
    ) -> dict[str, Any] | None:
        """Get the configuration with which a compute instance opens a dataset.

        Args:
            dataset_identifier: The full name of the dataset's pod, ``namespace/name``, or a
                ``PodIdentifier``.

        Returns:
            The configuration; None if the dataset has none.

        Raises:
            ValueError: ``dataset_identifier`` is not a valid identifier. Nothing was sent.
            HTTPError: The Hub refused the request.
            RequestException: The Hub is unreachable, or its response is not usable.

        Endpoint: ``GET /api/pods/{userName}/{podName}/configuration``.
        """
        pod = PodIdentifier.parse(dataset_identifier)
        return await self._run(operations.pod_datasets.get_configuration(self._remote, pod))

    async def get_pod_datasets_configurations(self) -> list[types.DatasetWithConfiguration]:
        """Get the datasets of :meth:`get_pod_dataset_list`, each with its ``configuration``.

        Returns:
            The datasets that have a configuration. A warning is logged for each of the others.

        Raises:
            ValueError: The client's ``cluster_id`` is not valid. Nothing was sent.
            HTTPError: The Hub refused a request.
            RequestException: The Hub is unreachable, or a response is not usable.

        Endpoint: as for :meth:`get_pod_dataset_list`, then as for
        :meth:`get_pod_dataset_configuration`, for one dataset after the other.
        """
        flow = operations.pod_datasets.get_configurations(self._remote, self.cluster_id)
        return await self._run(flow)

    # --- Models ----------------------------------------------------------------------------------

    async def get_model(
        self,
        username: str,
        model_name: str,
        model_version: int | None = None,
        project_id: str | None = None,
    ) -> type[BitfountModel] | None:
        """Get a model's code, check its hash, **run it**, and return the class it defines.

        Call this only for models that you trust. :meth:`get_model_code` returns the same checked
        text without running it.

        Args:
            username: The user name of the model's owner.
            model_name: The name of the model.
            model_version: The version; the latest by default.
            project_id: The project that grants access, and whose usage limits apply.

        Returns:
            The class, which need not derive from ``BitfountModel``; None if there is no such model,
            or its code cannot be parsed or imported (the reason is logged).

        Raises:
            ModelValidationError: The code's hash is not the published one. The code was not run.
            NoModelCodeError: The project's usage limit is exhausted.
            InvalidJSONError: The Hub's response is not JSON, or has no ``modelDownloadUrl``.
            HTTPError: The Hub or object storage refused the request.
            RequestException: The Hub or object storage is unreachable.

        Endpoint: ``GET /api/models``, then ``GET`` of its ``modelDownloadUrl``.
        """
        flow = operations.models.get_model(
            self._remote, username, model_name, model_version, project_id
        )
        return await self._run(flow)

    async def retrieve_model(
        self,
        username: str,
        model_name: str,
        model_version: int | None = None,
        project_id: str | None = None,
    ) -> types.ModelDetails:
        """Get the details of a model: its version, its hash, and the URLs of its code and weights.

        The code and the weights are not downloaded. The presigned URLs grant access to them for a
        short time: print and log only ``redact()`` of the result, as for :meth:`get_pod`.

        Args:
            username: The user name of the model's owner.
            model_name: The name of the model.
            model_version: The version; the latest by default.
            project_id: The project that grants access, and whose usage limits apply.

        Returns:
            The model's details. ``modelDownloadUrl`` is missing or None if the project's usage
            limit is exhausted; so is ``weightsDownloadUrl`` if no weights have been uploaded.

        Raises:
            ValueError: A name or the version is not valid. Nothing was sent.
            HTTPError: The Hub refused the request. The status is 404 if the model does not exist,
                or is not visible with these credentials.
            InvalidJSONError: The Hub's response is not JSON, or does not contain a model's details.
            RequestException: The Hub is unreachable.
            AuthenticationError: No credentials are available.

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
        r"""Get a model's code and check its hash, without running the code.

        Args:
            username: The user name of the model's owner.
            model_name: The name of the model.
            model_version: The version; the latest by default.
            project_id: The project that grants access, and whose usage limits apply.

        Returns:
            The text that was hashed (without any ``\r``), as :meth:`get_model` would run it; None
            if there is no such model.

        Raises:
            ModelValidationError: The code's hash is not the published one, or the code is not
                UTF-8 text.
            NoModelCodeError: The project's usage limit is exhausted.
            InvalidJSONError: The Hub's response is not JSON, or has no ``modelDownloadUrl``.
            HTTPError: The Hub or object storage refused the request.
            RequestException: The Hub or object storage is unreachable.

        Endpoint: as for :meth:`get_model`.
        """
        flow = operations.models.get_model_source(
            self._remote, username, model_name, model_version, project_id
        )
        return await self._run(flow)

    @overload
    async def download_model(
        self,
        username: str,
        model_name: str,
        model_version: int | None,
        path: str | os.PathLike[str],
        project_id: str | None = None,
        *,
        progress: ProgressCallback | None = None,
    ) -> Download | None: ...
    @overload
    async def download_model(
        self,
        username: str,
        model_name: str,
        model_version: int | None,
        path: IO[bytes],
        project_id: str | None = None,
        *,
        progress: ProgressCallback | None = None,
    ) -> WrittenDownload | None: ...
    async def download_model(
        self,
        username: str,
        model_name: str,
        model_version: int | None,
        path: str | os.PathLike[str] | IO[bytes],
        project_id: str | None = None,
        *,
        progress: ProgressCallback | None = None,
    ) -> Download | WrittenDownload | None:
        r"""Download a model's code to a file, without running the code.

        The hash of the code is checked before the file is created, or a file object is written to.

        Args:
            username: The user name of the model's owner.
            model_name: The name of the model.
            model_version: The version; None for the latest.
            path: The path of the file to write. An existing file is replaced. Or a file object in
                binary mode, as for :meth:`download_weights`.
            project_id: The project that grants access, and whose usage limits apply.
            progress: The callback for the number of bytes written.

        Returns:
            The file's path, size and SHA-256, which is the hash of the model; for a file object,
            its size and SHA-256. The file contains the text that was hashed (without any ``\r``).
            None if there is no such model.

        Raises:
            TypeError: ``path`` is neither a path nor a file object in binary mode.
            ValueError: An argument is not valid, or the file object is closed.
            ModelValidationError: The code's hash is not the published one.
            NoModelCodeError: The project's usage limit is exhausted.
            TransferError: The file cannot be written.
            InvalidJSONError: The Hub's response is not JSON, or has no ``modelDownloadUrl``.
            HTTPError: The Hub or object storage refused the request.
            RequestException: The Hub or object storage is unreachable.

        Endpoint: as for :meth:`get_model`.
        """
        options = TransferOptions(progress)
        flow = operations.models.download_model(
            self._remote, username, model_name, model_version, path, project_id, options
        )
        return await self._run(flow)

    @staticmethod
    async def get_model_from_url(model_url: str, model_hash: str) -> type[BitfountModel] | None:
        """Get model code from a presigned URL, check its hash, **run it**, and return its class.

        Args:
            model_url: The presigned URL. No credentials are sent to it.
            model_hash: The expected hash of the code: 64 hex digits.

        Returns:
            The class; None if the code cannot be parsed or imported (the reason is logged).

        Raises:
            ModelValidationError: The code has another hash. The code was not run.
            HTTPError: Object storage refused the request.
            RequestException: Object storage is unreachable.
        """
        async with _anonymous() as session:
            hub = AsyncBitfountHub(session)
            flow = operations.models.get_model_from_url(hub._remote, model_url, model_hash)
            return await hub._run(flow)

    async def send_model(
        self,
        model_code_path: str | os.PathLike[str] | bytes | IO[bytes],
        private_model: bool = False,
        model_description: str = "",
        *,
        progress: ProgressCallback | None = None,
    ) -> types.ModelUpload:
        """Send a model's code to the Hub, on behalf of the session's user.

        The model is named after the file; code that is given as bytes or as a file object, after
        its class. The syntax tree is checked; the code is not run. A warning is logged if the
        syntax tree does not show whether the class can be loaded.

        Args:
            model_code_path: The path of the file: UTF-8, at most 3 MiB, with one model class of the
                same name as the file. Or the code as bytes; or a file object in binary mode, as for
                :meth:`send_weights`.
            private_model: Whether the model is private instead of publicly accessible.
            model_description: The description of the model; not sent if it is empty.
            progress: The callback for the progress of the upload.

        Returns:
            The Hub's response. Its ``version`` is the one that was created, or the existing one
            with the same code. It also has the presigned form, or the URLs, of the upload: print
            and log only ``redact()`` of it, as for :meth:`get_pod`.

        Raises:
            TypeError: The file object is in text mode, or the argument is something else. Nothing
                was sent.
            ValueError: Another argument is not valid, or the file object is closed. Nothing was
                sent.
            ModelValidationError: The file is not a valid model. Nothing was sent.
            ModelTooLargeError: The code is over 3 MiB. Nothing was sent.
            ModelUploadError: The Hub or object storage refused the request, or is unreachable.

        Endpoint: ``POST /api/models``, then object storage; ``POST /api/upload`` after an upload
        in parts.
        """
        options = TransferOptions(progress=progress)
        flow = operations.models.send_model(
            self._remote,
            model_code_path,
            private=private_model,
            description=model_description,
            options=options,
        )
        return await self._run(flow)

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
        """Get a model's weights in memory; :meth:`download_weights` streams them to a file.

        Args:
            username: The user name of the model's owner.
            model_name: The name of the model.
            model_version: The model's version.
            project_id: The project that grants access, and whose usage limits apply.
            progress: The callback for the progress of the download.
            parts_at_once: The maximum number of parts of a large object to fetch concurrently.
            max_bytes: The maximum size in bytes, both as stored and decompressed.

        Returns:
            The weights, decompressed if they are stored compressed; None if there is no such
            model, or no weights have been uploaded for it.

        Raises:
            TransferError: The weights are larger than ``max_bytes``, or damaged.
            InvalidJSONError: The Hub's response is not JSON, or does not contain a model's details.
            HTTPError: The Hub or object storage refused the request.
            RequestException: The Hub or object storage is unreachable.

        Endpoint: ``GET /api/models``, then ``GET`` of its ``weightsDownloadUrl``.
        """
        options = TransferOptions(progress, parts_at_once, max_bytes)
        weights = operations.models.Weights(
            self._remote, username, model_name, model_version, project_id
        )
        return await self._run(weights.get(options))

    @overload
    async def download_weights(
        self,
        username: str,
        model_name: str,
        model_version: int,
        path: str | os.PathLike[str],
        project_id: str | None = None,
        *,
        progress: ProgressCallback | None = None,
        parts_at_once: int = PARTS_AT_ONCE,
        max_bytes: int = MAX_DOWNLOAD_BYTES,
    ) -> Download | None: ...
    @overload
    async def download_weights(
        self,
        username: str,
        model_name: str,
        model_version: int,
        path: IO[bytes],
        project_id: str | None = None,
        *,
        progress: ProgressCallback | None = None,
        parts_at_once: int = PARTS_AT_ONCE,
        max_bytes: int = MAX_DOWNLOAD_BYTES,
    ) -> WrittenDownload | None: ...
    async def download_weights(
        self,
        username: str,
        model_name: str,
        model_version: int,
        path: str | os.PathLike[str] | IO[bytes],
        project_id: str | None = None,
        *,
        progress: ProgressCallback | None = None,
        parts_at_once: int = PARTS_AT_ONCE,
        max_bytes: int = MAX_DOWNLOAD_BYTES,
    ) -> Download | WrittenDownload | None:
        """Download model weights of any size to a file, also over slow or unreliable connections.

        The file is created only when it is complete; until then, the bytes are in ``<name>.part``
        in the same folder, or in ``<name>.2.part`` and so on if somebody else's file has that name.
        The next call resumes an interrupted download from there, also in a
        later process. A download that is cancelled, or that cannot be written, leaves no files.

        A file object gets bytes only when all of them have been received and hashed: they are
        downloaded to a temporary file first, and an interrupted download is not resumed by the next
        call. They are written from the file object's position on, which is then after the last
        byte, and flushed; the file object is not closed. If it cannot be written, it may hold a
        part of the weights, and the call raises a ``TransferError``.

        Args:
            username: The user name of the model's owner.
            model_name: The name of the model.
            model_version: The model's version.
            path: The path of the file to write. An existing file is replaced. Or a file object in
                binary mode.
            project_id: The project that grants access, and whose usage limits apply.
            progress: The callback for the progress of the download.
            parts_at_once: The maximum number of parts of a large object to fetch concurrently.
            max_bytes: The maximum size in bytes, both as stored and decompressed.

        Returns:
            The file's path, size and SHA-256; for a file object, the size and SHA-256. Weights that
            are stored compressed are decompressed in the file. None if there is no such model, or
            no weights have been uploaded.

        Raises:
            TypeError: ``path`` is neither a path nor a file object in binary mode.
            ValueError: An argument is not valid, or the file object is closed.
            TransferError: The file cannot be written, or the weights are larger than
                ``max_bytes`` or damaged.
            InvalidJSONError: The Hub's response is not JSON, or does not contain a model's details.
            HTTPError: The Hub or object storage refused the request.
            RequestException: The Hub or object storage is unreachable.

        Endpoint: as for :meth:`get_weights`.
        """
        options = TransferOptions(progress, parts_at_once, max_bytes)
        weights = operations.models.Weights(
            self._remote, username, model_name, model_version, project_id
        )
        return await self._run(weights.download(path, options))

    async def stream_weights(
        self,
        username: str,
        model_name: str,
        model_version: int,
        project_id: str | None = None,
        *,
        max_bytes: int = MAX_DOWNLOAD_BYTES,
    ) -> AsyncWeightsStream | None:
        """Get a model's weights as a stream of bytes, without a file and in little memory.

        The hash is known at the end of the stream only: do not act on its bytes before, or use
        :meth:`download_weights`, which is also faster over slow connections.

        Args:
            username: The user name of the model's owner.
            model_name: The name of the model.
            model_version: The model's version.
            project_id: The project that grants access, and whose usage limits apply.
            max_bytes: The maximum size in bytes, both as stored and decompressed.

        Returns:
            The stream, an iterator of bytes, with ``size`` and ``sha256`` when it has been read to
            its end. Weights that are stored compressed are decompressed. None if there is no such
            model, or no weights have been uploaded. The weights are requested when the stream is
            read, and errors of object storage are raised then.

        Raises:
            InvalidJSONError: The Hub's response is not JSON, or does not contain a model's details.
            HTTPError: The Hub refused the request.
            RequestException: The Hub is unreachable.

        Endpoint: as for :meth:`get_weights`.
        """
        weights = operations.models.Weights(
            self._remote, username, model_name, model_version, project_id
        )
        reader = await self._run(weights.reader(TransferOptions(max_bytes=max_bytes)))
        return None if reader is None else AsyncWeightsStream(self, reader)

    @staticmethod
    async def get_weights_from_url(
        weights_url: str,
        *,
        progress: ProgressCallback | None = None,
        parts_at_once: int = PARTS_AT_ONCE,
        max_bytes: int = MAX_DOWNLOAD_BYTES,
    ) -> bytes:
        """Get model weights from a presigned URL.

        Args:
            weights_url: The presigned URL. No credentials are sent to it.
            progress: The callback for the progress of the download.
            parts_at_once: The maximum number of parts of a large object to fetch concurrently.
            max_bytes: The maximum size in bytes, both as stored and decompressed.

        Returns:
            The weights, decompressed if they are stored compressed.

        Raises:
            TransferError: The weights are larger than ``max_bytes``, or damaged.
            HTTPError: Object storage refused the request.
            RequestException: Object storage is unreachable.
        """
        async with _anonymous() as session:
            hub = AsyncBitfountHub(session)
            options = TransferOptions(progress, parts_at_once, max_bytes)
            flow = operations.models.get_weights_from_url(hub._remote, weights_url, options)
            return await hub._run(flow)

    async def send_weights(
        self,
        model_name: str,
        model_version: int,
        pretrained_file_path: str | os.PathLike[str] | bytes | IO[bytes],
        *,
        progress: ProgressCallback | None = None,
        parts_at_once: int = PARTS_AT_ONCE,
        compress: bool = False,
    ) -> None:
        """Send a model's weights to the Hub, streamed from disk.

        A file object is read from its current position to its end. If its position can be changed
        (``seekable()``), nothing is copied, and the file is read again from there when a request is
        repeated. Otherwise, as of a pipe, the weights are first copied to a temporary file on disk.
        The file object is never closed. Afterwards, its position is the end of the file, or if the
        call failed, the one that it had before. Nobody else may use the file during the call.

        Args:
            model_name: The name of the model, which must belong to the session's user.
            model_version: The version that the weights belong to.
            pretrained_file_path: The path of the file with the weights, at most 500 MiB. Or the
                weights as bytes; or a file object in binary mode.
            progress: The callback for the progress of the upload.
            parts_at_once: The maximum number of parts of a large file to send concurrently.
            compress: Whether to compress the weights for transfer and storage (with Zstandard, into
                a temporary file first). This library decompresses them when downloading.

        Raises:
            TypeError: The file object is in text mode, or the argument is something else. Nothing
                was sent.
            ValueError: The model's name or version is not valid, or the file object is closed or
                not open for reading. Nothing was sent.
            ModelTooLargeError: The file is over 500 MiB, or with ``compress``, over 500 MiB after
                compression or 3.9 GiB before. Nothing was sent.
            ModelUploadError: The file cannot be read, is empty, or changed during the upload; or
                the Hub or object storage refused the request, or is unreachable.

        Endpoint: ``PUT /api/models``, then object storage; ``POST /api/upload`` after an upload in
        parts.
        """
        options = TransferOptions(progress, parts_at_once, compress=compress)
        flow = operations.models.send_weights(
            self._remote, model_name, model_version, pretrained_file_path, options=options
        )
        await self._run(flow)

    # --- Keys ------------------------------------------------------------------------------------

    async def register_user_public_key(self, key: RSAPublicKey) -> str | int:
        """Register a public key for the session's user.

        Args:
            key: The public key that verifies the signatures of the user's tasks.

        Returns:
            The key's id, a string or a number as the Hub returns it.

        Raises:
            ValueError: The key is not an RSA key. Nothing was sent.
            HTTPError: The Hub refused the request.
            RequestException: The Hub is unreachable, or its response is not usable.

        Endpoint: ``POST /api/{userName}/keys``, with ``version=2``.
        """
        return await self._run(operations.public_keys.register(self._remote, key))

    async def check_public_key_registered_and_active(
        self, key_id: str, username: str | None = None
    ) -> types.ActivePublicKey | None:
        """Get the details of a public key if it is registered and active.

        Args:
            key_id: The key's id.
            username: The user name of the key's owner; the session's user by default.

        Returns:
            The loaded key with its id; None if there is no such key, or it is not active.

        Raises:
            HTTPError: The Hub refused the request.
            InvalidJSONError: The Hub's response is not JSON, or contains no RSA key.
            RequestException: The Hub is unreachable.

        Endpoint: ``GET /api/{userName}/keys/{keyId}``.
        """
        return await self._run(operations.public_keys.check(self._remote, key_id, username))

    # --- Projects --------------------------------------------------------------------------------

    async def create_project(self, name: str) -> str:
        """Create a project.

        Args:
            name: The project's name.

        Returns:
            The project's id.

        Raises:
            HTTPError: The Hub refused the request.
            RequestException: The Hub is unreachable, or its response is not usable. The project
                may have been created nevertheless: check before you try again.

        Endpoint: ``POST /api/projects``.
        """
        return await self._run(operations.projects.create_project(self._remote, name))

    async def get_projects(
        self, offset: int | None = 0, limit: int | None = 12
    ) -> types.ProjectsPage | None:
        """Get a page of the caller's projects.

        Args:
            offset: The number of projects to skip.
            limit: The maximum number of projects to return.

        Raises:
            HTTPError: The Hub refused the request.
            RequestException: The Hub is unreachable, or its response is not usable.

        Endpoint: ``GET /api/projects``.
        """
        return await self._run(operations.projects.get_projects(self._remote, offset, limit))

    async def iter_projects(self, page_size: int = 100) -> AsyncIterator[types.Project]:
        """Iterate over all of the caller's projects, page by page.

        Args:
            page_size: The number of projects per request.

        Yields:
            The projects, each once.

        Raises:
            HTTPError: The Hub refused the request.
            RequestException: The Hub is unreachable, or its response is not usable.

        Endpoint: ``GET /api/projects``, as often as needed.
        """
        pages = operations.projects.Pages(page_size)
        while pages.more:
            for project in pages.take(await self._run(pages.next_page(self._remote))):
                yield project

    async def get_project_name(self, project_id: str) -> str | None:
        """Get the name of a project. Failures are logged and never raised.

        Args:
            project_id: The project's id.

        Returns:
            The name; None if it cannot be retrieved for any reason, which is logged as a warning
            (:meth:`retrieve_project_name` raises it as an error).

        Endpoint: ``GET /api/projects/{projectId}``.
        """
        return await self._run(operations.projects.get_project_name(self._remote, project_id))

    async def retrieve_project_name(self, project_id: str) -> str:
        """Get the name of a project, or raise an error if it cannot be retrieved.

        :meth:`get_project_name` returns None instead of raising.

        Args:
            project_id: The project's id.

        Returns:
            The name.

        Raises:
            ValueError: ``project_id`` is not valid. Nothing was sent.
            HTTPError: The Hub refused the request; with the status 404, there is no such project
                that these credentials may see.
            InvalidJSONError: The response is not JSON, or has no name.
            RequestException: The Hub is unreachable.

        Endpoint: as for :meth:`get_project_name`.
        """
        return await self._run(operations.projects.retrieve_project_name(self._remote, project_id))

    async def add_dataset_to_project_for_user(self, project_id: str, dataset_name: str) -> None:
        """Add a dataset to an existing project, which must be owned by the session's user.

        Args:
            project_id: The project's id.
            dataset_name: The name of the dataset, which is the name of the pod that holds it.

        Raises:
            HTTPError: The Hub refused the request.
            RequestException: The Hub is unreachable.

        Endpoint: ``PUT /api/projects/{projectId}/pod``.
        """
        await self._run(operations.projects.add_dataset(self._remote, project_id, dataset_name))

    @overload
    async def get_usage_limits(
        self, project_id: str, model_id: None = None
    ) -> list[types.SimpleUsage]: ...
    @overload
    async def get_usage_limits(
        self, project_id: str, model_id: str
    ) -> types.ProjectModelLimits: ...
    async def get_usage_limits(
        self, project_id: str, model_id: str | None = None
    ) -> list[types.SimpleUsage] | types.ProjectModelLimits:
        """Get the session user's usage and limits in a project.

        Args:
            project_id: The project's id.
            model_id: The model, ``owner/ModelName:version`` (or ``:latest``).

        Returns:
            With ``model_id``, the usage and limits of that model; without it, a list of the usage
            of each model of the project's task.

        Raises:
            HTTPError: The Hub refused the request.
            RequestException: The Hub is unreachable, or its response is not usable.

        Endpoint: ``GET /api/projects/{projectId}/limits``, or
        ``GET /api/projects/{projectId}/limits/models/{owner}/{model}``.
        """
        if model_id is None:
            return await self._run(operations.projects.get_usage_limits(self._remote, project_id))
        return await self._run(
            operations.projects.get_model_usage_limits(self._remote, project_id, model_id)
        )

    # --- Compute ---------------------------------------------------------------------------------

    async def register_compute(
        self, instance_id: str, cluster_id: str | None, private_ip_address: str
    ) -> types.ComputeRegistration | None:
        """Register a compute instance, which runs pods, or update it.

        Args:
            instance_id: The id that the caller gives the instance.
            cluster_id: The id of the instance's cluster; None for the one of the API key.
            private_ip_address: The instance's address in its own network.

        Returns:
            The instance's ``computeId`` and its ``domain``, for which
            :meth:`request_compute_certificate` requests a certificate. None, with a warning, if
            the Hub accepted the request but its response is not usable.

        Raises:
            ValueError: An argument is not valid. Nothing was sent.
            HTTPError: The Hub refused the request.
            RequestException: The Hub is unreachable.

        Endpoint: ``PUT /api/compute/instances/{instanceId}``.
        """
        flow = operations.compute.register(
            self._remote, instance_id, cluster_id, private_ip_address
        )
        return await self._run(flow)

    async def request_compute_certificate(
        self, compute_id: str, csr_pem: str
    ) -> types.RequestedCertificate | None:
        """Request a TLS certificate for the domain of a compute instance.

        Args:
            compute_id: The instance's ``computeId``, as :meth:`register_compute` returns it.
            csr_pem: The certificate signing request (PKCS#10) in PEM format, without the private
                key.

        Returns:
            The ``domain`` and the ``status`` of the request; None if a certificate is being issued
            or has been issued: :meth:`get_compute_certificate` returns it.

        Raises:
            ValueError: An argument is not valid, or ``csr_pem`` contains anything else, such as a
                private key. Nothing was sent.
            HTTPError: The Hub refused the request.
            RequestException: The Hub is unreachable, or its response is not usable.

        Endpoint: ``POST /api/compute/{computeId}/certificate``.
        """
        flow = operations.compute.request_certificate(self._remote, compute_id, csr_pem)
        return await self._run(flow)

    async def get_compute_certificate(self, compute_id: str) -> types.ComputeCertificate:
        """Get the state of the certificate that was requested for a compute instance.

        Args:
            compute_id: The instance's ``computeId``, as :meth:`register_compute` returns it.

        Returns:
            The ``domain`` and the ``status``; once the certificate is issued, also
            ``certificatePem``, ``caBundlePem`` and ``expires``, a time in ISO 8601.

        Raises:
            ValueError: ``compute_id`` is not valid. Nothing was sent.
            HTTPError: The Hub refused the request.
            RequestException: The Hub is unreachable, or its response is not usable.

        Endpoint: ``GET /api/compute/{computeId}/certificate``.
        """
        return await self._run(operations.compute.get_certificate(self._remote, compute_id))

    async def create_compute_cluster(
        self, name: str, dataset_names: Sequence[str] | None = None
    ) -> str:
        """Create a cluster of compute instances.

        Args:
            name: The cluster's name.
            dataset_names: The names of datasets of the session's user to link to it.

        Returns:
            The cluster's id; its name if the Hub returns no id.

        Raises:
            ValueError: A name is not valid. Nothing was sent.
            HTTPError: The Hub refused the request.
            RequestException: The Hub is unreachable, or its response is not usable. The cluster
                may have been created nevertheless: check before you try again.

        Endpoint: ``POST /api/compute-clusters``.
        """
        return await self._run(operations.clusters.create(self._remote, name, dataset_names))

    async def compute_cluster_exists(self, cluster_id: str) -> bool:
        """Return whether there is such a cluster, which the session's user may see.

        Args:
            cluster_id: The cluster's id.

        Raises:
            ValueError: ``cluster_id`` is not valid. Nothing was sent.
            HTTPError: The Hub refused the request for another reason.
            RequestException: The Hub is unreachable.

        Endpoint: ``GET /api/compute-clusters/{clusterId}/datasets``.
        """
        return await self._run(operations.clusters.exists(self._remote, cluster_id))

    async def link_datasets_to_compute_cluster(
        self, cluster_id: str, dataset_names: Sequence[str]
    ) -> None:
        """Link datasets of the session's user to a cluster.

        Args:
            cluster_id: The cluster's id.
            dataset_names: The names of the datasets, which are the names of their pods.

        Raises:
            ValueError: ``cluster_id`` or a name is not valid. Nothing was sent.
            HTTPError: The Hub refused the request.
            RequestException: The Hub is unreachable. The datasets may have been linked
                nevertheless.

        Endpoint: ``POST /api/compute-clusters/{clusterId}/datasets``.
        """
        flow = operations.clusters.link_datasets(self._remote, cluster_id, dataset_names)
        await self._run(flow)

    async def upload_public_jwk(
        self, jwk: Mapping[str, Any], issuer: str, client_id: str
    ) -> types.JWKUpload:
        """Publish a public key, with which an EHR system verifies the session's user.

        Args:
            jwk: The public key as a JSON Web Key (RFC 7517).
            issuer: The issuer for which the key is used.
            client_id: The client id at that issuer.

        Returns:
            The Hub's response. Its ``jwksUriWellKnown`` is the URL of the key set, from which the
            EHR system reads the key.

        Raises:
            ValueError: ``jwk`` is not a JSON Web Key or has members of a private key, or another
                argument is not valid. Nothing was sent.
            HTTPError: The Hub refused the request.
            InvalidJSONError: The Hub's response is not JSON, or has no ``jwksUriWellKnown``.
            RequestException: The Hub is unreachable.

        Endpoint: ``PUT /api/ehr/jwks/{userName}``.
        """
        flow = operations.ehr_keys.upload(self._remote, jwk, issuer, client_id)
        return await self._run(flow)

    # --- Monitoring ------------------------------------------------------------------------------

    async def send_monitor_update(self, update: types.MonitorUpdate | Mapping[str, Any]) -> None:
        """Send an update to the monitor service.

        Args:
            update: The update, of the shape :class:`~bitfount_api.types.MonitorUpdate`. Numbers
                of other libraries, such as numpy's and ``Decimal``, are converted.

        Raises:
            ValueError: The update is not of that shape; the text names the place. Nothing was sent.
            HTTPError: The Hub refused the request.
            RequestException: The Hub is unreachable.

        Endpoint: ``POST /api/ingest``.
        """
        await self._run(operations.monitoring.send_update(self._remote, update))


def _anonymous() -> BitfountSession:
    """Return a session without credentials, for presigned URLs."""
    return BitfountSession(AnonymousHandler())
