"""Operations over a transport to which a test gives responses: valid ones and an invalid one."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import msgpack
from contract import specs
from support.faults.calling import SERVICE_OF, Services
from support.faults.environment import PART_BYTES
from support.faults.given import CODE, SCHEMA, WEIGHTS, Fixed
from support.faults.legs import Leg, Row
from support.fuzzing import Sent
from support.sandbox_seeds import csr

from bitfount_api import APIKeysHandler, BitfountSession, RetryPolicy, hash_contents
from bitfount_api.auth.anonymous import AnonymousHandler

STORAGE = "https://storage.example.com"
HOSTS = {"hub": "hub.test", "access_manager": "am.test", "smart_on_fhir": "fhir.test"}
OBJECTS = {
    "schemas": msgpack.packb(SCHEMA),
    "models": CODE.format("Net", 0).encode(),
    "weights": WEIGHTS,
}


def good_values() -> dict[str, Any]:
    """Return replacements for values of the examples, so that operations do not fail early."""
    urls = {kind: f"{STORAGE}/bitfount/{kind}/alice/Net/1?X-Amz-Signature=1" for kind in OBJECTS}
    parts = [f"{STORAGE}/bitfount/weights/alice/Sent/1?partNumber={n}" for n in (1, 2, 3)]
    return {
        "schemaDownloadUrl": f"{STORAGE}/bitfount/schemas/alice/scans?X-Amz-Signature=1",
        "modelDownloadUrl": urls["models"],
        "weightsDownloadUrl": urls["weights"],
        "modelHash": hash_contents(OBJECTS["models"]),
        "uploadUrl": f"{STORAGE}/bitfount",
        "uploadUrls": parts,
        "chunkSize": PART_BYTES,
    }


def examples(name: str) -> list[tuple[int, Any]]:
    """Return a request's responses from its spec, with their statuses; the successful one first."""
    for service in specs.PACKAGES:
        spec = specs.load(service)
        for place in specs.operations(spec):
            if place.operation["operationId"] == name:
                found = [
                    (int(content.name[:3].replace("XX", "00")), with_good_values(example))
                    for content in specs.response_contents(spec, place)
                    for example in content.examples
                ]
                return sorted(found, key=lambda each: each[0])
    raise LookupError(name)


def with_good_values(example: Any) -> Any:
    """Return an example with the replacements of :func:`good_values`."""
    return _replaced(example, good_values())


def _replaced(example: Any, values: dict[str, Any]) -> Any:
    if isinstance(example, list):
        return [_replaced(each, values) for each in example]
    if not isinstance(example, dict):
        return example
    return {name: values.get(name, _replaced(each, values)) for name, each in example.items()}


def invented(folder: Path) -> Fixed:
    """Return values of no sandbox, for requests that are answered from memory."""
    urls = good_values()
    return Fixed(
        folder=folder,
        project="p1",
        key_id="7",
        cluster="c-1",
        compute="compute-1",
        uncertified=("compute-1", csr("compute-1.example")),
        model_url=urls["modelDownloadUrl"],
        weights_url=urls["weightsDownloadUrl"],
        token="token",
    )


class FuzzedServices:
    """A row's client whose requests are answered from memory.

    Args:
        row: Operation to call.
        folder: Folder for files.
    """

    def __init__(self, row: Row, folder: Path) -> None:
        self.row = row
        self.given = invented(folder)
        self.fuzzed: dict[int, tuple[int, Sent]] = {}
        self._good = [self._good_answer(leg) for leg in row.legs]

    def _good_answer(self, leg: Leg) -> tuple[int, Any]:
        if leg.body == "object":
            return 200, OBJECTS[leg.path.split("/")[2]]
        if leg.body == "upload":
            return (200, b"") if leg.method == "PUT" else (204, b"")
        shown = examples(leg.operation.name)
        if "parts" in self.row.name and leg.operation.name.startswith("send_"):
            return next(each for each in shown if "uploadUrls" in each[1])
        return shown[0]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        index = next((n for n, leg in enumerate(self.row.legs) if _is(leg, request)), None)
        if index is None:
            return httpx.Response(403, content=b"<Error><Code>AccessDenied</Code></Error>")
        if index in self.fuzzed:
            status, sent = self.fuzzed[index]
            headers = [(k.encode(), v.encode("latin-1")) for k, v in sent.headers.items()]
            return httpx.Response(status, headers=headers, stream=_Stream(sent.content))
        status, good = self._good[index]
        if isinstance(good, bytes):
            return httpx.Response(status, headers={"etag": '"e"'}, content=good)
        return httpx.Response(status, json=good)

    async def _acall(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self(request)

    def _session(self, handler: Any) -> BitfountSession:
        retry = RetryPolicy(retries=1, backoff=0, max_backoff=0)
        return BitfountSession(handler, transport=httpx.MockTransport(self._answer), retry=retry)

    def _answer(self, request: httpx.Request) -> Any:
        if isinstance(request.stream, httpx.SyncByteStream):
            request.read()
            return self(request)
        return self._acall(request)

    def run(self, *, asynchronous: bool) -> Any:
        """Call the operation."""
        service = SERVICE_OF[self.row.kind]
        services = Services(
            {service: self.url(service)},
            session=lambda: self._session(APIKeysHandler("id", "key", "alice")),
            anonymous=lambda: self._session(AnonymousHandler()),
        )
        arguments, client = self.row.arguments(self.given), self.row.client(self.given)
        return services.call(self.row, arguments, client, asynchronous=asynchronous)

    def url(self, service: str) -> str:
        """Return the base URL of a service."""
        return f"https://{HOSTS[service]}"


def _is(leg: Leg, request: httpx.Request) -> bool:
    there = leg.body == "object" or fnmatchcase(unquote(request.url.path), leg.path)
    host = HOSTS.get(leg.service, STORAGE.rpartition("/")[2])
    return request.url.host == host and request.method == leg.method and there


class _Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content

    async def __aiter__(self) -> Any:
        yield self._content
