"""The client and mock servers that Prism makes from the specs: every operation gives a result."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from contract import specs
from support.faults.cases import ROWS
from support.faults.environment import small_parts
from support.faults.legs import Row
from support.fuzzed import with_good_values
from support.prism import Prism, PrismServices, successes
from support.spec_examples import CASES, complaint, for_file, uncalled

from bitfount_api import BitfountError, BitfountSession, DeviceCodeFlowHandler, HTTPError
from bitfount_api.auth.oauth import Clock

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _small_parts() -> Iterator[None]:
    with small_parts():
        yield


@pytest.fixture(scope="module")
def servers() -> Iterator[Mapping[str, Prism]]:
    """A mock server of each spec."""
    with contextlib.ExitStack() as stack:
        yield {
            name: stack.enter_context(Prism(specs.FOLDER / f"{name}.yaml")) for name in specs.NAMES
        }


def result_of(services: PrismServices, *, asynchronous: bool) -> Any:
    try:
        return services.run(asynchronous=asynchronous)
    except BitfountError as error:
        return error


@pytest.mark.parametrize("way", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    ("row", "index"), CASES, ids=[f"{r.name}, {r.legs[n].operation.name}" for r, n in CASES]
)
def test_call_is_valid_and_each_example_gives_a_result(
    servers: Mapping[str, Prism], row: Row, index: int, way: bool, tmp_path: Path
) -> None:
    name = row.legs[index].operation.name
    examples = successes(name)
    assert examples != {}
    for prefer, example in examples.items():
        services = PrismServices(row, tmp_path, servers, {name: prefer})
        result = result_of(services, asynchronous=way)
        assert services.violations == []
        answer = services.answers[name]
        assert answer.body == for_file(row, with_good_values(example))
        assert complaint(row, index, answer.status, answer.body, result) is None


def test_every_operation_is_called() -> None:
    assert uncalled() == set()


def test_login_and_refresh_call_every_oauth_operation(
    servers: Mapping[str, Prism], tmp_path: Path
) -> None:
    server = servers["oauth"]
    sent: list[tuple[str, str | None]] = []

    def answered(request: httpx.Request) -> httpx.Response:
        request.read()
        answer = server.answer(request)
        sent.append((f"{request.method} {request.url.path}", answer.violations))
        # No pauses between polls.
        return httpx.Response(answer.status, json={**answer.body, "interval": 0})

    def username(*, days: int) -> str:
        """Log in, or refresh the stored token, that many days from now."""
        clock = Clock(now=lambda: Clock().now() + days * 86_400)
        handler = DeviceCodeFlowHandler(
            server.url, storage_path=tmp_path, prompt=lambda _: None, clock=clock
        )
        with BitfountSession(handler, transport=httpx.MockTransport(answered)) as session:
            session.authenticate()
        return handler.username

    assert username(days=0) == "alice"
    described = [str(place) for place in specs.operations(specs.load("oauth"))]
    assert sorted(sent) == [(each, None) for each in sorted(described)]
    sent.clear()
    assert username(days=2) == "alice"
    assert sent == [("POST /oauth/token", None)]


# --- The mock servers validate -------------------------------------------------------------------

BODIES = [
    (name, place)
    for name in specs.NAMES
    for place in specs.operations(specs.load(name))
    if "requestBody" in place.operation
]


@pytest.mark.parametrize(
    ("name", "place"), BODIES, ids=[place.operation["operationId"] for _, place in BODIES]
)
def test_body_of_the_wrong_type_is_a_violation(
    servers: Mapping[str, Prism], name: str, place: specs.Place
) -> None:
    """Prism accepts every body if it cannot compile the schema."""
    spec = specs.load(name)
    named = {each["name"]: str(each["example"]) for each in specs.parameters(spec, place)}
    path = place.path.format_map(named)
    url = f"{servers[name].url}{path}"
    [content] = specs.body_contents(spec, place)
    headers = {"content-type": content.name.split()[-1], "x-api-key-id": "id", "x-api-key": "key"}
    body = b"[]" if headers["content-type"].endswith("json") else b"a=b"
    request = httpx.Request(place.method.upper(), url, params={}, headers=headers, content=body)
    answer = servers[name].answer(request)
    assert answer.status >= 400
    assert '"location":["request","body"]' in str(answer.violations)


def test_request_that_violates_the_spec_is_reported(tmp_path: Path) -> None:
    hub = specs.load("hub")
    fields = hub["components"]["schemas"]["RegisterPodRequest"]["properties"]
    fields["schemaSize"] = {"type": "string"}
    changed = tmp_path / "hub.json"
    changed.write_text(json.dumps(hub), encoding="utf-8")
    row = next(row for row in ROWS if row.name == "register_pod")
    with Prism(changed) as server:
        services = PrismServices(row, tmp_path, {"hub": server})
        result = result_of(services, asynchronous=False)
    assert isinstance(result, HTTPError)
    [found] = services.violations
    assert "schemaSize must be string" in found
