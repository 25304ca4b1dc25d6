"""Operations over a transport to which a test gives responses: valid ones and an invalid one."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from types import NoneType, SimpleNamespace
from typing import Any, cast
from unittest import mock
from urllib.parse import unquote

import attrs
import httpx
import msgpack
from contract import specs
from support.faults.environment import CODE, PART_BYTES, SCHEMA, TASK, WEIGHTS, FaultEnvironment
from support.faults.legs import Leg, Row
from support.fuzzing import Sent
from support.rsa_keys import key_pair
from support.sandbox_seeds import csr

import bitfount_api
from bitfount_api import (
    APIKeysHandler,
    BitfountSchema,
    BitfountSession,
    RetryPolicy,
    SMARTOnFHIRAccessToken,
    async_hub,
    hash_contents,
    hub,
    sign,
)
from bitfount_api.auth.anonymous import AnonymousHandler
from bitfount_api.transfers import Download

STORAGE = "https://storage.example.com"
HOSTS = {"hub": "hub.test", "access_manager": "am.test", "smart_on_fhir": "fhir.test"}
OBJECTS = {
    "schemas": msgpack.packb(SCHEMA),
    "models": CODE.format("Net", 0).encode(),
    "weights": WEIGHTS,
}

RESULTS: dict[str, tuple[type, ...]] = {
    "get_pod": (dict, NoneType),
    "retrieve_pod": (dict,),
    "get_pod_key": (str, NoneType),
    "get_pod_schema": (BitfountSchema,),
    "register_pod": (NoneType,),
    "do_pod_heartbeat": (dict, NoneType),
    "archive_pod": (NoneType,),
    "register_compute": (dict, NoneType),
    "request_compute_certificate": (dict, NoneType),
    "get_compute_certificate": (dict,),
    "upload_public_jwk": (dict,),
    "create_compute_cluster": (str,),
    "compute_cluster_exists": (bool,),
    "link_datasets_to_compute_cluster": (NoneType,),
    "get_pod_dataset_list": (list,),
    "get_pod_dataset_configuration": (dict, NoneType),
    "get_pod_datasets_configurations": (list,),
    "get_project_name": (str, NoneType),
    "retrieve_project_name": (str,),
    "get_model": (type, NoneType),
    "retrieve_model": (dict,),
    "get_model_code": (str, NoneType),
    "download_model": (Download, NoneType),
    "get_model_from_url": (type, NoneType),
    "send_model": (dict,),
    "get_weights": (bytes, NoneType),
    "download_weights": (Download, NoneType),
    "get_weights_from_url": (bytes,),
    "send_weights": (NoneType,),
    "register_user_public_key": (str, int),
    "check_public_key_registered_and_active": (dict, NoneType),
    "create_project": (str,),
    "get_projects": (dict,),
    "iter_projects": (list,),
    "add_dataset_to_project_for_user": (NoneType,),
    "get_usage_limits": (list, dict),
    "send_monitor_update": (NoneType,),
    "get_access_manager_key": (object,),
    "check_oidc_access_request": (dict,),
    "check_signature_based_access_request": (dict,),
    "get_access_token": (SMARTOnFHIRAccessToken,),
}
"""What each operation may give, whatever it was answered."""


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


@attrs.define(eq=False)
class Pretended:
    """A substitute for an environment, with everything that rows need.

    Args:
        folder: Folder for files.
    """

    folder: Path
    project: str = "p1"
    key_id: str = "7"
    cluster: str = "c-1"
    compute: str = "compute-1"
    _number: int = 0
    sandbox: Any = attrs.field(factory=lambda: SimpleNamespace(token=lambda _: "token"))

    number = FaultEnvironment.number
    target = FaultEnvironment.target
    model_file = FaultEnvironment.model_file
    weights_file = FaultEnvironment.weights_file
    model_hash = FaultEnvironment.model_hash

    @property
    def numbers(self) -> Iterator[int]:
        self._number += 1
        return iter([self._number])

    def uncertified(self) -> tuple[str, str]:
        return "compute-1", csr("compute-1.example")

    def model_url(self) -> str:
        return str(good_values()["modelDownloadUrl"])

    def weights_url(self) -> str:
        return str(good_values()["weightsDownloadUrl"])

    def signature(self) -> bytes:
        return sign(key_pair().private_key, TASK)


class FuzzedServices:
    """A row's client whose requests are answered from memory.

    Args:
        row: Operation to call.
        folder: Folder for files.
    """

    def __init__(self, row: Row, folder: Path) -> None:
        self.row = row
        self.environment = Pretended(folder)
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
        arguments = dict(self.row.arguments(cast("FaultEnvironment", self.environment)))
        nobody = self._session(AnonymousHandler())
        module = async_hub if asynchronous else hub
        with mock.patch.object(module, "_anonymous", return_value=nobody):
            if asynchronous:
                return asyncio.run(self._async(arguments))
            with self._session(APIKeysHandler("id", "key", "alice")) as session:
                result = getattr(self._client(session, ""), self.row.method)(**arguments)
                return list(result) if inspect.isgenerator(result) else result

    async def _async(self, arguments: dict[str, Any]) -> Any:
        async with self._session(APIKeysHandler("id", "key", "alice")) as session:
            result = getattr(self._client(session, "Async"), self.row.method)(**arguments)
            return [each async for each in result] if inspect.isasyncgen(result) else await result

    def _client(self, session: BitfountSession, prefix: str) -> Any:
        services = {"BitfountHub": "hub", "BitfountAM": "access_manager"}
        url = self.url(services.get(self.row.kind, "smart_on_fhir"))
        named = self.row.client(cast("FaultEnvironment", self.environment))
        return getattr(bitfount_api, prefix + self.row.kind)(session, url, **named)

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


@contextmanager
def small_parts() -> Iterator[None]:
    """Use multipart uploads for objects of 32 KiB and more, instead of 5 MiB."""
    with mock.patch.object(bitfount_api.config, "MULTIPART_THRESHOLD_BYTES", 2 * PART_BYTES):
        yield
