"""Errors in processes: for people, in their words; for programs, as JSON."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli.console import REPOSITORY, Console

from bitfount_api.cli.exit_codes import Exit
from bitfount_api.sandbox.faults import Fault

PAGE = REPOSITORY / "docs" / "pages" / "command-line.md"
ELSEWHERE = ("--resource-server", "https://other.example")
PROTOCOL = ("--modeller", "bob", "--protocol", "protocol.json", "--token-file", "protocol.json")

NO_VERSION = "Invalid value for 'MODEL': the model must include a version number"

MESSAGES: list[tuple[tuple[str, ...], str]] = [
    (("weights", "push", "Retina:1", "nofile"), "nofile cannot be read: No such file or directory"),
    (("weights", "push", "Retina:1", "."), ". is not a file."),
    (("weights", "push", "Retina", "."), f"{NO_VERSION}, such as ModelName:3. See 'bitfount-api "),
    (("models", "push", "nofile.py"), "nofile.py cannot be read: No such file or directory."),
    (("models", "push", "weights.pt"), "weights.pt is not the code of a model: that is a Python "),
    (("models", "push", "code.py"), "code.py, line 1: x is not defined, so it could not be loaded"),
    (("models", "push", "code.py", "--description", "\udcff"), "The description cannot be encoded"),
    (("weights", "push", "Retina:1", "weights.pt"), "weights.pt could not be stored: the Hub ref"),
    (("fhir", "token", *ELSEWHERE), "alice is not paired with https://other.example: checked 0 pa"),
    (("pods", "show", "alice/none"), "The Hub refused with 404 Not Found: There is no such pod."),
    (("pods", "schema", "alice/none"), "pod alice/none could not be retrieved: the Hub refused "),
    (("projects", "limits", "none"), "The Hub refused with 404 Not Found: There is no such proj"),
    (("projects", "add-dataset", "none", "scans"), "The Hub refused with 404 Not Found: There is"),
    (("clusters", "link", "none", "scans"), "The Hub refused with 404 Not Found: There is no suc"),
    (("compute", "certificate", "none"), "The Hub refused with 404 Not Found: There is no such "),
    (("compute", "certificate", "c", "--csr", "code.py"), "The signing request must be one certif"),
    (("access", "check", "alice/scans", *PROTOCOL), "The protocol must have a class_name (string)"),
    (("projects", "list", "--ca", "nofile"), "--ca: there is no file or folder nofile."),
    (("projects", "list", "--ca", "code.py"), "--ca: code.py contains no PEM certificates."),
    (("projects", "list", "--hub-url", "hub"), "Invalid value for '--hub-url': a service's URL is"),
    (("projects", "list", "--hub-url", "http://hub.test"), "The URL of the Hub must begin with ht"),
    (("login", "--auth-domain", "::"), "The authorization server must be a host name such as auth"),
    (("projects", "list", "--hub-url", "http://127.0.0.1:1"), "The Hub (http://127.0.0.1:1/api/pr"),
    (("projects", "list", "--limit", "1e3"), "Invalid value for '--limit': '1e3' is not a valid w"),
    (
        ("projects", "list", "--timeout", "x"),
        "Invalid value for '--timeout': 'x' is not a valid nu",
    ),
    (("projects", "list", "--timeout", "nan"), "Invalid value for '--timeout': 'nan' is not a val"),
    (("projects", "list", "--username", ""), "Invalid value for '--username': the value is empty."),
    (("projects", "list", "--auth-domain", " "), "Invalid value for '--auth-domain': the value is"),
    (("projects", "list", "--ca", ""), "Invalid value for '--ca': the value is empty."),
    (("clusters", "create", ""), "The cluster's name must be a non-empty string"),
    (("keys", "generate", ""), "Invalid value for 'FILE': the path is empty."),
    (
        ("keys", "generate", "-"),
        "'-' is standard output, to which this command cannot write a file",
    ),
    (("fhir", "token", "--output", "-", "--force"), "'-' is standard output, to which this c"),
    (("keys", "register", "-"), "standard input: this is not a public key in PEM or OpenSSH forma"),
    (("keys", "register", "large.py"), "large.py is larger than 65536 bytes."),
    (("pods", "heartbeat", "scans", "--public-key", "-"), "standard input: this is not a public"),
    (("access", "check", "alice/scans", *PROTOCOL[:3], "-"), "standard input is not JSON: Expect"),
    (("migrate", "", "--write"), "Invalid value for 'PATH': the path is empty."),
    (("models", "push", "-"), "A model is named after its file, so its code cannot come from stan"),
    (("models", "push", "large.py"), "large.py has 7,340,032 bytes; the Hub accepts 3,145,728 at"),
    (("weights", "push", "Retina:1", "-"), "standard input is empty."),
    (("sandbox", "--data", ""), "Invalid value for '--data': the path is empty."),
    (("sandbox", "--host", ""), "Invalid value for '--host': the value is empty."),
    (("sandbox", "--free-ports", "--configurations", "nofile"), "nofile: No such file or director"),
    (("pod", "show"), "No such command 'pod'. Did you mean 'pods'? See 'bitfount-api --help'."),
    (("pods", "shw"), "No such command 'shw'. Did you mean 'show'? See 'bitfount-api pods --help'"),
    (("doctr",), "No such command 'doctr'. Did you mean 'doctor'?"),
    (("projects", "list", "--limt", "3"), "No such option '--limt'. Did you mean '--limit'"),
    (("projects", "create", "a", "b"), "Got unexpected extra argument (b). See 'bitfount-api pro"),
]


@pytest.fixture(autouse=True)
def _files(console: Console) -> None:
    console.environment["BITFOUNT_WEB_MAX_RETRIES"] = "0"
    Path("weights.pt").write_bytes(b"\x80weights")
    Path("code.py").write_text("x\n", encoding="utf-8")
    with Path("large.py").open("wb") as file:
        file.truncate(7 * 1024**2)
    Path("protocol.json").write_text('{"class_name": "x"}', encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "message"), MESSAGES, ids=[" ".join(words) for words, _ in MESSAGES]
)
def test_errors_are_in_the_words_of_the_command_line(
    console: Console, words: tuple[str, ...], message: str
) -> None:
    if words[0] == "login":
        console.be(None)
    outcome = console.spawn(*words)
    assert outcome.out == ""
    assert outcome.err.startswith(f"Error: {message}"), outcome.err
    assert outcome.err.count("\n") == 1
    # Names of methods, arguments and classes.
    found = re.sub(r"\bclass_name\b", "", outcome.err)  # a field of the protocol
    assert not re.search(r"\b[a-z]+(_[a-z]+)+\b|[a-z]\(\)|\bBitfount[A-Z]|bitfount_api", found)
    assert not re.search(r"\[Errno|Path\(|(integer|float) range|of type", found)


def test_refused_credentials_have_one_advice(console: Console) -> None:
    console.environment["BITFOUNT_API_KEY"] = "wrong:wrong"
    outcome = console.spawn("projects", "list")
    assert outcome.code == 3
    assert outcome.err.count("Log in with 'bitfount-api login'") == 1
    assert "authenticate again" not in outcome.err


# --- JSON ----------------------------------------------------------------------------------------

FAILURES: list[tuple[tuple[str, ...], str, int | None]] = [
    (("pods", "show", "alice/none", "--json"), "not_found", 404),
    (("--json", "pods", "show", "alice/none"), "not_found", 404),
    (("models", "show", "alice/None", "--json"), "not_found", 404),
    (("weights", "push", "Retina:1", "weights.pt", "--json"), "not_found", 404),
    (("projects", "list", "--hub-url", "http://127.0.0.1:1", "--json"), "unreachable", None),
    (("models", "push", "code.py", "--json"), "invalid_input", None),
    (("weights", "push", "Retina:1", "nofile", "--json"), "invalid_input", None),
    (("pods", "show", "--json"), "usage", None),
    (("pods", "show", "--nosuch", "--json"), "usage", None),
    (("pods", "show", "noslash", "--json"), "usage", None),
    (("--timeout", "x", "pods", "show", "alice/none", "--json"), "usage", None),
    (("pods", "--json"), "usage", None),
    (("--json", "nosuch"), "usage", None),
    (("keys", "fingerprint", "-", "--json"), "invalid_input", None),
]


@pytest.mark.parametrize(
    ("words", "code", "status"), FAILURES, ids=[" ".join(words) for words, *_ in FAILURES]
)
def test_errors_are_json_on_request(
    console: Console, words: tuple[str, ...], code: str, status: int | None
) -> None:
    outcome = console.spawn(*words)
    assert (outcome.code, outcome.out) == (Exit[code.upper()], "")
    error = json.loads(outcome.err)["error"]
    assert list(error) == ["code", "message", "status", "request_id", "hint"]
    assert (error["code"], error["status"]) == (code, status)
    assert (error["request_id"] is None) == (status is None)
    assert outcome.err.count("\n") == 1
    # The same as people read, in parts.
    line = console.spawn(*(word for word in words if word != "--json"))
    assert line.code == outcome.code
    if "Usage:" not in line.err:
        assert line.err.startswith(f"Error: {error['message']}")
        assert (error["hint"] or "") in line.err


def test_words_after_dashes_are_no_options(console: Console) -> None:
    assert console.spawn("projects", "create", "a", "--", "--json").err.startswith("Error: ")


def test_refused_credentials_are_json(console: Console) -> None:
    console.environment["BITFOUNT_API_KEY"] = "wrong:wrong"
    error = json.loads(console.spawn("projects", "list", "--json").err)["error"]
    assert (error["code"], error["status"]) == ("not_authenticated", 401)
    assert error["hint"].startswith("Log in with 'bitfount-api login'")


def test_finding_is_json(console: Console) -> None:
    console.be(None)
    outcome = console.spawn("doctor", "--offline", "--json")
    assert outcome.code == 1
    assert json.loads(outcome.err)["error"]["code"] == "failed"
    assert json.loads(outcome.out)["ok"] is False


def test_json_error_quotes_no_key_and_no_control_character(console: Console) -> None:
    key = "-----BEGIN PRIVATE KEY-----\nPLANTED\n-----END PRIVATE KEY-----"
    for words in ([key], ["pods", "show", key], ["models", "push", key]):
        outcome = console.spawn(*words, "--json")
        assert "error" in json.loads(outcome.err)
        assert "PLANTED" not in outcome.err
    outcome = console.spawn("pods", "show", "alice/\x1b[31m\u202e", "--json")
    assert not {"\x1b", "\u202e"} & set(outcome.err)
    assert "\\\\x1b" in outcome.err


def test_json_error_can_be_read_in_every_encoding(console: Console) -> None:
    console.environment["PYTHONIOENCODING"] = "ascii:strict"
    outcome = console.spawn("pods", "show", "é", "--json")
    assert "'é'" in json.loads(outcome.err)["error"]["message"]


def test_missing_packages_are_json() -> None:
    code = "import sys; sys.modules['click'] = None; from bitfount_api.cli import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", code, "whoami", "--json"],
        capture_output=True,
        env=environment,
        timeout=60,
    )
    assert done.returncode == 1
    assert json.loads(done.stderr)["error"]["hint"].endswith("pip install 'bitfount-api[cli]'")


def test_warnings_are_json_lines(console: Console) -> None:
    page = {"totalProjects": 1, "projects": [{"id": "p", "name": "Screening"}]}
    console.sandbox.fail("/api/projects", Fault(status=200, body=json.dumps(page).encode()))
    warning = json.loads(console.spawn("pods", "list", "--json").err)["warning"]
    assert warning["message"].endswith("Screening.")


def test_error_codes_are_documented() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for code in Exit:
        silent = (Exit.OK, Exit.BROKEN_PIPE, Exit.HANGUP, Exit.TERMINATED)
        if code not in silent:
            assert f"`{code.error}`" in text
