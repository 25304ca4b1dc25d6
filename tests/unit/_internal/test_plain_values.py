"""Plain JSON values are made of a user's values, or the error names the place."""

from __future__ import annotations

import array
import collections
import enum
import json
import sys
import types
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bitfount_api._internal.plain_values import (
    MAX_LEVELS,
    MAX_VALUES,
    json_of_shape,
    plain_json,
)


class Text(str, enum.Enum):  # noqa: UP042 - its text is not its value
    A = "a"


class Broken:
    def __float__(self) -> float:
        raise KeyError("planted")


class Number(enum.IntEnum):
    ONE = 1


class OddText(str):
    """Text whose methods raise."""

    __slots__ = ()

    def _raise(self, *_: object) -> Any:
        raise RuntimeError("SECRET")

    encode = __iter__ = __len__ = _raise  # type: ignore[assignment]


class OddMapping(collections.UserDict[str, Any]):
    def items(self) -> Any:
        raise RuntimeError("SECRET")


class OddPairs(dict[str, Any]):
    def items(self) -> Any:
        yield "a", 1
        yield "b"


class OddList(list[Any]):
    def __iter__(self) -> Any:
        yield 1
        raise RuntimeError("SECRET")


class Unbound:
    """A proxy without an object, as of werkzeug."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        raise RuntimeError("SECRET")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.int64(3), 3),
        (np.uint8(255), 255),
        (np.float32(0.5), 0.5),
        (np.float64(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.bool_(True), True),
        (np.array(7), 7),
        (np.str_("x"), "x"),
        (Decimal("0.5"), 0.5),
        (Fraction(1, 4), 0.25),
        (Number.ONE, 1),
        (Text.A, "a"),
        (10**30, 10**30),
        ((1, (2,)), [1, [2]]),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        (collections.OrderedDict(a=np.int8(1)), {"a": 1}),
        (
            {2: "a", None: "b", np.int64(5): "c", 1.5: "d"},
            {"2": "a", "null": "b", "5": "c", "1.5": "d"},
        ),
        ({True: 1, False: 0}, {"true": 1, "false": 0}),
        ({np.bool_(True): 1, np.bool_(False): 0}, {"true": 1, "false": 0}),
    ],
)
def test_value_becomes_what_json_has(value: Any, expected: Any) -> None:
    found = plain_json(value)
    assert found == expected
    assert json.loads(json.dumps(found, allow_nan=False)) == expected
    if not isinstance(found, (list, dict)):
        assert type(found) is type(expected)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def circular() -> Any:
    value: dict[str, Any] = {}
    value["a"] = value
    return value


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": [1, {2}]}, "$.a[1]"),
        ({"a": float("nan")}, "$.a"),
        ({"a": Decimal("Infinity")}, "$.a"),
        ({"a": Decimal("sNaN")}, "$.a"),
        ({"a": {"b": b"x"}}, "$.a.b"),
        ({"a": np.array([1])}, "$.a"),
        ({"a": np.array([1.5, 2])}, "$.a"),
        ({"a": np.complex128(1)}, "$.a"),
        ({"a": np.ma.masked}, "$.a"),
        ({"a": pd.NA}, "$.a"),
        ({"a": pd.NaT}, "$.a"),
        ({"a": Broken()}, "$.a"),
        ({"a": np.datetime64("2024-01-01")}, "$.a"),
        ({"a": 1j}, "$.a"),
        ({"a": object()}, "$.a"),
        ({"a": int}, "$.a"),
        ({"a": float}, "$.a"),
        ({"a": array.array("i", [1])}, "$.a"),
        ({"a": "\ud83d"}, "$.a"),
        ({"a": 10**5000}, "$.a"),
        ({"a": Fraction(10**400)}, "$.a"),
        ({(1, 2): 3}, "$"),
        ({1: 2, "1": 3}, "$.1"),
        ({np.bool_(True): 1, "true": 2}, "$.true"),
        ({"a": OddMapping(b=1)}, "$.a"),
        ({"a": OddPairs()}, "$.a"),
        ({"a": [OddList([1])]}, "$.a[0]"),
        (nested(5000), "$[0][0]"),
        (circular(), "$.a.a.a"),
    ],
)
def test_other_values_raise_an_error_with_the_place(value: Any, place: str) -> None:
    with pytest.raises(ValueError, match=r"at `\$") as caught:
        plain_json(value)
    assert type(caught.value) is ValueError
    text = str(caught.value)
    assert f"`{place}" in text
    assert f"`{place}`" in text or len(text) > 100
    assert len(text) < 300
    assert "SECRET" not in text
    assert text.isprintable()


def test_classes_that_raise_are_read_without_their_methods() -> None:
    assert plain_json({OddText("x"): OddText("y")}) == {"x": "y"}
    with pytest.raises(ValueError, match=r"raised `RuntimeError` - at `\$`"):
        plain_json({"a": Unbound()})


def test_as_many_levels_as_allowed_are_kept() -> None:
    assert plain_json(nested(MAX_LEVELS)) == nested(MAX_LEVELS)
    with pytest.raises(ValueError, match=f"over {MAX_LEVELS} levels"):
        plain_json(nested(MAX_LEVELS + 1))
    assert sys.getrecursionlimit() > 3 * MAX_LEVELS


def test_numbers_are_not_changed_in_the_users_value() -> None:
    given = {"loss": np.float32(0.5), "steps": [np.int64(1)]}
    plain_json(given)
    assert isinstance(given["loss"], np.float32)
    assert isinstance(given["steps"][0], np.int64)  # type: ignore[index]


class Index:
    def __index__(self) -> int:
        return 7


class Real:
    def __float__(self) -> float:
        return 0.5


class Both(Real):
    def __index__(self) -> int:
        return 7


def test_numbers_of_unknown_types_are_converted() -> None:
    assert plain_json({"a": [Index(), Real(), Both()]}) == {"a": [7, 0.5, 7]}


@pytest.mark.parametrize("method", ["__float__", "__index__"])
@pytest.mark.parametrize("result", [float("nan"), float("inf"), "x", None])
def test_numbers_that_give_no_number_name_the_place(method: str, result: Any) -> None:
    odd = type("Odd", (), {method: lambda _: result})()
    with pytest.raises(ValueError, match=r"at `\$\.a\[0\]`"):
        plain_json({"a": [odd]})


def test_lists_that_are_shared_do_not_multiply() -> None:
    value: Any = 1
    for _ in range(60):  # 2**60 values
        value = [value, value]
    with pytest.raises(ValueError, match=f"It has over {MAX_VALUES:,} values - at"):
        plain_json(value)
    assert plain_json([0] * (MAX_VALUES - 1)) == [0] * (MAX_VALUES - 1)


def test_values_of_another_shape_name_the_place() -> None:
    with pytest.raises(ValueError, match=r"^the counts are not valid: Expected `int`.* `\$\[1\]`$"):
        json_of_shape([3, "3"], list[int], "the counts are not valid")
