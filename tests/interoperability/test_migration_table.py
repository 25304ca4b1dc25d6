"""The official SDK has the names that ``migrate`` replaces, in the modules that its table names."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from benchmarks.official import VARIABLE, find
from bitfount_api.cli.migration import table

READ = """
import importlib, json, sys
import bitfount
found = {}
for module in json.loads(sys.argv[1]):
    try:
        found[module] = dir(importlib.import_module(module))
    except ModuleNotFoundError:
        found[module] = []
members = {name: dir(getattr(importlib.import_module("bitfount.hub.api"), name, None))
           for name in json.loads(sys.argv[2])}
print(json.dumps([bitfount.__version__, found, members]))
"""


@pytest.mark.slow
def test_migration_table_agrees_with_the_official_sdk(tmp_path: Path) -> None:
    python = find()
    if python is None:
        pytest.skip(f"the official SDK is not installed: {VARIABLE} names no Python that has it")
    modules = sorted(set().union(*(row.modules for row in table.ROWS)))
    classes = [row.name for row in table.ROWS if row.members]
    done = subprocess.run(
        [python, "-W", "ignore", "-c", READ, json.dumps(modules), json.dumps(classes)],
        capture_output=True, text=True, check=True, cwd=tmp_path, timeout=300,
    )  # fmt: skip
    version, found, members = json.loads(done.stdout.splitlines()[-1])
    for row in table.ROWS:
        expected = row.modules_in("5.3" if version.startswith("5.") else "13.0")
        assert {module for module in row.modules if row.name in found[module]} == expected, row.name
        if expected and row.members:
            assert {member.name for member in row.members} <= set(members[row.name])
