# mypy: disable-error-code="import-not-found"
"""The official SDK's side of these tests, run by the Python that has it (5.3.0 needs 3.10).

``python official_side.py TASK ARGUMENTS…`` prints its result as one line of JSON, the last line.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from pathlib import Path
from typing import Any


def signatures() -> dict[str, Any]:
    """Return the arguments of every public method of the documented classes, in their order."""
    from bitfount.hub import api

    found = {}
    for kind in ("BitfountHub", "BitfountAM", "SMARTOnFHIR"):
        members = inspect.getmembers(getattr(api, kind), inspect.isfunction)
        found[kind] = {
            name: [
                argument for argument in inspect.signature(method).parameters if argument != "self"
            ]
            for name, method in members
            if not name.startswith("_") or name == "__init__"
        }
    return found


def token() -> dict[str, Any]:
    """Use the token on disk, as a session does, and write it back."""
    from bitfount.hub.authentication_handlers import DeviceCodeFlowHandler

    handler = DeviceCodeFlowHandler(username="alice")
    handler.authenticate()  # asks for a login if the token is not valid
    return {
        "file": str(handler.token_file),
        "username": handler.username,
        "authorization": handler.hub_request_headers["authorization"],
    }


def schema(given: str, written: str) -> dict[str, Any]:
    """Read a schema's YAML file, collect its feature names, and write it again."""
    from bitfount.data.schema import BitfountSchema

    read = BitfountSchema.load_from_file(given)
    read.dump(Path(written))
    return {"json": read.to_json(), "names": sorted(read.get_feature_names())}


def _hub(url: str) -> Any:
    from bitfount.hub.api import BitfountHub
    from bitfount.hub.authentication_flow import BitfountSession
    from bitfount.hub.authentication_handlers import APIKeysHandler

    keys = os.environ["BITFOUNT_API_KEY_ID"], os.environ["BITFOUNT_API_KEY"]
    return BitfountHub(BitfountSession(APIKeysHandler(*keys, "alice")), url)


def pod(url: str) -> dict[str, Any]:
    """Get a pod's details and its schema."""
    hub = _hub(url)
    return {
        "details": hub.get_pod("alice/scans"),
        "schema": hub.get_pod_schema("alice/scans").to_json(),
    }


def model(url: str, code: str, weights: str) -> dict[str, Any]:
    """Publish a model with its weights, and get the model that exists already."""
    hub = _hub(url)
    theirs = hub.get_model("alice", "Ours")
    answer = hub.send_model(Path(code))
    hub.send_weights(Path(code).stem, answer["version"], Path(weights))
    return {
        "version": answer["version"],
        "bases": [base.__name__ for base in theirs.__mro__],
        "weights": len(hub.get_weights("alice", "Ours", 1)),
    }


if __name__ == "__main__":
    tasks: dict[str, Any] = {
        task.__name__: task for task in (signatures, token, schema, pod, model)
    }
    result = tasks[sys.argv[1]](*sys.argv[2:])
    print("\n" + json.dumps(result))
