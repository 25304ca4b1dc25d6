"""Bodies are accepted only if they are complete and match their signature."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import ipaddress
import socket
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx
import pytest
from support.object_server import BUCKET, ObjectServer, object_server, signed_headers

from bitfount_api.sandbox.objects import payload
from bitfount_api.sandbox.objects.checks import Checks
from bitfount_api.sandbox.objects.signing import Presigner

TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
CRC = base64.b64encode(zlib.crc32(b"content").to_bytes(4)).decode()


def code(answer: httpx.Response) -> str:
    return ET.fromstring(answer.content).findtext("Code") or ""


def put(server: ObjectServer, http: httpx.Client, body: Any, **more: str) -> httpx.Response:
    url = f"{server.url}/{BUCKET}/k"
    headers = signed_headers(url, "PUT", **more)
    return http.put(url, content=body, headers=headers)


def send(server: ObjectServer, http: httpx.Client, body: bytes, **more: str) -> httpx.Response:
    """Return a body encoded as ``aws-chunked``."""
    said = {"x_amz_decoded_content_length": "7", "x_amz_trailer": "x-amz-checksum-crc32", **more}
    return put(server, http, body, payload=TRAILER, **said)


def chunks(*contents: bytes, trailer: str = f"x-amz-checksum-crc32:{CRC}\r\n") -> bytes:
    body = b"".join(f"{len(each):x}\r\n".encode() + each + b"\r\n" for each in contents)
    return body + b"0\r\n" + trailer.encode() + b"\r\n"


@contextlib.contextmanager
def unread(server: ObjectServer, head: str, body: bytes) -> Any:
    """Open a connection and send a request on it."""
    parts = urlsplit(server.url)
    assert parts.hostname
    with socket.create_connection((parts.hostname, parts.port or 0), timeout=20) as connection:
        connection.sendall(head.encode() + b"\r\n\r\n" + body)
        yield connection


def head_of(method: str, url: str, **headers: str) -> str:
    parts = urlsplit(url)
    lines = [f"{method} {parts.path}?{parts.query} HTTP/1.1", f"host: {parts.netloc}"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items())])


def read_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def test_body_with_its_signed_hash_is_accepted(server: ObjectServer, http: httpx.Client) -> None:
    good = hashlib.sha256(b"content").hexdigest()
    answer = put(server, http, b"contend", payload=good)
    assert (answer.status_code, code(answer)) == (400, "XAmzContentSHA256Mismatch")
    assert server.store.keys() == []
    assert put(server, http, b"content", payload=good).status_code == 200


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("", "InvalidRequest"),
        ("nothing", "InvalidArgument"),
        ("A" * 64, "InvalidArgument"),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "NotImplemented"),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "NotImplemented"),
    ],
)
def test_body_that_cannot_be_verified_is_rejected(
    server: ObjectServer, http: httpx.Client, payload: str, expected: str
) -> None:
    assert code(put(server, http, b"content", payload=payload)) == expected
    assert server.store.keys() == []


# Changes to a request that is signed in its headers, and the resulting errors.
TAMPERED: list[tuple[str, Callable[[dict[str, str]], dict[str, str]], str]] = [
    ("other type", lambda each: {**each, "content-type": "text/html"}, "SignatureDoesNotMatch"),
    ("no type", lambda each: without(each, "content-type"), "SignatureDoesNotMatch"),
    ("other meta", lambda each: {**each, "x-amz-meta-a": "c"}, "SignatureDoesNotMatch"),
    ("more meta", lambda each: {**each, "x-amz-meta-b": "c"}, "AccessDenied"),
    (
        "other payload",
        lambda each: {**each, "x-amz-content-sha256": "0" * 64},
        "SignatureDoesNotMatch",
    ),
    ("no payload", lambda each: without(each, "x-amz-content-sha256"), "InvalidRequest"),
    ("no date", lambda each: without(each, "x-amz-date"), "AccessDenied"),
    ("odd date", lambda each: {**each, "x-amz-date": "today"}, "AccessDenied"),
    ("other host", lambda each: {**each, "host": "other.test"}, "SignatureDoesNotMatch"),
    (
        "other day",
        lambda each: {**each, "x-amz-date": "20010101T000000Z"},
        "AuthorizationHeaderMalformed",
    ),
    (
        "other region",
        lambda each: changed(each, "us-east-1", "eu-west-2"),
        "AuthorizationHeaderMalformed",
    ),
    ("other key", lambda each: changed(each, "Credential=A", "Credential=B"), "InvalidAccessKeyId"),
    ("fewer signed", lambda each: changed(each, "content-type;", ""), "SignatureDoesNotMatch"),
    ("meta not signed", lambda each: changed(each, ";x-amz-meta-a", ""), "AccessDenied"),
    ("no signature", lambda each: without(each, "authorization"), "AccessDenied"),
    ("old version", lambda each: {**each, "authorization": "AWS a:b"}, "InvalidRequest"),
]


def without(headers: dict[str, str], name: str) -> dict[str, str]:
    return {each: value for each, value in headers.items() if each != name}


def changed(headers: dict[str, str], old: str, new: str) -> dict[str, str]:
    assert old in headers["authorization"]
    return {**headers, "authorization": headers["authorization"].replace(old, new)}


@pytest.mark.parametrize(
    ("change", "expected"),
    [pytest.param(change, expected, id=name) for name, change, expected in TAMPERED],
)
def test_changed_signed_request_is_rejected(
    server: ObjectServer,
    http: httpx.Client,
    change: Callable[[dict[str, str]], dict[str, str]],
    expected: str,
) -> None:
    url = f"{server.url}/{BUCKET}/k"
    headers = signed_headers(url, "PUT", content_type="text/x", x_amz_meta_a="b")
    answer = http.put(url, content=b"content", headers=change(headers))
    assert code(answer) == expected
    assert code(http.put(url + "2", content=b"", headers=headers)) == "SignatureDoesNotMatch"
    assert code(http.put(url + "?a", content=b"", headers=headers)) == "SignatureDoesNotMatch"
    assert code(http.post(url, content=b"", headers=headers)) == "SignatureDoesNotMatch"
    assert server.store.keys() == []
    assert http.put(url, content=b"content", headers=headers).status_code == 200


@pytest.mark.parametrize("size", [0, 7, 3 * 1024 * 1024])
def test_boto3_sends_chunks_over_https(
    tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []

    def noted(headers: dict[str, str], payload: str) -> Checks:
        taken.append(payload)
        return Checks(headers, payload)

    monkeypatch.setattr(payload, "Checks", noted)
    key, certificate = self_signed(tmp_path)
    content = bytes(size)
    with object_server(
        tmp_path / "store", ssl_keyfile=str(key), ssl_certfile=str(certificate)
    ) as server:
        client = server.boto3(verify=str(certificate))
        put = client.put_object(Bucket=BUCKET, Key="k", Body=content, ContentEncoding="zstd")
        assert put["ETag"] == f'"{hashlib.md5(content).hexdigest()}"'
        stored = server.store.head("k")
        assert stored is not None
        assert stored.headers == {"content-encoding": "zstd"}  # without aws-chunked
        assert server.store.read("k") == content
        client.close()
    assert taken == [TRAILER]


def self_signed(folder: Path) -> tuple[Path, Path]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "key.pem", folder / "certificate.pem"
    paths[0].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    paths[1].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return paths


@pytest.mark.parametrize(
    "body",
    [
        chunks(b"content"),
        chunks(b"con", b"t", b"ent"),
        chunks(b"content").replace(b"7\r\n", b"0007;chunk-signature=x\r\n"),
        chunks(b"content").replace(b":", b" : "),
    ],
)
@pytest.mark.parametrize("size", [1, 5, 1000])
def test_chunks_come_in_pieces_of_any_size(
    server: ObjectServer, http: httpx.Client, body: bytes, size: int
) -> None:
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    answer = send(server, http, pieces)  # type: ignore[arg-type]
    assert answer.status_code == 200
    assert answer.headers["x-amz-checksum-crc32"] == CRC
    assert server.store.read("k") == b"content"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (chunks(b"contend"), "BadDigest"),
        (chunks(b"content", b"more"), "IncompleteBody"),
        (chunks(b"conten"), "IncompleteBody"),
        (chunks(b"content")[:-2], "IncompleteBody"),
        (chunks(b"content", trailer=""), "MalformedTrailerError"),
        (chunks(b"content", trailer="x-amz-checksum-sha1:AAAA\r\n"), "MalformedTrailerError"),
        (chunks(b"content", trailer="x-amz-checksum-crc32:?\r\n"), "InvalidDigest"),
        (chunks(b"content", trailer="none\r\n"), "InvalidRequest"),
        (chunks(b"content", trailer=f"x-amz-checksum-crc32:{CRC}\r\n" * 2), "InvalidRequest"),
        (
            chunks(b"content", trailer="".join(f"{n}:\r\n" for n in range(11))),
            "InvalidRequest",
        ),
        (chunks(b"content") + b"more\r\n", "InvalidRequest"),
        (b"-7\r\ncontent\r\n0\r\n\r\n", "InvalidRequest"),
        (b"7\r\ncontents\r\n0\r\n\r\n", "InvalidRequest"),
        (b"x" * 5000, "InvalidRequest"),
        (b"content", "IncompleteBody"),
        (b"", "IncompleteBody"),
    ],
)
def test_invalid_chunks_are_rejected(
    server: ObjectServer, http: httpx.Client, body: bytes, expected: str
) -> None:
    answer = send(server, http, body)
    assert (answer.status_code, code(answer)) == (400, expected)
    assert server.store.keys() == []


def test_body_longer_than_stated_is_rejected(
    server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload, "_DRAIN_SECONDS", 0.05)
    url = f"{server.url}/{BUCKET}/k"
    said = signed_headers(url, "PUT", TRAILER, x_amz_decoded_content_length="7")
    del said["host"]
    begin = b"300000\r\n" + bytes(2 * payload.BATCH_BYTES)
    head = head_of("PUT", url, **said, **{"content-length": "4000000"})
    with unread(server, head.replace("?", "", 1), begin) as connection:
        answer = read_all(connection)  # before the rest has been sent
    assert b"IncompleteBody" in answer


def test_chunks_need_no_trailer_but_a_length(server: ObjectServer, http: httpx.Client) -> None:
    body = chunks(b"content", trailer="")
    assert send(server, http, body, x_amz_trailer="").status_code == 200
    for length in ("", "x", "-7", "9" * 30):
        answer = send(server, http, body, x_amz_decoded_content_length=length)
        assert code(answer) == "MissingContentLength"
    answer = send(server, http, body, x_amz_decoded_content_length=str(6 * 1024**3))
    assert code(answer) == "EntityTooLarge"
    assert code(send(server, http, body, x_amz_trailer="x-other")) == "NotImplemented"


def test_body_without_a_length_is_rejected(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    upload = server.store.create_upload("k")
    answer = http.put(presigner.put_part("k", upload, 1), content=iter([b"content"]))
    assert (answer.status_code, code(answer)) == (411, "MissingContentLength")
    assert server.store.parts("k", upload) == []


def test_invalid_part_list_is_rejected(server: ObjectServer, http: httpx.Client) -> None:
    upload = server.store.create_upload("k")
    part = server.store.put_part("k", upload, 1, b"part")
    url = f"{server.url}/{BUCKET}/k?uploadId={upload}"

    def complete(body: bytes) -> httpx.Response:
        return http.post(url, content=body, headers=signed_headers(url, "POST"))

    named = f"<Part><PartNumber>1</PartNumber><ETag>{part.etag}</ETag></Part>"
    good = f"<CompleteMultipartUpload>{named}</CompleteMultipartUpload>"
    for body in (
        b"",
        b"text",
        b"\xff",
        b"<Other></Other>",
        f"<Other>{named}</Other>".encode(),
        good.replace("<Part>", "").encode(),
        good.replace(">1<", ">one<").encode(),
        good.replace("ETag", "Tag").encode(),
        good.replace("Part>", "Port>").encode(),
        b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + good.encode(),
        good.encode("utf-16"),
        b" " * (3 * 1024 * 1024),
    ):
        answer = complete(body)
        assert (answer.status_code, code(answer)) == (400, "MalformedXML")
    answer = complete(good.encode())
    assert answer.status_code == 200
    assert server.store.read("k") == b"part"


def test_interrupted_upload_leaves_nothing(server: ObjectServer, presigner: Presigner) -> None:
    upload = server.store.create_upload("k")
    url = presigner.put_part("k", upload, 1)
    body = bytes(3 * 1024 * 1024)
    with unread(server, head_of("PUT", url, **{"content-length": str(len(body) + 1)}), body):
        incoming = server.store.put("other", b"").path.parent.parent / "incoming"
        wait(lambda: any(incoming.iterdir()))
    wait(lambda: not any(incoming.iterdir()))
    assert server.store.parts("k", upload) == []


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not until():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_expect_continue_rejection_needs_no_body(
    server: ObjectServer, presigner: Presigner
) -> None:
    url = presigner.put_part("k", "no-upload", 1)
    said = {"content-length": "7", "expect": "100-continue"}
    with unread(server, head_of("PUT", url, **said), b"") as connection:
        answer = read_all(connection)  # to the end: the server closes the connection
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"NoSuchUpload" in answer


def test_client_still_sending_can_read_the_rejection(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    url = presigner.put_part("k", "no-upload", 1)
    for _ in range(3):
        answer = http.put(url, content=bytes(10 * 1024 * 1024))
        assert code(answer) == "NoSuchUpload"


def test_rest_of_a_rejected_body_is_not_read_without_end(
    server: ObjectServer, presigner: Presigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = presigner.put_part("k", "no-upload", 1)
    monkeypatch.setattr(payload, "_DRAIN_SECONDS", 0.05)
    head = head_of("PUT", url, **{"content-length": "1000000"})
    with unread(server, head, b"some") as connection:
        answer = read_all(connection)
    assert b"connection: close" in answer
    assert b"NoSuchUpload" in answer
    monkeypatch.setattr(payload, "_DRAIN_SECONDS", 60)
    monkeypatch.setattr(payload, "_DRAIN_BYTES", 1000)
    with unread(server, head, bytes(2000)) as connection:
        answer = connection.recv(65536)
    assert b"connection: close" in answer


def test_client_disconnect_during_rejection_is_harmless(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    url = presigner.put_part("k", "no-upload", 1)
    with unread(server, head_of("PUT", url, **{"content-length": "1000000"}), b"some"):
        pass
    assert http.get(presigner.get("k")).status_code == 404
