"""Updates for the monitor service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_hub_client.api.monitoring import send_monitor_update as _send_monitor_update
from bitfount_hub_client.models import MonitorUpdate

from bitfount_api import types
from bitfount_api._core import operations
from bitfount_api._core.responses import check_status
from bitfount_api._internal.plain_values import json_of_shape

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
    plain = json_of_shape(update, types.MonitorUpdate, problem)
    request = _send_monitor_update.build_request(body=MonitorUpdate.from_dict(plain))
    operation = operations.SEND_MONITOR_UPDATE
    check_status((yield from hub.send(operation, request)), operation, hub.service)
