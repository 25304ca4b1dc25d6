"""Verify the signatures of requests and forms."""

from __future__ import annotations

import datetime as dt
import hmac
import re
import time
from typing import TYPE_CHECKING, Final

from bitfount_api.sandbox.objects.errors import S3Error
from bitfount_api.sandbox.objects.signing import (
    ALGORITHM,
    MAX_EXPIRES,
    UNSIGNED,
    Scope,
    SignedRequest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bitfount_api.sandbox.objects.request import ObjectRequest

MAX_SKEW: Final = 15 * 60
"""The maximum difference between the clocks of client and store, in seconds."""

_QUERY: Final = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
)
_HEADER: Final = re.compile(
    rf"{ALGORITHM}\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([^,\s]+)"
)
_TIMESTAMP: Final = re.compile(r"\d{8}T\d{6}Z", re.ASCII)


class Verifier:
    """Checks signatures against one pair of keys.

    Args:
        access_key: Id of the secret key.
        secret_key: Secret key that must have been used for signing.
        region: Region that requests must be signed for.
        clock: Function that returns the POSIX time in seconds.
    """

    def __init__(
        self,
        access_key: str,
        secret_key: str,
        region: str = "us-east-1",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._access_key = access_key
        self._secret_key = secret_key
        self._region = region
        self._clock = clock

    def check(self, request: ObjectRequest) -> str:
        """Check the signature of a request, in its query or in its headers.

        Returns:
            The hex SHA-256 that the body must have, or S3's placeholder for it.

        Raises:
            S3Error: If the signature is missing or not valid.
        """
        in_query = any(name.lower() == "x-amz-signature" for name in request.query)
        in_headers = "authorization" in request.headers
        if in_query and in_headers:
            raise S3Error("InvalidArgument", "Only one way to authenticate is allowed.")
        if in_query or "X-Amz-Algorithm" in request.query:
            return self._check_query(request)
        if in_headers:
            return self._check_headers(request)
        if "AWSAccessKeyId" in request.query or "Signature" in request.query:
            raise _unsupported_version()
        raise S3Error("AccessDenied", "Access Denied: the request is not signed.")

    def check_form(self, fields: Mapping[str, str]) -> None:
        """Check the signature of a form over its policy.

        Args:
            fields: Fields of the form, by lower-case name.

        Raises:
            S3Error: If the signature is missing or not valid.
        """
        if "awsaccesskeyid" in fields:
            raise _unsupported_version()
        if "policy" not in fields:
            raise S3Error("AccessDenied", "Access Denied: the form has no policy.")
        names = ("x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature")
        for name in names:
            if name not in fields:
                raise S3Error("InvalidArgument", f"The form needs the field {name}.")
        algorithm, credential, timestamp, signature = (fields[name] for name in names)
        if algorithm != ALGORITHM:
            raise S3Error("InvalidArgument", f"x-amz-algorithm must be {ALGORITHM}.")
        self._moment(timestamp, "InvalidArgument")
        scope = self._scope(credential, timestamp, "InvalidArgument")
        self._compare(scope, fields["policy"], signature)

    def _check_query(self, request: ObjectRequest) -> str:
        code = "AuthorizationQueryParametersError"
        for name in _QUERY:
            if name not in request.query:
                raise S3Error(code, f"A presigned request needs {', '.join(_QUERY)}.")
        algorithm, credential, signature, timestamp, names, expires = (
            request.query[name] for name in _QUERY
        )
        if algorithm != ALGORITHM:
            raise S3Error(code, f"X-Amz-Algorithm must be {ALGORITHM}.")
        if not re.fullmatch(r"\d{1,9}", expires, re.ASCII):
            raise S3Error(code, "X-Amz-Expires must be a number of seconds.")
        if int(expires) > MAX_EXPIRES:
            raise S3Error(code, f"X-Amz-Expires must be at most {MAX_EXPIRES} (7 days).")
        age = self._clock() - self._moment(timestamp, code)
        scope = self._scope(credential, timestamp, code)
        if age < -MAX_SKEW:
            raise S3Error("AccessDenied", "Access Denied: the request is not valid yet.")
        if age > int(expires):
            raise S3Error("AccessDenied", "Request has expired.")
        payload = UNSIGNED
        if "x-amz-content-sha256" in names.split(";"):
            payload = request.headers.get("x-amz-content-sha256", "")
        query = [pair for pair in request.pairs if pair[0] != b"X-Amz-Signature"]
        signed_request = SignedRequest(
            request.method, request.path, query, _signed(request, names), payload
        )
        self._compare(scope, signed_request.text_to_sign(timestamp, scope), signature)
        return payload

    def _check_headers(self, request: ObjectRequest) -> str:
        code = "AuthorizationHeaderMalformed"
        header = request.headers["authorization"]
        if header.startswith("AWS "):
            raise _unsupported_version()
        match = _HEADER.fullmatch(header.strip())
        if match is None:
            raise S3Error(
                code,
                f"Authorization must be {ALGORITHM} Credential=…, SignedHeaders=…, Signature=…",
            )
        credential, names, signature = match.groups()
        timestamp = request.headers.get("x-amz-date", "")
        if not timestamp:
            raise S3Error("AccessDenied", "A signed request needs the header x-amz-date.")
        age = self._clock() - self._moment(timestamp, "AccessDenied")
        scope = self._scope(credential, timestamp, code)
        if abs(age) > MAX_SKEW:
            raise S3Error(
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
            )
        payload = request.headers.get("x-amz-content-sha256", "")
        if not payload:
            raise S3Error(
                "InvalidRequest", "A signed request needs the header x-amz-content-sha256."
            )
        headers = _signed(request, names)
        signed_request = SignedRequest(
            request.method, request.path, request.pairs, headers, payload
        )
        self._compare(scope, signed_request.text_to_sign(timestamp, scope), signature)
        return payload

    def _moment(self, timestamp: str, code: str) -> float:
        try:
            if not _TIMESTAMP.fullmatch(timestamp):
                raise ValueError
            return (
                dt.datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC).timestamp()
            )
        except ValueError:
            raise S3Error(code, "The date must be in the form 20260131T235959Z.") from None

    def _scope(self, credential: str, timestamp: str, code: str) -> Scope:
        scope = Scope(timestamp[:8], self._region)
        access_key, _, rest = credential.partition("/")
        if not hmac.compare_digest(access_key.encode(), self._access_key.encode()):
            raise S3Error("InvalidAccessKeyId", "There is no such access key in the store.")
        if rest != str(scope):
            raise S3Error(
                code, f"The credential must be for {scope}: its date, region and service."
            )
        return scope

    def _compare(self, scope: Scope, text: str, signature: str) -> None:
        expected = scope.sign(self._secret_key, text)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise S3Error(
                "SignatureDoesNotMatch",
                "The signature differs from the one that the store calculates: the signed content "
                "or the secret key is different.",
            )


def _signed(request: ObjectRequest, names: str) -> dict[str, str]:
    """Return the signed headers; all headers that affect the operation must be signed."""
    listed = names.split(";")
    for name in request.headers:
        if name not in listed and (name == "host" or name.startswith("x-amz-")):
            if name == "x-amz-content-sha256" and "X-Amz-Signature" in request.query:
                continue  # adds nothing to a presigned request
            raise S3Error("AccessDenied", f"The header {name} was sent, but not signed.")
    return {name: request.headers.get(name, "") for name in listed}


def _unsupported_version() -> S3Error:
    return S3Error(
        "InvalidRequest", f"This way to authenticate is not supported. Please use {ALGORITHM}."
    )
