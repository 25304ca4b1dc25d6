"""The installation of the OpenAPI tools of ``tests/peers/``."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import openapi_tools
import pytest


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((openapi_tools.FOLDER / name).read_text(encoding="utf-8"))
    return content


def test_tools_are_pinned_exactly() -> None:
    pinned = read("package.json")["devDependencies"]
    assert pinned.keys() == set(openapi_tools.PACKAGES.values())
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in pinned.values())


def test_lock_has_hashes_and_names_no_registry() -> None:
    lock = read("package-lock.json")["packages"]
    assert lock.pop("")["devDependencies"] == read("package.json")["devDependencies"]
    assert len(lock) > 100
    assert [name for name, each in lock.items() if "resolved" in each] == []
    assert [
        name for name, each in lock.items() if "integrity" not in each and not each.get("inBundle")
    ] == []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder, without tools and without a registry to install them from."""
    for name in (".npmrc", "package.json", "package-lock.json"):
        shutil.copy(openapi_tools.FOLDER / name, tmp_path)
    monkeypatch.setattr(openapi_tools, "FOLDER", tmp_path)
    monkeypatch.setattr(openapi_tools, "MODULES", tmp_path / "node_modules")
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.slow
def test_missing_registry_skips_linters_and_fails_installation(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert openapi_tools.main(["lint"]) == 0
    out, err = capfd.readouterr()
    assert out.startswith("Spectral and Redocly: skipped, because npm cannot install them: npm ")
    assert out.count("\n") == 1
    assert err == ""
    assert openapi_tools.main(["install"]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert "127.0.0.1:9" in err
    assert not openapi_tools.installed()


def test_tools_of_another_lock_are_installed_again(folder: Path) -> None:
    lock = (folder / "package-lock.json").read_bytes()
    (folder / "node_modules").mkdir()
    mark = folder / "node_modules" / ".installed-lock.json"
    mark.write_bytes(lock)
    assert openapi_tools.installed()
    assert openapi_tools.install() is None
    mark.write_bytes(lock + b" ")
    assert not openapi_tools.installed()
