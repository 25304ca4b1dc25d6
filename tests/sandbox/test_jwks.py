"""Public JSON Web Keys: stored for each client of a clinical system, and served to everyone."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from support.rsa_keys import private_key
from support.sandbox_api import Api, done, refused
from support.sandbox_seeds import jwk

from bitfount_api.sandbox import Sandbox

ISSUER = "https://ehr.example/r4"


def upload(
    api: Api, key: Any, issuer: str = ISSUER, client_id: str = "c-1", owner: str = "alice"
) -> httpx.Response:
    body = {"jwk": key, "issuer": issuer, "clientId": client_id}
    return api.hub("PUT", f"/api/ehr/jwks/{owner}", body)


def uploaded(api: Api, *arguments: Any) -> str:
    """Upload a key and return the URL of its set."""
    url: str = done(upload(api, *arguments))["jwksUriWellKnown"]
    return url


def test_uploaded_key_verifies_a_client_assertion(alice: Api, nobody: Api) -> None:
    url = uploaded(alice, jwk())
    assert url.startswith(alice.sandbox.hub_url)
    claims = {"iss": "c-1", "sub": "c-1", "aud": "https://ehr.example/token"}
    assertion = jwt.encode(claims, private_key(), "RS384", headers={"kid": "default"})
    (served,) = done(nobody.get(url))["keys"]
    assert served == jwk()
    key = jwt.PyJWK(served).key
    assert jwt.decode(assertion, key, ["RS384"], audience=claims["aud"]) == claims


def test_elliptic_key_is_served(alice: Api) -> None:
    key = ec.generate_private_key(ec.SECP384R1()).public_key()
    found = {**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key)), "alg": "ES384"}
    assert done(alice.get(uploaded(alice, found)))["keys"] == [found]


def test_keys_of_one_client_share_a_set(alice: Api) -> None:
    url = uploaded(alice, jwk())
    assert uploaded(alice, jwk(1, "next")) == url
    assert done(alice.get(url)) == {"keys": [jwk(), jwk(1, "next")]}
    # A key with the same id replaces the earlier one.
    assert uploaded(alice, jwk(2)) == url
    assert done(alice.get(url)) == {"keys": [jwk(2), jwk(1, "next")]}


def test_keys_of_other_clients_are_separate(alice: Api, bob: Api) -> None:
    urls = {
        uploaded(alice, jwk()),
        uploaded(alice, jwk(), "https://other.example"),
        uploaded(alice, jwk(), ISSUER, "c-2"),
        uploaded(bob, jwk(1), ISSUER, "c-1", "bob"),
    }
    assert len(urls) == 4
    assert {len(done(alice.get(url))["keys"]) for url in urls} == {1}


def test_key_is_uploaded_by_its_owner_only(alice: Api, bob: Api, nobody: Api) -> None:
    refused(upload(bob, jwk()), 403)
    refused(upload(nobody, jwk()), 401)
    url = uploaded(alice, jwk())
    refused(alice.get(url.replace("/alice/", "/bob/")), 404)
    refused(alice.get(url.replace("/.well-known", "x/.well-known")), 404)


def private_jwk() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private_key()))
    return found


@pytest.mark.parametrize("which", ["all", "d", "p", "k", "priv"])
def test_private_key_is_rejected_and_not_stored(which: str, sandbox: Sandbox, alice: Api) -> None:
    secret = base64.urlsafe_b64encode(b"s" * 32).decode().rstrip("=")
    keys = {
        "all": private_jwk(),
        "d": jwk(d=private_jwk()["d"]),
        "p": jwk(p=private_jwk()["p"]),
        "k": {"kty": "oct", "k": secret},
        "priv": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "priv": secret},
    }
    said = refused(upload(alice, keys[which]), 400)
    assert said.startswith("jwk must be a public key: it is private: leave out ")
    assert sandbox.state.database.scalar("SELECT COUNT(*) FROM jwks") == 0
    assert keys[which].get("d", secret) not in said


@pytest.mark.parametrize(
    "key",
    [
        {},
        {"kty": "RSA"},
        {"kty": "RSA", "n": 7, "e": "AQAB"},
        {"kty": "RSA", "n": "é", "e": "AQAB"},
        {"kty": "RSA", "n": "", "e": ""},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "EC", "crv": "P-384", "x": "AQAB", "y": "AQAB"},
        {"kty": "EC", "crv": ["P-384"], "x": "AQAB", "y": "AQAB"},
        {"kty": "oct"},
        {"kty": ["RSA"]},
        {"kty": None, "n": None},
        {**jwk(), "kid": 7},
        {**jwk(), "alg": ["RS384"]},
        {**jwk(), "alg": "HS256"},
        [],
        "text",
        None,
    ],
)
def test_invalid_key_is_rejected(key: Any, sandbox: Sandbox, alice: Api) -> None:
    refused(upload(alice, key), 422)
    assert sandbox.state.database.scalar("SELECT COUNT(*) FROM jwk_sets") == 0


@pytest.mark.parametrize("extra", [{"kty": "new"}, {"kty": None}, {"alg": "new"}])
def test_rejected_key_is_not_quoted(extra: dict[str, Any], alice: Api) -> None:
    said = refused(upload(alice, {**jwk(), **extra, "future": "planted-secret"}), 422)
    assert "planted" not in said


@pytest.mark.parametrize("field", ["issuer", "clientId"])
@pytest.mark.parametrize("value", ["", None, 7])
def test_invalid_upload_is_rejected(field: str, value: Any, alice: Api) -> None:
    body = {"jwk": jwk(), "issuer": ISSUER, "clientId": "c-1", field: value}
    refused(alice.hub("PUT", "/api/ehr/jwks/alice", body), 422)
