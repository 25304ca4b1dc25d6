"""``compute``: register compute instances, and get their TLS certificates."""

from __future__ import annotations

import ipaddress
import os
import re
from typing import TYPE_CHECKING, Any, Final

import click

from bitfount_api.cli.arguments import (
    CLUSTER_ID,
    COMPUTE_ID,
    FILE,
    INSTANCE_ID,
    Checked,
    check_targets,
    contents,
)
from bitfount_api.cli.commands import Group, app_of
from bitfount_api.cli.exit_codes import Exit, Failure
from bitfount_api.cli.views import Fields, Text
from bitfount_api.files import atomic_write

if TYPE_CHECKING:
    from pathlib import Path

    from bitfount_api import types
    from bitfount_api.cli.app import App

_MAX_FILE_BYTES: Final = 64 * 1024
_MAX_DOMAIN_LENGTH: Final = 64  # of a common name (RFC 5280)
_CERTIFICATES: Final = {"certificatePem": "certificate", "caBundlePem": "issuers' certificate"}
_HOST: Final = re.compile(r"[a-z0-9](?:[-.a-z0-9]*[a-z0-9])?", re.IGNORECASE)


def _domain(text: str) -> str:
    if len(text) > _MAX_DOMAIN_LENGTH or not _HOST.fullmatch(text):
        raise ValueError(
            f"the domain must be a host name of at most {_MAX_DOMAIN_LENGTH} characters"
        )
    return text


_DOMAIN: Final = Checked("domain", _domain)
_ADDRESS: Final = Checked("address", lambda text: str(ipaddress.ip_address(text)))


@click.group(
    cls=Group,
    examples=[
        ("compute register 3f1c8a52 --address 10.0.0.5", "Register an instance:"),
        ("compute certificate c-17", "Show the state of its certificate:"),
    ],
)
def compute() -> None:
    """Register compute instances, which run pods, and certify them."""


@compute.command(
    arguments={"INSTANCE": "An id that you choose for the instance, such as a UUID."},
    examples=[
        (
            "compute register 3f1c8a52 --address 10.0.0.5 \\\n--cluster 6f1c2c8e",
            "Register an instance in one of your clusters, or update it:",
        ),
        (
            "compute register 3f1c8a52 --address 10.0.0.5 --json \\\n| jq -r .domain",
            "Print only the domain of the instance:",
        ),
    ],
)
@click.argument("instance", type=INSTANCE_ID)
@click.option(
    "--address",
    metavar="IP",
    type=_ADDRESS,
    required=True,
    help="The instance's address in its own network.",
)
@click.option(
    "--cluster",
    metavar="ID",
    type=CLUSTER_ID,
    help="The instance's cluster. Default: the one of the API key.",
)
@click.pass_context
def register(context: click.Context, /, instance: str, address: str, cluster: str | None) -> None:
    """Register an instance and show its compute id and domain.

    Registering an instance again updates it.
    """
    app = app_of(context)
    found = app.hub().register_compute(instance, cluster, address)
    if found is None:  # the reason is logged as a warning
        raise Failure(
            f"The Hub has registered {instance}, but did not return its compute id.",
            Exit.INVALID_DATA,
            hint="Register it again: that changes nothing.",
        )
    app.output.result(
        {"instance": instance, **found},
        Fields({"Compute id": found["computeId"], "Domain": found.get("domain")}),
    )


@compute.command(
    arguments={"DOMAIN": "The instance's domain, as 'compute register' shows it."},
    examples=[
        (
            """keys generate instance.pem && bitfount-api compute csr \\
            c-17.compute.example.com --key instance.pem --output instance.csr""",
            "Create a key and a signing request for its domain:",
        ),
        (
            "compute csr c-17.compute.example.com --key instance.pem",
            "Print a signing request for a key that you have:",
        ),
    ],
)
@click.argument("domain", type=_DOMAIN)
@click.option(
    "--key", "key_file", metavar="FILE", type=FILE, required=True, help="The private key."
)
@click.option(
    "--output", metavar="FILE", type=FILE, help="File to write. Default: standard output."
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@click.pass_context
def csr(
    context: click.Context, /, domain: str, key_file: Path, output: Path | None, force: bool
) -> None:
    """Create a signing request for an instance's certificate.

    Sends nothing. The request contains the public key only; keep the private key. The password of
    an encrypted key is read from BITFOUNT_KEY_PASSWORD or a prompt.
    """
    app = app_of(context)
    if output is not None and os.path.realpath(output) == os.path.realpath(key_file):
        raise click.UsageError("--output and --key are the same file.", context)
    check_targets(output, force=force)
    text = _signing_request(domain, key_file)
    if output is None:
        app.output.data({"domain": domain, "csrPem": text}, Text(text))
        return
    atomic_write(output, text.encode("ascii"), overwrite=force)
    app.output.result(
        {"domain": domain, "path": str(output)}, Fields({"Domain": domain, "Written": output})
    )


def _signing_request(domain: str, key_file: Path) -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    from bitfount_api.cli.keys import private_key
    from bitfount_api.keys import MAX_KEY_BYTES

    key = private_key(contents(key_file, MAX_KEY_BYTES))
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, domain)])
    alternatives = x509.SubjectAlternativeName([x509.DNSName(domain)])
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(name)
        .add_extension(alternatives, critical=False)
        .sign(key, hashes.SHA256())
    )
    return request.public_bytes(Encoding.PEM).decode("ascii")


@compute.command(
    arguments={"COMPUTE": "The instance's compute id, as 'compute register' shows it."},
    examples=[
        ("compute certificate c-17 --csr instance.csr", "Request a certificate:"),
        ("compute certificate c-17", "Show whether it is issued, and when it expires:"),
        (
            """compute certificate c-17 \\
            --output instance.crt --ca-output ca.crt""",
            "Save it, together with those of its issuers:",
        ),
    ],
)
@click.argument("compute_id", metavar="COMPUTE", type=COMPUTE_ID)
@click.option(
    "--csr",
    "request_file",
    metavar="FILE",
    type=FILE,
    help="Request a certificate with this signing request (PEM).",
)
@click.option("--output", metavar="FILE", type=FILE, help="Write the certificate to a file (PEM).")
@click.option(
    "--ca-output", metavar="FILE", type=FILE, help="Write its issuers' certificates to a file."
)
@click.option("--force", is_flag=True, help="Replace the files if they exist.")
@click.pass_context
def certificate(
    context: click.Context,
    /,
    compute_id: str,
    request_file: Path | None,
    output: Path | None,
    ca_output: Path | None,
    force: bool,
) -> None:
    """Request, show or save an instance's certificate.

    The Hub needs some time to issue a certificate: request it, then ask for it until its status is
    'issued'. Exits with 4 if there is no such instance of yours, or no certificate to write.
    """
    targets = [path for path in (output, ca_output) if path is not None]
    if request_file is not None and targets:
        raise click.UsageError(
            "Request a certificate with --csr first, and write it once it is issued.", context
        )
    if len({os.path.realpath(path) for path in targets}) < len(targets):
        raise click.UsageError("--output and --ca-output are the same file.", context)
    app = app_of(context)
    if request_file is not None:
        _request(app, compute_id, request_file)
        return
    check_targets(*targets, force=force)
    found = app.hub().get_compute_certificate(compute_id)
    files = {
        path: _certificates(found, name)
        for path, name in ((output, "certificatePem"), (ca_output, "caBundlePem"))
        if path is not None
    }
    for path, data in files.items():
        atomic_write(path, data, overwrite=force)
    value = {"computeId": compute_id, **found}
    if not files:
        app.output.data(value, _state(compute_id, found))
        return
    paths = {"path": output, "caPath": ca_output}
    value |= {name: str(path) for name, path in paths.items() if path is not None}
    app.output.result(value, _state(compute_id, found, Written=targets))


def _request(app: App, compute_id: str, file: Path) -> None:
    hub = app.hub()
    text = contents(file, _MAX_FILE_BYTES).decode("utf-8", "replace")
    answer = hub.request_compute_certificate(compute_id, text)
    if answer is not None:
        value = {"computeId": compute_id, "requested": True, **answer}
        app.output.result(value, _state(compute_id, answer))
        return
    found = hub.get_compute_certificate(compute_id)
    app.output.note("Nothing was requested: a certificate is being issued, or has been issued.")
    value = {"computeId": compute_id, "requested": False, **found}
    app.output.data(value, _state(compute_id, found))


def _state(
    compute_id: str, answer: types.ComputeCertificate | types.RequestedCertificate, **more: Any
) -> Fields:
    return Fields(
        {
            "Compute id": compute_id,
            "Domain": answer.get("domain"),
            "Status": answer["status"],
            "Expires": answer.get("expires"),
            **more,
        }
    )


def _certificates(found: types.ComputeCertificate, name: str) -> bytes:
    """Return certificates to write to a file, as PEM.

    Raises:
        Failure: The answer has none, or they are not valid.
    """
    from cryptography import x509

    text: Any = found.get(name)
    if not text:
        raise Failure(
            f"There is no certificate to write: its status is {found['status']!r}.",
            Exit.NOT_FOUND,
            hint="Request one with --csr, or wait until it is issued.",
        )
    try:
        data: bytes = text.encode("ascii")
        x509.load_pem_x509_certificates(data)
    except ValueError:
        raise Failure(
            f"The {_CERTIFICATES[name]} from the Hub is not in PEM format, so nothing was written.",
            Exit.INVALID_DATA,
        ) from None
    return data
