"""Multipart uploads: parts in order, the owner, the object type and the size are checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from support.sandbox_api import Api, done, refused
from support.sandbox_seeds import MEBIBYTE, pod_body, publish

from bitfount_api.sandbox import Sandbox

FIRST, LAST = b"1" * (5 * MEBIBYTE), b"2" * MEBIBYTE
Ticket = dict[str, Any]


def weights(api: Api, size: int = 6 * MEBIBYTE) -> Ticket:
    """Publish a model, and announce weights in parts for it."""
    publish(api)
    body = {"modelName": "Net", "modelVersion": 1, "weightSize": size}
    ticket: Ticket = done(api.hub("PUT", "/api/models?multipartUpload=true", body))
    return ticket


def put(api: Api, ticket: Ticket, *contents: bytes) -> list[str]:
    """Upload the first parts and return their ETags."""
    answers = [
        api.put(url, part) for url, part in zip(ticket["uploadUrls"], contents, strict=False)
    ]
    assert all(answer.status_code == 200 for answer in answers)
    return [answer.headers["etag"].strip('"') for answer in answers]


def complete(
    api: Api, ticket: Ticket, tags: Sequence[tuple[int, str]], **changes: Any
) -> httpx.Response:
    body = {
        "objectType": "Model",
        "key": ticket["key"],
        "uploadId": ticket["uploadId"],
        "parts": [{"ETag": tag, "PartNumber": number} for number, tag in tags],
        **changes,
    }
    return api.hub("POST", "/api/upload", body)


def test_parts_become_the_object(sandbox: Sandbox, alice: Api) -> None:
    ticket = weights(alice)
    # Parts can be uploaded in any order.
    for url, part in reversed(list(zip(ticket["uploadUrls"], (FIRST, LAST), strict=True))):
        alice.put(url, part)
    tags = put(alice, ticket, FIRST, LAST)
    assert sandbox.objects == ["models/alice/Net/1"]
    assert done(complete(alice, ticket, list(enumerate(tags, 1)))) == {"success": True}
    assert sandbox.state.store.read("weights/alice/Net/1") == FIRST + LAST
    assert sandbox.state.uploads.all() == []


def test_upload_is_completed_once(alice: Api) -> None:
    ticket = weights(alice)
    parts = list(enumerate(put(alice, ticket, FIRST, LAST), 1))
    done(complete(alice, ticket, parts))
    assert refused(complete(alice, ticket, parts), 404) == "There is no such upload"


def test_a_schema_is_uploaded_in_parts_as_a_schema(sandbox: Sandbox, alice: Api) -> None:
    body = pod_body(schemaSize=6 * MEBIBYTE)
    ticket = done(alice.hub("POST", "/api/pods?multipartUpload=true", body), 201)
    parts = list(enumerate(put(alice, ticket, FIRST, LAST), 1))
    done(complete(alice, ticket, parts, objectType="Schema"))
    assert sandbox.objects == ["schemas/alice/scans"]


def test_wrong_object_type_is_rejected(alice: Api) -> None:
    ticket = weights(alice)
    parts = list(enumerate(put(alice, ticket, FIRST, LAST), 1))
    said = refused(complete(alice, ticket, parts, objectType="Schema"), 422)
    assert said == "The upload is of a Model, not of a Schema"
    done(complete(alice, ticket, parts))


def test_upload_of_another_user_is_not_found(sandbox: Sandbox, alice: Api, bob: Api) -> None:
    ticket = weights(alice)
    parts = list(enumerate(put(alice, ticket, FIRST, LAST), 1))
    refused(complete(bob, ticket, parts), 404)
    refused(complete(alice, ticket, parts, key="weights/alice/Net/2"), 404)
    refused(complete(alice, ticket, parts, uploadId="none"), 404)
    assert sandbox.objects == ["models/alice/Net/1"]


@pytest.mark.parametrize(
    "numbers", [[2, 1], [1], [2], [1, 1], [1, 3], [1, 2, 3]], ids=lambda value: str(value)
)
def test_parts_must_be_complete_and_in_order(
    numbers: list[int], sandbox: Sandbox, alice: Api
) -> None:
    ticket = weights(alice)
    tags = [*put(alice, ticket, FIRST, LAST), "0" * 32]
    said = refused(complete(alice, ticket, [(number, tags[number - 1]) for number in numbers]), 422)
    assert said == "The upload has 2 part(s), which must be listed in order"
    assert sandbox.objects == ["models/alice/Net/1"]


def test_missing_or_different_part_is_rejected(sandbox: Sandbox, alice: Api) -> None:
    ticket = weights(alice)
    (first,) = put(alice, ticket, FIRST)
    assert "cannot be assembled" in refused(
        complete(alice, ticket, [(1, first), (2, "0" * 32)]), 422
    )
    put(alice, ticket, FIRST, LAST)
    assert "cannot be assembled" in refused(complete(alice, ticket, [(1, first), (2, first)]), 422)
    assert sandbox.objects == ["models/alice/Net/1"]


@pytest.mark.parametrize(
    ("contents", "complaint"),
    [
        ((FIRST, LAST + b"x"), "Part 2 has 1048577 bytes, but 1048576 were announced"),
        ((FIRST, LAST[1:]), "Part 2 has 1048575 bytes, but 1048576 were announced"),
        ((FIRST + b"x", LAST[1:]), "Part 1 has 5242881 bytes, but 5242880 were announced"),
        ((FIRST + LAST, b""), "Part 1 has 6291456 bytes, but 5242880 were announced"),
    ],
    ids=["more", "less", "shifted", "all in the first"],
)
def test_parts_must_have_the_announced_size(
    contents: tuple[bytes, bytes], complaint: str, sandbox: Sandbox, alice: Api
) -> None:
    ticket = weights(alice)
    parts = list(enumerate(put(alice, ticket, *contents), 1))
    assert refused(complete(alice, ticket, parts), 422) == complaint
    assert sandbox.objects == ["models/alice/Net/1"]
    # The upload still exists, so correct parts can be uploaded.
    done(complete(alice, ticket, list(enumerate(put(alice, ticket, FIRST, LAST), 1))))


def test_upload_ended_by_the_store_cannot_be_completed(sandbox: Sandbox, alice: Api) -> None:
    ticket = weights(alice)
    parts = list(enumerate(put(alice, ticket, FIRST, LAST), 1))
    sandbox.state.store.abort_upload(ticket["key"], ticket["uploadId"])
    assert "cannot be assembled" in refused(complete(alice, ticket, parts), 422)


@pytest.mark.parametrize(
    "changes",
    [
        {"objectType": "Weights"},
        {"key": ""},
        {"uploadId": None},
        {"parts": []},
        {"parts": [{"ETag": "x"}]},
        {"parts": [{"ETag": "", "PartNumber": 1}]},
        {"parts": [{"ETag": "x", "PartNumber": 0}]},
        {"parts": [{"ETag": "x", "PartNumber": 10001}]},
        {"parts": {"ETag": "x", "PartNumber": 1}},
    ],
)
def test_invalid_requests_are_rejected(changes: dict[str, Any], alice: Api) -> None:
    ticket = {"key": "weights/alice/Net/1", "uploadId": "u"}
    refused(complete(alice, ticket, [(1, "x")], **changes), 422)
