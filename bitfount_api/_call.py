"""What a flow can ask for: one request, a pause, some work, or other flows side by side.

A flow is a generator that yields one of these and is sent its outcome: the answer to a
:class:`Call`, nothing for a :class:`Pause`, the result of a :class:`Work`, those of a
:class:`Together`. What goes wrong is thrown into it; from a call, that is an error of
:mod:`bitfount_api.exceptions`. It never sleeps, opens sockets, reads files or computes for long
itself, so one text serves sync and async, and a test can play the world to it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import attrs

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
CREDENTIALS = "bitfount_api.credentials"
Audience = Literal["hub", "am"]


class Repeat(enum.Enum):
    """When a request may be sent again after it failed."""

    ALWAYS = "always"
    """It reads, or sets the same thing again: a second time does no harm."""
    UNSENT = "unsent"
    """It creates something, or counts: only while the service cannot have seen it."""


@attrs.frozen
class Operation:
    """One operation of a service, and what there is to know for sending it.

    Args:
        name: Its operationId in the specs, for errors and logs.
        repeat: When it may be sent again.
        timeout: Seconds to wait for the service; None leaves it to the session.
        success: The statuses that mean it was done; any other 2xx is an error.
    """

    name: str
    repeat: Repeat = Repeat.ALWAYS
    timeout: float | None = None
    success: frozenset[int] = frozenset({200, 201, 202, 203, 204})


@attrs.frozen
class Service:
    """Where requests go, and whose credentials go with them.

    Args:
        name: What errors call it.
        url: Its base URL without a trailing slash; empty where requests carry a whole URL.
        audience: Which credentials it gets; None for none at all.
    """

    name: str
    url: str = ""
    audience: Audience | None = None


class Body(Protocol):
    """A request's body that streams from somewhere, as often as it has to be sent."""

    @property
    def headers(self) -> Mapping[str, str]:
        """``content-type`` and the exact ``content-length``."""

    def chunks(self) -> Generator[bytes]:
        """The bytes, from the beginning, at each call. Closing it lets go of their file."""


class Sink(Protocol):
    """Where an answer's body streams to."""

    def accept(self, response: httpx.Response) -> bool:
        """Look at status and headers; True to be given the body, False to leave it unread.

        Called anew for each attempt.
        """

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""

    def close(self, *, whole: bool) -> None:
        """The body has ended: ``whole``, or broken off."""


@attrs.frozen(eq=False)
class Call:
    """One request. The outcome is its ``httpx.Response``, read to the end or into ``sink``.

    The credentials that it carried are kept in the response's ``request.extensions`` under
    :data:`CREDENTIALS`. The outcome is None if there are none but those ``refused``.

    Args:
        operation: What it does.
        service: Where it goes.
        request: What httpx is to send: ``method``, ``url``, ``params``, ``json``, ``data``,
            ``headers``, as the generated request builders give it.
        body: Where its body streams from, instead of ``json`` or ``data``.
        sink: Where the answer's body streams to, instead of memory.
        refused: The credentials that the service has just refused, to be renewed first.
    """

    operation: Operation
    service: Service
    request: Mapping[str, Any] = attrs.field(repr=False)
    body: Body | None = None
    sink: Sink | None = None
    refused: Mapping[str, str] | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Pause:
    """Nothing, for so many seconds."""

    seconds: float


@attrs.frozen(eq=False)
class Work:
    """Something that takes its time: a file to read, a text to hash, a model's code to run.

    The outcome is what ``run`` returns. An event loop is not kept waiting for it.
    """

    run: Callable[[], Any]


@attrs.frozen(eq=False)
class Together:
    """Flows side by side, at most ``limit`` at a time; the outcome is the list of their results.

    The first failure cancels the others and is the one raised.
    """

    flows: Sequence[Flow[Any]]
    limit: int


Step = Call | Pause | Work | Together
Flow = Generator[Step, Any, T]
