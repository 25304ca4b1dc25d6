"""The fixture ``bitfount_sandbox`` in another project, without this project's configuration."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.other_projects import run_pytest

from bitfount_api.pytest_plugin import SandboxClients
from bitfount_api.sandbox import Sandbox

THEIR_CODE = '''
from bitfount_api import generate_key_pair, PodPublicMetadata

SCHEMA = {"name": "scans", "features": [], "metadata": {"schema_version": "4"}}


def offer(hub, name):
    """Register a dataset and return its public key."""
    _, key = generate_key_pair(2048)
    hub.register_pod(PodPublicMetadata(name, "Scans", "With notes", SCHEMA), key, key)
    return key


async def is_online(hub, pod):
    details = await hub.get_pod(pod)
    return details is not None and details["isOnline"]
'''

THEIR_TESTS = """
import pytest
import theirs

RAN = []


@pytest.mark.parametrize("again", [1, 2])
def test_pods(bitfount_sandbox, again):
    RAN.append(bitfount_sandbox.sandbox)
    hub = bitfount_sandbox.hub("alice")
    assert hub.get_pod("alice/scans") is None  # data of the previous test is cleared
    theirs.offer(hub, "scans")
    assert bitfount_sandbox.hub("bob").get_pod("alice/scans")["isOnline"]
    assert bitfount_sandbox.session("alice") is hub.session
    assert bitfount_sandbox.session("alice").username == "alice"


def test_code_under_test_reads_the_environment(bitfount_sandbox):
    from bitfount_api import BitfountAM, BitfountHub, BitfountSession

    sandbox = bitfount_sandbox.sandbox
    bitfount_sandbox.act_as("bob")
    with BitfountSession() as session:
        assert BitfountHub.from_env(session).url == sandbox.hub_url
        assert BitfountAM(session).get_access_manager_key()
        assert BitfountHub.from_env(session).get_projects()["totalProjects"] == 0
        assert session.username == "bob"


def test_environment_is_restored():
    import os

    assert not [name for name in os.environ if name.startswith("BITFOUNT_HUB")]


def test_variables_that_a_test_deletes_stay_deleted(monkeypatch, bitfount_sandbox):
    bitfount_sandbox.act_as("bob")
    monkeypatch.delenv("BITFOUNT_API_KEY")


def test_no_key_is_left():
    import os

    assert "BITFOUNT_API_KEY" not in os.environ


def test_a_session_that_was_closed_is_not_given_again(bitfount_sandbox):
    bitfount_sandbox.session("alice").close()
    assert bitfount_sandbox.hub("alice").get_projects()["totalProjects"] == 0


async def test_async(bitfount_sandbox):
    theirs.offer(bitfount_sandbox.hub("alice"), "scans")
    async with bitfount_sandbox.async_hub("bob") as hub:
        assert await theirs.is_online(hub, "alice/scans")
        assert not await theirs.is_online(hub, "alice/other")
    async with bitfount_sandbox.async_access_manager("alice") as am:
        assert (await am.get_access_manager_key()).key_size == 2048


async def test_clinical(bitfount_sandbox):
    bitfount_sandbox.sandbox.pair("alice", "https://ehr.example", nextgen={"practiceId": "1"})
    token = bitfount_sandbox.smart_on_fhir("alice", "https://ehr.example").get_access_token()
    async with bitfount_sandbox.async_smart_on_fhir("alice") as fhir:
        assert (await fhir.get_access_token()).token == token.token
    assert token.context == {"practiceId": "1"}


def test_access(bitfount_sandbox):
    theirs.offer(bitfount_sandbox.hub("alice"), "scans")
    bitfount_sandbox.sandbox.grant("alice/scans", "bob")
    protocol = {"class_name": "P", "algorithm": []}
    token = bitfount_sandbox.sandbox.token("bob")
    result = bitfount_sandbox.access_manager("alice").check_oidc_access_request(
        "alice/scans", protocol, "bob", token
    )
    assert result["response_type"].name == "ACCEPT"


def test_faults(bitfount_sandbox):
    from bitfount_api import HTTPError
    from bitfount_api.sandbox import Fault

    bitfount_sandbox.sandbox.fail("/api/projects", Fault(status=403), times=None)
    with pytest.raises(HTTPError):
        bitfount_sandbox.hub("alice").get_projects()


def test_faults_end_with_their_test(bitfount_sandbox):
    assert bitfount_sandbox.hub("alice").get_projects()["totalProjects"] == 0
    assert bitfount_sandbox.sandbox is RAN[0]  # shared by all tests, because clearing it is fast


def test_a_failure(bitfount_sandbox):
    theirs.offer(bitfount_sandbox.hub("alice"), "scans")
    assert False


def test_after_a_failure(bitfount_sandbox):
    assert bitfount_sandbox.hub("alice").get_pod("alice/scans") is None
"""

NOTHING_ASKED = """
import sys

HEAVY = ("httpx", "starlette", "uvicorn", "cryptography", "msgspec", "bitfount_api.sandbox")


def test_nothing_is_imported_before_a_test_asks():
    assert not {*HEAVY} & sys.modules.keys()


def test_and_then_it_is(bitfount_sandbox):
    bitfount_sandbox.hub("alice").get_projects()
    assert {*HEAVY} <= sys.modules.keys()
"""


def run(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of a project in a folder with pytest."""
    scope = "asyncio_default_fixture_loop_scope = function"
    settings = f"[pytest]\nasyncio_mode = auto\n{scope}\nfilterwarnings = error\n"
    (folder / "pytest.ini").write_text(settings)
    return run_pytest(folder, *options, **environment)


def test_plugin_tests_the_code_of_a_user(tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text(THEIR_CODE)
    (tmp_path / "test_theirs.py").write_text(THEIR_TESTS)
    ended = run(tmp_path)
    assert "1 failed, 13 passed" in ended.stdout, ended.stdout
    assert "FAILED test_theirs.py::test_a_failure" in ended.stdout
    assert ended.stderr == ""


def test_sandbox_starts_on_first_use_of_the_fixture(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text(NOTHING_ASKED)
    without_others = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    plugins = ("-p", "bitfount_api.pytest_plugin", "-p", "pytest_asyncio.plugin")
    ended = run(tmp_path, *plugins, **without_others)
    assert "2 passed" in ended.stdout, ended.stdout


def test_fixture_is_available_without_configuration(tmp_path: Path) -> None:
    ended = run(tmp_path, "--fixtures")
    assert "bitfount_sandbox --" in ended.stdout
    assert "Provide a local Bitfount on free ports" in ended.stdout


def test_missing_extra_is_reported_by_the_test(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("import sys\nsys.modules['starlette'] = None\n")
    (tmp_path / "test_it.py").write_text("def test_it(bitfount_sandbox): pass\n")
    options = ("-p", "bitfount_api.pytest_plugin", "-p", "pytest_asyncio.plugin")
    ended = run(tmp_path, *options, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert ended.returncode == 1
    assert "the sandbox needs starlette: pip install 'bitfount-api[sandbox]'" in ended.stdout


def test_fixture_works_in_this_process(request: pytest.FixtureRequest) -> None:
    clients = request.getfixturevalue("bitfount_sandbox")
    assert clients.hub("alice").get_projects()["totalProjects"] == 0
    assert clients.sandbox.requests[-1].path == "/api/projects"


async def test_fixture_has_every_client_of_every_user(bitfount_sandbox: SandboxClients) -> None:
    sandbox = bitfount_sandbox.sandbox
    sandbox.pair("alice", "https://ehr.example")
    assert bitfount_sandbox.hub("alice").url == sandbox.hub_url
    assert bitfount_sandbox.access_manager("bob").url == sandbox.access_manager_url
    assert bitfount_sandbox.access_manager("bob").session.username == "bob"
    assert bitfount_sandbox.smart_on_fhir("alice").get_access_token().token
    async with bitfount_sandbox.async_hub("alice") as hub:
        assert await hub.get_pod("alice/scans") is None
    async with bitfount_sandbox.async_access_manager("alice") as access_manager:
        await access_manager.get_access_manager_key()
    async with bitfount_sandbox.async_smart_on_fhir("alice", "https://ehr.example") as fhir:
        assert (await fhir.get_access_token()).token
    for client in (hub, access_manager, fhir):
        assert client.session.closed
    assert not bitfount_sandbox.session("alice").closed
    bitfount_sandbox.session("alice").close()
    assert not bitfount_sandbox.session("alice").closed


def test_clients_without_monkeypatch_set_no_variables() -> None:
    before = dict(os.environ)
    with Sandbox() as sandbox:
        clients = SandboxClients(sandbox)
        assert clients.hub("alice").get_projects() == {"totalProjects": 0, "projects": []}
        with pytest.raises(RuntimeError, match="use the fixture bitfount_sandbox"):
            clients.act_as("alice")
        clients.close()
    assert os.environ == before
