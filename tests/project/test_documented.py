"""Traceability: tests cover each statement of the documented API, and say which.

The marker ``documented`` names a constructor or method, then the statements that the test covers:
``@pytest.mark.documented("BitfountHub.get_pod", "project_id", "returns")``.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.documented import OUTCOMES, statements

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[1]


def marked_tests(code: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the name of each marked function in the code, with the arguments of the marker."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for mark in node.decorator_list:
                if ast.unparse(mark).startswith("pytest.mark.documented("):
                    assert isinstance(mark, ast.Call)
                    yield node.name, [ast.literal_eval(argument) for argument in mark.args]


MARKED = {
    path.relative_to(TESTS).as_posix(): code
    for path in sorted(TESTS.rglob("*.py"))
    if "mark.documented" in (code := path.read_text(encoding="utf-8")) and path != Path(__file__)
}
MARKS = [
    (f"{path}::{name}", feature, covered)
    for path, code in MARKED.items()
    for name, (feature, *covered) in marked_tests(code)
]


def test_all_markers_are_on_tests_that_pytest_collects() -> None:
    """Each marker was read above, and none is in another form, on a module or on a helper."""
    assert len(MARKS) == sum(code.count("mark.documented") for code in MARKED.values()) > 0
    for test, _, _ in MARKS:
        assert re.fullmatch(r"(\w+/)*test_\w+\.py::test_\w+", test)


@pytest.mark.parametrize(("test", "feature", "covered"), MARKS)
def test_a_marker_names_documented_statements(test: str, feature: str, covered: list[str]) -> None:
    assert set(covered) <= statements()[feature], test
    assert len(covered) == len(set(covered)) > 0


@pytest.mark.parametrize("feature", statements())
def test_each_documented_statement_has_a_test(feature: str) -> None:
    covered = {name for _, marked, names in MARKS if marked == feature for name in names}
    assert statements()[feature] - covered == set()


def test_outcomes_belong_to_documented_features() -> None:
    assert OUTCOMES.keys() <= statements().keys()
