"""Malicious key files and model code raise errors of ours."""

from __future__ import annotations

import base64
import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fuzzing import thoroughly
from support.rsa_keys import key_pair

from bitfount_api import load_private_key, load_public_key
from bitfount_api.exceptions import ModelValidationError
from bitfount_api.keys import parse_public_key, serialize_private_key, serialize_public_key
from bitfount_api.models import check_model_source

# --- Keys ----------------------------------------------------------------------------------------


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x84" + size.to_bytes(4, "big")
    return bytes([tag]) + length + content


def _numbers(n: int, e: int) -> bytes:
    """A public key with these numbers, in OpenSSH format."""
    parts = [b"ssh-rsa", *(_integer(number) for number in (e, n))]
    raw = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return b"ssh-rsa " + base64.b64encode(raw)


def _integer(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


LABELS = st.sampled_from(
    [
        "PUBLIC KEY",
        "RSA PUBLIC KEY",
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "CERTIFICATE",
        "X",
    ]
)
DER = st.recursive(
    st.binary(max_size=300),
    lambda inner: st.builds(
        _der, st.sampled_from([0x02, 0x03, 0x04, 0x06, 0x30, 0xA0]), st.lists(inner).map(b"".join)
    ),
    max_leaves=12,
)


def _pem(label: str, der: bytes, headers: str) -> bytes:
    body = base64.b64encode(der).decode()
    return f"-----BEGIN {label}-----\n{headers}{body}\n-----END {label}-----\n".encode()


KEYS = st.one_of(
    st.builds(
        _pem, LABELS, DER, st.sampled_from(["", "Proc-Type: 4,ENCRYPTED\nDEK-Info: X,0\n\n"])
    ),
    st.builds(_numbers, st.integers(0, 2**5000), st.sampled_from([0, 1, 2, 3, 65537, 2**70])),
    st.builds(
        lambda text, charset: text.encode(charset),
        st.sampled_from([serialize_public_key(key_pair().public_key, "PEM")]),
        st.sampled_from(["utf-16", "utf-32", "utf-8-sig", "cp037"]),
    ),
    st.builds(lambda n: b"-----BEGIN PUBLIC KEY-----\n" * n, st.integers(1, 3000)),
)


@pytest.mark.timeout(0)
@thoroughly(150)
@given(KEYS, st.sampled_from([None, "", "password"]))
def test_any_key_file_is_a_key_or_a_value_error(data: bytes, password: str | None) -> None:
    try:
        key = parse_public_key(data)
    except ValueError as error:
        assert len(str(error)) < 300
    else:
        assert 2048 <= key.key_size <= 16384
    with pytest.raises(ValueError):
        load_private_key(data, password)


def test_key_file_in_utf_16_is_rejected(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("keys") / "key.pem"
    text = serialize_private_key(key_pair().private_key, "PEM")
    path.write_bytes(codecs.BOM_UTF16 + text.encode("utf-16-le"))
    for load in (load_public_key, load_private_key):
        with pytest.raises(ValueError):
            load(path)


# --- Model code ----------------------------------------------------------------------------------

NESTS = st.sampled_from(
    [
        ("(", ")"), ("[", "]"), ("{1:", "}"), ("-", ""), ("not ", ""), ("a.b", ".c"), ("a", "()"),
        ("a", "[0]"), ("lambda: ", ""), ("1 if ", " else 0"), ("f'{", "}'"), ("[x for x in ", "]"),
        ("await ", ""), ("(yield ", ")"), ("*", ""), ("'a' ", ""), ("1", "+1"), ("1", "<1"),
    ]
)  # fmt: skip
ENCODINGS = st.sampled_from(
    [
        "utf-8", "UTF_8", "utf8", "latin-1", "utf-16", "utf-7", "rot13", "unicode_escape", "idna",
        "x", "punycode", "mbcs", "raw_unicode_escape", "base64", "utf-8-sig", "\ud800", "utf-8\0",
    ]
)  # fmt: skip
MODEL = "from bitfount_api import BitfountModel\nclass Net(BitfountModel): pass\n"
SOURCES = st.one_of(
    st.builds(
        lambda nest, n, before: f"{MODEL}x = {nest[0] * n if before else nest[0]}1{nest[1] * n}\n",
        NESTS, st.integers(1, 20_000), st.booleans(),
    ),
    st.builds(
        lambda name, first, mark: mark + f"{first}# -*- coding: {name} -*-\n{MODEL}",
        ENCODINGS, st.sampled_from(["", "\n", "'''\n", "#!python\n", "\x0c"]),
        st.sampled_from(["", "\ufeff", "\ufeff\ufeff", "\0"]),
    ),
    st.builds(
        lambda n: "".join(" " * i + "if 1:\n" for i in range(n)) + " " * n + "pass",
        st.integers(1, 150),
    ),
    st.builds(lambda n: "class A:\n" * n + "x", st.integers(1, 300)),
    st.builds(lambda n: f"class Net(BitfountModel{'[0]' * n}): pass", st.integers(1, 5000)),
    st.builds(lambda n: "class Net({}): pass".format(", ".join(["a"] * n)), st.integers(1, 3000)),
)  # fmt: skip


@pytest.mark.timeout(0)
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@thoroughly(100)
@given(SOURCES, st.sampled_from([None, "utf-8", "utf-16", "latin-1", "utf-8-sig", "cp037"]))
def test_any_source_is_a_model_or_a_model_validation_error(text: str, charset: str | None) -> None:
    source = text if charset is None else text.encode(charset, "replace")
    try:
        check_model_source(source, "Net")
    except ModelValidationError as error:
        assert str(error).startswith("Net.py")
        assert len(str(error)) < 2500
