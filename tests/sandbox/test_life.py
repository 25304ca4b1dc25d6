"""The sandbox's life cycle: start, persistence, clearing, stop, and failures to start."""

from __future__ import annotations

import hashlib
import socket
import sqlite3
import stat
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest
from support.places import place
from support.sandbox_api import Api, done
from support.sandbox_seeds import create_project

from bitfount_api.sandbox import DEVELOPMENT_PORTS, Ports, PortTakenError, Sandbox
from bitfount_api.sandbox.objects.catalog import CatalogInUseError

LAYOUT = (2, "36be7177d512ec41")
"""The version of the layout of the sandbox's data, and the digest of its tables."""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The parent of temporary folders."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_two_sandboxes_in_one_process_are_independent(temporary: Path) -> None:
    with Sandbox() as one, Sandbox() as other:
        assert one.hub_url != other.hub_url
        alice, other_alice = Api(one, "alice"), Api(other, "alice")
        create_project(alice)
        assert done(alice.hub("GET", "/api/projects"))["totalProjects"] == 1
        assert done(other_alice.hub("GET", "/api/projects"))["totalProjects"] == 0
        assert one.user("alice") != other.user("alice")
        alice.close()
        other_alice.close()
    assert list(temporary.iterdir()) == []


def test_stopped_sandbox_does_not_answer(temporary: Path) -> None:
    with Sandbox() as sandbox:
        assert httpx.get(f"{sandbox.hub_url}/docs", trust_env=False).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{sandbox.hub_url}/docs", trust_env=False)


def test_stop_is_possible_at_any_time_and_twice(temporary: Path) -> None:
    sandbox = Sandbox()
    assert sandbox.data.is_relative_to(temporary)
    sandbox.stop()
    assert not sandbox.data.exists()
    sandbox.stop()
    with Sandbox() as started:
        started.stop()
    assert list(temporary.iterdir()) == []


def test_given_folder_is_kept_and_private(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "deep" / "data") as sandbox:
        key = sandbox.user("alice").api_key
        sandbox.state.store.put("k", b"object")
        assert stat.S_IMODE(sandbox.data.stat().st_mode) == 0o700
    sandbox.data.chmod(0o755)
    with Sandbox(str(sandbox.data), users=()) as again:
        assert stat.S_IMODE(again.data.stat().st_mode) == 0o700
        assert again.user("alice").api_key == key
        assert again.objects == ["k"]
        assert [user.username for user in again.state.users.all()] == ["alice", "bob", "carol"]


def test_clear_keeps_the_users_only(sandbox: Sandbox, alice: Api) -> None:
    key = sandbox.user("alice").api_key
    create_project(alice)
    body = {"modelName": "M", "modelSize": 3, "modelHash": "0" * 64, "privateModel": False}
    alice.store(done(alice.hub("POST", "/api/models", body)), b"abc")
    large = {"modelName": "M", "modelVersion": 1, "weightSize": 6 * 1024 * 1024}
    parts = done(alice.hub("PUT", "/api/models?multipartUpload=true", large))
    sandbox.pair("alice", "https://ehr.example")
    sandbox.clear()
    assert sandbox.objects == []
    assert sandbox.requests == []
    assert sandbox.state.models.all() == []
    assert sandbox.state.uploads.all() == []
    assert done(alice.hub("GET", "/api/projects"))["totalProjects"] == 0
    assert done(alice.fhir("GET", "/api/pairings")) == {"results": []}
    assert sandbox.user("alice").api_key == key
    # The store has no record of the upload either.
    assert alice.put(parts["uploadUrls"][0], b"x").status_code == 404
    sandbox.clear()


def test_clear_accepts_uploads_ended_by_the_store(sandbox: Sandbox, alice: Api) -> None:
    body = {"modelName": "M", "modelSize": 3, "modelHash": "0" * 64, "privateModel": False}
    alice.store(done(alice.hub("POST", "/api/models", body)), b"abc")
    large = {"modelName": "M", "modelVersion": 1, "weightSize": 6 * 1024 * 1024}
    done(alice.hub("PUT", "/api/models?multipartUpload=true", large))
    (upload,) = sandbox.state.uploads.all()
    sandbox.state.store.abort_upload(upload.key, upload.id)
    sandbox.clear()
    assert sandbox.state.uploads.all() == []


def test_stored_byte_can_be_corrupted_and_restored(sandbox: Sandbox) -> None:
    sandbox.state.store.put("k", b"abc")
    sandbox.corrupt("k")
    assert sandbox.state.store.read("k") == b"acc"
    sandbox.corrupt("k", offset=1)
    assert sandbox.state.store.read("k") == b"abc"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def check_nothing_is_left(ports: Ports, temporary: Path) -> None:
    assert list(temporary.iterdir()) == []
    socket.create_server(("127.0.0.1", ports.hub)).close()


def test_used_port_raises_and_leaves_nothing(temporary: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        ports = Ports(hub=free_port(), smart_on_fhir=taken)
        said = rf"^port {taken} on 127\.0\.0\.1, for smart_on_fhir, is in use: choose another"
        with pytest.raises(PortTakenError, match=said):
            Sandbox(ports=ports)
    check_nothing_is_left(ports, temporary)


def test_invalid_user_raises_and_leaves_nothing(temporary: Path) -> None:
    ports = Ports(hub=free_port())
    with pytest.raises(ValueError, match="'No One' is not a valid user name"):
        Sandbox(ports=ports, users=["alice", "No One"])
    check_nothing_is_left(ports, temporary)


def test_foreign_address_raises_and_leaves_nothing(temporary: Path) -> None:
    with pytest.raises(OSError, match="assign"):
        Sandbox(host="192.0.2.1")
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_folder_is_used_by_one_sandbox_at_a_time(tmp_path: Path) -> None:
    with Sandbox(tmp_path) as sandbox, pytest.raises(CatalogInUseError, match="is in use"):
        Sandbox(tmp_path)
    # The second sandbox has not changed the first one's data.
    with Sandbox(sandbox.data):
        pass


def test_folder_of_another_version_is_rejected_unchanged(tmp_path: Path) -> None:
    Sandbox(tmp_path).stop()
    with sqlite3.connect(tmp_path / "state.sqlite") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(ValueError, match="made by another version of the sandbox: use a new"):
        Sandbox(tmp_path)
    with sqlite3.connect(tmp_path / "state.sqlite") as database:
        assert database.execute("SELECT COUNT(*) FROM users").fetchone() == (3,)
    database.close()


def test_changed_layout_has_a_new_version(tmp_path: Path) -> None:
    Sandbox(tmp_path).stop()
    with closing(sqlite3.connect(tmp_path / "state.sqlite")) as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        tables = database.execute(
            "SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
        )
        text = " ".join(" ".join(sql for (sql,) in tables).split())
    assert (version, hashlib.sha256(text.encode()).hexdigest()[:16]) == LAYOUT, (
        "folders of the old layout must be refused: raise "
        + place("bitfount_api/sandbox/state/database.py", "LAYOUT_VERSION =")
        + ", and change LAYOUT here and the changelog"
    )


def test_invalid_database_is_rejected_unchanged(tmp_path: Path) -> None:
    file = tmp_path / "state.sqlite"
    file.write_bytes(b"my diary\n" * 1000)
    with pytest.raises(ValueError, match="cannot be used: file is not a database"):
        Sandbox(tmp_path)
    assert file.read_bytes() == b"my diary\n" * 1000


def test_sandbox_can_listen_on_ipv6() -> None:
    try:
        sandbox = Sandbox(host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    with sandbox:
        assert sandbox.hub_url.startswith("http://[::1]:")
        assert httpx.get(f"{sandbox.hub_url}/docs", trust_env=False).status_code == 200


def test_sandbox_serves_localhost_on_both_families(sandbox: Sandbox) -> None:
    """Clients may resolve localhost to either address first."""
    assert sandbox.hub_url.startswith("http://localhost:")
    port = sandbox.hub_url.rpartition(":")[2]
    hosts = ["localhost", "127.0.0.1"]
    with suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        hosts.append("[::1]")
    for host in hosts:
        answer = httpx.get(f"http://{host}:{port}/docs", trust_env=False)
        assert answer.status_code == 200


def test_development_ports_are_those_of_the_clients() -> None:
    assert Ports(3000, 3001, 3002, 3003) == DEVELOPMENT_PORTS


def test_times_are_those_of_the_clock() -> None:
    now = 1_767_225_600.0
    with Sandbox(clock=lambda: now) as sandbox, closing(Api(sandbox, "alice")) as alice:
        project = create_project(alice)
        sandbox.pair("alice", "https://ehr.example")
        shown = done(alice.hub("GET", f"/api/projects/{project}"))
        [pairing] = done(alice.fhir("GET", "/api/pairings"))["results"]
    assert shown["created_at"] == shown["updated_at"] == "2026-01-01T00:00:00.000Z"
    assert pairing["createdAt"] == pairing["updatedAt"] == "2026-01-01T00:00:00.000Z"
    assert pairing["expiresAt"] == "2026-01-31T00:00:00.000Z"
