"""Pairings with clinical systems, and their sessions."""

from __future__ import annotations

import datetime as dt

from support.sandbox_api import Api, done, refused

from bitfount_api.sandbox import Sandbox

EHR = "https://ehr.example/r4"


def test_pairings_are_listed_in_their_order_for_their_owner(
    sandbox: Sandbox, alice: Api, bob: Api
) -> None:
    begun = sandbox.state.pairings.begin("alice")
    made = sandbox.pair("alice", EHR, remote_user="dr-alice")
    plain = sandbox.pair("alice", EHR)
    first, second, third = done(alice.fhir("GET", "/api/pairings"))["results"]
    for pairing in (first, second, third):
        created, updated = pairing.pop("createdAt"), pairing.pop("updatedAt")
        assert created <= updated < pairing.pop("expiresAt")
        assert dt.datetime.fromisoformat(created).tzinfo is not None
        assert pairing.pop("ownerUsername") == "alice"
    assert first.keys() == {"id", "state", "pairingCode"}
    assert (first["id"], first["state"], len(first["pairingCode"])) == (begun, "initialised", 6)
    assert second == {
        "id": made,
        "state": "paired",
        "resourceServer": EHR,
        "remoteUser": "dr-alice",
    }
    assert (third["id"], third["remoteUser"]) == (plain, None)
    assert done(bob.fhir("GET", "/api/pairings")) == {"results": []}


def test_a_session_has_the_token_and_the_context(sandbox: Sandbox, alice: Api) -> None:
    context = {"enterpriseId": "1", "practiceId": "2"}
    pairing = sandbox.pair("alice", EHR, nextgen=context)
    session = done(alice.fhir("GET", f"/api/pairings/{pairing}/session"))
    assert session.pop("accessToken")
    assert session == {"type": "confidentialClient", "context": {"nextgen": context}}
    plain = done(alice.fhir("GET", f"/api/pairings/{sandbox.pair('alice', EHR)}/session"))
    assert plain.keys() == {"type", "accessToken"}


def test_pairing_of_another_user_is_not_found(sandbox: Sandbox, alice: Api, bob: Api) -> None:
    pairing = sandbox.pair("alice", EHR)
    refused(bob.fhir("GET", f"/api/pairings/{pairing}/session"), 404)
    refused(alice.fhir("GET", "/api/pairings/none/session"), 404)


def test_pending_pairing_has_no_session(sandbox: Sandbox, alice: Api, bob: Api) -> None:
    path = f"/api/pairings/{sandbox.state.pairings.begin('alice')}/session"
    assert refused(alice.fhir("GET", path), 409) == "The pairing is not paired yet"
    refused(bob.fhir("GET", path), 404)
