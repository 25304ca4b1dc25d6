"""Operations as flows: the effects that each yields, step by step, without a network."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.flows import FakeDriver, received
from support.rsa_keys import key_pair

from bitfount_api import ConnectError, InvalidJSONError, RetryPolicy
from bitfount_api._core import services
from bitfount_api._core.effects import RunInThread, Send
from bitfount_api._core.service_client import ServiceClient
from bitfount_api._internal.operation import Retry
from bitfount_api._operations import (
    clusters,
    compute,
    ehr_keys,
    models,
    monitoring,
    pods,
    projects,
    public_keys,
)
from bitfount_api.hashes import hash_contents
from bitfount_api.identifiers import PodIdentifier

if TYPE_CHECKING:
    from collections.abc import Generator

POD = PodIdentifier("bob", "scans")
CSR = "-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n"
DETAILS: dict[str, Any] = {"podIdentifier": "bob/scans", "podName": "scans"}
CODE = b"from bitfount_api import BitfountModel\nclass Net(BitfountModel): pass\n"
KEYS = {"x-api-key": "k"}


def hub(retries: int = 0) -> ServiceClient:
    return ServiceClient(
        services.hub("https://hub.test"), RetryPolicy(retries=retries), lambda: "alice"
    )


def answer(status: int = 200, /, **body: Any) -> Any:
    """A response to any call."""

    def to(call: Send) -> httpx.Response:
        request = httpx.Request("GET", "https://x.test")
        return httpx.Response(status, json=body, request=request)

    return to


def test_get_pod_sends_one_idempotent_request() -> None:
    driver = FakeDriver([answer(**DETAILS)])
    assert driver.run(pods.get_pod(hub(), POD, None)) == DETAILS
    (call,) = driver.calls
    assert (call.request["method"], call.request["url"]) == ("get", "/api/pods/bob/scans")
    assert call.service.audience == "hub"
    assert call.operation.retry is Retry.IDEMPOTENT


def test_get_pod_missing_pod_is_requested_once() -> None:
    driver = FakeDriver([answer(404, errorMessage="no")])
    assert driver.run(pods.get_pod(hub(retries=3), POD, None)) is None
    assert driver.pauses == []


def test_get_pod_busy_hub_is_retried_after_a_pause() -> None:
    driver = FakeDriver([answer(503), ConnectError("reset"), answer(**DETAILS)])
    assert driver.run(pods.get_pod(hub(retries=2), POD, None)) == DETAILS
    assert len(driver.pauses) == 2


def test_refused_credentials_are_renewed_and_the_call_retried() -> None:
    fresh = {"x-api-key": "new"}
    driver = FakeDriver([answer(401), answer(**DETAILS)], credentials=[KEYS, fresh])
    assert driver.run(pods.get_pod(hub(), POD, None)) == DETAILS
    assert [call.credentials for call in driver.calls] == [KEYS, fresh]


@pytest.mark.parametrize(
    "flow",
    [
        projects.create_project(hub(retries=3), "n"),
        public_keys.register(hub(retries=3), key_pair()[1]),
        monitoring.send_update(
            hub(retries=3),
            {
                "taskId": "t",
                "senderId": "s",
                "timestamp": "2024-01-01T00:00:00Z",
                "privacy": "PRIVATE",
                "type": "x",
            },
        ),
        pods.archive(hub(retries=3), "scans"),
        compute.request_certificate(hub(retries=3), "m-1", CSR),
        clusters.create(hub(retries=3), "c", None),
        clusters.link_datasets(hub(retries=3), "c-1", ["scans"]),
    ],
    ids=[
        *("create_project", "register_user_public_key", "send_monitor_update", "archive_pod"),
        *("request_compute_certificate", "create_compute_cluster", "link_datasets"),
    ],
)
def test_creating_operations_are_never_sent_twice(flow: Generator[Any, Any, Any]) -> None:
    driver = FakeDriver([ConnectError("reset", sent=True)])
    with pytest.raises(ConnectError):
        driver.run(flow)
    assert len(driver.calls) == 1
    assert driver.calls[0].operation.retry is Retry.IF_UNSENT


@pytest.mark.parametrize(
    ("flow", "timeout"),
    [
        (compute.register(hub(retries=1), "i-1", None, "10.0.0.5"), 10),
        (ehr_keys.upload(hub(retries=1), {"kty": "RSA"}, "issuer", "client"), 60),
    ],
    ids=["register_compute", "upload_public_jwk"],
)
def test_operations_that_set_a_value_are_repeated(
    flow: Generator[Any, Any, Any], timeout: float
) -> None:
    said = {"computeId": "m-1", "jwksUriWellKnown": "https://x.test/jwks.json"}
    driver = FakeDriver([ConnectError("reset", sent=True), answer(**said)])
    assert driver.run(flow) == said
    assert [call.operation.timeout for call in driver.calls] == [timeout] * 2


def test_unsent_creating_operation_is_retried() -> None:
    driver = FakeDriver([ConnectError("refused", sent=False), answer(projectId="p")])
    assert driver.run(projects.create_project(hub(retries=1), "n")) == "p"
    assert len(driver.calls) == 2


def test_get_model_from_url_hashes_before_running() -> None:
    steps: list[str] = []
    flow = models.get_model_from_url(hub(), "https://s3.test/m?sig=1", hash_contents(CODE))
    step = next(flow)
    assert isinstance(step, Send)
    assert step.service.audience is None
    assert step.sink is not None
    request = httpx.Request("GET", "https://s3.test/m")
    named = {"content-length": str(len(CODE))}
    response = received(httpx.Response(200, headers=named, request=request))
    assert step.sink.accept(response)
    step.sink.write(CODE)
    step.sink.close(whole=True)
    outcome: Any = response
    try:
        while True:
            step = flow.send(outcome)
            assert isinstance(step, RunInThread)
            steps.append(getattr(step.run, "func", step.run).__name__)
            outcome = step.run()
    except StopIteration as ended:
        assert ended.value.__name__ == "Net"
    assert steps.index("hash_contents") < steps.index("load_model_class")


def test_invalid_answer_is_not_retried() -> None:
    driver = FakeDriver([answer(podName="scans")])
    with pytest.raises(InvalidJSONError, match="podIdentifier"):
        driver.run(pods.get_pod(hub(retries=3), POD, None))


def test_modules_with_flows_are_attributes() -> None:
    package = importlib.import_module("bitfount_api._operations")
    for file in Path(str(package.__file__)).parent.glob("[!_]*.py"):
        assert getattr(package, file.stem).__name__ == f"{package.__name__}.{file.stem}"
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = package.nothing
