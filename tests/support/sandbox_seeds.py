"""What tests put into a sandbox by its services' own APIs."""

from __future__ import annotations

import functools
import hashlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from support.rsa_keys import private_key
from support.sandbox_api import Api, done

MEBIBYTE = 1024 * 1024


@functools.cache
def openssh(which: int = 0) -> str:
    """Return the public key of the test key of that number, as one line."""
    key = private_key(which).public_key()
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@functools.cache
def pem(which: int = 0) -> str:
    """Return the same as PEM."""
    key = private_key(which).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@functools.cache
def elliptic() -> str:
    """A public key that is not RSA, as one line."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def pod_body(name: str = "scans", **changes: Any) -> dict[str, Any]:
    """What registers a pod."""
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
    """Register a pod with a schema; gives the Hub's answer."""
    answer: dict[str, Any] = done(api.hub("POST", "/api/pods", pod_body(name, **changes)), 201)
    assert api.store(answer, b"schema").is_success
    return answer


def model_body(name: str = "Net", code: bytes = b"code", **changes: Any) -> dict[str, Any]:
    """What publishes a model's code."""
    return {
        "modelName": name,
        "modelSize": len(code),
        "modelHash": hashlib.sha256(code).hexdigest(),
        "privateModel": False,
        **changes,
    }


def publish(api: Api, name: str = "Net", code: bytes = b"code", **changes: Any) -> int:
    """Publish a model with its code; gives the version."""
    answer = done(api.hub("POST", "/api/models", model_body(name, code, **changes)))
    assert api.store(answer, code).is_success
    version: int = answer["version"]
    return version


def create_project(api: Api, name: str = "Glaucoma") -> str:
    """Create a project; gives its id."""
    body = {"name": name, "metadata": {}}
    project: str = done(api.hub("POST", "/api/projects", body), 201)["projectId"]
    return project
