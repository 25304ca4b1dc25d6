"""The flows use the operations of the specs."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest
from contract import specs
from contract.wire_rows import UPLOADED

import bitfount_api
from bitfount_api._core import storage_operations
from bitfount_api._generated import operations
from bitfount_api._internal.operation import Operation, Retry

FLOWS = Path(bitfount_api.__file__).parent / "_operations"
OPERATIONS = {
    each.name: each
    for module in (operations, storage_operations)
    for each in vars(module).values()
    if isinstance(each, Operation)
}
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


def test_flows_use_every_endpoint() -> None:
    used = {f"{module}.{name}" for _, module, name in imported() if ".api." in module}
    assert used == {
        f"{specs.PACKAGES[name]}.api.{place.operation['tags'][0]}.{place.operation['operationId']}"
        for name in specs.PACKAGES
        for place in specs.operations(specs.load(name))
    }


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
