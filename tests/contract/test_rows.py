"""Every public method, and every request, is in a row of the fault matrix, and is recorded.

The fault matrix, the fuzzing, the tests with the specs' examples and the cassettes use the rows.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from contract import matching, specs
from contract.specs import Spec
from support.cassettes import CASSETTES, FOLDER, URLS
from support.faults.cases import ROWS, ROWS_PLACE
from support.methods import CLIENTS, OPERATIONS, operations_of
from support.places import ROOT, fail_with

import bitfount_api
from bitfount_api._generated import operations


def complaints(kind: str) -> list[str]:
    rows = {row.method for row in ROWS if row.kind == kind}
    methods = operations_of(f"Async{kind}")  # from which the sync client is generated
    return [
        *(f"{ROWS_PLACE}: add a row for {kind}.{name}" for name in sorted(methods - rows)),
        *(f"{ROWS_PLACE}: remove the row of {kind}.{name}" for name in sorted(rows - methods)),
    ]


@pytest.mark.parametrize("kind", CLIENTS)
def test_every_public_method_has_a_row(kind: str) -> None:
    fail_with(complaints(kind))


@pytest.mark.parametrize("kind", CLIENTS)
def test_sync_client_has_the_methods_of_the_async_one(kind: str) -> None:
    differing = operations_of(kind) ^ operations_of(f"Async{kind}")
    fail_with(
        f"bitfount_api: run `make generate`, which writes {kind} from Async{kind}: {name}"
        for name in sorted(differing)
    )


def test_method_without_a_row_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bitfount_api.AsyncBitfountAM, "new_method", lambda _: None, raising=False)
    [complaint] = complaints("BitfountAM")
    file, line, what = complaint.split(":")
    assert (ROOT / file).read_text().splitlines()[int(line) - 1] == "ROWS = ("
    assert what == " add a row for BitfountAM.new_method"


def test_every_request_of_a_flow_is_in_a_row() -> None:
    # Logging in is not an operation of a client, and has tests of its own.
    known = {*OPERATIONS.values()} - {operations.REQUEST_DEVICE_CODE, operations.REQUEST_TOKEN}
    missing = known - {leg.operation for row in ROWS for leg in row.legs}
    fail_with(sorted(f"{ROWS_PLACE}: add a row that sends {each.name}" for each in missing))


# --- Recordings -----------------------------------------------------------------------------------


def unrecorded(loaded: dict[str, Spec]) -> list[str]:
    """Return the operations of the specs that are requested in no cassette."""
    sent = [
        (request["method"], *request["uri"].split("?")[0].split("/", 3)[2:])
        for file in FOLDER.glob("*.yaml")
        for each in yaml.safe_load(file.read_text(encoding="utf-8"))["interactions"]
        for request in [each["request"]]
    ]
    hosts = {service: url.partition("//")[2] for service, url in URLS.items()}
    requested = {
        found[0].operation["operationId"]
        for service, spec in loaded.items()
        for method, host, path in sent
        if host == hosts[service] and (found := matching.find(spec, method, f"/{path}"))
    }
    return [
        f"{ROWS_PLACE}: add a row of a method that sends {operation.operation['operationId']} "
        f"({service}: {operation}), and record it with `make record`"
        for service, spec in loaded.items()
        for operation in specs.operations(spec)
        if operation.operation["operationId"] not in requested
    ]


def test_every_operation_of_the_specs_is_recorded() -> None:
    fail_with(unrecorded({name: specs.load(name) for name in specs.PACKAGES}))


def without_cassette(folder: Path) -> list[str]:
    """Return the rows without a cassette, and how to record each."""
    return [
        f'{ROWS_PLACE}: record the row {row.name!r}: make record ARGS="{row.method}"'
        for name, row in CASSETTES.items()
        if not (folder / f"{name}.yaml").exists()
    ]


def test_every_row_is_recorded() -> None:
    fail_with(without_cassette(FOLDER))


def test_row_without_a_cassette_is_reported(tmp_path: Path) -> None:
    for name in CASSETTES.keys() - {"get_pod-project"}:
        (tmp_path / f"{name}.yaml").touch()
    [complaint] = without_cassette(tmp_path)
    assert complaint.endswith(": record the row 'get_pod (project)': make record ARGS=\"get_pod\"")


def test_operation_without_a_recording_is_reported() -> None:
    loaded = {name: specs.load(name) for name in specs.PACKAGES}
    loaded["hub"]["paths"]["/api/new"] = {"get": {"operationId": "get_new"}}
    [complaint] = [each for each in unrecorded(loaded) if "get_new" in each]
    assert re.match(
        r"tests/support/faults/cases.py:\d+: .* sends get_new \(hub: GET /api/new\)", complaint
    )
