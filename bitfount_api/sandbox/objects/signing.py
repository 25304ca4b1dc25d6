"""AWS Signature Version 4 for S3: signatures, presigned URLs and presigned forms.

See "Authenticating Requests (AWS Signature Version 4)" in the S3 API reference.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ALGORITHM: Final = "AWS4-HMAC-SHA256"
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
MAX_EXPIRES: Final = 7 * 24 * 3600
"""The maximum lifetime of a presigned URL, in seconds."""

_FILE_NAME: Final = "${filename}"
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Scope:
    """The day and region that a signature is valid for.

    Args:
        date: Day, as ``YYYYMMDD``.
        region: Region, such as ``us-east-1``.
    """

    date: str
    region: str

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/s3/aws4_request"

    def sign(self, secret_key: str, text: str) -> str:
        """Return the signature of a text: 64 hex digits."""
        key = f"AWS4{secret_key}".encode()
        for each in (self.date, self.region, "s3", "aws4_request"):
            key = hmac.digest(key, each.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The parts of a request that its signature covers.

    Args:
        method: Method in upper case.
        path: Decoded path.
        query: Decoded names and values of the query, without the signature itself.
        headers: Signed headers, by lower-case name, in order.
        payload: Hex SHA-256 of the body, or S3's placeholder for it.
    """

    method: str
    path: str | bytes
    query: Sequence[tuple[str | bytes, str | bytes]]
    headers: Mapping[str, str]
    payload: str = UNSIGNED

    def text_to_sign(self, timestamp: str, scope: Scope) -> str:
        """Return the string to sign."""
        pairs = sorted((encoded(name), encoded(value)) for name, value in self.query)
        canonical = "\n".join(
            (
                self.method,
                encoded(self.path, safe="/"),
                "&".join(f"{name}={value}" for name, value in pairs),
                *(f"{name}:{' '.join(value.split())}" for name, value in self.headers.items()),
                "",
                ";".join(self.headers),
                self.payload,
            )
        )
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        return "\n".join((ALGORITHM, timestamp, str(scope), digest))


def encoded(text: str | bytes, safe: str = "") -> str:
    """Percent-encode a text for a URL: everything but letters, digits and ``-._~``."""
    return quote(text, safe=safe)


class Presigner:
    """Makes presigned URLs and forms, which anyone who has them can use until they expire.

    Args:
        base_url: URL of the store, such as ``http://localhost:3003``.
        bucket: Name of the bucket.
        access_key: Id of the secret key.
        secret_key: Secret key to sign with.
        region: Region to sign for.
        clock: Function that returns the POSIX time in seconds.
    """

    def __init__(
        self,
        base_url: str,
        bucket: str,
        access_key: str,
        secret_key: str,
        region: str = "us-east-1",
        clock: Callable[[], float] = time.time,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/"):
            raise ValueError("the base URL must be http(s)://host or http(s)://host:port")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        # The Host header is signed, so this must match what clients send.
        default = parts.port in (None, _PORTS[parts.scheme])
        self._host = host if default else f"{host}:{parts.port}"
        self._origin = f"{parts.scheme}://{self._host}"
        self._bucket = bucket
        self._access_key = access_key
        self._secret_key = secret_key
        self._region = region
        self._clock = clock

    def get(self, key: str, expires: int = 3600) -> str:
        """Return a URL for reading an object.

        Args:
            key: Key of the object, which need not exist yet.
            expires: Lifetime of the URL, in seconds.
        """
        return self._url("GET", key, {}, expires)

    def put_part(self, key: str, upload_id: str, number: int, expires: int = 3600) -> str:
        """Return a URL for uploading one part.

        Args:
            key: Key of the object.
            upload_id: Id of the upload.
            number: Number of the part, from 1.
            expires: Lifetime of the URL, in seconds.
        """
        query = {"partNumber": str(number), "uploadId": upload_id}
        return self._url("PUT", key, query, expires)

    def post(
        self,
        key: str,
        *,
        max_bytes: int,
        min_bytes: int = 0,
        expires: int = 3600,
        fields: Mapping[str, str] | None = None,
    ) -> tuple[str, dict[str, str]]:
        """Return a form for uploading an object.

        Args:
            key: Key of the object. ``${filename}`` at its end is replaced by the name of the file.
            max_bytes: Maximum size of the object.
            min_bytes: Minimum size of the object.
            expires: Lifetime of the form, in seconds.
            fields: Additional fields that must be sent unchanged, such as ``Content-Type`` or
                ``success_action_status``.

        Returns:
            The URL, and the fields to send before the field ``file``.
        """
        now = self._now(expires)
        scope, timestamp = self._scope(now)
        signed = {
            **(fields or {}),
            "x-amz-algorithm": ALGORITHM,
            "x-amz-credential": f"{self._access_key}/{scope}",
            "x-amz-date": timestamp,
        }
        conditions: list[Any] = [
            {"bucket": self._bucket},
            {"key": key},
            ["content-length-range", min_bytes, max_bytes],
            *({name: value} for name, value in signed.items()),
        ]
        if key.endswith(_FILE_NAME):
            conditions[1] = ["starts-with", "$key", key.removesuffix(_FILE_NAME)]
        until = now + dt.timedelta(seconds=expires)
        document = {"expiration": f"{until:%Y-%m-%dT%H:%M:%SZ}", "conditions": conditions}
        policy = base64.b64encode(json.dumps(document).encode()).decode()
        signature = scope.sign(self._secret_key, policy)
        form = {"key": key, **signed, "policy": policy, "x-amz-signature": signature}
        return f"{self._origin}/{encoded(self._bucket)}", form

    def _url(self, method: str, key: str, query: Mapping[str, str], expires: int) -> str:
        scope, timestamp = self._scope(self._now(expires))
        signed = {
            **query,
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": f"{self._access_key}/{scope}",
            "X-Amz-Date": timestamp,
            "X-Amz-Expires": str(expires),
            "X-Amz-SignedHeaders": "host",
        }
        path = f"/{self._bucket}/{key}"
        request = SignedRequest(method, path, list(signed.items()), {"host": self._host})
        signature = scope.sign(self._secret_key, request.text_to_sign(timestamp, scope))
        signed["X-Amz-Signature"] = signature
        text = "&".join(f"{name}={encoded(value)}" for name, value in signed.items())
        return f"{self._origin}{encoded(path, safe='/')}?{text}"

    def _now(self, expires: int) -> dt.datetime:
        if not 1 <= expires <= MAX_EXPIRES:
            raise ValueError(f"expires must be from 1 to {MAX_EXPIRES} seconds (7 days)")
        return dt.datetime.fromtimestamp(int(self._clock()), dt.UTC)

    def _scope(self, now: dt.datetime) -> tuple[Scope, str]:
        return Scope(f"{now:%Y%m%d}", self._region), f"{now:%Y%m%dT%H%M%SZ}"
