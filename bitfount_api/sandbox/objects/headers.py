"""Headers that are stored with an object and returned with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bitfount_api.sandbox.objects.checks import is_checksum
from bitfount_api.sandbox.objects.errors import S3Error
from bitfount_api.sandbox.objects.get_object import http_date

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bitfount_api.sandbox.objects.values import StoredObject

_STORED: Final = ("cache-control", "content-disposition", "content-language", "expires")
_OVERRIDES: Final = (
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
)
_NAME: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_LINE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_IGNORED: Final = frozenset(
    {
        "x-amz-acl",
        "x-amz-algorithm",
        "x-amz-checksum-algorithm",
        "x-amz-checksum-mode",
        "x-amz-checksum-type",
        "x-amz-content-sha256",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-decoded-content-length",
        "x-amz-expected-bucket-owner",
        "x-amz-mp-object-size",
        "x-amz-sdk-checksum-algorithm",
        "x-amz-signature",
        "x-amz-storage-class",
        "x-amz-trailer",
        "x-amz-user-agent",
    }
)
"""Headers that have no effect here, or are handled elsewhere."""


def stored_headers(headers: Mapping[str, str]) -> tuple[str | None, dict[str, str]]:
    """Return the content type, and the other headers that are stored with an object.

    Args:
        headers: Headers of a request, or fields of a form, by lower-case name.

    Raises:
        S3Error: ``NotImplemented``, if a header requests an unsupported feature;
            ``InvalidArgument``, if a value is not a valid header value.
    """
    stored = {name: headers[name] for name in _STORED if name in headers}
    for name, value in headers.items():
        if name.startswith("x-amz-meta-"):
            stored[name] = value
        elif name in ("if-match", "if-none-match", "success_action_redirect", "redirect") or (
            name.startswith("x-amz-") and name not in _IGNORED and not is_checksum(name)
        ):
            raise S3Error(
                "NotImplemented", f"{name} implies functionality that is not implemented."
            )
    # "aws-chunked" describes the transfer of the body and is not stored.
    encodings = [each.strip() for each in headers.get("content-encoding", "").split(",")]
    stored_encodings = ", ".join(each for each in encodings if each and each != "aws-chunked")
    if stored_encodings:
        stored["content-encoding"] = stored_encodings
    kinds = _checked({"content-type": headers.get("content-type", "")})
    return kinds["content-type"] or None, _checked(stored)


def response_headers(stored: StoredObject, query: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of an object; a presigned request may override some of them.

    Args:
        stored: Object.
        query: Signed query of the request.

    Raises:
        S3Error: ``InvalidArgument``, if an override is not a valid header value.
    """
    headers = {
        "accept-ranges": "bytes",
        "content-type": stored.content_type,
        "etag": f'"{stored.etag}"',
        "last-modified": http_date(stored.modified),
        **stored.headers,
    }
    for name in _OVERRIDES:
        if name in query:
            headers[name.removeprefix("response-")] = query[name]
    return _checked(headers)


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers that can be sent; values that come from forms may be any text."""
    checked = {name: value.strip(" \t") for name, value in headers.items()}
    if not all(_NAME.fullmatch(name) and _LINE.fullmatch(checked[name]) for name in checked):
        raise S3Error(
            "InvalidArgument", "A header has a name of ASCII and one line of Latin-1 characters."
        )
    return checked
