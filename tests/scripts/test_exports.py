"""The lazy exports are those that type checkers see, and the check finds any difference."""

from __future__ import annotations

import shutil
from pathlib import Path

import exports
import pytest
from rewriting import SourceError, formatted

ROOT = Path(__file__).parents[2]

BEFORE = """from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bitfount_api.keys import sign as sign
    from bitfount_api.auth.handler import Handler as Handler

"""
AFTER = """

def __getattr__(name): ...
"""


def rewritten(imports: str) -> str:
    text = exports.rewritten(f"{imports}{exports.BEGIN}gone = 1\n{exports.END}{AFTER}")
    return formatted(text, ROOT / "bitfount_api" / "__init__.py", *exports.RULES)


def test_table_and_names_are_written_between_the_markers() -> None:
    text = rewritten(BEFORE)
    assert "gone" not in text
    before, _, rest = text.partition(exports.BEGIN)
    written, _, after = rest.partition(exports.END)
    assert before == BEFORE
    assert after == AFTER
    found: dict[str, object] = {}
    exec(written, found)
    assert found["_MODULES"] == {"Handler": "auth.handler", "sign": "keys"}
    assert found["__all__"] == ["Handler", "__version__", "sign"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sign as sign", "sign"),
        ("sign as sign", "sign as other"),
        ("bitfount_api.keys", "os"),
        ("from bitfount_api.keys import sign as sign", "sign = None"),
        ("TYPE_CHECKING:", "True:"),
    ],
)
def test_other_statement_in_the_block_is_an_error(old: str, new: str) -> None:
    assert old in BEFORE
    with pytest.raises(SourceError):
        rewritten(BEFORE.replace(old, new))


def test_missing_marker_is_an_error() -> None:
    with pytest.raises(SourceError, match="marks"):
        exports.rewritten(BEFORE + AFTER)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the script reads and writes."""
    (tmp_path / "bitfount_api").mkdir()
    shutil.copy(ROOT / "bitfount_api" / "__init__.py", tmp_path / "bitfount_api")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_committed_exports_are_what_the_imports_make() -> None:
    assert exports.main(["--check"], ROOT) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('    "BitfountHub",\n', ""),
        ('"BitfountHub": "hub"', '"BitfountHub": "am"'),
        ("    from bitfount_api.hub import BitfountHub as BitfountHub\n", ""),
    ],
)
def test_check_finds_an_edited_export(
    project: Path, old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project / "bitfount_api" / "__init__.py"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert exports.main(["--check"], project) == 1
    assert "run `make generate`" in capsys.readouterr().err
    assert exports.main([], project) == 0
    assert exports.main(["--check"], project) == 0


def test_unexpected_layout_is_reported(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = project / "bitfount_api" / "__init__.py"
    path.write_text(BEFORE, encoding="utf-8")
    assert exports.main([], project) == 1
    assert "__init__.py: a comment that marks" in capsys.readouterr().err
