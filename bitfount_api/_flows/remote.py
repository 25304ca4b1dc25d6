"""A service as the flows speak to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from bitfount_api._call import Body, Call, Flow, Operation, Service, Sink
from bitfount_api._decode import decode, not_taken
from bitfount_api._exchange import exchange

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from bitfount_api.retries import RetryPolicy
    from bitfount_api.session import BitfountSession

T = TypeVar("T")


@attrs.frozen(eq=False)
class Remote:
    """A service, with the session that speaks to it and how failures are met.

    Args:
        service: The service.
        session: Who speaks.
        retry: How failed requests are repeated.
    """

    service: Service
    session: BitfountSession
    retry: RetryPolicy

    @property
    def username(self) -> str:
        """The caller. Flows run only once the session is authenticated."""
        return self.session.username

    def ask(
        self,
        operation: Operation,
        request: Mapping[str, Any],
        *,
        service: Service | None = None,
        body: Body | None = None,
        sink: Sink | None = None,
    ) -> Flow[httpx.Response]:
        """Send a request and give the last answer to it, whatever its status.

        Raises:
            RequestException: There was no answer.
        """
        return exchange(
            Call(operation, service or self.service, request, body=body, sink=sink), self.retry
        )

    def ask_json(self, operation: Operation, request: Mapping[str, Any], shape: type[T]) -> Flow[T]:
        """Send a request and give the JSON of the answer to it, checked.

        Raises:
            RequestException: There was no answer, it was a refusal, or not of that shape.
        """
        response = yield from self.ask(operation, request)
        return decode(response, shape, operation, self.service)

    def ask_to_take(
        self, operation: Operation, request: Mapping[str, Any], shape: type[T]
    ) -> Flow[T]:
        """:meth:`ask_json` where the answer may be no, though its status says yes.

        Raises:
            HTTPError: It is no; the text says why. Or it was a refusal.
            RequestException: There was no answer, or not of that shape.
        """
        response = yield from self.ask(operation, request)
        answer = decode(response, shape, operation, self.service)
        if isinstance(answer, dict) and answer.get("success") is False:
            raise not_taken(response, operation, self.service)
        return answer
