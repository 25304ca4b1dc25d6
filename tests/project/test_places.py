"""An operation of the specs, and a method of a client, is in every place where it belongs.

The specs and the code are enumerated, not a list. Each failure says what to write, and where. More
tests of this kind are beside what they are about: fault matrix, cassettes, sandbox, documentation.
"""

from __future__ import annotations

import ast
import inspect
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_overloads

import pytest
from contract import specs
from contract.editing import put
from contract.sandbox_routes import ROUTES, new_route
from starlette.routing import Route
from support.documented import OPERATIONS
from support.faults.cases import ROWS
from support.methods import CLIENTS, methods_of, operations_of
from support.places import fail_with, place

import bitfount_api
from bitfount_api import types

PACKAGE = Path(bitfount_api.__file__).parent
MODULES = {
    "BitfountHub": "bitfount_api/async_hub.py",
    "BitfountAM": "bitfount_api/async_am.py",
    "SMARTOnFHIR": "bitfount_api/async_smart_on_fhir.py",
}
WITHOUT_COMMAND = {
    "compute_cluster_exists": "`clusters datasets` says that a cluster does not exist",
    "get_model": "loads a model's class, which only a program can use",
    "get_model_from_url": "loads a model's class, which only a program can use",
    "get_pod": "`pods show` uses retrieve_pod, which says why a pod is not found",
    "get_pod_dataset_configuration": "`clusters datasets` shows the configurations of all datasets",
    "get_pod_key": "`pods show` shows the key",
    "get_project_name": "`projects show` uses retrieve_project_name, which says what is wrong",
    "get_weights": "`weights pull` uses download_weights, which writes to a file",
    "get_weights_from_url": "`weights pull` uses download_weights, which writes to a file",
    "stream_weights": "`weights pull --output -` uses download_weights, which writes whole weights",
    "send_monitor_update": "is called by running tasks",
    "upload_public_jwk": "is called by software that connects to health records",
}
"""Methods that the command line does not offer, and why."""


def methods() -> Iterator[tuple[str, str, Any]]:
    """Yield the public methods of the clients: class, name and function."""
    for kind in CLIENTS:
        for name, method in methods_of(kind).items():
            yield kind, name, method


def addresses(spec: specs.Spec) -> dict[str, str]:
    """Return the operations of a spec: method and path, without the names of parameters."""
    return {
        f"{place.method.upper()} {without_names(place.path)}": place.operation["operationId"]
        for place in specs.operations(spec)
    }


def without_names(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


# --- The specs -----------------------------------------------------------------------------------


def routed(name: str) -> set[str]:
    """Return what the sandbox's service of a spec answers: method and path."""
    return {
        f"{method} {without_names(route.path)}"
        for route in ROUTES[name]
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }


def unrouted(name: str, spec: specs.Spec) -> list[str]:
    """Return the operations that the sandbox does not answer, and where to write the routes."""
    known = routed(name)
    return [
        f"{new_route(name, spec, each)}: answer {each} ({each.operation['operationId']})"
        for each in specs.operations(spec)
        if f"{each.method.upper()} {without_names(each.path)}" not in known
    ]


@pytest.mark.parametrize("name", specs.NAMES)
def test_sandbox_has_a_route_for_every_operation(name: str) -> None:
    fail_with(unrouted(name, specs.load(name)))


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("monitoring", r"\S+/services/monitor\.py:\d+: answer GET /api/new \(get_new\)"),
        ("tasks", r"\S+/services/tasks\.py, a new file that is listed at \S+/hub\.py:\d+: answer"),
    ],
)
def test_operation_without_a_route_is_reported(tag: str, expected: str) -> None:
    spec = specs.load("hub")
    put("paths", "/api/new", value={"get": {"operationId": "get_new", "tags": [tag]}})(spec)
    [complaint] = [each for each in unrouted("hub", spec) if "get_new" in each]
    assert re.match(expected, complaint)


def test_sandbox_has_no_other_routes() -> None:
    known = {address for name in specs.NAMES for address in addresses(specs.load(name))}
    extra = {address for name in specs.NAMES for address in routed(name)} - known
    # The page where a user confirms a login, and the address of published keys.
    pages = {"GET /activate", "POST /activate", "GET /api/ehr/jwks/{}/{}/.well-known/jwks.json"}
    assert extra == pages, "delete the routes in bitfount_api/sandbox/services/, with their tests"


def endpoints(documentation: str) -> set[str]:
    """Return the endpoints that a docstring names: method and path."""
    text = " ".join(documentation.split())
    return {
        f"{verb} {without_names(path)}"
        for verb, path in re.findall(r"``([A-Z]+) (/api/\S+)``", text)
    }


def docstrings(kind: str) -> dict[str, str]:
    """Return the docstrings of the async client, from which the sync one is generated."""
    found = methods_of(f"Async{kind}")
    return {name: inspect.getdoc(method) or "" for name, method in found.items()}


@pytest.mark.parametrize(("name", "kind"), [*zip(specs.PACKAGES, CLIENTS, strict=True)])
def test_docstrings_name_every_endpoint(name: str, kind: str) -> None:
    stated = {each for doc in docstrings(kind).values() for each in endpoints(doc)}
    known = addresses(specs.load(name))
    where = place(MODULES[kind], "Endpoint: ``")
    fail_with(
        f"{where}: write a method that sends {known[address]}, and say in its docstring, as here: "
        f"Endpoint: ``{address}``"
        for address in sorted(known.keys() - stated)
    )
    assert stated - known.keys() == set(), f"openapi/{name}.yaml has no such operation"


def unstated(kind: str, docs: dict[str, str]) -> set[str]:
    """Return the requests that the docstrings of a client's methods do not name, and where to."""
    sent = {
        operation.operation["operationId"]: str(operation)
        for name in specs.PACKAGES
        for operation in specs.operations(specs.load(name))
    }

    def stated(method: str) -> set[str]:
        _, _, text = docs[method].partition("Endpoint:")
        others = re.findall(r"as for\s+:meth:`(\w+)`", text)
        return endpoints(text).union(*map(stated, others))

    return {
        f"{place(MODULES[kind], f'def {row.method}(')}: say in the docstring of {row.method}: "
        f"Endpoint: ``{sent[leg.operation.name]}``"
        for row in ROWS
        for leg in row.legs
        if row.kind == kind and row.method in docs and leg.service != "storage"
        if without_names(sent[leg.operation.name]) not in stated(row.method)
    }


@pytest.mark.parametrize("kind", CLIENTS)
def test_docstrings_name_the_requests_of_the_method(kind: str) -> None:
    fail_with(sorted(unstated(kind, docstrings(kind))))


def test_request_that_no_docstring_names_is_reported() -> None:
    docs = docstrings("BitfountHub")
    docs["get_projects"] = docs["get_projects"].replace("/api/projects``", "/api/project``")
    [complaint] = unstated("BitfountHub", docs) - unstated("BitfountHub", docstrings("BitfountHub"))
    file, line, what = complaint.split(":", 2)
    text = (PACKAGE.parent / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
    assert text == "    async def get_projects("
    assert what == " say in the docstring of get_projects: Endpoint: ``GET /api/projects``"


def not_told(spec: specs.Spec, docs: dict[str, str]) -> list[str]:
    """Return the methods whose docstrings do not say that the operation is deprecated."""
    every = {each.operation["operationId"]: each for each in specs.operations(spec)}
    deprecated = {
        address
        for address, name in addresses(spec).items()
        if every[name].operation.get("deprecated")
    }
    return [
        f"the docstring of {name} has no `Deprecated since …`"
        for name, text in docs.items()
        if endpoints(text) & deprecated and "Deprecated since" not in text
    ]


def test_docstrings_say_what_the_specs_deprecate() -> None:
    docs = {f"{kind}.{name}": inspect.getdoc(method) or "" for kind, name, method in methods()}
    assert [each for name in specs.PACKAGES for each in not_told(specs.load(name), docs)] == []


def test_deprecation_that_no_docstring_tells_is_found() -> None:
    spec = specs.frozen()
    docs = {"get_pod": "Get a pod.\n\nEndpoint: ``GET /api/pods/{userName}/{podName}``."}
    assert not_told(spec, docs) == []
    put("paths", "/api/pods/{userName}/{podName}", "get", "deprecated", value=True)(spec)
    assert not_told(spec, docs) == ["the docstring of get_pod has no `Deprecated since …`"]
    told = {"get_pod": f"{docs['get_pod']}\n\nDeprecated since 2.0: use ``show_pod``."}
    assert not_told(spec, told) == []


# --- The code ------------------------------------------------------------------------------------


def test_every_method_has_a_command_or_a_reason() -> None:
    used = {
        node.attr
        for path in (PACKAGE / "cli").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }
    every = {name for _, name, _ in methods()}
    where = place("tests/project/test_places.py", "WITHOUT_COMMAND = {")
    groups = place("bitfount_api/cli/root.py", "_COMMANDS = {")
    fail_with(
        f"{groups}: write a command that calls {name}, in a module of these or a new one, or at "
        f"{where} the reason for none"
        for name in sorted(every - used - WITHOUT_COMMAND.keys())
    )
    assert WITHOUT_COMMAND.keys() <= every - used, f"not true any more: {where}"


def named_types(annotation: Any) -> Iterator[Any]:
    """Yield the types of ``types.py`` in an annotation, the types of their fields, and so on."""
    if isinstance(annotation, str):  # of a class or function that does not evaluate them
        for name in re.findall(r"\w+", annotation):
            if name in types.__all__:
                yield from named_types(getattr(types, name))
    elif getattr(annotation, "__module__", "") == types.__name__:
        yield annotation
        for each in inspect.get_annotations(annotation).values():
            yield from named_types(each)
    for argument in typing.get_args(annotation):
        yield from named_types(argument)


def test_every_type_of_a_method_is_exported() -> None:
    used = {
        found.__name__
        for _, _, method in methods()
        for function in get_overloads(method) or [method]
        for annotation in inspect.get_annotations(function).values()
        for found in named_types(annotation)
    }
    assert len(used) > 20
    where = place("bitfount_api/__init__.py", "from bitfount_api.types import")
    fail_with(
        f"{where}: import {name} from bitfount_api.types, and run `make generate`"
        for name in sorted(used - set(bitfount_api.__all__))
    )


def unannounced(kind: str) -> list[str]:
    """Return the methods beyond the documented API that the changelog does not name."""
    text = (PACKAGE.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    where = place("CHANGELOG.md", "### Added")
    return [
        f"{where}: name {name}, a method of {kind}"
        for name in sorted(operations_of(kind))
        if (kind, name) not in OPERATIONS and not re.search(rf"\b{name}\b", text)
    ]


@pytest.mark.parametrize("kind", CLIENTS)
def test_changelog_names_every_method_that_was_added(kind: str) -> None:
    fail_with(unannounced(kind))


def test_method_that_no_changelog_names_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bitfount_api.BitfountAM, "new_method", lambda _: None, raising=False)
    [complaint] = [each for each in unannounced("BitfountAM") if "new_method" in each]
    assert re.fullmatch(r"CHANGELOG\.md:\d+: name new_method, a method of BitfountAM", complaint)
