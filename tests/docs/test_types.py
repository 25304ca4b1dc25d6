"""Check the types of the Python code in the README, the pages and the examples, as printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.methods import CLIENTS, operations_of
from support.pages import blocks
from support.places import place
from support.typed_code import PAGES, ROOT, Module, called_methods, modules, used_names

PYRIGHT = {"include": ["."], "pythonVersion": "3.11", "typeCheckingMode": "standard"}

_UNTYPED = 4  # the maximum number of blocks that are not type-checked, on all pages together

MISTAKE = Module(
    "mistake.md", "mistake", '\n\nfrom bitfount_api import get_hash\nprint(get_hash("a"))\n'
)
MODULES = [
    MISTAKE,  # so that a checker that checks nothing is noticed
    *modules(),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with all modules, which may import each other."""
    folder = tmp_path_factory.mktemp("pages")
    for module in MODULES:
        (folder / f"{module.name}.py").write_text(module.code, encoding="utf-8")
    (folder / "pyrightconfig.json").write_text(json.dumps(PYRIGHT), encoding="utf-8")
    return folder


def run(*arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr  # it found the mistake
    return ran.stdout


def mypy(folder: Path) -> Iterator[tuple[str, int, str]]:
    # The configuration is that of `make typecheck`, which has `strict = true`.
    for line in run("mypy", "--output", "json", str(folder)).splitlines():
        found: dict[str, Any] = json.loads(line)
        yield found["file"], found["line"], found["message"]


def pyright(folder: Path) -> Iterator[tuple[str, int, str]]:
    options = ("--project", str(folder), "--pythonpath", sys.executable, "--outputjson")
    for found in json.loads(run("pyright", *options))["generalDiagnostics"]:
        yield found["file"], found["range"]["start"]["line"] + 1, found["message"]


@pytest.mark.slow
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_code_of_pages_and_examples_has_valid_types(
    checker: Callable[[Path], Iterator[tuple[str, int, str]]], folder: Path
) -> None:
    sources = {module.name: module.source for module in MODULES}
    complaints = [
        f"{sources[Path(file).stem]}:{line}: {message}" for file, line, message in checker(folder)
    ]
    found = [text for text in complaints if not text.startswith(f"{MISTAKE.source}:3: ")]
    assert not found, "\n".join(found)


def test_blocks_without_types_are_few_and_have_a_reason() -> None:
    left_out = [
        f"{page.relative_to(ROOT)}:{block.line}: {block.untyped}"
        for page in PAGES
        for block in blocks(page.read_text(encoding="utf-8"))
        if block.untyped
    ]
    assert len(left_out) <= _UNTYPED, left_out


@pytest.mark.parametrize("kind", CLIENTS)
def test_every_method_is_shown_in_a_page_or_example(kind: str) -> None:
    shown = {name for module in modules() for name in called_methods(module.code)}
    where = place("docs/pages/guides/pods.md", "hub.get_pod(")
    missing = [f"{kind}.{name}" for name in sorted(operations_of(kind) - shown)]
    assert not missing, f"{where} (or another guide): show {', '.join(missing)} in Python"


@pytest.mark.parametrize("kind", CLIENTS)
def test_every_async_client_is_shown_in_use(kind: str) -> None:
    users = [module for module in modules() if f"Async{kind}" in used_names(module.code)]
    shown = {name for module in users for name in called_methods(module.code)}
    assert shown & operations_of(f"Async{kind}"), f"docs/pages/guides/async.md: use Async{kind}"
