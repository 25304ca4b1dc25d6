"""Results of the documented methods for models and weights, for each answer of the Hub."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.fake_services import STORAGE

import bitfount_api
import bitfount_api.async_hub
import bitfount_api.hub
from bitfount_api import (
    BitfountModel,
    BitfountSession,
    HTTPError,
    InvalidJSONError,
    ModelTooLargeError,
    ModelUploadError,
    ModelValidationError,
    NoModelCodeError,
    TransferError,
    config,
    hash_contents,
)
from bitfount_api.auth.anonymous import AnonymousHandler

if TYPE_CHECKING:
    from support.fake_services import FakeServices

CODE = b"from bitfount_api import BitfountModel\n\n\nclass Net(BitfountModel):\n    pass\n"
URL = f"{STORAGE}/model?X-Amz-Signature=secret"
DETAILS = {"modelDownloadUrl": URL, "modelHash": hash_contents(CODE), "modelVersion": 2}
FORM = {"success": True, "version": 1, "uploadUrl": f"{STORAGE}/b", "uploadFields": {"key": "k"}}


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    path = tmp_path / "Net.py"
    path.write_bytes(CODE)
    return path


# --- get_model, get_model_code -------------------------------------------------------------------


@pytest.mark.documented(
    "BitfountHub.get_model", "username", "model_name", "model_version", "project_id", "returns"
)
def test_get_model_returns_the_class_of_the_code(services: FakeServices) -> None:
    services.json(DETAILS)
    services.answer(httpx.Response(200, content=CODE))
    model = services.hub("get_model", "bob", "Net", 2, "p1")
    assert model.__name__ == "Net"
    assert issubclass(model, BitfountModel)
    query = dict(services.requests[0].url.params)
    assert query == {
        "modellerName": "bob", "modelName": "Net", "modelVersion": "2", "projectId": "p1",
    }  # fmt: skip
    assert "x-api-key" not in services.requests[1].headers


def test_retrieve_model_returns_details_after_one_request(services: FakeServices) -> None:
    services.json({**DETAILS, "new": 1})
    assert services.hub("retrieve_model", "bob", "Net", 2, "p1") == {**DETAILS, "new": 1}
    assert [dict(request.url.params) for request in services.requests] == [
        {"modellerName": "bob", "modelName": "Net", "modelVersion": "2", "projectId": "p1"}
    ]


def test_retrieve_model_without_version_asks_for_latest(services: FakeServices) -> None:
    services.json(DETAILS)
    assert services.hub("retrieve_model", "bob", "Net") == DETAILS
    assert dict(services.requests[0].url.params) == {"modellerName": "bob", "modelName": "Net"}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_retrieve_model_refused_raises_http_error(
    services: FakeServices, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    services.answer(httpx.Response(status, json={"success": False, "errorMessage": "not now"}))
    with pytest.raises(HTTPError, match="not now") as caught:
        services.hub("retrieve_model", "bob", "Net", 2)
    assert caught.value.status_code == status
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_missing_model_is_logged_under_the_documented_name(
    services: FakeServices, caplog: pytest.LogCaptureFixture
) -> None:
    services.json({"success": False}, 404)
    assert services.hub("get_weights", "bob", "Net", 1) is None
    assert [record.name for record in caplog.records if record.levelname == "WARNING"] == [
        "bitfount_api.models"
    ]


@pytest.mark.documented("BitfountHub.get_model", "None")
@pytest.mark.parametrize("name", ["get_model", "get_model_code", "get_weights"])
def test_unknown_model_returns_none_after_one_request(
    services: FakeServices, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    services.json({"success": False, "errorMessage": "no such model"}, 404)
    version = (1,) if name == "get_weights" else ()
    assert services.hub(name, "bob", "Net", *version) is None
    assert len(services.requests) == 1
    assert "bob/Net" in caplog.text


@pytest.mark.documented("BitfountHub.get_model", "HTTPError")
@pytest.mark.documented("BitfountHub.get_weights", "HTTPError")
@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
@pytest.mark.parametrize("name", ["get_model", "get_model_code", "get_weights"])
def test_rejected_request_raises_http_error(services: FakeServices, name: str, status: int) -> None:
    services.json({"errorMessage": "because"}, status)
    version = (1,) if name == "get_weights" else ()
    with pytest.raises(HTTPError, match="because"):
        services.hub(name, "bob", "Net", *version)


@pytest.mark.documented("BitfountHub.get_model", "ModelValidationError")
@pytest.mark.parametrize("name", ["get_model", "get_model_code"])
def test_code_with_another_hash_is_not_run(
    services: FakeServices, name: str, tmp_path: Path
) -> None:
    mark = tmp_path / "it ran"
    services.json(DETAILS)
    services.answer(httpx.Response(200, content=CODE + b"open(%r, 'w')" % str(mark)))
    with pytest.raises(ModelValidationError, match="was not run"):
        services.hub(name, "bob", "Net")
    assert not mark.exists()


def test_code_without_carriage_returns_has_the_same_hash(services: FakeServices) -> None:
    services.json(DETAILS)
    services.answer(httpx.Response(200, content=CODE.replace(b"\n", b"\r\n")))
    assert services.hub("get_model_code", "bob", "Net") == CODE.decode()


@pytest.mark.documented("BitfountHub.get_model", "NoModelCodeError")
@pytest.mark.parametrize("version", [1, None])
@pytest.mark.parametrize("name", ["get_model", "get_model_code", "download_model"])
def test_exhausted_project_limit_raises_no_model_code_error(
    services: FakeServices, name: str, version: int | None
) -> None:
    services.json({"modelHash": "0" * 64, "modelVersion": 3})
    arguments = {"path": Path("Net.py")} if name == "download_model" else {}
    with pytest.raises(NoModelCodeError, match=r"bob/Net:3 .*limit is exhausted"):
        services.hub(name, "bob", "Net", model_version=version, project_id="p1", **arguments)


def test_exhausted_limit_leaves_weights_out(services: FakeServices) -> None:
    services.json({"modelHash": "0" * 64, "modelVersion": 3})
    assert services.hub("get_weights", "bob", "Net", 3, "p1") is None


@pytest.mark.parametrize("name", ["retrieve_model", "get_weights"])
def test_version_may_be_text(services: FakeServices, name: str) -> None:
    services.json({"modelHash": "0" * 64, "modelVersion": 3})
    services.hub(name, "bob", "Net", "3")
    assert services.requests[0].url.params["modelVersion"] == "3"


def test_version_of_sent_weights_may_be_text(services: FakeServices, tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    path.write_bytes(b"w")
    services.json({"success": True, "alreadyExisted": True})
    services.hub("send_weights", "Net", "3", path)
    assert json.loads(services.requests[0].content)["modelVersion"] == 3


@pytest.mark.documented("BitfountHub.get_model", "InvalidJSONError")
@pytest.mark.parametrize(
    ("arguments", "details", "missing"),
    [
        ((), {"modelHash": "0" * 64}, "modelDownloadUrl"),
        ((1,), {"modelHash": "0" * 64}, "modelDownloadUrl"),
        ((None, "p1"), {"modelHash": "0" * 64}, "modelDownloadUrl"),
        ((), {"modelDownloadUrl": URL}, "modelHash"),
    ],
)
def test_answer_without_required_fields_raises(
    services: FakeServices, arguments: tuple[Any, ...], details: dict[str, Any], missing: str
) -> None:
    services.json(details)
    with pytest.raises(InvalidJSONError, match=missing):
        services.hub("get_model", "bob", "Net", *arguments)


def test_storage_error_for_code_raises_http_error(services: FakeServices) -> None:
    services.json(DETAILS)
    services.answer(httpx.Response(404, text="<Error><Code>NoSuchKey</Code></Error>"))
    with pytest.raises(HTTPError, match="NoSuchKey") as caught:
        services.hub("get_model", "bob", "Net")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["get_model", "get_model_code"])
def test_code_over_3_mib_is_rejected_despite_valid_hash(services: FakeServices, name: str) -> None:
    code = CODE + b"#" * (config.MAX_MODEL_BYTES + 1 - len(CODE))
    services.json({**DETAILS, "modelHash": hash_contents(code)})
    services.answer(httpx.Response(200, content=code))
    with pytest.raises(TransferError, match="more than the 3,145,728 bytes"):
        services.hub(name, "bob", "Net")


def test_code_of_exactly_3_mib_is_accepted(services: FakeServices) -> None:
    code = CODE + b"#" * (config.MAX_MODEL_BYTES - len(CODE))
    services.json({**DETAILS, "modelHash": hash_contents(code)})
    services.answer(httpx.Response(200, content=code))
    assert services.hub("get_model_code", "bob", "Net") == code.decode()


@pytest.mark.documented("BitfountHub.get_model", "None, not loaded")
@pytest.mark.parametrize("code", [b"class Net(:", b"import nothing_of_this_name\n", b"x = 1\n"])
def test_code_that_fails_to_load_returns_none_and_logs(
    services: FakeServices, code: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    services.json({**DETAILS, "modelHash": hash_contents(code)})
    services.answer(httpx.Response(200, content=code))
    assert services.hub("get_model", "bob", "Net") is None
    assert caplog.records


def test_code_that_is_not_utf_8_raises(services: FakeServices) -> None:
    code = b"# \xff\n"
    services.json({**DETAILS, "modelHash": hash_contents(code)})
    services.answer(httpx.Response(200, content=code))
    with pytest.raises(ModelValidationError, match="not UTF-8"):
        services.hub("get_model_code", "bob", "Net")


@pytest.mark.parametrize(
    "arguments",
    [("../eve", "Net"), ("bob", ""), ("bob", "a/b"), ("bob", "Net", -1), ("bob", "Net", 1, "../x")],
)
def test_invalid_name_raises_before_any_request(
    services: FakeServices, arguments: tuple[Any, ...]
) -> None:
    with pytest.raises(ValueError):
        services.hub("get_model", *arguments)
    assert services.requests == []


# --- from URLs -----------------------------------------------------------------------------------


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch, services: FakeServices) -> FakeServices:
    """Make the session created for presigned URLs use the fake services of the test."""
    handle = services._ahandle if services.asynchronous else services._handle

    def anonymous() -> BitfountSession:
        return BitfountSession(AnonymousHandler(), transport=httpx.MockTransport(handle))

    module = bitfount_api.async_hub if services.asynchronous else bitfount_api.hub
    monkeypatch.setattr(module, "_anonymous", anonymous)
    return services


def static(services: FakeServices, name: str, *arguments: Any) -> Any:
    import asyncio

    hub = bitfount_api.AsyncBitfountHub if services.asynchronous else bitfount_api.BitfountHub
    result = getattr(hub, name)(*arguments)
    return asyncio.run(result) if services.asynchronous else result


@pytest.mark.documented("BitfountHub.get_model_from_url", "model_url", "returns")
def test_model_from_url_returns_the_class(storage: FakeServices) -> None:
    storage.answer(httpx.Response(200, content=CODE))
    assert static(storage, "get_model_from_url", URL, hash_contents(CODE)).__name__ == "Net"
    assert not {"x-api-key", "authorization"} & set(storage.requests[0].headers)


@pytest.mark.documented("BitfountHub.get_model_from_url", "model_hash", "ModelValidationError")
def test_model_from_url_with_another_hash_raises(storage: FakeServices) -> None:
    storage.answer(httpx.Response(200, content=CODE))
    with pytest.raises(ModelValidationError):
        static(storage, "get_model_from_url", URL, "0" * 64)


@pytest.mark.documented("BitfountHub.get_model_from_url", "None")
def test_model_from_url_that_fails_to_load_returns_none(storage: FakeServices) -> None:
    storage.answer(httpx.Response(200, content=b"x = ("))
    assert static(storage, "get_model_from_url", URL, hash_contents(b"x = (")) is None


@pytest.mark.documented("BitfountHub.get_weights_from_url", "weights_url", "returns")
def test_weights_from_url_returns_bytes(storage: FakeServices) -> None:
    storage.answer(httpx.Response(200, content=b"\x00\x01"))
    assert static(storage, "get_weights_from_url", URL) == b"\x00\x01"


def test_storage_error_for_url_hides_its_query(storage: FakeServices) -> None:
    storage.answer(httpx.Response(403, text="<Error><Code>AccessDenied</Code></Error>"))
    with pytest.raises(HTTPError, match="AccessDenied") as caught:
        static(storage, "get_weights_from_url", URL)
    assert "secret" not in str(caught.value)


# --- get_weights ---------------------------------------------------------------------------------


@pytest.mark.documented(
    "BitfountHub.get_weights", "username", "model_name", "model_version", "returns"
)
def test_get_weights_returns_bytes(services: FakeServices) -> None:
    services.json({**DETAILS, "weightsDownloadUrl": f"{STORAGE}/weights"})
    services.answer(httpx.Response(200, content=b"\x00\x01"))
    assert services.hub("get_weights", "bob", "Net", 2) == b"\x00\x01"


@pytest.mark.documented("BitfountHub.get_weights", "project_id")
def test_get_weights_sends_the_project_id(services: FakeServices) -> None:
    services.json({**DETAILS, "weightsDownloadUrl": f"{STORAGE}/weights"})
    services.answer(httpx.Response(200, content=b"\x00\x01"))
    assert services.hub("get_weights", "bob", "Net", 2, "p1") == b"\x00\x01"
    assert services.requests[0].url.params["projectId"] == "p1"


@pytest.mark.documented("BitfountHub.get_weights", "None")
@pytest.mark.parametrize("url", [{}, {"weightsDownloadUrl": None}, {"weightsDownloadUrl": ""}])
def test_missing_weights_return_none(services: FakeServices, url: dict[str, Any]) -> None:
    services.json({**DETAILS, **url})
    assert services.hub("get_weights", "bob", "Net", 2) is None


# --- send_model ----------------------------------------------------------------------------------


@pytest.mark.documented(
    "BitfountHub.send_model",
    "model_code_path",
    "private_model",
    "model_description",
    "returns",
)
def test_send_model_returns_the_answer_of_the_hub(services: FakeServices, model_file: Path) -> None:
    services.json(FORM)
    services.answer(httpx.Response(204))
    assert services.hub("send_model", model_file, True, "small") == FORM
    assert json.loads(services.requests[0].content) == {
        "modelName": "Net",
        "modelSize": len(CODE),
        "modelHash": hash_contents(CODE),
        "privateModel": True,
        "modelDescription": "small",
    }
    assert b'filename="Net.py"' in services.requests[1].content
    assert CODE in services.requests[1].content


def test_code_is_sent_with_plain_newlines(services: FakeServices, model_file: Path) -> None:
    model_file.write_bytes(CODE.replace(b"\n", b"\r\n"))
    services.json(FORM)
    services.answer(httpx.Response(204))
    services.hub("send_model", model_file)
    assert json.loads(services.requests[0].content)["modelSize"] == len(CODE)
    assert CODE in services.requests[1].content


@pytest.mark.documented("BitfountHub.send_model", "ModelValidationError")
@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "Net.py is empty"),
        (b"# nothing", "it defines no class"),
        (b"class Net(:", "not valid Python"),
        (b"class Net: pass", "model class"),
        (CODE.replace(b"Net", b"Other"), "Net"),
        (CODE + CODE.replace(b"Net", b"Two"), "model class"),
        (b"\xff" + CODE, "UTF-8"),
    ],
)
def test_invalid_model_file_raises_before_any_request(
    services: FakeServices, model_file: Path, content: bytes, complaint: str
) -> None:
    model_file.write_bytes(content)
    with pytest.raises(ModelValidationError, match=complaint):
        services.hub("send_model", model_file)
    assert services.requests == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("a description",), "private_model must be True or False, not 'a description'"),
        ((None,), "private_model must be True or False"),
        ((False, 3), "model_description must be a string, not 3"),
        ((False, True), "model_description must be a string"),
    ],
)
def test_odd_argument_of_send_model_raises_unsent(
    services: FakeServices, model_file: Path, arguments: tuple[Any, ...], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        services.hub("send_model", model_file, *arguments)
    assert services.requests == []


@pytest.mark.parametrize(
    ("path", "complaint"),
    [(Path, "a class: pass its file"), (None, "a None"), (["Net.py"], "a list")],
)
def test_model_that_is_not_a_path_raises(services: FakeServices, path: Any, complaint: str) -> None:
    accepted = "must be a path, bytes or a binary file, not"
    with pytest.raises(TypeError, match=f"model_code_path {accepted} {complaint}"):
        services.hub("send_model", path)
    with pytest.raises(TypeError, match=f"pretrained_file_path {accepted} {complaint}"):
        services.hub("send_weights", "Net", 1, path)
    assert services.requests == []


def test_missing_model_file_raises(services: FakeServices, tmp_path: Path) -> None:
    with pytest.raises(ModelValidationError, match="cannot be read"):
        services.hub("send_model", tmp_path / "Net.py")


@pytest.mark.documented("BitfountHub.send_model", "ModelTooLargeError")
def test_model_over_3_mib_raises_before_any_request(
    services: FakeServices, model_file: Path
) -> None:
    model_file.write_bytes(CODE + b"#" * config.MAX_MODEL_BYTES)
    with pytest.raises(ModelTooLargeError, match="at most") as caught:
        services.hub("send_model", model_file)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, ModelUploadError)
    assert services.requests == []


def test_model_far_over_3_mib_is_not_read(
    services: FakeServices, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with model_file.open("wb") as file:
        file.truncate(2 * config.MAX_MODEL_BYTES + 2)  # sparse: uses no disk space

    def read_text(*_: Any, **__: Any) -> str:
        raise AssertionError("the file was read")

    monkeypatch.setattr(Path, "read_text", read_text)
    with pytest.raises(ModelTooLargeError, match="3,145,728 at most"):
        services.hub("send_model", model_file)


def test_send_model_does_not_run_the_file(
    services: FakeServices, model_file: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "it ran"
    model_file.write_bytes(CODE + b"open(%r, 'w')\nimport torch, bitfount\n" % str(mark))
    services.json({"success": True, "alreadyExisted": True, "version": 3})
    assert services.hub("send_model", model_file)["version"] == 3
    assert not mark.exists()


REFUSALS = [
    httpx.Response(200, json={"success": False, "errorMessage": "no room for it"}),
    httpx.Response(413, json={"errorMessage": "no room for it"}),
    httpx.Response(500, text="no room for it"),
]


@pytest.mark.documented("BitfountHub.send_model", "ModelUploadError")
@pytest.mark.documented("BitfountHub.send_weights", "ModelUploadError")
@pytest.mark.parametrize("number", range(len(REFUSALS)))
@pytest.mark.parametrize("name", ["send_model", "send_weights"])
def test_upload_rejected_by_the_hub_raises_upload_error(
    services: FakeServices, model_file: Path, name: str, number: int
) -> None:
    answer = REFUSALS[number]
    services.answer(
        httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)
    )
    arguments = (model_file,) if name == "send_model" else ("Net", 1, model_file)
    with pytest.raises(ModelUploadError, match=r"no room for it|500"):
        services.hub(name, *arguments)


@pytest.mark.parametrize("name", ["send_model", "send_weights"])
def test_upload_rejected_by_storage_raises_upload_error(
    services: FakeServices, model_file: Path, name: str
) -> None:
    services.json(FORM)
    services.answer(httpx.Response(413, text="<Error><Code>EntityTooLarge</Code></Error>"))
    arguments = (model_file,) if name == "send_model" else ("Net", 1, model_file)
    with pytest.raises(ModelUploadError, match="EntityTooLarge") as caught:
        services.hub(name, *arguments)
    assert isinstance(caught.value.__cause__, HTTPError)


# --- send_weights --------------------------------------------------------------------------------


@pytest.mark.documented(
    "BitfountHub.send_weights", "model_name", "model_version", "pretrained_file_path", "returns"
)
@pytest.mark.parametrize("status", [200, 201, 203, 204])
def test_send_weights_returns_none(services: FakeServices, tmp_path: Path, status: int) -> None:
    path = tmp_path / "w.pt"
    path.write_bytes(b"weights")
    services.json(FORM)
    services.answer(httpx.Response(status))
    assert services.hub("send_weights", "Net", 1, path) is None
    sent = json.loads(services.requests[0].content)
    assert sent == {"modelName": "Net", "modelVersion": 1, "weightSize": 7}
    assert services.requests[0].method == "PUT"


@pytest.mark.documented("BitfountHub.send_weights", "ModelTooLargeError")
def test_weights_over_500_mib_raise_before_any_request(
    services: FakeServices, tmp_path: Path
) -> None:
    path = tmp_path / "w.pt"
    with path.open("wb") as file:
        file.truncate(config.MAX_WEIGHTS_BYTES + 1)  # sparse: uses no disk space
    with pytest.raises(ModelTooLargeError, match="524,288,000 at most") as caught:
        services.hub("send_weights", "Net", 1, path)
    assert isinstance(caught.value, ValueError)
    assert services.requests == []


def test_unreadable_weights_raise_upload_error(services: FakeServices, tmp_path: Path) -> None:
    with pytest.raises(ModelUploadError, match=r"w\.pt"):
        services.hub("send_weights", "Net", 1, tmp_path / "w.pt")
    assert services.requests == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such file names")
@pytest.mark.parametrize("compress", [False, True])
def test_file_name_that_is_not_utf8_is_rejected_unsent(
    services: FakeServices, tmp_path: Path, compress: bool
) -> None:
    path = tmp_path / os.fsdecode(b"w\xff.pt")
    path.write_bytes(b"weights")
    with pytest.raises(ModelUploadError, match=r"'w\\udcff\.pt' is not UTF-8") as caught:
        services.hub("send_weights", "Net", 1, path, compress=compress)
    assert str(caught.value).isascii()
    assert services.requests == []


def test_version_that_the_hub_writes_as_text_is_a_number(
    services: FakeServices, model_file: Path
) -> None:
    services.json({"success": True, "alreadyExisted": True, "version": "3"})
    assert services.hub("send_model", model_file)["version"] == 3
    services.json({**DETAILS, "modelVersion": "03"})
    assert services.hub("retrieve_model", "bob", "Net")["modelVersion"] == 3


@pytest.mark.parametrize("version", ["", "latest", "-1", "1.0", "٣", "1" * 5000, True])
def test_version_that_is_no_number_raises_our_error(services: FakeServices, version: Any) -> None:
    services.json({**DETAILS, "modelVersion": version})
    with pytest.raises(InvalidJSONError, match="modelVersion"):
        services.hub("retrieve_model", "bob", "Net")


SENT = [
    ("class Net(BitfountModel): ...", True),
    ("class Net(BitfountModel): ...\ndef Net(): ...", False),
    ("class Net(BitfountModel): ...\ndel Net", False),
    ("if False:\n  class Net(BitfountModel): ...", False),
    ("Base: type = BitfountModel\nclass Net(Base): ...", True),
    ("match 1:\n  case 1:\n    class Net(BitfountModel): ...", True),
    ("for _ in (1,):\n  class Net(BitfountModel): ...", True),
    ("while True:\n  class Net(BitfountModel): ...\n  break", True),
    ("class Net:\n  def initialise_model(self): ...\n  def deserialize(self): ...", True),
    ("class A:\n  def deserialize(self): ...\nclass Net(A):\n  initialise_model = print", True),
    ("class Net:\n  def initialise_model(self): ...", False),
    ("class Net(BitfountModel): ...\ndel __name__", True),
    ("class A(BitfountModel): ...\nclass Net(BitfountModel, A): ...", False),
]


@pytest.mark.parametrize(("source", "loads"), SENT)
def test_what_is_sent_is_what_get_model_loads(
    services: FakeServices, tmp_path: Path, source: str, loads: bool
) -> None:
    code = f"from bitfount_api import BitfountModel\n{source}\n".encode()
    path = tmp_path / "Net.py"
    path.write_bytes(code)
    if loads:
        services.json({"success": True, "alreadyExisted": True, "version": 1})
        services.hub("send_model", path)
    else:
        with pytest.raises(ModelValidationError):
            services.hub("send_model", path)
        assert services.requests == []
    services.json({**DETAILS, "modelHash": hash_contents(code)})
    services.answer(httpx.Response(200, content=code))
    model = services.hub("get_model", "bob", "Net", 2)
    assert (model is not None and model.__name__ == "Net") is loads


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such file names")
def test_model_of_a_name_that_is_not_utf8_is_unsent(services: FakeServices, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"Net\xff.py")
    path.write_bytes(CODE)
    with pytest.raises(ModelValidationError, match=r"Net\\udcff\.py") as caught:
        services.hub("send_model", path)
    assert str(caught.value).isascii()
    assert services.requests == []
    folder = tmp_path / os.fsdecode(b"\xff")
    folder.mkdir()
    for content, found in [(None, "cannot be read"), (b"", "is empty"), (b"\xff", "not UTF-8")]:
        if content is not None:
            (folder / "Net.py").write_bytes(content)
        with pytest.raises(ModelValidationError, match=found) as caught:
            services.hub("send_model", folder / "Net.py")
        str(caught.value).encode()
    assert services.requests == []
    (folder / "Net.py").write_bytes(CODE)
    services.json({"success": True, "alreadyExisted": True, "version": 1})
    services.hub("send_model", folder / "Net.py")
