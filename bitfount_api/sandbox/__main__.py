"""``python -m bitfount_api.sandbox``: serve a local Bitfount until interrupted."""

from __future__ import annotations

import argparse
import os
import signal
import sqlite3
import sys
import threading
from typing import TYPE_CHECKING

from bitfount_api.sandbox.env_files import shell
from bitfount_api.sandbox.hints import NOT_THE_CLOUD, official_sdk
from bitfount_api.sandbox.objects.catalog import CatalogInUseError
from bitfount_api.sandbox.sandbox import DEFAULT_USERS, DEVELOPMENT_PORTS, Ports, Sandbox
from bitfount_api.sandbox.servers import LOCALHOST

if TYPE_CHECKING:
    from collections.abc import Sequence

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    options = _parser().parse_args(arguments)
    ports = Ports(
        options.hub_port, options.access_manager_port, options.fhir_port, options.storage_port
    )
    if options.free_ports:
        ports = Ports()
    try:
        sandbox = Sandbox(
            options.data, ports=ports, host=options.host, users=options.user or DEFAULT_USERS
        )
        try:
            if options.configurations is not None:
                sandbox.configure_from(options.configurations)
        except BaseException:
            sandbox.stop()
            raise
    except (CatalogInUseError, OSError, ValueError, sqlite3.Error) as error:
        print(f"The sandbox cannot start: {error}", file=sys.stderr)
        return 1
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in _SIGNALS}
    try:
        with sandbox:
            print(banner(sandbox, kept=options.data is not None), flush=True)
            stop.wait()
            print("Stopping.", flush=True)
    except OSError as error:
        print(f"The sandbox stops, as it cannot print: {error.strerror}", file=sys.stderr)
        # Otherwise Python tries again at exit, and fails.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
        return 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def banner(sandbox: Sandbox, *, kept: bool) -> str:
    """Return the text that is printed when the sandbox has started."""
    lines = [
        "A local Bitfount is running. Stop it with Ctrl-C.",
        "",
        f"  Hub             {sandbox.hub_url}    (with OAuth; API explorer at /docs)",
        f"  Access manager  {sandbox.access_manager_url}    (/docs)",
        f"  SMART on FHIR   {sandbox.smart_on_fhir_url}    (/docs)",
        f"  Object store    {sandbox.storage_url}",
        f"  Data            {sandbox.data}  ({'kept' if kept else 'deleted when it stops'})",
        "",
        "Users (their API keys are valid only in this sandbox):",
    ]
    for user in sandbox.state.users.all():
        lines += ["", *(f"  {shell(*variable)}" for variable in user.environment().items())]
    lines += [
        "",
        *official_sdk(sandbox),
        NOT_THE_CLOUD,
        "",
        "Environment variables for clients:",
        "",
    ]
    lines += [f"  {shell(*variable)}" for variable in sandbox.environment().items()]
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bitfount_api.sandbox",
        description=(
            "Serve a local Bitfount: Hub, access manager, SMART on FHIR and object store."
        ),
    )
    parser.add_argument("--data", metavar="DIR", help="store all data in this folder")
    parser.add_argument(
        "--configurations",
        metavar="FILE",
        help="set configurations of datasets from this YAML file: {owner/name: {...}, ...}",
    )
    parser.add_argument("--host", default=LOCALHOST, help="address to listen on (%(default)s)")
    parser.add_argument(
        "--user", action="append", metavar="NAME", help="create this user; can be repeated"
    )
    parser.add_argument("--free-ports", action="store_true", help="listen on any free ports")
    for option, port, what in (
        ("--hub-port", DEVELOPMENT_PORTS.hub, "the Hub"),
        ("--access-manager-port", DEVELOPMENT_PORTS.access_manager, "the access manager"),
        ("--fhir-port", DEVELOPMENT_PORTS.smart_on_fhir, "SMART on FHIR"),
        ("--storage-port", DEVELOPMENT_PORTS.storage, "the object store"),
    ):
        parser.add_argument(
            option, type=_port, default=port, metavar="PORT", help=f"port of {what} (%(default)s)"
        )
    return parser


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("port must be a number from 0 to 65535")
    return port


if __name__ == "__main__":
    sys.exit(main())
