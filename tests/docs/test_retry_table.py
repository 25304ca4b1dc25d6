"""The table of retries in the page about errors names the methods that the code has."""

from __future__ import annotations

import re

from support.faults.cases import ROWS
from support.pages import PAGES

from bitfount_api._internal.operation import Retry


def column(number: int) -> set[str]:
    """Return the methods that a column of the table names."""
    page = (PAGES / "guides" / "errors.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^\| Always retried \|.*\n\|[-|]+\n((?:\|.*\n)+)", page, re.MULTILINE)
    cells = [line.strip("|\n").split("|")[number] for line in table.splitlines()]
    return set(re.findall(r"`(\w+)`", " ".join(cells)))


def test_table_of_retries_names_the_methods() -> None:
    retries = {
        row.name.partition(" ")[0]: row.legs[0].operation.retry
        for row in ROWS
        if row.kind == "BitfountHub"
    }
    unsent = {name for name, retry in retries.items() if retry is Retry.IF_UNSENT}
    where = "change the table of retries in docs/pages/guides/errors.md"
    assert column(1) == unsent, where
    assert column(0) <= retries.keys() - unsent, where
