"""Secrets are redacted in texts and in the logs of the libraries below."""

from __future__ import annotations

import logging

import httpx
import pytest

from bitfount_api import redaction as public
from bitfount_api._core import redaction
from bitfount_api._core.redaction import redact, redact_logs, strip_query


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://s3.test/b/k?X-Amz-Signature=00ff", "https://s3.test/b/k"),
        ("https://user:pass@hub.test:8443/x#frag", "https://hub.test:8443/x"),
        ("not a url at all \x00", "an invalid URL"),
        (None, "an invalid URL"),
    ],
)
def test_urls_are_told_without_what_opens_them(url: str, told: str) -> None:
    assert strip_query(url) == told


def test_text_from_elsewhere_is_told_in_one_bounded_line() -> None:
    assert redact("a\r\nb\x1b[31m\u202ec") == "a b [31m c"
    assert redact("see https://u:p@s3.test/k?sig=1#x, ok") == "see https://s3.test/k ok"
    assert len(redact("x" * 1000)) == 500
    assert redact("x" * 1000, limit=10) == "x" * 9 + "…"


def test_text_from_elsewhere_is_always_printable() -> None:
    assert redact("\ud800a\u200b\u2066\x07b\U000e0001\ufeff") == "a b"
    assert redact("\u202e\n" * 50) == ""
    assert redact("é ☃ \U0001f600") == "é ☃ \U0001f600"


@pytest.mark.parametrize("text", ["http://", "http://a@", "https://u:p@", "x http://?", "\u202e"])
def test_no_text_takes_long_to_be_told(text: str) -> None:
    # In quadratic time, the first of these would take hours.
    assert len(redact(text * (3_000_000 // len(text)))) <= 500


def test_credentials_of_the_request_are_hidden() -> None:
    request = httpx.Request(
        "GET",
        "https://hub.test",
        headers={"authorization": "Bearer eyTOKEN", "x-api-key": "core-key:am-key"},
    )
    told = redact("Bearer eyTOKEN or eyTOKEN, core-key:am-key or core-key or am-key", request)
    assert "eyTOKEN" not in told
    assert "core-key" not in told
    assert "am-key" not in told


def test_what_signs_a_presigned_url_is_hidden() -> None:
    url = "https://s3.test/k?X-Amz-Credential=AKIA%2Fscope&X-Amz-Signature=00ff11&modelName=Network"
    told = redact("AKIA/scope or AKIA%2Fscope signed 00ff11 for Network", httpx.Request("GET", url))
    assert told == "[hidden] or [hidden] signed [hidden] for Network"


def _records(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(record.getMessage() for record in caplog.records)


def test_the_log_of_httpx_is_discreet_about_our_calls_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    redaction.install_log_filters()
    redaction.install_log_filters()
    caplog.set_level(logging.DEBUG)
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    with client, redact_logs():
        client.get("https://s3.test/ours?sig=SECRET")
    assert "https://s3.test/ours" in _records(caplog)
    assert "SECRET" not in _records(caplog)
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as other:
        other.get("https://elsewhere.test/theirs?page=2")
    assert "theirs?page=2" in _records(caplog)
    filters = logging.getLogger("httpx").filters
    assert sum(type(known).__name__ == "_RedactingFilter" for known in filters) == 1


def test_the_trace_of_httpcore_tells_events_without_their_headers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    redaction.install_log_filters()
    caplog.set_level(logging.DEBUG)
    log = logging.getLogger("httpcore.http11")
    with redact_logs():
        log.debug("receive_response_headers.complete return_value=(b'Location', b'SECRET')")
    assert _records(caplog) == "receive_response_headers.complete"


def test_public_redact_removes_queries_and_controls() -> None:
    assert (
        public.redact("see https://u:p@s3.test/k?sig=1#x,\r\n\x1b[31m ok")
        == "see https://s3.test/k [31m ok"
    )
    assert len(public.redact("x" * 1000, limit=20)) == 20
