"""Run the notebook's cells in order and in one event loop, as Jupyter does."""

from __future__ import annotations

import ast
import inspect
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.examples import EXAMPLES

NOTEBOOK: dict[str, Any] = json.loads((EXAMPLES / "look_around.ipynb").read_text("utf-8"))
CODE_CELLS = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


async def run(cell: dict[str, Any], names: dict[str, Any]) -> Any:
    """Run a cell, and return the value of its last line if that is an expression."""
    tree = ast.parse("".join(cell["source"]), cell["id"])
    last = None
    if isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined] # it is an Expr
    found: Any = None
    for part, mode in ((tree, "exec"), (last, "eval")):
        if part is not None:
            code = compile(part, cell["id"], mode, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            found = eval(code, names)
            if inspect.iscoroutine(found):
                found = await found
    return found


def _html(value: Any) -> str:
    return str(value._repr_html_()) if hasattr(value, "_repr_html_") else ""


async def test_notebook_cells_run_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ready_keys: None
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    drawn: list[Any] = []
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace())
    display = SimpleNamespace(display=lambda shown, display_id: drawn.append(shown))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    names: dict[str, Any] = {"__name__": "__main__"}
    shown = {cell["id"]: await run(cell, names) for cell in CODE_CELLS}
    assert [each.semantic_type for each in shown["schema"].columns] == [
        "continuous",
        "categorical",
        "text",
    ]
    assert "In years" in shown["schema"]._repr_html_()
    assert "alice/visits" in shown["pod"]._repr_html_()
    assert "Screening" in shown["projects"]._repr_html_()
    assert repr(drawn) == "[net.pt: 2.9 MiB]"
    assert shown["publish"] == "alice/Net:1"
    assert shown["gather"][1] == 3_000_000
    assert shown["check"] == ("NO_ACCESS", "ACCEPT")
    # Outputs are stored in the file and would be published with it.
    secrets = (names["alice"].api_key, names["alice"].api_key.split(":")[0], "X-Amz-Signature")
    stored = {cell: f"{value!r}{_html(value)}" for cell, value in shown.items()}
    assert not [cell for cell, text in stored.items() for key in secrets if key in text]


def test_notebook_is_stored_without_outputs() -> None:
    assert (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in NOTEBOOK["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in CODE_CELLS:
        assert (cell["outputs"], cell["execution_count"]) == ([], None)
        assert set(cell) == {"cell_type", "execution_count", "id", "metadata", "outputs", "source"}
