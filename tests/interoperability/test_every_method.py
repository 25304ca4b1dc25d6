"""Compare this library with the recorded results of the official SDK, call by call."""

from __future__ import annotations

import functools
import inspect
import tempfile
from pathlib import Path

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

import bitfount_api

PAGE = Path(__file__).parents[2] / "docs" / "pages" / "interoperability.md"


@functools.cache
def ours() -> Run:
    _, official = recorded()
    with tempfile.TemporaryDirectory() as folder:
        return without_unknown_fields(run("bitfount_api", Path(folder)), official)


def test_every_method_is_compared() -> None:
    for kind in ("BitfountHub", "BitfountAM", "SMARTOnFHIR"):
        compared = {method for method, *_ in CASES}
        _, official = recorded()
        known = {call[0] for each in official for call in each.results}
        public = {
            f"{kind}.{name}"
            for name, _ in inspect.getmembers(getattr(bitfount_api, kind), callable)
            if not name.startswith("_")
        }
        assert compared >= known
        assert {method for method in known if method.startswith(f"{kind}.")} <= public


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
    assert text[text.index(BEGIN) :] == page(ours(), *recorded())


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
