"""Results of the documented methods for projects, keys and monitoring, for each answer."""

from __future__ import annotations

import json
import types
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httpx
import numpy as np
import pytest
from support.rsa_keys import key_pair

import bitfount_api
from bitfount_api import (
    ConnectError,
    HTTPError,
    InvalidJSONError,
    RequestException,
    public_keys_equal,
    serialize_public_key,
)

if TYPE_CHECKING:
    from support.fake_services import FakeServices

_, PUBLIC_KEY = key_pair()
PROJECT = {"id": "p1", "name": "n", "role": "OWNER", "new": True}
USAGE = {"resourceType": "MODEL_INFERENCE", "resourceName": "bob/Net:1", "totalUsage": 3}
UPDATE = {
    "taskId": "t",
    "senderId": "bob/scans",
    "timestamp": "2024-01-01T00:00:00Z",
    "privacy": "PRIVATE",
    "type": "TASK_CONFIG",
}

CALLS: dict[str, tuple[Any, ...]] = {
    "register_user_public_key": (PUBLIC_KEY,),
    "check_public_key_registered_and_active": ("7",),
    "create_project": ("n",),
    "get_projects": (),
    "add_dataset_to_project_for_user": ("p1", "scans"),
    "get_usage_limits": ("p1",),
    "send_monitor_update": (UPDATE,),
}
SUCCESSES: dict[str, tuple[Any, Any]] = {
    "register_user_public_key": ({"id": 7}, 7),
    "create_project": ({"projectId": "p9"}, "p9"),
    "get_projects": ({"totalProjects": 1, "projects": [PROJECT]},) * 2,
    "add_dataset_to_project_for_user": ({}, None),
    "get_usage_limits": ([USAGE],) * 2,
    "send_monitor_update": ({}, None),
}
STATUSES = {
    "register_user_public_key": {200, 201, 202},
    "create_project": {200, 201},
    "add_dataset_to_project_for_user": {200, 201},
    "get_projects": {200, 201, 202},
    "get_usage_limits": {200, 201, 202},
    "send_monitor_update": {200, 201, 202},
}


@pytest.mark.documented("BitfountHub.add_dataset_to_project_for_user", "returns")
@pytest.mark.documented("BitfountHub.get_usage_limits", "project_id", "returns")
@pytest.mark.documented("BitfountHub.send_monitor_update", "returns")
@pytest.mark.parametrize("name", SUCCESSES)
def test_success_returns_the_documented_result(services: FakeServices, name: str) -> None:
    answer, result = SUCCESSES[name]
    services.json(answer)
    assert services.hub(name, *CALLS[name]) == result


@pytest.mark.documented("BitfountHub.add_dataset_to_project_for_user", "project_id", "dataset_name")
@pytest.mark.parametrize(
    ("name", "status"), [(name, status) for name in STATUSES for status in (200, 201, 202)]
)
def test_only_the_documented_statuses_are_successes(
    services: FakeServices, name: str, status: int
) -> None:
    answer, result = SUCCESSES[name]
    services.json(answer, status)
    if status in STATUSES[name]:
        assert services.hub(name, *CALLS[name]) == result
    else:
        with pytest.raises(HTTPError, match=f"unexpected status {status}"):
            services.hub(name, *CALLS[name])


@pytest.mark.documented("BitfountHub.add_dataset_to_project_for_user", "HTTPError")
@pytest.mark.documented("BitfountHub.check_public_key_registered_and_active", "HTTPError")
@pytest.mark.documented("BitfountHub.create_project", "HTTPError")
@pytest.mark.documented("BitfountHub.get_projects", "HTTPError")
@pytest.mark.documented("BitfountHub.get_usage_limits", "HTTPError")
@pytest.mark.documented("BitfountHub.register_user_public_key", "HTTPError")
@pytest.mark.documented("BitfountHub.send_monitor_update", "RequestException", "HTTPError")
@pytest.mark.parametrize("status", [400, 401, 403, 409, 413, 429, 500, 503, 307])
@pytest.mark.parametrize("name", CALLS)
def test_rejection_raises_http_error_with_all_details(
    services: FakeServices, name: str, status: int
) -> None:
    body = {"success": False, "errorMessage": "because of this"}
    services.answer(httpx.Response(status, json=body, headers={"x-request-id": "r-1"}))
    with pytest.raises(HTTPError) as caught:
        services.hub(name, *CALLS[name])
    error = caught.value
    assert (error.status_code, error.request_id) == (status, "r-1")
    assert str(status) in str(error)
    assert "because of this" in str(error)
    assert "r-1" in str(error)
    assert error.response.json() == body


@pytest.mark.parametrize("name", ["create_project", "get_projects", "get_usage_limits"])
@pytest.mark.parametrize("content", [b"", b"<html>", b"null", b'"text"', b"{"])
def test_answer_of_another_shape_raises(services: FakeServices, name: str, content: bytes) -> None:
    services.answer(httpx.Response(200, content=content))
    with pytest.raises(InvalidJSONError, match=name):
        services.hub(name, *CALLS[name])


@pytest.mark.parametrize("content", [b"", b"OK", b"<html>"])
@pytest.mark.parametrize("name", ["add_dataset_to_project_for_user", "send_monitor_update"])
def test_methods_returning_none_need_no_json(
    services: FakeServices, name: str, content: bytes
) -> None:
    services.answer(httpx.Response(200, content=content))
    assert services.hub(name, *CALLS[name]) is None


# --- Keys ----------------------------------------------------------------------------------------


@pytest.mark.documented("BitfountHub.register_user_public_key", "key", "returns")
@pytest.mark.parametrize("key_id", [7, "7", "a-uuid"])
def test_register_key_returns_the_id_of_the_hub(services: FakeServices, key_id: Any) -> None:
    services.json({"id": key_id}, 201)
    assert services.hub("register_user_public_key", PUBLIC_KEY) == key_id
    assert services.request_lines == ["POST https://hub.test/api/alice/keys?version=2"]
    sent = json.loads(services.requests[0].content)
    assert sent == {"key": serialize_public_key(PUBLIC_KEY, "SSH")}


@pytest.mark.documented("BitfountHub.check_public_key_registered_and_active", "key_id", "returns")
@pytest.mark.parametrize("form", ["PEM", "SSH"])
def test_check_key_returns_an_active_key_loaded(services: FakeServices, form: Any) -> None:
    text = serialize_public_key(PUBLIC_KEY, form)
    services.json({"public_key": text, "id": "7", "active": True})
    details = services.hub("check_public_key_registered_and_active", "7", "bob")
    assert public_keys_equal(details.pop("public_key"), PUBLIC_KEY)
    assert details == {"id": "7", "active": True}
    assert services.request_lines == ["GET https://hub.test/api/bob/keys/7"]


@pytest.mark.documented("BitfountHub.check_public_key_registered_and_active", "username")
def test_check_key_uses_the_own_user_by_default(services: FakeServices) -> None:
    services.json({}, 404)
    assert services.hub("check_public_key_registered_and_active", "7") is None
    assert services.request_lines == ["GET https://hub.test/api/alice/keys/7"]


@pytest.mark.documented("BitfountHub.check_public_key_registered_and_active", "None")
def test_check_key_inactive_key_returns_none(services: FakeServices) -> None:
    text = serialize_public_key(PUBLIC_KEY)
    services.json({"public_key": text, "id": "7", "active": False})
    assert services.hub("check_public_key_registered_and_active", "7") is None


@pytest.mark.parametrize(
    "answer",
    [
        {"public_key": "no key", "id": "7", "active": True},
        {"id": "7", "active": True},
        {"public_key": "x", "id": "7", "active": "yes"},
    ],
)
def test_check_key_answer_without_a_key_raises(
    services: FakeServices, answer: dict[str, Any]
) -> None:
    services.json(answer)
    with pytest.raises(InvalidJSONError):
        services.hub("check_public_key_registered_and_active", "7")


# --- Projects ------------------------------------------------------------------------------------


@pytest.mark.documented("BitfountHub.get_projects", "offset", "limit", "returns")
def test_get_projects_sends_offset_and_limit(services: FakeServices) -> None:
    page = {"totalProjects": 30, "projects": [PROJECT]}
    services.json(page)
    assert services.hub("get_projects", 24, 6) == page
    assert dict(services.requests[0].url.params) == {"offset": "24", "limit": "6"}


def test_offset_and_limit_may_be_text(services: FakeServices) -> None:
    services.json({"totalProjects": 0, "projects": []})
    services.hub("get_projects", "0", "2")
    assert dict(services.requests[0].url.params) == {"offset": "0", "limit": "2"}


def test_get_projects_takes_numbers_of_numpy(services: FakeServices) -> None:
    services.json({"totalProjects": 0, "projects": []})
    services.hub("get_projects", np.uint8(24), np.int64(6))
    assert dict(services.requests[0].url.params) == {"offset": "24", "limit": "6"}


@pytest.mark.parametrize("datasets", [{}, {"linked_datasets": None}, {"linked_datasets": []}])
def test_get_projects_keeps_unknown_and_no_datasets_apart(
    services: FakeServices, datasets: dict[str, Any]
) -> None:
    page = {"totalProjects": 1, "projects": [{**PROJECT, **datasets}]}
    services.json(page)
    assert services.hub("get_projects") == page


@pytest.mark.documented("BitfountHub.get_project_name", "project_id", "returns")
@pytest.mark.parametrize("name", ["get_project_name", "retrieve_project_name"])
@pytest.mark.parametrize("project", [PROJECT, {"name": "n", "id": 3}, {"name": "n"}])
def test_project_name_is_the_one_of_the_answer(
    services: FakeServices, project: Any, name: str
) -> None:
    services.json(project)
    assert services.hub(name, "p1") == "n"
    assert services.request_lines == ["GET https://hub.test/api/projects/p1"]


@pytest.mark.documented("BitfountHub.get_project_name", "None")
@pytest.mark.parametrize(
    "answer",
    [
        *[(404, {"json": {"errorMessage": "no such project"}}), (401, {"json": {}})],
        *[(500, {"text": "<html>"}), (200, {"text": "<html>"}), (200, {"json": []})],
        *[(200, {"json": body}) for body in ({"id": "p1"}, {"name": ""}, {"name": 7})],
        *[httpx.ConnectError("no route"), httpx.ReadTimeout("too slow")],
    ],
    ids=str,
)
def test_project_name_failure_is_logged_and_none(
    services: FakeServices, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    failed = isinstance(answer, Exception)
    services.answer(answer if failed else httpx.Response(answer[0], **answer[1]))
    assert services.hub("get_project_name", "p1") is None
    assert "project 'p1'" in caplog.text


@pytest.mark.parametrize("project_id", ["../x", "", None])
def test_project_name_of_an_invalid_id_is_none(
    services: FakeServices, project_id: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert services.hub("get_project_name", project_id) is None
    assert services.requests == []
    assert "project id" in caplog.text


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((404, '{"errorMessage": "no such project"}'), HTTPError),
        ((401, "{}"), HTTPError),
        *[
            ((200, body), InvalidJSONError)
            for body in ("<html>", "[]", '{"id": "p1"}', '{"name": ""}', '{"name": 7}')
        ],
        (httpx.ConnectError("no route"), ConnectError),
    ],
    ids=str,
)
def test_retrieve_project_name_failure_raises(
    services: FakeServices, answer: Any, kind: type[RequestException]
) -> None:
    failed = isinstance(answer, Exception)
    services.answer(answer if failed else httpx.Response(answer[0], text=answer[1]))
    with pytest.raises(kind) as caught:
        services.hub("retrieve_project_name", "p1")
    assert type(caught.value) is kind
    assert caught.value.operation == "get_project"


@pytest.mark.parametrize("project_id", ["../x", "", None])
def test_retrieve_project_name_checks_the_id(services: FakeServices, project_id: Any) -> None:
    with pytest.raises(ValueError, match="project id"):
        services.hub("retrieve_project_name", project_id)
    assert services.requests == []


def projects_from(services: FakeServices, page_size: int) -> list[str]:
    """Return the result of ``iter_projects``, sync or async."""
    import asyncio

    from bitfount_api import APIKeysHandler, BitfountSession

    handler = services._ahandle if services.asynchronous else services._handle
    keys = APIKeysHandler("i", "k", "alice")
    session = BitfountSession(keys, transport=httpx.MockTransport(handler))
    if not services.asynchronous:
        hub = bitfount_api.BitfountHub(session, "https://hub.test")
        return [project["id"] for project in hub.iter_projects(page_size)]

    async def main() -> list[str]:
        async with session:
            hub = bitfount_api.AsyncBitfountHub(session, "https://hub.test")
            return [project["id"] async for project in hub.iter_projects(page_size)]

    return asyncio.run(main())


@pytest.mark.parametrize(("total", "page_size"), [(0, 2), (1, 2), (2, 2), (5, 2), (5, 100)])
def test_iter_projects_yields_every_project_once(
    services: FakeServices, total: int, page_size: int
) -> None:
    everything = [{"id": f"p{number}"} for number in range(total)]

    def page(request: httpx.Request) -> httpx.Response:
        offset, limit = (int(request.url.params[name]) for name in ("offset", "limit"))
        shown = everything[offset : offset + limit]
        return httpx.Response(200, json={"totalProjects": total, "projects": shown})

    services.answer(*[page] * (total // page_size + 2))
    assert projects_from(services, page_size) == [project["id"] for project in everything]
    assert len(services.requests) <= total // page_size + 1


@pytest.mark.documented("BitfountHub.get_usage_limits", "model_id", "returns, with model_id")
def test_usage_limits_of_a_model_send_owner_and_name(services: FakeServices) -> None:
    limits = {"default": None, "totalGrantees": 1, "usage": [{**USAGE, "granteeUsername": "bob"}]}
    services.json(limits)
    assert services.hub("get_usage_limits", "p1", "bob/Net:latest") == limits
    (line,) = services.request_lines
    assert unquote(line).endswith("/api/projects/p1/limits/models/bob/Net:latest")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("get_usage_limits", ("../x",)),
        ("get_usage_limits", ("p1", "Net")),
        ("get_usage_limits", ("p1", "bob/../Net:1")),
        ("add_dataset_to_project_for_user", ("p1", "../scans")),
        ("add_dataset_to_project_for_user", ("a/b", "scans")),
        ("create_project", ("",)),
        ("create_project", (None,)),
        ("get_projects", (-1,)),
        ("get_projects", (0, -1)),
        ("check_public_key_registered_and_active", ("../x",)),
        ("check_public_key_registered_and_active", ("7", "../x")),
        ("send_monitor_update", ({},)),
        ("send_monitor_update", ({**UPDATE, "timestamp": 3},)),
        ("send_monitor_update", ("update",)),
    ],
)
def test_invalid_argument_raises_before_any_request(
    services: FakeServices, name: str, arguments: tuple[Any, ...]
) -> None:
    with pytest.raises(ValueError):
        services.hub(name, *arguments)
    assert services.requests == []


@pytest.mark.documented("BitfountHub.send_monitor_update", "update")
def test_monitor_update_is_sent_unchanged(services: FakeServices) -> None:
    update = {**UPDATE, "progress": {"b": {"value": 5, "unit": "batches"}}, "metadata": {"x": [1]}}
    services.json({}, 202)
    services.hub("send_monitor_update", update)
    assert json.loads(services.requests[0].content) == update


# --- Values that JSON does not have --------------------------------------------------------------


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_monitor_update_with_numbers_of_other_libraries(services: FakeServices) -> None:
    services.json({})
    update = {
        **UPDATE,
        "metadata": {"loss": np.float32(0.5), "epoch": np.int64(3), "rate": Decimal("0.25")},
        "progress": {"batches": {"value": np.int32(5), "total": Decimal(10)}},
        "resourceUsage": {"cpu": np.float64(0.5)},
    }
    services.hub("send_monitor_update", types.MappingProxyType(update))
    assert json.loads(services.requests[0].content) == {
        **UPDATE,
        "metadata": {"loss": 0.5, "epoch": 3, "rate": 0.25},
        "progress": {"batches": {"value": 5, "total": 10}},
        "resourceUsage": {"cpu": 0.5},
    }


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ({"metadata": {"labels": {1, 2}}}, "$.metadata.labels"),
        ({"metadata": {"a": [1.0, float("nan")]}}, "$.metadata.a[1]"),
        ({"metadata": {"deep": _nested(5000)}}, "$.metadata.deep[0][0]"),
        ({"metadata": {"raw": b"x"}}, "$.metadata.raw"),
        ({"metadata": {"name": "\ud83d"}}, "$.metadata.name"),
        ({"resourceUsage": {"gpu": float("inf")}}, "$.resourceUsage.gpu"),
        ({"resourceUsage": {"gpu": "much"}}, "$.resourceUsage"),
        ({"progress": {"x": {"value": Decimal("NaN")}}}, "$.progress.x.value"),
        ({"message": 7}, "$.message"),
        ({"timestamp": np.datetime64("2024-01-01")}, "$.timestamp"),
    ],
)
def test_invalid_monitor_update_names_the_place(
    services: FakeServices, part: dict[str, Any], place: str
) -> None:
    with pytest.raises(ValueError, match="monitor update") as caught:
        services.hub("send_monitor_update", {**UPDATE, **part})
    assert type(caught.value) is ValueError
    assert f"`{place}" in str(caught.value)
    assert services.requests == []


@pytest.mark.parametrize("update", [None, [], "text", 3, object()])
def test_monitor_update_of_another_type_is_rejected(services: FakeServices, update: Any) -> None:
    with pytest.raises(ValueError, match="monitor update"):
        services.hub("send_monitor_update", update)
    assert services.requests == []
