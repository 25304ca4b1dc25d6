"""The state appended to an interrupted download is complete, or is ignored."""

from __future__ import annotations

import random

import pytest

from bitfount_api._transfer.checkpoint import (
    SLOT_BYTES,
    STATE_BYTES,
    Checkpoint,
    latest,
    strong_etag,
)

STATE = Checkpoint('"abc"', 100, ((0, 10), (20, 30)), 7)
FILE = 100 + STATE_BYTES


def test_checkpoint_round_trips() -> None:
    slot = STATE.slot()
    assert len(slot) == SLOT_BYTES
    assert latest([slot], FILE) == STATE


def test_later_of_two_checkpoints_is_used() -> None:
    other = Checkpoint('"abc"', 100, ((0, 50),), 8)
    assert {STATE.offset, other.offset} == {100, 100 + SLOT_BYTES}
    assert latest([STATE.slot(), other.slot()], FILE) == other
    assert latest([other.slot(), STATE.slot()], FILE) == other


@pytest.mark.parametrize("kept", [0, 10, 25, 40, 60])
def test_truncated_checkpoint_is_ignored(kept: int) -> None:
    torn = STATE.slot()[:kept].ljust(SLOT_BYTES, b"\0")
    assert latest([torn], FILE) is None
    older = Checkpoint('"abc"', 100, ((0, 5),), 6)
    assert latest([torn, older.slot()], FILE) == older


def test_checkpoint_of_another_file_is_ignored() -> None:
    assert latest([STATE.slot()], FILE + 1) is None
    assert latest([Checkpoint('"abc"', 100, ((0, 101),)).slot()], FILE) is None


def test_invalid_checkpoint_is_ignored() -> None:
    source = random.Random(1)
    for length in (0, 5, 19, 27, SLOT_BYTES):
        assert latest([source.randbytes(length)], FILE) is None


def test_long_checkpoint_drops_the_last_ranges() -> None:
    done = tuple((10 * n, 10 * n + 5) for n in range(2000))
    state = latest([Checkpoint('"abc"', 10**6, done).slot()], 10**6 + STATE_BYTES)
    assert state is not None
    assert 100 < len(state.done) < 2000
    assert state.done == done[: len(state.done)]


@pytest.mark.parametrize("etag", ['"abc"', '"d41d8cd98f00b204e9800998ecf8427e-3"'])
def test_strong_etags_are_recognized(etag: str) -> None:
    assert strong_etag(etag) == etag


@pytest.mark.parametrize(
    "etag",
    [None, "", "abc", 'W/"abc"', '""', '"a"b"', '"a\r\nx: y"', '"' + "a" * 1001 + '"', '"é"'],
)
def test_other_etags_are_not_strong(etag: str | None) -> None:
    assert strong_etag(etag) is None
