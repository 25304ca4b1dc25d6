"""The monitor: receive updates about tasks."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType
from starlette.routing import Route

from bitfount_api.sandbox.services.http import NotEmpty, Refusal, answer, body, caller, state_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


class Progress(msgspec.Struct):
    """Progress of a task or of one of its steps."""

    value: float
    total: float | UnsetType | None = UNSET
    estimated_total: float | UnsetType | None = UNSET
    unit: str | UnsetType | None = UNSET


class MonitorUpdate(msgspec.Struct, rename="camel"):
    """``POST /api/ingest``."""

    task_id: NotEmpty
    sender_id: NotEmpty
    timestamp: str
    privacy: str
    type: NotEmpty
    recipient_id: str | UnsetType | None = UNSET
    message: str | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET
    progress: dict[str, Progress] | UnsetType | None = UNSET
    resource_usage: dict[str, float] | UnsetType | None = UNSET


PRIVACY = ("PRIVATE", "MODELLER", "ALL_PARTICIPANTS")


async def ingest(request: Request) -> Response:
    """Store an update about a task."""
    state, user = state_of(request), caller(request)
    update: MonitorUpdate = await body(request, MonitorUpdate)
    if update.privacy not in PRIVACY:
        raise Refusal(422, f"privacy must be one of {', '.join(PRIVACY)}")
    try:
        dt.datetime.fromisoformat(update.timestamp)
    except ValueError:
        raise Refusal(422, "timestamp must be an ISO 8601 time") from None
    state.monitor.add(user, msgspec.to_builtins(update))
    return answer({"success": True})


ROUTES = [Route("/api/ingest", ingest, methods=["POST"])]
