"""Signatures match AWS's published examples, and presigned URLs match botocore's."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from bitfount_api.sandbox.objects.signing import ALGORITHM, Presigner, Scope, SignedRequest

# Keys and request from the examples in the S3 API reference.
EXAMPLE_KEY = "AKIAIOSFODNN7EXAMPLE"
EXAMPLE_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
EXAMPLE_TIME = "20130524T000000Z"
EXAMPLE_HOST = "examplebucket.s3.amazonaws.com"
EXAMPLE_SCOPE = Scope("20130524", "us-east-1")

KEYS = ["k", "a/b c+d~é(1)*!'&=?#%41", "🫀/\n\t", "a//b/", "/"]


def test_signed_header_equals_the_documented_example() -> None:
    empty = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": EXAMPLE_HOST,
        "range": "  bytes=0-9 ",
        "x-amz-content-sha256": empty,
        "x-amz-date": EXAMPLE_TIME,
    }
    request = SignedRequest("GET", "/test.txt", [], headers, empty)
    signature = EXAMPLE_SCOPE.sign(
        EXAMPLE_SECRET, request.text_to_sign(EXAMPLE_TIME, EXAMPLE_SCOPE)
    )
    assert signature == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"


def test_presigned_url_equals_the_documented_example() -> None:
    query = [
        ("X-Amz-SignedHeaders", "host"),
        ("X-Amz-Algorithm", ALGORITHM),
        ("X-Amz-Credential", f"{EXAMPLE_KEY}/{EXAMPLE_SCOPE}"),
        ("X-Amz-Date", EXAMPLE_TIME),
        ("X-Amz-Expires", "86400"),
    ]
    request = SignedRequest("GET", "/test.txt", query, {"host": EXAMPLE_HOST})
    signature = EXAMPLE_SCOPE.sign(
        EXAMPLE_SECRET, request.text_to_sign(EXAMPLE_TIME, EXAMPLE_SCOPE)
    )
    assert signature == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"


def presigner(base_url: str = "http://localhost:3003", **more: Any) -> Presigner:
    values = {"bucket": "b", "access_key": "AK", "secret_key": "SK", "clock": lambda: 1e9 + 0.5}
    return Presigner(base_url, **{**values, **more})


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
@pytest.mark.parametrize("base_url", ["http://localhost:3003", "https://[::1]:9", "http://h.test"])
def test_urls_equal_those_of_botocore(key: str, base_url: str) -> None:
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url=base_url,
        aws_access_key_id="AK",
        aws_secret_access_key="SK",
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"),
    )
    read = {"Bucket": "b", "Key": key}
    part = {**read, "UploadId": "U/+= é", "PartNumber": 7}
    theirs = [
        client.generate_presigned_url("get_object", Params=read, ExpiresIn=60),
        client.generate_presigned_url("upload_part", Params=part, ExpiresIn=60),
    ]
    client.close()
    for their, ours in zip(theirs, (_get, _put_part), strict=True):
        query = dict(parse_qsl(urlsplit(their).query))
        signed = dt.datetime.strptime(query["X-Amz-Date"] + "+0000", "%Y%m%dT%H%M%SZ%z")
        made = ours(presigner(base_url, clock=signed.timestamp), key)
        assert urlsplit(made).path == urlsplit(their).path
        assert dict(parse_qsl(urlsplit(made).query)) == query


def _get(made: Presigner, key: str) -> str:
    return made.get(key, 60)


def _put_part(made: Presigner, key: str) -> str:
    return made.put_part(key, "U/+= é", 7, 60)


def test_policy_of_a_form_has_the_requested_conditions() -> None:
    url, fields = presigner().post(
        "m/k", max_bytes=9, min_bytes=2, expires=60, fields={"Content-Type": "text/x"}
    )
    assert url == "http://localhost:3003/b"
    assert next(iter(fields)) == "key"
    assert fields["Content-Type"] == "text/x"
    assert json.loads(base64.b64decode(fields["policy"])) == {
        "expiration": "2001-09-09T01:47:40Z",
        "conditions": [
            {"bucket": "b"},
            {"key": "m/k"},
            ["content-length-range", 2, 9],
            {"Content-Type": "text/x"},
            {"x-amz-algorithm": ALGORITHM},
            {"x-amz-credential": "AK/20010909/us-east-1/s3/aws4_request"},
            {"x-amz-date": "20010909T014640Z"},
        ],
    }
    scope = Scope("20010909", "us-east-1")
    assert fields["x-amz-signature"] == scope.sign("SK", fields["policy"])


def test_form_key_may_use_the_file_name() -> None:
    _, fields = presigner().post("m/${filename}", max_bytes=9)
    conditions = json.loads(base64.b64decode(fields["policy"]))["conditions"]
    assert conditions[1] == ["starts-with", "$key", "m/"]
    assert fields["key"] == "m/${filename}"


@pytest.mark.parametrize("base_url", ["localhost:3003", "ftp://h", "http://", "http://h/path"])
def test_invalid_base_url_is_rejected(base_url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        presigner(base_url)


@pytest.mark.parametrize(
    ("base_url", "origin"),
    [
        ("http://H.test:80/", "http://h.test"),
        ("https://h.test:443", "https://h.test"),
        ("https://h.test:80", "https://h.test:80"),
    ],
)
def test_the_host_is_written_as_clients_write_it(base_url: str, origin: str) -> None:
    assert presigner(base_url).get("k").startswith(f"{origin}/b/k?")


@pytest.mark.parametrize("expires", [0, -1, 604_801])
def test_validity_is_limited_to_a_week(expires: int) -> None:
    with pytest.raises(ValueError, match="7 days"):
        presigner().get("k", expires)
    with pytest.raises(ValueError, match="7 days"):
        presigner().post("k", max_bytes=1, expires=expires)


def test_no_secret_is_shown() -> None:
    assert "SK" not in repr(presigner())
