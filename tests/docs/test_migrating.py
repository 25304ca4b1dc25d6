"""The tables of the migration guide say what the code offers, and what ``migrate`` does."""

from __future__ import annotations

import importlib
import re

import pytest
from support.pages import PAGES

import bitfount_api
from bitfount_api.cli.migration import table

GUIDE = (PAGES / "guides" / "migrating.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table whose header begins with a text."""
    (found,) = re.findall(
        rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", GUIDE, re.MULTILINE
    )
    return [line.strip("| ").split(" | ") for line in found.splitlines()]


def code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


Entry = tuple[str, str, frozenset[str], str]
BOTH = frozenset({"5.3", "13.0"})


def entries(heading: str, *, offered: bool) -> list[Entry]:
    """Return the module, name, versions, and replacement or advice of each name in a table."""
    found = []
    for names, modules, here in rows(heading):
        for module in modules.split(", "):
            mark = re.fullmatch(r"`([\w.]+)`(?: \(([\d.]+)\))?", module)
            assert mark, module
            versions = frozenset({mark[2]}) if mark[2] else BOTH
            for name in code(names):
                ours = here.replace("the same", name).replace(" in ", ".").replace("`", "")
                found.append((mark[1], name, versions, ours if offered else here))
    return found


OFFERED = entries("Official | Imported from | Here", offered=True)
MISSING = entries("Official | Imported from | Instead", offered=False)
MEMBERS = [(code(one)[0], code(other)[0]) for one, other in rows("Official | Here")]
ERRORS = [
    (name, code(here)[0])
    for names, here in rows("In `requests` and `requests.exceptions` | Here")
    for name in code(names)
]


@pytest.mark.parametrize("name", sorted({entry[3] for entry in OFFERED}))
def test_migration_guide_names_can_be_imported(name: str) -> None:
    name, _, module = name.partition(".bitfount_api.")
    home = importlib.import_module(f"bitfount_api.{module}" if module else "bitfount_api")
    assert getattr(home, name) is not None
    assert name in home.__all__


@pytest.mark.parametrize(("official", "ours"), MEMBERS)
def test_migration_guide_functions_exist(official: str, ours: str) -> None:
    assert official.count(".") == 1
    assert ours.startswith('"') or callable(getattr(bitfount_api, ours))


@pytest.mark.parametrize(("official", "ours"), ERRORS)
def test_migration_guide_errors_exist(official: str, ours: str) -> None:
    assert issubclass(getattr(bitfount_api, ours), bitfount_api.RequestException)
    assert issubclass(
        getattr(importlib.import_module("requests.exceptions"), official),
        importlib.import_module("requests").RequestException,
    )


def test_migration_guide_agrees_with_the_command() -> None:
    wanted: dict[bool, list[Entry]] = {True: [], False: []}
    for row in table.ROWS:
        old, new = row.modules_in("5.3"), row.modules_in("13.0")
        for modules, versions in ((old & new, BOTH), (old - new, {"5.3"}), (new - old, {"13.0"})):
            for module in modules:
                home = "" if row.home == table.OURS else f".{row.home}"
                text = f"{row.ours}{home}" if row.ours else row.advice
                entry = (module, row.name, frozenset(versions), text)
                wanted[row.ours is not None].append(entry)
    key = repr
    assert sorted(OFFERED, key=key) == sorted(wanted[True], key=key)
    assert sorted(MISSING, key=key) == sorted(wanted[False], key=key)
    members = [
        (f"{row.name}.{member.name}", member.ours) for row in table.ROWS for member in row.members
    ]
    assert members == MEMBERS
    assert sorted(table.REQUESTS.items()) == sorted(ERRORS)
