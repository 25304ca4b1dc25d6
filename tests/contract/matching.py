"""Match requests against the specs: find the operation, and what violates its spec."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from contract import specs
from contract.specs import Place, Spec


def find(spec: Spec, method: str, path: str) -> tuple[Place, dict[str, str]] | None:
    """Return the operation that a request matches, and the values in its path.

    Raises:
        LookupError: If two operations match.
    """
    found = [
        (place, match.groupdict())
        for place in specs.operations(spec)
        if place.method == method.lower() and (match := _pattern(place.path).fullmatch(path))
    ]
    if len(found) > 1:
        raise LookupError(f"{method} {path} is {' and '.join(str(each) for each, _ in found)}")
    return found[0] if found else None


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    return re.compile(
        "".join(
            f"(?P<{part}>[^/]+)" if number % 2 else re.escape(part)
            for number, part in enumerate(parts)
        )
    )


def violations(
    spec: Spec,
    method: str,
    path: str,
    query: Iterable[tuple[str, str]],
    body: tuple[str, Any] | None,
    headers: Iterable[str],
) -> list[str]:
    """Return what is wrong with a request.

    Args:
        spec: Spec of the service.
        method: Method of the request.
        path: Path of the request, without the query.
        query: Names and values, decoded.
        body: Media type and value.
        headers: Names of the headers that carry credentials.
    """
    found = find(spec, method, path)
    if found is None:
        return [f"there is no operation {method} {path}"]
    place, in_path = found
    declared = {(each["in"], each["name"]): each for each in specs.parameters(spec, place)}
    given = [("path", *item) for item in in_path.items()] + [("query", *item) for item in query]
    complaints = []
    for kind, name, text in given:
        parameter = declared.get((kind, name))
        if parameter is None:
            complaints.append(f"{kind} parameter {name} is unknown")
        else:
            value = _parsed(specs.follow(spec, parameter["schema"]), text)
            complaints += [
                f"{kind} parameter {name}: {each}"
                for each in specs.violations(spec, parameter["schema"], value)
            ]
    names = [(kind, name) for kind, name, _ in given]
    complaints += [
        f"{kind} parameter {name} is given twice"
        for kind, name in sorted({each for each in names if names.count(each) > 1})
    ]
    complaints += [
        f"{kind} parameter {name} is missing"
        for (kind, name), parameter in declared.items()
        if parameter.get("required") and (kind, name) not in names
    ]
    return complaints + _body(spec, place, body) + _credentials(spec, place, set(headers))


def _parsed(schema: dict[str, Any], text: str) -> Any:
    """Return the value that a text in a URL represents; the text itself if it represents none."""
    if schema["type"] == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if schema["type"] == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def _body(spec: Spec, place: Place, body: tuple[str, Any] | None) -> list[str]:
    taken = {
        content.name.removeprefix("request "): content.schema
        for content in specs.body_contents(spec, place)
    }
    if body is None:
        return ["there is no body"] if taken else []
    kind, value = body
    if kind not in taken:
        return [f"a body of {kind} is not taken, only {sorted(taken)}"]
    return [f"body: {each}" for each in specs.violations(spec, taken[kind], value)]


def _credentials(spec: Spec, place: Place, headers: set[str]) -> list[str]:
    schemes = spec.get("components", {}).get("securitySchemes", {})
    alternatives = [
        {schemes[name].get("name", "authorization").lower() for name in alternative}
        for alternative in specs.credentials(spec, place)
    ]
    if headers in (alternatives or [set()]):
        return []
    return [f"the credentials {sorted(headers)} are not accepted"]
