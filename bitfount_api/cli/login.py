"""``login``, ``logout``, ``whoami``: the user and the credentials."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import click

from bitfount_api import config
from bitfount_api.auth.claims import username_from_id_token
from bitfount_api.auth.token_store import KeyringUnavailableError
from bitfount_api.cli.commands import Command, app_of
from bitfount_api.cli.exit_codes import Exit, Failure
from bitfount_api.cli.views import Fields, format_time

if TYPE_CHECKING:
    from bitfount_api.auth.prompts import LoginPrompt
    from bitfount_api.cli.output import Output

_KEYS_TAKE_PRECEDENCE = (
    "The environment contains API keys, which take precedence over a login: unset "
    "BITFOUNT_API_KEY_ID and BITFOUNT_API_KEY to use the login."
)


@click.command(
    cls=Command,
    examples=[
        ("login", "Log in with a browser on this machine, if there is one:"),
        ("login --no-browser", "Log in on a server, with a browser on another device:"),
        ("--username alice login --force", "Log in again, only as alice:"),
    ],
)
@click.option("--no-browser", is_flag=True, help="Show the address without opening a browser.")
@click.option("--force", is_flag=True, help="Log in again, even if you are logged in.")
@click.pass_context
def login(context: click.Context, /, no_browser: bool, force: bool) -> None:
    """Log in with a browser, here or on another device.

    Shows a web address and a code, and waits until you have confirmed the code. The login is
    saved in a file that only you can read, is refreshed as needed, and is shared with the official
    SDK. With BITFOUNT_TOKEN_STORE=keyring, it is encrypted, and not shared.
    """
    app = app_of(context)
    _warn_of_keys(app.output)
    file = app.token_file()
    try:
        if force or file.authority() is None:
            file.check_storable()
    except OSError as error:
        raise Failure(
            f"The login could not be stored in {file.path.parent}: {error.strerror}.",
            Exit.INVALID_INPUT,
            hint="Set BITFOUNT_STORAGE_PATH to a folder that you can write to.",
        ) from None
    except KeyringUnavailableError as error:
        hint = "Unlock the keyring, or set BITFOUNT_TOKEN_STORE to 'file'."
        raise Failure(str(error), Exit.INVALID_INPUT, hint=hint) from None
    session = app.session(app.login_handler(_prompt(app.output, browser=not no_browser)))
    with file.set_aside() if force else contextlib.nullcontext():
        session.authenticate()
    token = file.read()
    value: dict[str, Any] = {"username": session.username}
    fields: dict[str, Any] = {"Logged in as": session.username}
    if token is not None:
        value["expiresAt"], fields["Refreshed after"] = (
            token.expires_at,
            format_time(token.expires_at),
        )
    app.output.result(value, Fields(fields))


def _prompt(output: Output, *, browser: bool) -> Any:
    from bitfount_api.auth.prompts import show

    def show_prompt(prompt: LoginPrompt) -> None:
        # Shown even with --quiet: the login cannot continue without the address.
        output.instruct(str(prompt))

    return show if browser else show_prompt


@click.command(
    cls=Command,
    examples=[
        ("logout", "Delete the login from this machine:"),
        ("--username alice logout", "Delete the login made with --username alice:"),
    ],
)
@click.pass_context
def logout(context: click.Context, /) -> None:
    """Delete your login from this machine.

    Deletes it in plain text and encrypted. API keys in the environment are not changed, nor is a
    login for another authorization server. Succeeds if you are not logged in.
    """
    app = app_of(context)
    _warn_of_keys(app.output)
    own, removed = app.login_authority(), []
    for file in app.all_token_files():
        authority = file.authority()
        if authority not in (None, own):
            app.output.warn(
                f"{file.path} is kept, as it is the login for {authority}, not for {own}: to "
                f"delete it, give --auth-domain {authority}."
            )
        elif file.delete():
            removed.append(file.path)
    if not removed:
        app.output.note("You were not logged in.")
    app.output.result({"loggedOut": bool(removed)}, Fields({"Removed": removed or None}))


@click.command(
    cls=Command,
    examples=[
        ("whoami", "Show your username and verify the credentials:"),
        ("whoami --offline --json", "The same as JSON, without a request to the Hub:"),
    ],
)
@click.option("--offline", is_flag=True, help="Send no request to the Hub.")
@click.pass_context
def whoami(context: click.Context, /, offline: bool) -> None:
    """Show your username, the credentials and the services in use.

    Verifies the credentials with a request to the Hub; nothing is changed. Exits with 3 if you
    are not logged in, or the credentials are refused.
    """
    app = app_of(context)
    hub = app.hub()
    by_keys = config.api_keys() is not None
    if not offline:
        hub.get_projects(limit=1)
    token = None if by_keys else app.token_file().read()
    hub_url, access_manager_url, smart_on_fhir_url = app.service_urls()
    value: dict[str, Any] = {
        "username": username_from_id_token(token.id_token) if token else hub.session.username,
        "credentials": "login" if token else "API keys",
        "checked": not offline,
        "expiresAt": token.expires_at if token else None,
        "environment": config.environment().name,
        "profile": config.profile_name(),
        "hubUrl": hub_url,
        "accessManagerUrl": access_manager_url,
        "smartOnFhirUrl": smart_on_fhir_url,
    }
    fields = {
        "User": value["username"],
        "Credentials": value["credentials"] + ("" if offline else ", accepted by the Hub"),
        "Refreshed after": format_time(token.expires_at) if token else None,
        "Environment": value["environment"],
        "Profile": value["profile"],
        "Hub": value["hubUrl"],
        "Access manager": value["accessManagerUrl"],
        "SMART on FHIR": value["smartOnFhirUrl"],
    }
    app.output.data(value, Fields(fields))


def _warn_of_keys(output: Output) -> None:
    try:
        found = config.api_keys() is not None
    except ValueError:
        found = True
    if found:
        output.warn(_KEYS_TAKE_PRECEDENCE)
