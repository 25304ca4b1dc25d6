"""RSA key pairs for tests, made once in a run because making them is slow."""

from __future__ import annotations

import functools

from bitfount_api.keys import KeyPair, generate_key_pair


@functools.cache
def key_pair(which: int = 0) -> KeyPair:
    """The pair of that number, always the same within a run; 2048 bits, the least accepted."""
    return generate_key_pair(2048)
