"""``profiles``: settings under a name, for ``--profile`` and ``BITFOUNT_PROFILE``."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, Final

import click

from bitfount_api import config
from bitfount_api.cli.arguments import PROFILE, Checked
from bitfount_api.cli.commands import Group, app_of
from bitfount_api.cli.exit_codes import Exit, Failure
from bitfount_api.cli.views import Fields, Rows
from bitfount_api.identifiers import user_name
from bitfount_api.profiles import (
    FILE_NAME,
    SETTINGS,
    changed_profiles,
    read_profiles,
)
from bitfount_api.redaction import looks_like_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _auth_domain(text: str) -> object:
    from bitfount_api.auth.oauth import authorization_server  # loads httpx

    return authorization_server(text)


_CHECKS: Final[dict[str, Callable[[str], object]]] = {
    "environment": lambda text: config.environment_of(config.Setting(text, "the value")),
    "username": user_name,
    "hub_url": config.service_url,
    "access_manager_url": config.service_url,
    "smart_on_fhir_url": config.service_url,
    "auth_domain": _auth_domain,
    "token_store": lambda text: config.token_store_of(config.Setting(text, "the value")),
}
_COLUMNS: Final = {
    "selected": "",
    "name": "Name",
    "environment": "Environment",
    "username": "User",
    "hub_url": "Hub",
}
_ARGUMENT: Final = {"NAME": "The profile's name."}


def _setting(text: str) -> tuple[str, str]:
    """Return the name and the value of ``SETTING=VALUE``; an empty value removes the setting."""
    name, equals, value = text.partition("=")
    if not equals or name not in SETTINGS:
        raise ValueError(f"a setting is NAME=VALUE, with one of the names: {', '.join(SETTINGS)}")
    value = value.strip()
    if looks_like_key(value):
        raise ValueError(f"{name} is text that could be a key; profiles hold no secrets")
    if value:
        try:
            _CHECKS[name](value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return name, value


@click.group(
    cls=Group,
    examples=[
        (
            "profiles set ward-7 environment=staging\nbitfount-api --profile ward-7 whoami",
            "Save settings as ward-7, and use them:",
        ),
        ("profiles list", "List the profiles:"),
    ],
)
def profiles() -> None:
    """Save settings under names, for --profile.

    A profile selects an environment, a user and the URLs of the services, for commands with
    --profile, and for programs with BITFOUNT_PROFILE. Variables and options take precedence over
    it. It holds no secrets: keep API keys in variables, and log in with 'login'.
    """


@profiles.command(name="list", examples=[("profiles list", "List the profiles:")])
@click.pass_context
def list_(context: click.Context, /) -> None:
    """List the profiles. The one in use is marked."""
    in_use = config.profile_name()
    found = read_profiles(config.storage_path())
    value = [
        {"name": name, "selected": name == in_use, "settings": settings}
        for name, settings in found.items()
    ]
    rows = [
        {"name": name, "selected": "*" if name == in_use else "", **settings}
        for name, settings in found.items()
    ]
    app_of(context).output.data({"profiles": value}, Rows(_COLUMNS, rows, "There are no profiles."))


@profiles.command(
    arguments=_ARGUMENT, examples=[("profiles show ward-7", "Show the settings of a profile:")]
)
@click.argument("name", type=PROFILE)
@click.pass_context
def show(context: click.Context, /, name: str) -> None:
    """Show the settings of a profile.

    Exits with 4 if there is no such profile.
    """
    settings = _existing(name)[name]
    value = {"name": name, "settings": settings}
    app_of(context).output.data(value, Fields({"Profile": name, **settings}))


@profiles.command(
    name="set",
    arguments={
        **_ARGUMENT,
        "SETTING=VALUE": f"{', '.join(SETTINGS)}. An empty value removes the setting.",
    },
    examples=[
        ("profiles set ward-7 environment=staging username=alice", "Save settings as ward-7:"),
        ("profiles set ward-7 hub_url=https://gateway.clinic.example", "Add the Hub's URL:"),
        ("profiles set ward-7 hub_url=", "Remove it:"),
    ],
)
@click.argument("name", type=PROFILE)
@click.argument(
    "settings",
    metavar="SETTING=VALUE...",
    type=Checked("setting", _setting),
    nargs=-1,
    required=True,
)
@click.pass_context
def set_(context: click.Context, /, name: str, settings: tuple[tuple[str, str], ...]) -> None:
    """Create a profile, or change settings of one.

    The profiles are saved in a file that only you can read.
    """
    storage = config.storage_path()
    with changed_profiles(storage) as found:
        merged = {**found.get(name, {}), **dict(settings)}
        found[name] = {setting: value for setting, value in merged.items() if value}
    value: dict[str, Any] = {"name": name, "settings": found[name]}
    fields = {"Profile": name, **found[name], "Saved in": storage / FILE_NAME}
    app_of(context).output.result(value, Fields(fields))


@profiles.command(arguments=_ARGUMENT, examples=[("profiles remove ward-7", "Delete a profile:")])
@click.argument("name", type=PROFILE)
@click.pass_context
def remove(context: click.Context, /, name: str) -> None:
    """Delete a profile. Logins are not changed.

    Exits with 4 if there is no such profile.
    """
    _existing(name)
    with changed_profiles(config.storage_path()) as found:
        found.pop(name, None)
    app_of(context).output.result({"removed": name}, Fields({"Removed": name}))


def _existing(name: str) -> dict[str, dict[str, str]]:
    """Return all profiles.

    Raises:
        Failure: There is none of that name.
    """
    storage = config.storage_path()
    found = read_profiles(storage)
    if name not in found:
        known = f"It has {', '.join(found)}." if found else "Create it with 'profiles set'."
        raise Failure(
            f"There is no profile {name} in {storage / FILE_NAME}. {known}", Exit.NOT_FOUND
        )
    return found


@contextlib.contextmanager
def selected(name: str) -> Iterator[None]:
    """Use a profile in the block, in place of that of ``BITFOUNT_PROFILE``."""
    before = os.environ.get("BITFOUNT_PROFILE")
    os.environ["BITFOUNT_PROFILE"] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ["BITFOUNT_PROFILE"]
        else:
            os.environ["BITFOUNT_PROFILE"] = before
