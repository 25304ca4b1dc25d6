"""Errors have the names, bases and attributes that programs for the official SDK use."""

from __future__ import annotations

import builtins
import pickle
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.rsa_keys import key_pair

import bitfount_api
from bitfount_api import (
    AuthenticatedUserError,
    AuthenticationError,
    BitfountError,
    ConnectError,
    HTTPError,
    InvalidJSONError,
    ModelUploadError,
    ModelValidationError,
    MultiPartUploadError,
    PodDoesNotExistError,
    PodPublicMetadata,
    RequestException,
    RequestTimeout,
    exceptions,
)

if TYPE_CHECKING:
    from support.fake_services import FakeServices

_, PUBLIC_KEY = key_pair()
METADATA = PodPublicMetadata("scans", "Scans", "", {"features": []})
MODEL = (
    "from bitfount_api import BitfountModel\n\n\nclass Net(BitfountModel):\n"
    "    def __init__(self) -> None: ...\n    def initialise_model(self) -> None: ...\n"
    "    def deserialize(self, content: object) -> None: ...\n"
)
PARTS = {
    "success": True,
    "version": 1,
    "uploadUrls": ["https://storage.test/p?X-Amz-Signature=SECRET"],
    "chunkSize": 10_000,
    "uploadId": "u",
    "key": "k",
}


def test_names_of_requests_and_of_the_sdk_are_known() -> None:
    assert bitfount_api.ConnectionError is exceptions.ConnectionError is ConnectError
    assert bitfount_api.Timeout is exceptions.Timeout is RequestTimeout
    assert bitfount_api.JWTHandler is bitfount_api.ExternallyManagedJWTHandler
    assert bitfount_api.PRODUCTION_HUB_URL == "https://hub.bitfount.com"
    assert bitfount_api.PRODUCTION_AM_URL == "https://am.hub.bitfount.com"


def test_star_import_replaces_no_builtin_name() -> None:
    assert "Timeout" in bitfount_api.__all__
    assert not set(bitfount_api.__all__) & set(dir(builtins))


def test_authentication_errors_are_value_errors() -> None:
    assert issubclass(AuthenticationError, ValueError)
    assert issubclass(AuthenticatedUserError, ValueError)
    assert not issubclass(RequestException, ValueError)


# --- Uploads in parts ----------------------------------------------------------------------------

FAILURES: dict[str, tuple[Any, type[RequestException]]] = {
    "refused": (lambda _: httpx.Response(409, json={"errorMessage": "no such"}), HTTPError),
    "unreachable": (httpx.ConnectError("planted"), ConnectError),
    "timeout": (httpx.ReadTimeout("planted"), RequestTimeout),
    "unsendable": (httpx.LocalProtocolError("planted"), RequestException),
}


def fail_to_complete(services: FakeServices, failure: Any) -> None:
    services.json(PARTS)
    services.answer(httpx.Response(200, headers={"etag": "e"}), failure)


@pytest.mark.parametrize("case", FAILURES)
def test_failed_completion_keeps_its_kind(services: FakeServices, case: str) -> None:
    failure, kind = FAILURES[case]
    fail_to_complete(services, failure)
    with pytest.raises(MultiPartUploadError, match=r"^complete_upload: ") as caught:
        services.hub("register_pod", METADATA, PUBLIC_KEY, PUBLIC_KEY)
    error = caught.value
    assert isinstance(error, kind)
    assert [
        each for each in (HTTPError, ConnectError, RequestTimeout) if isinstance(error, each)
    ] == ([] if kind is RequestException else [kind])
    assert error.operation == "complete_upload"
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (type(error), str(error))
    if isinstance(error, HTTPError):
        assert error.status_code == 409


@pytest.mark.parametrize("case", FAILURES)
def test_failed_completion_of_a_model_is_a_model_error(
    services: FakeServices, case: str, tmp_path: Path
) -> None:
    path = tmp_path / "Net.py"
    path.write_text(MODEL, encoding="utf-8")
    failure, kind = FAILURES[case]
    for method, arguments in (("send_model", (path,)), ("send_weights", ("Net", 1, path))):
        fail_to_complete(services, failure)
        with pytest.raises(MultiPartUploadError, match=r"^Net.py could not be stored") as caught:
            services.hub(method, *arguments)
        assert isinstance(caught.value, ModelUploadError)
        assert isinstance(caught.value.__cause__, kind)


def test_refused_part_is_no_failed_completion(services: FakeServices) -> None:
    services.json(PARTS)
    services.answer(httpx.Response(404))
    with pytest.raises(HTTPError) as caught:
        services.hub("register_pod", METADATA, PUBLIC_KEY, PUBLIC_KEY)
    assert not isinstance(caught.value, MultiPartUploadError)


@pytest.mark.parametrize("name", ["missing", "."])
def test_local_file_is_named_once(services: FakeServices, name: str) -> None:
    for method, arguments in (("send_model", ()), ("send_weights", ("Net", 1))):
        with pytest.raises(
            ModelUploadError, match=rf"^{re.escape(name)} (cannot|is not)"
        ) as caught:
            services.hub(method, *arguments, Path(name))
        assert str(caught.value).count(f"{name} ") == 1


@pytest.mark.parametrize("text", ["x", "return 1", "class A: pass", "a =", "'\\0'", "\0"])
def test_invalid_model_is_named_as_given(services: FakeServices, tmp_path: Path, text: str) -> None:
    path = tmp_path / "weights.pt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ModelValidationError, match=r"^weights\.pt") as caught:
        services.hub("send_model", path)
    assert "weights.py" not in str(caught.value)
    assert "get_model" not in str(caught.value)


# --- Attributes ----------------------------------------------------------------------------------


def test_http_error_has_the_attributes_of_requests(services: FakeServices) -> None:
    services.json({"errorMessage": "closed"}, 403)
    with pytest.raises(HTTPError) as caught:
        services.hub("create_project", "n")
    response, request = caught.value.response, caught.value.request
    assert caught.value.advice == "These credentials may not do this: ask the owner for access."
    assert str(caught.value).endswith(caught.value.advice)
    assert request is not None
    assert (response.ok, response.reason, response.status_code) == (False, "Forbidden", 403)
    assert response.json() == {"errorMessage": "closed"}
    assert "closed" in response.text
    assert response.headers["Content-Type"] == "application/json"
    assert (request.method, str(request.url)) == ("POST", "https://hub.test/api/projects")
    assert not {"x-api-key", "x-api-key-id", "authorization"} & set(request.headers)
    with pytest.raises(
        HTTPError, match=r"^POST https://hub.test/api/projects answered 403 Forbidden$"
    ):
        response.raise_for_status()


def test_missing_pod_has_request_and_response(services: FakeServices) -> None:
    services.json({}, 404)
    with pytest.raises(PodDoesNotExistError) as caught:
        services.hub("retrieve_pod", "bob/scans")
    assert caught.value.request is not None
    assert caught.value.response.reason == "Not Found"


@pytest.mark.parametrize("failure", [httpx.ConnectError("planted"), httpx.ReadTimeout("planted")])
def test_connection_error_has_its_request(services: FakeServices, failure: Exception) -> None:
    services.answer(failure)
    with pytest.raises(RequestException) as caught:
        services.hub("get_projects")
    assert caught.value.response is None
    assert caught.value.request is not None
    assert str(caught.value.request.url) == "https://hub.test/api/projects"
    assert not {"x-api-key", "x-api-key-id"} & set(caught.value.request.headers)
    assert pickle.loads(pickle.dumps(caught.value)).request is None


def test_upload_error_has_request_and_response(services: FakeServices, tmp_path: Path) -> None:
    path = tmp_path / "Net.py"
    path.write_text(MODEL, encoding="utf-8")
    services.json({"errorMessage": "closed"}, 403)
    with pytest.raises(ModelUploadError) as caught:
        services.hub("send_model", path)
    error = caught.value
    assert error.request is not None
    assert error.response is not None
    assert (error.request.method, error.response.json()) == ("POST", {"errorMessage": "closed"})
    assert not {"x-api-key", "x-api-key-id"} & set(error.request.headers)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.request, copy.response) == (
        *(ModelUploadError, str(error)),
        *(None, None),
    )


def test_schema_of_a_refused_pod_has_the_response(services: FakeServices) -> None:
    services.json({}, 403)
    with pytest.raises(InvalidJSONError) as caught:
        services.hub("get_pod_schema", "bob/scans")
    assert caught.value.request is not None
    assert caught.value.response is not None
    assert caught.value.response.status_code == 403


def test_error_without_an_answer_has_no_response(services: FakeServices, tmp_path: Path) -> None:
    with pytest.raises(ModelUploadError) as caught:
        services.hub("send_model", tmp_path / "Net.py")
    assert (caught.value.request, caught.value.response) == (None, None)


def test_error_without_a_request_has_none(services: FakeServices) -> None:
    services.json([])
    with pytest.raises(InvalidJSONError) as caught:
        services.hub("get_projects")
    assert caught.value.response is None
    assert isinstance(caught.value, BitfountError)
