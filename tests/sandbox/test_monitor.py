"""The monitor: accepted and rejected updates."""

from __future__ import annotations

from typing import Any

import pytest
from support.sandbox_api import Api, done, refused

from bitfount_api.sandbox import Sandbox

LEAST: dict[str, Any] = {
    "taskId": "t1",
    "senderId": "alice/scans",
    "timestamp": "2024-01-01T00:00:00Z",
    "privacy": "PRIVATE",
    "type": "TASK_CONFIG",
}
MOST: dict[str, Any] = {
    **LEAST,
    "recipientId": "bob",
    "message": "",
    "metadata": {"deep": [None, {"x": 1.5}]},
    "progress": {
        "batches": {"value": 5, "total": 10, "estimated_total": 12.5, "unit": "batches"},
        "other": {"value": -1.5},
    },
    "resourceUsage": {"cpu": 0.5, "": 2},
}


def test_updates_are_kept_unchanged_and_in_order(sandbox: Sandbox, alice: Api) -> None:
    for update in (LEAST, MOST, {**LEAST, "taskId": "t2"}):
        assert done(alice.hub("POST", "/api/ingest", update)) == {"success": True}
    assert sandbox.state.monitor.updates("t1") == [LEAST, MOST]
    assert len(sandbox.state.monitor.updates()) == 3
    assert sandbox.state.monitor.updates("t3") == []


def test_null_in_an_optional_field_is_kept(sandbox: Sandbox, alice: Api) -> None:
    update = {name: LEAST.get(name) for name in MOST}
    steps = {"batches": {"value": 5, "total": None, "estimated_total": None, "unit": None}}
    for sent in (update, {**LEAST, "progress": steps}):
        done(alice.hub("POST", "/api/ingest", sent))
    assert sandbox.state.monitor.updates() == [update, {**LEAST, "progress": steps}]


@pytest.mark.parametrize("privacy", ["PRIVATE", "MODELLER", "ALL_PARTICIPANTS"])
@pytest.mark.parametrize("timestamp", ["2024-01-01", "2024-01-01T00:00:00.123456+01:00"])
def test_every_privacy_and_time_format_is_accepted(
    privacy: str, timestamp: str, sandbox: Sandbox, alice: Api
) -> None:
    update = {**LEAST, "privacy": privacy, "timestamp": timestamp, "type": "custom"}
    done(alice.hub("POST", "/api/ingest", update))
    assert sandbox.state.monitor.updates() == [update]


@pytest.mark.parametrize(
    "changes",
    [
        {"taskId": ""},
        {"senderId": None},
        {"timestamp": "yesterday"},
        {"timestamp": 0},
        {"privacy": "private"},
        {"type": ""},
        {"recipientId": 7},
        {"message": 7},
        {"metadata": []},
        {"progress": {"batches": {}}},
        {"progress": {"batches": {"value": "5"}}},
        {"progress": {"batches": {"value": 5, "unit": 7}}},
        {"progress": []},
        {"resourceUsage": {"cpu": "much"}},
        {"resourceUsage": []},
    ],
)
def test_invalid_updates_are_rejected_and_not_kept(
    changes: dict[str, Any], sandbox: Sandbox, alice: Api
) -> None:
    refused(alice.hub("POST", "/api/ingest", {**LEAST, **changes}), 422)
    assert sandbox.state.monitor.updates() == []


@pytest.mark.parametrize("name", LEAST)
def test_required_fields_are_required(name: str, alice: Api) -> None:
    update = {key: value for key, value in LEAST.items() if key != name}
    assert f"`{name}`" in refused(alice.hub("POST", "/api/ingest", update), 422)
