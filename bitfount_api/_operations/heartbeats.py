"""Heartbeats: of pods by name, and, since 13.0, of a compute instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from bitfount_api import types
from bitfount_api._core.responses import check_status, decode_usable_json
from bitfount_api._generated import operations
from bitfount_api._generated.hub.api.pods import do_pod_heartbeat as _do_pod_heartbeat
from bitfount_api._generated.hub.models import (
    DatasourceHealth,
    HeartbeatRequest,
    InstanceHeartbeatRequest,
)
from bitfount_api._generated.hub.types import UNSET
from bitfount_api._internal.logs import get_logger
from bitfount_api._internal.plain_values import json_of_shape
from bitfount_api._internal.validation import flag, non_empty_text
from bitfount_api._operations.other_fields import with_other_fields
from bitfount_api.identifiers import path_part, pod_names
from bitfount_api.keys import serialize_public_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from bitfount_api._core.effects import Flow
    from bitfount_api._core.service_client import ServiceClient

_logger = get_logger(__name__)


@attrs.frozen
class InstanceState:
    """What a compute instance reports, as the caller gave it; None for what was not given."""

    instance_id: str | None
    cluster_id: str | None
    is_busy: bool | None
    is_ehr_configured: bool | None
    is_ehr_connected: bool | None
    private_ip_address: str | None
    datasource_health: Sequence[Mapping[str, Any]] | None


_REQUIRED = ("instance_id", "is_busy", "is_ehr_configured", "is_ehr_connected")


def do_pod_heartbeat(
    hub: ServiceClient,
    names: Sequence[str] | None,
    key: RSAPublicKey | None,
    instance: InstanceState,
) -> Flow[types.Heartbeat | None]:
    """Send a heartbeat of pods or of a compute instance, whichever the arguments describe.

    Raises:
        ValueError: The arguments are of both forms, or one is not valid. Nothing was sent.
        TypeError: Arguments are missing. Nothing was sent.
        HTTPError: The Hub refused the request.
    """
    pods = {"pod_names": names, "pod_public_key": key}
    of_pods = [name for name, value in pods.items() if value is not None]
    given = attrs.asdict(instance, recurse=False)
    of_instance = [name for name, value in given.items() if value is not None]
    if of_pods and of_instance:
        raise ValueError(
            f"do_pod_heartbeat got {' and '.join([*of_pods, *of_instance])}: it takes either "
            "pod_names and pod_public_key, or instance_id and the state of that instance"
        )
    wanted = _REQUIRED if of_instance else tuple(pods)
    if missing := [name for name in wanted if name not in {*of_pods, *of_instance}]:
        raise TypeError(f"do_pod_heartbeat is missing {' and '.join(missing)}")
    if names is not None and key is not None:
        yield from _of_pods(hub, names, key)
        return None
    return (yield from _of_instance(hub, instance))


def _of_pods(hub: ServiceClient, names: Sequence[str], key: RSAPublicKey) -> Flow[None]:
    request = _do_pod_heartbeat.build_request(
        body=HeartbeatRequest(
            names=pod_names(names, "pod_names"), pod_public_key=serialize_public_key(key, "SSH")
        )
    )
    operation = operations.DO_POD_HEARTBEAT
    response = yield from hub.send(operation, request)
    decode_usable_json(response, object, operation, hub.service)


def _of_instance(hub: ServiceClient, instance: InstanceState) -> Flow[types.Heartbeat | None]:
    body = InstanceHeartbeatRequest(
        instance_id=path_part(instance.instance_id or "", "instance id"),
        is_busy=flag(instance.is_busy, "is_busy"),
        is_ehr_configured=flag(instance.is_ehr_configured, "is_ehr_configured"),
        is_ehr_connected=flag(instance.is_ehr_connected, "is_ehr_connected"),
    )
    if instance.cluster_id is not None:
        body.cluster_id = path_part(instance.cluster_id, "cluster id")
    if instance.private_ip_address is not None:
        body.private_ip_address = non_empty_text(instance.private_ip_address, "private_ip_address")
    if instance.datasource_health is not None:
        body.datasource_health = _health(instance.datasource_health)
    request = _do_pod_heartbeat.build_request(body=body)
    operation = operations.DO_POD_HEARTBEAT
    response = yield from hub.send(operation, request)
    check_status(response, operation, hub.service)
    if response.status_code != 200:
        _logger.warning("The heartbeat was answered with the status %d", response.status_code)
        return None
    return decode_usable_json(response, types.Heartbeat, operation, hub.service)


def _health(entries: Sequence[Mapping[str, Any]]) -> list[DatasourceHealth]:
    shape, problem = list[types.DatasourceHealth], "datasource_health is not valid"
    plain: list[types.DatasourceHealth] = json_of_shape(entries, shape, problem)
    if not plain:
        raise ValueError(
            "datasource_health is empty, which the Hub refuses. Leave it out: the Hub then takes "
            "every dataset for healthy"
        )
    return [_entry(each) for each in plain]


def _entry(given: types.DatasourceHealth) -> DatasourceHealth:
    entry = DatasourceHealth(
        name=given["name"],
        status=given.get("status", UNSET),
        error_code=given.get("error_code", UNSET),
        message=given.get("message", UNSET),
    )
    return with_other_fields(entry, given)
