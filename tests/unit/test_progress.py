"""Progress is reported in order, from one thread, and never delays the transfer."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import threading
from typing import Any

import pytest

from bitfount_api.progress import ProgressReporter, rich_progress, tqdm_progress

State = tuple[int, int | None, str]


def test_states_are_reported_in_order_by_one_thread() -> None:
    states: list[State] = []
    threads = set()

    def report(*state: Any) -> None:
        states.append(state)
        threads.add(threading.get_ident())

    meter = ProgressReporter(report, 40_000, "w.pt")

    def work() -> None:
        for _ in range(10_000):
            meter.add(1)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    meter.close()
    assert states == sorted(states)
    assert states[-1] == (40_000, 40_000, "w.pt")
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_slow_callback_receives_the_newest_state() -> None:
    states: list[State] = []
    begun, go_on = threading.Event(), threading.Event()

    def report(*state: Any) -> None:
        states.append(state)
        begun.set()
        assert go_on.wait(30)

    meter = ProgressReporter(report, None, "w.pt")
    meter.add(1)
    assert begun.wait(30)
    for _ in range(100):
        meter.add(1)  # does not wait for the callback
    go_on.set()
    meter.close()
    assert states == [(1, None, "w.pt"), (101, None, "w.pt")]


def test_repeated_bytes_are_subtracted() -> None:
    states: list[State] = []
    meter = ProgressReporter(lambda *state: states.append(state), 10, "w.pt")
    meter.add(7)
    meter.add(-3)
    meter.close()
    meter.close()
    assert states[-1] == (4, 10, "w.pt")


def test_a_callback_that_fails_is_not_called_again(caplog: pytest.LogCaptureFixture) -> None:
    calls = []

    def report(*state: Any) -> None:
        calls.append(state)
        raise ZeroDivisionError

    meter = ProgressReporter(report, 10, "w.pt")
    with caplog.at_level(logging.ERROR):
        meter.add(1)
        while not caplog.records:
            pass
        meter.add(1)
        meter.close()
    assert len(calls) == 1


def test_no_callback_starts_no_thread() -> None:
    before = threading.active_count()
    meter = ProgressReporter(None, 10, "w.pt")
    meter.add(1)
    meter.close()
    assert threading.active_count() == before


def test_rich_draws_a_bar_for_each_transfer() -> None:
    from rich.console import Console

    text = io.StringIO()
    with rich_progress(Console(file=text, width=120, force_terminal=True)) as report:
        report(0, None, "a.pt")
        report(512 * 1024, 1024 * 1024, "a.pt")
        report(1024 * 1024, 1024 * 1024, "a.pt")
        report(1, 2, "a.pt")  # the next transfer with that name
        report(1, 4, "b.pt")
    last = text.getvalue().rsplit("\x1b[2K", 3)
    drawn = "".join(last)
    assert drawn.count("a.pt") >= 2
    assert "b.pt" in drawn
    assert "1.0/1.0 MiB" in drawn


def test_tqdm_draws_a_bar_for_each_transfer() -> None:
    text = io.StringIO()
    with tqdm_progress(text) as report:
        report(0, None, "a.pt")
        report(1024 * 1024, 1024 * 1024, "a.pt")
        report(1, 2, "a.pt")
        report(0, 2, "a.pt")  # transferred again
        report(1, 4, "b.pt")
    drawn = text.getvalue()
    assert "a.pt: 100%" in drawn
    assert "1.00M/1.00M" in drawn
    assert "b.pt:  25%" in drawn


@pytest.mark.parametrize("draw", [rich_progress, tqdm_progress])
def test_missing_library_is_named(draw: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(ImportError, match=r"pip install (rich|tqdm)"), draw():
        pass


def test_libraries_are_loaded_on_first_use() -> None:
    code = "import sys, bitfount_api.progress; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"rich", "tqdm"} & set(run.stdout.split())
