"""One request with all that may have to be done for its answer: repetition and new credentials."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import attrs

from bitfount_api._call import CREDENTIALS, Call, Flow, Pause, Repeat
from bitfount_api.exceptions import ConnectError, RequestTimeout

if TYPE_CHECKING:
    import httpx

    from bitfount_api.retries import RetryPolicy

_log = logging.getLogger(__name__)


def exchange(call: Call, policy: RetryPolicy) -> Flow[httpx.Response]:
    """Send a request, and again as policy and operation allow, until there is an answer.

    A 401 has the credentials renewed and the request sent once more, whatever it does: a service
    refuses credentials before it does anything.

    Returns:
        The last answer, be it a success or a refusal.

    Raises:
        RequestException: There was none.
    """
    answer = yield from _repeated(call, policy)
    if (
        answer is not None
        and answer.status_code == 401
        and call.service.audience
        and (refused := answer.request.extensions.get(CREDENTIALS))  # none where nobody is asking
    ):
        answer = (yield from _repeated(attrs.evolve(call, refused=refused), policy)) or answer
    assert answer is not None  # noqa: S101 - only a call that names refused credentials has none
    return answer


def _repeated(call: Call, policy: RetryPolicy) -> Flow[httpx.Response | None]:
    failures = 0
    while True:
        try:
            answer: httpx.Response | None = yield call
        except (ConnectError, RequestTimeout) as error:
            failures += 1
            if failures > policy.most_retries() or not may_repeat(call, sent=error.sent):
                raise
            pause = Pause(policy.pause(failures))
            _log.info("%s; trying again in %.1f s", error, pause.seconds)
            try:
                yield pause
            except RequestTimeout:
                raise error from None  # no time left: what went wrong says more than that
        else:
            if answer is None or not policy.repeats(answer.status_code):
                return answer
            failures += 1
            if failures > policy.most_retries() or not may_repeat(call, sent=True):
                return answer
            pause = Pause(policy.pause(failures, answer.headers.get("retry-after")))
            name, service = call.operation.name, call.service.name
            _log.info(
                "%s: %s answered %d; trying again in %.1f s",
                name, service, answer.status_code, pause.seconds,
            )  # fmt: skip
            try:
                yield pause
            except RequestTimeout:
                return answer


def may_repeat(call: Call, *, sent: bool) -> bool:
    """Whether a request that failed may be sent again, given that it may have been ``sent``."""
    return call.operation.repeat is Repeat.ALWAYS or not sent
