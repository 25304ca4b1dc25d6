"""``completion``: print a shell completion script."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from bitfount_api.cli.commands import PROGRAM, Command, app_of

_VARIABLE = "_BITFOUNT_API_COMPLETE"


@click.command(
    cls=Command,
    arguments={"SHELL": "bash (4.4 or newer), zsh or fish."},
    examples=[
        ('completion bash > ~/.bitfount-api.sh\necho ". ~/.bitfount-api.sh" >> ~/.bashrc', "Bash:"),
        (
            'completion zsh > ~/.bitfount-api.zsh\necho ". ~/.bitfount-api.zsh" >> ~/.zshrc',
            "Zsh, below the line with 'compinit':",
        ),
        ("completion fish \\\n> ~/.config/fish/completions/bitfount-api.fish", "Fish:"),
    ],
)
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, /, shell: str) -> None:
    """Print a shell completion script.

    The script completes commands and options. Save it to a file that the shell reads at startup.
    """
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click supports all three
    output = app_of(context).output
    script = kind(context.find_root().command, {}, PROGRAM, _VARIABLE).source()
    if output.as_json:
        from bitfount_api.cli.views import Text

        output.data({"shell": shell, "script": script}, Text(script))
    else:
        output.raw(script)
