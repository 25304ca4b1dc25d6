"""Upload and download the code and the weights of models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from bitfount_api import config, types
from bitfount_api._core import storage_operations
from bitfount_api._core.effects import run_endless, run_in_thread, sleep
from bitfount_api._core.redaction import redact
from bitfount_api._core.services import url_may_have_expired
from bitfount_api._generated import operations
from bitfount_api._generated.hub.api.models import get_model as _get_model
from bitfount_api._generated.hub.api.models import send_model as _send_model
from bitfount_api._generated.hub.api.models import send_weights as _send_weights
from bitfount_api._generated.hub.models import ModelUploadRequest, WeightsUploadRequest
from bitfount_api._generated.hub.types import UNSET
from bitfount_api._generated.types.hub import Upload
from bitfount_api._internal.files import atomic_write
from bitfount_api._internal.logs import get_logger
from bitfount_api._internal.validation import check_encodable, flag, quote
from bitfount_api._operations.downloads import (
    download,
    download_to_file_object,
    fetch,
    fetch_weights,
)
from bitfount_api._operations.streams import WeightsReader
from bitfount_api._operations.uploads import multipart, open_input, upload, upload_errors
from bitfount_api._transfer.compression import CompressedCopy
from bitfount_api._transfer.file_objects import Input, check_file_object, path_of, write_to
from bitfount_api._transfer.request_bodies import Source
from bitfount_api._transfer.targets import check_target
from bitfount_api.exceptions import (
    HTTPError,
    InvalidJSONError,
    ModelTooLargeError,
    ModelValidationError,
    NoModelCodeError,
    TransferError,
)
from bitfount_api.hashes import hash_contents, normalized
from bitfount_api.identifiers import model_name as checked_model_name
from bitfount_api.identifiers import model_version as checked_model_version
from bitfount_api.identifiers import path_part, user_name
from bitfount_api.models import BitfountModel, check_model_source, load_model_class
from bitfount_api.progress import ProgressReporter
from bitfount_api.transfers import MAX_DOWNLOAD_BYTES, Download, WrittenDownload

if TYPE_CHECKING:
    from pathlib import Path

    from bitfount_api._core.effects import Flow
    from bitfount_api._core.service_client import ServiceClient
    from bitfount_api.transfers import TransferOptions

# The logger's name is documented, so that programs can handle its records separately.
_logger = get_logger("bitfount_api.models")

_VERSION = re.compile(r"[0-9]{1,9}")
_STORAGE_UPLOADS = (storage_operations.UPLOAD_OBJECT.name, storage_operations.UPLOAD_PART.name)


def _tidy(value: Any) -> Any:
    """Return a response with its version as a number, even if the Hub wrote it as text."""
    if isinstance(value, dict):
        for name in ("version", "modelVersion"):
            if isinstance(text := value.get(name), str) and _VERSION.fullmatch(text):
                value[name] = int(text)
    return value


def get_model_details(
    hub: ServiceClient, username: str, model_name: str, version: int | None, project_id: str | None
) -> Flow[types.ModelDetails | None]:
    """Return a model's details, or log a warning and return None if there is no such model."""
    try:
        return (yield from retrieve(hub, username, model_name, version, project_id))
    except HTTPError as error:
        if error.status_code != 404:
            raise
        which = f"{username}/{model_name}" + ("" if version is None else f":{version}")
        _logger.warning("Model %s does not exist, or is not visible with these credentials", which)
        return None


def retrieve(
    hub: ServiceClient, username: str, model_name: str, version: int | None, project_id: str | None
) -> Flow[types.ModelDetails]:
    """Return a model's details, with the URLs of its code and weights.

    Raises:
        HTTPError: The Hub refused the request; with the status 404 if there is no such model.
        RequestException: The Hub is unreachable, or its response is not usable.
    """
    request = _get_model.build_request(
        modeller_name=user_name(username),
        model_name=checked_model_name(model_name),
        model_version=UNSET if version is None else checked_model_version(version),
        project_id=UNSET if project_id is None else path_part(project_id, "project id"),
    )
    return (yield from hub.get_json(operations.GET_MODEL, request, types.ModelDetails, _tidy))


def get_model_code(
    hub: ServiceClient, username: str, model_name: str, version: int | None, project_id: str | None
) -> Flow[bytes | None]:
    """Return a model's code after checking its hash, or None if there is no such model.

    Raises:
        ModelValidationError: The code does not have the hash that the Hub returned.
        NoModelCodeError: The project's usage limit is exhausted.
        InvalidJSONError: The Hub's response has no URL, or no hash.
        HTTPError: The Hub or object storage refused the request.
    """
    details = yield from get_model_details(hub, username, model_name, version, project_id)
    if details is None:
        return None
    url, expected = details.get("modelDownloadUrl"), details.get("modelHash")
    found = details.get("modelVersion")
    if not url and found is not None and project_id is not None:
        raise NoModelCodeError(
            f"the code of {username}/{model_name}:{found} is withheld from project {project_id}: "
            "its usage limit is exhausted. Ask the project's owner to raise it."
        )
    if not url or not expected:
        missing = "modelHash" if url else "modelDownloadUrl"
        raise InvalidJSONError(
            f"get_model: the Hub's response for {username}/{model_name} has no {missing}",
            operation=operations.GET_MODEL.name,
        )
    return (yield from download_code(hub, url, expected))


def download_code(hub: ServiceClient, url: str, expected: str) -> Flow[bytes]:
    r"""Return the code at a presigned URL, without ``\r``: exactly the bytes that are hashed.

    Raises:
        ModelValidationError: The code has another hash.
        HTTPError: Object storage refused the request.
    """
    code = normalized((yield from fetch(hub, url, limit=config.MAX_MODEL_BYTES)))
    actual = yield from run_in_thread(hash_contents, code)
    if actual != expected.lower():
        raise ModelValidationError(
            f"the model's code differs from the published code: its hash is {actual}, "
            f"not {redact(expected, limit=64)}. The code was not run."
        )
    return code


def get_model_source(
    hub: ServiceClient, username: str, model_name: str, version: int | None, project_id: str | None
) -> Flow[str | None]:
    """Return the result of :func:`get_model_code` as text.

    Raises:
        ModelValidationError: As for :func:`get_model_code`, or the code is not UTF-8.
    """
    code = yield from get_model_code(hub, username, model_name, version, project_id)
    try:
        return None if code is None else code.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelValidationError(
            f"the code of {username}/{model_name} is not UTF-8 text: {error}"
        ) from None


def get_model(
    hub: ServiceClient, username: str, model_name: str, version: int | None, project_id: str | None
) -> Flow[type[BitfountModel] | None]:
    """Run a model's checked code and return its class; None if it is missing or cannot run."""
    code = yield from get_model_code(hub, username, model_name, version, project_id)
    if code is None:
        return None
    return (yield from run_in_thread(load_model_class, code))


def get_model_from_url(
    hub: ServiceClient, url: str, expected: str
) -> Flow[type[BitfountModel] | None]:
    """Run the checked code at a presigned URL and return its class; None if it cannot run."""
    check_encodable("model_url", url)
    check_encodable("model_hash", expected)
    code = yield from download_code(hub, url, expected)
    return (yield from run_in_thread(load_model_class, code))


@attrs.frozen
class Weights:
    """The weights of one version of a model.

    Args:
        hub: The Hub.
        username: The user name of the model's owner.
        model_name: The model's name.
        version: The model's version.
        project_id: The project that grants access.
    """

    hub: ServiceClient
    username: str
    model_name: str
    version: int
    project_id: str | None

    def url(self) -> Flow[str | None]:
        """Return a presigned URL of the weights; None if there is no such model, or no weights."""
        details = yield from get_model_details(
            self.hub, self.username, self.model_name, self.version, self.project_id
        )
        return details.get("weightsDownloadUrl") if details else None

    def get(self, options: TransferOptions) -> Flow[bytes | None]:
        """Return the weights in memory; None as for :meth:`url`."""
        url = yield from self.url()
        if not url:
            return None
        what = f"{self.username}/{self.model_name}"
        return (yield from fetch_weights(self.hub, url, what, options, self.url))

    def download(
        self, file: object, options: TransferOptions
    ) -> Flow[Download | WrittenDownload | None]:
        """Stream the weights to a path or a file object; None as for :meth:`url`."""
        path = yield from _checked_target(file)
        url = yield from self.url()
        if not url:
            return None
        if path is not None:
            return (yield from download(self.hub, url, path, options, self.url))
        name = f"{self.model_name}.weights"
        return (yield from download_to_file_object(self.hub, url, file, name, options, self.url))

    def reader(self, options: TransferOptions) -> Flow[WeightsReader | None]:
        """Return a reader of the weights, before any of them are requested; None as above."""
        url = yield from self.url()
        return WeightsReader(self.hub, url, self.url, options.max_bytes) if url else None


def _checked_target(file: object) -> Flow[Path | None]:
    """Check what a download is written to; return its path, or None for a file object."""
    path = path_of(file)
    if path is None:
        check_file_object(file, "path", "write")
    else:
        yield from run_in_thread(check_target, path)
    return path


def get_weights_from_url(hub: ServiceClient, url: str, options: TransferOptions) -> Flow[bytes]:
    """Return the weights at a presigned URL."""
    check_encodable("weights_url", url)
    return (yield from fetch_weights(hub, url, "weights", options))


def download_model(
    hub: ServiceClient,
    username: str,
    model_name: str,
    version: int | None,
    file: object,
    project_id: str | None,
    options: TransferOptions,
) -> Flow[Download | WrittenDownload | None]:
    """Write a model's checked code to a path or a file object; None if there is no such model."""
    target = yield from _checked_target(file)
    code = yield from get_model_code(hub, username, model_name, version, project_id)
    if code is None:
        return None
    sha256 = yield from run_in_thread(hash_contents, code)
    name = f"{model_name}.py" if target is None else target.name
    reporter = ProgressReporter(options.progress, len(code), name)
    try:
        if target is None:
            yield from run_endless(write_to, file, code)
        else:
            yield from run_in_thread(atomic_write, target, code)
        reporter.add(len(code))
        yield from run_in_thread(reporter.close)
    except OSError as error:
        raise TransferError(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        reporter.close()
    if target is None:
        return WrittenDownload(len(code), sha256)
    return Download(target, len(code), sha256)


def send_model(
    hub: ServiceClient,
    file: object,
    *,
    private: bool,
    description: str,
    options: TransferOptions,
) -> Flow[types.ModelUpload]:
    """Validate a model's file without running it, then upload it.

    Args:
        hub: The Hub.
        file: The path of the file, its contents, or a file object.
        private: Whether the model is private.
        description: The model's description.
        options: The transfer options.

    Raises:
        ModelValidationError: The file is not a valid model. Nothing was sent.
        ModelTooLargeError: The code is over 3 MiB. Nothing was sent.
        ModelUploadError: The Hub or object storage refused the request, or is unreachable.
    """
    given = Input(file, "model_code_path", "the model's code")
    if not isinstance(description, str | None):
        raise ValueError(f"model_description must be a string, not {quote(description)}")
    check_encodable("model_description", description)
    hidden = flag(private, "private_model")
    with given:
        name, code = yield from _validated(given)
        request = _send_model.build_request(
            body=ModelUploadRequest(
                model_name=name,
                model_size=len(code),
                model_hash=(yield from run_in_thread(hash_contents, code)),
                private_model=hidden,
                model_description=description or UNSET,
            ),
            multipart_upload=multipart(len(code)),
        )
        source = Source.from_bytes(code, f"{name}.py" if given.path is None else given.name)
        with upload_errors(given):
            answer = yield from hub.submit(operations.SEND_MODEL, request, types.ModelUpload, _tidy)
            yield from upload(hub, answer, source, object_type="Model", options=options)
    return answer


def send_weights(
    hub: ServiceClient, model_name: str, version: int, file: object, *, options: TransferOptions
) -> Flow[None]:
    """Upload a model's weights, streamed from disk.

    Args:
        hub: The Hub.
        model_name: The model's name.
        version: The version that the weights belong to.
        file: The path of the file, the weights, or a file object.
        options: The transfer options.

    Raises:
        ModelTooLargeError: The weights are over 500 MiB, or with ``compress``, over 500 MiB after
            compression or :data:`MAX_DOWNLOAD_BYTES` before. Nothing was sent.
        ModelUploadError: The file cannot be read, or the Hub or object storage refused the request
            or is unreachable.
    """
    name, number = checked_model_name(model_name), checked_model_version(version)
    given = Input(file, "pretrained_file_path", f"{name}-{number}.weights")
    with upload_errors(given), given:
        # Downloads are limited by the size after decompression, however well the file compresses.
        limit = MAX_DOWNLOAD_BYTES if options.compress else config.MAX_WEIGHTS_BYTES
        source = yield from open_input(given, limit)
        if not options.compress:
            _check_size(given, source.size, config.MAX_WEIGHTS_BYTES)
            yield from _upload_weights(hub, name, number, source, options)
            return
        if source.size > limit:
            raise ModelTooLargeError(
                f"{given} has {given.shown(source.size, limit)} bytes; downloads are limited to "
                f"{limit:,} bytes by default"
            )
        yield from hub.authenticate()  # a user should not have to log in after minutes
        copy = CompressedCopy(source, config.MAX_WEIGHTS_BYTES)
        try:
            while (yield from run_in_thread(copy.step)):
                yield from sleep(0)  # checks the deadline
            if copy.size > config.MAX_WEIGHTS_BYTES:
                raise ModelTooLargeError(
                    f"{given} has over {config.MAX_WEIGHTS_BYTES:,} bytes even when compressed, "
                    "which is the most that the Hub accepts"
                )
            packed = yield from run_in_thread(copy.source)
            yield from _upload_weights(hub, name, number, packed, options)
            yield from run_in_thread(copy.discard)
        finally:
            copy.discard()


def _upload_weights(
    hub: ServiceClient, model_name: str, version: int, source: Source, options: TransferOptions
) -> Flow[None]:
    request = _send_weights.build_request(
        body=WeightsUploadRequest(
            model_name=model_name, model_version=version, weight_size=source.size
        ),
        multipart_upload=multipart(source.size),
    )
    for attempt in (1, 2):
        answer = yield from hub.submit(operations.SEND_WEIGHTS, request, Upload)
        try:
            yield from upload(hub, answer, source, object_type="Model", options=options)
        except HTTPError as refused:
            # The Hub returns new presigned URLs for the same weights, but not for the same code, so
            # this is done for weights only.
            expired = refused.operation in _STORAGE_UPLOADS and url_may_have_expired(refused)
            if not expired or attempt == 2:
                raise
        else:
            return


def _validated(given: Input) -> Flow[tuple[str, bytes]]:
    r"""Return a valid model's name, and its code as it is sent: UTF-8, lines that end in ``\n``."""
    limit = 2 * config.MAX_MODEL_BYTES  # a file of empty \r\n lines shrinks to half
    try:
        source = yield from open_input(given, limit)
        if source.size > limit:
            _check_size(given, source.size, config.MAX_MODEL_BYTES)
        data = yield from run_in_thread(b"".join, source.chunks(0, source.size))
    except TransferError as error:
        raise ModelValidationError(str(error)) from error
    try:
        text = data.decode("utf-8")
    except UnicodeError as error:
        raise ModelValidationError(f"{given} is not UTF-8 text: {error}") from None
    code = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8")
    _check_size(given, len(code), config.MAX_MODEL_BYTES)
    stem = None if given.path is None else given.path.stem
    return (yield from run_in_thread(check_model_source, code, stem, given.name)), code


def _check_size(given: Input, size: int, limit: int) -> None:
    if size > limit:
        raise ModelTooLargeError(
            f"{given} has {given.shown(size, limit)} bytes; the Hub accepts {limit:,} at most"
        )
