"""Bytes after the end of a response are noticed, so that the connection is not used again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from bitfount_api._core.messages import RawHeaders
from bitfount_api._io.attempt import Attempt, ResponseEnd, is_answer
from bitfount_api._io.deadlines import Limits

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SIZED = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"


class Received:
    """A response as it is received, with the method of its request.

    Args:
        raw: The bytes.
        method: The method of the request.
    """

    def __init__(self, raw: bytes, method: str = "GET") -> None:
        self.raw = raw
        self.method = method
        final = raw
        while final.startswith(b"HTTP/1.1 1"):
            final = final.partition(b"\r\n\r\n")[2]
        head = final.partition(b"\r\n\r\n")[0].split(b"\n\n")[0]
        status, *lines = head.replace(b"\r\n", b"\n").split(b"\n")
        self.status = int(status.split(b" ")[1])
        self.headers: RawHeaders = [
            (name, value.strip()) for name, _, value in (line.partition(b":") for line in lines)
        ]

    def is_clean(self, reads: Iterable[bytes], end: ResponseEnd | None = None) -> bool:
        end = end or ResponseEnd()
        for data in reads:
            end.received(data)
        return end.is_clean(self.method, self.status, self.headers)


def splits(raw: bytes) -> Iterator[list[bytes]]:
    """Yield the ways in which bytes may arrive: at once, one by one, and in two reads."""
    yield [raw]
    yield [raw[at : at + 1] for at in range(len(raw))]
    for at in range(1, len(raw)):
        yield [raw[:at], raw[at:]]


RESPONSES: dict[str, Received] = {
    "content-length": Received(SIZED + b"12345"),
    "content-length in another case": Received(
        b"HTTP/1.1 200 OK\r\ncontent-LENGTH:  5 \r\n\r\n12345"
    ),
    "content-length of zero": Received(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
    "blank lines in the body": Received(SIZED + b"\r\n\r\n."),
    "chunked": Received(CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"),
    "chunked and empty": Received(CHUNKED + b"0\r\n\r\n"),
    "chunked with its end in a chunk": Received(CHUNKED + b"7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n"),
    "chunked with trailers": Received(CHUNKED + b"1\r\na\r\n00;x\r\nX-A: 1\r\nX-B: 2\r\n\r\n"),
    "HEAD with a length": Received(SIZED, "HEAD"),
    "HEAD of a chunked body": Received(CHUNKED, "HEAD"),
    "HEAD without a length": Received(b"HTTP/1.1 200 OK\r\n\r\n", "HEAD"),
    "204": Received(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "304": Received(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: a\r\n\r\n"),
    "100": Received(b"HTTP/1.1 100 Continue\r\n\r\n" + SIZED + b"12345"),
    "several interim responses": Received(
        b"HTTP/1.1 100 Continue\r\n\r\n"
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        b"HTTP/1.1 102 Processing\r\n\r\n" + CHUNKED + b"3\r\nabc\r\n0\r\n\r\n"
    ),
    "204 after 100": Received(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
    "HTTP/1.0": Received(b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\n12345"),
}

MORE: dict[str, bytes] = {
    "one byte": b"x",
    "a zero byte": b"\0",
    "line end": b"\r\n",
    "end of a head": b"\r\n\r\n",
    "end of a chunked body": b"0\r\n\r\n",
    "end of a chunk and of a body": b"\r\n0\r\n\r\n",
    "a sized response": SIZED + b"12345",
    "a chunked response": CHUNKED + b"4\r\nevil\r\n0\r\n\r\n",
    "an interim response": b"HTTP/1.1 100 Continue\r\n\r\n",
}


@pytest.mark.parametrize("name", RESPONSES)
def test_one_whole_response_is_clean(name: str) -> None:
    received = RESPONSES[name]
    for reads in splits(received.raw):
        assert received.is_clean(reads), reads


@pytest.mark.parametrize("more", MORE)
@pytest.mark.parametrize("name", RESPONSES)
def test_bytes_after_the_response_are_noticed(name: str, more: str) -> None:
    """They would be taken for the beginning of the response to the next request."""
    received = RESPONSES[name]
    for reads in splits(received.raw + MORE[more]):
        assert not received.is_clean(reads), reads


@pytest.mark.parametrize("name", RESPONSES)
def test_incomplete_response_is_not_clean(name: str) -> None:
    received = RESPONSES[name]
    for end in range(len(received.raw)):
        assert not received.is_clean([received.raw[:end]]), received.raw[:end]


NEVER_CLEAN: dict[str, Received] = {
    "ends with the connection": Received(b"HTTP/1.1 200 OK\r\n\r\n12345"),
    "lines end with LF": Received(b"HTTP/1.1 200 OK\ncontent-length: 5\n\n12345"),
    "lines end with LF, without a body": Received(b"HTTP/1.1 204 No Content\n\n"),
    "lines end with LF, for HEAD": Received(b"HTTP/1.1 200 OK\ncontent-length: 5\n\n", "HEAD"),
    "length is not a number": Received(b"HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n12345"),
    "lengths": Received(b"HTTP/1.1 200 OK\r\ncontent-length: 5, 5\r\n\r\n12345"),
}


@pytest.mark.parametrize("name", NEVER_CLEAN)
def test_response_with_an_uncertain_end_is_not_clean(name: str) -> None:
    received = NEVER_CLEAN[name]
    for reads in splits(received.raw):
        assert not received.is_clean(reads), reads


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "size",
    [b"", b"x", b"-1", b"-2", b"-3", b"-6", b"-0", b"+5", b"0x5", b"1_0", b"5 5", b"f" * 30],
)
def test_invalid_size_of_a_chunk_is_not_clean(size: bytes) -> None:
    """The bytes are counted before the HTTP library refuses them."""
    received = Received(CHUNKED + size + b"\r\n12345\r\n0\r\n\r\n")
    for reads in ([received.raw], [received.raw[at : at + 1] for at in range(len(received.raw))]):
        assert not received.is_clean(reads), reads


def test_nothing_received_is_not_clean() -> None:
    assert not RESPONSES["204"].is_clean([])
    assert not RESPONSES["204"].is_clean([b""])


@pytest.mark.parametrize(
    "response",
    [b"HTTP/1.1 200 Connection established\r\nX-A: 1\r\n\r\n", CHUNKED + b"5\r\nab", b"\x05\0"],
    ids=["usual", "with a body", "SOCKS"],
)
def test_restart_forgets_the_response_of_a_proxy(response: bytes) -> None:
    end = ResponseEnd()
    end.received(response)
    end.restart()
    assert RESPONSES["content-length"].is_clean([RESPONSES["content-length"].raw], end)


@pytest.mark.parametrize(
    ("received", "answered"),
    [
        (b"", False),
        (b"HTTP/1.1", False),
        (b"HTTP/1.1 100 Continue\r\n", False),
        (b"HTTP/1.1 100 Continue\r\n\r\n", False),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E", False),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 4", True),
        (b"HTTP/1.1 413 Content", True),
        (b"HTTP/1.0 413 Content", True),
        (b"\r\n", True),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 5000, True),
    ],
)
def test_interim_responses_are_no_answer(received: bytes, answered: bool) -> None:
    assert is_answer(received) is answered


def test_large_body_is_counted_without_keeping_it() -> None:
    end = ResponseEnd()
    size = 64 * 1024 * 1024
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size
    end.received(head)
    for _ in range(size // (1024 * 1024)):
        end.received(bytes(1024 * 1024))
    assert end.is_clean("GET", 200, [(b"Content-Length", b"%d" % size)])
    kept = sum(len(value) for value in vars(end).values() if isinstance(value, bytes))
    assert kept < 100


def test_endless_head_is_not_kept() -> None:
    """The HTTP library refuses it; until then, memory is bounded."""
    end = ResponseEnd()
    for _ in range(100):
        end.received(b"a" * 10_000)
    kept = sum(len(value) for value in vars(end).values() if isinstance(value, bytes))
    assert kept <= 110_000


def test_each_attempt_begins_unsent() -> None:
    limits = Limits(5.0)
    attempt = Attempt(limits, 30)
    assert (attempt.limits, attempt.timeout, attempt.sent) == (limits, 30, False)
    assert not attempt.streams_body
    assert attempt.end is not Attempt(limits, 30).end
