"""Mistakes of users that mypy and pyright report. Nothing of it runs.

Each marked line has to be reported: a mark that is not needed is an error, for both.
"""

from __future__ import annotations

import bitfount_api as api


def look_up(hub: api.BitfountHub) -> None:
    """Use a result that may be None, and keys and names that do not exist."""
    hub.get_pod("alice/scans")["podIdentifier"]  # type: ignore[index]
    hub.retrieve_pod("alice/scans")["podname"]  # type: ignore[typeddict-item]
    hub.get_weights("alice", "Net", 1).decode()  # type: ignore[union-attr]
    hub.list_pods()  # type: ignore[attr-defined]
    api.BitfountHubb()  # type: ignore[attr-defined]


def pass_arguments(hub: api.BitfountHub, handler: api.APIKeysHandler) -> None:
    """Pass arguments of other types, too few, and positional ones that need a name."""
    hub.register_user_public_key("ssh-rsa AAAA")  # type: ignore[arg-type]
    hub.get_weights("alice", "Net", "1")  # type: ignore[arg-type]
    hub.get_model_from_url("https://storage.example/x")  # type: ignore[call-arg]
    hub.do_pod_heartbeat(["scans"], instance_id="i-1", is_busy=False)  # type: ignore[call-overload]
    hub.do_pod_heartbeat(instance_id="i-1")  # type: ignore[call-overload]
    api.BitfountHub(handler)  # type: ignore[arg-type]
    api.BitfountSession(handler, 5)  # type: ignore[call-arg]
    update: api.MonitorUpdate = {"taskId": "t"}  # type: ignore[typeddict-item]
    hub.send_monitor_update(update)


def change_a_value(policy: api.RetryPolicy, pod: api.PodIdentifier) -> None:
    """Assign to attributes of frozen values."""
    policy.retries = 5  # type: ignore[misc]
    pod.name = "scans"  # type: ignore[misc]


async def forget_to_await(hub: api.AsyncBitfountHub) -> None:
    """Use a coroutine as if it were its result."""
    (hub.get_pod_key("alice/scans")).upper()  # type: ignore[attr-defined]
    for _ in hub.iter_projects():  # type: ignore[attr-defined]
        break
