"""The expected result of an operation with a fault in one request, derived from the rules."""

from __future__ import annotations

import attrs
from support.faults.kinds import Kind
from support.faults.legs import Leg, Outcome, Row

from bitfount_api._internal.operation import Retry
from bitfount_api.exceptions import HTTPError, RequestException

RETRIES = 2
"""The number of retries that the matrix allows."""

Count = tuple[int, int]
"""The minimum and maximum number of times that a request is received."""


@attrs.frozen
class Expected:
    """Expected result of a cell.

    Args:
        outcome: Documented value, None, or an error.
        counts: For each leg, the number of times that the service receives it.
        renewals: Number of renewals of the credentials.
    """

    outcome: Outcome
    counts: tuple[Count, ...]
    renewals: int = 0


def may_retry(leg: Leg, kind: Kind) -> bool:
    """Return whether the request may be retried after the fault."""
    return kind.repeated and (leg.operation.retry is Retry.IDEMPOTENT or not kind.seen)


def expected(row: Row, index: int, kind: Kind) -> Expected:
    """Return the expected result of a row if the fault is injected into the request at an index."""
    leg = row.legs[index]
    if kind.comes_to == "unauthorised":
        return _unauthorised(row, index, kind)
    if kind.comes_to == "expired" and leg.renewed:
        return _renewed(row, index, kind)
    if kind.refuse == "moment":
        return _going_on(row, index, (leg.count, leg.count), "value")
    if kind.refuse == "ever":
        return _ending(row, index, (0, 0), _lost(leg, kind))
    if may_retry(leg, kind):
        if kind.times is not None:
            tries = leg.count + kind.times
            return _going_on(row, index, (tries, tries), "value")
        if leg.body == "object" and kind.name.startswith(("reset mid", "body shorter")):
            # Each attempt makes progress, which resets the failure count.
            return _going_on(row, index, (2, 1000), "value")
        return _ending(row, index, _tries(leg, 1 + RETRIES), _failure(leg, kind))
    outcome = _failure(leg, kind)
    if outcome in ("value", "other"):
        return _going_on(row, index, (leg.count, leg.count), outcome)
    return _ending(row, index, _tries(leg, 1), outcome)


def _unauthorised(row: Row, index: int, kind: Kind) -> Expected:
    leg = row.legs[index]
    if leg.service == "storage" or leg.operation.public:
        return _ending(row, index, _tries(leg, 1), leg.refused or HTTPError)
    if kind.times == 1:
        return attrs.evolve(_going_on(row, index, (2, 2), "value"), renewals=1)
    return attrs.evolve(_ending(row, index, (2, 2), leg.refused or HTTPError), renewals=1)


def _renewed(row: Row, index: int, kind: Kind) -> Expected:
    leg = row.legs[index]
    if kind.times is not None:
        found = _going_on(row, index, (leg.count + 1, leg.count * 2), "value")
        rounds = 2
    else:
        rounds = 1 + leg.renewed
        tries = _tries(leg, rounds)
        found = _ending(row, index, tries, leg.refused or HTTPError)
    before = [(leg.count * rounds, leg.count * rounds) for leg in row.legs[:index]]
    return attrs.evolve(found, counts=(*before, *found.counts[index:]))


def _failure(leg: Leg, kind: Kind) -> Outcome:
    if kind.comes_to == "page" and leg.body == "object":
        return RequestException  # the content type says that it is not the object
    if kind.comes_to in ("unusable", "page"):
        return leg.unusable
    return _lost(leg, kind) if kind.comes_to == "lost" else leg.refused or HTTPError


def _lost(leg: Leg, kind: Kind) -> Outcome:
    return leg.lost or kind.error


def _tries(leg: Leg, tries: int) -> Count:
    # Of concurrent requests, the first failure cancels the others, whether started or not.
    return (tries, tries * leg.count)


def _going_on(row: Row, index: int, count: Count, outcome: Outcome) -> Expected:
    counts = [(leg.count, leg.count) for leg in row.legs]
    counts[index] = count
    return Expected(outcome, tuple(counts))


def _ending(row: Row, index: int, count: Count, outcome: Outcome) -> Expected:
    counts = [
        (leg.count, leg.count) if number < index else (0, 0) for number, leg in enumerate(row.legs)
    ]
    counts[index] = count
    return Expected(outcome, tuple(counts))
