"""The flows and the specs have the same operations, timeouts and statuses."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest
from contract import specs
from contract.wire_rows import UPLOADED

import bitfount_api
from bitfount_api._core import operations
from bitfount_api._core.effects import Operation, Retry

FLOWS = Path(bitfount_api.__file__).parent / "_operations"
OPERATIONS = {each.name: each for each in vars(operations).values() if isinstance(each, Operation)}
STORAGE = {"upload_object": UPLOADED, "upload_part": {200}, "download_object": {200, 206}}
PLACES = {
    place.operation["operationId"]: (name, place)
    for name in specs.PACKAGES
    for place in specs.operations(specs.load(name))
}


def imported() -> list[tuple[str, str, str]]:
    """Return what the flows import of the generated clients: file, module and name."""
    return [
        (path.name, node.module, alias.name)
        for path in sorted(FLOWS.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
        if node.module.split(".")[0] in specs.PACKAGES.values()
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
        f"{specs.PACKAGES[name]}.api.{place.operation['tags'][0]}.{operation}"
        for operation, (name, place) in PLACES.items()
    }


@pytest.mark.parametrize(("file", "module", "name"), imported())
def test_imported_endpoints_exist(file: str, module: str, name: str) -> None:
    if ".api." in module:
        assert callable(importlib.import_module(f"{module}.{name}").build_request)
    else:
        assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize("name", PLACES)
def test_timeouts_and_success_statuses_match_the_specs(name: str) -> None:
    service, place = PLACES[name]
    if service != "smart_on_fhir":  # its timeout is a setting; the spec states the default
        assert OPERATIONS[name].timeout == place.operation.get("x-timeout-seconds")
    statuses = {status for status in place.operation["responses"] if status.startswith("2")}
    if statuses == {"2XX"}:
        statuses = {"200", "201", "202", "203", "204"}
    assert {int(status) for status in statuses} <= OPERATIONS[name].success


@pytest.mark.parametrize("name", ["register_pod", "create_project", "add_dataset_to_project"])
def test_restricted_success_statuses_match_the_contract(name: str) -> None:
    assert OPERATIONS[name].success == {200, 201}


@pytest.mark.parametrize("name", STORAGE)
def test_statuses_of_object_storage(name: str) -> None:
    assert OPERATIONS[name].success == STORAGE[name]


@pytest.mark.parametrize("name", PLACES)
def test_reading_operations_are_idempotent(name: str) -> None:
    if PLACES[name][1].method == "get":
        assert OPERATIONS[name].retry is Retry.IDEMPOTENT
    if PLACES[name][1].method == "post":
        assert OPERATIONS[name].retry is Retry.IF_UNSENT
