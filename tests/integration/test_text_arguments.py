"""Text that cannot be encoded is refused by name, before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.rsa_keys import key_pair

from bitfount_api import (
    BitfountSchema,
    BitfountSession,
    DeviceCodeFlowHandler,
    PodPublicMetadata,
    hash_contents,
    hash_file_contents,
    load_public_key,
    save_private_key,
)

if TYPE_CHECKING:
    from support.fake_services import FakeServices

HALF = "a\ud800"
PRIVATE_KEY, PUBLIC_KEY = key_pair()
PROTOCOL: dict[str, Any] = {"class_name": "a", "algorithm": {"class_name": "b"}}
UPDATE = {"taskId": "t", "senderId": "s", "timestamp": "2024-01-01T00:00:00Z"}
CALLS: dict[str, tuple[str, str, tuple[Any, ...], dict[str, Any]]] = {
    "the project's name": ("BitfountHub", "create_project", (HALF,), {}),
    "modeller_access_token": (
        "BitfountAM",
        "check_oidc_access_request",
        ("bob/scans", PROTOCOL, "alice", HALF),
        {},
    ),
    "serialized_protocol": (
        "BitfountAM",
        "check_oidc_access_request",
        ("bob/scans", {**PROTOCOL, "extra": [HALF]}, "alice", "t"),
        {},
    ),
    "the key id": (
        "BitfountAM",
        "check_signature_based_access_request",
        (b"", b"", "bob/scans", PROTOCOL, "alice"),
        {"public_key_id": HALF},
    ),
    "the display name": (
        "BitfountHub",
        "register_pod",
        (PodPublicMetadata("scans", HALF, "", {}), PUBLIC_KEY, PUBLIC_KEY),
        {},
    ),
    "the description": (
        "BitfountHub",
        "register_pod",
        (PodPublicMetadata("scans", "", HALF, {}), PUBLIC_KEY, PUBLIC_KEY),
        {},
    ),
    "model_description": ("BitfountHub", "send_model", (Path("Net.py"), False, HALF), {}),
    "model_url": ("BitfountHub", "get_model_from_url", (f"https://s3.test/{HALF}", "0" * 64), {}),
    "model_hash": ("BitfountHub", "get_model_from_url", ("https://s3.test/x", HALF), {}),
    "the path of the file": (
        "BitfountHub",
        "download_model",
        ("bob", "Net", 1, Path(HALF)),
        {},
    ),
    "weights_url": ("BitfountHub", "get_weights_from_url", (f"https://s3.test/{HALF}",), {}),
    "the monitor update": (
        "BitfountHub",
        "send_monitor_update",
        ({**UPDATE, "privacy": "MODELLER", "type": HALF},),
        {},
    ),
}


@pytest.mark.parametrize("argument", CALLS)
def test_text_that_cannot_be_encoded_is_refused(services: FakeServices, argument: str) -> None:
    kind, method, arguments, more = CALLS[argument]
    with pytest.raises(ValueError, match=r"be encoded|printable ASCII") as caught:
        services.call(kind, method, *arguments, **more)
    assert str(caught.value).startswith(argument)
    assert HALF not in str(caught.value)
    assert not isinstance(caught.value.__context__, UnicodeError)  # which would hold the text
    assert services.requests == []


LOCAL: dict[str, Callable[[], Any]] = {
    "the path of the file": lambda: save_private_key(PRIVATE_KEY, HALF),
    "the path of the file to load": lambda: load_public_key(Path(HALF)),
    "the path of the file with a schema": lambda: BitfountSchema.load_from_file(HALF),
    "the path of the file to write": lambda: BitfountSchema("scans").dump(HALF),
    "the path of the file to hash": lambda: hash_file_contents(HALF),
    "the text": lambda: hash_contents(HALF),
    "client_id": lambda: DeviceCodeFlowHandler(client_id=HALF),
    "verify": lambda: BitfountSession(verify=HALF),
}


@pytest.mark.parametrize("argument", LOCAL)
def test_local_text_that_cannot_be_encoded_is_refused(argument: str) -> None:
    with pytest.raises(ValueError, match="cannot be encoded: it has an unpaired surr") as caught:
        LOCAL[argument]()
    assert type(caught.value) is ValueError
    assert caught.value.__context__ is None
    assert argument.startswith(str(caught.value).partition(" cannot")[0])


def test_file_names_that_are_not_utf8_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "a\udcff"
    path.write_bytes(b"x")
    assert hash_file_contents(path) == hash_contents("x")
