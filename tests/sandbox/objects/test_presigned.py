"""A presigned URL is valid only for its request and until it expires."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from xml.etree import ElementTree as ET

import httpx
import pytest
from support.object_server import ACCESS_KEY, BUCKET, SECRET_KEY, ObjectServer

from bitfount_api.sandbox.objects.signing import ALGORITHM, Presigner, Scope, SignedRequest

Query = list[tuple[str, str]]

GET, PUT = ["get"], ["put_part"]
BOTH = GET + PUT


def code(answer: httpx.Response) -> str:
    return ET.fromstring(answer.content).findtext("Code") or ""


def changed(url: str, change: Callable[[Query], Query]) -> str:
    parts = urlsplit(url)
    pairs = change(parse_qsl(parts.query, keep_blank_values=True))
    query = "&".join(f"{quote(name, '')}={quote(value, '')}" for name, value in pairs)
    return parts._replace(query=query).geturl()


def having(name: str, change: Callable[[str], str]) -> Callable[[Query], Query]:
    def apply(query: Query) -> Query:
        assert name in dict(query)
        return [(each, change(value) if each == name else value) for each, value in query]

    return apply


def without(name: str) -> Callable[[Query], Query]:
    return lambda query: [pair for pair in query if pair[0] != name]


def plus(*pair: str) -> Callable[[Query], Query]:
    return lambda query: [*query, (pair[0], pair[1])]


def test_an_object_is_read(server: ObjectServer, presigner: Presigner, http: httpx.Client) -> None:
    for key in ("k", "a b/é+%41?#&=", "line\nend", "a//b/"):
        stored = server.store.put(key, key.encode(), "text/x")
        answer = http.get(presigner.get(key))
        assert answer.status_code == 200
        assert answer.content == key.encode()
        assert answer.headers["content-type"] == "text/x"
        assert answer.headers["etag"] == f'"{stored.etag}"'
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["content-length"] == str(stored.size)
        assert len(answer.headers["x-amz-request-id"]) == 16


def test_presigned_url_suffices_to_store_a_part(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    upload = server.store.create_upload("a b/é")
    url = presigner.put_part("a b/é", upload, 7)
    headers = {"content-type": "application/octet-stream"}
    answer = http.put(url, content=b"part", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["etag"] == f'"{hashlib.md5(b"part").hexdigest()}"'
    (part,) = server.store.parts("a b/é", upload)
    assert (part.number, part.size) == (7, 4)


# Each case of tampering: its name, the URLs it applies to, and S3's possible error codes.
TAMPERED: list[tuple[str, list[str], Callable[[Query], Query], str]] = [
    ("upload id", PUT, having("uploadId", lambda each: each[:-1] + "~"), "SignatureDoesNotMatch"),
    ("part number", PUT, having("partNumber", lambda _: "2"), "SignatureDoesNotMatch"),
    ("no upload id", PUT, without("uploadId"), "SignatureDoesNotMatch"),
    ("no part number", PUT, without("partNumber"), "SignatureDoesNotMatch"),
    ("longer expiry", BOTH, having("X-Amz-Expires", lambda _: "7200"), "SignatureDoesNotMatch"),
    (
        "same expiry",
        BOTH,
        having("X-Amz-Expires", lambda each: "0" + each),
        "SignatureDoesNotMatch",
    ),
    (
        "endless expiry",
        BOTH,
        having("X-Amz-Expires", lambda _: "604801"),
        "AuthorizationQueryParametersError",
    ),
    (
        "negative expiry",
        BOTH,
        having("X-Amz-Expires", lambda _: "-1"),
        "AuthorizationQueryParametersError",
    ),
    (
        "other second",
        BOTH,
        having("X-Amz-Date", lambda each: each[:-2] + str((int(each[-2]) + 1) % 10) + "Z"),
        "SignatureDoesNotMatch",
    ),
    (
        "other day",
        BOTH,
        having("X-Amz-Date", lambda each: "20010101" + each[8:]),
        "AuthorizationQueryParametersError",
    ),
    (
        "no date",
        BOTH,
        having("X-Amz-Date", lambda _: "yesterday"),
        "AuthorizationQueryParametersError",
    ),
    (
        "no such date",
        BOTH,
        having("X-Amz-Date", lambda _: "20261399T000000Z"),
        "AuthorizationQueryParametersError",
    ),
    (
        "other access key",
        BOTH,
        having("X-Amz-Credential", lambda each: "X" + each),
        "InvalidAccessKeyId",
    ),
    (
        "access key alone",
        BOTH,
        having("X-Amz-Credential", lambda each: each.split("/")[0]),
        "AuthorizationQueryParametersError",
    ),
    (
        "other region",
        BOTH,
        having("X-Amz-Credential", lambda each: each.replace("us-east-1", "eu-west-2")),
        "AuthorizationQueryParametersError",
    ),
    (
        "other service",
        BOTH,
        having("X-Amz-Credential", lambda each: each.replace("/s3/", "/sts/")),
        "AuthorizationQueryParametersError",
    ),
    (
        "other algorithm",
        BOTH,
        having("X-Amz-Algorithm", lambda _: "AWS4-HMAC-SHA1"),
        "AuthorizationQueryParametersError",
    ),
    (
        "other signature",
        BOTH,
        having("X-Amz-Signature", lambda each: each[:-1] + ("0" if each[-1] != "0" else "1")),
        "SignatureDoesNotMatch",
    ),
    (
        "capital signature",
        BOTH,
        having("X-Amz-Signature", lambda each: "A" + each[1:].upper()),
        "SignatureDoesNotMatch",
    ),
    ("empty signature", BOTH, having("X-Amz-Signature", lambda _: ""), "SignatureDoesNotMatch"),
    ("odd signature", BOTH, having("X-Amz-Signature", lambda _: "é\0"), "SignatureDoesNotMatch"),
    (
        "no host signed",
        BOTH,
        having("X-Amz-SignedHeaders", lambda _: "date"),
        "AccessDenied",
    ),
    (
        "more headers signed",
        BOTH,
        having("X-Amz-SignedHeaders", lambda each: each + ";range"),
        "SignatureDoesNotMatch",
    ),
    ("more query", BOTH, plus("response-content-type", "text/html"), "SignatureDoesNotMatch"),
    ("unknown query", BOTH, plus("x", ""), "SignatureDoesNotMatch"),
    ("acl", BOTH, plus("acl", ""), "SignatureDoesNotMatch"),
    ("duplicate upload id", PUT, plus("uploadId", "x"), "InvalidArgument"),
    ("duplicate part number", PUT, plus("partNumber", "2"), "InvalidArgument"),
    ("duplicate signature", BOTH, plus("X-Amz-Signature", "0"), "InvalidArgument"),
    ("duplicate expiry", BOTH, plus("X-Amz-Expires", "7200"), "InvalidArgument"),
    ("in small letters", BOTH, plus("x-amz-signature", "0"), "SignatureDoesNotMatch"),
    *(
        (f"without {name}", BOTH, without(name), "AuthorizationQueryParametersError")
        for name in (
            "X-Amz-Credential",
            "X-Amz-Date",
            "X-Amz-Expires",
            "X-Amz-SignedHeaders",
            "X-Amz-Signature",
        )
    ),
    (
        "without the algorithm",
        BOTH,
        without("X-Amz-Algorithm"),
        "AuthorizationQueryParametersError",
    ),
    ("without all", BOTH, lambda _: [], "AccessDenied"),
]


@pytest.mark.parametrize(
    ("kind", "change", "expected"),
    [
        pytest.param(kind, change, expected, id=f"{kind}: {name}")
        for name, kinds, change, expected in TAMPERED
        for kind in kinds
    ],
)
def test_changed_url_is_rejected(
    server: ObjectServer,
    presigner: Presigner,
    http: httpx.Client,
    kind: str,
    change: Callable[[Query], Query],
    expected: str,
) -> None:
    server.store.put("k", b"content")
    upload = server.store.create_upload("k")
    if kind == "get":
        method, url, body = "GET", presigner.get("k"), b""
    else:
        method, url, body = "PUT", presigner.put_part("k", upload, 1), b"part"
    other = changed(url, change)
    assert other != url
    answer = http.request(method, other, content=body)
    assert code(answer) == expected
    assert 400 <= answer.status_code < 404
    assert server.store.parts("k", upload) == []
    assert server.store.read("k") == b"content"
    assert http.request(method, url, content=body).status_code == 200


@pytest.mark.parametrize("other", ["j", "k/", "/k", "K", "k%00", "%2Fk"])
def test_url_is_valid_for_its_key_only(
    server: ObjectServer, presigner: Presigner, http: httpx.Client, other: str
) -> None:
    upload = server.store.create_upload("k")
    for url, method in ((presigner.get("k"), "GET"), (presigner.put_part("k", upload, 1), "PUT")):
        answer = http.request(method, url.replace(f"/{BUCKET}/k?", f"/{BUCKET}/{other}?"))
        assert code(answer) == "SignatureDoesNotMatch"
    assert server.store.parts("k", upload) == []


def test_url_is_valid_for_its_bucket_and_host_only(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    url = presigner.get("k")
    assert code(http.get(url.replace(f"/{BUCKET}/", "/other/"))) == "SignatureDoesNotMatch"
    assert code(http.get(url.replace("127.0.0.1", "localhost"))) == "SignatureDoesNotMatch"
    other = server.presigner(bucket="other").get("k")
    assert code(http.get(other)) == "NoSuchBucket"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "HEAD", "OPTIONS", "PATCH"])
def test_url_is_valid_for_its_method_only(
    server: ObjectServer, presigner: Presigner, http: httpx.Client, method: str
) -> None:
    server.store.put("k", b"content")
    answer = http.request(method, presigner.get("k"), content=b"x" if method == "PUT" else b"")
    assert answer.status_code == 403
    assert method == "HEAD" or code(answer) == "SignatureDoesNotMatch"
    assert server.store.read("k") == b"content"


@pytest.mark.parametrize("changes", [{"secret_key": "x"}, {"secret_key": SECRET_KEY + " "}])
def test_url_signed_with_another_key_is_rejected(
    server: ObjectServer, http: httpx.Client, changes: Any
) -> None:
    server.store.put("k", b"content")
    assert code(http.get(server.presigner(**changes).get("k"))) == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [(-1000, "not valid yet"), (-800, None), (0, None), (58, None), (62, "has expired")],
)
def test_url_expires(
    server: ObjectServer,
    presigner: Presigner,
    http: httpx.Client,
    ahead: float,
    expected: str | None,
) -> None:
    server.store.put("k", b"content")
    upload = server.store.create_upload("k")
    urls = [("GET", presigner.get("k", 60)), ("PUT", presigner.put_part("k", upload, 1, 60))]
    server.clock.ahead = ahead
    for method, url in urls:
        answer = http.request(method, url)
        if expected is None:
            assert answer.status_code == 200
        else:
            assert (answer.status_code, code(answer)) == (403, "AccessDenied")
            assert expected in answer.text


def test_effective_headers_must_be_signed(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    upload = server.store.create_upload("k")
    url = presigner.put_part("k", upload, 1)
    for name in ("x-amz-meta-a", "x-amz-copy-source", "x-amz-security-token", "x-amz-acl"):
        answer = http.put(url, content=b"part", headers={name: "x"})
        assert (answer.status_code, code(answer)) == (403, "AccessDenied")
        assert name in answer.text
    plain = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD", "content-type": "x", "x-other": "y"}
    assert http.put(url, content=b"part", headers=plain).status_code == 200


def test_presigned_url_may_fix_the_body_hash(server: ObjectServer, http: httpx.Client) -> None:
    payload = hashlib.sha256(b"content").hexdigest()
    scope = Scope(f"{dt.datetime.now(dt.UTC):%Y%m%d}", "us-east-1")
    timestamp = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}"
    query = [
        ("X-Amz-Algorithm", ALGORITHM),
        ("X-Amz-Credential", f"{ACCESS_KEY}/{scope}"),
        ("X-Amz-Date", timestamp),
        ("X-Amz-Expires", "60"),
        ("X-Amz-SignedHeaders", "host;x-amz-content-sha256"),
    ]
    headers = {"host": urlsplit(server.url).netloc, "x-amz-content-sha256": payload}
    request = SignedRequest("PUT", f"/{BUCKET}/k", query, headers, payload)
    signature = scope.sign(SECRET_KEY, request.text_to_sign(timestamp, scope))
    url = changed(f"{server.url}/{BUCKET}/k", lambda _: [*query, ("X-Amz-Signature", signature)])
    for other in (headers | {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, {}):
        assert code(http.put(url, content=b"content", headers=other)) == "SignatureDoesNotMatch"
    assert code(http.put(url, content=b"other", headers=headers)) == "XAmzContentSHA256Mismatch"
    assert http.put(url, content=b"content", headers=headers).status_code == 200


def test_two_kinds_of_authentication_are_rejected(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    server.store.put("k", b"content")
    answer = http.get(presigner.get("k"), headers={"authorization": "AWS4-HMAC-SHA256 x"})
    assert code(answer) == "InvalidArgument"


@pytest.mark.parametrize("path", ["", "/", f"/{BUCKET}", f"/{BUCKET}/k", f"/{BUCKET}/nothing"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_unsigned_requests_are_rejected(
    server: ObjectServer, http: httpx.Client, path: str, method: str
) -> None:
    server.store.put("k", b"content")
    answer = http.request(method, server.url + path)
    assert (answer.status_code, code(answer)) == (403, "AccessDenied")
    assert b"content" not in answer.content
    assert http.head(server.url + path).status_code == 403
    assert server.store.keys() == ["k"]


@pytest.mark.parametrize(
    "header",
    [
        "Bearer x",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Signature=0, Credential=a, SignedHeaders=host",
    ],
)
def test_invalid_signature_header_is_rejected(
    server: ObjectServer, http: httpx.Client, header: str
) -> None:
    answer = http.get(f"{server.url}/{BUCKET}/k", headers={"authorization": header})
    assert (answer.status_code, code(answer)) == (400, "AuthorizationHeaderMalformed")


def test_urls_that_are_not_utf_8_are_rejected(server: ObjectServer, http: httpx.Client) -> None:
    for path in (f"/{BUCKET}/%ff", f"/{BUCKET}/k?x=%ff"):
        answer = http.get(server.url + path)
        assert (answer.status_code, code(answer)) == (400, "InvalidURI")


def test_rejection_shows_no_secret(
    server: ObjectServer, presigner: Presigner, http: httpx.Client, caplog: Any
) -> None:
    caplog.set_level("DEBUG")
    url = presigner.get("missing key")
    signature = dict(parse_qsl(urlsplit(url).query))["X-Amz-Signature"]
    answer = http.get(url)
    assert (answer.status_code, code(answer)) == (404, "NoSuchKey")
    assert answer.headers["content-type"] == "application/xml"
    document = ET.fromstring(answer.content)
    assert document.findtext("Resource") == f"/{BUCKET}/missing%20key"
    assert document.findtext("RequestId") == answer.headers["x-amz-request-id"]
    tampered = http.get(url.replace("missing", "other"))
    logged = [each.getMessage() for each in caplog.records if not each.name.startswith("httpx")]
    for text in (answer.text, tampered.text, *logged):
        assert signature not in text
        assert SECRET_KEY not in text
