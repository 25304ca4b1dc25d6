"""Tests with the official SDK itself, where it is installed; skipped with a reason elsewhere.

It needs another Python than this package, so it runs in a separate process, with the Python that
``BENCHMARKS_OFFICIAL_PYTHON`` names. The code that runs there is in ``official_side.py``.
"""

from __future__ import annotations

import functools
import inspect
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.official import environment, sandbox_on_its_ports
from support.rsa_keys import key_pair

import bitfount_api
from benchmarks.official import VARIABLE, find
from bitfount_api import BitfountSchema, DeviceCodeFlowHandler, PodPublicMetadata, hash_contents
from bitfount_api.auth.token_store import Issuer, Token, TokenFile
from bitfount_api.pytest_plugin import SandboxClients
from bitfount_api.sandbox import DEVELOPMENT_PORTS

SIDE = Path(__file__).with_name("official_side.py")
DATA = Path(__file__).parents[1] / "data"
SCHEMA: dict[str, Any] = json.loads((DATA / "pod-schema-v4.json").read_text("utf-8"))
HUB_URL = f"http://localhost:{DEVELOPMENT_PORTS.hub}"
# The official base class is abstract, with abstract methods that differ between versions.
MODEL = """from bitfount.models.bitfount_model import BitfountModel


class {name}(BitfountModel):
    pass


{name}.__abstractmethods__ = frozenset()
"""

official_python = functools.cache(find)


@pytest.fixture
def official(tmp_path: Path) -> Any:
    """Return a function that runs a task with the official SDK, and returns the task's result."""
    python = official_python()
    if python is None:
        pytest.skip(f"the official SDK is not installed: {VARIABLE} names no Python that has it")

    def run(task: str, *arguments: Any, **variables: str) -> Any:
        done = subprocess.run(
            [python, str(SIDE), task, *map(str, arguments)],
            check=False, capture_output=True, text=True, cwd=tmp_path, timeout=300,
            env=environment(tmp_path, **variables),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture
def clients(official: Any) -> Iterator[SandboxClients]:
    """Return clients of a sandbox that the official SDK can use as well."""
    with sandbox_on_its_ports() as sandbox:
        found = SandboxClients(sandbox)
        yield found
        found.close()


def as_alice(clients: SandboxClients) -> dict[str, str]:
    return clients.sandbox.environment("alice")


@pytest.mark.timeout(300)
def test_every_method_takes_the_same_arguments_in_the_same_order(official: Any) -> None:
    for kind, methods in official("signatures").items():
        for name, arguments in methods.items():
            ours = inspect.signature(getattr(getattr(bitfount_api, kind), name))
            positional = [
                parameter.name
                for parameter in ours.parameters.values()
                if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and parameter.name != "self"
            ]
            if name == "do_pod_heartbeat" and arguments[0] != positional[0]:
                # The form of 13.0 is taken by keyword.
                assert set(arguments) <= ours.parameters.keys()
                continue
            # Arguments of newer versions follow those of older ones.
            assert positional[: len(arguments)] == arguments, f"{kind}.{name}"


@pytest.mark.timeout(300)
def test_login_is_shared_by_both_libraries(official: Any, tmp_path: Path) -> None:
    fields = json.loads((DATA / "official-token.json").read_text("utf-8"))
    issuer = Issuer(*(fields[name] for name in ("auth_domain", "client_id", "scopes", "audience")))
    token = Token(
        fields["access_token"],
        fields["id_token"],
        fields["access_token_expires_at"],
        fields["refresh_token"],
    )
    TokenFile(tmp_path, "alice", issuer).write(token)
    there = official("token", BITFOUNT_ENVIRONMENT="production")
    assert there["username"] == "alice"
    assert there["authorization"] == f"Bearer {fields['access_token']}"
    assert Path(there["file"]) == tmp_path / "alice" / ".token"
    # The official SDK has rewritten the file, and this client can still use it.
    handler = DeviceCodeFlowHandler(username="alice", storage_path=tmp_path)
    handler.authenticate()
    assert handler.hub_request_headers == {"authorization": there["authorization"]}


@pytest.mark.timeout(300)
def test_schema_is_equal_in_both_libraries(official: Any, tmp_path: Path) -> None:
    schema = BitfountSchema.load(SCHEMA)
    schema.dump(tmp_path / "ours.yaml")
    there = official("schema", tmp_path / "ours.yaml", tmp_path / "theirs.yaml")
    assert there["names"] == sorted(schema.get_feature_names())
    assert BitfountSchema.load(there["json"]).features == schema.features
    assert BitfountSchema.load_from_file(tmp_path / "theirs.yaml").features == schema.features


@pytest.mark.timeout(300)
def test_pod_is_equal_in_both_libraries(official: Any, clients: SandboxClients) -> None:
    hub, public_key = clients.hub("alice"), key_pair().public_key
    hub.register_pod(PodPublicMetadata("scans", "Scans", "d", SCHEMA, 3), public_key, public_key)
    there = official("pod", HUB_URL, **as_alice(clients))
    here = hub.get_pod("alice/scans")
    assert here is not None
    # The presigned URL differs each time.
    assert {**there["details"], "schemaDownloadUrl": ""} == {**here, "schemaDownloadUrl": ""}
    assert BitfountSchema.load(there["schema"]).features == BitfountSchema.load(SCHEMA).features


@pytest.mark.timeout(300)
def test_models_are_exchanged_in_both_directions(
    official: Any, clients: SandboxClients, tmp_path: Path
) -> None:
    hub = clients.hub("alice")
    for name in ("Ours", "Theirs"):
        (tmp_path / f"{name}.py").write_text(MODEL.format(name=name), encoding="utf-8")
    weights = tmp_path / "weights.pt"
    weights.write_bytes(bytes(range(256)) * 100)
    hub.send_model(tmp_path / "Ours.py")
    hub.send_weights("Ours", 1, weights)
    there = official(
        "model", HUB_URL, tmp_path / "Theirs.py", weights,
        **as_alice(clients),
    )  # fmt: skip
    assert there["bases"][:2] == ["Ours", "BitfountModel"]
    assert there["weights"] == weights.stat().st_size
    code = hub.get_model_code("alice", "Theirs", there["version"])
    assert code is not None
    assert hash_contents(code.encode()) == hash_contents((tmp_path / "Theirs.py").read_bytes())
    assert hub.get_weights("alice", "Theirs", there["version"]) == weights.read_bytes()
