"""Every operation with every fault in each of its requests, sync and async."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest
from support.faults.cases import ROWS
from support.faults.environment import FaultEnvironment, fault_environment
from support.faults.given import Given
from support.faults.kinds import KINDS, Kind
from support.faults.legs import Leg, Row
from support.faults.run_case import run

import bitfount_api
from bitfount_api._internal.operation import Retry


@pytest.fixture(scope="module")
def environment() -> Iterator[FaultEnvironment]:
    with fault_environment() as running:
        yield running


def cells(row: Row) -> Iterator[tuple[int, Leg, Kind]]:
    for index, leg in enumerate(row.legs):
        for kind in KINDS:
            if kind.only(leg):
                yield index, leg, kind


@pytest.mark.slow
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_fault_has_the_documented_outcome(
    environment: FaultEnvironment, row: Row, asynchronous: bool
) -> None:
    complaints = {
        f"{kind.name} ({leg.method} {leg.path})": report.complaints
        for index, leg, kind in cells(row)
        if (report := run(environment, row, index, kind, asynchronous=asynchronous)).complaints
    }
    assert complaints == {}


# --- No empty cell -------------------------------------------------------------------------------


def test_every_fault_is_tried() -> None:
    legs = [leg for row in ROWS for leg in row.legs]
    assert all(any(kind.only(leg) for leg in legs) for kind in KINDS)
    everywhere = [kind for kind in KINDS if all(kind.only(leg) for leg in legs)]
    assert {kind.comes_to for kind in KINDS} - {kind.comes_to for kind in everywhere} == {"expired"}
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert len({row.name for row in ROWS}) == len(ROWS)


# --- The matrix can fail -------------------------------------------------------------------------


def _row(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)


def _kind(name: str) -> Kind:
    return next(kind for kind in KINDS if kind.name == name)


def test_undocumented_result_is_detected(environment: FaultEnvironment) -> None:
    row = attrs.evolve(_row("get_projects"), check=lambda _: False)
    (complaint,) = run(environment, row, 0, _kind("500, once"), asynchronous=False).complaints
    assert "outcome is other, expected value" in complaint


def test_undocumented_error_is_detected(environment: FaultEnvironment) -> None:
    row = _row("get_projects")
    row = attrs.evolve(row, legs=(attrs.evolve(row.legs[0], refused="none"),))
    (complaint,) = run(environment, row, 0, _kind("500, for ever"), asynchronous=False).complaints
    assert "HTTPError" in complaint


def test_repeated_request_is_detected(environment: FaultEnvironment) -> None:
    row = _row("get_projects")
    once = attrs.evolve(row.legs[0].operation, retry=Retry.IF_UNSENT)
    row = attrs.evolve(row, legs=(attrs.evolve(row.legs[0], operation=once),))
    complaints = run(environment, row, 0, _kind("504, for ever"), asynchronous=False).complaints
    assert complaints == ["the services received (3,) requests, expected ((1, 1),)"]


def test_leftover_file_is_detected(environment: FaultEnvironment) -> None:
    row = _row("download_model")

    def arguments(given: Given) -> dict[str, object]:
        made = dict(row.arguments(given))
        (made["path"].parent / "file.tmp").touch()
        return made

    untidy = attrs.evolve(row, arguments=arguments)
    complaints = run(environment, untidy, 0, _kind("500, once"), asynchronous=True).complaints
    assert complaints == ["left behind: file.tmp"]


@pytest.mark.slow
def test_open_connection_is_detected(
    environment: FaultEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions: list[bitfount_api.BitfountSession] = []
    with monkeypatch.context() as patch:
        patch.setattr(
            bitfount_api.BitfountSession, "close", lambda session: sessions.append(session)
        )
        report = run(environment, _row("get_projects"), 0, _kind("500, once"), asynchronous=False)
    for session in sessions:
        session.close()
    assert any("a connection to port" in each for each in report.complaints)
