"""The certificate authority of the sandbox, which signs the certificates of compute instances."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_VALID = dt.timedelta(days=3650)
# The clocks of containers and virtual machines may be late.
_MARGIN = dt.timedelta(minutes=5)
_MIN_BITS = 2048
# The errors of cryptography, and its warning, where warnings are errors.
_INVALID = (
    *(ValueError, TypeError, UnsupportedAlgorithm, UserWarning),
    *(x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType),
)


class InvalidRequestError(ValueError):
    """A certificate signing request is not acceptable; the message states the reason."""


class Authority:
    """A certificate authority, whose key and certificate are created on first use.

    Args:
        path: Path of the PEM file with both; only this user can read it.
        clock: Function that returns the POSIX time in seconds.

    Raises:
        ValueError: If the file exists, but does not contain both.
    """

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock
        self._loaded: tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None = None
        if path.exists():
            self._loaded = _load(path)

    @property
    def bundle(self) -> str:
        """The authority's certificate in PEM format, which clients have to trust."""
        return _pem(self._pair()[1])

    def sign(self, public_key: rsa.RSAPublicKey, domain: str, seconds: float) -> str:
        """Return a certificate in PEM format.

        Args:
            public_key: Key that :func:`check` returned.
            domain: The only name that the certificate is valid for.
            seconds: Time until the certificate expires.
        """
        key, authority = self._pair()
        now = self._now()
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            _builder(_name(domain), authority.subject, public_key)
            .not_valid_before(now - _MARGIN)
            .not_valid_after(now + dt.timedelta(seconds=seconds))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(domain)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()),
                critical=False,
            )
            .sign(key, hashes.SHA256())
        )
        return _pem(certificate)

    def _pair(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        if self._loaded is None:
            self._loaded = self._create()
        return self._loaded

    def _create(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key = ec.generate_private_key(ec.SECP256R1())
        name, now = _name("Bitfount sandbox CA"), self._now()
        certificate = (
            _builder(name, name, key.public_key())
            .not_valid_before(now - _MARGIN)
            .not_valid_after(now + _VALID)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(authority=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        text = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        # Never in the final place with only a part of the content, or readable by others.
        draft = self._path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text + _pem(certificate).encode())
        draft.replace(self._path)
        return key, certificate

    def _now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self._clock(), dt.UTC)


def check(text: str, domain: str) -> rsa.RSAPublicKey:
    """Return the key of a certificate signing request in PEM format.

    Raises:
        InvalidRequestError: If it is not a request with a valid signature, for an RSA key of at
            least 2048 bits, with the domain as its common name and only alternative name.
    """
    try:
        request = x509.load_pem_x509_csr(text.encode())
        key, signed = request.public_key(), request.is_signature_valid
        names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        alternatives = _alternatives(request)
    except _INVALID as error:
        raise InvalidRequestError(f"it is not a PEM certificate signing request: {error}") from None
    if not signed:
        raise InvalidRequestError("its signature is not valid")
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _MIN_BITS:
        raise InvalidRequestError(f"its key is not an RSA key of at least {_MIN_BITS} bits")
    if [name.value for name in names] != [domain]:
        raise InvalidRequestError(f"its common name must be {domain}")
    if alternatives != [x509.DNSName(domain)]:
        raise InvalidRequestError(
            f"its only subject alternative name must be the DNS name {domain}"
        )
    return key


def _alternatives(request: x509.CertificateSigningRequest) -> list[x509.GeneralName]:
    try:
        extension = request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return list(extension.value)


def _load(path: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    data = path.read_bytes()
    try:
        key = serialization.load_pem_private_key(data, None)
        certificate = x509.load_pem_x509_certificate(data)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(f"{path} is not the sandbox's certificate authority: {error}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != (
        certificate.public_key()
    ):
        raise ValueError(
            f"{path} is not the sandbox's certificate authority: key and certificate do not match"
        )
    return key, certificate


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_encipherment=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
