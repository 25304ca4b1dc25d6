"""The Makefile lists its targets, and each sets up what it needs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_make_help_lists_every_target() -> None:
    (phony,) = re.findall(r"^\.PHONY: ((?:.*\\\n)*.*)$", TEXT, re.MULTILINE)
    listed = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    targets = set(phony.replace("\\", "").split())
    shown = dict(re.findall(r"^  make (\S+) +(\S.*)$", listed, re.MULTILINE))
    assert shown.keys() == targets


def variables(text: str) -> set[str]:
    return set(re.findall(r"\$\((\w+)\)", text))


def test_every_target_sets_up_its_environment() -> None:
    rules = re.findall(r"^([a-z-]+):([^#\n]*)##.*\n((?:\t.*\n)*)", TEXT, re.MULTILINE)
    environments = {
        "RUN": "READY",
        "BIN": "READY",
        "DEMO": "READY_DEMO",
        "LOWEST": "READY_LOWEST",
        "WORKFLOWS": "READY_WORKFLOWS",
        "COMPILE": "READY_LOCK",
    }
    seen = set()
    for name, needs, recipe in rules:
        used = {
            environments[word]
            for word in re.findall(r"\$\((\w+)\)", recipe)
            if word in environments
        }
        assert used <= set(re.findall(r"\$\((\w+)\)", needs)), name
        seen |= used
    assert seen == set(environments.values())
    (check,) = (needs.split() for name, needs, _ in rules if name == "check")
    assert check == ["lint", "lint-specs", "typecheck", "check-generated"]
