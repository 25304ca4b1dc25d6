"""Command classes with examples in their help, and groups that load commands lazily."""

from __future__ import annotations

import copy
import importlib
import inspect
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bitfount_api.cli.app import App

_CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 80}
PROGRAM: Final = "bitfount-api"
_GLOBAL: Final = f"The options of '{PROGRAM} --help', such as --timeout, work here, too."


class HelpRequested(click.UsageError):
    """A group was called without a command, so its help is shown."""


class NoSuchCommand(click.UsageError):
    """A group has no such command. Versions of click before 8.4 have no such class."""

    possibilities: Sequence[str] = ()


def _set(name: str, value: bool) -> Callable[[click.Context, click.Parameter, bool], None]:
    def callback(context: click.Context, _: click.Parameter, given: bool) -> None:
        if given and context.obj is not None:
            setattr(context.obj.output, name, value)

    return callback


def output_options(*, hidden: bool) -> list[click.Option]:
    """Return the output options, which every command accepts in any position.

    Args:
        hidden: Whether to hide all of them except ``--json`` from the help.
    """
    flags = [
        ("--json", "as_json", True, "Write data and errors as JSON."),
        ("--no-color", "colour", False, "Use no colours (like NO_COLOR=1)."),
        ("--quiet", "quiet", True, "Write no notes or progress to standard error."),
        ("--debug", "debug", True, "Show tracebacks and the library's log messages."),
    ]
    return [
        click.Option(
            [flag],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_set(name, value),
            help=text,
            hidden=hidden and flag != "--json",
        )
        for flag, name, value, text in flags
    ]


def _service_options(command: click.Command, root: click.Command) -> list[click.Option]:
    """Return hidden copies of the root command's own options, for a command below it."""
    taken = {name for option in command.params for name in option.opts}
    copies = []
    for option in root.params:
        if isinstance(option, click.Option) and not option.is_eager and not taken & {*option.opts}:
            copied = copy.copy(option)
            copied.hidden, copied.expose_value = True, False
            copied.callback = option.callback or _override
            copies.append(copied)
    return copies


def _override(context: click.Context, option: click.Parameter, value: Any) -> None:
    app = context.find_root().obj
    if value is not None and app is not None:
        setattr(app, option.name or "", value)


class _HelpMixin(click.Command):
    """A command whose help describes its arguments and shows examples.

    Args:
        examples: Command lines without the program's name, each with a line that explains it.
        arguments: Description of each positional argument, by the name shown in the help.
    """

    def __init__(
        self,
        *args: Any,
        examples: Sequence[tuple[str, str]] = (),
        arguments: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        more.setdefault("context_settings", dict(_CONTEXT))
        super().__init__(*args, **more)
        self.examples = examples
        self.arguments: Mapping[str, str] = arguments or {}
        self._output_options = output_options(hidden=True)
        self._service_options: list[click.Option] | None = None

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        *own, last = super().get_params(ctx)  # the last is --help
        if self._service_options is None:  # click needs the same objects each time
            self._service_options = _service_options(self, ctx.find_root().command)
        return [*own, *self._output_options, *self._service_options, last]

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "Show this message and exit."
        return option

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.arguments:
            with formatter.section("Arguments"):
                formatter.write_dl(list(self.arguments.items()))
        super().format_options(ctx, formatter)
        if ctx.parent is not None and not isinstance(self, click.Group):
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(_GLOBAL)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            with formatter.section("Examples"):
                for at, (line, purpose) in enumerate(self.examples):
                    if at:
                        formatter.write("\n")
                    indent = " " * formatter.current_indent
                    formatter.write_text(purpose)
                    formatter.write("".join(f"{indent}  {part}\n" for part in _lines(line)))
        super().format_epilog(ctx, formatter)


def _lines(example: str) -> list[str]:
    """Return the lines of an example; only its first line gets the program's name."""
    first, *rest = inspect.cleandoc(example).splitlines()
    lines = [f"$ {PROGRAM} {first}"]
    for line in rest:
        continued = lines[-1].endswith("\\")
        lines.append(f"    {line.strip()}" if continued else f"$ {line.strip()}")
    return lines


class Command(_HelpMixin):
    """A command that is not a group."""


class Group(_HelpMixin, click.Group):
    """A group whose commands are loaded on first use.

    Args:
        lazy: Commands to load: name, and ``module:attribute`` within this package.
    """

    command_class: type[click.Command] | None = Command

    def __init__(self, *args: Any, lazy: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self._lazy = lazy or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in definition order."""
        return [*self.commands, *self._lazy]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load and return a command."""
        place = self._lazy.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = place.partition(":")
        loaded = importlib.import_module(f"bitfount_api.cli.{module}")
        command: click.Command = getattr(loaded, attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names.

        Raises:
            click.UsageError: If there is no such command. The error names similar ones.
        """
        name = args[0]
        is_option = name.startswith("-")  # which click reports
        if is_option or ctx.resilient_parsing or self.get_command(ctx, name) is not None:
            return super().resolve_command(ctx, args)
        error = NoSuchCommand(f"No such command '{name}'.", ctx)
        error.possibilities = get_close_matches(name, self.list_commands(ctx))
        raise error

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; without any, show the help."""
        if not args and not ctx.resilient_parsing:
            raise HelpRequested("Missing command.", ctx)
        return super().parse_args(ctx, args)


def app_of(context: click.Context) -> App:
    """Return the application object of the command."""
    app: App = context.find_root().obj
    return app
