"""The sync clients are the async ones without async, and the check finds any difference."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import unasync
from rewriting import SourceError

ROOT = Path(__file__).parents[2]

ASYNC = '''"""The async client of something."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class AsyncBitfountHub(AsyncClient):
    """A typed async API.

    >>> async with AsyncBitfountHub() as hub:
    ...     print(await hub.count())
    """

    async def count(self) -> int:
        """Return a number; :meth:`AsyncBitfountHub.each` gives all, ``aclose()`` ends."""
        async with self as hub:
            return await hub._run(
                1
            )

    async def each(self) -> AsyncIterator[int]:
        """Go through them: ``async for number in await hub.each()``."""
        for number in await self.pages():
            yield number
'''
SYNC = '''# Written from async_hub.py by `make generate`: edit that file, not this one.
"""The client of something."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class BitfountHub(SyncClient):
    """A typed API.

    >>> with BitfountHub() as hub:
    ...     print(hub.count())
    """

    def count(self) -> int:
        """Return a number; :meth:`BitfountHub.each` gives all, ``close()`` ends."""
        with self as hub:
            return hub._run(1)

    def each(self) -> Iterator[int]:
        """Go through them: ``for number in hub.each()``."""
        yield from self.pages()
'''


def test_twin_is_the_module_without_async(tmp_path: Path) -> None:
    path = tmp_path / "async_hub.py"
    path.write_text(ASYNC, encoding="utf-8")
    assert unasync.twin(path) == SYNC


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("import asyncio", "async"),
        ("value = (await\n    other)", "await"),
        ("# awaited above", "await"),
        ("other: AsyncGenerator[int]", "Async"),
    ],
)
def test_line_without_a_sync_form_is_an_error(line: str, left: str) -> None:
    with pytest.raises(SourceError, match=rf"^2: '{left}' has no sync form"):
        unasync.transformed(f"x = 1\n{line}\n")


def test_names_inside_other_names_are_left_alone() -> None:
    kept = "get_client(); BitfountHub; closed; Iterator; waiting = 1\n"
    assert unasync.transformed(kept) == kept


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the script reads and writes."""
    (tmp_path / "bitfount_api").mkdir()
    for name in (*unasync.TWINS, *unasync.TWINS.values()):
        shutil.copy(ROOT / "bitfount_api" / name, tmp_path / "bitfount_api")
    (tmp_path / "bitfount_api" / "__init__.py").touch()  # ruff sorts by first-party packages
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_committed_twins_are_what_the_async_modules_make() -> None:
    assert unasync.main(["--check"], ROOT) == 0


@pytest.mark.parametrize("edited", ["am.py", "async_am.py"])
def test_check_finds_an_edited_twin(
    project: Path, edited: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project / "bitfount_api" / edited
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("The decision", "A decision", 1), encoding="utf-8")
    assert unasync.main(["--check"], project) == 1
    said = capsys.readouterr().err
    assert "bitfount_api/am.py: run `make generate`" in said
    assert "hub" not in said
    assert unasync.main([], project) == 0
    assert unasync.main(["--check"], project) == 0
    assert (path.read_text(encoding="utf-8") == before) == (edited == "am.py")


def test_check_finds_a_missing_twin(project: Path) -> None:
    (project / "bitfount_api" / "hub.py").unlink()
    assert unasync.main(["--check"], project) == 1


def test_nothing_is_written_if_one_module_has_no_sync_form(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("async_hub.py", "async_am.py"):
        path = project / "bitfount_api" / name
        path.write_text(path.read_text(encoding="utf-8") + "import asyncio\n", encoding="utf-8")
    before = (project / "bitfount_api" / "hub.py").read_bytes()
    assert unasync.main([], project) == 1
    assert "async_hub.py:" in capsys.readouterr().err
    assert (project / "bitfount_api" / "hub.py").read_bytes() == before
