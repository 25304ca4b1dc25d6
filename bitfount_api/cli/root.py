"""The root command ``bitfount-api``: its options, commands and exit."""

from __future__ import annotations

import contextlib
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from bitfount_api import __version__
from bitfount_api.cli import error_json, streams
from bitfount_api.cli.app import App
from bitfount_api.cli.arguments import PROFILE, TEXT, URL, Seconds
from bitfount_api.cli.commands import PROGRAM, Group, HelpRequested, output_options
from bitfount_api.cli.errors import Problem, describe
from bitfount_api.cli.exit_codes import (
    BrokenPipe,
    Exit,
    OutputLost,
    Terminated,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COMMANDS = {
    "login": "login:login",
    "logout": "login:logout",
    "whoami": "login:whoami",
    "pods": "pods:pods",
    "models": "models:models",
    "weights": "weights:weights",
    "projects": "projects:projects",
    "compute": "compute:compute",
    "clusters": "clusters:clusters",
    "keys": "keys:keys",
    "access": "access:access",
    "fhir": "fhir:fhir",
    "profiles": "profiles:profiles",
    "sandbox": "sandbox:sandbox",
    "doctor": "doctor:doctor",
    "migrate": "migrate:migrate",
    "completion": "completion:completion",
}

_TERMINATION = {"SIGTERM": Exit.TERMINATED, "SIGHUP": Exit.HANGUP}
"""The signals that end a command, by name, since Windows has no SIGHUP."""


class Root(Group):
    """The root command."""

    def main(self, args: Any = None, *_: Any, **more: Any) -> NoReturn:
        """Run a command line and exit."""
        raise SystemExit(run(args, **more))

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the options, with the output options visible in the help."""
        *own, help_option = click.Group.get_params(self, ctx)
        return [*own, *output_options(hidden=False), help_option]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples and the table of exit codes."""
        super().format_epilog(ctx, formatter)
        with formatter.section("Exit codes"):
            formatter.write_dl([(f"{int(code):<3} {code.error}", code.meaning) for code in Exit])


def _select_profile(context: click.Context, _: click.Parameter, name: str | None) -> None:
    """Use a profile for this command, and warn of variables that take precedence over it."""
    if name is None or context.resilient_parsing:
        return
    from bitfount_api import config
    from bitfount_api.cli.profiles import selected

    root = context.find_root()
    root.with_resource(selected(name))
    # What needs the profile raises the error: help does not.
    with contextlib.suppress(ValueError):
        for variable in config.overridden():
            root.obj.output.warn(f"{variable} is set, and takes precedence over the profile.")


@click.command(
    PROGRAM,
    cls=Root,
    lazy=_COMMANDS,
    examples=[
        ("login", "Log in with a browser, on this or another device:"),
        ("pods show alice/scans", "Show a pod:"),
        ("projects list --json", "List your projects as JSON:"),
        ("sandbox --demo", "Try everything with a local Bitfount:"),
        ("doctor", "Find problems on this machine:"),
    ],
)
@click.option(
    "--hub-url",
    metavar="URL",
    type=URL,
    help="URL of the Hub. Default: BITFOUNT_HUB_URL, or the environment's.",
)
@click.option(
    "--access-manager-url",
    metavar="URL",
    type=URL,
    help="URL of the access manager. Default: BITFOUNT_ACCESS_MANAGER_URL.",
)
@click.option(
    "--smart-on-fhir-url",
    metavar="URL",
    type=URL,
    help="URL of SMART on FHIR. Default: SMART_ON_FHIR_URL.",
)
@click.option(
    "--auth-domain",
    metavar="HOST",
    type=TEXT,
    help="Authorization server to log in to. Default: BITFOUNT_AUTH_DOMAIN.",
)
@click.option(
    "--username",
    metavar="NAME",
    type=TEXT,
    help="User whose login to use, or who owns the API keys.",
)
@click.option(
    "--profile",
    metavar="NAME",
    type=PROFILE,
    expose_value=False,
    callback=_select_profile,
    help="Profile to use; see 'profiles'. Default: BITFOUNT_PROFILE.",
)
@click.option(
    "--ca",
    metavar="FILE",
    type=TEXT,
    help="CA bundle to trust; 'system' for the system's CAs.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=Seconds(0, min_open=True, max=3600),
    help="How long to wait for a response. Default: 30.",
)
@click.version_option(
    __version__, prog_name=PROGRAM, message="%(prog)s %(version)s", help="Show the version."
)
@click.pass_context
def root(context: click.Context, /, **options: Any) -> None:
    """Bitfount on the command line: pods, models, projects, keys and access.

    API keys are read from BITFOUNT_API_KEY_ID, BITFOUNT_API_KEY and BITFOUNT_USERNAME; without
    them, log in with 'login'. BITFOUNT_ENVIRONMENT selects the services: production, staging or
    sandbox, which Bitfount runs, or dev, on this machine. BITFOUNT_HUB_URL,
    BITFOUNT_ACCESS_MANAGER_URL, SMART_ON_FHIR_URL and BITFOUNT_AUTH_DOMAIN take precedence over
    it, and the options over them. BITFOUNT_PROFILE names a profile with values for variables that
    are not set. 'sandbox' starts a local Bitfount.

    Options can stand before or after the command. Data is written to standard output, everything
    else to standard error; with --json, errors as JSON, too.
    """
    app: App = context.obj
    for name, value in options.items():
        setattr(app, name, value)
    context.call_on_close(app.close)


def run(args: Sequence[str] | None = None, **more: Any) -> int:
    """Run a command line.

    Args:
        args: Arguments; by default those of the process.
        **more: Arguments of click's ``Context``.

    Returns:
        The exit code.
    """
    streams.prepare()
    stdout = sys.stdout
    more.setdefault("obj", App())
    app: App = more["obj"]
    more |= {"prog_name": PROGRAM, "standalone_mode": False}
    try:
        with app.output.listening(), _handle_termination():
            outcome = click.Group.main(root, args, **more)
        return outcome if isinstance(outcome, int) else Exit.OK
    except SystemExit as exit_:
        if sys.stdout is not stdout:
            return Exit.BROKEN_PIPE  # click replaced stdout when writing the help failed
        return exit_.code if isinstance(exit_.code, int) else Exit.FAILED
    except BaseException as error:  # noqa: BLE001 - every error is reported in one line
        code = _end(error, app, sys.argv[1:] if args is None else args)
        if stdout is not None:  # it is None under pythonw
            streams.flush_or_discard(stdout)
        return code


def _end(error: BaseException, app: App, args: Sequence[str]) -> int:
    """Report why the command ends, and return the exit code."""
    if error_json.is_requested(args):
        app.output.as_json = True  # the command line may not have been parsed up to the option
    if isinstance(error, BrokenPipe):
        return Exit.BROKEN_PIPE
    if isinstance(error, Terminated):
        return error.code
    try:
        if isinstance(error, HelpRequested) and error.ctx and not app.output.as_json:
            streams.write_error(f"{error.ctx.get_help()}\n")
            return Exit.USAGE
        if app.output.debug and not _was_interrupted(error):
            app.output.trace(error)
        problem = _problem(error)
        app.output.report(problem, error if isinstance(error, OutputLost) else None)
    except BrokenPipe:
        return Exit.BROKEN_PIPE
    return problem.code


def _problem(error: BaseException) -> Problem:
    if isinstance(error, click.Abort) and isinstance(
        error.__cause__ or error.__context__, EOFError
    ):
        return Problem(Exit.USAGE, "The input ended before the prompt was answered.")
    if isinstance(error, click.Abort) or _was_interrupted(error):
        return Problem(Exit.INTERRUPTED, "Interrupted.")
    return describe(error)


def _was_interrupted(error: BaseException) -> bool:
    """Whether an error came from the clean-up after Ctrl-C, such as of a lock that was not held."""
    current: BaseException | None = error
    while current is not None and not isinstance(current, KeyboardInterrupt):
        current = current.__cause__ or current.__context__
    return current is not None


@contextlib.contextmanager
def _handle_termination() -> Iterator[None]:
    """Make SIGTERM and SIGHUP raise an exception, so that the command cleans up as after Ctrl-C."""

    def stop(number: int, _: object) -> None:
        raise Terminated(_TERMINATION[signal.Signals(number).name])

    before = {}
    try:
        for name in _TERMINATION:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # nohup
                before[number] = signal.signal(number, stop)
    except ValueError:  # signal handlers can only be set in the main thread
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
