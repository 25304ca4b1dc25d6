"""Cassettes of the rows of the fault matrix: record them without secrets, and replay them.

A cassette contains what is significant in an operation: the service, not its port; the contents of
a body, not its framing; and no credentials. It can therefore be published, and matches any port,
key and boundary that is used during replay.
"""

from __future__ import annotations

import email
import email.policy
import itertools
import json
import re
import socket
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

import vcr
from cryptography.hazmat.primitives.asymmetric import rsa
from support.faults.cases import ROWS
from support.faults.environment import USERS, Seeded, small_parts
from support.faults.given import AFTER_SEEDING, Fixed, values
from support.faults.legs import Row
from support.plays import digest, play
from support.rsa_keys import ready_made

from bitfount_api import APIKeysHandler
from bitfount_api.sandbox import Sandbox

FOLDER = Path(__file__).parents[1] / "cassettes"
RESULTS = "results.json"
FILTERED = "FILTERED"

URLS = {
    "hub": "http://hub.bitfount.example",
    "access_manager": "http://am.bitfount.example",
    "smart_on_fhir": "http://fhir.bitfount.example",
    "storage": "http://storage.bitfount.example",
}
"""URLs of the services in a cassette."""


def cassette_name(row: Row) -> str:
    """Return the name of a row's cassette: ``do_pod_heartbeat-instance``."""
    return re.sub(r" \((.*)\)", r"-\1", row.name)


CASSETTES = {cassette_name(row): row for row in ROWS}

_SECRET_FIELDS = frozenset(
    {
        *("accesstoken", "modellertoken", "pairingcode", "policy", "tasksignature", "token"),
        *("uploadid", "x-amz-credential", "x-amz-date", "x-amz-signature"),
        # The signatures of certificates contain random numbers.
        *("certificatepem", "cabundlepem"),
    }
)
_SECRET_PARAMETER = re.compile(r"\b(X-Amz-[A-Za-z-]+|uploadId)=[^&\"\s]+")
_KEPT = ("if-range", "range")
_LEFT_OUT = frozenset(
    {"connection", "content-length", "date", "set-cookie", "x-amz-request-id", "x-request-id"}
)


class Scrubber:
    """Removes secrets and varying values from recordings.

    Args:
        sandbox: Sandbox whose ports are replaced; None during replay.
    """

    def __init__(self, sandbox: Sandbox | None = None) -> None:
        self._urls = {getattr(sandbox, f"{name}_url"): url for name, url in URLS.items() if sandbox}

    def text(self, text: str) -> str:
        """Return a text with service names instead of ports, and without presigned queries."""
        for url, name in self._urls.items():
            text = text.replace(url, name)
        return _SECRET_PARAMETER.sub(rf"\1={FILTERED}", text)

    def value(self, value: Any) -> Any:
        """Return a JSON value without secrets."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {
            key: FILTERED if secret(key) and isinstance(item, str) else self.value(item)
            for key, item in value.items()
        }

    def request(self, request: Any) -> Any:
        """Return the part of a request that is recorded."""
        kind = request.headers.get("content-type", "")
        request.uri = self.text(request.uri)
        headers = {name: request.headers[name] for name in _KEPT if name in request.headers}
        if request.body:
            request.body = self._body(kind, bytes(request.body))
            # The body is JSON now, and recorded requests pass through here again when read.
            headers["content-type"] = "application/json"
        request.headers = headers
        return request

    def _body(self, kind: str, body: bytes) -> bytes:
        if kind.startswith("application/json"):
            meaning = self.value(json.loads(body))
        elif kind.startswith("multipart/form-data"):
            meaning = {"form": [self._part(*part) for part in form_parts(kind, body)]}
        else:
            meaning = digest(body)
        return json.dumps(meaning, sort_keys=True).encode()

    def _part(self, name: str, file_name: str | None, content: bytes) -> list[Any]:
        if file_name is not None:
            return [name, file_name, digest(content)]
        return [name, None, FILTERED if secret(name) else self.text(content.decode())]

    def response(self, response: dict[str, Any]) -> dict[str, Any]:
        """Return the part of a response that is recorded."""
        body: bytes = response["body"]["string"]
        headers: Mapping[str, list[str]] = response["headers"]
        kept = {k: self.value(v) for k, v in headers.items() if k.lower() not in _LEFT_OUT}
        if kept.get("content-type") == ["application/json"]:
            body = json.dumps(self.value(json.loads(body))).encode()
        kept["content-length"] = [str(len(body))]
        return {**response, "body": {"string": body}, "headers": kept}


def secret(name: str) -> bool:
    """Return whether a value with this name is a credential, or differs each time."""
    return name.lower() in _SECRET_FIELDS


def form_parts(kind: str, body: bytes) -> list[tuple[str, str | None, bytes]]:
    """Return the parts of a form: name, file name, content."""
    whole = f"content-type: {kind}\r\n\r\n".encode() + body
    message = email.message_from_bytes(whole, policy=email.policy.HTTP)
    parts = []
    for part in message.iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        parameters = part["content-disposition"].params
        parts.append((parameters["name"], parameters.get("filename"), content))
    return parts


def recorder(folder: Path = FOLDER, sandbox: Sandbox | None = None) -> vcr.VCR:
    """Return a recorder, which records from a sandbox or replays without one."""
    scrubber = Scrubber(sandbox)
    recording = sandbox is not None
    return vcr.VCR(
        cassette_library_dir=str(folder),
        record_mode="all" if recording else "none",
        match_on=("method", "uri", "raw_body"),
        before_record_request=scrubber.request,
        before_record_response=scrubber.response if recording else None,
        path_transformer=vcr.VCR.ensure_suffix(".yaml"),
    )


NOW = 1_767_225_600.0
"""The time in a recording: 2026-01-01 00:00 UTC."""


class Studio:
    """Records cassettes with a sandbox that has the same time, ids and keys each time.

    So the recordings of an operation that did not change are the same.
    """

    def __init__(self) -> None:
        self._ids = itertools.count(1)

    def _next_id(self) -> uuid.UUID:
        return uuid.UUID(int=next(self._ids), version=4)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(patch.object(uuid, "uuid4", self._next_id))
            stack.enter_context(patch.object(rsa, "generate_private_key", ready_made()))
            stack.enter_context(small_parts())
            self.sandbox = stack.enter_context(Sandbox(users=USERS, clock=lambda: NOW))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def record(self, name: str, folder: Path) -> tuple[dict[str, Any], Any]:
        """Record a cassette; return the values for its arguments, and its result."""
        scrubber = Scrubber(self.sandbox)
        (folder / f"{name}.yaml").unlink(missing_ok=True)
        with self.seeded() as seeded, tempfile.TemporaryDirectory() as files:
            used = values(seeded)
            given = Fixed(folder=Path(files), **used)
            with recorder(folder, self.sandbox).use_cassette(name):
                result = play(CASSETTES[name], given, seeded.urls, seeded.handler())
        return scrubber.value(used), scrubber.value(result)

    @contextmanager
    def seeded(self) -> Iterator[Seeded]:
        """Seed the sandbox, as if it had just been created."""
        self.sandbox.clear()
        self.sandbox.state.database.execute("DELETE FROM sqlite_sequence")
        self._ids = itertools.count(1)
        with tempfile.TemporaryDirectory() as folder:
            seeded = Seeded(sandbox=self.sandbox, folder=Path(folder))
            seeded.seed()
            self._ids = itertools.count(AFTER_SEEDING)
            yield seeded


class NetworkUsed(AssertionError):
    """An attempt to use the network."""


@contextmanager
def network_blocked() -> Iterator[None]:
    """Block name resolution and connections within the block."""

    def refuse(*arguments: object, **_: object) -> None:
        raise NetworkUsed(f"the network was used: {arguments[1:]}")

    with ExitStack() as patches:
        for name in ("connect", "connect_ex", "sendto"):
            patches.enter_context(patch.object(socket.socket, name, refuse))
        for name in ("getaddrinfo", "create_connection"):
            patches.enter_context(patch.object(socket, name, refuse))
        yield


def replay(
    row: Row, used: Mapping[str, Any], folder: Path = FOLDER, *, asynchronous: bool = False
) -> Any:
    """Replay a row's cassette with the network blocked; return the result as JSON.

    Raises:
        AssertionError: If some of the recorded requests were not made.
    """
    name = cassette_name(row)
    with (
        small_parts(),
        tempfile.TemporaryDirectory() as files,
        network_blocked(),
        recorder(folder).use_cassette(name) as cassette,
    ):
        handler = APIKeysHandler("id:id", "key:key", "alice")
        given = Fixed(folder=Path(files), **used)
        result = play(row, given, URLS, handler, asynchronous=asynchronous)
        assert cassette.all_played, f"not all requests in the cassette of {name} were made"
    return result
