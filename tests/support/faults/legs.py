"""What a row of the fault matrix is: an operation, and the requests that it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import attrs
from support.faults.arena import Arena

from bitfount_api._call import Operation
from bitfount_api.exceptions import InvalidJSONError

Outcome = Literal["value", "none", "other"] | type[Exception]
"""The documented value; None; a value that only the service can tell from the right one; or an
error."""

Body = Literal["json", "ignored", "object", "upload"]
"""What the answer's body is: JSON; JSON that says nothing; an object out of storage; nothing."""


@attrs.frozen
class Leg:
    """One request of an operation.

    Args:
        service: Who is asked.
        method: The HTTP method.
        path: The path; ``*`` for any part of it.
        operation: What is said of the request in the flows.
        body: What the answer's body is.
        lost: What comes of it if there is no answer; None for the general errors.
        refused: What comes of it if it is refused; None for ``HTTPError``.
        unusable: What comes of an answer that is not what it has to be.
        count: How often it is made.
        renewed: How often in a row an expired URL is replaced by a fresh one.
    """

    service: Literal["hub", "access_manager", "smart_on_fhir", "storage"]
    method: str
    path: str
    operation: Operation
    body: Body = "json"
    lost: Outcome | None = None
    refused: Outcome | None = None
    unusable: Outcome = InvalidJSONError
    count: int = 1
    renewed: int = 0


@attrs.frozen
class Row:
    """One operation.

    Args:
        name: What the matrix calls it: the method, and in brackets which way it is used.
        kind: The class of its method.
        arguments: What it is called with.
        check: Whether a result is the documented value.
        legs: What it asks, in this order.
    """

    name: str
    kind: Literal["BitfountHub", "BitfountAM", "SMARTOnFHIR"]
    arguments: Callable[[Arena], Mapping[str, Any]]
    check: Callable[[Any], bool]
    legs: tuple[Leg, ...]

    @property
    def method(self) -> str:
        return self.name.partition(" ")[0]
