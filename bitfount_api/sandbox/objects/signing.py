"""AWS signature version 4, for S3: what is signed, and presigned URLs and forms.

After "Authenticating Requests (AWS Signature Version 4)" of the S3 API reference.
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
"""How long a presigned URL may be good for, in seconds."""

_FILE_NAME: Final = "${filename}"
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Scope:
    """For which day and region a signature is.

    Args:
        date: The day, ``YYYYMMDD``.
        region: The region, such as ``us-east-1``.
    """

    date: str
    region: str

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/s3/aws4_request"

    def sign(self, secret_key: str, text: str) -> str:
        """The signature of a text: 64 hex digits."""
        key = f"AWS4{secret_key}".encode()
        for each in (self.date, self.region, "s3", "aws4_request"):
            key = hmac.digest(key, each.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The parts of a request that its signature covers.

    Args:
        method: In capitals.
        path: Decoded.
        query: Names and values, decoded, without the signature itself.
        headers: Those that are signed, by their names in small letters, in order.
        payload: Hex SHA-256 of the body, or what S3 has instead of it.
    """

    method: str
    path: str | bytes
    query: Sequence[tuple[str | bytes, str | bytes]]
    headers: Mapping[str, str]
    payload: str = UNSIGNED

    def text_to_sign(self, timestamp: str, scope: Scope) -> str:
        """What the signature is made of."""
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
    """Text as it stands in a URL: everything but letters, digits and ``-._~`` as ``%XX``."""
    return quote(text, safe=safe)


class Presigner:
    """Makes URLs and forms that whoever has them may use, for some time.

    Args:
        base_url: Where the store is, such as ``http://localhost:3003``.
        bucket: The bucket.
        access_key: Names the secret key.
        secret_key: What is signed with.
        region: The region.
        clock: Seconds since 1970.
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
        # As clients write the Host header, which is signed.
        default = parts.port in (None, _PORTS[parts.scheme])
        self._host = host if default else f"{host}:{parts.port}"
        self._origin = f"{parts.scheme}://{self._host}"
        self._bucket = bucket
        self._access_key = access_key
        self._secret_key = secret_key
        self._region = region
        self._clock = clock

    def get(self, key: str, expires: int = 3600) -> str:
        """A URL to read an object with.

        Args:
            key: The object. It need not be there yet.
            expires: For how many seconds the URL is good.
        """
        return self._url("GET", key, {}, expires)

    def put_part(self, key: str, upload_id: str, number: int, expires: int = 3600) -> str:
        """A URL to send one part of an upload to.

        Args:
            key: The object that the upload is for.
            upload_id: The upload.
            number: Which part, from 1.
            expires: For how many seconds the URL is good.
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
        """A form to send an object with.

        Args:
            key: The object. At its end, ``${filename}`` stands for the name of the file.
            max_bytes: The most bytes it may have.
            min_bytes: The least.
            expires: For how many seconds the form is good.
            fields: More fields that have to be sent as they are, such as ``Content-Type`` or
                ``success_action_status``.

        Returns:
            The URL, and the fields that go before the field ``file``.
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
            raise ValueError(f"expires is a number of seconds from 1 to {MAX_EXPIRES} (7 days)")
        return dt.datetime.fromtimestamp(int(self._clock()), dt.UTC)

    def _scope(self, now: dt.datetime) -> tuple[Scope, str]:
        return Scope(f"{now:%Y%m%d}", self._region), f"{now:%Y%m%dT%H%M%SZ}"
