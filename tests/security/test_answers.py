"""Answers that are not HTTP or quote the request: errors of bounded size without secrets."""

from __future__ import annotations

import asyncio
import traceback
from typing import Any

import pytest
from support.raw_server import Act, RawServer

from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountHub,
    BitfountError,
    BitfountHub,
    BitfountSession,
    RetryPolicy,
)

SECRET = b"MARKED-SECRET-KEY"
HEAD = b"HTTP/1.1 200 OK\r\n"

ANSWERS = {
    "an invalid header line": HEAD + b"quoting " + SECRET + b"\x1b[31m\r\n\r\n",
    "a very long header line": HEAD + b"no header " + SECRET + b"y" * 60_000 + b"\r\n\r\n",
    "an invalid status line": b"HTTP/1.1 " + SECRET + b" OK\r\n\r\n",
    "an invalid status": b"HTTP/1.1 20 OK\r\n\r\n",
    "another protocol": b"HTTP/2 200\r\n\r\n",
    "a greeting": b"220 mail.test ESMTP " + SECRET + b"\r\n",
    "an invalid length": HEAD + b"content-length: " + SECRET + b"\r\n\r\n",
    "a negative length": HEAD + b"content-length: -1\r\n\r\n",
    "two lengths": HEAD + b"content-length: 3\r\ncontent-length: 4\r\n\r\n{}  ",
    "a length beyond all bounds": HEAD + b"content-length: " + b"9" * 30 + b"\r\n\r\n{}",
    "an unknown transfer coding": HEAD + b"transfer-encoding: " + SECRET + b"\r\n\r\n",
    "an invalid chunk": HEAD + b"transfer-encoding: chunked\r\n\r\n" + SECRET + b"\r\n",
    "a chunk beyond all bounds": HEAD + b"transfer-encoding: chunked\r\n\r\n" + b"f" * 20 + b"\r\n",
    "chunks without end": HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "a switch of protocols": b"HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n",
    "interim responses without end": b"HTTP/1.1 100 Continue\r\n\r\n" * 5000,
    "a status beyond all bounds": b"HTTP/1.1 999 " + SECRET + b"\r\n\r\n",
    "a body that is not compressed": HEAD
    + b"content-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc",
    "an unknown content encoding": HEAD + b"content-encoding: " + SECRET + b"\r\n\r\nabc",
    "99 content encodings": HEAD + b"content-encoding: " + b"gzip," * 99 + b"\r\n\r\nabc",
    "a header in no known charset": HEAD + b"x-request-id: \xff\xfe\x00\r\n\r\n{}",
    "a cookie": HEAD + b"set-cookie: session=" + SECRET + b"\r\ncontent-length: 2\r\n\r\n{}",
    "a body that is not JSON": HEAD + b"content-type: " + SECRET + b"\r\n\r\n" + SECRET,
    "a redirect": b"HTTP/1.1 302 " + SECRET + b"\r\nlocation: http://127.0.0.1:1/\r\n\r\n",
}


def ask(url: str, *, asynchronous: bool) -> Any:
    session = BitfountSession(
        APIKeysHandler("MARKED-SECRET-ID", SECRET.decode(), "alice"),
        retry=RetryPolicy(retries=0),
        timeout=5,
    )
    if not asynchronous:
        with session:
            return BitfountHub(session, url).get_projects()

    async def main() -> Any:
        async with session:
            return await AsyncBitfountHub(session, url).get_projects()

    return asyncio.run(main())


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("name", ANSWERS)
def test_malicious_answer_raises_an_error_without_secrets(name: str, asynchronous: bool) -> None:
    server = RawServer(plan=lambda *_: Act(ANSWERS[name]))
    with server, pytest.raises(BitfountError) as caught:
        ask(server.url, asynchronous=asynchronous)
    text = str(caught.value)
    assert len(text) < 700
    assert text.isprintable()
    shown = "".join(traceback.format_exception(caught.value))
    assert "MARKED" not in shown
    assert len(shown) < 50_000
