"""The table of operations says what the extensions of the specs say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import operation_table
import pytest
from spec_files import SpecFile, read

from bitfount_api._internal.operation import Operation, Retry

SPEC = """\
openapi: 3.0.3
security:
  - bearer: []
paths:
  /api/things:
    post:
      operationId: make_thing
      x-retry: if-unsent
      responses:
        "200": {description: Made.}
        "201": {description: Made.}
        "400": {description: Refused.}
info: {title: Things, version: "1"}
"""
PLACE = "openapi/thing.yaml:7: POST /api/things: "


def write(folder: Path, text: str) -> SpecFile:
    path = folder / "openapi/thing.yaml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return read(path)


def made(spec: SpecFile) -> Operation:
    """Run the table that is written for a spec with one operation, and return the operation."""
    names: dict[str, Any] = {}
    exec(operation_table.text([spec]), names)
    assert isinstance(names["MAKE_THING"], Operation)
    return names["MAKE_THING"]


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        ("", Operation("make_thing", Retry.IF_UNSENT)),
        ("x-retry: idempotent", Operation("make_thing")),
        ("x-timeout-seconds: 2.5", Operation("make_thing", Retry.IF_UNSENT, timeout=2.5)),
        (
            "x-success: listed",
            Operation("make_thing", Retry.IF_UNSENT, success=frozenset({200, 201})),
        ),
        (
            "x-success: any",
            Operation("make_thing", Retry.IF_UNSENT, success=frozenset(range(200, 300))),
        ),
        ("x-transfers-file: true", Operation("make_thing", Retry.IF_UNSENT, transfers_file=True)),
        ("security: []", Operation("make_thing", Retry.IF_UNSENT, public=True)),
        ("security: [{key: []}]", Operation("make_thing", Retry.IF_UNSENT)),
    ],
)
def test_extension_is_in_the_table(tmp_path: Path, extension: str, expected: Operation) -> None:
    text = SPEC.replace("      x-retry: if-unsent\n", "") if "x-retry" in extension else SPEC
    spec = write(tmp_path, text.replace("      responses:", f"      {extension}\n      responses:"))
    assert operation_table.complaints(spec) == []
    assert made(spec) == expected


def test_spec_without_credentials_has_public_operations(tmp_path: Path) -> None:
    spec = write(tmp_path, SPEC.replace("security:\n  - bearer: []\n", "security: []\n"))
    assert made(spec).public


def with_extension(extension: str) -> str:
    return SPEC.replace("      responses:", f"      {extension}\n      responses:")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("x-retry: if-unsent", "summary: Make", "x-retry is None: write one of idempotent"),
        ("if-unsent", "never", "x-retry is 'never': write one of idempotent, if-unsent"),
        ("operationId: make_thing", "summary: Make", "an operationId is missing"),
        (
            "      responses:",
            "      x-timeout-seconds: soon\n      responses:",
            "x-timeout-seconds",
        ),
        (
            "      responses:",
            "      x-timeout-seconds: 0\n      responses:",
            "x-timeout-seconds is",
        ),
        ("deprecated: true", "x-success: all", "x-success is 'all': write"),
        (
            "      responses:",
            "      x-transfers-file: 1\n      responses:",
            "x-transfers-file is 1",
        ),
    ],
)
def test_wrong_extension_is_named_with_its_place(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    text = with_extension("deprecated: true").replace(old, new)
    [found] = operation_table.complaints(write(tmp_path, text))
    assert found.startswith(f"{PLACE}{complaint}")


def test_listed_success_without_a_listed_status_is_named(tmp_path: Path) -> None:
    text = with_extension("x-success: listed").replace('"200"', '"2XX"').replace('"201"', '"409"')
    assert operation_table.complaints(write(tmp_path, text)) == [
        f"{PLACE}x-success is 'listed', but no 2xx status is"
    ]
