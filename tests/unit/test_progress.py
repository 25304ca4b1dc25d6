"""Progress is reported in order, from one thread, and never delays the transfer."""

from __future__ import annotations

import contextvars
import functools
import io
import logging
import re
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from support.clocks import replace_monotonic

from bitfount_api.progress import (
    ProgressReporter,
    notebook_progress,
    rich_progress,
    tqdm_progress,
)

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


class Notebook:
    """IPython's documented ``display()``: draws an object in an output, which can be updated."""

    def __init__(self) -> None:
        self.outputs: list[tuple[str, str]] = []
        self.drawn: list[str] = []
        self.cells: list[str] = []
        self.cell = contextvars.ContextVar("cell", default="another")

    def display(self, shown: Any, *, display_id: bool) -> Any:
        assert display_id
        self.outputs.append(("", ""))
        return SimpleNamespace(update=functools.partial(self._update, len(self.outputs) - 1))

    def _update(self, number: int, shown: Any) -> None:
        self.cells.append(self.cell.get())
        self.outputs[number] = (shown._repr_html_(), repr(shown))
        self.drawn.append(repr(shown))


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    found = Notebook()
    module: Any = SimpleNamespace(display=found.display)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(display=module))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return found


def test_notebook_keeps_a_bar_for_each_transfer(notebook: Notebook) -> None:
    with notebook_progress() as report:
        report(0, None, "a.pt")
        report(1024, 2048, "a.pt")
        report(2048, 2048, "a.pt")
        report(1, 3 * 1024**3, "a.pt")  # the next transfer with that name
        report(3 * 1024**2, None, "<b>.pt")
    ((html, text),) = notebook.outputs
    assert text.splitlines() == [
        "a.pt: 2.0 KiB",
        "a.pt: 1 byte of 3.0 GiB, stopped",
        "<b>.pt: 3.0 MiB so far, stopped",
    ]
    assert '<progress value="2048" max="2048"></progress> a.pt: 2.0 KiB<' in html
    assert '<progress value="3145728" max="3145728"></progress> &lt;b&gt;.pt: 3.0' in html
    assert not {"script", "style", "color"} & set(re.findall(r"\w+", html))


def test_notebook_redraws_now_and_then_and_at_the_end(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    replace_monotonic(monkeypatch, "bitfount_api.progress", lambda: now)
    with notebook_progress() as report:
        for done in range(1000):
            report(done, None, "a.pt")
        assert notebook.drawn == []
        now = 0.1
        report(1000, None, "a.pt")
        report(1001, None, "a.pt")
        assert notebook.drawn == ["a.pt: 1,000 bytes so far"]
        assert "<progress></progress>" in notebook.outputs[0][0]  # moves
        report(1001, 1001, "a.pt")
        assert notebook.drawn[1:] == ["a.pt: 1,001 bytes"]
    assert notebook.drawn[1:] == ["a.pt: 1,001 bytes"] * 2


def test_notebook_draws_in_the_cell_that_started_it(notebook: Notebook) -> None:
    notebook.cell.set("this")
    with notebook_progress() as progress:
        reporter = ProgressReporter(progress, 5, "a.pt")
        reporter.add(5)
        reporter.close()  # has called back from another thread
    assert notebook.cells == ["this", "this"]


def test_notebook_draws_at_most_twenty_bars(notebook: Notebook) -> None:
    with notebook_progress() as report:
        report(0, 2, "first")
        for number in range(30):
            report(1, 1, f"w{number}.pt")
    ((html, text),) = notebook.outputs
    lines = text.splitlines()
    assert lines[0] == "first: 0 bytes of 2 bytes, stopped"
    assert lines[1:] == [*(f"w{n}.pt: 1 byte" for n in range(11, 30)), "… and 11 more"]
    assert html.count("<progress ") == 20


def test_notebook_progress_outside_of_ipython_is_silent(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules["IPython.display"]
    monkeypatch.setattr(module, "display", lambda shown, display_id: None)
    with notebook_progress() as report:
        report(1, 1, "a.pt")
    assert notebook.drawn == []


@pytest.mark.parametrize("draw", [rich_progress, tqdm_progress, notebook_progress])
def test_missing_library_is_named(draw: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(ImportError, match=r"pip install (rich|tqdm|IPython)"), draw():
        pass


def test_libraries_are_loaded_on_first_use() -> None:
    code = "import sys, bitfount_api.progress; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"rich", "tqdm", "IPython"} & set(run.stdout.split())
