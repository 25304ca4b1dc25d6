"""Requests are made with the constructors of the generated models, whose arguments mypy checks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

OPERATIONS = Path(__file__).parents[2] / "bitfount_api/_operations"


def unchecked(tree: ast.AST) -> Iterator[str]:
    """Yield the uses of ``from_dict``: a renamed or missing field is no error for mypy."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "from_dict":
            yield f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("path", sorted(OPERATIONS.glob("*.py")), ids=lambda path: path.stem)
def test_operation_builds_requests_with_constructors(path: Path) -> None:
    assert list(unchecked(ast.parse(path.read_text(encoding="utf-8")))) == []


def test_request_from_a_dict_is_found() -> None:
    code = "from models import Body\nrequest = build(body=Body.from_dict({'name': 1}))\n"
    assert list(unchecked(ast.parse(code))) == ["line 2: Body.from_dict"]
