"""Results of the documented methods for pods, for each answer of the Hub."""

from __future__ import annotations

import dataclasses
import json
import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from support.fake_services import STORAGE
from support.rsa_keys import key_pair

from bitfount_api import (
    BitfountSchema,
    FileProcessingMetadata,
    HTTPError,
    InvalidJSONError,
    PodDoesNotExistError,
    PodPublicMetadata,
    SchemaUploadError,
    load_public_key,
    public_keys_equal,
)

if TYPE_CHECKING:
    from support.fake_services import FakeServices

DETAILS = {"podIdentifier": "bob/scans", "podName": "scans", "isOnline": True, "new": {"x": [1]}}
_, PUBLIC_KEY = key_pair()
SCHEMA: dict[str, Any] = {
    "name": "scans",
    "features": [],
    "metadata": {"schema_version": "4", "force_stypes": None},
}
POD = PodPublicMetadata("scans", "Scans", "d", SCHEMA, 3)
FORM = {"success": True, "uploadUrl": f"{STORAGE}/b", "uploadFields": {"key": "k"}}
REFUSALS = [400, 401, 403, 404, 429, 500, 503, 302]


def refusal(status: int, **body: Any) -> httpx.Response:
    return httpx.Response(status, json={"success": False, **body}, headers={"x-request-id": "r-1"})


# --- get_pod -------------------------------------------------------------------------------------


@pytest.mark.documented("BitfountHub.get_pod", "pod_identifier", "returns")
def test_get_pod_returns_all_fields_of_the_hub(services: FakeServices) -> None:
    services.json(DETAILS)
    assert services.hub("get_pod", "bob/scans") == DETAILS
    assert services.request_lines == ["GET https://hub.test/api/pods/bob/scans"]


@pytest.mark.documented("BitfountHub.get_pod", "project_id")
@pytest.mark.parametrize(
    ("pod", "path"),
    [
        ("bob/scans", "/api/projects/p1/pods/bob/scans"),
        # A user's own pod is visible without a project.
        ("alice/scans", "/api/pods/alice/scans"),
    ],
)
def test_get_pod_sends_the_project_id(services: FakeServices, pod: str, path: str) -> None:
    services.json(DETAILS)
    services.hub("get_pod", pod, project_id="p1")
    assert services.requests[0].url.path == path


@pytest.mark.documented("BitfountHub.get_pod_key", "project_id")
@pytest.mark.documented("BitfountHub.get_pod_schema", "project_id")
def test_get_pod_key_and_schema_send_the_project_id(services: FakeServices) -> None:
    path = "/api/projects/p1/pods/bob/scans"
    services.json({**DETAILS, "podPublicKey": "k"})
    assert services.hub("get_pod_key", "bob/scans", project_id="p1") == "k"
    stored = BitfountSchema.load(SCHEMA)
    services.json({**DETAILS, "schemaDownloadUrl": f"{STORAGE}/schema"})
    services.answer(httpx.Response(200, content=stored.pack()))
    assert services.hub("get_pod_schema", "bob/scans", "p1") == stored
    assert [request.url.path for request in services.requests] == [path, path, "/schema"]


@pytest.mark.parametrize("project", [None, "p1"])
def test_retrieve_pod_missing_pod_raises(services: FakeServices, project: str | None) -> None:
    services.answer(refusal(404, errorMessage="no such pod"))
    with pytest.raises(PodDoesNotExistError, match="no such pod") as caught:
        services.hub("retrieve_pod", "bob/scans", project)
    error = caught.value
    assert isinstance(error, HTTPError)  # so code that catches either works
    assert (error.status_code, error.request_id) == (404, "r-1")
    assert error.operation == ("get_project_pod" if project else "get_pod")
    assert error.url == str(services.requests[0].url)
    assert "x-api-key" not in error.response.request.headers
    assert len(services.requests) == 1


@pytest.mark.parametrize("status", [status for status in REFUSALS if status != 404])
def test_retrieve_pod_refused_raises_http_error(services: FakeServices, status: int) -> None:
    services.answer(refusal(status))
    with pytest.raises(HTTPError) as caught:
        services.hub("retrieve_pod", "bob/scans")
    assert type(caught.value) is HTTPError
    assert caught.value.status_code == status


def test_retrieve_pod_returns_details(services: FakeServices) -> None:
    services.json(DETAILS)
    assert services.hub("retrieve_pod", "bob/scans") == DETAILS
    assert services.request_lines == ["GET https://hub.test/api/pods/bob/scans"]


@pytest.mark.parametrize("pod", ["scans", "bob/", "bob/scans/x", "../keys"])
def test_retrieve_pod_invalid_identifier_sends_nothing(services: FakeServices, pod: str) -> None:
    with pytest.raises(ValueError, match="pod"):
        services.hub("retrieve_pod", pod)
    assert services.requests == []


@pytest.mark.documented("BitfountHub.get_pod", "None")
@pytest.mark.parametrize("status", REFUSALS)
def test_get_pod_failure_returns_none_with_one_warning(
    services: FakeServices, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    services.answer(refusal(status, errorMessage="because"))
    assert services.hub("get_pod", "bob/scans") is None
    (warning,) = (record for record in caplog.records if record.levelno >= logging.WARNING)
    assert "bob/scans" in warning.getMessage()
    assert str(status) in warning.getMessage()
    if status == 401:
        assert "credentials were refused" in warning.getMessage()


def test_get_pod_unreachable_hub_returns_none(
    services: FakeServices, caplog: pytest.LogCaptureFixture
) -> None:
    services.answer(httpx.ConnectError("refused"))
    assert services.hub("get_pod", "bob/scans") is None
    assert "could not be retrieved" in caplog.text


@pytest.mark.documented("BitfountHub.get_pod", "InvalidJSONError")
@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"<html>", "not JSON"),
        (b"", "not JSON"),
        (b"[]", "object"),
        (b'{"podName": "scans"}', "podIdentifier"),
        (b'{"podIdentifier": 1, "podName": "scans"}', "podIdentifier"),
    ],
)
def test_invalid_details_raise_with_the_reason(
    services: FakeServices, body: bytes, complaint: str
) -> None:
    services.answer(httpx.Response(200, content=body))
    with pytest.raises(InvalidJSONError, match=complaint):
        services.hub("get_pod", "bob/scans")


@pytest.mark.documented("BitfountHub.get_pod", "ValueError")
@pytest.mark.documented("BitfountHub.get_pod_key", "ValueError")
@pytest.mark.parametrize("name", ["get_pod", "get_pod_key"])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"pod_namespace": "bob"},
        {"pod_name": "scans"},
        {"pod_identifier": "bob/scans", "pod_namespace": "eve", "pod_name": "scans"},
        {"pod_identifier": "scans"},
        {"pod_identifier": "../scans"},
        {"pod_identifier": "bob/scans", "project_id": "../.."},
    ],
)
def test_invalid_pod_raises_before_any_request(
    services: FakeServices, name: str, arguments: dict[str, str]
) -> None:
    with pytest.raises(ValueError):
        services.hub(name, **arguments)
    assert services.requests == []


@pytest.mark.documented("BitfountHub.get_pod", "pod_namespace", "pod_name")
@pytest.mark.documented("BitfountHub.get_pod_key", "pod_namespace", "pod_name")
@pytest.mark.parametrize("name", ["get_pod", "get_pod_key"])
def test_namespace_and_name_are_deprecated(services: FakeServices, name: str) -> None:
    services.json({**DETAILS, "podPublicKey": "ssh-rsa A"})
    with pytest.warns(DeprecationWarning, match="bob/scans") as caught:
        assert services.hub(name, pod_namespace="bob", pod_name="scans")
    assert len(caught) == 1


# --- get_pod_key ---------------------------------------------------------------------------------


@pytest.mark.documented("BitfountHub.get_pod_key", "pod_identifier", "returns")
def test_get_pod_key_returns_the_text_unchanged(services: FakeServices) -> None:
    services.json({**DETAILS, "podPublicKey": "-----BEGIN WHATEVER"})
    assert services.hub("get_pod_key", "bob/scans") == "-----BEGIN WHATEVER"


@pytest.mark.documented("BitfountHub.get_pod_key", "None")
@pytest.mark.parametrize("key", [{}, {"podPublicKey": ""}, {"podPublicKey": None}])
def test_get_pod_key_without_a_key_returns_none(
    services: FakeServices, key: dict[str, Any]
) -> None:
    services.json({**DETAILS, **key})
    assert services.hub("get_pod_key", "bob/scans") is None


def test_get_pod_key_of_missing_pod_returns_none(services: FakeServices) -> None:
    services.answer(refusal(404))
    assert services.hub("get_pod_key", "bob/scans") is None


# --- get_pod_schema ------------------------------------------------------------------------------


@pytest.mark.documented("BitfountHub.get_pod_schema", "pod_identifier", "returns")
def test_get_pod_schema_sends_storage_no_credentials(services: FakeServices) -> None:
    stored = BitfountSchema.load(SCHEMA)
    services.json({**DETAILS, "schemaDownloadUrl": f"{STORAGE}/schema?sig=1"})
    services.answer(httpx.Response(200, content=stored.pack()))
    assert services.hub("get_pod_schema", "bob/scans") == stored
    assert "x-api-key" in services.requests[0].headers
    assert "x-api-key" not in services.requests[1].headers


@pytest.mark.documented("BitfountHub.get_pod_schema", "InvalidJSONError")
@pytest.mark.parametrize("url", [{}, {"schemaDownloadUrl": None}, {"schemaDownloadUrl": "a/b"}])
def test_get_pod_schema_without_url_raises(services: FakeServices, url: dict[str, Any]) -> None:
    services.json({**DETAILS, **url})
    with pytest.raises(InvalidJSONError):
        services.hub("get_pod_schema", "bob/scans")


def test_get_pod_schema_of_missing_pod_raises(services: FakeServices) -> None:
    services.answer(refusal(404))
    with pytest.raises(InvalidJSONError, match="could not be retrieved"):
        services.hub("get_pod_schema", "bob/scans")


@pytest.mark.documented("BitfountHub.get_pod_schema", "HTTPError")
def test_storage_error_for_schema_raises_http_error(services: FakeServices) -> None:
    services.json({**DETAILS, "schemaDownloadUrl": f"{STORAGE}/schema?X-Amz-Signature=secret"})
    services.answer(httpx.Response(404, text="<Error><Code>NoSuchKey</Code></Error>"))
    with pytest.raises(HTTPError, match="NoSuchKey") as caught:
        services.hub("get_pod_schema", "bob/scans")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\xc1", b"", b"\x80", b"name: scans"])
def test_invalid_stored_schema_raises(services: FakeServices, content: bytes) -> None:
    services.json({**DETAILS, "schemaDownloadUrl": f"{STORAGE}/schema"})
    services.answer(httpx.Response(200, content=content))
    with pytest.raises(InvalidJSONError, match="the stored schema of pod"):
        services.hub("get_pod_schema", "bob/scans")


# --- register_pod --------------------------------------------------------------------------------


@pytest.mark.documented("BitfountHub.register_pod", "pod_public_key", "returns")
@pytest.mark.parametrize("status", [200, 201])
def test_register_pod_uploads_the_schema(services: FakeServices, status: int) -> None:
    services.json(FORM, status)
    services.answer(httpx.Response(204))
    assert services.hub("register_pod", POD, PUBLIC_KEY, PUBLIC_KEY) is None
    sent = json.loads(services.requests[0].content)
    assert public_keys_equal(load_public_key(sent["podPublicKey"]), PUBLIC_KEY)
    assert sent["schemaSize"] == len(BitfountSchema.load(SCHEMA).pack())
    assert b'filename="bitfount_file"' in services.requests[1].content


@pytest.mark.documented("BitfountHub.register_pod", "RequestException", "HTTPError")
@pytest.mark.parametrize("status", [202, 204, 400, 401, 403, 409, 413, 500])
def test_rejected_registration_raises_http_error(services: FakeServices, status: int) -> None:
    answers = [refusal(status, errorMessage="no room")]
    services.answer(*answers)
    with pytest.raises(HTTPError, match=f"register_pod: .*{status}") as caught:
        services.hub("register_pod", POD, PUBLIC_KEY, PUBLIC_KEY)
    assert caught.value.status_code == status
    assert caught.value.request_id == "r-1"


def test_registration_without_success_raises_http_error(services: FakeServices) -> None:
    services.json({"success": False, "errorMessage": "the name is taken"})
    with pytest.raises(HTTPError, match="the name is taken"):
        services.hub("register_pod", POD, PUBLIC_KEY, PUBLIC_KEY)


def test_rejected_schema_upload_raises_http_error(services: FakeServices) -> None:
    services.json(FORM)
    services.answer(httpx.Response(403, text="<Error><Code>AccessDenied</Code></Error>"))
    with pytest.raises(HTTPError, match="AccessDenied"):
        services.hub("register_pod", POD, PUBLIC_KEY, PUBLIC_KEY)


@pytest.mark.documented("BitfountHub.register_pod", "SchemaUploadError")
def test_schema_over_10_mib_raises_before_any_request(services: FakeServices) -> None:
    large = {**SCHEMA, "description": "x" * (10 * 1024 * 1024)}
    with pytest.raises(SchemaUploadError, match="10,485,760 at most") as caught:
        services.hub(
            "register_pod", PodPublicMetadata("s", "S", "d", large), PUBLIC_KEY, PUBLIC_KEY
        )
    assert isinstance(caught.value, ValueError)
    assert services.requests == []


def test_unpackable_schema_raises_before_any_request(
    services: FakeServices,
) -> None:
    odd = {**SCHEMA, "description": object()}
    with pytest.raises(SchemaUploadError, match="cannot be serialized"):
        services.hub("register_pod", PodPublicMetadata("s", "S", "d", odd), PUBLIC_KEY, PUBLIC_KEY)
    assert services.requests == []


def test_register_pod_sends_the_file_counts(services: FakeServices) -> None:
    services.json({"success": True, "alreadyExisted": True})
    files = {"totalFilesFound": 4, "skipReasons": {"not an image": 1}}
    services.hub("register_pod", POD, PUBLIC_KEY, PUBLIC_KEY, file_processing_metadata=files)
    assert json.loads(services.requests[0].content)["fileProcessingMetadata"] == files


def test_register_pod_converts_numbers_of_other_libraries(services: FakeServices) -> None:
    services.json({"success": True, "alreadyExisted": True})
    files = {"totalFilesFound": np.int64(4), "skipReasons": {"not an image": np.int32(1)}}
    pod = PodPublicMetadata("s", "S", "d", SCHEMA, np.int64(3))  # type: ignore[arg-type]
    services.hub("register_pod", pod, PUBLIC_KEY, PUBLIC_KEY, file_processing_metadata=files)
    sent = json.loads(services.requests[0].content)
    assert sent["fileProcessingMetadata"] == {
        "totalFilesFound": 4,
        "skipReasons": {"not an image": 1},
    }
    assert sent["numberOfRecords"] == 3


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"totalFilesFound": {1}}, "$.totalFilesFound"),
        ({"skipReasons": "none"}, "$.skipReasons"),
        ({"additionalMetrics": {"mean": float("nan")}}, "$.additionalMetrics.mean"),
        ([], "array"),
        (3, "int"),
        (FileProcessingMetadata(skip_reasons={"empty": "two"}), "$.skipReasons"),  # type: ignore[dict-item]
    ],
)
def test_register_pod_rejects_invalid_file_counts(
    services: FakeServices, files: Any, place: str
) -> None:
    with pytest.raises(ValueError, match="file_processing_metadata") as caught:
        services.hub("register_pod", POD, PUBLIC_KEY, PUBLIC_KEY, file_processing_metadata=files)
    assert place in str(caught.value)
    assert services.requests == []


FILES = FileProcessingMetadata(
    total_files_found=4,
    total_files_successfully_processed=3,
    total_files_skipped=1,
    files_with_errors=0,
    skip_reasons={"not an image": 1},
    additional_metrics={"seconds": 1.5, "nothing": None},
)
FILES_JSON = {
    "totalFilesFound": 4,
    "totalFilesSuccessfullyProcessed": 3,
    "totalFilesSkipped": 1,
    "filesWithErrors": 0,
    "skipReasons": {"not an image": 1},
    "additionalMetrics": {"seconds": 1.5, "nothing": None},
}


@dataclasses.dataclass
class SDKFileProcessingMetadata:
    """A value with the attributes of the official SDK's class of this name."""

    total_files_found: int | None = None
    total_files_successfully_processed: int | None = None
    total_files_skipped: int | None = None
    files_with_errors: int | None = None
    skip_reasons: dict[str, int] | None = None
    additional_metrics: dict[str, Any] | None = None


@pytest.mark.documented(
    "FileProcessingMetadata",
    "total_files_found",
    "total_files_successfully_processed",
    "total_files_skipped",
    "files_with_errors",
    "skip_reasons",
    "additional_metrics",
)
@pytest.mark.documented("PodPublicMetadata", "file_processing_metadata")
@pytest.mark.parametrize(
    ("files", "sent"),
    [
        (FILES, FILES_JSON),
        (FileProcessingMetadata(0), {"totalFilesFound": 0}),
        (FileProcessingMetadata(), {}),
        (FILES_JSON, FILES_JSON),
        ({"totalFilesFound": None, "filesWithErrors": 1}, {"filesWithErrors": 1}),
        (
            SDKFileProcessingMetadata(4, files_with_errors=0),
            {"totalFilesFound": 4, "filesWithErrors": 0},
        ),
    ],
)
def test_register_pod_sends_the_file_results_of_the_pod(
    services: FakeServices, files: Any, sent: dict[str, Any]
) -> None:
    services.json({"success": True, "alreadyExisted": True})
    pod = PodPublicMetadata("scans", "Scans", "d", SCHEMA, 3, files)
    services.hub("register_pod", pod, PUBLIC_KEY, PUBLIC_KEY)
    assert json.loads(services.requests[0].content)["fileProcessingMetadata"] == sent


def test_register_pod_takes_the_metadata_of_the_sdk(services: FakeServices) -> None:
    services.json({"success": True, "alreadyExisted": True})
    named = {"name": "s", "display_name": "S", "description": "d", "schema": SCHEMA}
    pod = SimpleNamespace(
        **named,
        number_of_records=None,
        file_processing_metadata=SDKFileProcessingMetadata(skip_reasons={"empty": 2}),
    )
    services.hub("register_pod", pod, PUBLIC_KEY, PUBLIC_KEY)
    sent = json.loads(services.requests[0].content)
    assert sent["fileProcessingMetadata"] == {"skipReasons": {"empty": 2}}
    # Version 5.x has no such attribute.
    services.json({"success": True, "alreadyExisted": True})
    old = SimpleNamespace(**named, number_of_records=None)
    services.hub("register_pod", old, PUBLIC_KEY, PUBLIC_KEY)
    assert "fileProcessingMetadata" not in json.loads(services.requests[-1].content)


@pytest.mark.parametrize(
    ("files", "unknown"),
    [
        ({"totalFilesFound": 3, "totalFiles": 3}, "'totalFiles'"),
        ({"total_files_found": 3}, "'total_files_found'"),
        (SimpleNamespace(total_files_found=3, bytes_read=9, a=1), "'a', 'bytes_read'"),
    ],
)
def test_register_pod_unknown_file_results_raise(
    services: FakeServices, files: Any, unknown: str
) -> None:
    pod = PodPublicMetadata("scans", "Scans", "d", SCHEMA, 3, files)
    with pytest.raises(ValueError, match=f"unknown fields: {unknown}; the known .* skipReasons"):
        services.hub("register_pod", pod, PUBLIC_KEY, PUBLIC_KEY)
    assert services.requests == []


def test_register_pod_file_results_given_twice_raise(services: FakeServices) -> None:
    pod = PodPublicMetadata("scans", "Scans", "d", SCHEMA, 3, FILES)
    with pytest.raises(ValueError, match="given twice"):
        services.hub(
            "register_pod", pod, PUBLIC_KEY, PUBLIC_KEY, file_processing_metadata=FILES_JSON
        )
    assert services.requests == []


@pytest.mark.parametrize("text", [{"n"}, b"n", object(), [float("nan")]])
def test_register_pod_rejects_texts_that_json_lacks(services: FakeServices, text: Any) -> None:
    pod = PodPublicMetadata("s", text, "d", SCHEMA)
    with pytest.raises(ValueError, match=r"register_pod: .* at `\$\.podDisplayName"):
        services.hub("register_pod", pod, PUBLIC_KEY, PUBLIC_KEY)
    assert services.requests == []


# --- do_pod_heartbeat ----------------------------------------------------------------------------


@pytest.mark.documented("BitfountHub.do_pod_heartbeat", "pod_names", "returns")
@pytest.mark.parametrize("status", [200, 202])
def test_heartbeat_returns_none(services: FakeServices, status: int) -> None:
    services.json({}, status)
    assert services.hub("do_pod_heartbeat", ["a", "b"], PUBLIC_KEY) is None
    assert json.loads(services.requests[0].content)["names"] == ["a", "b"]


def test_heartbeat_with_an_unexpected_answer_warns(
    services: FakeServices, caplog: pytest.LogCaptureFixture
) -> None:
    services.answer(httpx.Response(200, text="OK"))
    assert services.hub("do_pod_heartbeat", ["a"], PUBLIC_KEY) is None
    assert "the response is not valid" in caplog.text


@pytest.mark.documented("BitfountHub.do_pod_heartbeat", "HTTPError")
def test_rejected_heartbeat_raises_http_error(services: FakeServices) -> None:
    services.answer(refusal(404, errorMessage="no such pod"))
    with pytest.raises(HTTPError, match="no such pod"):
        services.hub("do_pod_heartbeat", ["a"], PUBLIC_KEY)


@pytest.mark.parametrize("names", ["scans", ["a/b"], [""], [1]])
def test_invalid_name_raises_before_any_request(services: FakeServices, names: Any) -> None:
    with pytest.raises(ValueError):
        services.hub("do_pod_heartbeat", names, PUBLIC_KEY)
    assert services.requests == []
