"""Updates for the monitor service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_api import types
from bitfount_api._core.responses import check_status
from bitfount_api._generated import operations
from bitfount_api._generated.hub.api.monitoring import send_monitor_update as _send_monitor_update
from bitfount_api._generated.hub.models import (
    MonitorUpdate,
    MonitorUpdateMetadataType0,
    MonitorUpdateProgressType0,
    MonitorUpdateResourceUsageType0,
    ProgressUpdate,
)
from bitfount_api._generated.hub.types import UNSET
from bitfount_api._internal.plain_values import json_of_shape
from bitfount_api._operations.other_fields import with_other_fields

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from bitfount_api._core.effects import Flow
    from bitfount_api._core.service_client import ServiceClient


def send_update(hub: ServiceClient, update: Mapping[str, Any]) -> Flow[None]:
    """Send an update about a task to the monitor service.

    Raises:
        ValueError: The update is not of the documented shape. Nothing was sent.
        HTTPError: The Hub refused the request.
    """
    problem = "the monitor update is not of the documented shape"
    plain: types.MonitorUpdate = json_of_shape(update, types.MonitorUpdate, problem)
    request = _send_monitor_update.build_request(body=_body(plain))
    operation = operations.SEND_MONITOR_UPDATE
    check_status((yield from hub.send(operation, request)), operation, hub.service)


def _body(given: types.MonitorUpdate) -> MonitorUpdate:
    metadata = given.get("metadata", UNSET)
    progress = given.get("progress", UNSET)
    usage = given.get("resourceUsage", UNSET)
    update = MonitorUpdate(
        task_id=given["taskId"],
        sender_id=given["senderId"],
        recipient_id=given.get("recipientId", UNSET),
        timestamp=given["timestamp"],
        privacy=given["privacy"],
        type_=given["type"],
        message=given.get("message", UNSET),
        metadata=with_other_fields(MonitorUpdateMetadataType0(), metadata)
        if isinstance(metadata, dict)
        else metadata,
        progress=_progress(progress) if isinstance(progress, dict) else progress,
        resource_usage=with_other_fields(MonitorUpdateResourceUsageType0(), usage)
        if isinstance(usage, dict)
        else usage,
    )
    return with_other_fields(update, given)


def _progress(given: Mapping[str, types.ProgressUpdate]) -> MonitorUpdateProgressType0:
    progress = MonitorUpdateProgressType0()
    progress.additional_properties = {name: _activity(each) for name, each in given.items()}
    return progress


def _activity(given: types.ProgressUpdate) -> ProgressUpdate:
    activity = ProgressUpdate(
        value=given["value"],
        total=given.get("total", UNSET),
        estimated_total=given.get("estimated_total", UNSET),
        unit=given.get("unit", UNSET),
    )
    return with_other_fields(activity, given)
