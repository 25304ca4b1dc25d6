"""Policies allow only fields that they mention, and only matching values."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from bitfount_api.sandbox.objects.errors import S3Error
from bitfount_api.sandbox.objects.policy import Policy

EXPIRATION = "2030-01-01T00:00:00Z"
EXPIRES = 1893456000.0


def packed(document: Any) -> str:
    return base64.b64encode(json.dumps(document).encode()).decode()


def policy(*conditions: Any, expiration: str = EXPIRATION) -> Policy:
    every = [{"bucket": "b"}, *conditions]
    return Policy.parse(packed({"expiration": expiration, "conditions": every}))


def check(conditions: list[Any], fields: dict[str, str], now: float = 0.0) -> str | None:
    try:
        policy(*conditions).check(fields, "b", now)
    except S3Error as error:
        assert error.code == "AccessDenied"
        assert error.status == 403
        return error.message.removeprefix("Invalid according to Policy: ")
    return None


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ({"x-amz-meta-a": "v"}, "v"),
        (["eq", "$x-amz-meta-a", "v"], "v"),
        (["EQ".lower(), "$X-Amz-Meta-A", ""], ""),
        (["starts-with", "$x-amz-meta-a", "v"], "v"),
        (["starts-with", "$x-amz-meta-a", "v"], "vw"),
        (["starts-with", "$x-amz-meta-a", ""], ""),
        (["starts-with", "$x-amz-meta-a", ""], "anything"),
    ],
)
def test_satisfied_condition_is_accepted(condition: Any, value: str) -> None:
    assert check([condition], {"x-amz-meta-a": value}) is None


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ({"x-amz-meta-a": "v"}, "V"),
        ({"x-amz-meta-a": "v"}, "vw"),
        ({"x-amz-meta-a": "v"}, ""),
        (["eq", "$x-amz-meta-a", "v"], "v "),
        (["starts-with", "$x-amz-meta-a", "v"], "wv"),
        (["starts-with", "$x-amz-meta-a", "v"], ""),
    ],
)
def test_unsatisfied_condition_is_rejected(condition: Any, value: str) -> None:
    refusal = check([condition], {"x-amz-meta-a": value})
    assert refusal is not None
    assert refusal.startswith('Policy Condition failed: ["')


@pytest.mark.parametrize("condition", [{"a": "v"}, ["starts-with", "$a", ""]])
def test_field_with_a_condition_is_required(condition: Any) -> None:
    refusal = check([condition], {})
    assert refusal is not None
    assert refusal.startswith("Policy Condition failed")


def test_every_condition_must_hold() -> None:
    both = [["starts-with", "$a", "x"], ["starts-with", "$a", "xy"]]
    assert check(both, {"a": "xyz"}) is None
    assert check(both, {"a": "xz"}) is not None
    assert check(both[::-1], {"a": "xz"}) is not None


def test_each_media_type_must_be_allowed() -> None:
    images = [["starts-with", "$Content-Type", "image/"]]
    assert check(images, {"content-type": "image/png, image/gif"}) is None
    assert check(images, {"content-type": "image/png,text/html"}) is not None


def test_fields_without_a_condition_are_rejected() -> None:
    assert check([{"a": "v"}], {"a": "v", "c": "", "b2": ""}) == "Extra input fields: b2, c"


def test_some_fields_need_no_condition() -> None:
    fields = {"policy": "p", "x-amz-signature": "s", "file": "", "x-ignore-this": "i"}
    assert check([], fields) is None
    assert check([], {"x-ignored": "i"}) == "Extra input fields: x-ignored"


def test_bucket_condition_is_required_and_must_match() -> None:
    document = {"expiration": EXPIRATION, "conditions": []}
    with pytest.raises(S3Error, match="Extra input fields: bucket"):
        Policy.parse(packed(document)).check({}, "b", 0)
    with pytest.raises(S3Error, match="Policy Condition failed"):
        policy().check({}, "other", 0)
    with pytest.raises(S3Error, match="not the one"):
        policy().check({"bucket": "b"}, "other", 0)
    policy().check({"bucket": "b"}, "b", 0)


@pytest.mark.parametrize("expiration", [EXPIRATION, "2030-01-01T00:00:00.000Z"])
def test_policy_expires(expiration: str) -> None:
    made = policy(expiration=expiration)
    made.check({}, "b", EXPIRES - 0.001)
    for now in (EXPIRES, EXPIRES + 1):
        with pytest.raises(S3Error, match="Policy expired"):
            made.check({}, "b", now)


@pytest.mark.parametrize(
    ("conditions", "size", "expected"),
    [
        ([], 0, None),
        ([["content-length-range", 2, 4]], 1, "EntityTooSmall"),
        ([["content-length-range", 2, 4]], 2, None),
        ([["content-length-range", "2", "4"]], 4, None),
        ([["content-length-range", 2, 4]], 5, "EntityTooLarge"),
        ([["content-length-range", 0, 9], ["content-length-range", 2, 4]], 5, "EntityTooLarge"),
        ([["content-length-range", 2, 4], ["content-length-range", 0, 9]], 5, "EntityTooLarge"),
        ([["content-length-range", 2, 4], ["content-length-range", 0, 9]], 1, "EntityTooSmall"),
        ([["content-length-range", 0, 0]], 1, "EntityTooLarge"),
    ],
)
def test_size_must_be_in_the_range(conditions: list[Any], size: int, expected: str | None) -> None:
    made = policy(*conditions)
    if expected is None:
        made.check_size(size, whole=True)
    else:
        with pytest.raises(S3Error) as caught:
            made.check_size(size, whole=True)
        assert caught.value.code == expected


def test_incomplete_file_may_be_too_small_but_not_too_large() -> None:
    made = policy(["content-length-range", 2, 4])
    made.check_size(1, whole=False)
    with pytest.raises(S3Error, match="EntityTooLarge"):
        made.check_size(5, whole=False)


GOOD: dict[str, Any] = {"expiration": EXPIRATION, "conditions": []}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "é",
        base64.b64encode(b"{").decode(),
        base64.b64encode(b"[" * 20_000).decode(),
        base64.b64encode(b"\xff").decode(),
        packed([]),
        packed({}),
        packed({**GOOD, "more": 1}),
        packed({**GOOD, "conditions": {}}),
        packed({**GOOD, "expiration": 5}),
        packed({**GOOD, "expiration": "tomorrow"}),
        packed({**GOOD, "expiration": "2030-01-01T00:00:00"}),
        *(
            packed({**GOOD, "conditions": [condition]})
            for condition in (
                {},
                {"a": 1},
                "a",
                [],
                ["eq", "$a"],
                ["eq", "a", "v"],
                ["eq", "$a", 1],
                ["eq", 1, "v"],
                ["ends-with", "$a", "v"],
                [["eq"], "$a", "v"],
                ["content-length-range", -1, 4],
                ["content-length-range", 0, "many"],
                ["content-length-range", True, 4],
                ["content-length-range", 0, 1.5],
                ["content-length-range", 0, "9" * 5000],
                ["content-length-range", 0],
            )
        ),
    ],
)
def test_invalid_policy_is_rejected(text: str) -> None:
    with pytest.raises(S3Error) as caught:
        Policy.parse(text)
    assert caught.value.code == "InvalidPolicyDocument"
