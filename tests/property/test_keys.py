from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rsa_keys import key_pair

from bitfount_api.keys import (
    Form,
    load_private_key,
    load_public_key,
    parse_public_key,
    public_keys_equal,
    serialize_private_key,
    serialize_public_key,
    sign,
    verify,
)

FORMS = st.sampled_from(["PEM", "SSH"])
PAIRS = st.integers(0, 2)


@given(PAIRS, PAIRS, FORMS, FORMS)
def test_keys_are_equal_whatever_their_text(
    one: int, other: int, first: Form, second: Form
) -> None:
    one_key = load_public_key(serialize_public_key(key_pair(one).public_key, first))
    other_key = load_public_key(serialize_public_key(key_pair(other).public_key, second))
    assert public_keys_equal(one_key, other_key) == (one == other)


@settings(max_examples=25)  # each loads a private key, which takes long
@given(FORMS, st.text(" \t\r\n"), st.text(" \t\r\n"), st.sampled_from(["\n", "\r\n"]))
def test_blanks_and_line_ends_around_a_key_do_not_matter(
    form: Form, before: str, after: str, line_end: str
) -> None:
    public, private = key_pair().public_key, key_pair().private_key
    text = serialize_public_key(public, form).replace("\n", line_end)
    assert public_keys_equal(load_public_key(before + text + after), public)
    text = serialize_private_key(private, form).replace("\n", line_end)
    assert public_keys_equal(load_private_key(before + text + after).public_key(), public)


@settings(max_examples=25)  # each derives a key from the password, which takes long
@given(st.one_of(st.text(min_size=1), st.binary(min_size=1)))
def test_passwords_round_trip(password: str | bytes) -> None:
    try:
        text = serialize_private_key(key_pair().private_key, "PEM", password)
    except ValueError:
        # Invalid passwords: with an unpaired surrogate, or more bytes than OpenSSL accepts.
        assert isinstance(password, str) or len(password) > 1000
        return
    loaded = load_private_key(text, password)
    assert public_keys_equal(loaded.public_key(), key_pair().public_key)


@given(st.one_of(st.text(), st.binary()))
def test_invalid_key_is_a_value_error(data: str | bytes) -> None:
    with pytest.raises(ValueError):
        parse_public_key(data)
    with pytest.raises(ValueError):
        load_private_key(data.encode(errors="replace") if isinstance(data, str) else data)


@given(st.booleans(), FORMS, st.booleans(), st.data())
def test_mutated_key_is_a_key_or_a_value_error(
    private: bool,
    form: Form,
    behind_base64: bool,
    data: st.DataObject,
) -> None:
    public_key, private_key = key_pair().public_key, key_pair().private_key
    text = serialize_public_key(public_key, form)
    if private:
        text = serialize_private_key(private_key, form)
    raw = bytearray(text.encode())
    if behind_base64:
        # Changed inside the base64, so that the parsers of numbers see the change.
        head, body, tail = _parts(bytes(raw))
        inner = bytearray(base64.b64decode(body))
        _break(inner, data)
        raw = bytearray(head + base64.b64encode(bytes(inner)) + tail)
    else:
        _break(raw, data)
    try:
        load = load_private_key if private else parse_public_key
        key = load(bytes(raw))
    except ValueError as error:
        assert len(str(error)) < 300
    else:
        assert 2048 <= key.key_size <= 16384


def _parts(text: bytes) -> tuple[bytes, bytes, bytes]:
    if text.startswith(b"ssh-rsa"):
        head, body = text.split(b" ")
        return head + b" ", body, b""
    head, *body_lines, tail = text.strip().split(b"\n")
    return head + b"\n", b"".join(body_lines), b"\n" + tail


def _break(raw: bytearray, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        what = data.draw(st.sampled_from(["set", "cut", "drop", "double"]))
        if what == "set":
            raw[at] = data.draw(st.integers(0, 255))
        elif what == "cut":
            del raw[at + 1 :]
        elif what == "drop":
            del raw[at : at + data.draw(st.integers(0, 20))]
            raw.extend(b"A" if not raw else b"")
        else:
            raw[at:at] = raw[at : at + 20]


@given(st.binary(), st.binary(min_size=1), st.integers(0, 255))
def test_only_what_was_signed_is_verified(message: bytes, other: bytes, at: int) -> None:
    private, public = key_pair()
    signature = sign(private, message)
    assert verify(public, message, signature)
    assert verify(public, other, signature) == (other == message)
    broken = bytearray(signature)
    broken[at] ^= 1
    assert not verify(public, message, bytes(broken))
    assert not verify(public, message, other)
