"""Everything the documented API says is seen done by a test that there is."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import pytest
from support.documented import CONSTRUCTORS, METHODS
from support.documented_ticks import TICKS

TESTS = Path(__file__).parents[1]


DOCUMENTED = {
    **{(kind, "__init__"): arguments for kind, arguments in CONSTRUCTORS.items()},
    **{
        (kind, name): arguments
        for kind, methods in METHODS.items()
        for name, arguments in methods.items()
    },
}


@functools.cache
def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def test_everything_documented_is_in_the_table() -> None:
    assert TICKS.keys() == DOCUMENTED.keys()


@pytest.mark.parametrize("entry", TICKS, ids=".".join)
def test_every_argument_and_result_is_ticked_off(entry: tuple[str, str]) -> None:
    _, name = entry
    assert DOCUMENTED[entry].keys() <= TICKS[entry].keys()
    assert ("returns" in TICKS[entry]) == (name != "__init__")


@pytest.mark.parametrize(
    "test", sorted({test for ticks in TICKS.values() for test in ticks.values()})
)
def test_the_tests_that_are_named_exist(test: str) -> None:
    path, name = test.split("::")
    assert name in functions(TESTS / path)
