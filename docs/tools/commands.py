"""The reference of the command line, generated from ``--help``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bitfount_api.cli.root import root

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 82
"""The terminal width for which the help is formatted."""


def reference() -> str:
    """Return every command with its help, as Markdown."""
    return "\n".join(_sections(root, None))


def _sections(command: click.Command, parent: click.Context | None) -> Iterator[str]:
    name = command.name or ""
    layout = {"terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(command, parent, name, **{**command.context_settings, **layout})
    # A group's commands are one heading level below the group.
    level = "##" if parent is None or parent.parent is None else "###"
    yield f"{level} {context.command_path}\n\n```text\n{_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None and not found.hidden:
                yield from _sections(found, context)


def _help(context: click.Context) -> str:
    lines = context.get_help().splitlines()
    return "\n".join(line.rstrip() for line in lines).strip()
