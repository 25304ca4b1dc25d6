"""``keys``: generate, register, check and compare RSA keys."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from bitfount_api import keys as rsa
from bitfount_api.cli.arguments import (
    FILE,
    KEY_ID,
    USER,
    WholeNumber,
    check_targets,
    contents,
    public_key,
    secret,
)
from bitfount_api.cli.commands import Group, app_of
from bitfount_api.cli.exit_codes import Exit, Failure
from bitfount_api.cli.views import Fields
from bitfount_api.files import atomic_write

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

PASSWORD_VARIABLE = "BITFOUNT_KEY_PASSWORD"  # noqa: S105 - the name, not the password

_FILE_ARGUMENT = {"FILE": "The public key, as PEM or OpenSSH; '-' reads standard input."}


@click.group(
    cls=Group,
    examples=[
        ("keys generate alice.pem", "Generate a key pair:"),
        ("keys register alice.pem.pub", "Register the public key with the Hub:"),
    ],
)
def keys() -> None:
    """Manage RSA keys that identify pods and users and sign tasks."""


@keys.command(
    arguments={"FILE": "The private key's file; the public key is written to FILE.pub."},
    examples=[
        ("keys generate alice.pem", "Generate alice.pem and alice.pem.pub:"),
        ("keys generate pod.pem --encrypt", "Encrypt the private key with a password:"),
    ],
)
@click.argument("file", type=FILE)
@click.option(
    "--bits",
    metavar="N",
    type=WholeNumber(rsa.MIN_KEY_SIZE, rsa.MAX_KEY_SIZE),
    default=rsa.DEFAULT_KEY_SIZE,
    help="Key size in bits. Default: 4096, as the services expect.",
)
@click.option(
    "--encrypt", is_flag=True, help=f"Encrypt with a password from {PASSWORD_VARIABLE} or a prompt."
)
@click.option("--force", is_flag=True, help="Replace existing keys, which are lost.")
@click.pass_context
def generate(context: click.Context, /, file: Path, bits: int, encrypt: bool, force: bool) -> None:
    """Generate an RSA key pair.

    Only you can read the private key's file (0600). Anyone who has the key can act as its
    owner.
    """
    output = app_of(context).output
    public_file = file.with_name(f"{file.name}.pub")
    check_targets(file, public_file, force=force)
    if os.path.realpath(file) == os.path.realpath(public_file):
        raise Failure(
            f"{public_file} is a link to {file}.", Exit.INVALID_INPUT, hint="Remove the link."
        )
    password = secret("password", PASSWORD_VARIABLE, confirm=True) if encrypt else None
    pair = rsa.generate_key_pair(bits)
    rsa.save_private_key(pair.private_key, file, password=password, overwrite=force)
    text = rsa.serialize_public_key(pair.public_key, "SSH") + "\n"
    try:
        atomic_write(public_file, text.encode("ascii"), overwrite=force)
    except BaseException:
        file.unlink(missing_ok=True)  # without its public key, it would only block the next attempt
        raise
    fingerprint = rsa.fingerprint(pair.public_key)
    output.result(
        {
            "privateKey": str(file),
            "publicKey": str(public_file),
            "fingerprint": fingerprint,
            "bits": bits,
        },
        Fields({"Private key": file, "Public key": public_file, "Fingerprint": fingerprint}),
    )


@keys.command(
    arguments=_FILE_ARGUMENT,
    examples=[("keys register alice.pem.pub", "Register a key that 'keys generate' made:")],
)
@click.argument("file", type=FILE)
@click.pass_context
def register(context: click.Context, /, file: Path) -> None:
    """Register one of your public keys with the Hub.

    The signatures of your tasks are verified with this key. Shows the key's id.
    """
    app = app_of(context)
    key = public_key(file)
    key_id = app.hub().register_user_public_key(key)
    fingerprint = rsa.fingerprint(key)
    app.output.result(
        {"id": key_id, "fingerprint": fingerprint},
        Fields({"Key id": key_id, "Fingerprint": fingerprint}),
    )


@keys.command(
    arguments={"ID": "The key's id, as 'keys register' shows it."},
    examples=[
        ("keys check 42", "Check that one of your keys is active:"),
        (
            "keys check 42 --owner bob --public-key bob.pub",
            "Check that bob's key is the one you have:",
        ),
    ],
)
@click.argument("key_id", metavar="ID", type=KEY_ID)
@click.option("--owner", metavar="NAME", type=USER, help="The key's owner. Default: you.")
@click.option(
    "--public-key", "expected_file", metavar="FILE", type=FILE, help="The expected public key."
)
@click.pass_context
def check(
    context: click.Context, /, key_id: str, owner: str | None, expected_file: Path | None
) -> None:
    """Check that a key is registered and active.

    Exits with 4 if it is not, and with 1 if it differs from --public-key.
    """
    app = app_of(context)
    expected = None if expected_file is None else public_key(expected_file)
    found = app.hub().check_public_key_registered_and_active(key_id, owner)
    if found is None:
        raise Failure(
            f"There is no active key {key_id} of {owner or 'yours'}.",
            Exit.NOT_FOUND,
            hint=None if owner else "Register one with 'bitfount-api keys register'.",
        )
    same = None if expected is None else rsa.public_keys_equal(found["public_key"], expected)
    fingerprint = rsa.fingerprint(found["public_key"])
    value: dict[str, Any] = {
        "id": found["id"],
        "active": found["active"],
        "fingerprint": fingerprint,
        "publicKey": rsa.serialize_public_key(found["public_key"]),
    }
    if same is not None:
        value["same"] = same
    fields = {
        "Key id": found["id"],
        "Active": found["active"],
        "Fingerprint": fingerprint,
        f"The same as {expected_file}": same,
    }
    app.output.data(value, Fields(fields))
    if same is False:
        raise Failure(
            f"Key {key_id} differs from the key in {expected_file}.", hint="Do not trust it."
        )


@keys.command(
    arguments={"FILE": "A public or a private key; '-' reads standard input."},
    examples=[
        ("keys fingerprint alice.pem.pub", "Show the fingerprint of a key you gave to someone:"),
        (
            "access key | bitfount-api keys fingerprint -",
            "Show the fingerprint of the access manager's key:",
        ),
    ],
)
@click.argument("file", type=FILE)
@click.pass_context
def fingerprint(context: click.Context, /, file: Path) -> None:
    """Show the fingerprint of a key, like 'ssh-keygen -l'.

    A private key and its public key have the same fingerprint. The password of an encrypted private
    key is read from BITFOUNT_KEY_PASSWORD or a prompt.
    """
    data = contents(file, rsa.MAX_KEY_BYTES)
    key = (
        private_key(data).public_key()
        if b"PRIVATE KEY-----" in data
        else rsa.parse_public_key(data)
    )
    key_fingerprint = rsa.fingerprint(key)
    app_of(context).output.data(
        {"fingerprint": key_fingerprint, "bits": key.key_size},
        Fields({"Fingerprint": key_fingerprint, "Bits": key.key_size}),
    )


def private_key(data: bytes) -> RSAPrivateKey:
    """Load a private key; if it is encrypted, with the password of the environment or a prompt.

    Raises:
        Failure: If the password is missing.
        ValueError: If this is not a private key, or the password is wrong.
    """
    try:
        return rsa.load_private_key(data)
    except ValueError as error:
        if "a password is needed" not in str(error):
            raise
    return rsa.load_private_key(data, secret("password", PASSWORD_VARIABLE))
