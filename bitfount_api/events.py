"""Events of a session: responses, and pauses before retries."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

__all__ = ["ResponseEvent", "RetryEvent"]


@attrs.frozen
class ResponseEvent:
    """A response that was received, whatever its status. It holds no credentials and no body.

    Args:
        operation: The operation, such as ``get_pod``; ``raw GET request`` for a raw request.
        service: The service's name in errors, such as ``the Hub`` or ``object storage``.
        method: The method of the request.
        url: The URL, without its query.
        status_code: The status.
        headers: The headers of the response, by their names in lower case, redacted.
        request_id: The service's id of the request, if it sent one; quote it to support.
        attempt: 1 for the first attempt of the request, 2 for the first repetition, and so on.
        seconds: Seconds from the start of the attempt to the end of the response.
    """

    operation: str
    service: str
    method: str
    url: str
    status_code: int
    headers: Mapping[str, str]
    request_id: str | None
    attempt: int
    seconds: float


@attrs.frozen
class RetryEvent:
    """A pause before a request is sent again.

    Args:
        operation: The operation, such as ``get_pod``.
        service: The service's name in errors.
        reason: What went wrong.
        attempt: The attempt that failed, from 1.
        seconds: How long the pause is.
    """

    operation: str
    service: str
    reason: str
    attempt: int
    seconds: float


OnResponse = Callable[[ResponseEvent], object]
OnRetry = Callable[[RetryEvent], object]
