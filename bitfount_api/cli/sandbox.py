"""``sandbox``: run a local Bitfount."""

from __future__ import annotations

import contextlib
import shlex
import socket
import threading
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from bitfount_api.cli.arguments import FILE, TEXT, USER, check_is_path, check_targets
from bitfount_api.cli.commands import PROGRAM, Command, app_of
from bitfount_api.cli.exit_codes import Exit, Failure
from bitfount_api.cli.views import Fields
from bitfount_api.files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bitfount_api.cli.output import Output
    from bitfount_api.sandbox import Sandbox

_FORMATS: Final = ("shell", "dotenv", "powershell")
_LOCAL: Final = ("127.0.0.1", "localhost", "::1")


@click.command(
    cls=Command,
    examples=[
        ("sandbox --demo", "Start a sandbox with demonstration data, until Ctrl-C:"),
        (
            "sandbox --demo --env-file sandbox.env\n. ./sandbox.env && bitfount-api projects list",
            "Use the sandbox as alice, from another terminal:",
        ),
        (
            "sandbox --env-file sandbox.env --format dotenv",
            "Write the settings for Docker's --env-file, or systemd's EnvironmentFile:",
        ),
        ("sandbox --data ~/bitfount-sandbox", "Keep the data for the next start:"),
    ],
)
@click.option("--demo", is_flag=True, help="Add a pod, a model, weights, a project and a pairing.")
@click.option(
    "--data",
    metavar="DIR",
    type=FILE,
    help="Folder for the data. Default: data is deleted on exit.",
)
@click.option("--free-ports", is_flag=True, help="Use any free ports. Default: 3000 to 3003.")
@click.option(
    "--host",
    metavar="ADDRESS",
    type=TEXT,
    default="localhost",
    help="The address to listen on. Default: localhost.",
)
@click.option(
    "--user",
    "users",
    metavar="NAME",
    type=USER,
    multiple=True,
    help="Create this user. Default: alice, bob, carol.",
)
@click.option(
    "--env-file",
    metavar="FILE",
    type=FILE,
    help="Write the first user's settings to a file (0600), deleted on exit.",
)
@click.option(
    "--format",
    "format_",
    metavar="FORMAT",
    type=click.Choice(_FORMATS),
    help="Format of the file: shell (default), dotenv (for Docker and systemd) or powershell.",
)
@click.option(
    "--configurations",
    metavar="FILE",
    type=FILE,
    help="Set configurations of datasets from a YAML file: {owner/name: {...}}.",
)
@click.option("--show", is_flag=True, help="Show the API keys of all users.")
@click.pass_context
def sandbox(
    context: click.Context,
    /,
    demo: bool,
    data: Path | None,
    free_ports: bool,
    host: str,
    users: tuple[str, ...],
    env_file: Path | None,
    format_: str | None,
    configurations: Path | None,
    show: bool,
) -> None:
    """Run a local Bitfount for experiments and tests.

    Serves a stateful Hub, access manager, SMART on FHIR and object store until Ctrl-C, and shows
    the commands to type in another terminal. To read and try the API of one of the first three
    services, open its URL followed by /docs in a browser.

    BITFOUNT_ENVIRONMENT=sandbox is something else: a service that Bitfount runs.
    """
    output = app_of(context).output
    if format_ is not None and env_file is None:
        raise click.UsageError("--format needs --env-file.", context)
    format_ = format_ or _FORMATS[0]
    if format_ == "powershell" and env_file and env_file.suffix.lower() != ".ps1":
        raise click.UsageError(
            "--format powershell needs a file that ends in .ps1: PowerShell loads no other.",
            context,
        )
    check_targets(env_file, force=False, otherwise="delete it")
    if data is not None:
        check_is_path(data)
    if host not in _LOCAL:
        output.warn(f"Anyone who can connect to {host} can use this sandbox.")
    with _start(data, free_ports=free_ports, host=host, users=users) as running:
        hints: list[str] = []
        if configurations is not None:
            try:
                running.configure_from(configurations)
            except ValueError as error:
                raise Failure(
                    f"The configurations cannot be set: {error}.", Exit.INVALID_INPUT
                ) from None
        if demo:
            from bitfount_api.cli.demo_data import fill

            hints = fill(running)
        usernames = [user.username for user in running.state.users.all()]
        first = next(iter(users), "alice" if "alice" in usernames else usernames[0])
        with _environment_file(running, first, env_file, format_):
            _report(output, running, usernames, show=show, kept=data is not None)
            _advise(output, running, _instructions(running, env_file, format_), hints)
            _wait()


@contextlib.contextmanager
def _start(
    data: Path | None, *, free_ports: bool, host: str, users: tuple[str, ...]
) -> Iterator[Sandbox]:
    try:
        from bitfount_api.sandbox import DEVELOPMENT_PORTS, Ports, PortTakenError, Sandbox
        from bitfount_api.sandbox.sandbox import DEFAULT_USERS
    except ModuleNotFoundError as error:
        raise Failure(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    ports = Ports() if free_ports else DEVELOPMENT_PORTS
    try:
        started = Sandbox(data, ports=ports, host=host, users=users or DEFAULT_USERS)
    except PortTakenError as error:
        raise Failure(
            f"The sandbox cannot start: {str(error).partition(': ')[0]}. Stop the program "
            "that uses it, or give --free-ports.",
            Exit.INVALID_INPUT,
        ) from None
    except socket.gaierror as error:
        raise Failure(
            f"The sandbox cannot listen on {host}: {error.strerror}.",
            Exit.INVALID_INPUT,
            hint="Give an address or a host name of this machine.",
        ) from None
    with started:
        yield started


@contextlib.contextmanager
def _environment_file(
    running: Sandbox, username: str, path: Path | None, format_: str
) -> Iterator[None]:
    if path is None:
        yield
        return
    from bitfount_api.sandbox.env_files import env_file

    try:
        text = env_file(running.environment(username), format_)
    except ValueError as error:
        raise Failure(f"The settings cannot be written: {error}.", Exit.INVALID_INPUT) from None
    atomic_write(path, text.encode(), private=True, overwrite=False)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _report(
    output: Output, running: Sandbox, usernames: list[str], *, show: bool, kept: bool
) -> None:
    value: dict[str, Any] = {
        "hubUrl": running.hub_url,
        "accessManagerUrl": running.access_manager_url,
        "smartOnFhirUrl": running.smart_on_fhir_url,
        "storageUrl": running.storage_url,
        "data": str(running.data),
        "users": usernames,
        "environment": running.environment(),
    }
    fields = {
        "Hub": f"{running.hub_url}  (with OAuth)",
        "Access manager": running.access_manager_url,
        "SMART on FHIR": running.smart_on_fhir_url,
        "Object store": running.storage_url,
        "Data": f"{running.data}  ({'kept' if kept else 'deleted when it stops'})",
        "Users": usernames,
    }
    if show:
        keys = {name: running.user(name).environment() for name in usernames}
        value["credentials"] = keys
        for name, variables in keys.items():
            fields |= {f"{name}: {variable}": found for variable, found in variables.items()}
    output.data(value, Fields(fields))


def _instructions(running: Sandbox, env_file: Path | None, format_: str) -> list[str]:
    """Return the commands by which another terminal uses the sandbox."""
    from bitfount_api.sandbox.env_files import powershell_quote, shell

    if env_file is None:
        variables = running.environment().items()
        return [*(shell(*variable) for variable in variables), f"{PROGRAM} login"]
    file = str(env_file if env_file.is_absolute() else f"./{env_file}")
    if format_ == "powershell":
        return [f". {powershell_quote(file)}"]
    if format_ == "dotenv":
        return [f"set -a; . {shlex.quote(file)}; set +a"]
    return [f". {shlex.quote(file)}"]


def _advise(output: Output, running: Sandbox, commands: list[str], hints: list[str]) -> None:
    """Show the commands to type in another terminal."""
    from bitfount_api.sandbox.hints import NOT_THE_CLOUD, official_sdk

    lines = "\n".join(f"  {line}" for line in [*commands, *(f"{PROGRAM} {hint}" for hint in hints)])
    about = "\n".join([*official_sdk(running), NOT_THE_CLOUD])
    output.note(f"\nIn another terminal:\n{lines}\n\n{about}\n\nStop it with Ctrl-C.")


def _wait() -> NoReturn:
    never = threading.Event()
    while True:
        never.wait(1)  # without a timeout, Ctrl-C does not interrupt the wait on Windows
