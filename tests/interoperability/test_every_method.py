"""Compare this library with the recorded results of the official SDK, call by call."""

from __future__ import annotations

import functools
import inspect
import re
import tempfile
from pathlib import Path

import compare_official
import pytest
from interoperability.comparison import (
    BEGIN,
    DIFFERENCES,
    differing,
    page,
    recorded,
    same,
    without_unknown_fields,
)
from interoperability.every_method import CASES
from interoperability.libraries import Result, Run, run
from support.places import place

import bitfount_api

WRITE_PAGE = "write it again: make interoperability ARGS=--page"
EVERY_METHOD = "tests/interoperability/every_method.py"
PAGE = Path(__file__).parents[2] / "docs" / "pages" / "interoperability.md"


@functools.cache
def ours() -> Run:
    _, official = recorded()
    with tempfile.TemporaryDirectory() as folder:
        return without_unknown_fields(run("bitfount_api", Path(folder)), official)


def public(kind: str) -> set[str]:
    members = inspect.getmembers(getattr(bitfount_api, kind), callable)
    return {f"{kind}.{name}" for name, _ in members if not name.startswith("_")}


KINDS = ("BitfountHub", "BitfountAM", "SMARTOnFHIR")


def test_every_method_is_compared() -> None:
    _, official = recorded()
    methods = set().union(*map(public, KINDS))
    # The recordings keep the calls of operations that were removed since.
    known = {call[0] for each in official for call in each.results} & methods
    compared = {method for method, *_ in CASES}
    assert known
    assert known <= compared
    assert gone(compared, methods) == []


def gone(compared: set[str], methods: set[str]) -> list[str]:
    """Return the cases to delete: those of methods that were removed."""
    removed = {each for each in compared if each.startswith(KINDS)} - methods
    anchors = [f'@case("{method}"' for method in sorted(removed)]
    return [f"delete {place(EVERY_METHOD, anchor)}" for anchor in anchors]


def test_case_of_a_removed_method_is_named() -> None:
    compared = {method for method, *_ in CASES}
    methods = set().union(*map(public, KINDS))
    [message] = gone(compared & methods, methods - {"BitfountHub.get_pod"})
    assert re.fullmatch(r"delete tests/interoperability/every_method\.py:\d+", message)


@pytest.mark.timeout(120)
def test_results_are_those_of_the_official_sdk() -> None:
    _, official = recorded()
    found = {
        (result.method, result.situation): (result, others, result.trace)
        for result, others in differing(ours(), official)
    }
    unexpected = {call: found[call] for call in found if call not in DIFFERENCES}
    assert unexpected == {}
    assert set(DIFFERENCES) <= set(found), "a difference is listed that does not exist"


@pytest.mark.timeout(120)
def test_page_shows_the_recorded_results() -> None:
    text = PAGE.read_text("utf-8")
    assert text[text.index(BEGIN) :] == page(ours(), *recorded()), WRITE_PAGE


def test_page_is_written_without_the_official_sdk(tmp_path: Path) -> None:
    text = PAGE.read_text("utf-8")
    file = tmp_path / "page.md"
    file.write_text(text[: text.index("|---|")], encoding="utf-8")
    compare_official.write_page(ours(), file)
    assert file.read_text("utf-8") == text[: text.index(BEGIN)] + page(ours(), *recorded())


def test_same_compares_errors_by_name_and_values_exactly() -> None:
    call = ("BitfountHub.get_pod", "", "works")
    assert same(Result(*call, error="HTTPError"), Result(*call, error="HTTPError 403"))
    assert not same(Result(*call, error="HTTPError"), Result(*call, error="ValueError"))
    assert not same(Result(*call, error="HTTPError"), Result(*call, value=None))
    assert not same(Result(*call, value={"a": 1}), Result(*call, value={"a": 2}))


def test_only_fields_that_no_recording_has_are_ignored() -> None:
    call, other = ("BitfountHub.get_pod", "", "works"), ("BitfountHub.get_model", "", "works")
    then = Run(
        "13", {call: Result(*call, value={"a": [{"b": 1}]}), other: Result(*other, value={"c": 1})}
    )
    now = Run("", {call: Result(*call, value={"a": [{"b": 1, "new": 2}], "c": 3, "new": 4})})
    reduced = without_unknown_fields(now, [then])
    assert reduced.results[call].value == {"a": [{"b": 1}], "c": 3}
    [(_, others)] = differing(reduced, [then])
    assert others.keys() == {"13"}
