"""Models: their code and their weights, sent and got."""

from __future__ import annotations

import logging
import stat
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
from bitfount_hub_client.api.models import get_model as _get_model
from bitfount_hub_client.api.models import send_model as _send_model
from bitfount_hub_client.api.models import send_weights as _send_weights
from bitfount_hub_client.models import ModelUploadRequest, WeightsUploadRequest
from bitfount_hub_client.types import UNSET

from bitfount_api import config, types
from bitfount_api._call import Pause, Work
from bitfount_api._discretion import tell
from bitfount_api._disk import write_file
from bitfount_api._flows import operations
from bitfount_api._flows.downloads import download, fetch, fetch_weights
from bitfount_api._flows.registration import in_parts
from bitfount_api._flows.uploads import upload
from bitfount_api._transfer.files import Source
from bitfount_api._transfer.packing import PackedCopy
from bitfount_api.exceptions import (
    HTTPError,
    InvalidJSONError,
    ModelTooLargeError,
    ModelUploadError,
    ModelValidationError,
    NoModelCodeError,
    RequestException,
    TransferError,
)
from bitfount_api.hashes import hash_contents, normalized
from bitfount_api.identifiers import model_name as checked_model_name
from bitfount_api.identifiers import model_version as checked_model_version
from bitfount_api.identifiers import path_part, user_name
from bitfount_api.models import BitfountModel, check_model_source, load_model_class
from bitfount_api.progress import Meter
from bitfount_api.transfers import MOST_BYTES, Download

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitfount_api._call import Flow
    from bitfount_api._flows.remote import Remote
    from bitfount_api.transfers import TransferOptions

# The documented name: programs may handle these lines apart from others.
_log = logging.getLogger("bitfount_api.models")

_INTO_STORAGE = (operations.UPLOAD_OBJECT.name, operations.UPLOAD_PART.name)


def get_model_details(
    hub: Remote, username: str, model_name: str, version: int | None, project_id: str | None
) -> Flow[types.ModelDetails | None]:
    """Where a model's code and weights are; None, and a line in the log, if there is none."""
    try:
        return (yield from retrieve(hub, username, model_name, version, project_id))
    except HTTPError as error:
        if error.status_code != 404:
            raise
        which = f"{username}/{model_name}" + ("" if version is None else f":{version}")
        _log.warning("There is no model %s that these credentials may see", which)
        return None


def retrieve(
    hub: Remote, username: str, model_name: str, version: int | None, project_id: str | None
) -> Flow[types.ModelDetails]:
    """Return where a model's code and weights are.

    Raises:
        HTTPError: The Hub refused; with the status 404 if there is no such model.
        RequestException: The Hub could not be reached, or its answer is not usable.
    """
    request = _get_model._get_kwargs(
        modeller_name=user_name(username),
        model_name=checked_model_name(model_name),
        model_version=UNSET if version is None else checked_model_version(version),
        project_id=UNSET if project_id is None else path_part(project_id, "project id"),
    )
    return (yield from hub.ask_json(operations.GET_MODEL, request, types.ModelDetails))


def get_model_code(
    hub: Remote, username: str, model_name: str, version: int | None, project_id: str | None
) -> Flow[bytes | None]:
    """The text of a model that has the hash the Hub gives for it; None if there is no such model.

    Raises:
        ModelValidationError: The text has another hash.
        NoModelCodeError: The project's usage limit is spent.
        InvalidJSONError: The Hub gives no URL, or no hash.
        HTTPError: The Hub or object storage refused.
    """
    details = yield from get_model_details(hub, username, model_name, version, project_id)
    if details is None:
        return None
    url, expected = details.get("modelDownloadUrl"), details.get("modelHash")
    if not url and version is not None and project_id is not None:
        raise NoModelCodeError(
            f"the Hub withholds the code of {username}/{model_name}:{version} from project "
            f"{project_id}: its usage limit is spent. Ask the project's owner to raise it."
        )
    if not url or not expected:
        missing = "modelHash" if url else "modelDownloadUrl"
        raise InvalidJSONError(
            f"get_model: the Hub's answer for {username}/{model_name} has no {missing}",
            operation=operations.GET_MODEL.name,
        )
    return (yield from checked_code(hub, url, expected))


def checked_code(hub: Remote, url: str, expected: str) -> Flow[bytes]:
    r"""The text at a presigned URL, without its ``\r``: exactly what the hash was made of.

    Raises:
        ModelValidationError: It has another hash.
        HTTPError: Object storage refused.
    """
    code = normalized((yield from fetch(hub, url, most=config.MAX_MODEL_BYTES)))
    actual: str = yield Work(partial(hash_contents, code))
    if actual != expected.lower():
        raise ModelValidationError(
            f"the model's code is not what was published: its hash is {actual}, "
            f"not {tell(expected, most=64)}. It was not run."
        )
    return code


def get_model_text(
    hub: Remote, username: str, model_name: str, version: int | None, project_id: str | None
) -> Flow[str | None]:
    """:func:`get_model_code` as text.

    Raises:
        ModelValidationError: As there, or the code is not UTF-8.
    """
    code = yield from get_model_code(hub, username, model_name, version, project_id)
    try:
        return None if code is None else code.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelValidationError(
            f"the code of {username}/{model_name} is not UTF-8 text: {error}"
        ) from None


def get_model(
    hub: Remote, username: str, model_name: str, version: int | None, project_id: str | None
) -> Flow[type[BitfountModel] | None]:
    """Run a model's checked code and give its class; None if there is none, or it cannot run."""
    code = yield from get_model_code(hub, username, model_name, version, project_id)
    if code is None:
        return None
    model: type[BitfountModel] | None = yield Work(partial(load_model_class, code))
    return model


def get_model_from_url(hub: Remote, url: str, expected: str) -> Flow[type[BitfountModel] | None]:
    """Run the checked code at a presigned URL and give its class; None if it cannot run."""
    code = yield from checked_code(hub, url, expected)
    model: type[BitfountModel] | None = yield Work(partial(load_model_class, code))
    return model


@attrs.frozen
class Weights:
    """The weights of one version of a model.

    Args:
        hub: The Hub that knows where they are.
        username: The model's owner.
        model_name: The model.
        version: Its version.
        project_id: The project that grants the access.
    """

    hub: Remote
    username: str
    model_name: str
    version: int
    project_id: str | None

    def url(self) -> Flow[str | None]:
        """Where they are now; None if there is no such model, or none have been uploaded."""
        details = yield from get_model_details(
            self.hub, self.username, self.model_name, self.version, self.project_id
        )
        return details.get("weightsDownloadUrl") if details else None

    def get(self, options: TransferOptions) -> Flow[bytes | None]:
        """What they are, in memory; None as for :meth:`url`."""
        url = yield from self.url()
        if not url:
            return None
        what = f"{self.username}/{self.model_name}"
        return (yield from fetch_weights(self.hub, url, what, options, self.url))

    def download(self, path: Path, options: TransferOptions) -> Flow[Download | None]:
        """Stream them to disk; None as for :meth:`url`."""
        url = yield from self.url()
        if not url:
            return None
        return (yield from download(self.hub, url, path, options, self.url))


def get_weights_from_url(hub: Remote, url: str, options: TransferOptions) -> Flow[bytes]:
    """The weights at a presigned URL."""
    return (yield from fetch_weights(hub, url, "weights", options))


def download_model(
    hub: Remote,
    username: str,
    model_name: str,
    version: int | None,
    path: Path,
    project_id: str | None,
    options: TransferOptions,
) -> Flow[Download | None]:
    """Write a model's checked code to a file; None if there is no such model."""
    target = Path(path)
    code = yield from get_model_code(hub, username, model_name, version, project_id)
    if code is None:
        return None
    meter = Meter(options.progress, len(code), target.name)
    try:
        yield Work(partial(write_file, target, code))
        meter.add(len(code))
        yield Work(meter.close)
    except OSError as error:
        raise TransferError(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        meter.close()
    return Download(target, len(code), hash_contents(code))


def send_model(
    hub: Remote, path: Path, *, private: bool, description: str | None, options: TransferOptions
) -> Flow[types.ModelUpload]:
    """Check a model's file by reading it, then store it.

    Raises:
        ModelValidationError: It is no proper model. Nothing was sent.
        ModelTooLargeError: It is over 3 MiB. Nothing was sent.
        ModelUploadError: The Hub, or object storage, refused.
    """
    path = Path(path)
    code: bytes = yield Work(partial(_checked_file, path))
    request = _send_model._get_kwargs(
        body=ModelUploadRequest(
            model_name=path.stem,
            model_size=len(code),
            model_hash=(yield Work(partial(hash_contents, code))),
            private_model=bool(private),
            model_description=UNSET if description is None else description,
        ),
        multipart_upload=in_parts(len(code)),
    )
    with _as_upload_error(path):
        answer = yield from hub.ask_to_take(operations.SEND_MODEL, request, types.ModelUpload)
        yield from upload(
            hub, answer, Source.of_bytes(code, path.name), object_type="Model", options=options
        )
    return answer


def send_weights(
    hub: Remote, model_name: str, version: int, path: Path, *, options: TransferOptions
) -> Flow[None]:
    """Store a model's weights, streamed from disk.

    Raises:
        ModelTooLargeError: They are over 500 MiB, packed where that is wanted. Nothing was sent.
        ModelUploadError: The file cannot be read, or the Hub, or object storage, refused.
    """
    path = Path(path)
    name, number = checked_model_name(model_name), checked_model_version(version)
    with _as_upload_error(path):
        source: Source = yield Work(partial(Source.of_file, path))
        if not options.compress:
            _check_size(path, source.size, config.MAX_WEIGHTS_BYTES)
            yield from _upload_weights(hub, name, number, source, options)
            return
        # What could not be got back by default is not sent, however small it is packed.
        _check_size(path, source.size, MOST_BYTES)
        copy = PackedCopy(source, config.MAX_WEIGHTS_BYTES)
        try:
            while (yield Work(copy.step)):
                yield Pause(0)  # looks at the deadline
            if copy.size > config.MAX_WEIGHTS_BYTES:
                raise ModelTooLargeError(
                    f"{path} has over {config.MAX_WEIGHTS_BYTES:,} bytes, which is the most that "
                    "the Hub takes, compressed as well"
                )
            packed: Source = yield Work(copy.packed)
            yield from _upload_weights(hub, name, number, packed, options)
            yield Work(copy.discard)
        finally:
            copy.discard()


def _upload_weights(
    hub: Remote, model_name: str, version: int, source: Source, options: TransferOptions
) -> Flow[None]:
    request = _send_weights._get_kwargs(
        body=WeightsUploadRequest(
            model_name=model_name, model_version=version, weight_size=source.size
        ),
        multipart_upload=in_parts(source.size),
    )
    for attempt in (1, 2):
        answer = yield from hub.ask_to_take(operations.SEND_WEIGHTS, request, types.ModelUpload)
        try:
            yield from upload(hub, answer, source, object_type="Model", options=options)
        except HTTPError as refused:
            # The time of its URLs may be over. The Hub gives others for the same weights, but no
            # second version of a model: that is why this is for weights alone.
            expired = refused.operation in _INTO_STORAGE and refused.status_code in (400, 403)
            if not expired or attempt == 2:
                raise
        else:
            return


def _checked_file(path: Path) -> bytes:
    r"""A model's file as it is sent: UTF-8, lines ended by ``\n``; found to be a proper model."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ModelValidationError(f"{path} is not a file")
        # Half, as a file whose every line ends in \r\n may shrink to that when it is read.
        _check_size(path, status.st_size // 2, config.MAX_MODEL_BYTES)
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ModelValidationError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeError as error:
        raise ModelValidationError(f"{path} is not UTF-8 text: {error}") from None
    code = text.encode("utf-8")
    _check_size(path, len(code), config.MAX_MODEL_BYTES)
    check_model_source(code, path.stem)
    return code


def _check_size(path: Path, size: int, most: int) -> None:
    if size > most:
        raise ModelTooLargeError(f"{path} has {size:,} bytes; the Hub takes {most:,} at most")


@contextmanager
def _as_upload_error(path: Path) -> Iterator[None]:
    try:
        yield
    except (RequestException, TransferError) as error:
        raise ModelUploadError(f"{path.name} could not be stored: {error}") from error
