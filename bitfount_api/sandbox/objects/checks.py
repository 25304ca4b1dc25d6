"""Verify the digests that a request states for its body."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from typing import TYPE_CHECKING, Final, Protocol

from bitfount_api.sandbox.objects.errors import S3Error
from bitfount_api.sandbox.objects.signing import UNSIGNED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TRAILER: Final = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
"""The payload hash of a body that is followed by digests, as boto3 sends it over https."""

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_PREFIX: Final = "x-amz-checksum-"


class Digest(Protocol):
    """The interface of hashlib's objects."""

    def update(self, data: bytes, /) -> None:
        """Add bytes."""
        ...

    def digest(self) -> bytes:
        """Return the digest of the bytes so far."""
        ...


class Crc32:
    """CRC-32 as a digest of four bytes."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        """Add bytes."""
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        """Return the digest of the bytes so far."""
        return self._value.to_bytes(4, "big")


_KINDS: Final[Mapping[str, Callable[[], Digest]]] = {
    "content-md5": lambda: hashlib.md5(usedforsecurity=False),
    "x-amz-checksum-crc32": Crc32,
    "x-amz-checksum-sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "x-amz-checksum-sha256": hashlib.sha256,
}
_NOT_VALUES: Final = frozenset({"algorithm", "mode", "type"})


class Checks:
    """Digests of a body, updated while it is received and compared at its end.

    Args:
        headers: Headers of the request (or fields of a form), by lower-case name.
        payload: Signed hex SHA-256 of the body, or S3's placeholder for it.

    Raises:
        S3Error: ``InvalidDigest`` for an invalid digest, ``NotImplemented`` for an unsupported
            kind of digest, ``InvalidArgument`` for an invalid payload hash.
    """

    def __init__(self, headers: Mapping[str, str], payload: str = UNSIGNED) -> None:
        self._running: dict[str, Digest] = {}
        self._expected: dict[str, bytes] = {}
        self.stated: dict[str, str] = {}
        for name, value in headers.items():
            if is_checksum(name) or name == "content-md5":
                self._start(name)
                self._state(name, value)
        self._trailing: set[str] = set()
        if payload == TRAILER:
            for name in headers.get("x-amz-trailer", "").lower().split(","):
                if name.strip():
                    self._start(name.strip())
                    self._trailing.add(name.strip())
        elif payload.startswith("STREAMING-"):
            raise S3Error("NotImplemented", f"Bodies sent as {payload} are not implemented.")
        elif _HEX.fullmatch(payload):
            self._running["payload"] = hashlib.sha256()
            self._expected["payload"] = bytes.fromhex(payload)
        elif payload != UNSIGNED:
            raise S3Error("InvalidArgument", "x-amz-content-sha256 must be a hex SHA-256.")

    def update(self, data: bytes) -> None:
        """Add bytes."""
        for each in self._running.values():
            each.update(data)

    def finish(self, trailers: Mapping[str, str] | None = None) -> None:
        """Compare the digests with the stated ones.

        Args:
            trailers: Trailers that followed the body.

        Raises:
            S3Error: ``BadDigest`` or ``XAmzContentSHA256Mismatch``, if the body does not match a
                digest; ``MalformedTrailerError``, if the trailers are not the announced ones.
        """
        trailers = trailers or {}
        if set(trailers) != self._trailing:
            raise S3Error(
                "MalformedTrailerError", "The trailers are not those that x-amz-trailer states."
            )
        for name, value in trailers.items():
            self._state(name, value)
        for name, expected in self._expected.items():
            if self._running[name].digest() == expected:
                continue
            if name == "payload":
                raise S3Error(
                    "XAmzContentSHA256Mismatch",
                    "The provided x-amz-content-sha256 header does not match what was received.",
                )
            raise S3Error("BadDigest", f"The {name} you specified did not match what we received.")

    def _start(self, name: str) -> None:
        if name not in _KINDS:
            raise S3Error("NotImplemented", f"Digests of the kind {name} are not implemented.")
        self._running[name] = _KINDS[name]()

    def _state(self, name: str, value: str) -> None:
        try:
            digest = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            digest = b""
        if len(digest) != len(_KINDS[name]().digest()):
            raise S3Error("InvalidDigest", f"The {name} you specified is not valid.")
        self._expected[name] = digest
        if name != "content-md5":
            self.stated[name] = value


def is_checksum(name: str) -> bool:
    """Return whether a header states a checksum, rather than a property of one."""
    return name.startswith(_PREFIX) and name.removeprefix(_PREFIX) not in _NOT_VALUES
