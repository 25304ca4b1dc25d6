"""Strategies for invalid responses: JSON with changes, and bodies that are not valid JSON."""

from __future__ import annotations

import copy
import gzip
import json
import os
import zlib
from typing import Any

import attrs
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st


def thoroughly(few: int) -> settings:
    """Return settings: ``few`` examples normally, the profile's number in ``make fuzz``."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    fuzzing = settings.get_current_profile_name() == "fuzz"
    examples = settings().max_examples if fuzzing else few
    examples = int(os.environ.get("FUZZ_EXAMPLES", examples))
    return settings(max_examples=examples, suppress_health_check=checks)


ODD_TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "\0",
            "\ud800",
            "\udfff\ud800",
            "\ufeff",
            "\u202e\u2066",
            "\U0010ffff",
            "é" * 300,
            "x" * 20_000,
            "\r\n\r\n",
            "../..",
            "..%2f..",
            "a/b",
            "%00",
            "{}",
            "true",
            "null",
            "0",
            "-1",
            "NaN",
            "https://storage.test/%zz?X-Amz-Signature=1",
            "https://u:p@storage.test:99999/?X-Amz-Signature=1",
            "http://[::1/",
            "https://xn--hub-/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
            "ssh-rsa AAAA",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ]
    ),
    st.text(max_size=20),
)
_LARGE = [2**31, 2**53 + 1, 2**63, 2**64, -(2**64), 10**40, 10**400]
_FLOATS = [0.1, -0.0, 1e308, 5e-324, float("inf"), float("-inf"), float("nan")]
ODD_VALUES: st.SearchStrategy[Any] = st.one_of(
    ODD_TEXTS,
    st.sampled_from([0, -1, 1, *_LARGE, *_FLOATS]),
    st.sampled_from([None, True, False, [], {}, [None], {"": None}, [[]], [{}]]),
).map(copy.deepcopy)


def _deep(value: Any, depth: int) -> Any:
    for number in range(depth):
        value = [value] if number % 2 else {"a": value}
    return value


@st.composite
def mutated(draw: st.DrawFn, example: Any) -> Any:
    """Draw a JSON value with one to three changes."""
    root = {"root": copy.deepcopy(example)}
    for _ in range(draw(st.integers(1, 3))):
        holder, key = draw(st.sampled_from(list(_places(root))))
        change = draw(
            st.sampled_from(["drop", "retype", "null", "nest", "add", "rename", "double"])
        )
        value = holder[key]
        if change == "drop" and holder is not root:
            del holder[key]
        elif change == "null":
            holder[key] = None
        elif change == "nest":
            holder[key] = _deep(value, draw(st.sampled_from([1, 2, 3, 60, 500])))
        elif change == "add" and isinstance(value, dict):
            value[draw(ODD_TEXTS)] = draw(ODD_VALUES)
        elif change == "add" and isinstance(value, list):
            value.append(draw(ODD_VALUES))
        elif change == "rename" and isinstance(holder, dict) and holder is not root:
            holder[draw(ODD_TEXTS)] = holder.pop(key)
        elif change == "double" and isinstance(value, list):
            holder[key] = value * 40
        else:
            holder[key] = draw(ODD_VALUES)
    return root["root"]


def _places(holder: Any, depth: int = 0) -> Any:
    if depth > 8:
        return
    keys = list(holder) if isinstance(holder, dict) else range(len(holder))
    for key in keys:
        yield holder, key
        if isinstance(holder[key], (dict, list)):
            yield from _places(holder[key], depth + 1)


@attrs.frozen
class Sent:
    """A body and its headers, as a service might send them."""

    content: bytes
    headers: dict[str, str]


KINDS = ["application/json", "application/json; charset=utf-16", "text/html", "", "\xff/\x00"]


@st.composite
def bodies(draw: st.DrawFn, content: bytes) -> Sent:
    """Draw a body that may be truncated, damaged, compressed or mislabelled."""
    headers: dict[str, str] = {}
    if kind := draw(st.sampled_from(KINDS)):
        headers["content-type"] = kind
    way = draw(
        st.sampled_from(["as it is"] * 6 + ["cut", "patch", "gzip", "deflate", "br", "liar"])
    )
    at = draw(st.integers(0, max(0, min(len(content), 5000))))
    if way == "cut":
        content = content[:at]
    elif way == "patch":
        content = content[:at] + draw(st.binary(max_size=8)) + content[at + 1 :]
    elif way == "gzip":
        headers["content-encoding"] = draw(st.sampled_from(["gzip", "gzip, gzip"]))
        content = gzip.compress(content, 1)
    elif way == "deflate":
        headers["content-encoding"] = "deflate"
        content = zlib.compress(content, 1)
    elif way in ("br", "liar"):
        headers["content-encoding"] = "br" if way == "br" else "gzip"
    return Sent(content, headers)


@st.composite
def json_bodies(draw: st.DrawFn, example: Any) -> Sent:
    """Draw the JSON of an example with changes, in some charset, and possibly truncated."""
    text = json.dumps(draw(mutated(example)), ensure_ascii=draw(st.booleans()))
    charset = draw(st.sampled_from(["utf-8"] * 8 + ["utf-16", "utf-32-le", "utf-8-sig", "latin-1"]))
    errors = "replace" if charset == "latin-1" else "surrogatepass"
    return draw(bodies(text.encode(charset, errors)))
