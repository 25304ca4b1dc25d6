"""boto3 works with the object store as with S3."""

from __future__ import annotations

import base64
import hashlib
import io
import zlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
from support.object_server import ACCESS_KEY, BUCKET, ObjectServer

MIB = 1024 * 1024
KEYS = ["k", "a/b c+d~é(1)*!'&=?#%41", "🫀/\n\t", "a//b/", "/slash first", "x" * 900]


def refused(call: Any, **arguments: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**{"Bucket": BUCKET, **arguments})
    error = caught.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_put_head_get_delete(s3: Any, server: ObjectServer, key: str) -> None:
    put = s3.put_object(Bucket=BUCKET, Key=key, Body=b"content", ContentType="text/x")
    etag = f'"{hashlib.md5(b"content").hexdigest()}"'
    assert put["ETag"] == etag
    assert put["ChecksumCRC32"] == base64.b64encode(zlib.crc32(b"content").to_bytes(4)).decode()
    assert server.store.read(key) == b"content"
    head = s3.head_object(Bucket=BUCKET, Key=key)
    got = s3.get_object(Bucket=BUCKET, Key=key)
    assert got["Body"].read() == b"content"
    for answer in (head, got):
        assert answer["ETag"] == etag
        assert (answer["ContentLength"], answer["ContentType"]) == (7, "text/x")
        assert answer["AcceptRanges"] == "bytes"
    s3.delete_object(Bucket=BUCKET, Key=key)
    s3.delete_object(Bucket=BUCKET, Key=key)
    assert refused(s3.get_object, Key=key) == ("NoSuchKey", 404)
    assert refused(s3.head_object, Key=key) == ("404", 404)


def test_headers_come_back(s3: Any) -> None:
    said = {
        "Metadata": {"owner": "ward 7"},
        "CacheControl": "no-store",
        "ContentDisposition": "attachment",
        "ContentEncoding": "zstd",
    }
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"", **said)
    got = s3.head_object(Bucket=BUCKET, Key="k")
    assert {name: got[name] for name in said} == said
    assert got["ContentType"] == "binary/octet-stream"


@pytest.mark.parametrize(
    "more",
    [
        {"ChecksumAlgorithm": "SHA256"},
        {"ChecksumAlgorithm": "SHA1"},
        {"ContentMD5": base64.b64encode(hashlib.md5(b"content").digest()).decode()},
    ],
)
def test_digests_of_every_kind_are_checked(s3: Any, server: ObjectServer, more: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"content", **more)
    assert server.store.read("k") == b"content"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"ContentMD5": base64.b64encode(bytes(16)).decode()}, "BadDigest"),
        ({"ContentMD5": "AAAA"}, "InvalidDigest"),
        ({"ContentMD5": "?"}, "InvalidDigest"),
        ({"ChecksumCRC32": "AAAAAA=="}, "BadDigest"),
        ({"ChecksumSHA256": base64.b64encode(bytes(32)).decode()}, "BadDigest"),
        ({"ChecksumCRC32C": "AAAAAA=="}, "NotImplemented"),
        ({"IfNoneMatch": "*"}, "NotImplemented"),
        ({"ServerSideEncryption": "AES256"}, "NotImplemented"),
    ],
)
def test_mismatched_or_unknown_digests_are_rejected(
    s3: Any, server: ObjectServer, more: Any, code: str
) -> None:
    assert refused(s3.put_object, Key="k", Body=b"content", **more)[0] == code
    assert server.store.keys() == []


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("bytes=2-4", b"cde"), ("bytes=8-", b"ij"), ("bytes=-3", b"hij"), ("bytes=9-99", b"j")],
)
def test_ranges(s3: Any, server: ObjectServer, wanted: str, expected: bytes) -> None:
    server.store.put("k", b"abcdefghij")
    got = s3.get_object(Bucket=BUCKET, Key="k", Range=wanted)
    assert got["Body"].read() == expected
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert s3.head_object(Bucket=BUCKET, Key="k", Range=wanted)["ContentLength"] == len(expected)


def test_unsatisfiable_range_is_rejected(s3: Any, server: ObjectServer) -> None:
    server.store.put("k", b"abc")
    assert refused(s3.get_object, Key="k", Range="bytes=3-") == ("InvalidRange", 416)


def test_conditions(s3: Any, server: ObjectServer) -> None:
    etag = server.store.put("k", b"abc").etag
    assert s3.get_object(Bucket=BUCKET, Key="k", IfMatch=etag)["Body"].read() == b"abc"
    assert refused(s3.get_object, Key="k", IfMatch="x") == ("PreconditionFailed", 412)
    assert refused(s3.get_object, Key="k", IfNoneMatch=etag) == ("304", 304)
    assert refused(s3.head_object, Key="k", IfNoneMatch=etag) == ("304", 304)


def test_the_transfer_manager_moves_large_files(
    s3: Any, server: ObjectServer, tmp_path: Path
) -> None:
    content = b"".join(hashlib.sha256(bytes([n])).digest() * (32 * 1024) for n in range(17))
    content += b"rest"
    (tmp_path / "up").write_bytes(content)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    extra = {"ContentType": "text/x", "Metadata": {"a": "b"}}
    s3.upload_file(str(tmp_path / "up"), BUCKET, "big", Config=config, ExtraArgs=extra)
    stored = server.store.head("big")
    assert stored is not None
    assert stored.etag.endswith("-4")
    assert (stored.content_type, stored.headers) == ("text/x", {"x-amz-meta-a": "b"})
    s3.download_file(BUCKET, "big", str(tmp_path / "down"), Config=config)
    assert (tmp_path / "down").read_bytes() == content


def test_parts_by_hand(s3: Any, server: ObjectServer) -> None:
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="k/é")["UploadId"]
    which = {"Bucket": BUCKET, "Key": "k/é", "UploadId": upload}
    etags = [
        s3.upload_part(**which, PartNumber=number, Body=bytes([number]) * (5 * MIB))["ETag"]
        for number in (1, 2, 3)
    ]
    listed = s3.list_parts(**which)
    assert [part["ETag"] for part in listed["Parts"]] == etags
    assert [part["Size"] for part in listed["Parts"]] == [5 * MIB] * 3
    assert not listed["IsTruncated"]
    pages = s3.get_paginator("list_parts").paginate(**which, PaginationConfig={"PageSize": 2})
    assert [len(page["Parts"]) for page in pages] == [2, 1]
    parts = [{"ETag": etag, "PartNumber": n} for n, etag in enumerate(etags, 1)]
    done = s3.complete_multipart_upload(**which, MultipartUpload={"Parts": parts})
    digest = hashlib.md5(b"".join(bytes.fromhex(etag.strip('"')) for etag in etags)).hexdigest()
    assert done["ETag"] == f'"{digest}-3"'
    assert (done["Bucket"], done["Key"]) == (BUCKET, "k/é")
    assert server.store.read("k/é") == bytes([1]) * 5 * MIB + bytes([2]) * 5 * MIB + (
        bytes([3]) * 5 * MIB
    )


def test_invalid_multipart_uploads_are_rejected(s3: Any, server: ObjectServer) -> None:
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="k")["UploadId"]
    which = {"Key": "k", "UploadId": upload}
    etag = s3.upload_part(Bucket=BUCKET, **which, PartNumber=1, Body=b"small")["ETag"]
    s3.upload_part(Bucket=BUCKET, **which, PartNumber=2, Body=b"small")

    def complete(*parts: tuple[int, str]) -> str:
        named = [{"PartNumber": number, "ETag": etag} for number, etag in parts]
        call = s3.complete_multipart_upload
        return refused(call, **which, MultipartUpload={"Parts": named})[0]

    assert complete() == "MalformedXML"
    assert complete((2, etag), (1, etag)) == "InvalidPartOrder"
    assert complete((1, "0" * 32)) == "InvalidPart"
    assert complete((1, etag), (2, etag)) == "EntityTooSmall"
    assert refused(s3.upload_part, **which, PartNumber=0, Body=b"")[0] == "InvalidArgument"
    assert refused(s3.upload_part, **which, PartNumber=10001, Body=b"")[0] == "InvalidArgument"
    s3.abort_multipart_upload(Bucket=BUCKET, **which)
    assert complete((1, etag)) == "NoSuchUpload"
    assert refused(s3.upload_part, **which, PartNumber=1, Body=b"")[0] == "NoSuchUpload"
    assert refused(s3.list_parts, **which)[0] == "NoSuchUpload"
    assert refused(s3.abort_multipart_upload, **which)[0] == "NoSuchUpload"
    assert server.store.keys() == []


def test_listing(s3: Any, server: ObjectServer) -> None:
    keys = sorted(["a/1", "a/2", "a/é +&<\n", "a/4", "b"], key=str.encode)
    for key in keys:
        server.store.put(key, key.encode())
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Prefix="a/", PaginationConfig={"PageSize": 3}
    )
    found = [each for page in pages for each in page["Contents"]]
    assert [each["Key"] for each in found] == [key for key in keys if key.startswith("a/")]
    assert [each["Size"] for each in found] == [len(key.encode()) for key in keys[:-1]]
    assert found[0]["ETag"] == f'"{hashlib.md5(b"a/1").hexdigest()}"'
    rest = s3.list_objects_v2(Bucket=BUCKET, StartAfter=keys[-2])
    assert [each["Key"] for each in rest["Contents"]] == ["b"]
    assert s3.list_objects_v2(Bucket=BUCKET, MaxKeys=0)["KeyCount"] == 0
    assert refused(s3.list_objects_v2, Delimiter="/")[0] == "NotImplemented"


def test_the_bucket(s3: Any) -> None:
    s3.create_bucket(Bucket=BUCKET)
    s3.head_bucket(Bucket=BUCKET)
    assert refused(s3.create_bucket, Bucket="another")[0] == "TooManyBuckets"
    assert refused(s3.head_bucket, Bucket="another") == ("404", 404)
    assert refused(s3.get_object, Bucket="another", Key="k")[0] == "NoSuchBucket"
    assert refused(s3.get_object_tagging, Key="k")[0] == "NotImplemented"
    assert refused(s3.get_bucket_location)[0] == "NotImplemented"
    assert refused(s3.delete_bucket)[0] == "MethodNotAllowed"
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.list_buckets()


@pytest.mark.parametrize("body", [b"content", io.BytesIO(b"content")])
def test_bodies_may_be_unsigned(server: ObjectServer, body: Any) -> None:
    from botocore.config import Config

    config = Config(s3={"addressing_style": "path", "payload_signing_enabled": False})
    client = server.boto3(config=config)
    client.put_object(Bucket=BUCKET, Key="k", Body=body)
    client.close()
    assert server.store.read("k") == b"content"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"aws_secret_access_key": "x"}, ("SignatureDoesNotMatch", 403)),
        ({"aws_access_key_id": ACCESS_KEY + "x"}, ("InvalidAccessKeyId", 403)),
        ({"region_name": "eu-west-2"}, ("AuthorizationHeaderMalformed", 400)),
    ],
)
def test_wrong_credentials_are_rejected(
    server: ObjectServer, changes: Any, expected: tuple[str, int]
) -> None:
    client = server.boto3(**changes)
    assert refused(client.put_object, Key="k", Body=b"content") == expected
    assert refused(client.get_object, Key="k") == expected
    client.close()
    assert server.store.keys() == []


@pytest.mark.parametrize("ahead", [-1000, 1000])
def test_large_clock_skew_is_rejected(s3: Any, server: ObjectServer, ahead: float) -> None:
    server.clock.ahead = ahead
    assert refused(s3.get_object, Key="k") == ("RequestTimeTooSkewed", 403)


def test_presigned_urls(s3: Any, server: ObjectServer, http: httpx.Client) -> None:
    def presigned(operation: str, **arguments: Any) -> str:
        arguments = {"Bucket": BUCKET, "Key": "a b/é", **arguments}
        return str(s3.generate_presigned_url(operation, Params=arguments, ExpiresIn=60))

    assert http.put(presigned("put_object"), content=b"content").status_code == 200
    assert http.get(presigned("get_object")).content == b"content"
    assert http.head(presigned("head_object")).headers["content-length"] == "7"
    said = presigned("get_object", ResponseContentType="text/x", ResponseExpires="0")
    assert http.get(said).headers["content-type"] == "text/x"
    url = presigned("put_object", ContentType="text/y", Metadata={"a": "b"})
    assert http.put(url, content=b"2").status_code == 403
    signed = {"content-type": "text/y", "x-amz-meta-a": "b"}
    assert http.put(url, content=b"2", headers=signed).status_code == 200
    assert http.delete(presigned("delete_object")).status_code == 204
    assert http.get(presigned("get_object")).status_code == 404
    upload = server.store.create_upload("a b/é")
    part = presigned("upload_part", UploadId=upload, PartNumber=1)
    assert http.put(part, content=b"part").status_code == 200
    assert len(server.store.parts("a b/é", upload)) == 1


def test_presigned_forms(s3: Any, server: ObjectServer, http: httpx.Client) -> None:
    post = s3.generate_presigned_post(
        BUCKET,
        "k/${filename}",
        Fields={"Content-Type": "text/x", "success_action_status": "201"},
        Conditions=[
            {"Content-Type": "text/x"},
            {"success_action_status": "201"},
            ["content-length-range", 1, 5],
        ],
    )
    files = {"file": ("ü.py", b"12345")}
    answer = http.post(post["url"], data=post["fields"], files=files)
    assert answer.status_code == 201
    assert server.store.read("k/ü.py") == b"12345"
    files = {"file": ("ü.py", b"123456")}
    assert http.post(post["url"], data=post["fields"], files=files).status_code == 400
    assert server.store.read("k/ü.py") == b"12345"


def test_signatures_of_version_2_are_rejected(server: ObjectServer, http: httpx.Client) -> None:
    from botocore.config import Config

    old = server.boto3(config=Config(s3={"addressing_style": "path"}, signature_version="s3"))
    params = {"Bucket": BUCKET, "Key": "k"}
    answer = http.get(old.generate_presigned_url("get_object", Params=params))
    assert answer.status_code == 400
    assert "Please use AWS4-HMAC-SHA256" in answer.text
    post = old.generate_presigned_post(BUCKET, "k")
    answer = http.post(post["url"], data=post["fields"], files={"file": b"x"})
    assert "Please use AWS4-HMAC-SHA256" in answer.text
    assert refused(old.get_object, Key="k") == ("InvalidRequest", 400)
    old.close()
