"""RSA keys, which identify pods and users and sign tasks.

New keys are RSA 4096 with exponent 65537; keys of 2048 to 16384 bits are accepted. Smaller keys are
no longer secure, and a single larger key from an attacker could keep a service busy.
"""

from __future__ import annotations

import base64
import hashlib
import re
from contextlib import suppress
from os import PathLike
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from bitfount_api._internal.files import (
    atomic_write,
    checked_path,
    make_private_dir,
    read_file,
    remove_leftovers,
)
from bitfount_api._internal.key_text import looks_like_key
from bitfount_api._internal.tracebacks import without_variables
from bitfount_api._internal.validation import integer, is_whole_number

if TYPE_CHECKING:
    import os

    from cryptography.hazmat.primitives.asymmetric.padding import PSS
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

Form = Literal["PEM", "SSH"]

DEFAULT_KEY_SIZE: Final = 4096
MIN_KEY_SIZE: Final = 2048
MAX_KEY_SIZE: Final = 16384
MAX_KEY_BYTES: Final = 64 * 1024
"""The maximum size of a key's text, in bytes; a key of 16384 bits has 13,000."""

_PUBLIC_EXPONENT: Final = 65537
_SALT_LENGTH: Final = 20
_MAX_PATH_LENGTH: Final = 4096
_KEY_TEXT: Final = re.compile(r"-----BEGIN |(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w@.-]+\s")
_PEM: Final = re.compile(r"(-----BEGIN [A-Z0-9 ]+-----)(.*?)(-----END [A-Z0-9 ]+-----)", re.DOTALL)
_ESCAPED_END: Final = re.compile(r"(?:\\[rn])+\Z")
_NEITHER: Final = "this is neither a key (PEM or OpenSSH) nor the path of a file"
_PRIVATE: Final = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")


class KeyPair(NamedTuple):
    """A private key and the public key that belongs to it."""

    private_key: RSAPrivateKey
    public_key: RSAPublicKey


# --- Making and writing --------------------------------------------------------------------------


def generate_key_pair(key_size: int = DEFAULT_KEY_SIZE) -> KeyPair:
    """Generate an RSA key pair. This takes about a second.

    Args:
        key_size: The size in bits, from 2048 to 16384.

    Raises:
        ValueError: The size is outside that range.
    """
    from cryptography.hazmat.primitives.asymmetric import rsa

    _check_size(size := integer(key_size))
    key = rsa.generate_private_key(public_exponent=_PUBLIC_EXPONENT, key_size=size)
    return KeyPair(key, key.public_key())


def serialize_public_key(key: RSAPublicKey, form: Form = "PEM") -> str:
    """Return a public key as text.

    Args:
        key: The key.
        form: ``"PEM"`` for SubjectPublicKeyInfo, or ``"SSH"`` for one line in OpenSSH format, which
            is the format sent to the Hub.

    Raises:
        ValueError: The key is not an RSA public key, or the form is not one of the two.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = _rsa_public(key)
    if _checked_form(form) == "PEM":
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")


@without_variables
def serialize_private_key(
    key: RSAPrivateKey, form: Form = "PEM", password: str | bytes | None = None
) -> str:
    """Return a private key as text. Without a password, the text is not encrypted.

    Args:
        key: The key.
        form: ``"PEM"`` for PKCS#8, or ``"SSH"`` for OpenSSH's private key format.
        password: The password to encrypt the key with; text is encoded as UTF-8.

    Raises:
        ValueError: The key is not an RSA private key, the form is not one of the two, the password
            is empty or not valid Unicode, or (for ``"SSH"`` with a password) the package
            ``bcrypt`` is not installed.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    key = _rsa_private(key)
    secret = _secret(password)
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if secret is not None:
        encryption = serialization.BestAvailableEncryption(secret)
    layout = serialization.PrivateFormat.PKCS8
    if _checked_form(form) == "SSH":
        layout = serialization.PrivateFormat.OpenSSH
    try:
        return key.private_bytes(serialization.Encoding.PEM, layout, encryption).decode("ascii")
    except UnsupportedAlgorithm:
        raise ValueError(
            "OpenSSH's encryption requires the package bcrypt: install it, or choose form='PEM'"
        ) from None


@without_variables
def save_private_key(
    key: RSAPrivateKey,
    path: str | os.PathLike[str],
    form: Form = "PEM",
    password: str | bytes | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Write a private key to a file that only its owner may read and write (0600).

    The file is written atomically. Missing folders are created, for the owner only. Copies of the
    key that a killed write of this file has left are removed.

    Args:
        key: The key.
        path: The file.
        form: As for :func:`serialize_private_key`.
        password: As for :func:`serialize_private_key`.
        overwrite: Replace an existing file; the key in it is lost.

    Raises:
        ValueError: As for :func:`serialize_private_key`; or the path is the text of a key.
        FileExistsError: The file exists, and ``overwrite`` is False.
        OSError: The file cannot be written, or the path is that of a link or of a device.
    """
    target = checked_path(path)
    data = serialize_private_key(key, form, password).encode("ascii")
    make_private_dir(target.parent)
    remove_leftovers(target)
    atomic_write(target, data, private=True, overwrite=overwrite)


# --- Reading -------------------------------------------------------------------------------------


@without_variables
def load_public_key(source: str | bytes | os.PathLike[str]) -> RSAPublicKey:
    r"""Load an RSA public key, in PEM or one-line OpenSSH format.

    The key may be in quotes, on one line, or have ``\n`` in place of line ends, as environment
    variables and JSON files often hold it.

    Args:
        source: The key's text or bytes, or the path of its file. Text that does not look like a key
            is used as a path: for untrusted text use :func:`parse_public_key`.

    Raises:
        ValueError: The source is not a public key, not RSA, damaged, or the size is not accepted.
            The text does not quote it.
        OSError: The file cannot be read.
    """
    return parse_public_key(_contents(source))


@without_variables
def parse_public_key(data: str | bytes) -> RSAPublicKey:
    """Parse an RSA public key from text or bytes. Never reads a file.

    Args:
        data: The key, in PEM or one-line OpenSSH format.

    Raises:
        ValueError: The data is not a public key, not RSA, damaged, or the size is not accepted.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    raw = _check_length(data)
    if _PRIVATE.search(raw):
        raise ValueError("this is a private key, not a public key; keep it secret")
    try:
        key: object
        if raw.startswith(b"-----BEGIN "):
            key = serialization.load_pem_public_key(raw)
        else:
            key = serialization.load_ssh_public_key(raw)
    except (ValueError, TypeError, UnsupportedAlgorithm, OverflowError):
        raise ValueError("this is not a public key in PEM or OpenSSH format") from None
    return _rsa_public(key)


@without_variables
def load_private_key(
    source: str | bytes | os.PathLike[str], password: str | bytes | None = None
) -> RSAPrivateKey:
    r"""Load an RSA private key, in PEM (PKCS#8 or PKCS#1) or OpenSSH format.

    The key may be in quotes, on one line, or have ``\n`` in place of line ends, as environment
    variables and JSON files often hold it.

    Args:
        source: The key's text or bytes, or the path of its file.
        password: The password that the key is encrypted with; text is encoded as UTF-8.

    Raises:
        ValueError: The source is not a private key, not RSA, damaged, or the size is not accepted;
            or the key is encrypted and the password missing, wrong or not valid Unicode; or a
            password is given although the key is not encrypted. The text does not quote the key.
        OSError: The file cannot be read.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    raw = _check_length(_contents(source))
    secret = _secret(password)
    if not _PRIVATE.search(raw):
        raise ValueError("this is not a private key in PEM or OpenSSH format")
    load: Any = serialization.load_pem_private_key
    if raw.startswith(b"-----BEGIN OPENSSH"):
        load = serialization.load_ssh_private_key
    try:
        key = load(raw, password=secret)
    except TypeError:
        # cryptography raises TypeError for a missing or an unnecessary password.
        problem = (
            "the private key is encrypted: a password is needed"
            if secret is None
            else "the private key is not encrypted, but a password was given"
        )
        raise ValueError(problem) from None
    except UnsupportedAlgorithm:
        raise ValueError(
            "the private key's type or encryption is not supported; "
            "OpenSSH's encryption requires the package bcrypt"
        ) from None
    except (ValueError, OverflowError):
        problem = "the private key cannot be read: it is damaged, or of an unknown type"
        if secret is not None:
            problem += ", or the password is wrong"
        raise ValueError(problem) from None
    return _rsa_private(key)


def _contents(source: str | bytes | os.PathLike[str]) -> str | bytes:
    """Return the key's text, or the contents of the file whose path is given instead."""
    if isinstance(source, bytes):
        return source
    if isinstance(source, str):
        if _KEY_TEXT.match(source.lstrip("\ufeff\"' \t\r\n")) or "-----BEGIN " in source:
            return source
        if not source.strip() or not source.isprintable() or len(source) > _MAX_PATH_LENGTH:
            raise ValueError(_NEITHER)
    elif not isinstance(source, PathLike):
        # An int would be the descriptor of an open file.
        raise ValueError(f"a key is text, bytes or the path of a file, not {_kind(source)}")
    if looks_like_key(source):
        raise ValueError(_NEITHER)
    return read_file(source, MAX_KEY_BYTES)


def _unquoted(text: str) -> str:
    """Return a key without byte order mark and surrounding quotes, and with real line ends."""
    text = text.removeprefix("\ufeff").strip()
    while len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    if "-----BEGIN " not in text:
        return _ESCAPED_END.sub("", text)
    if "\\" in text:
        text = text.replace("\\r", "").replace("\\n", "\n").replace("\\/", "/")
    pem = _PEM.match(text, text.index("-----BEGIN "))
    if pem is None or "\n" in pem[2] or ":" in pem[2]:
        return text  # it has several lines, or headers, which cannot be told apart on one
    content = "".join(pem[2].split())
    lines = [content[start : start + 64] for start in range(0, len(content), 64)]
    return "\n".join([text[: pem.start()] + pem[1], *lines, pem[3] + text[pem.end() :]])


def _check_length(data: str | bytes) -> bytes:
    if isinstance(data, str):
        data = _utf8(data, "this is not a key: the text is not valid Unicode")
    if len(data) > MAX_KEY_BYTES:
        raise ValueError(f"this is not a key: it is longer than {MAX_KEY_BYTES // 1024} KiB")
    try:
        # Editors on Windows write a byte order mark, and people copy keys with whitespace, or from
        # JSON and environment files.
        return _unquoted(data.decode("utf-8")).encode("utf-8") + b"\n"
    except UnicodeDecodeError:
        return data.strip() + b"\n"


# --- Using ---------------------------------------------------------------------------------------


def public_keys_equal(one: RSAPublicKey, other: RSAPublicKey) -> bool:
    """Whether two public keys are the same key, regardless of their formats.

    Raises:
        ValueError: One of them is not an RSA public key.
    """
    return _rsa_public(one).public_numbers() == _rsa_public(other).public_numbers()


def fingerprint(key: RSAPublicKey) -> str:
    """Return the fingerprint of a public key, as ``ssh-keygen -l`` shows it.

    Returns:
        ``SHA256:`` and 43 characters of base64.

    Raises:
        ValueError: The key is not an RSA public key.
    """
    blob = base64.b64decode(serialize_public_key(key, "SSH").split(" ")[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")


def sign(private_key: RSAPrivateKey, message: bytes) -> bytes:
    """Sign a message, such as a task: RSA-PSS with SHA-256, MGF1-SHA-256 and 20 bytes of salt.

    Returns:
        The signature, of the key's length (512 bytes for 4096 bits).

    Raises:
        ValueError: The key is not an RSA private key, or the message is not bytes.
    """
    from cryptography.hazmat.primitives import hashes

    _check_bytes("message", message)
    return _rsa_private(private_key).sign(message, _padding(), hashes.SHA256())


def verify(public_key: RSAPublicKey, message: bytes, signature: bytes) -> bool:
    """Whether a message's signature was made by :func:`sign` with the matching private key.

    Raises:
        ValueError: The key is not an RSA public key; or message or signature is not bytes; or they
            are valid, but in the order of the official SDK's ``verify_signature``.
    """
    key = _rsa_public(public_key)
    _check_bytes("message", message)
    _check_bytes("signature", signature)
    if _is_signature(key, message, signature):
        return True
    if len(message) == (key.key_size + 7) // 8 and _is_signature(key, signature, message):
        raise ValueError(
            "message and signature are swapped: the order is verify(public_key, message, signature)"
        )
    return False


def _is_signature(key: RSAPublicKey, message: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes

    try:
        key.verify(signature, message, _padding(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _check_bytes(name: str, value: object) -> None:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise ValueError(f"{name} must be bytes, not {_kind(value)}")


def _padding() -> PSS:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=_SALT_LENGTH)


# --- Checks --------------------------------------------------------------------------------------


def _rsa_public(key: object) -> RSAPublicKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if not isinstance(key, RSAPublicKey):
        raise ValueError(f"an RSA public key is required, not {_kind(key)}")
    _check_size(key.key_size)
    return key


def _rsa_private(key: object) -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if not isinstance(key, RSAPrivateKey):
        raise ValueError(f"an RSA private key is required, not {_kind(key)}")
    _check_size(key.key_size)
    return key


def _kind(key: object) -> str:
    # The type only: a value passed by mistake may be secret.
    return f"a value of type {type(key).__name__}"


def _check_size(bits: int) -> None:
    if not is_whole_number(bits, MIN_KEY_SIZE, MAX_KEY_SIZE):
        raise ValueError(
            f"RSA keys of {MIN_KEY_SIZE} to {MAX_KEY_SIZE} bits are accepted, not of {bits}"
        )


def _checked_form(form: str) -> str:
    if form not in ("PEM", "SSH"):
        # Not quoted, since it may be the password, in the wrong place.
        raise ValueError("a key's form must be 'PEM' or 'SSH'")
    return form


def _secret(password: str | bytes | None) -> bytes | None:
    if password is None:
        return None
    if isinstance(password, str):
        password = _utf8(password, "the password is not valid Unicode")
    if not password:
        raise ValueError("the password is empty; pass None for no password")
    return password


def _utf8(text: str, problem: str) -> bytes:
    encoded = None
    with suppress(UnicodeEncodeError):  # which holds the text, and must not be a cause
        encoded = text.encode("utf-8")
    if encoded is None:
        raise ValueError(problem)
    return encoded
