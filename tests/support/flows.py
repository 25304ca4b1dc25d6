"""A driver for flows with outcomes given by a test: no server, no real clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import httpx

from bitfount_api._core.effects import Flow, GetCredentials, RunInThread, Send, Sleep
from bitfount_api._core.messages import HTTPRequest, HTTPResponse
from bitfount_api._internal.urls import origin


def received(response: httpx.Response) -> HTTPResponse:
    """Return a response of httpx as the drivers pass it to flows.

    Its body is missing if it was not read.
    """
    try:
        request = response.request
    except RuntimeError:  # it was made without one
        request = httpx.Request("GET", "https://x.test")
    sent = HTTPRequest(
        request.method,
        str(request.url),
        origin(request.url),
        request.url.raw_path,
        request.headers.raw,
    )
    content = response.content if response.is_closed else None
    return HTTPResponse(response.status_code, response.headers.raw, sent, content)


@attrs.define
class FakeDriver:
    """Execute the effects of a flow, and answer its calls from a list.

    Args:
        outcomes: Outcomes of the calls, in order: a response, of httpx or as the drivers return it,
            an error, or a function of the call.
        now: Current time, in seconds; pauses advance it.
        credentials: The headers to supply, in order, each until it is refused; the last one stays.
    """

    outcomes: list[Any]
    now: float = 1_000_000.0
    calls: list[Send] = attrs.field(factory=list)
    credentials: list[dict[str, str]] = attrs.field(factory=lambda: [{"x-api-key": "k"}])
    pauses: list[float] = attrs.field(factory=list)

    def clock(self) -> float:
        return self.now

    def run(self, flow: Flow[Any]) -> Any:
        """Run a flow to its end and check that it used every outcome."""
        try:
            step = next(flow)
            while True:
                try:
                    outcome = self._outcome(step)
                except Exception as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(outcome)
        except StopIteration as stop:
            assert not self.outcomes, "not all outcomes were used"
            return stop.value

    def _outcome(self, step: Any) -> Any:
        if isinstance(step, Sleep):
            self.pauses.append(step.seconds)
            self.now += step.seconds
            return None
        if isinstance(step, RunInThread):
            return step.run()
        if isinstance(step, GetCredentials):
            if step.refused == self.credentials[0] and len(self.credentials) > 1:
                del self.credentials[0]
            return self.credentials[0]
        assert isinstance(step, Send)
        self.calls.append(step)
        assert self.outcomes, "the flow made more calls than expected"
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Callable):  # type: ignore[arg-type]
            outcome = outcome(step)
        if isinstance(outcome, Exception):
            raise outcome
        return received(outcome) if isinstance(outcome, httpx.Response) else outcome
