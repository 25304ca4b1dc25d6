"""The sandbox's answers have every field of the specs, and no others.

So a new field of an answer that the sandbox lacks is named, with the code that gives the answer.
"""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from contract import matching, specs
from contract.editing import Edit, drop, put
from contract.sandbox_routes import endpoint
from contract.specs import Place, Spec
from support.faults.cases import ROWS, ROWS_PLACE
from support.faults.environment import SEED_PLACE, Seeded, small_parts
from support.places import fail_with
from support.plays import play
from support.sandbox_api import AUDIENCE, CLIENT_ID, DEVICE_GRANT, SCOPE, Api, done
from support.sandbox_seeds import MEBIBYTE, pod_body

from bitfount_api.sandbox import Sandbox

pytestmark = pytest.mark.slow

LOADED = {name: specs.load(name) for name in specs.NAMES}

_REJECTED = "the sandbox rejects with an error status, which has the message"
_SMALL = "code has at most 3 MiB, and only objects from 5 MiB up are uploaded in parts"
_UNUSED = "no recording of the service has a value, and no operation uses the field"
NOT_GIVEN = {
    "hub: register_pod, errorMessage": _REJECTED,
    "hub: send_model, errorMessage": _REJECTED,
    "hub: send_weights, errorMessage": _REJECTED,
    **{f"hub: send_model, {name}": _SMALL for name in ("chunkSize", "key", "uploadId")},
    "hub: send_model, uploadUrls": _SMALL,
    "smart_on_fhir: get_pairings, results[].clientIpAddress": _UNUSED,
    "smart_on_fhir: get_pairings, results[].clientPublicKey": _UNUSED,
}
"""The fields of the specs that the sandbox does not give, each with the reason."""

_UNKNOWN = "the services add fields, and clients must ignore them"
ADDED = {
    "hub: create_compute_cluster, name": _UNKNOWN,
    "hub: upload_public_jwk, success": _UNKNOWN,
}
"""The fields of the sandbox that the specs do not have, each with the reason."""


@attrs.define
class Answers:
    """The JSON of the sandbox's successful answers, by operation: ``hub: get_pod``."""

    sandbox: Sandbox
    of: dict[str, list[Any]] = attrs.field(factory=dict)

    def add(self, request: httpx.Request, status: int, content: bytes) -> None:
        origin = f"{request.url.scheme}://{request.url.netloc.decode()}"
        for name in self._specs(origin):
            found = matching.find(LOADED[name], request.method, request.url.path)
            if found is not None and 200 <= status < 300:
                key = f"{name}: {found[0].operation['operationId']}"
                self.of.setdefault(key, []).append(json.loads(content))

    def _specs(self, origin: str) -> tuple[str, ...]:
        urls = {
            self.sandbox.hub_url: ("hub", "oauth"),
            self.sandbox.access_manager_url: ("access_manager",),
            self.sandbox.smart_on_fhir_url: ("smart_on_fhir",),
        }
        return urls.get(origin, ())


def play_all(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Call every operation as the fault matrix does, and return the answers."""
    answers = Answers(sandbox)
    handle = httpx.HTTPTransport.handle_request

    def recording(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        response = handle(transport, request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        content = b"".join(response.stream)
        answers.add(request, response.status_code, content)
        return httpx.Response(
            response.status_code, headers=response.headers, stream=httpx.ByteStream(content)
        )

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", recording)
    with tempfile.TemporaryDirectory() as folder, small_parts():
        given = Seeded(sandbox=sandbox, folder=Path(folder))
        given.seed()
        for row in ROWS:
            play(row, given, given.urls, given.handler())
    device_code(sandbox)
    large_schema(sandbox)
    return answers


def device_code(sandbox: Sandbox) -> None:
    """Get a token for bob in the device-code flow."""
    with contextlib.closing(Api(sandbox)) as api:
        form = {"client_id": CLIENT_ID, "scope": SCOPE, "audience": AUDIENCE}
        begun = done(api.oauth("/oauth/device/code", **form))
        sandbox.approve(begun["user_code"], "bob")
        redeemed = {"grant_type": DEVICE_GRANT, "device_code": begun["device_code"]}
        done(api.oauth("/oauth/token", client_id=CLIENT_ID, **redeemed))


def large_schema(sandbox: Sandbox) -> None:
    """Register a pod with a schema so large that it is uploaded in parts."""
    with contextlib.closing(Api(sandbox, "alice")) as api:
        large = pod_body("large", schemaSize=6 * MEBIBYTE)
        done(api.hub("POST", "/api/pods?multipartUpload=true", large), 201)


def fields(spec: Spec, schema: dict[str, Any], at: str = "") -> Iterator[str]:
    """Yield the place of each field of a schema: ``projects[].id``."""
    for where, node in specs.walk(spec, schema, at):
        place = re.sub(r"/(allOf|anyOf|oneOf)\d+", "", where)
        yield from (f"{place}.{name}".lstrip(".") for name in node.get("properties", {}))


def seen(value: Any, at: str = "") -> Iterator[str]:
    """Yield the place of each field of an answer that is not null, and those of open objects."""
    if isinstance(value, list):
        for each in value:
            yield from seen(each, f"{at}[]")
    if isinstance(value, dict):
        for name, each in value.items():
            if each is not None:
                yield f"{at}.{name}".lstrip(".")
            yield from seen(each, f"{at}.{name}")


def complaints(answers: dict[str, list[Any]], loaded: dict[str, Spec]) -> list[str]:
    """Return what is wrong with the answers, and where to change it."""
    found = []
    for name, spec in loaded.items():
        for place in specs.operations(spec):
            key = f"{name}: {place.operation['operationId']}"
            given = answers.get(key, [])
            code = endpoint(name, spec, place)
            if not given:
                found.append(
                    f"{key}: never called: add a row at {ROWS_PLACE}; it is answered by {code}"
                )
                continue
            schema = success_schema(spec, place)
            lacking = set(fields(spec, schema)) - {each for value in given for each in seen(value)}
            found += [
                f"{key}: no answer of the sandbox has {each}: add it in {code}, a value of it in "
                f"{SEED_PLACE}, or the reason in NOT_GIVEN"
                for each in sorted(lacking)
                if f"{key}, {each}" not in NOT_GIVEN
            ]
            found += [
                f"{key}: an answer of {code} is not as specified: {violation}"
                for value in given
                for violation in specs.violations(spec, schema, without_added(key, value))
            ]
    return found


def success_schema(spec: Spec, place: Place) -> dict[str, Any]:
    contents = specs.response_contents(spec, place)
    return next(content.schema for content in contents if content.name.startswith("2"))


def without_added(key: str, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: each for name, each in value.items() if f"{key}, {name}" not in ADDED}


def all_specs() -> dict[str, Spec]:
    return {name: specs.load(name) for name in specs.NAMES}


@pytest.fixture(scope="module")
def answers() -> Iterator[dict[str, list[Any]]]:
    with pytest.MonkeyPatch.context() as patch, Sandbox() as sandbox:
        yield play_all(sandbox, patch).of


def test_sandbox_answers_have_the_fields_of_the_specs(answers: dict[str, list[Any]]) -> None:
    fail_with(complaints(answers, all_specs()))


def test_every_exception_is_needed(answers: dict[str, list[Any]]) -> None:
    present = {f"{key}, {each}" for key, values in answers.items() for each in seen(values, "")}
    described = {
        f"{name}: {place.operation['operationId']}, {each}"
        for name, spec in all_specs().items()
        for place in specs.operations(spec)
        for each in fields(spec, success_schema(spec, place))
    }
    present = {each.replace(", [].", ", ") for each in present}
    assert {each for each in NOT_GIVEN if each in present or each not in described} == set()
    assert {each for each in ADDED if each not in present or each in described} == set()


STRING = {"type": "string"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            put("components", "schemas", "PodDetails", "properties", "icon", value=STRING),
            r"hub: get_pod: no answer .* has icon: add it in bitfount_api/sandbox/services/pods.py",
        ),
        (
            put("components", "schemas", "Project", "properties", "icon", value=STRING),
            (
                r"hub: get_projects: no answer .* has projects\[\].icon: "
                r".*/projects.py:\d+, a value of it in tests/support/faults/environment.py:\d+, or"
            ),
        ),
        (
            drop("components", "schemas", "PodDetails", "properties", "visibility"),
            r"hub: get_pod: an answer of .*pods.py:\d+ is not as specified: .*'visibility' was un",
        ),
        (
            put("paths", "/api/new", value={"get": {"operationId": "get_new", "tags": ["pods"]}}),
            r"hub: get_new: never called: add a row at \S+; .* by a new .*/services/pods.py:\d+",
        ),
    ],
)
def test_what_the_sandbox_lacks_is_named(
    answers: dict[str, list[Any]], change: Edit, expected: str
) -> None:
    changed = all_specs()
    change(changed["hub"])
    assert [each for each in complaints(answers, changed) if re.match(expected, each)]
