"""Policies of forms, which restrict what may be uploaded.

See "POST Policy" in the S3 API reference.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bitfount_api.sandbox.objects.errors import S3Error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_EXCEPTED: Final = frozenset({"x-amz-signature", "file", "policy"})
"""Fields that need no condition. Neither do fields whose names begin with ``x-ignore-``."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on the value of one field.

    Args:
        kind: ``eq`` or ``starts-with``.
        field: Lower-case name of the field.
        value: Required value or prefix.
    """

    kind: str
    field: str
    value: str

    def holds(self, value: str | None) -> bool:
        """Return whether a value meets the condition; None means a missing field."""
        if value is None:
            return False
        if self.kind == "eq":
            return value == self.value
        # A Content-Type may list several media types, each of which must meet the condition.
        values = value.split(",") if self.field == "content-type" else [value]
        return all(each.strip().startswith(self.value) for each in values)

    def __str__(self) -> str:
        return json.dumps([self.kind, f"${self.field}", self.value])


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy document.

    Args:
        expires: Time at which the policy expires.
        conditions: Conditions on fields.
        min_bytes: Minimum size of the file.
        max_bytes: Maximum size of the file; None for no limit.
    """

    expires: dt.datetime
    conditions: Sequence[Condition]
    min_bytes: int = 0
    max_bytes: int | None = None

    @classmethod
    def parse(cls, text: str) -> Policy:
        """Parse a policy as it is sent: JSON in base64.

        Raises:
            S3Error: ``InvalidPolicyDocument``.
        """
        try:
            document = json.loads(base64.b64decode(text, validate=True))
        except (ValueError, RecursionError):
            raise _invalid("it is not JSON in base64") from None
        if not isinstance(document, dict) or set(document) != {"expiration", "conditions"}:
            raise _invalid("it must be an object of expiration and conditions")
        if not isinstance(document["conditions"], list):
            raise _invalid("its conditions must be a list")
        conditions: list[Condition] = []
        smallest, largest = 0, None
        for each in document["conditions"]:
            match each:
                case dict() if each:
                    conditions += [_condition("eq", f"${name}", each[name]) for name in each]
                case ["content-length-range", minimum, maximum]:
                    smallest = max(smallest, _count(minimum))
                    count = _count(maximum)
                    largest = count if largest is None else min(largest, count)
                case [kind, name, value]:
                    conditions.append(_condition(kind, name, value))
                case _:
                    raise _invalid("a condition must be an object, or a list of three")
        return cls(_moment(document["expiration"]), conditions, smallest, largest)

    def check(self, fields: Mapping[str, str], bucket: str, now: float) -> None:
        """Check all fields of a form.

        Args:
            fields: Fields by lower-case name, with ``${filename}`` in the key replaced.
            bucket: Bucket that the form was sent to.
            now: POSIX time in seconds.

        Raises:
            S3Error: ``AccessDenied``, if the policy has expired, a condition is not met, or a
                field has no condition.
        """
        if now >= self.expires.timestamp():
            raise _denied("Policy expired.")
        sent = {"bucket": bucket, **fields}
        if sent["bucket"] != bucket:
            raise _denied("The bucket is not the one that the form was sent to.")
        for condition in self.conditions:
            if not condition.holds(sent.get(condition.field)):
                raise _denied(f"Policy Condition failed: {condition}")
        allowed = {condition.field for condition in self.conditions} | _EXCEPTED
        extra = sorted(name for name in set(sent) - allowed if not name.startswith("x-ignore-"))
        if extra:
            raise _denied(f"Extra input fields: {', '.join(extra)}")

    def check_size(self, size: int, *, whole: bool) -> None:
        """Check the file's size.

        Args:
            size: Number of bytes received so far.
            whole: Whether these are all bytes of the file.

        Raises:
            S3Error: ``EntityTooLarge`` or ``EntityTooSmall``.
        """
        if self.max_bytes is not None and size > self.max_bytes:
            raise S3Error(
                "EntityTooLarge",
                f"Your proposed upload exceeds the maximum allowed size of {self.max_bytes} bytes.",
            )
        if whole and size < self.min_bytes:
            raise S3Error(
                "EntityTooSmall",
                f"Your proposed upload of {size} bytes is smaller than the minimum allowed size "
                f"of {self.min_bytes}.",
            )


def _condition(kind: Any, name: Any, value: Any) -> Condition:
    if kind not in ("eq", "starts-with"):
        raise _invalid("a condition must be eq, starts-with or content-length-range")
    if not isinstance(name, str) or not name.startswith("$") or not isinstance(value, str):
        raise _invalid("a condition must name a field as $name, and a text")
    return Condition(kind, name[1:].lower(), value)


def _count(value: Any) -> int:
    # Numbers may also be written as strings.
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _invalid("content-length-range must have two numbers of bytes")
    return value


def _moment(value: Any) -> dt.datetime:
    if isinstance(value, str):
        for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"):
            try:
                return dt.datetime.strptime(value, form).replace(tzinfo=dt.UTC)
            except ValueError:
                continue
    raise _invalid("its expiration must be in the form 2026-01-31T23:59:59Z")


def _invalid(what: str) -> S3Error:
    return S3Error("InvalidPolicyDocument", f"The policy is not valid: {what}.")


def _denied(why: str) -> S3Error:
    return S3Error("AccessDenied", f"Invalid according to Policy: {why}")
