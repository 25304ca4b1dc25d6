"""Run the code of each page, as written, against the sandbox."""

from __future__ import annotations

import contextlib
import io
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from support.other_projects import run_pytest
from support.pages import PAGES, Block, all_pages, blocks, included_file
from support.shell import check_commands

if TYPE_CHECKING:
    from bitfount_api.pytest_plugin import SandboxClients

READERS: dict[str, Callable[[str], Any]] = {
    "yaml": yaml.safe_load,
    "toml": tomllib.loads,
    "json": json.loads,
}
SLOW = {"guides/authentication.md", "guides/testing.md"}
"""Pages that wait for a login or contain tests for pytest."""

_EXCUSES = 3  # the maximum number of blocks that are not run, on all pages together


def name_of(page: Path) -> str:
    return page.relative_to(PAGES).as_posix()


def run_python(block: Block, page: Path, names: dict[str, Any]) -> str:
    """Run a block, and return its output. Tracebacks show the page's line numbers."""
    code = compile("\n" * (block.line - 1) + block.body, name_of(page), "exec")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    return printed.getvalue()


def run_meanwhile(block: Block, names: dict[str, Any], others: dict[str, Any]) -> None:
    """Let other users act: they see the names of the page, which never sees theirs."""
    scope = {**names, **others}
    exec(compile(block.body, f"meanwhile, line {block.line}", "exec"), scope)
    others |= {name: value for name, value in scope.items() if name not in names}


def matches(shown: str, printed: str) -> bool:
    """Return whether the shown output matches the printed one; ``…`` matches anything."""
    parts = [re.escape(part) for part in shown.strip().split("…")]
    return re.fullmatch(".*?".join(parts), printed.strip(), re.DOTALL) is not None


def write(block: Block) -> None:
    """Write a block to the file that its title names."""
    path = Path(str(block.title))
    assert not path.is_absolute()
    path.write_text(block.body, encoding="utf-8")


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.slow] if name_of(page) in SLOW else [])
        for page in all_pages()
    ],
    ids=name_of,
)
def test_page_examples_run_as_shown(page: Path, as_alice: SandboxClients) -> None:
    names: dict[str, Any] = {"__name__": "__page__"}
    others: dict[str, Any] = {"sandbox": as_alice.sandbox}
    printed = ""
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.excuse:
            continue
        if included := included_file(block):
            assert included.startswith("examples/")  # tests/examples tests these
            assert (PAGES.parents[1] / included).is_file()
            continue
        if block.title == "Output":
            assert matches(block.body, printed), f"line {block.line}: it printed:\n{printed}"
        elif block.language == "meanwhile":
            run_meanwhile(block, names, others)
        elif block.language == "python" and not block.title:
            printed = run_python(block, page, names)
        elif block.language in ("sh", "console"):
            check_commands(block)
        elif block.language in ("yaml", "toml", "json"):
            assert READERS[block.language](block.body)
            if block.title:
                write(block)
        elif block.title:
            compile(block.body, block.title, "exec")
            write(block)
        else:
            assert block.language == "text", f"line {block.line}: {block.language!r} is not run"
    if any(Path().glob("test_*.py")):
        ran = run_pytest(Path())
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_skipped_blocks_are_few_and_have_a_reason() -> None:
    left_out = [
        f"{name_of(page)}:{block.line}: {block.excuse}"
        for page in all_pages()
        for block in blocks(page.read_text(encoding="utf-8"))
        if block.excuse
    ]
    assert len(left_out) <= _EXCUSES, left_out


@pytest.mark.parametrize("page", all_pages(), ids=name_of)
def test_a_page_has_one_title_and_short_lines(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    assert len(re.findall(r"^# ", prose, re.MULTILINE)) == 1
    long = [line for line in text.splitlines() if len(line) > 120]
    assert [line for line in long if not line.startswith(("| ", "!["))] == []
