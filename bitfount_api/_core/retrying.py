"""Send one request, with retries and a refresh of refused credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from bitfount_api._core.effects import Flow, Send, get_credentials, send, sleep
from bitfount_api._internal.logs import get_logger
from bitfount_api._internal.operation import Retry
from bitfount_api.exceptions import ConnectError, RequestException, RequestTimeout

if TYPE_CHECKING:
    from bitfount_api._core.messages import HTTPResponse
    from bitfount_api.retries import RetryPolicy

_logger = get_logger(__name__)


def send_with_retries(call: Send, policy: RetryPolicy) -> Flow[HTTPResponse]:
    """Send a request with the service's credentials, and retry as policy and operation allow.

    After a 401, refresh the credentials and send the request once more, whatever its operation: a
    service refuses credentials before it does anything else.

    Returns:
        The last response, whatever its status.

    Raises:
        AuthenticationError: No credentials are available.
        RequestException: No response was received.
    """
    audience = call.audience
    if audience is None:
        return (yield from _send_until_answered(call, policy))
    credentials = yield from get_credentials(audience)
    response = yield from _send_until_answered(call.with_credentials(credentials), policy)
    if response.status_code == 401 and credentials and not call.sendable_once:
        refreshed = yield from get_credentials(audience, credentials)
        if refreshed != credentials:
            again = call.with_credentials(refreshed, response.attempt + 1)
            response = yield from _send_until_answered(again, policy)
    return response


def _send_until_answered(call: Send, policy: RetryPolicy) -> Flow[HTTPResponse]:
    failures, sent = 0, False
    while True:
        failures += 1
        try:
            response = yield from send(call)
        except RequestException as error:
            sent = error.sent = error.sent or sent  # the service may have seen an earlier attempt
            if (
                not isinstance(error, ConnectError | RequestTimeout)
                or not may_retry(call, sent=sent)
                or not (yield from pause_before_retry(policy, failures, str(error), call=call))
            ):
                raise
        else:
            sent = True
            if not policy.should_retry(response.status_code) or not may_retry(call, sent=True):
                return response
            name, service = call.operation.name, call.service.name
            reason = f"{name}: {service} answered {response.status_code}"
            retry_after = response.headers.get("retry-after")
            if not (
                yield from pause_before_retry(policy, failures, reason, retry_after, call=call)
            ):
                return response
        call = attrs.evolve(call, attempt=call.attempt + 1)


def may_retry(call: Send, *, sent: bool) -> bool:
    """Whether a failed request may be retried, given whether it may have been ``sent``."""
    if sent and call.sendable_once:
        return False  # only a part of the body would be sent
    return call.operation.retry is Retry.IDEMPOTENT or not sent


def pause_before_retry(
    policy: RetryPolicy,
    failures: int,
    reason: str,
    retry_after: str | None = None,
    *,
    call: Send | None = None,
) -> Flow[bool]:
    """Pause before the next attempt of a request that may be retried.

    Args:
        policy: The retry policy.
        failures: The number of consecutive failures so far.
        reason: The last failure, for the log.
        retry_after: The service's ``Retry-After`` header.
        call: The call whose hooks are told; None for one that has none.

    Returns:
        Whether to try again: not after the last attempt, and not if the deadline would pass during
        the pause. The last failure then says more than "out of time".
    """
    if failures > policy.max_retries():
        return False
    seconds = policy.pause(failures, retry_after)
    try:
        _logger.info("%s; retrying after a pause of %.1f s", reason, seconds)
        if call is not None and call.hooks.on_retry:
            from bitfount_api.events import RetryEvent  # most programs need none

            call.hooks.retry(
                RetryEvent(call.operation.name, call.service.name, reason, call.attempt, seconds)
            )
        yield from sleep(seconds)
    except RequestTimeout:
        _logger.info("%s; not retried, since the deadline would pass first", reason)
        return False
    return True
