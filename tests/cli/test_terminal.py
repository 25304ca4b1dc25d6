"""The command line in a real terminal: progress, colours, widths, prompts, Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.console import Console
from rich.progress import Progress
from support.sandbox_api import Api
from support.sandbox_seeds import register_pod

from bitfount_api.cli.progress import Counter, _columns
from bitfount_api.sandbox.faults import Fault

if sys.platform == "win32":
    pytest.skip("there are no ptys", allow_module_level=True)

from cli.terminal import Terminal, terminal

SIZE = 24_000_000
AT_ONCE = 50
"""Seconds, at most, even on a busy machine."""

PATIENT = ("--timeout", "90")
"""Commands wait longer for a service, which stays silent for 60 seconds: what ends at once was not
ended by that."""


@pytest.fixture
def model(console: Console) -> str:
    """A model of alice's with weights, which are in ``w.bin`` too."""
    code = "from bitfount_api import BitfountModel\nclass Retina(BitfountModel): pass\n"
    Path("Retina.py").write_text(code, encoding="utf-8")
    console.ok("models", "push", "Retina.py")
    Path("w.bin").write_bytes(os.urandom(SIZE))
    console.ok("weights", "push", "Retina:1", "w.bin")
    return "alice/Retina:1"


@pytest.fixture
def halting(console: Console) -> Iterator[None]:
    """A store that gives one answer, and then is silent."""
    console.sandbox.fail("*", Fault(), times=1, service="storage")
    console.sandbox.fail("*", Fault(delay=60), times=None, service="storage")
    yield
    console.sandbox.faults.clear()


@pytest.fixture
def pausing(console: Console) -> Iterator[None]:
    """A store that waits before its second answer, and then is silent.

    The speed is shown after two measurements. The pause separates them, however busy the machine.
    """
    console.sandbox.fail("*", Fault(), times=1, service="storage")
    console.sandbox.fail("*", Fault(delay=1), times=1, service="storage")
    console.sandbox.fail("*", Fault(delay=60), times=None, service="storage")
    yield
    console.sandbox.faults.clear()


def interrupted(running: Terminal) -> None:
    """Type Ctrl-C, and see that the command ends at once, and leaves the terminal as it was."""
    running.type("\x03")
    assert running.end(AT_ONCE) == 130
    assert "Error: Interrupted." in running.text
    assert "Traceback" not in running.text
    shown, hidden = running.raw.rfind("\x1b[?25h"), running.raw.rfind("\x1b[?25l")
    assert shown >= hidden  # the cursor


# --- Progress ------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [80, 50, 30])
def test_progress_bar_fits_and_disappears(console: Console, model: str, columns: int) -> None:
    with terminal(console, "weights", "pull", model, columns=columns) as running:
        assert running.end() == 0, running.text
    frames = [line for line in running.text.split("\r") if "\n" not in line]
    assert frames
    assert max(map(len, frames)) <= columns
    # The speed is shown after two measurements; another test waits for them.
    assert ("100%" if columns == 30 else "24.0/24.0 MB") in running.text
    lines = [line for line in running.screen if line and not line.startswith("Fetched 24.0 MB in")]
    assert lines[0].startswith("Model")  # nothing of the bar is left
    assert max(map(len, lines)) <= columns
    assert "SHA-256" in "\n".join(lines)


def test_a_bar_has_speed_and_time_left(console: Console, model: str, pausing: None) -> None:
    with terminal(console, *PATIENT, "weights", "pull", model, "--output", "x.bin") as running:
        text = running.until(r"[1-9][0-9.]*/24\.0 MB +[0-9.]+ .?B/s +[0-9]+:[0-9]+")
        assert "x.bin" in text
        interrupted(running)


def test_speed_is_shown_after_a_second() -> None:
    now = [0.0]
    progress = Progress(*_columns(80), get_time=lambda: now[-1])
    task = progress.add_task("w.pt", total=1_000_000)

    def shown(seconds: float) -> str:
        now.append(seconds)
        progress.advance(task, 100_000)
        with progress.console.capture() as capture:
            progress.console.print(progress.get_renderable())
        return capture.get()

    for seconds in (0.1, 0.2, 0.9):
        assert "/s" not in shown(seconds)
    for seconds in (1.1, 1.2):
        assert "kB/s" in shown(seconds)


def test_summary_is_written_for_long_transfers() -> None:
    short, long = Counter(), Counter(started=time.monotonic() - 2)
    for counter in (short, long):
        counter(3_000_000, None, "w.pt")
    assert short.summary() is None
    assert re.fullmatch(r"3\.0 MB in [0-9.]+ s \([0-9.]+ .?B/s\)", long.summary() or "")


def test_json_is_all_that_a_terminal_shows(console: Console, model: str) -> None:
    with terminal(console, "weights", "push", "Retina:1", "w.bin", "--json") as running:
        assert running.end() == 0
    assert json.loads(running.raw)["bytes"] == SIZE
    with terminal(console, "weights", "push", "Retina:7", "w.bin", "--json") as running:
        assert running.end() == 4
    assert json.loads(running.raw)["error"]["code"] == "not_found"


def test_progress_bar_shows_no_invisible_characters(console: Console, model: str) -> None:
    name = "x\u200b\U000e0041.bin"
    with terminal(console, "weights", "pull", model, "--output", name) as running:
        assert running.end() == 0, running.text
    assert "\\u200b" in running.text
    assert not {"\u200b", "\U000e0041"} & set(running.text)


def test_quiet_draws_nothing(console: Console, model: str) -> None:
    with terminal(console, "--quiet", "weights", "pull", model) as running:
        assert running.end() == 0
    assert "MB/s" not in running.text
    assert "\x1b[?25l" not in running.raw


def test_a_progress_bar_without_colours(console: Console, model: str) -> None:
    with terminal(console, "weights", "pull", model, variables={"NO_COLOR": "1"}) as running:
        assert running.end() == 0
    assert "/24.0 MB" in running.text
    assert not any(code in running.raw for code in ("\x1b[3", "38;5"))


# --- Ctrl-C --------------------------------------------------------------------------------------


def test_an_interrupted_download_leaves_nothing(
    console: Console, model: str, halting: None
) -> None:
    before = sorted(os.listdir())
    with terminal(console, *PATIENT, "weights", "pull", model, "--output", "x.bin") as running:
        running.until(r"[1-9][0-9.]*/24\.0 MB")
        assert len(os.listdir()) > len(before)  # it is under way
        interrupted(running)
    assert sorted(os.listdir()) == before


def test_interrupted_upload_keeps_the_stored_object(
    console: Console, model: str, halting: None
) -> None:
    with terminal(console, *PATIENT, "weights", "push", "Retina:1", "w.bin") as running:
        running.until(r"[1-9][0-9.]*/24\.0 MB")
        interrupted(running)
    console.sandbox.faults.clear()
    before = Path("w.bin").read_bytes()
    console.ok("weights", "pull", model, "--output", "x.bin")
    assert Path("x.bin").read_bytes() == before


def test_sigterm_restores_the_terminal(console: Console, model: str, halting: None) -> None:
    before = sorted(os.listdir())
    with terminal(console, *PATIENT, "weights", "pull", model, "--output", "x.bin") as running:
        running.until(r"[1-9][0-9.]*/24\.0 MB")
        running.process.send_signal(signal.SIGTERM)
        assert running.end(AT_ONCE) == 143
    assert running.raw.rfind("\x1b[?25h") > running.raw.rfind("\x1b[?25l")
    assert sorted(os.listdir()) == before


def test_a_login_can_be_interrupted(console: Console, tmp_path: Path) -> None:
    console.be(None)
    console.environment["BITFOUNT_STORAGE_PATH"] = str(tmp_path / "storage")
    with terminal(console, "login", "--no-browser") as running:
        running.until(r"[A-Z]{4}-[A-Z]{4}")
        interrupted(running)
    assert not list((tmp_path / "storage").rglob(".token"))


def test_a_request_can_be_interrupted(console: Console) -> None:
    console.sandbox.fail("*", Fault(delay=60), times=None)
    try:
        with terminal(console, "doctor") as running:
            while not console.sandbox.requests:
                assert running.process.poll() is None
            interrupted(running)
        seen = len(console.sandbox.requests)
        with terminal(console, "projects", "list") as running:
            while len(console.sandbox.requests) == seen:
                assert running.process.poll() is None
            interrupted(running)
    finally:
        console.sandbox.faults.clear()


def test_sandbox_runs_in_a_terminal(console: Console) -> None:
    with terminal(console, "sandbox", "--free-ports", "--demo") as running:
        text = running.until("Stop it with Ctrl-C")
        data = next(line for line in text.splitlines() if "deleted when" in line).split()[1]
        assert Path(data).is_dir()
        interrupted(running)
    assert not Path(data).exists()


# --- Prompts -------------------------------------------------------------------------------------


def test_password_prompt_hides_the_password(console: Console) -> None:
    with terminal(console, "keys", "generate", "a.pem", "--bits", "2048", "--encrypt") as running:
        running.until("Password: $")
        running.type("planted one\n")
        running.until("(?i)repeat.*: $")
        running.type("planted one\n")
        assert running.end() == 0, running.text
    assert "planted" not in running.raw
    with terminal(console, "keys", "fingerprint", "a.pem") as running:
        running.until("Password: $")
        running.type("planted one\n")
        assert running.end() == 0, running.text
    assert "SHA256:" in running.text
    assert "planted" not in running.raw


def test_a_prompt_can_be_interrupted(console: Console) -> None:
    with terminal(console, "keys", "generate", "a.pem", "--encrypt") as running:
        running.until("Password: $")
        interrupted(running)
    assert os.listdir() == []


def test_end_of_input_at_a_prompt_is_an_error(console: Console) -> None:
    with terminal(console, "keys", "generate", "a.pem", "--encrypt") as running:
        running.until("Password: $")
        running.type("\x04")
        assert running.end() == 2
    assert "input ended" in running.text
    assert os.listdir() == []


# --- Confirmation --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ("y\n", 0, "Archived"),
        ("n\n", 1, "Error: Not confirmed, so nothing was changed."),
        ("\n", 1, "Error: Not confirmed, so nothing was changed."),
        ("\x03", 130, "Error: Interrupted."),
    ],
)
def test_pod_is_archived_once_confirmed(console: Console, typed: str, code: int, said: str) -> None:
    api = Api(console.sandbox, "alice")
    register_pod(api)
    api.close()
    with terminal(console, "pods", "archive", "scans") as running:
        running.until(r"Archive your pod scans\? .*\[y/N\]: ")
        if typed == "\x03":
            running.interrupt(said)
        else:
            running.type(typed)
        assert running.end() == code
        assert said in running.text
    assert console.run("pods", "show", "alice/scans").code == (0 if code else 4)
