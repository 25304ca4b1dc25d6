"""Uploads against scripted answers."""

from __future__ import annotations

import os
from typing import Any

import httpx
import pytest
from support.flows import FakeDriver

from bitfount_api import RetryPolicy
from bitfount_api._core.effects import Send
from bitfount_api._core.service_client import ServiceClient
from bitfount_api._core.services import hub
from bitfount_api._operations.uploads import upload
from bitfount_api._transfer.request_bodies import CHUNK_BYTES, Source
from bitfount_api.exceptions import InvalidJSONError
from bitfount_api.transfers import TransferOptions

REMOTE = ServiceClient(hub("https://hub.test"), RetryPolicy(retries=1), lambda: "alice")
DATA = os.urandom(3 * CHUNK_BYTES + 5)
SOURCE = Source.from_bytes(DATA, "w.pt")


def send(ticket: dict[str, Any], *outcomes: Any) -> list[Send]:
    driver = FakeDriver(list(outcomes))
    flow = upload(REMOTE, ticket, SOURCE, object_type="Model", options=TransferOptions())
    driver.run(flow)
    return driver.calls


def test_existing_object_is_not_uploaded() -> None:
    assert send({"success": True, "alreadyExisted": True, "version": 1}) == []


def test_answer_without_an_upload_url_raises() -> None:
    with pytest.raises(InvalidJSONError, match="has no upload URL"):
        send({"success": True, "alreadyExisted": False, "version": 1})


@pytest.mark.parametrize("url", ["nowhere", "file:///etc/passwd"])
def test_invalid_url_of_the_hub_raises(url: str) -> None:
    with pytest.raises(InvalidJSONError, match="not usable"):
        send({"uploadUrl": url, "uploadFields": {}})


@pytest.mark.parametrize("missing", ["chunkSize", "uploadId", "key"])
def test_incomplete_multipart_answer_raises(missing: str) -> None:
    ticket = {"uploadUrls": ["https://s3.test/1"], "chunkSize": 10**9, "uploadId": "u", "key": "k"}
    del ticket[missing]
    with pytest.raises(InvalidJSONError, match="lacks"):
        send(ticket)


def test_form_upload_sends_no_credentials() -> None:
    answer = httpx.Response(204, request=httpx.Request("POST", "https://s3.test/b"))
    (call,) = send({"uploadUrl": "https://s3.test/b", "uploadFields": {"key": "a"}}, answer)
    assert call.service.audience is None
    assert call.request["url"] == "https://s3.test/b"
