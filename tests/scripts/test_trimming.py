"""Generated clients keep what request builders need, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from trimming import trim

FILES = {
    "__init__.py": '"""A client."""\nfrom .client import Client\n',
    "client.py": "class Client:\n    pass\n",
    "types.py": (
        "class Unset:\n    pass\n\n\nUNSET: Unset = Unset()\n\n# Files.\n# Two lines.\n"
        "FileTypes = str\n"
    ),
    "api/__init__.py": '"""Endpoints."""\n',
    "api/send.py": (
        "from ..models.body import Body\n"
        "from ..models.answer import Answer\n\n"
        "def build_request(body: Body):\n    return _method(), body\n\n\n"
        "def _method():\n    return 'post'\n\n\n"
        "@property\ndef parse(x) -> Answer:\n    return Answer(x)\n"
    ),
    "models/__init__.py": "",
    "models/body.py": (
        "from typing import TYPE_CHECKING, TypeVar\n"
        "from ..types import UNSET\n"
        "if TYPE_CHECKING:\n    from ..models.part import Part\n\n"
        "T = TypeVar('T', bound='Body')\n\n"
        "class Body:\n    part: 'Part' = UNSET\n\n"
        "    def made(self: T) -> T:\n        return self\n"
    ),
    "models/part.py": (
        "class Part:\n    def make(self):\n        from ..models.inner import Inner\n"
        "        return Inner\n"
    ),
    "models/inner.py": "class Inner:\n    pass\n",
    "models/answer.py": "class Answer:\n    pass\n",
}


@pytest.fixture
def client(tmp_path: Path) -> Path:
    """Return a trimmed client."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    trim(tmp_path)
    return tmp_path


def test_trim_keeps_what_builders_need_indirectly(client: Path) -> None:
    left = {path.relative_to(client).as_posix() for path in client.rglob("*.py")}
    assert left == FILES.keys() - {"client.py", "models/answer.py"}
    for name in ("models/body.py", "models/part.py", "models/inner.py"):
        assert (client / name).read_text("utf-8") == FILES[name]


def test_trim_removes_other_definitions_of_a_module(client: Path) -> None:
    send = (client / "api/send.py").read_text("utf-8")
    assert "def build_request" in send
    assert "def _method" in send
    assert "parse" not in send
    assert "@property" not in send


def test_trim_removes_the_comments_of_definitions(client: Path) -> None:
    assert (client / "types.py").read_text("utf-8").rstrip() == (
        "class Unset:\n    pass\n\n\nUNSET: Unset = Unset()"
    )


def test_trim_removes_the_imports_of_the_front_module(client: Path) -> None:
    assert (client / "__init__.py").read_text("utf-8") == '"""A client."""\n'
