"""Send one request, with retries and a refresh of refused credentials."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import attrs

from bitfount_api._core.effects import CREDENTIALS, Flow, Retry, Send, Sleep
from bitfount_api.exceptions import ConnectError, RequestTimeout

if TYPE_CHECKING:
    import httpx

    from bitfount_api.retries import RetryPolicy

_logger = logging.getLogger(__name__)


def send_with_retries(call: Send, policy: RetryPolicy) -> Flow[httpx.Response]:
    """Send a request, with retries as policy and operation allow.

    After a 401, refresh the credentials and send the request once more, whatever its operation: a
    service refuses credentials before it does anything else.

    Returns:
        The last response, whatever its status.

    Raises:
        RequestException: No response was received.
    """
    answer = yield from _send_until_answered(call, policy)
    if (
        answer is not None
        and answer.status_code == 401
        and call.audience
        and (
            refused := answer.request.extensions.get(CREDENTIALS)
        )  # empty if there were no credentials to send
    ):
        answer = (
            yield from _send_until_answered(attrs.evolve(call, refused=refused), policy)
        ) or answer
    assert answer is not None  # noqa: S101 - None only for a call that names refused credentials
    return answer


def _send_until_answered(call: Send, policy: RetryPolicy) -> Flow[httpx.Response | None]:
    failures = 0
    while True:
        try:
            answer: httpx.Response | None = yield call
        except (ConnectError, RequestTimeout) as error:
            failures += 1
            if failures > policy.max_retries() or not may_retry(call, sent=error.sent):
                raise
            pause = Sleep(policy.pause(failures))
            _logger.info("%s; retrying in %.1f s", error, pause.seconds)
            try:
                yield pause
            except RequestTimeout:
                raise error from None  # the failure says more than "out of time"
        else:
            if answer is None or not policy.should_retry(answer.status_code):
                return answer
            failures += 1
            if failures > policy.max_retries() or not may_retry(call, sent=True):
                return answer
            pause = Sleep(policy.pause(failures, answer.headers.get("retry-after")))
            name, service = call.operation.name, call.service.name
            _logger.info(
                "%s: %s answered %d; retrying in %.1f s",
                name, service, answer.status_code, pause.seconds,
            )  # fmt: skip
            try:
                yield pause
            except RequestTimeout:
                return answer


def may_retry(call: Send, *, sent: bool) -> bool:
    """Whether a failed request may be retried, given whether it may have been ``sent``."""
    return call.operation.retry is Retry.IDEMPOTENT or not sent
