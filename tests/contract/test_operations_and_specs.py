"""The flows use the operations of the specs."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest
from contract import specs
from contract.editing import put
from contract.wire_rows import UPLOADED
from support.methods import OPERATIONS
from support.places import fail_with, place

import bitfount_api
from bitfount_api._internal.operation import Retry

FLOWS = Path(bitfount_api.__file__).parent / "_operations"
STORAGE = {"upload_object": UPLOADED, "upload_part": {200}, "download_object": {200, 206}}
PLACES = {
    place.operation["operationId"]: place
    for name in specs.NAMES
    for place in specs.operations(specs.load(name))
}


def imported() -> list[tuple[str, str, str]]:
    """Return what the flows import of the generated clients: file, module and name."""
    return [
        (path.name, node.module, alias.name)
        for path in sorted(FLOWS.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
        if any(node.module.startswith(f"{package}.") for package in specs.PACKAGES.values())
        for alias in node.names
    ]


def test_operations_are_those_of_the_specs() -> None:
    assert OPERATIONS.keys() == PLACES.keys() | STORAGE.keys()


def test_ids_are_unique_across_the_specs() -> None:
    ids = [
        place.operation["operationId"]
        for name in specs.NAMES
        for place in specs.operations(specs.load(name))
    ]
    assert len(ids) == len(set(ids))


def unused(loaded: dict[str, specs.Spec]) -> list[str]:
    """Return the operations whose requests no flow builds, and where to write the flows."""
    files = {module: file for file, module, _ in imported()}
    used = {(module, name) for _, module, name in imported()}
    found = []
    for spec, each in loaded.items():
        for operation in specs.operations(each):
            name, tag = operation.operation["operationId"], operation.operation["tags"][0]
            module = f"{specs.PACKAGES[spec]}.api.{tag}"
            where = f"bitfount_api/_operations/{files.get(module, f'{tag}.py')}"
            if module in files:
                where = place(where, f"from {module} import")
            if (module, name) not in used:
                found.append(
                    f"{where}: import {name} from {module}, and write a flow that sends its "
                    f"request ({spec}: {operation})"
                )
    return found


def test_flows_use_every_endpoint() -> None:
    fail_with(unused({name: specs.load(name) for name in specs.PACKAGES}))


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        (
            "projects",
            r"bitfount_api/_operations/projects\.py:\d+: import get_new from .*\.projects,",
        ),
        ("tasks", r"bitfount_api/_operations/tasks\.py: import get_new from .*\.tasks, and write"),
    ],
)
def test_operation_without_a_flow_is_reported(tag: str, expected: str) -> None:
    loaded = {name: specs.load(name) for name in specs.PACKAGES}
    operation = {"operationId": "get_new", "tags": [tag]}
    put("paths", "/api/new", value={"get": operation})(loaded["hub"])
    [complaint] = [each for each in unused(loaded) if "get_new" in each]
    assert re.match(expected, complaint)


@pytest.mark.parametrize(("file", "module", "name"), imported())
def test_imported_endpoints_exist(file: str, module: str, name: str) -> None:
    if ".api." in module:
        assert callable(importlib.import_module(f"{module}.{name}").build_request)
    else:
        assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize("name", STORAGE)
def test_statuses_of_object_storage(name: str) -> None:
    assert OPERATIONS[name].success == STORAGE[name]


@pytest.mark.parametrize("name", PLACES)
def test_repetitions_have_the_meaning_of_the_method(name: str) -> None:
    repeated = {"get": Retry.IDEMPOTENT, "post": Retry.IF_UNSENT}.get(PLACES[name].method)
    # Starting a login has no effect until the user confirms it.
    if repeated and name != "request_device_code":
        assert OPERATIONS[name].retry is repeated
