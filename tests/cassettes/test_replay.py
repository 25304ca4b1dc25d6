"""Replay of the cassettes of all documented operations with the network blocked."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest
import record
from support.cassette_scenes import SCENES, Performer, Scene, performer
from support.cassettes import (
    FOLDER,
    RESULTS,
    NetworkUsed,
    network_blocked,
    recorder,
    replay,
)
from support.documented import OPERATIONS
from vcr.errors import (  # type: ignore[import-untyped]
    CannotOverwriteExistingCassetteException as NotRecordedError,
)

from bitfount_api.sandbox import Sandbox

RECORDED: dict[str, Any] = json.loads((FOLDER / RESULTS).read_text(encoding="utf-8"))


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("name", sorted(SCENES))
def test_recorded_answers_give_the_recorded_results(name: str, asynchronous: bool) -> None:
    known = RECORDED[name]
    assert replay(name, known["given"], asynchronous=asynchronous) == known["result"]


def test_every_documented_operation_is_recorded() -> None:
    assert SCENES.keys() == {name for _, name in OPERATIONS}
    assert RECORDED.keys() == SCENES.keys()
    assert {file.stem for file in FOLDER.glob("*.yaml")} == SCENES.keys()


@pytest.mark.parametrize("name", [*(f"{name}.yaml" for name in sorted(SCENES)), RESULTS])
def test_cassettes_hold_no_credentials(name: str) -> None:
    # The domains of compute instances are not addresses of the sandbox.
    text = (FOLDER / name).read_text(encoding="utf-8").replace(".compute.localhost", "")
    assert re.findall(r"(?:X-Amz-[A-Za-z]+|uploadId)=(?!FILTERED)", text) == []
    # Addresses, the beginning of each JWT and of base64-encoded policies, and header names.
    for forbidden in ("127.0.0.1", "localhost", "eyJ", "x-api-key", "uthorization", "ookie"):
        assert forbidden not in text
    for field in ("accessToken", "modellerToken", "policy", "token", "uploadId"):
        assert re.findall(rf'"{field}": "(?!FILTERED")', text) == []


# --- The replay can fail -------------------------------------------------------------------------


def test_unrecorded_request_fails() -> None:
    given = {**RECORDED["get_usage_limits"]["given"], "project": "another"}
    with pytest.raises(NotRecordedError):
        replay("get_usage_limits", given)


def test_request_with_another_body_is_unrecorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("support.cassette_scenes.WEIGHTS_SENT", bytes(6 * 1024 * 1024 + 1))
    with pytest.raises(NotRecordedError):
        replay("send_weights", {})


def test_unused_recording_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def play(who: Performer, given: Any) -> Any:
        return who.hub("get_usage_limits", given["project"])  # no request for the single model

    monkeypatch.setitem(SCENES, "get_usage_limits", Scene(play))
    with pytest.raises(AssertionError, match=r"not all requests in .* of get_usage_limits"):
        replay("get_usage_limits", RECORDED["get_usage_limits"]["given"])


def test_the_network_is_blocked() -> None:
    async def ask() -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.get("http://127.0.0.1:9")

    with network_blocked():
        for way in (
            lambda: httpx.get("http://127.0.0.1:9", trust_env=False),
            lambda: asyncio.run(ask()),
            lambda: socket.create_connection(("127.0.0.1", 9)),
            lambda: socket.getaddrinfo("example.com", 80),
        ):
            # Tasks raise it in an exception group.
            with pytest.raises(
                (NetworkUsed, ExceptionGroup), match=r"network was used|in a TaskGroup"
            ):
                way()
    assert socket.getaddrinfo("127.0.0.1", 80)


# --- Recording -----------------------------------------------------------------------------------


def test_record_script_records_one_operation_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gone.yaml").write_text("of an operation that was")
    assert record.main(["get_pod", "send_model"], tmp_path) == 0
    assert capsys.readouterr().out == "recorded get_pod\nrecorded send_model\n"
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        *("get_pod.yaml", RESULTS, "send_model.yaml")
    ]
    # A recording without values of a particular run is identical each time.
    name = "send_model.yaml"
    assert (tmp_path / name).read_text() == (FOLDER / name).read_text()


@pytest.mark.parametrize(
    "names",
    [
        ["get_access_token", "get_projects"],  # ids and times
        ["get_access_manager_key", "get_compute_certificate"],  # keys and certificates
        ["check_signature_based_access_request"],  # a signature
        ["get_weights", "send_weights"],  # files, and several parts
    ],
    ids=lambda names: names[0],
)
def test_recording_again_gives_the_same_files(names: list[str], tmp_path: Path) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        assert record.main(names, folder) == 0
    first, second = ({file.name: file.read_bytes() for file in f.iterdir()} for f in folders)
    assert first.keys() == {*(f"{name}.yaml" for name in names), RESULTS}
    assert first == second


def test_record_script_keeps_other_results(tmp_path: Path) -> None:
    (tmp_path / RESULTS).write_text(json.dumps({"get_pod": "kept", "gone": "dropped"}))
    assert record.main(["create_project"], tmp_path) == 0
    results = json.loads((tmp_path / RESULTS).read_text())
    assert results.keys() == {"create_project", "get_pod"}
    assert results["get_pod"] == "kept"


def test_record_script_unknown_operation_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert record.main(["get_pods"]) == 2
    assert capsys.readouterr().err.startswith(
        "Unknown operation 'get_pods'. The operations are: add_dataset"
    )


def test_recording_removes_the_secrets_of_the_sandbox(tmp_path: Path) -> None:
    secrets: set[str] = set()
    with Sandbox() as sandbox:
        for name in ("get_access_token", "check_oidc_access_request", "get_weights_from_url"):
            scene = SCENES[name]
            given = scene.seed(sandbox)
            with recorder(tmp_path, sandbox).use_cassette(name):
                result = scene.play(performer(sandbox, scene.username), given)
            if name == "get_access_token":
                secrets.add(result["token"])
            secrets |= {*given.values()} - {given.get("project")}
        for user in sandbox.state.users.all():
            secrets |= {*user.api_key.split(":"), *user.api_key_id.split(":")}
    text = "".join(file.read_text() for file in tmp_path.iterdir())
    assert len(secrets) > 10
    assert [secret for secret in secrets if secret in text] == []
