"""Output for people, machines, pipes and old encodings: without secrets and control characters."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from cli.console import REPOSITORY, Console
from support.rsa_keys import key_pair

from bitfount_api import keys as rsa
from bitfount_api.cli.root import root
from bitfount_api.cli.streams import sanitize
from bitfount_api.cli.views import format_time

SCHEMA = REPOSITORY / "tests" / "data" / "pod-schema-v4.json"
NOTATION = {0x110BD, 0x110CD, *range(0x13430, 0x13440)}
"""Format characters of Kaithi and of hieroglyphs, which are shown."""
STRANGE = "Łódź — 中文 … ✓ \N{PILE OF POO} ½ é"
INVISIBLE = (
    "\u200b\u200c\u200d\u2060\u2064\ufeff\xad\u034f\u061c\u180e\u206a\u115f\u3164\uffa0\ufe0f\ufff9"
    "\U000e0001\U000e0041\U000e007f\U000e0100\U000e01ef\U0001d173"
)
HOSTILE = "a\x1b[2Jb\x9bc\rd\u202ee\x07f" + INVISIBLE


@pytest.fixture
def pod(console: Console) -> str:
    """A pod whose texts are in every script, and of every intention."""
    key = rsa.serialize_public_key(key_pair().public_key, "SSH")
    Path("pod.pub").write_text(key, encoding="ascii")
    words = ("--display-name", STRANGE, "--description", HOSTILE, "--public-key", "pod.pub")
    console.ok("pods", "register", "scans", "--schema", SCHEMA, *words)
    return "alice/scans"


def test_only_data_is_on_standard_output(console: Console, pod: str) -> None:
    outcome = console.spawn("pods", "schema", pod)
    assert (outcome.code, outcome.out.split()[0]) == (0, "NAME")
    assert "columns" in outcome.err
    assert console.spawn("pods", "schema", pod, "--quiet").err == ""


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "utf-8", "latin-1", "cp932"])
def test_any_text_is_printed_in_any_encoding(console: Console, pod: str, encoding: str) -> None:
    console.environment["PYTHONIOENCODING"] = f"{encoding}:strict"
    console.environment["PYTHONUTF8"] = "0"
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    for options in ([], ["--json"], ["--debug"]):
        with console.start("pods", "show", pod, *options, **pipes) as process:
            out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        text = out.decode(encoding)
        if "--json" in options:
            value = json.loads(text)
            assert (value["podDisplayName"], value["description"]) == (STRANGE, HOSTILE)
        elif encoding == "utf-8":
            assert STRANGE in text
        else:
            assert "..." in text or "…" in text
    with console.start("pods", "show", f"alice/{STRANGE}", **pipes) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.decode(encoding).startswith("Error: ")


def test_help_is_shown_in_every_encoding(console: Console) -> None:
    console.environment["PYTHONIOENCODING"] = "cp437:strict"
    assert console.spawn("--help").code == 0


def test_control_characters_of_services_are_removed(console: Console, pod: str) -> None:
    for options in ([], ["--json"]):
        outcome = console.spawn("pods", "show", pod, *options)
        for control in "\x1b\x9b\x07\r\u202e" + INVISIBLE:
            assert control not in outcome.out
        if options:
            assert json.loads(outcome.out)["description"] == HOSTILE


def test_error_output_shows_no_invisible_characters(console: Console) -> None:
    name = f"alice/sc{INVISIBLE}ans"
    for words in (["pods", "show", name], ["--debug", "pods", "show", name], [f"x{INVISIBLE}"]):
        outcome = console.spawn(*words)
        assert outcome.code == 2
        assert not set(INVISIBLE) & set(outcome.err)
        assert "200b" in outcome.err


def test_every_invisible_character_is_escaped() -> None:
    """Those that Unicode calls format characters, but for those that are seen."""
    seen = {0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6DD, 0x70F, 0x890, 0x891, 0x8E2}
    for point in range(0x110000):
        character = chr(point)
        if unicodedata.category(character) == "Cf" and point not in seen | NOTATION:
            assert sanitize(character).isascii(), hex(point)
    for text in (STRANGE, "👩 ö e\u0301 한국 עברית فارسی ไทย"):
        assert sanitize(text) == text


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
def test_times_at_the_ends_of_the_calendar_are_shown(
    zone: str, set_zone: Callable[[str], None]
) -> None:
    set_zone(zone)
    assert format_time(253402300799).startswith("9999-12-31 ")
    assert format_time(253402300799.9999999).endswith(("+0000", "1970"))
    assert format_time(float("inf")) == "inf s after 1970"
    assert "1-01-0" in format_time(-62135596800 + 86400)


def test_unencodable_argument_is_an_error_of_one_line(console: Console) -> None:
    outcome = console.run("projects", "create", "half \ud83d")
    assert outcome.code == 6, outcome
    assert outcome.err.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="there are no signals of pipes")
def test_closed_pipe_ends_the_command_quietly(console: Console, pod: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        outcome = console.spawn("pods", "show", pod, stdout=writing)
    finally:
        os.close(writing)
    assert (outcome.code, outcome.err) == (141, "")
    reading, writing = os.pipe()
    os.close(reading)
    try:
        outcome = console.spawn("--help", stdout=writing)
    finally:
        os.close(writing)
    assert (outcome.code, outcome.err) == (141, "")


CHANGING = [
    ("projects", "create", "Screening"),
    ("keys", "generate", "a.pem", "--bits", "2048"),
    ("models", "push", "Retina.py"),
    ("login", "--no-browser"),
    ("sandbox", "--free-ports", "--env-file", "a.env"),
    ("whoami",),
    ("doctor",),
    ("--help",),
    ("--version",),
    ("completion", "bash"),
    ("nosuch",),
]
without_output = pytest.mark.parametrize("words", CHANGING, ids=lambda words: " ".join(words[:2]))


def shell(redirection: str) -> tuple[str, ...]:
    return ("sh", "-c", f'exec "$@" {redirection}', "sh")


@pytest.mark.skipif(os.name == "nt", reason="the shell is another one")
@without_output
@pytest.mark.parametrize("redirection", [">&-", "1</dev/null"])
def test_closed_output_stops_a_command_before_it_begins(
    console: Console, words: tuple[str, ...], redirection: str
) -> None:
    before = len(console.sandbox.requests)
    outcome = console.spawn(*words, through=shell(redirection))
    assert (outcome.code, outcome.out) == (6, "")
    assert outcome.err.startswith("Error: Standard output is closed, so nothing was done.")
    assert outcome.err.count("\n") == 1
    assert len(console.sandbox.requests) == before
    assert os.listdir() == []


@pytest.mark.skipif(os.name == "nt", reason="there are no signals of pipes")
def test_pipe_without_reader_stops_a_command_before_it_begins(console: Console) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    before = len(console.sandbox.requests)
    try:
        outcome = console.spawn("projects", "create", "Screening", stdout=writing)
    finally:
        os.close(writing)
    assert (outcome.code, outcome.err) == (141, "")
    assert len(console.sandbox.requests) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("redirection", ["2</dev/null", "2>/dev/full", "2>&-"])
def test_unwritable_error_output_changes_no_result(console: Console, redirection: str) -> None:
    create = console.spawn("projects", "create", "Screening", through=shell(redirection))
    assert create.code == 0
    assert console.json("projects", "list")["totalProjects"] == 1
    for words, code in [
        (("pods", "show", "alice/none"), 4),
        (("--debug", "pods", "show", "alice/none"), 4),
        (("nosuch",), 2),
        (("pods",), 2),
    ]:
        assert console.spawn(*words, through=shell(redirection)).code == code
    assert console.spawn("whoami", through=shell(f">&- {redirection}")).code == 6


@pytest.mark.skipif(os.name == "nt", reason="the shell is another one")
def test_closed_input_is_an_error_of_one_line(console: Console) -> None:
    outcome = console.spawn("keys", "fingerprint", "-", through=shell("<&-"))
    assert (outcome.code, outcome.err) == (6, "Error: standard input: it is closed.\n")
    outcome = console.spawn("keys", "generate", "a.pem", "--encrypt", through=shell("<&-"))
    assert outcome.code == 6
    assert "BITFOUNT_KEY_PASSWORD" in outcome.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("argument", ["whoami", "--help", "--version"])
def test_full_disk_is_reported(console: Console, argument: str) -> None:
    with open("/dev/full", "wb") as full:
        outcome = console.spawn(argument, stdout=full)
    assert outcome.code == 6
    assert "No space left" in outcome.err
    assert outcome.err.count("\n") == 1


def test_error_is_one_line_and_debug_adds_a_traceback(console: Console) -> None:
    outcome = console.spawn("pods", "show", "alice/none")
    assert (outcome.code, outcome.out) == (4, "")
    assert outcome.err.startswith("Error: ")
    assert outcome.err.count("\n") == 1
    outcome = console.spawn("--debug", "pods", "show", "alice/none")
    assert outcome.code == 4
    assert "Traceback" in outcome.err
    assert outcome.err.splitlines()[-1].startswith("Error: ")


def test_output_options_are_accepted_anywhere(console: Console) -> None:
    for words in (["--json", "whoami"], ["whoami", "--json"]):
        assert console.ok(*words).json["username"] == "alice"
    assert "Traceback" in console.run("pods", "--debug", "show", "alice/none").err


def test_unexpected_error_is_reported_as_a_bug(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bitfount_api import BitfountHub

    def broken(*_: object, **__: object) -> None:
        raise KeyError("planted")

    monkeypatch.setattr(BitfountHub, "get_projects", broken)
    outcome = console.run("projects", "list")
    assert (outcome.code, outcome.out) == (70, "")
    assert "planted" not in outcome.err


@pytest.mark.parametrize("option", ["--hub-url", "--ca", "--auth-domain", "--timeout"])
def test_invalid_options_are_rejected(console: Console, option: str) -> None:
    console.be(None)
    outcome = console.run(option, "::no::", "doctor", "--offline")
    assert outcome.code in (1, 2), outcome
    console.be("alice")
    outcome = console.run(option, "::no::", "projects", "list")
    if option != "--auth-domain":  # which is not needed with API keys
        assert outcome.code in (2, 6), outcome
        assert outcome.err.count("\n") == 1


@pytest.mark.slow
def test_debug_output_has_no_credentials(console: Console, pod: str) -> None:
    secrets = {
        part
        for name in ("BITFOUNT_API_KEY", "BITFOUNT_API_KEY_ID")
        for part in console.environment[name].split(":")
    }
    assert len(secrets) == 4
    for words in (
        ["whoami"],
        ["pods", "schema", pod],
        ["pods", "show", "alice/none"],
        ["doctor"],
        ["--hub-url", "http://127.0.0.1:9", "--timeout", "1", "projects", "list"],
    ):
        outcome = console.run("--debug", *words)
        said = outcome.out + outcome.err
        assert not [secret for secret in secrets if secret in said]
        assert "X-Amz-Signature" not in said


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM")
def test_sigterm_ends_the_command(console: Console) -> None:
    from bitfount_api.sandbox.faults import Fault

    console.sandbox.fail("*", Fault(delay=20), times=None)
    with console.start("projects", "list", stderr=subprocess.PIPE) as process:
        while not console.sandbox.requests:
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    console.sandbox.faults.clear()
    assert process.returncode == 143


def test_missing_packages_are_named() -> None:
    code = "import sys; sys.modules['rich'] = None; from bitfount_api.cli import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=environment, timeout=60
    )
    assert done.returncode == 1
    assert b"bitfount-api[cli]" in done.stderr
    assert done.stderr.count(b"\n") == 1


def interrupted_at_the_import_of(module: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command line that Ctrl-C interrupts when it imports a module."""
    code = (
        "import builtins; found = builtins.__import__\n"
        "def interrupted(name, *rest):\n"
        f"    if name == {module!r}: raise KeyboardInterrupt\n"
        "    return found(name, *rest)\n"
        "builtins.__import__ = interrupted\n"
        "from bitfount_api.cli import main; main()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, env=environment, timeout=60
    )


def test_interrupt_during_startup_is_one_line() -> None:
    done = interrupted_at_the_import_of("bitfount_api.cli.root")
    assert (done.returncode, done.stderr.split()) == (130, [b"Error:", b"Interrupted."])


def test_interrupt_before_the_option_json_is_json() -> None:
    done = interrupted_at_the_import_of("bitfount_api.auth.claims", "whoami", "--json")
    assert done.returncode == 130
    assert json.loads(done.stderr)["error"]["code"] == "interrupted"


def _names(group: click.Group, *before: str) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*before, name)
        if isinstance(command, click.Group):
            yield from _names(command, *before, name)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the shell is another one")
@pytest.mark.parametrize("words", [(), *_names(root)], ids=lambda words: " ".join(words) or "none")
@pytest.mark.parametrize("option", ["--json", "--help"])
def test_no_command_begins_without_output(
    console: Console, words: tuple[str, ...], option: str
) -> None:
    before = len(console.sandbox.requests)
    outcome = console.spawn(*words, option, through=shell(">&-"))
    assert (outcome.code, outcome.err.count("\n")) == (6, 1)
    closed = "Standard output is closed, so nothing was done."
    if option == "--json":
        assert json.loads(outcome.err)["error"]["message"] == closed
    else:
        assert outcome.err.startswith(f"Error: {closed}")
    assert len(console.sandbox.requests) == before
    assert os.listdir() == []
