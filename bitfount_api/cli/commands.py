"""Commands whose help is worth reading, in groups that load them when they are needed."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bitfount_api.cli.app import App

_CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 80}
PROGRAM: Final = "bitfount-api"


class HelpRequested(click.UsageError):
    """A group was called without a command: its help says what there is."""


def _set(name: str, value: bool) -> Callable[[click.Context, click.Parameter, bool], None]:
    def callback(context: click.Context, _: click.Parameter, given: bool) -> None:
        if given and context.obj is not None:
            setattr(context.obj.output, name, value)

    return callback


def output_options(*, hidden: bool) -> list[click.Option]:
    """The options on output, which every command takes wherever they stand.

    Args:
        hidden: Leave all but ``--json`` out of the help.
    """
    flags = [
        ("--json", "as_json", True, "Write data as JSON, for machines."),
        ("--no-color", "colour", False, "No colours (NO_COLOR=1 does the same)."),
        ("--quiet", "quiet", True, "Neither notes nor progress on standard error."),
        ("--debug", "debug", True, "Show what the library logs, and tracebacks."),
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


class _HelpMixin(click.Command):
    """A command with examples, and with its arguments explained.

    Args:
        examples: Command lines without the program's name, each with a line on what it does.
        arguments: What each positional argument is, by the name that the help shows.
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
        self.arguments = arguments or {}
        self._output_options = output_options(hidden=True)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        *own, last = super().get_params(ctx)  # the last is --help
        return [*own, *self._output_options, last]

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "Show this, and do nothing."
        return option

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.arguments:
            with formatter.section("Arguments"):
                formatter.write_dl(list(self.arguments.items()))
        super().format_options(ctx, formatter)

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
    """An example as it is typed: its first line is ours, others follow it or continue it."""
    first, *rest = inspect.cleandoc(example).splitlines()
    lines = [f"$ {PROGRAM} {first}"]
    for line in rest:
        continued = lines[-1].endswith("\\")
        lines.append(f"    {line.strip()}" if continued else f"$ {line.strip()}")
    return lines


class Command(_HelpMixin):
    """A command that does something."""


class Group(_HelpMixin, click.Group):
    """Commands of one noun, or nouns; they are loaded when they are called for.

    Args:
        lazy: The commands to load: name, and ``module:attribute`` within this package.
    """

    command_class = Command

    def __init__(self, *args: Any, lazy: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self._lazy = lazy or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order they are given in."""
        return [*self.commands, *self._lazy]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, loaded."""
        place = self._lazy.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = place.partition(":")
        loaded = importlib.import_module(f"bitfount_api.cli.{module}")
        command: click.Command = getattr(loaded, attribute)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the arguments; without any, the help is what is wanted."""
        if not args and not ctx.resilient_parsing:
            raise HelpRequested("Which command?", ctx)
        return super().parse_args(ctx, args)


def app_of(context: click.Context) -> App:
    """What the command works with."""
    app: App = context.find_root().obj
    return app
