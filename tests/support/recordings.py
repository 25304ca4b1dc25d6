"""What the recorded requests of the official SDK cannot have: fields that were added since.

The recordings in ``tests/data/wire-examples.json`` stay as the official SDK 5.3.0 sent them. A
field that this client sends since is stated here, and left out of the comparison.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contract import matching, specs
from contract.specs import Spec
from support.places import place as place_of

SPEC_OF = {"hub": "hub", "am": "access_manager", "fhir": "smart_on_fhir"}

ADDED: dict[tuple[str, str], str] = {}
"""By operation and field of its body: since when, and why. For example,
``("POST /api/models", "modelLicence"): "14.0: the Hub requires a licence"``."""

ADDED_HINT = (
    "a field that was added after the recordings is stated, with the reason, at "
    + place_of("tests/support/recordings.py", "ADDED: dict")
)


def added_to(recorded: dict[str, Any]) -> set[str]:
    """Return the fields that were added to the body of a recorded request's operation."""
    name = SPEC_OF.get(recorded["svc"])
    if name is None:
        return set()
    found = matching.find(specs.load(name), recorded["method"], recorded["path"])
    return {field for place, field in ADDED if found and place == str(found[0])}


def as_recorded(request: dict[str, Any]) -> dict[str, Any]:
    """Return a request of this client as it was when the recordings were made."""
    added = added_to(request)
    if not added:
        return request
    return {**request, "body": {"json": _without(request["body"]["json"], added)}}


def _without(body: Any, added: set[str]) -> Any:
    if isinstance(body, list):
        return [_without(each, added) for each in body]
    return {name: value for name, value in body.items() if name not in added}


def require_recorded(spec: Spec) -> Spec:
    """Return a spec that does not require the fields that were added since."""
    for place in specs.operations(spec):
        added = {field for of, field in ADDED if of == str(place)}
        for content in specs.body_contents(spec, place) if added else ():
            for _, schema in specs.walk(spec, content.schema):
                if "required" in schema:
                    schema["required"] = [n for n in schema["required"] if n not in added]
    return spec


def stale(recorded: Iterable[dict[str, Any]]) -> list[str]:
    """Return the entries of the table that are wrong: unknown fields, and those recorded."""
    known = {
        (str(place), name)
        for spec in map(specs.load, SPEC_OF.values())
        for place in specs.operations(spec)
        for content in specs.body_contents(spec, place)
        for _, schema in specs.walk(spec, content.schema)
        for name in schema.get("properties", {})
    }
    wrong = [f"{place}: {field} is not in its spec" for place, field in ADDED.keys() - known]
    wrong += [
        f"{request['method']} {request['path']}: {field} is recorded, so it was not added since"
        for request in recorded
        for field in sorted(added_to(request))
        if field in (request["body"] or {}).get("json", {})
    ]
    return wrong
