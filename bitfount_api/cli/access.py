"""``access``: the access manager's key and decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from bitfount_api import keys as rsa
from bitfount_api.cli.arguments import (
    FILE,
    KEY_ID,
    POD,
    PROJECT,
    USER,
    contents,
    json_object,
    secret,
)
from bitfount_api.cli.commands import Group, app_of
from bitfount_api.cli.exit_codes import Exit, Failure
from bitfount_api.cli.views import Fields, Rows, Text

if TYPE_CHECKING:
    from pathlib import Path

    from bitfount_api.identifiers import PodIdentifier

TOKEN_VARIABLE: Final = "BITFOUNT_MODELLER_TOKEN"  # noqa: S105 - the name, not the token

_MAX_FILE_BYTES: Final = 16 * 1024 * 1024
_LIMITS: Final = {"resourceName": "Model", "totalUsage": "Used", "limit": "Limit"}
_CHECKING: Final = "access check alice/scans --modeller bob \\\n--protocol task.json"
_URLS: Final = ("modelDownloadUrl", "weightsDownloadUrl")


@click.group(
    cls=Group,
    examples=[
        ("access key > am.pem", "Save the access manager's key:"),
        (_CHECKING, "Check whether bob may run a task on a pod:"),
    ],
)
def access() -> None:
    """Check whether a modeller may run a task on a pod."""


@access.command(
    examples=[
        ("access key > am.pem", "Save the key to a file:"),
        (
            "access key | bitfount-api keys fingerprint -",
            "Compare the fingerprint with the one you were given:",
        ),
    ],
)
@click.pass_context
def key(context: click.Context, /) -> None:
    """Show the access manager's public key as PEM. Needs no credentials."""
    app = app_of(context)
    found = app.public_access_manager().get_access_manager_key()
    text, fingerprint = rsa.serialize_public_key(found), rsa.fingerprint(found)
    app.output.note(f"Fingerprint {fingerprint}")
    app.output.data({"publicKey": text, "fingerprint": fingerprint}, Text(text))


@access.command(
    arguments={"POD": "The pod's full name: owner/name."},
    examples=[
        (f"{_CHECKING} --token-file bob.token", "Authenticate the modeller with an access token:"),
        (
            f"{_CHECKING} --task task.bin --signature task.sig --key-id 42",
            "Authenticate the modeller with the task's signature:",
        ),
    ],
)
@click.argument("pod", metavar="POD", type=POD)
@click.option(
    "--modeller", metavar="NAME", type=USER, required=True, help="The modeller's username."
)
@click.option(
    "--protocol",
    metavar="FILE",
    type=FILE,
    required=True,
    help="The serialized protocol to run, as JSON.",
)
@click.option(
    "--token-file",
    metavar="FILE",
    type=FILE,
    help=f"The modeller's token. Default: {TOKEN_VARIABLE}, or a prompt.",
)
@click.option("--task", metavar="FILE", type=FILE, help="The task, exactly as signed.")
@click.option("--signature", metavar="FILE", type=FILE, help="The task's signature, as raw bytes.")
@click.option("--key-id", metavar="ID", type=KEY_ID, help="The id of the signing key.")
@click.option("--project", metavar="ID", type=PROJECT, help="The project the task belongs to.")
@click.pass_context
def check(
    context: click.Context,
    /,
    pod: PodIdentifier,
    modeller: str,
    protocol: Path,
    token_file: Path | None,
    task: Path | None,
    signature: Path | None,
    key_id: str | None,
    project: str | None,
) -> int:
    """Check whether a modeller may run a task on your pod.

    The access manager decides. You must own the pod. Exits with 0 for ACCEPT and with 1 for every
    other decision. With a project, each ACCEPT counts as a use.
    """
    if (task is None) != (signature is None):
        raise click.UsageError("Give both --task and --signature, or neither.", context)
    if task is not None and token_file is not None:
        raise click.UsageError("Give either a token or a signature, not both.", context)
    app = app_of(context)
    serialized_protocol = _protocol(protocol)
    if task is not None and signature is not None:
        files = (contents(task, _MAX_FILE_BYTES), contents(signature, _MAX_FILE_BYTES))
        result = app.access_manager().check_signature_based_access_request(
            *files, str(pod), serialized_protocol, modeller, project, key_id
        )
    else:
        token = secret("modeller's token", TOKEN_VARIABLE, token_file)
        result = app.access_manager().check_oidc_access_request(
            str(pod), serialized_protocol, modeller, token, project
        )
    decision = result["response_type"].value
    # Anyone who has a download URL can fetch the code or weights, and only the pod may.
    limits: list[dict[str, Any]] = [
        {name: value for name, value in limit.items() if name not in _URLS}
        for limit in result["limits"] or ()
    ]
    value = {"response_type": decision, "limits": None if result["limits"] is None else limits}
    app.output.data(value, Fields({"Pod": pod, "Modeller": modeller, "Decision": decision}))
    if limits and not app.output.as_json:
        app.output.data(limits, Rows(_LIMITS, limits, ""))
    if decision == "ACCEPT":
        return Exit.OK
    app.output.error(f"The access manager did not accept the request: {decision}.")
    return Exit.FAILED


def _protocol(file: Path) -> dict[str, Any]:
    found = json_object(file, _MAX_FILE_BYTES)
    if not isinstance(found.get("class_name"), str):
        raise Failure(
            f"{file} is not a serialized protocol: it must be a JSON object with class_name and "
            "algorithm.",
            Exit.INVALID_INPUT,
        )
    return found
