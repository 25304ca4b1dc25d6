"""Rows of the fault matrix: an operation and the requests that it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import attrs
from support.faults.given import Given

from bitfount_api._internal.operation import Operation
from bitfount_api.exceptions import InvalidJSONError

Outcome = Literal["value", "none", "other"] | type[Exception]
"""The documented value; None; a value that only the service can distinguish from the right one; or
an error."""

Body = Literal["json", "ignored", "object", "upload"]
"""The response's body: JSON; JSON that is ignored; an object from storage; empty."""


@attrs.frozen
class Leg:
    """One request of an operation.

    Args:
        service: Service that receives the request.
        method: HTTP method.
        path: Path; ``*`` matches any part of it.
        operation: Description of the request in the flows.
        body: Kind of the response's body.
        lost: Outcome if there is no response; None for the general errors.
        refused: Outcome of an error status; None for ``HTTPError``.
        unusable: Outcome of an invalid response.
        count: Number of times that the request is made.
        renewed: How often in a row an expired URL is replaced by a new one.
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
        name: Name in the matrix: the method, and in brackets how it is used.
        kind: Class of the method.
        arguments: Arguments of the call.
        check: Function that returns whether a result is the documented value.
        legs: Requests that the operation makes, in this order.
        client: Further arguments of the client, by name.
    """

    name: str
    kind: Literal["BitfountHub", "BitfountAM", "SMARTOnFHIR"]
    arguments: Callable[[Given], Mapping[str, Any]]
    check: Callable[[Any], bool]
    legs: tuple[Leg, ...]
    client: Callable[[Given], Mapping[str, Any]] = lambda _: {}

    @property
    def method(self) -> str:
        return self.name.partition(" ")[0]
