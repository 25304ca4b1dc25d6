"""Compute instances: registered, with certificates that are requested, shown and saved."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from cli.console import Console
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from support.rsa_keys import key_pair
from support.sandbox_seeds import csr

from bitfount_api import keys as rsa
from bitfount_api.sandbox.faults import Fault


@pytest.fixture
def instance(console: Console) -> dict[str, Any]:
    """A registered instance of alice's, whose key is in ``key.pem``."""
    Path("key.pem").write_text(rsa.serialize_private_key(key_pair().private_key), encoding="ascii")
    found: dict[str, Any] = console.json("compute", "register", "i-1", "--address", "10.0.0.5")
    return found


@pytest.fixture
def issued(console: Console, instance: dict[str, Any]) -> str:
    """The compute id of an instance with a certificate."""
    console.ok("compute", "csr", instance["domain"], "--key", "key.pem", "--output", "i.csr")
    compute: str = instance["computeId"]
    console.ok("compute", "certificate", compute, "--csr", "i.csr")
    return compute


# --- register ------------------------------------------------------------------------------------


def test_instance_is_registered_in_a_cluster(console: Console) -> None:
    cluster = console.json("clusters", "create", "eye-clinic")["clusterId"]
    words = ("compute", "register", "i-1", "--address", "fd00::5", "--cluster", cluster)
    first, again = console.json(*words), console.ok(*words)
    assert first.keys() == {"instance", "computeId", "domain"}
    assert again.out.split() == ["Compute", "id:", first["computeId"], "Domain:", first["domain"]]
    (kept,) = console.sandbox.state.computes.all()
    assert (kept.id, kept.cluster, kept.private_ip_address) == ("i-1", cluster, "fd00::5")


@pytest.mark.parametrize(
    "words",
    [
        ["i/1", "--address", "10.0.0.5"],
        ["i-1", "--address", "10.0.0.256"],
        ["i-1", "--address", "host"],
        ["i-1"],
        ["i-1", "--address", "10.0.0.5", "--cluster", ".."],
    ],
)
def test_invalid_instance_is_a_usage_error(console: Console, words: list[str]) -> None:
    outcome = console.run("compute", "register", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1
    assert not console.sandbox.requests


def test_unknown_cluster_of_an_instance_is_reported(console: Console) -> None:
    words = ("compute", "register", "i-1", "--address", "10.0.0.5", "--cluster", "none")
    outcome = console.run(*words)
    assert (outcome.code, outcome.out) == (4, "")
    assert outcome.err.count("\n") == 1


def test_registration_without_an_id_is_reported(console: Console) -> None:
    console.sandbox.fail("/api/compute/instances/i-1", Fault(status=200, body=b"<html>"))
    outcome = console.run("compute", "register", "i-1", "--address", "10.0.0.5")
    assert (outcome.code, outcome.out) == (7, "")
    assert "Register it again" in outcome.err


# --- csr -----------------------------------------------------------------------------------------


def test_signing_request_has_key_and_domain(console: Console, instance: dict[str, Any]) -> None:
    domain, before = instance["domain"], len(console.sandbox.requests)
    words = ("compute", "csr", domain, "--key", "key.pem")
    made = console.json(*words, "--output", "i.csr")
    assert made == {"domain": domain, "path": "i.csr"}
    request = x509.load_pem_x509_csr(Path("i.csr").read_bytes())
    assert request.is_signature_valid
    assert request.public_key() == key_pair().public_key
    assert request.subject.rfc4514_string() == f"CN={domain}"
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.DNSName(domain)]
    text = Path("i.csr").read_text(encoding="ascii")
    # RSA signatures of this kind are deterministic.
    assert console.ok(*words).out == text
    assert console.json(*words) == {"domain": domain, "csrPem": text}
    assert len(console.sandbox.requests) == before


def test_signing_request_is_not_overwritten(console: Console, instance: dict[str, Any]) -> None:
    Path("i.csr").write_text("mine", encoding="ascii")
    words = ("compute", "csr", instance["domain"], "--key", "key.pem", "--output", "i.csr")
    outcome = console.run(*words)
    assert (outcome.code, Path("i.csr").read_text(encoding="ascii")) == (6, "mine")
    console.ok(*words, "--force")
    assert "REQUEST" in Path("i.csr").read_text(encoding="ascii")


@pytest.mark.parametrize("more", [True, False])
def test_request_with_a_private_key_is_not_sent(
    console: Console, instance: dict[str, Any], more: bool
) -> None:
    console.ok("compute", "csr", instance["domain"], "--key", "key.pem", "--output", "i.csr")
    before, key = len(console.sandbox.requests), Path("key.pem").read_text(encoding="ascii")
    Path("both.csr").write_text(
        key + (Path("i.csr").read_text(encoding="ascii") if more else ""), encoding="ascii"
    )
    outcome = console.run("compute", "certificate", instance["computeId"], "--csr", "both.csr")
    assert outcome.code == 6
    expected = "contains a private key" if more else "BEGIN CERTIFICATE REQUEST to its END"
    assert expected in outcome.err
    assert len(console.sandbox.requests) == before


def test_signing_request_never_replaces_its_key(console: Console) -> None:
    before = rsa.serialize_private_key(key_pair().private_key).encode("ascii")
    Path("key.pem").write_bytes(before)
    Path("link.pem").symlink_to("key.pem")
    for output in ("key.pem", "./key.pem", "link.pem"):
        words = ("compute", "csr", "c.example.com", "--key", "key.pem", "--output", output)
        assert console.run(*words, "--force").code == 2
    assert Path("key.pem").read_bytes() == before


def test_signing_request_of_an_encrypted_key(console: Console) -> None:
    console.environment["BITFOUNT_KEY_PASSWORD"] = "planted"
    text = rsa.serialize_private_key(key_pair().private_key, password="planted")
    Path("key.pem").write_text(text, encoding="ascii")
    words = ("compute", "csr", "c.example.com", "--key", "key.pem")
    assert "BEGIN CERTIFICATE REQUEST" in console.ok(*words).out
    del console.environment["BITFOUNT_KEY_PASSWORD"]
    assert console.run(*words).code == 6


@pytest.mark.parametrize("domain", ["", "x" * 65, "a b", "é.example.com", "-a.example.com", "a/b"])
def test_invalid_domain_is_a_usage_error(console: Console, domain: str) -> None:
    outcome = console.run("compute", "csr", "--key", "key.pem", "--", domain)
    assert (outcome.code, outcome.out) == (2, "")
    assert "the domain must be a host name" in outcome.err


@pytest.mark.parametrize("content", ["", "no key", rsa.serialize_public_key(key_pair().public_key)])
def test_csr_without_a_private_key_is_reported(console: Console, content: str) -> None:
    Path("key.pem").write_text(content, encoding="ascii")
    outcome = console.run("compute", "csr", "c.example.com", "--key", "key.pem")
    assert (outcome.code, outcome.out) == (6, "")
    assert outcome.err.count("\n") == 1


# --- certificate ---------------------------------------------------------------------------------


def test_certificate_is_requested_and_shown(console: Console, instance: dict[str, Any]) -> None:
    compute, domain = instance["computeId"], instance["domain"]
    assert console.json("compute", "certificate", compute)["status"] == "none"
    Path("i.csr").write_text(csr(domain), encoding="ascii")
    requested = console.json("compute", "certificate", compute, "--csr", "i.csr")
    wanted = {"computeId": compute, "requested": True, "domain": domain, "status": "issued"}
    assert requested == wanted
    shown = console.ok("compute", "certificate", compute).out
    assert "issued" in shown
    assert "Expires" in shown
    assert "BEGIN" not in shown
    assert "BEGIN" in console.json("compute", "certificate", compute)["certificatePem"]


def test_signing_request_can_come_from_a_pipe(console: Console, instance: dict[str, Any]) -> None:
    typed = csr(instance["domain"])
    outcome = console.ok("compute", "certificate", instance["computeId"], "--csr", "-", typed=typed)
    assert "issued" in outcome.out


def test_second_request_changes_nothing(console: Console, issued: str) -> None:
    before = console.json("compute", "certificate", issued)
    outcome = console.ok("compute", "certificate", issued, "--csr", "i.csr", "--json")
    assert outcome.json == {**before, "requested": False}
    assert outcome.err == ""
    outcome = console.ok("compute", "certificate", issued, "--csr", "i.csr")
    assert outcome.err.startswith("Nothing was requested")


def test_certificates_are_saved(console: Console, issued: str) -> None:
    words = ("compute", "certificate", issued, "--output", "i.crt", "--ca-output", "ca.crt")
    saved = console.json(*words)
    assert (saved["path"], saved["caPath"]) == ("i.crt", "ca.crt")
    certificate = x509.load_pem_x509_certificate(Path("i.crt").read_bytes())
    assert certificate.public_key() == key_pair().public_key
    certificate.verify_directly_issued_by(
        x509.load_pem_x509_certificate(Path("ca.crt").read_bytes())
    )
    assert "i.crt, ca.crt" in console.ok(*words, "--force").out


def test_existing_certificate_is_not_overwritten(console: Console, issued: str) -> None:
    Path("ca.crt").write_text("mine", encoding="ascii")
    before = len(console.sandbox.requests)
    words = ("compute", "certificate", issued, "--output", "i.crt", "--ca-output", "ca.crt")
    outcome = console.run(*words)
    assert (outcome.code, outcome.out) == (6, "")
    assert "--force" in outcome.err
    assert not os.path.exists("i.crt")
    assert len(console.sandbox.requests) == before


def test_missing_certificate_is_not_saved(console: Console, instance: dict[str, Any]) -> None:
    outcome = console.run("compute", "certificate", instance["computeId"], "--output", "i.crt")
    assert (outcome.code, outcome.out) == (4, "")
    assert "'none'" in outcome.err
    assert not os.path.exists("i.crt")


@pytest.mark.parametrize("pem", ["no certificate", "-----BEGIN CERTIFICATE-----\n", "é"])
def test_invalid_certificate_is_not_saved(console: Console, issued: str, pem: str) -> None:
    answer = {"status": "issued", "certificatePem": pem}
    body = json.dumps(answer).encode()
    console.sandbox.fail(f"/api/compute/{issued}/certificate", Fault(status=200, body=body))
    outcome = console.run("compute", "certificate", issued, "--output", "i.crt")
    assert (outcome.code, outcome.out) == (7, "")
    assert "The certificate from the Hub is not in PEM format" in outcome.err
    assert not os.path.exists("i.crt")


def test_refused_signing_request_is_reported(console: Console, instance: dict[str, Any]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    Path("i.csr").write_text(csr(instance["domain"], key), encoding="ascii")
    outcome = console.run("compute", "certificate", instance["computeId"], "--csr", "i.csr")
    assert (outcome.code, outcome.out) == (1, "")
    assert "RSA key" in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("private", [True, False])
def test_file_without_signing_request_is_not_sent(
    console: Console, instance: dict[str, Any], private: bool
) -> None:
    key = rsa.serialize_private_key(key_pair().private_key)
    Path("i.csr").write_text(csr(instance["domain"]) + key if private else "\xff", "latin-1")
    before = len(console.sandbox.requests)
    outcome = console.run("compute", "certificate", instance["computeId"], "--csr", "i.csr")
    assert (outcome.code, outcome.out) == (6, "")
    assert ("private key" if private else "signing request") in outcome.err
    assert len(console.sandbox.requests) == before


@pytest.mark.parametrize("options", [[], ["--csr", "i.csr"], ["--output", "i.crt"]])
def test_certificate_of_another_user_is_reported(
    console: Console, issued: str, options: list[str]
) -> None:
    console.be("bob")
    outcome = console.run("compute", "certificate", issued, *options)
    assert (outcome.code, outcome.out) == (4, "")
    assert outcome.err.count("\n") == 1
    assert not os.path.exists("i.crt")


@pytest.mark.parametrize(
    "words",
    [
        ["a/b"],
        ["c-1", "--csr", "i.csr", "--output", "i.crt"],
        ["c-1", "--csr", "i.csr", "--ca-output", "i.crt"],
        ["c-1", "--output", "i.crt", "--ca-output", "./i.crt"],
    ],
)
def test_invalid_certificate_options_are_usage_errors(console: Console, words: list[str]) -> None:
    outcome = console.run("compute", "certificate", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1
    assert not console.sandbox.requests
