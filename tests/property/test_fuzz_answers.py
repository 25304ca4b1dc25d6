"""For any answers of the services, an operation returns a documented value or a documented error.

Each answer of the specs is changed at random and returned to each operation that may get it. A
run of all the tests checks a few; ``make fuzz`` checks 10,000 for each operation.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.faults.cases import ROWS
from support.faults.environment import small_parts
from support.faults.legs import Row
from support.fuzzed import OBJECTS, FuzzedServices, examples
from support.fuzzing import Sent, bodies, json_bodies, thoroughly
from support.methods import CLIENTS, operations_of, result_types

from bitfount_api import (
    BitfountError,
    BitfountModel,
    BitfountSchema,
    PodResponseType,
    types,
)
from bitfount_api.transfers import Download


@pytest.fixture(autouse=True)
def _quietly() -> Iterator[None]:
    # The logs of invalid answers are checked elsewhere; capturing them takes long.
    logging.disable(logging.WARNING)
    try:
        with small_parts():
            yield
    finally:
        logging.disable(logging.NOTSET)


@cache
def _services(name: str, folder: Path) -> FuzzedServices:
    return FuzzedServices(next(row for row in ROWS if row.name == name), folder)


@st.composite
def answers(draw: st.DrawFn, row: Row) -> tuple[int, int, Sent]:
    """The request of a sequence whose answer is changed, and the changed answer."""
    index = draw(st.integers(0, len(row.legs) - 1))
    leg = row.legs[index]
    if leg.service == "storage":
        good = OBJECTS[leg.path.split("/")[2]] if leg.body == "object" else b"<Error></Error>"
        statuses = [200, 200, 200, 204, 206, 302, 400, 403, 404, 416, 500]
        status = draw(st.sampled_from(statuses))
        return index, status, draw(st.one_of(bodies(good), bodies(draw(st.binary(max_size=64)))))
    status, example = draw(st.sampled_from(examples_of(leg.operation.name)))
    if draw(st.integers(0, 20)) == 0:
        status = draw(st.sampled_from([200, 201, 202, 204, 226, 299, 304, 307, 418, 451, 599, 999]))
    return index, status, draw(json_bodies(example))


@cache
def examples_of(name: str) -> list[tuple[int, Any]]:
    shown = examples(name)
    # Successful answers have more to change, and the operation continues after them.
    return [each for each in shown for _ in range(8 if each[0] < 300 else 1)]


def checked(row: Row, result: Any) -> None:
    """Use a result as a caller would."""
    assert isinstance(result, result_types(row.kind, row.method)), result
    if isinstance(result, dict) and "response_type" in result:
        assert isinstance(result["response_type"], PodResponseType)
    if isinstance(result, type):
        assert issubclass(result, BitfountModel)
    if isinstance(result, Download):
        assert result.path.stat().st_size == result.size


@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", [row.name for row in ROWS])
def test_any_answer_has_a_documented_outcome(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    services = _services(name, tmp_path_factory.mktemp("files"))

    @thoroughly(60)
    @given(answers(services.row), st.integers(0, 3))
    def test(answer: tuple[int, int, Sent], way: int) -> None:
        index, status, sent = answer
        services.fuzzed = {index: (status, sent)}
        try:
            result = services.run(asynchronous=way == 0)
        except BitfountError as error:
            assert len(str(error)) < 2000
            assert str(error).isprintable()
        else:
            checked(services.row, result)

    test()


def test_result_types_are_those_of_the_annotations() -> None:
    for name, types_of in {
        "get_pod": (dict, NoneType),
        "get_model": (type, NoneType),
        "get_usage_limits": (list, dict),
        "iter_projects": (list,),
        "register_user_public_key": (str, int),
        "send_weights": (NoneType,),
        "get_pod_schema": (BitfountSchema,),
    }.items():
        assert result_types("BitfountHub", name) == types_of
    # None of the types is so general that every result has it.
    every = {
        each
        for kind in CLIENTS
        for name in operations_of(kind)
        for each in result_types(kind, name)
    }
    assert object not in every


def test_fuzzed_operations_get_valid_answers() -> None:
    assert types.PodDetails.__required_keys__ <= examples("get_pod")[0][1].keys()
