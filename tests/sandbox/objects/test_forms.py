"""A presigned form allows what its policy allows, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx
import pytest
from support.object_server import BUCKET, SECRET_KEY, ObjectServer

from bitfount_api.sandbox.objects import payload
from bitfount_api.sandbox.objects.signing import Presigner, Scope

Fields = dict[str, str]
Pairs = list[tuple[str, str]]

BOUNDARY = "a-line-between"


def form(
    fields: Fields | Pairs,
    content: bytes | None = b"content",
    file_name: str | None = "m.py",
    after: bytes = b"",
) -> bytes:
    pairs = fields if isinstance(fields, list) else list(fields.items())
    body = b"".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in pairs
    )
    if content is not None:
        named = "" if file_name is None else f'; filename="{file_name}"'
        body += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"{named}\r\n'.encode()
        body += b"Content-Type: text/whatever\r\n\r\n" + content + b"\r\n"
    return body + after + f"--{BOUNDARY}--\r\n".encode()


def send(http: httpx.Client, url: str, body: Any, **headers: str) -> httpx.Response:
    kind = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return http.post(url, content=body, headers={**kind, **headers})


def code(answer: httpx.Response) -> str:
    return ET.fromstring(answer.content).findtext("Code") or ""


def signed(fields: Fields, document: Any) -> Fields:
    """Return the same form with another policy and a valid signature."""
    policy = base64.b64encode(json.dumps(document).encode()).decode()
    scope = Scope(fields["x-amz-date"][:8], "us-east-1")
    return {**fields, "policy": policy, "x-amz-signature": scope.sign(SECRET_KEY, policy)}


def policy_of(fields: Fields) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(base64.b64decode(fields["policy"]))
    return document


def test_a_file_is_stored(server: ObjectServer, presigner: Presigner, http: httpx.Client) -> None:
    said = {"Content-Type": "text/x", "x-amz-meta-a": "b", "Cache-Control": "no-store"}
    url, fields = presigner.post("a b/é+", max_bytes=7, min_bytes=7, fields=said)
    answer = send(http, url, form(fields))
    assert answer.status_code == 204
    assert answer.content == b""
    etag = hashlib.md5(b"content").hexdigest()
    assert answer.headers["etag"] == f'"{etag}"'
    assert answer.headers["location"] == f"{server.url}/{BUCKET}/a%20b/%C3%A9%2B"
    stored = server.store.head("a b/é+")
    assert stored is not None
    assert (stored.etag, stored.size, stored.content_type) == (etag, 7, "text/x")
    assert stored.headers == {"x-amz-meta-a": "b", "cache-control": "no-store"}
    assert server.store.read("a b/é+") == b"content"


def test_a_large_file_is_stored(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    content = bytes(range(256)) * 20_000
    url, fields = presigner.post("k", max_bytes=len(content))
    assert send(http, url, form(fields, content)).status_code == 204
    assert server.store.read("k") == content


def test_an_empty_file_is_stored(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    url, fields = presigner.post("k", max_bytes=0)
    assert send(http, url, form(fields, b"")).status_code == 204
    assert server.store.read("k") == b""


def test_form_written_by_httpx_is_accepted(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    url, fields = presigner.post("k", max_bytes=100)
    assert http.post(url, data=fields, files={"file": ("m.py", b"content")}).is_success
    stored = server.store.head("k")
    assert stored is not None
    assert stored.content_type == "binary/octet-stream"  # not the Content-Type of the file's part


@pytest.mark.parametrize(
    ("status", "expected"), [("200", 200), ("201", 201), ("204", 204), ("303", 204), ("", 204)]
)
def test_form_chooses_the_success_status(
    server: ObjectServer, presigner: Presigner, http: httpx.Client, status: str, expected: int
) -> None:
    url, fields = presigner.post("a/é", max_bytes=9, fields={"success_action_status": status})
    answer = send(http, url, form(fields))
    assert answer.status_code == expected
    if expected == 201:
        document = ET.fromstring(answer.content)
        assert document.tag == "PostResponse"
        assert {each.tag: each.text for each in document} == {
            "Location": f"{server.url}/{BUCKET}/a/%C3%A9",
            "Bucket": BUCKET,
            "Key": "a/é",
            "ETag": answer.headers["etag"],
        }
    else:
        assert answer.content == b""


@pytest.mark.parametrize(
    ("file_name", "key"),
    [
        ("m.py", "m/m.py"),
        ("é ü.py", "m/é ü.py"),
        ("C:\\models\\m.py", "m/m.py"),
        ("../../m.py", "m/m.py"),
        ("${filename}", "m/${filename}"),
        ("", "m/"),
        (None, "m/"),
    ],
)
def test_key_may_contain_the_file_name(
    server: ObjectServer, presigner: Presigner, http: httpx.Client, file_name: str | None, key: str
) -> None:
    url, fields = presigner.post("m/${filename}", max_bytes=9)
    assert send(http, url, form(fields, file_name=file_name)).status_code == 204
    assert server.store.keys() == [key]


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1, "EntityTooSmall"), (2, None), (4, None), (5, "EntityTooLarge"), (0, "EntityTooSmall")],
)
def test_size_range_of_the_policy_is_enforced(
    server: ObjectServer,
    presigner: Presigner,
    http: httpx.Client,
    size: int,
    expected: str | None,
) -> None:
    url, fields = presigner.post("k", min_bytes=2, max_bytes=4)
    answer = send(http, url, form(fields, b"x" * size))
    if expected is None:
        assert answer.status_code == 204
    else:
        assert (answer.status_code, code(answer)) == (400, expected)
    assert server.store.keys() == ([] if expected else ["k"])


def test_oversized_file_is_rejected_before_its_end(
    server: ObjectServer, presigner: Presigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload, "_DRAIN_SECONDS", 0.05)
    url, fields = presigner.post("k", max_bytes=1024 * 1024)
    parts = urlsplit(url)
    body = form(fields, bytes(3 * 1024 * 1024))
    head = (
        f"POST {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\ncontent-length: {2**32}\r\n"
        f"content-type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    )
    assert parts.hostname
    with socket.create_connection((parts.hostname, parts.port or 0), timeout=20) as connection:
        connection.sendall(head.encode() + body[:-1000])
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"EntityTooLarge" in answer
    assert server.store.keys() == []


def test_policy_applies_to_the_key_with_the_file_name(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    url, fields = presigner.post("m/a.py", max_bytes=9)
    fields["key"] = "m/${filename}"
    assert code(send(http, url, form(fields, file_name="b.py"))) == "AccessDenied"
    assert send(http, url, form(fields, file_name="a.py")).status_code == 204
    assert server.store.keys() == ["m/a.py"]


# Each case of tampering: its name, the change, and S3's error code.
TAMPERED: list[tuple[str, Callable[[Fields], Fields | Pairs], str]] = [
    ("other key", lambda form: {**form, "key": "other"}, "AccessDenied"),
    ("longer key", lambda form: {**form, "key": form["key"] + "x"}, "AccessDenied"),
    ("no key", lambda form: without(form, "key"), "InvalidArgument"),
    ("other type", lambda form: {**form, "Content-Type": "text/html"}, "AccessDenied"),
    ("no type", lambda form: without(form, "Content-Type"), "AccessDenied"),
    ("other bucket", lambda form: {**form, "bucket": "other"}, "AccessDenied"),
    ("extra field", lambda form: {**form, "x-amz-meta-b": "c"}, "AccessDenied"),
    ("extra acl", lambda form: {**form, "acl": "public-read"}, "AccessDenied"),
    ("extra empty field", lambda form: {**form, "b": ""}, "AccessDenied"),
    ("extra status", lambda form: {**form, "success_action_status": "201"}, "AccessDenied"),
    ("extra redirect", lambda form: {**form, "success_action_redirect": "x"}, "AccessDenied"),
    ("extra checksum", lambda form: {**form, "x-amz-checksum-crc32": "AAAAAA=="}, "AccessDenied"),
    ("duplicate key", lambda form: [*form.items(), ("key", form["key"])], "InvalidArgument"),
    ("duplicate in capitals", lambda form: [*form.items(), ("KEY", "k")], "InvalidArgument"),
    ("duplicate policy", lambda form: [*form.items(), ("policy", "x")], "InvalidArgument"),
    ("no policy", lambda form: without(form, "policy"), "AccessDenied"),
    ("empty policy", lambda form: {**form, "policy": ""}, "SignatureDoesNotMatch"),
    ("other policy", lambda form: {**form, "policy": longer(form)}, "SignatureDoesNotMatch"),
    (
        "space in policy",
        lambda form: {**form, "policy": form["policy"] + " "},
        "SignatureDoesNotMatch",
    ),
    ("no signature", lambda form: without(form, "x-amz-signature"), "InvalidArgument"),
    ("empty signature", lambda form: {**form, "x-amz-signature": ""}, "SignatureDoesNotMatch"),
    ("odd signature", lambda form: {**form, "x-amz-signature": "é"}, "SignatureDoesNotMatch"),
    (
        "other signature",
        lambda form: {**form, "x-amz-signature": "0" * 64},
        "SignatureDoesNotMatch",
    ),
    ("no date", lambda form: without(form, "x-amz-date"), "InvalidArgument"),
    ("other second", lambda form: {**form, "x-amz-date": other_second(form)}, "AccessDenied"),
    ("other day", lambda form: {**form, "x-amz-date": "20010101T000000Z"}, "InvalidArgument"),
    ("no such date", lambda form: {**form, "x-amz-date": "today"}, "InvalidArgument"),
    ("no credential", lambda form: without(form, "x-amz-credential"), "InvalidArgument"),
    (
        "other access key",
        lambda form: {**form, "x-amz-credential": "X" + form["x-amz-credential"]},
        "InvalidAccessKeyId",
    ),
    (
        "other region",
        lambda form: {**form, "x-amz-credential": form["x-amz-credential"].replace("us", "eu")},
        "InvalidArgument",
    ),
    ("no algorithm", lambda form: without(form, "x-amz-algorithm"), "InvalidArgument"),
    ("other algorithm", lambda form: {**form, "x-amz-algorithm": "none"}, "InvalidArgument"),
    ("nothing", lambda _: {}, "AccessDenied"),
]


def without(fields: Fields, name: str) -> Fields:
    return {each: value for each, value in fields.items() if each != name}


def longer(fields: Fields) -> str:
    document = {**policy_of(fields), "expiration": "2099-01-01T00:00:00Z"}
    return base64.b64encode(json.dumps(document).encode()).decode()


def other_second(fields: Fields) -> str:
    date = fields["x-amz-date"]
    return date[:-2] + str((int(date[-2]) + 1) % 10) + "Z"


@pytest.mark.parametrize(
    ("change", "expected"),
    [pytest.param(change, expected, id=name) for name, change, expected in TAMPERED],
)
def test_changed_form_is_rejected(
    server: ObjectServer,
    presigner: Presigner,
    http: httpx.Client,
    change: Callable[[Fields], Fields | Pairs],
    expected: str,
) -> None:
    url, fields = presigner.post("k", max_bytes=9, fields={"Content-Type": "text/x"})
    answer = send(http, url, form(change(fields)))
    assert code(answer) == expected
    assert answer.status_code in (400, 403)
    assert server.store.keys() == []
    assert send(http, url, form(fields)).status_code == 204


@pytest.mark.parametrize(("ahead", "expected"), [(58, None), (62, "Policy expired")])
def test_form_expires(
    server: ObjectServer,
    presigner: Presigner,
    http: httpx.Client,
    ahead: float,
    expected: str | None,
) -> None:
    url, fields = presigner.post("k", max_bytes=9, expires=60)
    server.clock.ahead = ahead
    answer = send(http, url, form(fields))
    if expected is None:
        assert answer.status_code == 204
    else:
        assert (answer.status_code, code(answer)) == (403, "AccessDenied")
        assert expected in answer.text


def test_form_is_valid_for_its_bucket_and_signer_only(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    url, fields = presigner.post("k", max_bytes=9)
    assert code(send(http, url + "2", form(fields))) == "NoSuchBucket"
    url, fields = server.presigner(bucket="other").post("k", max_bytes=9)
    assert code(send(http, url.replace("/other", f"/{BUCKET}"), form(fields))) == "AccessDenied"
    url, fields = server.presigner(secret_key="x").post("k", max_bytes=9)
    assert code(send(http, url, form(fields))) == "SignatureDoesNotMatch"


def test_invalid_signed_policy_is_rejected(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    url, fields = presigner.post("k", max_bytes=9)
    documents: list[Any] = [[], {}, {**policy_of(fields), "conditions": ["key"]}]
    for document in documents:
        assert code(send(http, url, form(signed(fields, document)))) == "InvalidPolicyDocument"
    assert server.store.keys() == []


def test_digests_in_a_form_are_checked(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    digest = base64.b64encode(hashlib.sha256(b"content").digest()).decode()
    url, fields = presigner.post("k", max_bytes=9, fields={"x-amz-checksum-sha256": digest})
    assert code(send(http, url, form(fields, b"contend"))) == "BadDigest"
    assert server.store.keys() == []
    assert send(http, url, form(fields)).status_code == 204


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"success_action_redirect": "http://h"}, "NotImplemented"),
        ({"x-amz-server-side-encryption": "AES256"}, "NotImplemented"),
        ({"x-amz-meta-a": "🫀"}, "InvalidArgument"),
        ({"x-amz-meta-é": "a"}, "InvalidArgument"),
        ({"Content-Type": "a\r\nSet-Cookie: b"}, "InvalidArgument"),
    ],
)
def test_unsupported_form_fields_are_rejected(
    server: ObjectServer,
    presigner: Presigner,
    http: httpx.Client,
    said: dict[str, str],
    expected: str,
) -> None:
    url, fields = presigner.post("k", max_bytes=9, fields=said)
    assert code(send(http, url, form(fields))) == expected
    assert server.store.keys() == []


def part(name: str, value: str = "x", more: str = "") -> bytes:
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'
    ).encode()


def test_file_must_be_the_last_field(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    url, fields = presigner.post("k", max_bytes=9)
    for after in (part("x-ignore-this"), part("file", more='; filename="second"')):
        answer = send(http, url, form(fields, after=after))
        assert code(answer) == "IncorrectNumberOfFilesInPostRequest"
    late = form([], after=b"".join(part(name, value) for name, value in fields.items()))
    assert code(send(http, url, late)) == "IncorrectNumberOfFilesInPostRequest"
    assert code(send(http, url, form(fields, None))) == "InvalidArgument"
    assert server.store.keys() == []


def test_size_of_the_fields_is_limited(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    url, fields = presigner.post("k", max_bytes=9)
    for more in ({"x-ignore-a": "x" * 20_000}, {f"x-ignore-{n}": "" for n in range(1000)}):
        answer = send(http, url, form({**fields, **more}))
        assert code(answer) == "MaxPostPreDataLengthExceeded"
    assert send(http, url, form({**fields, "x-ignore-a": "x" * 10_000})).status_code == 204


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("application/x-www-form-urlencoded", "PreconditionFailed"),
        ("multipart/form-data", "PreconditionFailed"),
        ("multipart/mixed; boundary=x", "PreconditionFailed"),
        ("", "PreconditionFailed"),
        (f"multipart/form-data; boundary={'x' * 300}", "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=another", "MalformedPOSTRequest"),
    ],
)
def test_body_that_is_not_a_form_is_rejected(
    server: ObjectServer, presigner: Presigner, http: httpx.Client, kind: str, expected: str
) -> None:
    url, fields = presigner.post("k", max_bytes=9)
    headers = {"content-type": kind}
    assert code(http.post(url, content=form(fields), headers=headers)) == expected


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body[: len(body) // 2],
        lambda body: body[:-6],
        lambda body: b"",
        lambda body: body.replace(b"form-data", b"attachment", 1),
        lambda body: body.replace(b'name="key"', b'title="key"', 1),
        lambda body: body.replace(b'name="key"', b'name="\xff"', 1),
        lambda body: body.replace(b"\r\n\r\nk\r\n", b"\r\n\r\n\xff\r\n", 1),
        lambda body: body.replace(b"Content-Disposition", b"Content Disposition", 1),
        lambda body: body.replace(b"Content-Disposition", b"Content-Type", 1),
    ],
)
def test_malformed_form_is_rejected(
    server: ObjectServer,
    presigner: Presigner,
    http: httpx.Client,
    spoil: Callable[[bytes], bytes],
) -> None:
    url, fields = presigner.post("k", max_bytes=9)
    answer = send(http, url, spoil(form(fields)))
    assert (answer.status_code, code(answer)) == (400, "MalformedPOSTRequest")
    assert server.store.keys() == []


def test_forms_come_in_pieces_of_any_size(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    # Full of prefixes of the boundary, which the parser must hold back until they differ from it.
    content = f"\r\n--{BOUNDARY[:-1]}\r\n--{BOUNDARY[:5]}\r\n\r--\n-".encode() * 50
    url, fields = presigner.post("k", max_bytes=len(content))
    body = form(fields, content)
    for size in (1, 7, 1000):
        pieces = (body[start : start + size] for start in range(0, len(body), size))
        answer = send(http, url, pieces, **{"content-length": str(len(body))})
        assert answer.status_code == 204
        assert server.store.read("k") == content
        server.store.delete("k")


def test_form_without_a_length_is_rejected(
    server: ObjectServer, presigner: Presigner, http: httpx.Client
) -> None:
    url, fields = presigner.post("k", max_bytes=9)
    answer = send(http, url, iter([form(fields)]))
    assert (answer.status_code, code(answer)) == (411, "MissingContentLength")
