"""Compute instances: registration, and certificates that TLS accepts."""

from __future__ import annotations

import base64
import socket
import ssl
import stat
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from support.rsa_keys import private_key
from support.sandbox_api import Api, Clock, done, refused
from support.sandbox_seeds import csr

from bitfount_api.sandbox import Lifetimes, Sandbox

DAY = 86400


def register(api: Api, instance: str = "i-1", **changes: Any) -> httpx.Response:
    body = {"privateIpAddress": "10.0.0.5", **changes}
    return api.hub("PUT", f"/api/compute/instances/{instance}", body)


def ask(api: Api, compute: str, text: str) -> httpx.Response:
    return api.hub("POST", f"/api/compute/{compute}/certificate", {"csrPem": text})


def shown(api: Api, compute: str) -> Any:
    return done(api.hub("GET", f"/api/compute/{compute}/certificate"))


# --- Registration --------------------------------------------------------------------------------


def test_instance_is_registered_once(sandbox: Sandbox, alice: Api, bob: Api) -> None:
    first = done(register(alice))
    assert first == done(register(alice, privateIpAddress="fd00::5"))
    assert first["domain"] == f"{first['computeId']}.compute.localhost"
    others = {done(register(alice, "i-2"))["computeId"], done(register(bob))["computeId"]}
    assert len({first["computeId"], *others}) == 3
    instances = [
        (each.owner, each.id, each.private_ip_address) for each in (sandbox.state.computes.all())
    ]
    assert instances == [
        ("alice", "i-1", "fd00::5"),
        ("alice", "i-2", "10.0.0.5"),
        ("bob", "i-1", "10.0.0.5"),
    ]


def test_instance_keeps_its_cluster(sandbox: Sandbox, alice: Api) -> None:
    cluster = sandbox.state.clusters.create("alice", "c")
    done(register(alice, clusterId=cluster))
    done(register(alice, clusterId=None))
    (instance,) = sandbox.state.computes.all()
    assert (instance.cluster, instance.busy) == (cluster, None)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"privateIpAddress": None}, 422),
        ({"privateIpAddress": ""}, 422),
        ({"privateIpAddress": "10.0.0.256"}, 422),
        ({"clusterId": ""}, 422),
        ({"clusterId": 7}, 422),
        ({"clusterId": "none"}, 404),
        ({"clusterId": "of bob"}, 404),
    ],
)
def test_invalid_registration_is_rejected(
    changes: dict[str, Any], status: int, sandbox: Sandbox, alice: Api
) -> None:
    if changes.get("clusterId") == "of bob":
        changes = {"clusterId": sandbox.state.clusters.create("bob", "c")}
    refused(register(alice, **changes), status)
    assert sandbox.state.computes.all() == []


# --- Certificates --------------------------------------------------------------------------------


def handshake(answer: dict[str, str], key: rsa.RSAPrivateKey, folder: Path, name: str) -> bytes:
    """Return what a client that trusts the bundle receives from a server with the certificate."""
    file = folder / "server.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    file.write_text(pem + answer["certificatePem"] + answer["caBundlePem"])
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    trusting = ssl.create_default_context(cadata=answer["caBundlePem"])
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            plain, _ = listener.accept()
            try:
                with serving.wrap_socket(plain, server_side=True) as connection:
                    connection.sendall(b"hello")
            except ssl.SSLError:
                plain.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with (
                socket.create_connection(listener.getsockname()) as plain,
                trusting.wrap_socket(plain, server_hostname=name) as connection,
            ):
                return connection.recv(5)
        finally:
            thread.join()


def test_issued_certificate_serves_tls(alice: Api, tmp_path: Path) -> None:
    compute, domain = done(register(alice)).values()
    assert shown(alice, compute) == {"domain": domain, "status": "none"}
    assert done(ask(alice, compute, csr(domain))) == {"domain": domain, "status": "issued"}
    issued = shown(alice, compute)
    assert handshake(issued, private_key(), tmp_path, domain) == b"hello"
    with pytest.raises(ssl.SSLCertVerificationError, match=r"[Hh]ostname"):
        handshake(issued, private_key(), tmp_path, f"other-{domain}")


def test_issued_certificate_names_its_domain(alice: Api, clock: Clock) -> None:
    compute, domain = done(register(alice)).values()
    done(ask(alice, compute, csr(domain)))
    issued = shown(alice, compute)
    assert issued.keys() == {"domain", "status", "certificatePem", "caBundlePem", "expires"}
    certificate = x509.load_pem_x509_certificate(issued["certificatePem"].encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [domain]
    assert certificate.public_key() == private_key().public_key()
    until = certificate.not_valid_after_utc
    assert 0 <= clock.now + 90 * DAY - until.timestamp() < 1
    assert issued["expires"][:19] == until.isoformat()[:19]
    authority = x509.load_pem_x509_certificate(issued["caBundlePem"].encode())
    certificate.verify_directly_issued_by(authority)


def test_certificate_belongs_to_the_owner(alice: Api, bob: Api) -> None:
    compute, domain = done(register(alice)).values()
    for api, wanted in ((bob, compute), (alice, "none")):
        refused(ask(api, wanted, csr(domain)), 404)
        refused(api.hub("GET", f"/api/compute/{wanted}/certificate"), 404)
    assert shown(alice, compute)["status"] == "none"


def changed(domain: str, old: bytes, new: bytes) -> str:
    """Return a request, with the first occurrence of some bytes replaced."""
    content = x509.load_pem_x509_csr(csr(domain).encode()).public_bytes(Encoding.DER)
    assert old in content
    text = base64.encodebytes(content.replace(old, new, 1)).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{text}-----END CERTIFICATE REQUEST-----\n"


def damaged(domain: str) -> str:
    """Return a request with the signature of no request."""
    signature = x509.load_pem_x509_csr(csr(domain).encode()).signature
    return changed(domain, signature, signature[::-1])


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda _: "", "not a PEM certificate signing request"),
        (lambda _: "nonsense", "not a PEM certificate signing request"),
        (lambda domain: csr(domain)[:300], "not a PEM certificate signing request"),
        (lambda domain: changed(domain, b"\2\1\0", b"\2\1\5"), "not a PEM certificate signing req"),
        (damaged, "its signature is not valid"),
        (lambda domain: csr(domain, ec.generate_private_key(ec.SECP256R1())), "RSA key"),
        (lambda domain: csr(domain, ed25519.Ed25519PrivateKey.generate()), "RSA key"),
        (lambda domain: csr(f"a.{domain}", None, domain), "its common name must be"),
        (lambda domain: csr(domain, None, f"a.{domain}"), "only subject alternative name"),
        (lambda domain: csr(domain, None, domain, "localhost"), "only subject alternative name"),
        (lambda domain: csr(domain, None, ""), "only subject alternative name"),
    ],
)
def test_unacceptable_request_is_not_signed(make: Any, why: str, alice: Api) -> None:
    compute, domain = done(register(alice)).values()
    assert why in refused(ask(alice, compute, make(domain)), 400)
    assert shown(alice, compute)["status"] == "none"


@pytest.mark.parametrize("body", [{}, {"csrPem": None}, {"csrPem": 7}, []])
def test_invalid_certificate_request_is_rejected(body: Any, alice: Api) -> None:
    compute = done(register(alice))["computeId"]
    refused(alice.hub("POST", f"/api/compute/{compute}/certificate", body), 422)


def test_issued_certificate_is_renewed_when_due(alice: Api, clock: Clock) -> None:
    compute, domain = done(register(alice)).values()
    done(ask(alice, compute, csr(domain)))
    first = shown(alice, compute)
    clock.now += 60 * DAY - 1
    refused(ask(alice, compute, csr(domain, private_key(1))), 409)
    assert shown(alice, compute) == first
    clock.now += 1
    done(ask(alice, compute, csr(domain, private_key(1))))
    assert shown(alice, compute)["expires"] > first["expires"]
    clock.now += 90 * DAY
    expired = shown(alice, compute)
    assert (expired["status"], "certificatePem" in expired) == ("expired", False)
    assert done(ask(alice, compute, csr(domain)))["status"] == "issued"


def test_certificate_in_progress_is_a_conflict(tmp_path: Path) -> None:
    clock = Clock(1_800_000_000)
    lifetimes = Lifetimes(certificate=100, certificate_validation=10)
    with Sandbox(tmp_path, clock=clock, lifetimes=lifetimes) as sandbox:
        alice = Api(sandbox, "alice")
        compute, domain = done(register(alice)).values()
        pending = {"domain": domain, "status": "pending_validation"}
        assert done(ask(alice, compute, csr(domain))) == pending
        clock.now += 9
        assert shown(alice, compute) == pending
        refused(ask(alice, compute, csr(domain)), 409)
        clock.now += 1
        assert shown(alice, compute)["status"] == "issued"
        refused(ask(alice, compute, csr(domain)), 409)
        clock.now += 100
        assert shown(alice, compute)["status"] == "expired"
        alice.close()


# --- The authority -------------------------------------------------------------------------------


def test_authority_is_kept_and_private(tmp_path: Path) -> None:
    def issue() -> dict[str, str]:
        with Sandbox(tmp_path) as sandbox:
            alice = Api(sandbox, "alice")
            compute, domain = done(register(alice)).values()
            done(ask(alice, compute, csr(domain)))
            issued: dict[str, str] = shown(alice, compute)
            sandbox.clear()
            alice.close()
        return issued

    first = issue()
    (file,) = tmp_path.glob("*.pem")
    assert "PRIVATE KEY" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    second = issue()
    assert second["caBundlePem"] == first["caBundlePem"]
    # The same installation keeps its domain.
    assert second["domain"] == first["domain"]
    assert second["certificatePem"] != first["certificatePem"]


@pytest.mark.parametrize("content", ["", "nonsense", "half"])
def test_damaged_authority_is_reported(content: str, tmp_path: Path) -> None:
    with Sandbox(tmp_path) as sandbox:
        sandbox.state.computes.authority.bundle  # noqa: B018 - creates the file
    (file,) = tmp_path.glob("*.pem")
    file.write_text(file.read_text()[:300] if content == "half" else content)
    with pytest.raises(ValueError, match="is not the sandbox's certificate authority"):
        Sandbox(tmp_path)


def test_mismatched_authority_is_reported(tmp_path: Path) -> None:
    mark, files = "-----BEGIN CERTIFICATE-----", list[Path]()
    for name in ("one", "other"):
        with Sandbox(tmp_path / name) as sandbox:
            sandbox.state.computes.authority.bundle  # noqa: B018 - creates the file
        files += (tmp_path / name).glob("*.pem")
    key, certificate = (file.read_text().split(mark)[which] for which, file in enumerate(files))
    files[0].write_text(key + mark + certificate)
    with pytest.raises(ValueError, match="key and certificate do not match"):
        Sandbox(tmp_path / "one")
