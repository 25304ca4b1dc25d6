"""A short version of the load that ``make load`` puts on a session for a minute."""

from __future__ import annotations

import collections

import load
import pytest
from support.faults.load import Measured, run


@pytest.mark.slow
def test_threads_and_tasks_share_a_session() -> None:
    measured = run(threads=40, tasks=200, seconds=3)
    assert measured.undocumented == []
    assert measured.outcomes["ok"] > 100
    before, after = measured.descriptors
    assert after <= before


def test_load_problems_are_reported() -> None:
    good = Measured(collections.Counter(ok=1), [], (5, 5), [50.0] * 40, 1.0)
    assert load.wrong(good) == []
    assert load.wrong(Measured()) == ["no call succeeded"]
    growing = [50.0 + 2 * n for n in range(40)]
    bad = Measured(collections.Counter(ok=1), ["KeyError()", "KeyError()"], (5, 7), growing, 1.0)
    assert load.wrong(bad) == [
        "undocumented: KeyError()",
        "2 file descriptors were left open",
        "memory grew by 40 MiB",
    ]
    good.note(ValueError("x"))
    assert good.undocumented == ["ValueError('x')"]
