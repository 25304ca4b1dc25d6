"""Whole numbers, times, and values in errors: the same rules for all arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bitfount_api._internal import validation
from bitfount_api.identifiers import ModelIdentifier, model_version, path_part
from bitfount_api.retries import RetryPolicy
from bitfount_api.transfers import TransferOptions

OTHERS: list[Any] = [True, False, 1.0, 2.7, "1", -1, [], b"1", float("nan")]


@pytest.mark.parametrize("value", [*OTHERS, None], ids=repr)
def test_whole_number_rejects_other_values(value: Any) -> None:
    assert not validation.is_whole_number(value)
    with pytest.raises(ValueError, match=r"^pages must be a whole number of at least 0, not "):
        validation.whole_number(value, "pages")


def test_whole_number_range_includes_its_ends() -> None:
    assert [validation.is_whole_number(n, 1, 3) for n in range(5)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert validation.whole_number(10**30, "pages") == 10**30
    with pytest.raises(ValueError, match="pages must be a whole number from 1 to 1,000, not 1001"):
        validation.whole_number(1001, "pages", 1, 1000)


@pytest.mark.parametrize("value", OTHERS, ids=repr)
def test_arguments_of_public_classes_are_whole_numbers(value: Any) -> None:
    with pytest.raises(ValueError, match="retries must be a whole number of at least 0"):
        RetryPolicy(retries=value)
    for name in ("parts_at_once", "max_bytes"):
        with pytest.raises(ValueError, match=f"{name} must be a whole number of at least 1"):
            TransferOptions(**{name: value})


NUMPY = [np.int8(3), np.uint8(3), np.int64(3), np.array(3)]


@pytest.mark.parametrize("value", NUMPY, ids=lambda value: type(value).__name__)
def test_integers_of_numpy_become_int(value: Any) -> None:
    numbers = [
        validation.whole_number(value, "pages"),
        RetryPolicy(retries=value).retries,
        TransferOptions(parts_at_once=value).parts_at_once,
        TransferOptions(max_bytes=value).max_bytes,
        ModelIdentifier("alice", "Net", value).version,
        model_version(value),
    ]
    assert [(type(number), number) for number in numbers] == [(int, 3)] * len(numbers)
    assert path_part(value, "key id") == "3"
    validation.check_seconds("timeout", value)


OTHERS_OF_NUMPY = [np.True_, np.float64(3), np.array([3]), np.ma.masked, np.datetime64(3, "s")]


@pytest.mark.parametrize("value", OTHERS_OF_NUMPY, ids=repr)
def test_other_values_of_numpy_are_no_integers(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^pages must be a whole number of at least 0, not "):
        validation.whole_number(value, "pages")
    with pytest.raises(ValueError, match="retries must be a whole number"):
        RetryPolicy(retries=value)


def test_quote_is_bounded_and_printable() -> None:
    assert validation.quote("a\x1b[2J") == r"'a\x1b[2J'"
    assert len(validation.quote("x" * 1000)) == 82
    assert validation.quote(10**5000) == "a value of type int"
    assert validation.quote({"key": "secret"}) == "a value of type dict"
    assert validation.quote(None) == "None"
