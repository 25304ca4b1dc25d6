"""Check the types of the Python code in the README, the pages and the examples, as printed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from support.pages import all_pages, blocks, python_modules

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *all_pages()]
EXAMPLES = sorted((ROOT / "examples").rglob("*.py"))
PYRIGHT = {"include": ["."], "pythonVersion": "3.11", "typeCheckingMode": "standard"}

_UNTYPED = 2  # the maximum number of blocks that are not type-checked, on all pages together


@attrs.frozen
class Module:
    """The code of a page, or of an example, for the type checkers.

    Args:
        source: The page or the file, relative to the repository.
        name: The name of the module.
        code: The code; its lines have the numbers that they have in the source.
    """

    source: str
    name: str
    code: str


def modules_of(page: Path) -> Iterator[Module]:
    source = page.relative_to(ROOT).as_posix()
    for title, code in python_modules(page.read_text(encoding="utf-8")).items():
        yield Module(source, re.sub(r"\W", "_", f"{source}_{title or ''}"), code)


MISTAKE = Module(
    "mistake.md", "mistake", '\n\nfrom bitfount_api import get_hash\nprint(get_hash("a"))\n'
)
MODULES = [
    MISTAKE,  # so that a checker that checks nothing is noticed
    *(module for page in PAGES for module in modules_of(page)),
    *(
        Module(path.relative_to(ROOT).as_posix(), path.stem, path.read_text(encoding="utf-8"))
        for path in EXAMPLES
    ),
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
        [sys.executable, "-m", *arguments], cwd=ROOT, check=False, capture_output=True, text=True
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
