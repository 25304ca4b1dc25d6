"""``fhir``: access tokens for clinical systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bitfount_api.cli.arguments import FILE, check_targets
from bitfount_api.cli.commands import Group, app_of
from bitfount_api.cli.views import Fields, format_time
from bitfount_api.files import atomic_write

if TYPE_CHECKING:
    from pathlib import Path


@click.group(
    cls=Group,
    examples=[("fhir token --output fhir.token", "Save a token to a file that only you can read:")],
)
def fhir() -> None:
    """Get access tokens for clinical systems (SMART on FHIR)."""


@fhir.command(
    examples=[
        ("fhir token", "Check that a token is available, without showing it:"),
        ("fhir token --output fhir.token --force", "Save it to a file that only you can read:"),
        (
            "fhir token --show \\\n--resource-server https://ehr.example.org/fhir",
            "Show the token for one clinical system:",
        ),
    ],
)
@click.option(
    "--resource-server",
    metavar="URL",
    help="The clinical system. Default: SMART_ON_FHIR_RESOURCE_SERVER_URL, or any.",
)
@click.option("--show", is_flag=True, help="Write the token itself to standard output.")
@click.option("--output", metavar="FILE", type=FILE, help="Write the token to a file (mode 0600).")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@click.pass_context
def token(
    context: click.Context,
    /,
    resource_server: str | None,
    show: bool,
    output: Path | None,
    force: bool,
) -> None:
    """Get an access token for the clinical system you are paired with.

    Anyone who has the token can read what you can read in that system, so it is only shown with
    --show. Exits with 4 if you are not paired.
    """
    if show and output is not None:
        raise click.UsageError("Give either --show or --output, not both.", context)
    app = app_of(context)
    check_targets(output, force=force)
    client = app.smart_on_fhir(resource_server)
    found = client.get_access_token()
    if output is not None:
        atomic_write(output, f"{found.token}\n".encode(), private=True, overwrite=force)
    value = {
        "resourceServer": client.resource_server_url,
        "validUntil": found.valid_until,
        "context": found.context,
    }
    fields = {
        "Token": "available; use --show or --output FILE to get it" if output is None else None,
        "Written": output,
        "Clinical system": client.resource_server_url or "any",
        "Valid until": None if found.valid_until is None else format_time(found.valid_until),
        **{f"NextGen {name}": part for name, part in (found.context or {}).items()},
    }
    if not show:
        if output is None:
            app.output.data(value, Fields(fields))
        else:
            app.output.result({**value, "path": str(output)}, Fields(fields))
    elif app.output.as_json:
        app.output.data({**value, "token": found.token}, Fields({}))
    else:
        app.output.raw(f"{found.token}\n")
