"""RSA keys for tests, read from ``tests/data``: generating one can take several seconds."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bitfount_api.keys import KeyPair

DATA = Path(__file__).parents[1] / "data"
DIFFERENT_KEYS = 2
"""The number of different keys that :func:`ready_made` returns."""


@functools.cache
def private_key(which: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return a test key by number: 0, 1 or 2 with 2048 bits, 0 or 1 with 4096 bits."""
    content = (DATA / f"test-key-{bits}-{which}.pem").read_bytes()
    # Checking the primes takes as long as some hundred signatures.
    key = load_pem_private_key(content, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def key_pair(which: int = 0) -> KeyPair:
    """Return a test key by number, and its public key."""
    key = private_key(which)
    return KeyPair(key, key.public_key())


def ready_made() -> Callable[..., rsa.RSAPrivateKey]:
    """Return a stand-in for ``rsa.generate_private_key`` that returns the test keys in turn."""
    numbers = itertools.count()

    def generate(public_exponent: int, key_size: int, backend: object = None) -> rsa.RSAPrivateKey:
        assert public_exponent == 65537
        return private_key(next(numbers) % DIFFERENT_KEYS, key_size)

    return generate
