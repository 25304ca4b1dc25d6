"""Every command explains itself: with an example that works as written, in 80 columns and fewer."""

from __future__ import annotations

import ast
import itertools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import click
import pytest
from cli.console import REPOSITORY
from click.testing import CliRunner
from support.places import fail_with, place

from bitfount_api import cli
from bitfount_api.cli.app import App
from bitfount_api.cli.commands import Group
from bitfount_api.cli.exit_codes import Exit
from bitfount_api.cli.root import root

Words = tuple[str, ...]
TESTS = Path(__file__).parent


def commands(
    command: click.Command = root, path: Words = ()
) -> Iterator[tuple[Words, click.Command]]:
    """Every command, with the words that call it."""
    yield path, command
    if isinstance(command, Group):
        context = click.Context(command, obj=App())
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, (*path, name))


ALL = dict(commands())
every_command = pytest.mark.parametrize("path", ALL, ids=lambda path: " ".join(path) or "itself")


def help_of(path: Words) -> str:
    result = CliRunner().invoke(root, [*path, "--help"], terminal_width=78)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def test_commands_of_every_level_are_found() -> None:
    # docs/tools/commands.md lists all of them, and is compared with the commands.
    assert {(), ("doctor",), ("projects",), ("projects", "list")} <= ALL.keys()


def unreachable(modules: dict[str, ModuleType]) -> list[str]:
    """Return the commands in modules of the command line that no words call."""
    where = place("bitfount_api/cli/root.py", "_COMMANDS = {")
    found = [
        (f'{where}: add "{command.name}": "{module}:{name}"', command)
        for module, content in modules.items()
        for name, command in vars(content).items()
        if isinstance(command, click.Command) and command not in ALL.values()
    ]
    groups = [command for _, command in found if isinstance(command, click.Group)]
    within = [command for group in groups for command in group.commands.values()]
    return [complaint for complaint, command in found if command not in within]


def test_every_command_can_be_called() -> None:
    files = Path(str(cli.__file__)).parent.glob("[!_]*.py")
    names = {file.stem for file in files}
    fail_with(unreachable({name: import_module(f"{cli.__name__}.{name}") for name in names}))


def test_command_that_cannot_be_called_is_reported() -> None:
    module = ModuleType("tasks")
    listed = click.Command("list")
    vars(module).update(tasks=click.Group("tasks", {"list": listed}), list_=listed)
    [complaint] = unreachable({"tasks": module})
    assert re.fullmatch(r'bitfount_api/cli/root.py:\d+: add "tasks": "tasks:tasks"', complaint)


def words_in_tests() -> set[Words]:
    """Return the words that stand one after the other as arguments in the tests of the commands."""
    found: set[Words] = set()
    for file in {*TESTS.glob("*.py")} - {Path(__file__)}:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            given = node.args if isinstance(node, ast.Call) else getattr(node, "elts", [])
            words = [str(each.value) if isinstance(each, ast.Constant) else "" for each in given]
            found |= {(word,) for word in words} | {*itertools.pairwise(words)}
    return found


def untested(commands: dict[Words, click.Command]) -> list[str]:
    """Return the commands that no test runs, and an example of such a test."""
    where = place("tests/cli/test_projects.py", "def test_")
    missing = commands.keys() - words_in_tests()
    return [
        f"{where}: write such a test of `{' '.join(path)}`, in a file of its group in tests/cli/"
        for path in sorted(missing)
        if not isinstance(commands[path], Group)
    ]


def test_every_command_is_run_in_a_test() -> None:
    fail_with(untested(ALL))


def test_command_that_no_test_runs_is_reported() -> None:
    [complaint] = untested({("projects", "newest"): click.Command("newest")})
    assert re.match(r"tests/cli/test_projects\.py:\d+: .* of `projects newest`, in", complaint)


@every_command
def test_help_fits_into_80_columns(path: Words) -> None:
    assert max(map(len, help_of(path).splitlines())) <= 80


@every_command
def test_help_wraps_in_a_narrow_terminal(path: Words) -> None:
    settings = {**root.context_settings, "terminal_width": 50}
    context = click.Context(ALL[path], info_name=" ".join(path), obj=App(), **settings)
    # Examples stay as they are typed: a line that is broken cannot be copied.
    text = re.sub(r"(?ms)^Examples:.*?(?=^\S|\Z)", "", context.get_help())
    assert max(map(len, text.splitlines())) <= 50


@every_command
def test_every_command_and_option_has_help(path: Words) -> None:
    text = help_of(path)
    usage, summary = text.split("\n\n")[:2]
    assert usage.startswith(" ".join(["Usage: bitfount-api", *path]))
    assert summary.strip().endswith((".", "?"))
    assert "Examples:\n" in text
    shortened = text.split("Commands:\n")[-1].split("\n\n")[0]
    # Arguments that may be repeated end in dots: NAME..., [NAME]...
    cut = [line for line in shortened.splitlines() if re.search(r"(?<![A-Z\]])\.\.\.", line)]
    assert not cut, f"the docstrings of these commands begin with too long a line: {cut}"
    for parameter in ALL[path].params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, parameter
        if isinstance(parameter, click.Argument):
            shown = (parameter.metavar or parameter.name or "").upper().removesuffix("...")
            assert f"\n  {shown} " in text, parameter


def test_the_help_has_the_table_of_exit_codes() -> None:
    text = " ".join(help_of(()).split())
    for code in Exit:
        assert f"{int(code)} {code.name.lower()} {code.meaning}" in text


@every_command
def test_examples_can_be_typed_as_they_are(path: Words) -> None:
    examples = getattr(ALL[path], "examples", ())
    assert examples
    for line, purpose in examples:
        assert purpose.endswith((":", "?")), purpose
        first = line.replace("\\\n", " ").split("\n")[0]
        called = []
        for part in re.split(r" (?:\||&&) ", f"bitfount-api {first}"):
            program, *words = shlex.split(part.split(" > ")[0])
            if program == "bitfount-api":
                called.append(parsed(words)[: len(path)])
        assert path in called


def parsed(words: list[str]) -> Words:
    """The command that a command line calls; fails if it cannot be understood."""
    command: click.Command = root
    found: list[str] = []
    context = root.make_context("bitfount-api", words, obj=App())
    while isinstance(command, click.Group):
        name, following, rest = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert following is not None
        assert name is not None
        found.append(name)
        command = following
        context = command.make_context(name, rest, parent=context)
    return tuple(found)


@every_command
def test_a_group_alone_shows_its_help(path: Words) -> None:
    if not isinstance(ALL[path], click.Group):
        return
    result = CliRunner().invoke(root, list(path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Commands:" in result.stderr


@every_command
def test_usage_error_is_one_line(path: Words) -> None:
    result = CliRunner().invoke(root, [*path, "--no-such-option"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert f"'{' '.join(['bitfount-api', *path])} --help'" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["weights", "pull", "--help"],
        ["migrate", "--help"],
        ["completion", "bash"],
    ],
)
def test_help_and_completion_load_little(words: list[str]) -> None:
    code = (
        "import sys; from bitfount_api.cli.root import run; run(sys.argv[1:]); "
        "print([name for name in ('httpx', 'cryptography', 'libcst', 'rich.console') "
        "if name in sys.modules])"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "generated")]),
    }
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, env=environment, timeout=60
    )
    assert done.stdout.decode().splitlines()[-1] == "[]", done.stderr


def test_version_is_shown() -> None:
    from bitfount_api import __version__

    result = CliRunner().invoke(root, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"bitfount-api {__version__}\n")


@every_command
def test_no_command_takes_a_secret_as_argument(path: Words) -> None:
    for parameter in ALL[path].params:
        name = parameter.name or ""
        if re.search("password|secret|token|api_key", name):
            assert "file" in name
            assert isinstance(parameter.type, click.Path)
