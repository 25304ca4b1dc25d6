"""Models and weights: pushed, shown, pulled; their code is never run."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli.console import Console
from support.devices import any_device

from bitfount_api.cli.exit_codes import Exit
from bitfount_api.sandbox.faults import Fault

CODE = """from bitfount_api import BitfountModel
from pathlib import Path

Path("ran").touch()


class Retina(BitfountModel):
    pass
"""
HASH = hashlib.sha256(CODE.encode()).hexdigest()


@pytest.fixture
def model(console: Console) -> str:
    """A model of alice's that leaves a trace where it runs, by its full name."""
    Path("Retina.py").write_text(CODE, encoding="utf-8")
    pushed = console.json("models", "push", "Retina.py", "--description", "Eyes.")
    Path("Retina.py").unlink()
    assert pushed["sha256"] == HASH
    return str(pushed["model"])


@pytest.fixture(autouse=True)
def _never_run(console: Console) -> object:
    yield
    assert not Path("ran").exists()


def test_model_is_published_and_downloaded(console: Console, model: str) -> None:
    assert model == "alice/Retina:1"
    shown = console.json("models", "show", model)
    assert (shown["modelHash"], shown["modelVersion"]) == (HASH, 1)
    assert (shown["hasCode"], shown["hasWeights"]) == (True, False)
    assert HASH in console.ok("models", "show", "alice/Retina").out
    console.be("bob")
    pulled = console.json("models", "pull", model)
    assert (pulled["sha256"], pulled["checked"]) == (HASH, True)
    assert Path(pulled["path"]).read_text(encoding="utf-8") == CODE
    shown = console.ok("models", "pull", model, "--force").out
    assert re.search(rf"SHA-256: +{HASH}\nAs published: +yes\n", shown)


def test_same_code_creates_no_new_version(console: Console, model: str) -> None:
    Path("Retina.py").write_bytes(CODE.replace("\n", "\r\n").encode())
    again = console.json("models", "push", "Retina.py")
    assert (again["model"], again["alreadyExisted"], again["sha256"]) == (model, True, HASH)
    assert "Existed: " in console.ok("models", "push", "Retina.py").out


def test_code_can_be_printed_without_a_file(console: Console, model: str) -> None:
    outcome = console.ok("models", "pull", model, "--output", "-")
    assert outcome.out == CODE
    assert HASH in outcome.err
    assert console.json("models", "pull", model, "--output", "-")["code"] == CODE
    assert os.listdir() == []


def test_addresses_are_not_shown(console: Console, model: str) -> None:
    Path("Other.py").write_text(CODE.replace("Retina", "Other"), encoding="utf-8")
    for words in (["show", model], ["pull", model, "--force"], ["push", "Other.py"]):
        for options in ([], ["--json"], ["--debug"]):
            outcome = console.ok("models", *words, *options)
            assert "Signature" not in outcome.out + outcome.err
            assert "policy" not in (outcome.out + outcome.err).lower()


def test_code_with_another_hash_is_not_written(console: Console, model: str) -> None:
    (key,) = console.sandbox.objects
    console.sandbox.corrupt(key)
    for options in ([], ["--output", "-"]):
        outcome = console.run("models", "pull", model, *options)
        assert (outcome.code, outcome.out) == (7, "")
        assert "differs from the published code" in outcome.err
        assert outcome.err.count("\n") == 1
    assert os.listdir() == []


def test_existing_file_is_replaced_only_with_the_option(console: Console, model: str) -> None:
    Path("Retina.py").write_text("mine", encoding="utf-8")
    assert console.run("models", "pull", model).code == 6
    assert Path("Retina.py").read_text(encoding="utf-8") == "mine"
    assert len(console.sandbox.requests) == 2  # those that pushed it
    console.ok("models", "pull", model, "--force")
    assert Path("Retina.py").read_text(encoding="utf-8") == CODE


def test_private_model_is_visible_to_its_owner_only(console: Console) -> None:
    Path("Retina.py").write_text(CODE, encoding="utf-8")
    console.ok("models", "push", "Retina.py", "--private")
    console.be("bob")
    outcome = console.run("models", "pull", "alice/Retina", "--output", "x.py")
    assert (outcome.code, outcome.out) == (4, "")
    assert "--project" in outcome.err
    assert outcome.err.count("\n") == 1
    assert not Path("x.py").exists()


@pytest.mark.parametrize("words", [["show"], ["pull"], ["pull", "--output", "-"]])
def test_missing_model_is_reported(console: Console, words: list[str]) -> None:
    outcome = console.run("models", *words, "alice/None")
    assert outcome.code == 2 or outcome.code == 4
    outcome = console.run("models", *words, "alice/Nothing")
    assert (outcome.code, outcome.out) == (4, "")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("code", ["", "x = ", "class Retina: pass", "\x00"])
def test_invalid_model_file_is_reported(console: Console, code: str) -> None:
    Path("Retina.py").write_text(code, encoding="utf-8")
    outcome = console.run("models", "push", "Retina.py")
    assert (outcome.code, outcome.out) == (6, "")
    assert outcome.err.count("\n") == 1
    assert console.run("models", "push", "None.py").code == 6
    assert not console.sandbox.requests


def test_model_without_a_base_is_published(console: Console) -> None:
    code = "class Retina:\n  def initialise_model(self): ...\n  def {}(self): ...\n"
    Path("Retina.py").write_text(code.format("other"), encoding="utf-8")
    assert "lacks deserialize; define" in console.run("models", "push", "Retina.py").err
    Path("Retina.py").write_text(code.format("deserialize"), encoding="utf-8")
    assert console.json("models", "push", "Retina.py")["model"] == "alice/Retina:1"


def test_model_that_may_not_load_is_published_with_a_warning(console: Console) -> None:
    Path("Retina.py").write_text("import unseen\nclass Retina(unseen.Base): ...", "utf-8")
    outcome = console.ok("models", "push", "Retina.py")
    assert "does not show whether the class Retina can be loaded" in outcome.err


def test_exhausted_usage_limit_is_reported(console: Console) -> None:
    Path("Retina.py").write_text(CODE, encoding="utf-8")
    console.ok("models", "push", "Retina.py", "--private")
    project = console.json("projects", "create", "P")["projectId"]
    console.sandbox.add_model(project, "alice/Retina:1", limit=0)
    console.sandbox.add_member(project, "bob")
    console.be("bob")
    words = ("alice/Retina:1", "--project", project)
    outcome = console.run("models", "pull", *words, "--output", "x.py")
    assert (outcome.code, outcome.out) == (1, "")
    assert "limit" in outcome.err
    assert "withheld" in console.ok("models", "show", *words).out


# --- Weights -------------------------------------------------------------------------------------


def test_weights_are_uploaded_and_downloaded(console: Console, model: str) -> None:
    data = os.urandom(200_000)
    Path("w.pt").write_bytes(data)
    pushed = console.json("weights", "push", "Retina:1", "w.pt")
    assert pushed == {"model": model, "path": "w.pt", "bytes": 200_000, "bytesSent": 200_000}
    assert console.json("models", "show", model)["hasWeights"] is True
    pulled = console.json("weights", "pull", model)
    assert pulled["path"] == "Retina-1.weights"
    assert Path("Retina-1.weights").read_bytes() == data
    assert pulled["sha256"] == hashlib.sha256(data).hexdigest()
    outcome = console.ok("weights", "pull", model, "--output", "again.pt")
    assert pulled["sha256"] in outcome.out
    assert outcome.err == ""  # the speed of so few bytes would mean nothing
    assert sorted(os.listdir()) == ["Retina-1.weights", "again.pt", "w.pt"]


def test_weights_are_compressed_on_request(console: Console, model: str) -> None:
    data = bytes(2_000_000)
    Path("w.pt").write_bytes(data)
    shown = console.ok("weights", "push", "Retina:1", "w.pt", "--compress")
    assert re.search(r"Size: +2\.0 MB, [0-9]+ bytes when compressed\n", shown.out)
    pushed = console.json("weights", "push", "Retina:1", "w.pt", "--compress")
    assert 0 < pushed["bytesSent"] < 1000
    assert pushed["bytes"] == 2_000_000
    console.ok("weights", "pull", model)
    assert Path("Retina-1.weights").read_bytes() == data


def test_weights_pass_through_pipes(console: Console, model: str) -> None:
    data = os.urandom(200_000)
    pushed = console.json("weights", "push", "Retina:1", "-", typed=data)
    assert pushed == {"model": model, "path": "-", "bytes": 200_000, "bytesSent": 200_000}
    with console.start(
        "weights", "pull", model, "--output", "-", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as pull:
        out, err = pull.communicate(timeout=60)
    assert (pull.returncode, out) == (0, data)
    assert f"SHA-256 {hashlib.sha256(data).hexdigest()}" in err.decode()
    assert os.listdir() == []
    shown = console.ok("weights", "push", "Retina:1", "-", "--compress", typed=bytes(2_000_000))
    assert re.search(r"Size: +[0-9]+ bytes when compressed\n", shown.out)


def test_weights_are_not_written_as_json(console: Console, model: str) -> None:
    seen = len(console.sandbox.requests)
    outcome = console.run("weights", "pull", model, "--output", "-", "--json")
    assert outcome.code == 6
    assert "Leave out --json" in outcome.out + outcome.err
    assert len(console.sandbox.requests) == seen
    outcome = console.run("weights", "pull", model, "--output", "-")
    assert (outcome.code, outcome.out) == (4, "")


def test_weights_to_a_closed_pipe_end_quietly(console: Console, model: str) -> None:
    console.ok("weights", "push", "Retina:1", "-", typed=bytes(3_000_000))
    with console.start(
        "weights", "pull", model, "--output", "-", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as pull:
        assert pull.stdout is not None
        assert pull.stderr is not None
        pull.stdout.read(1)
        pull.stdout.close()
        err = pull.stderr.read().decode()
    assert pull.returncode == Exit.BROKEN_PIPE
    assert err == "" or err.startswith("Fetched")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_errors_of_piped_weights_name_the_streams(console: Console, model: str) -> None:
    outcome = console.run("weights", "push", "Retina:1", "-", typed=b"")
    assert (outcome.code, outcome.out) == (6, "")
    assert "Retina-1.weights is empty." in outcome.err
    assert "seek" not in outcome.err
    console.ok("weights", "push", "Retina:1", "-", typed=bytes(3_000_000))
    with open("/dev/full", "wb") as full:
        words = ("weights", "pull", model, "--output", "-", "--quiet")
        outcome = console.spawn(*words, stdout=full)
    assert outcome.code == 6
    assert "standard output cannot be written: No space left" in outcome.err


def test_missing_weights_are_reported(console: Console, model: str) -> None:
    for name in (model, "alice/Nothing:1"):
        outcome = console.run("weights", "pull", name)
        assert (outcome.code, outcome.out) == (4, "")
        assert outcome.err.count("\n") == 1
    assert os.listdir() == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such file names")
def test_file_names_that_are_not_utf8(console: Console, model: str) -> None:
    name = os.fsdecode(b"w\xff.pt")
    Path(name).write_bytes(b"weights")
    before = len(console.sandbox.requests)
    outcome = console.spawn("weights", "push", "Retina:1", name)
    assert (outcome.code, outcome.out) == (6, "")
    assert outcome.err.isascii()
    assert "is not UTF-8" in outcome.err
    assert len(console.sandbox.requests) == before
    os.rename(name, "w.pt")
    console.ok("weights", "push", "Retina:1", "w.pt")
    pulled = console.spawn("weights", "pull", model, "--output", name, "--json")
    assert pulled.code == 0, pulled
    assert json.loads(pulled.out)["path"] == name
    assert Path(name).read_bytes() == b"weights"


def test_weights_that_cannot_be_uploaded_are_reported(console: Console, model: str) -> None:
    assert console.run("weights", "push", "Retina:1", "none.pt").code == 6
    Path("w.pt").touch()
    assert console.run("weights", "push", "Retina:1", "w.pt").code == 6
    Path("w.pt").write_bytes(b"1")
    outcome = console.run("weights", "push", "Other:1", "w.pt")
    assert (outcome.code, outcome.out) == (4, "")
    with open("w.pt", "wb") as file:
        file.truncate(500 * 1024 * 1024 + 1)
    outcome = console.run("weights", "push", "Retina:1", "w.pt")
    assert outcome.code == 6
    assert "524,288,000" in outcome.err


@pytest.mark.parametrize("name", ["alice/Retina", "alice/Retina:latest", "Retina:1", "a/b"])
def test_weights_need_a_version(console: Console, name: str) -> None:
    outcome = console.run("weights", "pull", name)
    assert outcome.code == 2
    assert "ModelName:" in outcome.err
    assert console.run("weights", "push", name.replace("Retina:1", "bob/X:1"), "w").code == 2


@pytest.mark.parametrize("target", [".", "no/such/folder/w.pt"])
def test_unwritable_target_is_reported(console: Console, model: str, target: str) -> None:
    for command in ("models", "weights"):
        seen = len(console.sandbox.requests)
        outcome = console.run(command, "pull", model, "--force", "--output", target)
        assert (outcome.code, outcome.out) == (6, "")
        assert "folder" in outcome.err
        assert len(console.sandbox.requests) == seen


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize(
    "words",
    [
        ("models", "pull", "alice/Retina", "--output"),
        ("weights", "pull", "alice/Retina:1", "--output"),
        ("fhir", "token", "--output"),
        ("keys", "generate"),
    ],
    ids="-".join,
)
def test_only_files_are_replaced(
    console: Console, tmp_path_factory: pytest.TempPathFactory, words: tuple[str, ...]
) -> None:
    seen = len(console.sandbox.requests)
    os.mkfifo("pipe")
    Path("device").symlink_to(any_device(tmp_path_factory))
    Path("lost").symlink_to("no/such/folder/w.pt")
    Path("dangling").symlink_to("new")
    os.symlink("new/", "slash")
    for name, options, reason in (
        ("pipe", ["--force"], "not a file"),
        ("device", ["--force"], "not a file"),
        ("lost", ["--force"], "no/such/folder does not exist"),
        ("dangling", [], "already exists"),
        ("slash", ["--force"], "a link to a folder"),
    ):
        outcome = console.run(*words, name, *options)
        assert (outcome.code, outcome.out) == (6, "")
        assert reason in outcome.err
    assert len(console.sandbox.requests) == seen
    assert Path("pipe").is_fifo()
    assert all(Path(name).is_symlink() for name in ("device", "lost", "dangling", "slash"))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_link_is_followed_with_force(console: Console, model: str) -> None:
    Path("dangling").symlink_to("new.py")
    console.ok("models", "pull", model, "--output", "dangling", "--force")
    assert Path("dangling").is_symlink()
    assert Path("new.py").read_text(encoding="utf-8") == CODE


def test_longest_file_name_is_written(console: Console, model: str) -> None:
    name = "é" * 126 + ".py"
    console.ok("models", "pull", model, "--output", name)
    assert Path(name).read_text(encoding="utf-8") == CODE


def test_object_storage_error_is_reported(console: Console, model: str) -> None:
    console.environment["BITFOUNT_WEB_MAX_RETRIES"] = "0"
    console.sandbox.fail("*", Fault(status=503), times=1, service="storage")
    outcome = console.run("models", "pull", model)
    assert (outcome.code, outcome.out) == (5, "")
    assert os.listdir() == []


@pytest.mark.skipif(os.name == "nt", reason="names are counted otherwise")
@pytest.mark.parametrize("name", ["w" * 255, "é" * 127, "\U0001f40d" * 63], ids=["1", "2", "4"])
@pytest.mark.parametrize("force", [False, True])
def test_every_command_writes_the_longest_name(
    console: Console, model: str, name: str, force: bool
) -> None:
    console.sandbox.pair("alice", "https://ehr.example.org/fhir")
    Path("w.bin").write_bytes(b"weights" * 1000)
    console.ok("weights", "push", "Retina:1", "w.bin")
    Path("w.bin").unlink()
    for words in (
        ("models", "pull", model, "--output", name),
        ("weights", "pull", model, "--output", name),
        ("fhir", "token", "--output", name),
    ):
        if force:
            Path(name).write_bytes(b"before")
        console.ok(*words, *(["--force"] if force else []))
        assert Path(name).read_bytes() not in (b"", b"before")
        for path in Path().iterdir():
            path.unlink()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("kind", ["pipe", "link to a device", "dangling", "folder"])
def test_env_file_of_the_sandbox_is_no_other_thing(
    console: Console, tmp_path_factory: pytest.TempPathFactory, kind: str
) -> None:
    path = Path("a.env")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(any_device(tmp_path_factory) if kind == "link to a device" else "new")
    outcome = console.run("sandbox", "--free-ports", "--env-file", path)
    assert (outcome.code, outcome.out) == (6, "")
    assert os.listdir() == ["a.env"]
