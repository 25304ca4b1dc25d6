"""Which code of the sandbox answers which operation of the specs."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from contract import specs
from contract.specs import Place, Spec
from starlette.routing import Match, Route
from support.places import ROOT, place

from bitfount_api.sandbox.services import access_manager, hub, smart_on_fhir

ROUTES = {
    "hub": hub.ROUTES,
    "oauth": hub.ROUTES,
    "access_manager": access_manager.ROUTES,
    "smart_on_fhir": smart_on_fhir.ROUTES,
}
"""The routes of the sandbox, by spec."""


def endpoint(name: str, spec: Spec, operation: Place) -> str:
    """Return the place of the code that answers an operation, or where to write it."""
    code = _code(name, operation)
    if code is not None:
        return f"{_file(code)}:{inspect.getsourcelines(code)[1]}"
    return f"a new route at {new_route(name, spec, operation)}"


def new_route(name: str, spec: Spec, operation: Place) -> str:
    """Return where to write a route: where another operation with the same tag is answered."""
    tags = operation.operation["tags"]
    for other in specs.operations(spec):
        code = _code(name, other) if other.operation["tags"] == tags else None
        if code is not None:
            return place(_file(code), "ROUTES = [")
    example = place("bitfount_api/sandbox/services/hub.py", "ROUTES = [")
    return f"bitfount_api/sandbox/services/{tags[0]}.py, a new file that is listed at {example}"


def _code(name: str, operation: Place) -> Any:
    scope = {"type": "http", "path": operation.path, "method": operation.method.upper()}
    for route in ROUTES[name]:
        if isinstance(route, Route) and route.matches(scope)[0] is Match.FULL:
            return inspect.unwrap(route.endpoint)
    return None


def _file(code: Any) -> str:
    return Path(inspect.getfile(code)).relative_to(ROOT).as_posix()
