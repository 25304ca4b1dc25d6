"""The table of faults: what each fault does, and how it appears to the client."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Literal

import attrs
from support.faults.environment import FaultEnvironment
from support.faults.legs import Leg
from support.raw_server import Act

from bitfount_api.exceptions import ConnectError, RequestException, RequestTimeout
from bitfount_api.sandbox import Fault

HTML = b"<!DOCTYPE html><html><body><h1>It is not you, it is us</h1></body></html>"
EXPIRED = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"


@attrs.frozen(kw_only=True)
class Kind:
    """One fault.

    Args:
        name: Name of the fault in the matrix.
        comes_to: Effect on the client: no response, an error status, an unusable response, a web
            page, rejected credentials, or an expired presigned URL.
        times: Number of affected requests; None for all.
        repeated: Whether the request is retried, if the operation permits retries.
        seen: Whether the service may have received the request.
        error: Error that a request without a response raises in general.
        sandbox: Function that returns the sandbox's fault.
        raw: Function that returns the action of a raw socket.
        refuse: How long connections are refused.
        silent: Whether the client has to time out.
        only: Function that returns whether the fault can occur in a leg; always by default.
    """

    name: str
    comes_to: Literal["lost", "refused", "unusable", "page", "unauthorised", "expired"]
    times: int | None = 1
    repeated: bool = False
    seen: bool = True
    error: type[RequestException] = ConnectError
    sandbox: Callable[[Leg, FaultEnvironment], Fault] | None = None
    raw: Callable[[Leg], Act | None] = lambda _: None
    refuse: Literal["moment", "ever"] | None = None
    silent: bool = False
    only: Callable[[Leg], bool] = lambda _: True


def _cut(leg: Leg) -> int:
    """Return the number of bytes after which a body is cut: some bytes, but never all."""
    return 50 if leg.body == "object" else 5


def _cut_upload(leg: Leg) -> Act | None:
    # The response to an upload has no body, so the request body is cut instead.
    return Act(read=100) if leg.body == "upload" else None


def _answer(
    status: int, body: bytes = b"", **headers: str
) -> Callable[[Leg, FaultEnvironment], Fault]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _leg, _arena: Fault(status=status, body=body, headers=named)


def _date(_leg: Leg, _environment: FaultEnvironment) -> Fault:
    return Fault(status=429, headers={"retry-after": formatdate(time.time() + 3600, usegmt=True)})


def _elsewhere(_leg: Leg, environment: FaultEnvironment) -> Fault:
    return Fault(status=302, headers={"location": f"{environment.elsewhere.url}/stolen?key=1"})


def _once_and_ever(name: str, **more: object) -> list[Kind]:
    return [
        Kind(name=f"{name}, once", times=1, repeated=True, **more),  # type: ignore[arg-type]
        Kind(name=f"{name}, for ever", times=None, repeated=True, **more),  # type: ignore[arg-type]
    ]


KINDS = (
    Kind(name="refused connection, for a moment", comes_to="lost", repeated=True, seen=False,
         refuse="moment"),
    Kind(name="refused connection, for ever", comes_to="lost", times=None, repeated=True,
         seen=False, refuse="ever"),
    *_once_and_ever("reset before headers", comes_to="lost",
                    sandbox=lambda _leg, _arena: Fault(reset_after=0)),
    *_once_and_ever("reset mid-body", comes_to="lost", raw=_cut_upload,
                    sandbox=lambda leg, _arena: Fault(reset_after=_cut(leg))),
    *_once_and_ever("body shorter than its length", comes_to="lost", raw=_cut_upload,
                    sandbox=lambda leg, _arena: Fault(truncate_after=_cut(leg))),
    *_once_and_ever("closed without an answer", comes_to="lost", raw=lambda _: Act()),
    *_once_and_ever("no HTTP", comes_to="lost", raw=lambda _: Act(b"\x16\x03\x01 nonsense\r\n")),
    *_once_and_ever("headers without end", comes_to="lost",
                    raw=lambda _: Act(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 300_000)),
    *_once_and_ever("silence", comes_to="lost", error=RequestTimeout, silent=True,
                    sandbox=lambda _leg, _arena: Fault(delay=1)),
    *_once_and_ever("429 with Retry-After in seconds", comes_to="refused",
                    sandbox=_answer(429, retry_after="3600")),
    *_once_and_ever("429 with Retry-After as a date", comes_to="refused", sandbox=_date),
    *_once_and_ever("500", comes_to="refused",
                    sandbox=_answer(500, b'{"errorMessage": "It broke"}')),
    *_once_and_ever("502, an HTML page", comes_to="refused",
                    sandbox=_answer(502, HTML, content_type="text/html")),
    *_once_and_ever("503, empty", comes_to="refused", sandbox=_answer(503)),
    *_once_and_ever("504", comes_to="refused", sandbox=_answer(504, b"Gateway Timeout")),
    Kind(name="503, twice", comes_to="refused", times=2, repeated=True, sandbox=_answer(503)),
    Kind(name="401, once", comes_to="unauthorised", sandbox=_answer(401)),
    Kind(name="401, for ever", comes_to="unauthorised", times=None, sandbox=_answer(401)),
    Kind(name="expired presigned URL, once", comes_to="expired", sandbox=_answer(403, EXPIRED),
         only=lambda leg: leg.service == "storage"),
    Kind(name="expired presigned URL, for ever", comes_to="expired", times=None,
         sandbox=_answer(403, EXPIRED), only=lambda leg: leg.service == "storage"),
    Kind(name="redirect to another host", comes_to="refused", sandbox=_elsewhere),
    Kind(name="HTML page", comes_to="page",
         sandbox=_answer(200, HTML, content_type="text/html")),
    Kind(name="empty body", comes_to="unusable", sandbox=_answer(200)),
    Kind(name="JSON of the wrong shape", comes_to="unusable", sandbox=_answer(200, b'"text"')),
    Kind(name="JSON broken off", comes_to="unusable", sandbox=_answer(200, b'{"success": tr')),
    Kind(name="JSON in UTF-16", comes_to="unusable",
         sandbox=_answer(200, '{"success": true}'.encode("utf-16"))),
)  # fmt: skip
