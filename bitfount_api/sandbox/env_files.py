"""Environment variables as text, for shells, Docker, systemd and PowerShell."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Docker takes quotes and backslashes as part of the value, where systemd, Compose and shells remove
# them; Compose also expands "$" and ends a value at " #". All agree on these characters.
_UNAMBIGUOUS = re.compile(r"[\w@%+=:,./\[\]-]*", re.ASCII)
# PowerShell ends a text in single quotes at a typographic quote, too.
_POWERSHELL_QUOTE = re.compile("['\u2018\u2019\u201a\u201b]")


def shell(name: str, value: str) -> str:
    """Return the line of a shell script (POSIX) that sets and exports a variable."""
    return f"export {name}={shlex.quote(value)}"


def dotenv(name: str, value: str) -> str:
    """Return the line of an environment file, for ``docker --env-file`` and ``EnvironmentFile=``.

    Raises:
        ValueError: Docker and systemd would read different values.
    """
    if not _UNAMBIGUOUS.fullmatch(value):
        raise ValueError(
            f"{name} has a space, a quote or another character that Docker and systemd read "
            "differently: use the format shell"
        )
    return f"{name}={value}"


def powershell(name: str, value: str) -> str:
    """Return the line of a PowerShell script that sets a variable for this and later commands."""
    return f"$env:{name} = {powershell_quote(value)}"


def powershell_quote(text: str) -> str:
    """Return a text for PowerShell in single quotes, in which it replaces nothing."""
    return "'" + _POWERSHELL_QUOTE.sub(lambda quote: quote[0] * 2, text) + "'"


FORMATS: Mapping[str, Callable[[str, str], str]] = {
    "shell": shell,
    "dotenv": dotenv,
    "powershell": powershell,
}


def env_file(variables: Mapping[str, str], format_: str) -> str:
    """Return the content of a file that sets variables.

    Args:
        variables: Names and values.
        format_: A key of :data:`FORMATS`.

    Raises:
        ValueError: A value cannot be written in this format.
    """
    line = FORMATS[format_]
    return "".join(f"{line(name, value)}\n" for name, value in variables.items())
