"""Users' public keys: registration by their owner, visibility, and deactivation."""

from __future__ import annotations

from typing import Any

import pytest
from support.sandbox_api import Api, done, refused
from support.sandbox_seeds import elliptic, openssh, pem

from bitfount_api.sandbox import Sandbox


def register(api: Api, text: str = "", owner: str = "alice", query: str = "version=2") -> Any:
    return api.hub("POST", f"/api/{owner}/keys?{query}", {"key": text or openssh()})


def test_registered_key_is_visible_to_every_user(alice: Api, bob: Api) -> None:
    number = done(register(alice), 201)["id"]
    for api in (alice, bob):
        shown = done(api.hub("GET", f"/api/alice/keys/{number}"))
        assert shown == {"public_key": pem(), "id": number, "active": True}


@pytest.mark.parametrize("text", [openssh(), pem(), openssh() + " alice@ward-7\n"])
def test_same_key_in_any_format_is_one_registration(text: str, alice: Api) -> None:
    assert done(register(alice), 201) == done(register(alice, text), 201)
    assert done(register(alice, openssh(1)), 201) != done(register(alice), 201)


def test_key_of_two_users_is_registered_twice(alice: Api, bob: Api) -> None:
    mine, theirs = done(register(alice), 201), done(register(bob, owner="bob"), 201)
    assert mine != theirs
    refused(alice.hub("GET", f"/api/bob/keys/{mine['id']}"), 404)


def test_key_can_be_deactivated_and_reactivated(sandbox: Sandbox, alice: Api) -> None:
    number = done(register(alice), 201)["id"]
    sandbox.state.public_keys.deactivate("bob", number)
    assert done(alice.hub("GET", f"/api/alice/keys/{number}"))["active"] is True
    sandbox.state.public_keys.deactivate("alice", number)
    assert done(alice.hub("GET", f"/api/alice/keys/{number}"))["active"] is False
    assert done(register(alice), 201)["id"] == number
    assert done(alice.hub("GET", f"/api/alice/keys/{number}"))["active"] is True


@pytest.mark.parametrize("key_id", ["0", "999999", "x", "01", "1.0", "%20", "²", str(2**70)])
def test_missing_key_is_not_found(key_id: str, alice: Api) -> None:
    done(register(alice), 201)
    refused(alice.hub("GET", f"/api/alice/keys/{key_id}"), 404)
    refused(alice.hub("GET", f"/api/nobody/keys/{key_id}"), 404)


def test_keys_are_registered_for_the_caller_only(sandbox: Sandbox, alice: Api) -> None:
    refused(register(alice, owner="bob"), 403)
    refused(register(alice, owner="nobody"), 403)
    assert sandbox.state.public_keys.active("bob") == []


@pytest.mark.parametrize(
    "text",
    ["nonsense", "ssh-rsa AAAA", pem()[:100], elliptic(), "ssh-rsa é", "\x00", "🔑"],
    ids=["text", "too short", "cut off", "elliptic", "odd letter", "null", "emoji"],
)
def test_invalid_key_is_rejected(text: str, alice: Api) -> None:
    assert refused(register(alice, text), 422).startswith("The key is not valid: ")


@pytest.mark.parametrize(
    "query", ["", "version=1", "version=", "version=2.0", "version=2&version=2"]
)
def test_other_request_formats_are_rejected(query: str, alice: Api) -> None:
    refused(register(alice, query=query), 400)


@pytest.mark.parametrize("body", [{}, {"key": None}, {"key": 7}, [], "key"])
def test_invalid_requests_are_rejected(body: Any, alice: Api) -> None:
    refused(alice.hub("POST", "/api/alice/keys?version=2", body), 422)
