"""Replay of the cassettes of all operations with the network blocked."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import record
from support.cassettes import (
    CASSETTES,
    FOLDER,
    RESULTS,
    NetworkUsed,
    Studio,
    network_blocked,
    replay,
)
from support.faults.cases import ROWS_PLACE
from support.faults.given import Given
from support.faults.legs import Row
from support.plays import as_json, play
from vcr.errors import CannotOverwriteExistingCassetteException as NotRecordedError

RECORDED: dict[str, Any] = json.loads((FOLDER / RESULTS).read_text(encoding="utf-8"))
GIVEN = RECORDED["given"]
RECORD_AGAIN = "`make record`, which leaves the cassettes of everything else as they are"


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("name", CASSETTES)
def test_recorded_answers_give_the_recorded_results(name: str, asynchronous: bool) -> None:
    if name not in RECORDED["results"]:
        pytest.fail(f'{ROWS_PLACE}: record {name}: make record ARGS="{CASSETTES[name].method}"')
    try:
        replayed = replay(CASSETTES[name], GIVEN, asynchronous=asynchronous)
    except NotRecordedError as error:
        pytest.fail(f"{error}\n\nIf the request changed on purpose: {RECORD_AGAIN}")
    assert replayed == RECORDED["results"][name]


@pytest.fixture(scope="module")
def now(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the cassettes as they are recorded now."""
    folder = tmp_path_factory.mktemp("now")
    record.record(sorted(CASSETTES), folder)
    return folder


def stale(folder: Path, now: Path) -> list[str]:
    """Return the files of a folder that differ from those that are recorded now."""
    return [
        f"tests/cassettes/{file.name}"
        for file in sorted(now.iterdir())
        if (folder / file.name).read_text("utf-8") != file.read_text("utf-8")
    ]


def test_cassettes_are_those_of_the_sandbox_today(now: Path) -> None:
    old = stale(FOLDER, now)
    assert not old, f"{', '.join(old)}: {RECORD_AGAIN}"


def test_cassette_of_another_answer_is_stale(now: Path, tmp_path: Path) -> None:
    shutil.copytree(now, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "get_pod.yaml"
    file.write_text(file.read_text("utf-8").replace("visibility", "seen"), encoding="utf-8")
    assert stale(tmp_path, now) == ["tests/cassettes/get_pod.yaml"]


def test_every_recording_has_a_row() -> None:
    recorded = {file.stem for file in FOLDER.glob("*.yaml")}
    extra = [f"delete tests/cassettes/{name}.yaml" for name in sorted(recorded - CASSETTES.keys())]
    assert extra == []
    assert RECORDED["results"].keys() == recorded, "record all operations again: make record"


@pytest.mark.parametrize("name", [*sorted(each.name for each in FOLDER.glob("*.yaml")), RESULTS])
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
    with pytest.raises(NotRecordedError):
        replay(CASSETTES["get_usage_limits"], {**GIVEN, "project": "another"})


def test_request_with_another_body_is_unrecorded() -> None:
    row = CASSETTES["send_weights-parts"]

    def arguments(given: Given) -> dict[str, Any]:
        return {**row.arguments(given), "pretrained_file_path": given.weights_file(40_001)}

    with pytest.raises(NotRecordedError):
        replay(attrs.evolve(row, arguments=arguments), GIVEN)


def test_unused_recording_fails(tmp_path: Path) -> None:
    shorter = "get_pod_dataset_list-cluster"  # the first of two requests
    shutil.copy(FOLDER / "get_pod_datasets_configurations.yaml", tmp_path / f"{shorter}.yaml")
    with pytest.raises(AssertionError, match=rf"not all requests in .* of {shorter}"):
        replay(CASSETTES[shorter], GIVEN, tmp_path)


def test_result_of_an_unknown_type_is_reported() -> None:
    with pytest.raises(TypeError, match=r"plays.py:\d+: add a case that returns complex as JSON"):
        as_json({"a": [1j]})


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
    names = ["send_weights", "send_weights-parts"]
    assert record.main(["send_weights"], tmp_path) == 0
    assert capsys.readouterr().out == "".join(f"recorded {name}\n" for name in names)
    assert {file.name for file in tmp_path.iterdir()} == {
        *(f"{name}.yaml" for name in names),
        RESULTS,
    }
    # A recording without values of a particular run is identical each time.
    name = "send_weights.yaml"
    assert (tmp_path / name).read_text() == (FOLDER / name).read_text()


@pytest.mark.parametrize(
    "names",
    [
        # Ids and times, certificates, a signature.
        ["check_signature_based_access_request", "get_compute_certificate", "get_projects"],
        # Keys, and files in several parts.
        ["get_access_manager_key", "get_weights", "send_weights-parts"],
    ],
    ids=["values", "files"],
)
def test_recording_again_gives_the_same_files(names: list[str], tmp_path: Path) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    # What was recorded before makes no difference.
    for folder, order in zip(folders, (names, names[::-1]), strict=True):
        folder.mkdir()
        record.record(order, folder)
    first, second = ({file.name: file.read_bytes() for file in f.iterdir()} for f in folders)
    assert first.keys() == {*(f"{name}.yaml" for name in names), RESULTS}
    assert first == second


def test_record_script_keeps_other_results(tmp_path: Path) -> None:
    kept = {"get_pod": "kept", "gone": "dropped"}
    (tmp_path / RESULTS).write_text(json.dumps({"given": GIVEN, "results": kept}))
    assert record.main(["create_project"], tmp_path) == 0
    known = json.loads((tmp_path / RESULTS).read_text())
    assert known["results"].keys() == {"create_project", "get_pod"}
    assert known["results"]["get_pod"] == "kept"


def test_record_script_reports_another_seeding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {**GIVEN, "project": "of another seeding"}
    (tmp_path / RESULTS).write_text(json.dumps({"given": given, "results": {"get_pod": None}}))
    assert record.main(["create_project"], tmp_path) == 1
    assert capsys.readouterr().err == (
        "The seeding gives another project than before: record all operations again\n"
    )


def test_record_script_unknown_operation_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert record.main(["get_pods"]) == 2
    assert capsys.readouterr().err.startswith(
        "Unknown operation 'get_pods'. The operations are: add_dataset"
    )


def test_recording_removes_the_secrets_of_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets: set[str] = set()

    def noting(row: Row, given: Given, *services: Any) -> Any:
        result = play(row, given, *services)
        links = (given.model_url(), given.weights_url())
        secrets.update(httpx.URL(link).params["X-Amz-Signature"] for link in links)
        secrets.update({given.token(), *given.token().split(".")})
        if row.method == "get_access_token":
            secrets.add(result["token"])
        return result

    monkeypatch.setattr("support.cassettes.play", noting)
    text = ""
    with Studio() as studio:
        for name in ("check_oidc_access_request", "get_access_token", "get_weights_from_url"):
            text += json.dumps(studio.record(name, tmp_path))
        for user in studio.sandbox.state.users.all():
            secrets |= {*user.api_key.split(":"), *user.api_key_id.split(":")}
    text += "".join(file.read_text() for file in tmp_path.iterdir())
    assert len(secrets) > 10
    assert [secret for secret in secrets if secret in text] == []
