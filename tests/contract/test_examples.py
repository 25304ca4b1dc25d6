"""The examples of the specs, answered to the public methods: each gives a result or its error.

So a mock server that is made from a spec can be used with this client.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from contract import specs
from support.faults.cases import ROWS_PLACE
from support.faults.environment import small_parts
from support.faults.legs import Row
from support.fuzzed import FuzzedServices, examples
from support.fuzzing import Sent
from support.places import fail_with
from support.spec_examples import CASES, complaint, for_examples, is_refusal, shown, uncalled

from bitfount_api import BitfountError


@pytest.fixture(autouse=True)
def _small_parts() -> Iterator[None]:
    with small_parts():
        yield


def outcome(services: FuzzedServices, name: str, status: int, example: Any, way: bool) -> Any:
    """Call a row's operation, with an example as the answer of one of its requests."""
    index = [leg.operation.name for leg in services.row.legs].index(name)
    body = json.dumps(example).encode()
    services.fuzzed = {index: (status, Sent(body, {"content-type": "application/json"}))}
    try:
        return services.run(asynchronous=way)
    except BitfountError as error:
        return error


@pytest.mark.parametrize("way", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    ("row", "index"), CASES, ids=[f"{r.name}, {r.legs[n].operation.name}" for r, n in CASES]
)
def test_examples_of_answers_give_documented_outcomes(
    row: Row, index: int, way: bool, tmp_path: Path
) -> None:
    services = FuzzedServices(for_examples(row), tmp_path)
    name = row.legs[index].operation.name
    complaints = [
        complaint(row, index, status, example, outcome(services, name, status, example, way))
        for status, example in shown(row, index)
    ]
    assert [each for each in complaints if each] == []
    assert len(complaints) >= 4


def test_every_operation_is_answered_with_its_examples() -> None:
    fail_with(f"{ROWS_PLACE}: add a row that sends {name}" for name in sorted(uncalled()))


# --- Null for values that are never null ---------------------------------------------------------


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of each value within a JSON value."""
    pairs: Any = enumerate(value) if isinstance(value, list) else ()
    for name, each in value.items() if isinstance(value, dict) else pairs:
        yield (*at, name)
        yield from places(each, (*at, name))


def with_null(value: Any, place: tuple[Any, ...]) -> Any:
    changed = copy.deepcopy(value)
    node = changed
    for part in place[:-1]:
        node = node[part]
    node[place[-1]] = None
    return changed


FIELDS_READ = {"get_project": {"name"}}
"""The operations that check only the fields that they use."""


def never_null(name: str) -> list[tuple[int, Any, list[str]]]:
    """Return the successful examples of an operation with a null that its spec does not allow.

    With each, the status, and the names on the way to the field.
    """
    [(spec, place)] = [
        (spec, place)
        for spec in map(specs.load, specs.PACKAGES)
        for place in specs.operations(spec)
        if place.operation["operationId"] == name
    ]
    contents = specs.response_contents(spec, place)
    schema = next(content.schema for content in contents if content.name.startswith("2"))
    return [
        (status, changed, names)
        for status, example in examples(name)
        if not is_refusal(status, example)
        for at in places(example)
        if (names := [part for part in at if isinstance(part, str)])
        if FIELDS_READ.get(name, {names[0]}) >= {names[0]}
        if specs.violations(spec, schema, changed := with_null(example, at), strict=False)
    ]


TIMES = {"created_at", "updated_at", "createdAt", "updatedAt", "expiresAt"}
"""The times that are never null."""


@pytest.mark.parametrize(
    ("row", "index"), CASES, ids=[f"{r.name}, {r.legs[n].operation.name}" for r, n in CASES]
)
def test_null_that_is_not_allowed_gives_a_documented_error(
    row: Row, index: int, tmp_path: Path
) -> None:
    services = FuzzedServices(for_examples(row), tmp_path)
    name, wanted = row.legs[index].operation.name, row.legs[index].unusable
    for number, (status, example, names) in enumerate(never_null(name)):
        result = outcome(services, name, status, example, number % 2 == 0)
        if isinstance(wanted, type):
            assert isinstance(result, wanted), (names, result)
            assert any(each in str(result) for each in names)
        elif wanted == "none":
            assert result is None, (names, result)
        else:
            assert not isinstance(result, Exception), (names, result)


def test_times_are_among_the_fields_that_are_never_null() -> None:
    names = {row.legs[index].operation.name for row, index in CASES}
    assert {each for name in names for _, _, to in never_null(name) for each in to} >= TIMES
