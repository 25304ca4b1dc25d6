"""A sandbox, and a console that runs commands against it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.console import Console

from bitfount_api.sandbox import Sandbox


@pytest.fixture(scope="session")
def _sandbox_of_all() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox_of_all: Sandbox) -> Iterator[Sandbox]:
    """A local Bitfount, empty but for its users."""
    yield _sandbox_of_all
    _sandbox_of_all.clear()


@pytest.fixture
def console(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Console:
    """A console with alice's API keys, in an empty folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    console = Console(sandbox, folder)
    console.be("alice")
    return console


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port without a listener, which no other process can take during the test."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
