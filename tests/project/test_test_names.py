"""The names of the tests are short enough for pytest's output."""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]
MAX_LENGTH = 60


def names_in(path: Path) -> list[str]:
    """Return the names of the test functions in a file, in classes too."""
    return [
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    ]


def test_names_of_tests_have_at_most_60_characters() -> None:
    names = [name for path in TESTS.rglob("test_*.py") for name in names_in(path)]
    assert len(names) > 1000
    assert [name for name in names if len(name) > MAX_LENGTH] == []
