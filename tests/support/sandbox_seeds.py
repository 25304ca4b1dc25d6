"""Seed a sandbox through its services' APIs."""

from __future__ import annotations

import functools
import hashlib
import json
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from support.rsa_keys import private_key
from support.sandbox_api import Api, done

MEBIBYTE = 1024 * 1024

SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@functools.cache
def openssh(which: int = 0) -> str:
    """Return the public key of a test key in OpenSSH's one-line format."""
    key = private_key(which).public_key()
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@functools.cache
def pem(which: int = 0, bits: int = 2048) -> str:
    """Return the public key of a test key in PEM format."""
    key = private_key(which, bits).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@functools.cache
def elliptic() -> str:
    """Return a public key that is not RSA, in OpenSSH's one-line format."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def pod_body(name: str = "scans", **changes: Any) -> dict[str, Any]:
    """Return the body of a request that registers a pod."""
    return {
        "name": name,
        "podDisplayName": "Scans",
        "podPublicKey": openssh(0),
        "accessManagerPublicKey": openssh(1),
        "description": "Scans with notes",
        "schemaSize": 6,
        "numberOfRecords": 3,
        **changes,
    }


def register_pod(api: Api, name: str = "scans", **changes: Any) -> dict[str, Any]:
    """Register a pod with a schema and return the Hub's response."""
    answer: dict[str, Any] = done(api.hub("POST", "/api/pods", pod_body(name, **changes)), 201)
    assert api.store(answer, b"schema").is_success
    return answer


def model_body(name: str = "Net", code: bytes = b"code", **changes: Any) -> dict[str, Any]:
    """Return the body of a request that publishes a model's code."""
    return {
        "modelName": name,
        "modelSize": len(code),
        "modelHash": hashlib.sha256(code).hexdigest(),
        "privateModel": False,
        **changes,
    }


def publish(api: Api, name: str = "Net", code: bytes = b"code", **changes: Any) -> int:
    """Publish a model with its code and return the version."""
    answer = done(api.hub("POST", "/api/models", model_body(name, code, **changes)))
    assert api.store(answer, code).is_success
    version: int = answer["version"]
    return version


def project_body(name: str = "Glaucoma", **changes: Any) -> dict[str, Any]:
    """Return the body of a request that creates a project."""
    return {"name": name, "metadata": {}, **changes}


def create_project(api: Api, name: str = "Glaucoma") -> str:
    """Create a project and return its id."""
    project: str = done(api.hub("POST", "/api/projects", project_body(name)), 201)["projectId"]
    return project


def csr(domain: str, key: SigningKey | None = None, *names: str) -> str:
    """Return a certificate signing request for a domain, with other alternative names."""
    signer = key or private_key()
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, domain)])
    )
    if names != ("",):
        alternatives = x509.SubjectAlternativeName([x509.DNSName(n) for n in names or (domain,)])
        builder = builder.add_extension(alternatives, critical=False)
    scheme = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(signer, scheme).public_bytes(Encoding.PEM).decode()


def jwk(which: int = 0, kid: str = "default", **more: Any) -> dict[str, Any]:
    """Return the public key of a test key as a JSON Web Key."""
    key = private_key(which).public_key()
    found: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key))
    return {"kty": "RSA", "alg": "RS384", "n": found["n"], "e": found["e"], "kid": kid, **more}
