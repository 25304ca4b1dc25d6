"""The effects of flows: get credentials, send a request, sleep, run in a thread, gather flows.

A flow is a generator. It yields an effect and is sent the outcome: the response to a
:class:`Send`, None for a :class:`Sleep`, and so on. Failures are thrown into the generator; those
of a request are errors of :mod:`bitfount_api.exceptions`. A flow never sleeps, opens sockets, reads
files or computes for long, so the same code serves sync and async clients, and tests can supply the
outcomes.

Flows yield effects through the functions of this module, so that type checkers know each outcome:

    text = yield from run_in_thread(path.read_text, "utf-8")
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, Protocol, TypeVar

import attrs

from bitfount_api._core.hooks import NO_HOOKS, Hooks

if TYPE_CHECKING:
    from bitfount_api._core.messages import HTTPResponse
    from bitfount_api._internal.operation import Operation

T = TypeVar("T")
P = ParamSpec("P")
OBJECT_STORAGE = "object storage"
"""The name of the service that is addressed by presigned URLs."""
Audience = Literal["hub", "am"]


@attrs.frozen
class Service:
    """The destination of requests, and the credentials to send with them.

    Args:
        name: The service's name in errors.
        url: The base URL without a trailing slash; empty where requests carry an absolute URL.
        audience: Which credentials to send; None to send no credentials.
        secret_bodies: Whether the requests hold secrets, such as refresh tokens. They are then
            never sent where others on the network can read them.
    """

    name: str
    url: str = ""
    audience: Audience | None = None
    secret_bodies: bool = False


class Body(Protocol):
    """A streamed request body that can be sent more than once."""

    @property
    def headers(self) -> Mapping[str, str]:
        """``content-type`` and the exact ``content-length``."""
        ...

    def chunks(self) -> Generator[bytes]:
        """Yield the bytes from the beginning, at each call. Closing it closes their file."""
        ...


class Sink(Protocol):
    """The destination of a streamed response body."""

    def accept(self, response: HTTPResponse) -> bool:
        """True to stream the body into this sink, False to read it into memory, as without a sink.

        Decided from status and headers. Called again for each attempt.
        """
        ...

    def write(self, chunk: bytes) -> None:
        """Receive the next bytes."""
        ...

    def close(self, *, whole: bool) -> None:
        """End the body. ``whole`` is False if the connection broke before its end."""
        ...


@attrs.frozen(eq=False)
class GetCredentials:
    """Get the credentials for a service. The outcome is the headers to send.

    Args:
        audience: Which credentials to get.
        refused: The credentials that a service has just refused; they are refreshed first, unless
            another caller has done so in the meantime.
    """

    audience: Audience
    refused: Mapping[str, str] | None = attrs.field(default=None, repr=False)


@attrs.frozen(eq=False)
class Send:
    """Send one request. The outcome is its response, read to the end or into ``sink``.

    Args:
        operation: The operation.
        service: The service to send it to.
        request: The arguments for httpx: ``method``, ``url``, ``params``, ``json``, ``data``,
            ``headers``, as the generated request builders return them.
        body: The streamed request body, instead of ``json`` or ``data``.
        sink: The destination of the response body, instead of memory.
        sendable_once: Whether the body can be read only once, so that it is never sent again.
        credentials: The headers with the credentials.
        hooks: The functions of the user to tell of the response and of retries.
        attempt: 1 for the first attempt of the request.
    """

    operation: Operation
    service: Service
    request: Mapping[str, Any] = attrs.field(repr=False)
    body: Body | None = None
    sink: Sink | None = None
    sendable_once: bool = False
    credentials: Mapping[str, str] | None = attrs.field(default=None, repr=False)
    hooks: Hooks = attrs.field(default=NO_HOOKS, repr=False)
    attempt: int = 1

    @property
    def audience(self) -> Audience | None:
        """Which credentials to send; None to send no credentials."""
        return None if self.operation.public else self.service.audience

    def with_credentials(self, headers: Mapping[str, str], attempt: int = 1) -> Send:
        """Return the same request with credentials."""
        return Send(
            self.operation,
            self.service,
            self.request,
            self.body,
            self.sink,
            self.sendable_once,
            headers,
            self.hooks,
            attempt,
        )


@attrs.frozen
class Sleep:
    """Sleep for a number of seconds."""

    seconds: float


@attrs.frozen(eq=False)
class RunInThread:
    """Run blocking work: reading a file, hashing a text, running a model's code.

    The outcome is the return value of ``run``. Work does not block an event loop.

    Args:
        run: The work.
        endless: Whether it may block for ever, as reading a pipe does. A cancelled call leaves it
            behind; for the end of other work, it waits.
    """

    run: Callable[[], Any]
    endless: bool = False


@attrs.frozen(eq=False)
class Gather:
    """Run flows concurrently, at most ``limit`` at a time. The outcome is the list of results.

    The first failure cancels the others and is raised.
    """

    flows: Sequence[Flow[Any]]
    limit: int


Effect = GetCredentials | Send | Sleep | RunInThread | Gather
Flow = Generator[Effect, Any, T]


def get_credentials(
    audience: Audience, refused: Mapping[str, str] | None = None
) -> Flow[Mapping[str, str]]:
    """Get the headers for a service; refreshed ones if the current ones were ``refused``.

    Raises:
        AuthenticationError: No credentials are available.
    """
    headers: Mapping[str, str] = yield GetCredentials(audience, refused)
    return headers


def send(request: Send) -> Flow[HTTPResponse]:
    """Send one request, without retries, and return the response, whatever its status.

    Raises:
        RequestException: No response was received.
    """
    response: HTTPResponse = yield request
    return response


def sleep(seconds: float) -> Flow[None]:
    """Sleep; with 0 seconds, only check the deadline.

    Raises:
        RequestTimeout: The deadline has passed, or would pass while sleeping.
    """
    yield Sleep(seconds)


def run_in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Flow[T]:
    """Return the result of a blocking function, which does not block an event loop.

    Raises:
        Exception: The function raised it.
    """
    result: T = yield RunInThread(partial(function, *args, **kwargs))
    return result


def run_endless(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Flow[T]:
    """:func:`run_in_thread` for a function that may block for ever, such as one of the user's.

    After a cancellation, it may still run, so that it must not use what the flow closes.

    Raises:
        Exception: The function raised it.
    """
    result: T = yield RunInThread(partial(function, *args, **kwargs), endless=True)
    return result


def gather(flows: Sequence[Flow[T]], limit: int) -> Flow[list[T]]:
    """Return the results of flows that run concurrently, at most ``limit`` at a time.

    Raises:
        Exception: A flow raised it. The others are cancelled.
    """
    results: list[T] = yield Gather(flows, limit)
    return results
