"""Deadlines of calls: the default one, the caller's, and none for transfers of files."""

from __future__ import annotations

import pytest
from support.connection import FakeConnection
from support.methods import OPERATIONS

from bitfount_api._internal.operation import Operation
from bitfount_api._io.deadlines import Cancellation
from bitfount_api._io.driver import CallContext, Timing
from bitfount_api.config import DEFAULT_DEADLINE

READ = Operation("get_pod")
TRANSFER = Operation("download_object", transfers_file=True)


def context(timing: Timing | None) -> CallContext:
    return CallContext(FakeConnection(lambda _: pytest.fail("nothing is sent")), None, timing)


def test_default_deadline_starts_with_the_first_request() -> None:
    call = context(Timing())
    assert call.remaining() is None  # a user may take minutes to log in
    call.start(READ)
    left = call.remaining()
    assert left is not None
    assert DEFAULT_DEADLINE - 60 < left <= DEFAULT_DEADLINE
    call.start(READ)
    again = call.remaining()
    assert again is not None
    assert again <= left


@pytest.mark.parametrize("first", [READ, TRANSFER])
def test_transfer_ends_the_default_deadline(first: Operation) -> None:
    call = context(Timing())
    for operation in (first, TRANSFER, READ):
        call.start(operation)
    assert call.remaining() is None


def test_deadline_of_the_caller_applies_to_transfers() -> None:
    call = context(Timing(deadline=5))
    for operation in (READ, TRANSFER):
        call.start(operation)
    left = call.remaining()
    assert left is not None
    assert left <= 5


def test_flow_without_time_limits_has_no_deadline() -> None:
    call = context(None)
    call.start(READ)
    assert call.remaining() is None


def test_inner_context_keeps_the_deadline() -> None:
    call = context(Timing(deadline=5))
    assert call.inner(Cancellation()).limits.end == call.limits.end


def test_operations_on_storage_and_only_they_transfer_files() -> None:
    assert {name for name, each in OPERATIONS.items() if each.transfers_file} == {
        "send_model", "send_weights", "complete_upload",
        "upload_object", "upload_part", "download_object",
    }  # fmt: skip
