"""Shell blocks of pages: not run, but every command must exist, with its options."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import re
import shlex
import shutil
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from bitfount_api.cli.root import run

if TYPE_CHECKING:
    from support.pages import Block

ROOT = Path(__file__).parents[2]

_VARIABLES = {
    # Variables of the shell, in addition to those that the library reads.
    *("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "NO_COLOR"),
}
_BUILTINS = {"cd", "source", "."}
_SEPARATORS = {"|", "&&", "||", ";", "&"}


def check_commands(block: Block) -> None:
    """Check a block of shell commands.

    Raises:
        AssertionError: If a command does not exist; the message names its line.
    """
    text = block.body
    if block.language == "console":
        # Lines without a prompt are output.
        kept = [line[2:] for line in text.splitlines() if line.startswith("$ ")]
        text = "\n".join(kept)
        assert kept, f"line {block.line}: no command follows a prompt"
    for line in text.replace("\\\n", " ").splitlines():
        for command in _commands(line):
            assert _exists(command), f"line {block.line}: command not found: {' '.join(command)!r}"


def _commands(line: str) -> list[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
    lexer.whitespace_split = True
    commands: list[list[str]] = [[]]
    words = iter(lexer)
    for word in words:
        if word in _SEPARATORS:
            commands.append([])
        elif set(word) <= set("<>&"):
            next(words)  # the redirection's target
        else:
            commands[-1].append(word)
    return [command for command in commands if command]


def _exists(command: list[str]) -> bool:
    first, *rest = command
    if first == "export" or re.fullmatch(r"[A-Z_]+=.*", first):
        assigned = command[1:] if first == "export" else [first]
        named = {word.partition("=")[0] for word in assigned}
        return bool(named) and all(name in _VARIABLES or _is_read(name) for name in named)
    if first == "bitfount-api":
        return _understands(rest)
    if first == "make":
        return f"\n{rest[0]}:" in (ROOT / "Makefile").read_text(encoding="utf-8")
    if first in ("pip", "uv"):
        return _extras_exist(rest)
    if first in ("python", "python3"):
        return _runs(rest)
    # Programs of this environment count too, even if it is not activated.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return first in _BUILTINS or shutil.which(first, path=path) is not None


def _is_read(name: str) -> bool:
    pattern = re.compile(rf"\b{re.escape(name)}\b")
    modules = (ROOT / "bitfount_api").rglob("*.py")
    return any(pattern.search(module.read_text(encoding="utf-8")) for module in modules)


def _understands(arguments: list[str]) -> bool:
    # --help succeeds only if all arguments before it are valid.
    with contextlib.redirect_stdout(io.StringIO()):
        return run([*arguments, "--help"]) == 0


def _extras_exist(arguments: list[str]) -> bool:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = re.findall(r"bitfount-api\[([\w,-]+)\]", " ".join(arguments))
    extras = {extra for group in named for extra in group.split(",")}
    return arguments[0] in ("install", "download") and extras <= set(
        project["optional-dependencies"]
    )


def _runs(arguments: list[str]) -> bool:
    if arguments[:1] == ["-m"]:
        return importlib.util.find_spec(arguments[1]) is not None
    return bool(arguments) and (Path(arguments[0]).is_file() or (ROOT / arguments[0]).is_file())
