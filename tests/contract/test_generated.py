"""The generated clients match the specs: every endpoint, every model, every example.

An upgrade of the generator that renames or drops something therefore fails here, and not in use.
"""

from __future__ import annotations

import enum
import importlib
import importlib.util
import inspect
import pkgutil
import re
import types
from collections.abc import Iterator
from typing import Any, get_args
from urllib.parse import unquote

import attrs
import httpx
import pytest
from contract import matching, specs
from contract.specs import Place

ENDPOINTS = {
    f"{name}: {place.operation['operationId']}": (name, place)
    for name in specs.PACKAGES
    for place in specs.operations(specs.load(name))
}


def module_of(name: str, place: Place) -> types.ModuleType:
    [tag] = place.operation["tags"]
    package = specs.PACKAGES[name]
    return importlib.import_module(f"{package}.api.{tag}.{place.operation['operationId']}")


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def body_models(module: types.ModuleType) -> list[Any]:
    """Return the classes that the endpoint takes for its body, or for the entries of a list."""
    annotation = inspect.signature(module.build_request).parameters["body"].annotation
    if getattr(annotation, "__origin__", None) is list:
        return list(get_args(annotation))
    return list(get_args(annotation)) or [annotation]


def loaded(models: list[Any], value: Any) -> Any:
    """Return a request body as an instance of the only class that accepts it."""
    if isinstance(value, list):
        return [loaded(models, entry) for entry in value]
    taken = []
    for model in models:
        try:
            taken.append(model.from_dict(value))
        except (KeyError, ValueError):
            continue
    [body] = taken
    return body


def calls(name: str, place: Place) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield the request builder's arguments, from the spec's examples, and the body's example."""
    spec = specs.load(name)
    module = module_of(name, place)
    given = {snake_case(each["name"]): each["example"] for each in specs.parameters(spec, place)}
    yield from (
        ({**given, "body": loaded(body_models(module), example)}, example)
        for content in specs.body_contents(spec, place)
        for example in content.examples
    )
    if "requestBody" not in place.operation:
        yield given, None


def test_generated_endpoints_are_those_of_the_spec() -> None:
    for name, package in specs.PACKAGES.items():
        api = importlib.import_module(f"{package}.api")
        found = {
            module.name.removeprefix(f"{package}.api.")
            for module in pkgutil.walk_packages(api.__path__, f"{package}.api.")
            if not module.ispkg
        }
        assert found == {
            f"{place.operation['tags'][0]}.{place.operation['operationId']}"
            for place in specs.operations(specs.load(name))
        }


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_generated_functions_take_the_arguments_of_the_spec(endpoint: str) -> None:
    name, place = ENDPOINTS[endpoint]
    spec = specs.load(name)
    taken = inspect.signature(module_of(name, place).build_request).parameters
    in_path = re.findall(r"\{(\w+)\}", place.path)
    positional = [p.name for p in taken.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional == [snake_case(each) for each in in_path]
    expected = {
        snake_case(each["name"]): inspect.Parameter.empty if each["required"] else Ellipsis
        for each in specs.parameters(spec, place)
    }
    if "requestBody" in place.operation:
        expected["body"] = inspect.Parameter.empty
    # The marker of a missing value is an instance of a class of each client.
    found = {each.name: each.default for each in taken.values()}
    unset = {key for key, value in found.items() if type(value).__name__ == "Unset"}
    assert {**found, **dict.fromkeys(unset, Ellipsis)} == expected


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_generated_function_builds_the_request_of_the_spec(endpoint: str) -> None:
    name, place = ENDPOINTS[endpoint]
    for arguments, example in calls(name, place):
        kwargs = module_of(name, place).build_request(**arguments)
        assert kwargs.keys() <= {"method", "url", "params", "json", "headers"}
        assert kwargs["method"] == place.method
        assert kwargs.get("json") == example
        assert kwargs.get("headers", {}) == (
            {} if example is None else {"Content-Type": "application/json"}
        )
        request = httpx.Request(
            kwargs["method"], f"https://x{kwargs['url']}", params=kwargs.get("params")
        )
        sent = matching.violations(
            specs.load(name),
            kwargs["method"],
            unquote(request.url.path),
            list(request.url.params.multi_items()),
            None if example is None else ("application/json", kwargs["json"]),
            ["authorization"] if specs.credentials(specs.load(name), place) else [],
        )
        assert sent == []
        query = {e["name"] for e in specs.parameters(specs.load(name), place) if e["in"] == "query"}
        assert set(request.url.params) == query


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_optional_arguments_are_not_sent(endpoint: str) -> None:
    name, place = ENDPOINTS[endpoint]
    spec = specs.load(name)
    for arguments, _ in calls(name, place):
        optional = {
            snake_case(each["name"]): each["name"]
            for each in specs.parameters(spec, place)
            if not each["required"]
        }
        given = {key: value for key, value in arguments.items() if key not in optional}
        kwargs = module_of(name, place).build_request(**given)
        assert not set(optional.values()) & set(kwargs.get("params", {}))


def instances(value: Any) -> Iterator[Any]:
    """Yield a model's instance and all instances in it."""
    if isinstance(value, enum.Enum):
        yield value
    if isinstance(value, list):
        for each in value:
            yield from instances(each)
    if attrs.has(type(value)):
        yield value
        for field in attrs.fields(type(value)):
            content = getattr(value, field.name)
            if field.name == "additional_properties":
                content = list(content.values())
            yield from instances(content)


def all_instances(name: str) -> list[Any]:
    return [
        instance
        for package, place in ENDPOINTS.values()
        if package == name
        for arguments, _ in calls(name, place)
        for instance in instances(arguments.get("body"))
    ]


def models_of(name: str) -> dict[str, Any]:
    """Return a client's models by their names."""
    package = specs.PACKAGES[name]
    found = importlib.util.find_spec(f"{package}.models")
    if found is None or found.origin is None:  # the second: a folder with a cache only
        return {}  # no request has a body
    models = importlib.import_module(f"{package}.models")
    return {each: getattr(models, each) for each in models.__all__}


@pytest.mark.parametrize("name", specs.PACKAGES)
def test_clients_have_the_models_of_requests_only(name: str) -> None:
    seen = all_instances(name)
    assert {type(each) for each in seen} == set(models_of(name).values())


@pytest.mark.parametrize("name", specs.PACKAGES)
def test_every_model_round_trips(name: str) -> None:
    seen = all_instances(name)
    for instance in seen:
        if isinstance(instance, enum.Enum):
            assert type(instance)(str(instance)) is instance
            continue
        value = instance.to_dict()
        assert type(instance).from_dict(value) == instance
        if attrs.fields(type(instance)).additional_properties.type == "dict[str, Any]":
            # Fields that a service adds are kept.
            later = {**value, "addedLater": [1, {"a": None}]}
            assert type(instance).from_dict(later).to_dict() == later


@pytest.mark.parametrize("name", specs.PACKAGES)
def test_generated_models_have_the_fields_of_the_spec(name: str) -> None:
    models = models_of(name)
    for schema, node in specs.load(name)["components"]["schemas"].items():
        # The generator treats a nullable object as a union of the object and null.
        model = models.get(f"{schema}Type0" if node.get("nullable") else schema)
        if model is None or node["type"] != "object":
            continue
        # Python keywords and built-in names get an underscore.
        fields = {f.name.rstrip("_"): f.default for f in attrs.fields(model) if f.init}
        assert set(fields) == {snake_case(field) for field in node.get("properties", {})}
        required = {snake_case(field) for field in node.get("required", [])}
        assert {field for field, value in fields.items() if value is attrs.NOTHING} == required
