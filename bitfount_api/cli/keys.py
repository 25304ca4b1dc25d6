"""``keys``: making, registering, checking and comparing RSA keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bitfount_api import keys as rsa
from bitfount_api.cli.arguments import (
    FILE,
    KEY_ID,
    USER,
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

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

PASSWORD_VARIABLE = "BITFOUNT_KEY_PASSWORD"  # noqa: S105 - the name, not the password

_FILE_ARGUMENT = {"FILE": "The public key, as PEM or OpenSSH; '-' reads standard input."}


@click.group(
    cls=Group,
    examples=[
        ("keys generate alice.pem", "Make a key pair:"),
        ("keys register alice.pem.pub", "Let the Hub know it:"),
    ],
)
def keys() -> None:
    """Keys that name pods and users, and sign tasks."""


@keys.command(
    arguments={"FILE": "Where the private key goes; the public one goes to FILE.pub."},
    examples=[
        ("keys generate alice.pem", "Make alice.pem and alice.pem.pub:"),
        ("keys generate pod.pem --encrypt", "Protect the private key by a password:"),
    ],
)
@click.argument("file", type=FILE)
@click.option(
    "--bits",
    metavar="N",
    type=click.IntRange(rsa.MIN_KEY_SIZE, rsa.MAX_KEY_SIZE),
    default=rsa.DEFAULT_KEY_SIZE,
    help="The key's size. Default: 4096, which the services expect.",
)
@click.option("--encrypt", is_flag=True, help=f"Ask for a password, or take {PASSWORD_VARIABLE}.")
@click.option("--force", is_flag=True, help="Replace keys that are there; they are lost.")
@click.pass_context
def generate(context: click.Context, /, file: Path, bits: int, encrypt: bool, force: bool) -> None:
    """Make an RSA key pair.

    The private key can be read by you alone (0600). Whoever has it can act in its name.
    """
    output = app_of(context).output
    public_file = file.with_name(f"{file.name}.pub")
    check_targets(file, public_file, force=force)
    password = secret("password", PASSWORD_VARIABLE, confirm=True) if encrypt else None
    pair = rsa.generate_key_pair(bits)
    rsa.save_private_key(pair.private_key, file, password=password, overwrite=force)
    text = rsa.serialize_public_key(pair.public_key, "SSH") + "\n"
    try:
        atomic_write(public_file, text.encode("ascii"), overwrite=force)
    except BaseException:
        file.unlink(missing_ok=True)  # half a pair would be in the way the next time
        raise
    fingerprint = rsa.fingerprint(pair.public_key)
    output.data(
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
    """Register a public key of yours with the Hub.

    Your signed tasks are checked with it. Shows the key's id.
    """
    app = app_of(context)
    key = public_key(file)
    key_id = app.hub().register_user_public_key(key)
    fingerprint = rsa.fingerprint(key)
    app.output.data(
        {"id": key_id, "fingerprint": fingerprint},
        Fields({"Key id": key_id, "Fingerprint": fingerprint}),
    )


@keys.command(
    arguments={"ID": "The key's id, as 'keys register' shows it."},
    examples=[
        ("keys check 42", "See whether a key of yours is active:"),
        ("keys check 42 --owner bob --public-key bob.pub", "See whether it is the one you have:"),
    ],
)
@click.argument("key_id", metavar="ID", type=KEY_ID)
@click.option("--owner", metavar="NAME", type=USER, help="Whose key it is. Default: yours.")
@click.option(
    "--public-key", "expected_file", metavar="FILE", type=FILE, help="The key that it has to be."
)
@click.pass_context
def check(
    context: click.Context, /, key_id: str, owner: str | None, expected_file: Path | None
) -> None:
    """Check that a key is registered and active.

    Ends with 4 if it is not, and with 1 if it is another key than --public-key.
    """
    app = app_of(context)
    expected = None if expected_file is None else public_key(expected_file)
    found = app.hub().check_public_key_registered_and_active(key_id, owner)
    if found is None:
        raise Failure(
            f"There is no active key {key_id} of {owner or 'yours'}. "
            "Register one with 'bitfount-api keys register'.",
            Exit.NOT_FOUND,
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
    facts = {
        "Key id": found["id"],
        "Active": found["active"],
        "Fingerprint": fingerprint,
        f"The same as {expected_file}": same,
    }
    app.output.data(value, Fields(facts))
    if same is False:
        raise Failure(f"Key {key_id} is not the one in {expected_file}. Do not trust it.")


@keys.command(
    arguments={"FILE": "A public or a private key; '-' reads standard input."},
    examples=[
        ("keys fingerprint alice.pem.pub", "Read it out to whoever has the key from you:"),
        ("access key | bitfount-api keys fingerprint -", "The access manager's:"),
    ],
)
@click.argument("file", type=FILE)
@click.pass_context
def fingerprint(context: click.Context, /, file: Path) -> None:
    """Show the short name of a key, as 'ssh-keygen -l' does.

    A private key and its public key have the same. For an encrypted private key, the password is
    asked for, or taken from BITFOUNT_KEY_PASSWORD.
    """
    data = contents(file, rsa.MAX_KEY_BYTES)
    key = _of_private_key(data) if b"PRIVATE KEY-----" in data else rsa.parse_public_key(data)
    shown = rsa.fingerprint(key)
    app_of(context).output.data(
        {"fingerprint": shown, "bits": key.key_size},
        Fields({"Fingerprint": shown, "Bits": key.key_size}),
    )


def _of_private_key(data: bytes) -> RSAPublicKey:
    try:
        return rsa.load_private_key(data).public_key()
    except ValueError as error:
        if "a password is needed" not in str(error):
            raise
    return rsa.load_private_key(data, secret("password", PASSWORD_VARIABLE)).public_key()
