"""Secrets are redacted in texts and in the logs of the libraries below."""

from __future__ import annotations

import logging
import re
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpcore
import httpx
import pytest

from bitfount_api._core import redaction
from bitfount_api._core.redaction import (
    redact,
    redact_content,
    redact_logs,
    strip_query,
)
from bitfount_api._internal.tracebacks import strip_tracebacks

HTTPCORE_LOGGERS = [
    f"httpcore.{name}" for name in ("connection", "http11", "http2", "proxy", "socks")
]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://s3.test/b/k?X-Amz-Signature=00ff", "https://s3.test/b/k"),
        ("https://user:pass@hub.test:8443/x#frag", "https://hub.test:8443/x"),
        ("not a url at all \x00", "an invalid URL"),
        (None, "an invalid URL"),
        ("socks5://user:pass@proxy.test:1080", "socks5://proxy.test:1080"),
        # The host would be "user", and the rest of the password the path.
        ("https://user:12/SECRET@hub.test/x?y", "https://[hidden]@hub.test/x"),
        ("https://user:12#SECRET@hub.test", "https://[hidden]@hub.test"),
        ("https://user:12?SECRET@hub.test", "https://[hidden]@hub.test"),
        ("https://hub.test/users/alice@clinic.test", "https://hub.test/users/alice@clinic.test"),
    ],
)
def test_strip_query_removes_query_fragment_and_user_name(url: str, expected: str) -> None:
    assert strip_query(url) == expected


def test_redact_returns_one_bounded_line() -> None:
    assert redact("a\r\nb\x1b[31m\u202ec") == "a b [31m c"
    assert redact("see https://u:p@s3.test/k?sig=1#x, ok") == "see https://s3.test/k ok"
    assert len(redact("x" * 1000)) == 500
    assert redact("x" * 1000, limit=10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    "scheme", ["http", "https", "socks5", "socks5h", "ftp", "postgresql+psycopg", "HTTP"]
)
@pytest.mark.parametrize(
    "login",
    [
        "user:SECRET", "user:SEC#SECRET", "user:SEC/SECRET", "user:SEC?SECRET", "user:SEC@SECRET",
        "user:SEC:SECRET", "user:SEC SECRET", 'user:SEC"SECRET', "user:SEC'<SECRET>", ":SECRET",
        "SECRET", "user:12/SECRET", "user:12#SECRET@SECRET", "user:a://SECRET", "%53:%53ECRET",
    ],
)  # fmt: skip
def test_redact_hides_logins_of_every_scheme(scheme: str, login: str) -> None:
    shown = redact(f"the proxy {scheme}://{login}@proxy.test:3128 failed, ask bob@clinic.test")
    assert "SEC" not in shown
    assert "ECRET" not in shown
    assert "proxy.test:3128 failed, ask bob@clinic.test" in shown


def test_redact_hides_logins_without_a_scheme() -> None:
    assert redact("via alice:SEC/RET@proxy.test:3128, no") == "via [hidden]@proxy.test:3128, no"
    assert redact("//alice:SECRET@proxy.test") == "[hidden]@proxy.test"


@pytest.mark.parametrize(
    "text",
    [
        "no user bob@clinic.test",
        "http://[::1]:3000/x is down, write to bob@clinic.test",
        "no answer from https://hub.test:443, contact support@clinic.test",
        "https://hub.test: no connection; ask admin@clinic.test",
        "(see https://hub.test:8080), or mail bob@clinic.test; http://p:3128. Ask it@clinic.test",
        "http://hub.test:80/x and http://hub.test/users/bob@clinic.test",
        "Net:3 at 12:30 failed",
    ],
)
def test_redact_keeps_text_without_a_login(text: str) -> None:
    assert redact(text) == text


def test_redact_does_not_show_half_a_password() -> None:
    text = "https://s3.test/?" + "q" * 99_900 + " http://alice:" + "SECRET" * 100 + "@proxy.test"
    assert redact(text) == "https://s3.test/"


def test_redact_returns_printable_text() -> None:
    assert redact("\ud800a\u200b\u2066\x07b\U000e0001\ufeff") == "a b"
    assert redact("\u202e\n" * 50) == ""
    assert redact("é ☃ \U0001f600") == "é ☃ \U0001f600"


@pytest.mark.parametrize(
    "text", ["http://", "http://a@", "https://u:p@", "x http://?", "\u202e", "://u:", "a:"]
)
def test_redact_takes_linear_time(text: str) -> None:
    # In quadratic time, the first of these would take hours.
    assert len(redact(text * (3_000_000 // len(text)))) <= 500


def test_redact_hides_credentials_of_the_request() -> None:
    request = httpx.Request(
        "GET",
        "https://hub.test",
        headers={"authorization": "Bearer eyTOKEN", "x-api-key": "core-key:am-key"},
    )
    redacted = redact("Bearer eyTOKEN or eyTOKEN, core-key:am-key or core-key or am-key", request)
    assert "eyTOKEN" not in redacted
    assert "core-key" not in redacted
    assert "am-key" not in redacted


@pytest.mark.parametrize(
    "name", ["Authorization", "X-API-Key", "X-API-Key-ID", "Proxy-Authorization"]
)
def test_redact_hides_each_header_that_holds_a_secret(name: str) -> None:
    request = httpx.Request("GET", "https://hub.test", headers={name: "Basic c2VjcmV0"})
    assert redact("Basic c2VjcmV0, or c2VjcmV0", request) == "[hidden], or [hidden]"


def test_redact_hides_the_signature_of_a_presigned_url() -> None:
    url = "https://s3.test/k?X-Amz-Credential=AKIA%2Fscope&X-Amz-Signature=00ff11&modelName=Network"
    redacted = redact(
        "AKIA/scope or AKIA%2Fscope signed 00ff11 for Network", httpx.Request("GET", url)
    )
    assert redacted == "[hidden] or [hidden] signed [hidden] for Network"


def _records(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(record.getMessage() for record in caplog.records)


def test_httpx_log_is_redacted_for_own_calls_only(
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


def test_httpcore_has_the_loggers_that_are_filtered() -> None:
    code = "".join(path.read_text("utf-8") for path in Path(httpcore.__file__).parent.rglob("*.py"))
    assert set(re.findall(r'getLogger\("(.+?)"\)', code)) == set(HTTPCORE_LOGGERS)


@pytest.mark.parametrize("name", HTTPCORE_LOGGERS)
def test_httpcore_log_has_event_names_only(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    log = logging.getLogger(name)
    monkeypatch.setattr(log, "filters", [])
    redaction.install_log_filters()
    caplog.set_level(logging.DEBUG)
    with redact_logs():
        log.debug("receive_response_headers.complete return_value=(b'Location', b'SECRET')")
    assert _records(caplog) == "receive_response_headers.complete"


def chained_errors() -> ValueError:
    """Return an error raised by this library's code while it handled another of its errors."""
    own: dict[str, Any] = {"__name__": "bitfount_api.module"}
    exec(
        "def fail():\n"
        "    url = 'https://s3.test/k?sig=SECRET'\n"
        "    try:\n"
        "        raise LookupError('first')\n"
        "    except LookupError:\n"
        "        raise ValueError('second') from None\n",
        own,
    )
    try:
        own["fail"]()
    except ValueError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize("attribute", ["__context__", "__cause__"])
def test_strip_tracebacks_cleans_chained_errors_too(attribute: str) -> None:
    error = chained_errors()
    first, error.__context__ = error.__context__, None
    assert first is not None
    assert first.__traceback__ is not None
    setattr(error, attribute, first)
    strip_tracebacks(error)
    assert first.__traceback__ is None
    names = [frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)]
    assert names == ["chained_errors"]


# --- Responses -----------------------------------------------------------------------------------

URL = "https://s3.test/k?X-Amz-Credential=AK%2Fscope&X-Amz-Signature=0aSECRETf&modelName=Network"


@pytest.mark.parametrize(
    ("request_", "quoted", "expected"),
    [
        ({"headers": {"x-api-key": "core-SECRET:am-SECRET"}}, "core-SECRET, am-SECRET", None),
        ({"headers": {"authorization": "Bearer ey.SECRET"}}, "ey.SECRET", None),
        ({"json": {"modellerToken": 'a"SECRET'}}, '{"errorMessage": "a\\"SECRET"}', None),
        ({"json": {"modellerToken": "a<SECRET>"}}, "<b>a&lt;SECRET&gt;</b>", None),
        ({"json": {"taskSignature": "aSECRET=="}}, "aSECRET== or aSECRET%3D%3D", None),
        ({"data": {"refresh_token": "a/SECRET+1"}}, "a/SECRET+1, a%2FSECRET%2B1", None),
        ({"data": {"device_code": "a SECRET"}}, "a SECRET, a+SECRET, a%20SECRET", None),
        ({"url": URL}, "0aSECRETf is wrong for modelName=Network", "[hidden] is wrong"),
        ({}, "<SignatureProvided>aSECRET</SignatureProvided>", "<SignatureProvided>[hidden]</"),
        ({}, "<StringToSign>AWS4\nSECRET</StringToSign><a/>", "[hidden]</StringToSign><a/>"),
        ({}, '{"u": "https://s3.test/o?sig=SECRET"}', '{"u": "https://s3.test/o"}'),
        ({}, "socks5://a:SECRET@p.test", "socks5://p.test"),
        ({}, "https://hub.test/x?page=2 caf\u00e9", "https://hub.test/x?page=2 caf\u00e9"),
        ({"headers": {"x-api-key": "abc"}}, "abc", "abc"),  # too short to be a key
    ],
)
def test_redact_content_removes_quoted_secrets(
    request_: dict[str, Any], quoted: str, expected: str | None
) -> None:
    request = httpx.Request(**{"method": "POST", "url": "https://hub.test", **request_})
    shown = redact_content(quoted.encode(), request).decode()
    assert "SECRET" not in shown
    assert (expected or "[hidden]") in shown
    assert redact_content(b"\xff\x00" + quoted.encode(), request) == b"\xff\x00" + shown.encode()


def test_redact_hides_secrets_of_the_request_body() -> None:
    request = httpx.Request("POST", "https://am.test", json={"modellerToken": "SECRET-jwt"})
    assert redact("no: SECRET-jwt", request) == "no: [hidden]"
    for content in (b"[1]", b"{", b'{"token": 7}', b"\xff"):
        request = httpx.Request(
            "POST", "https://am.test", headers={"content-type": "application/json"}, content=content
        )
        assert redact("text", request) == "text"


SIGNED = "X-Amz-Date=1&X-Amz-Credential=AK%2FSECRET&X-Amz-Signature=SECRETf&X-Amz-SignedHeaders=h"


def escaped(text: str, *, slashes: str = "/", ampersand: str = "&") -> str:
    return text.replace("/", slashes).replace("&", ampersand)


QUOTED_SIGNATURES = [
    f"https://s3.test/k?{SIGNED}",
    escaped(f"https://s3.test/k?{SIGNED}", ampersand=r"\u0026"),
    escaped(f"https://s3.test/k?{SIGNED}", ampersand=r"\\u0026", slashes=r"\\/"),
    escaped(f"https://s3.test/k?{SIGNED}", slashes=r"\/"),
    escaped(f"https://s3.test/k?{SIGNED}", ampersand="&amp;"),
    escaped(f"https://s3.test/k?{SIGNED}", slashes=r"\u002f").replace("?", r"\u003F"),
    SIGNED.replace("=", r"\u003d"),
    "k&#x3F;X-Amz-Signature&#x3D;SECRET&#x2F;SECRET",
    "{x-amz-signature&#61;SECRET&#x2B;SECRET&#47;SECRET&#x3D;}",
    f"/bucket/k?{SIGNED}",
    f"k?{SIGNED}",
    SIGNED,
    "/k?sig=SECRET",
    "/k?sig%3DSECRET",
    quote(f"https://s3.test/k?{SIGNED}", safe=""),
    quote(quote(f"https://s3.test/k?{SIGNED}", safe=""), safe=""),
    quote("https://s3.test/k?sig=SECRET&mail=a", safe="") + "@b",
    "/login?next=" + quote(f"/k?{SIGNED}", safe=""),
    r"https:\/\/alice:SECRET@s3.test",
    r"https:\/\/alice:12?SECRET@s3.test?sig=1",
    '{"x-amz-signature":"SECRET"}',
    '{"X-Amz-Security-Token": "SECRET+\\/SECRET\\u003dSECRET"}',
    r"{\"x-amz-credential\": \"AKIA/SECRET\"}",
    "{'x-goog-signature': 'SECRET'}",
    '{"policy": "eyJSECRETSECRETSECRET="}',
    '{"signature":"SECRETSECRETSECRET"}',
    '{"refreshToken":"v1.SECRETSECRETSECRET","accessToken":"SECRETSECRETSECRET"}',
    '<input name="x-amz-signature" value="SECRET">',
    'form-data; name="policy"\r\n\r\neyJSECRETSECRETSECRET',
    "x-amz-signature: SECRET",
    "{&quot;x-amz-signature&quot;:&quot;SECRET&quot;}",
    "('X-Amz-Signature', 'SECRET')",
    "[(b'X-Amz-Signature', b'SECRET'), (b'policy', b'eyJSECRETSECRET10')]",
    "{'X-Amz-Security-Token': ['SECRET']}",
    '{"X-Amz-Security-Token":["SECRET"]}',
    "{'X-Amz-Signature': b'SECRET'}",
    "{'x-amz-signature' => 'SECRET'}",
    "X-Amz-Signature -> SECRET",
    "X_Amz_Signature=SECRET",
    "xAmzSignature: SECRET",
    "access-token: 1SECRETSECRETSECRET",
    '{"name": "X-Amz-Signature", "value": "SECRET"}',
    r"{\"Name\":\"X-Amz-Signature\",\"Value\":\"SECRET\"}",
    "<X-Amz-Signature>SECRET</X-Amz-Signature>",
    "<Signature>1SECRETSECRETSECRET=</Signature>",
    "&#x22;X-Amz-Signature&#x22;: &#x22;SECRET&#x22;",
    "&#39;X-Amz-Signature&#39;&colon; &#39;SECRET&#39;",
    "X-Amz-Signature&equals;SECRET",
    quote('{"x-amz-signature":"SECRET","policy":"eyJSECRETSECRETSECRET"}'),
    escaped(f"a=1&policy=eyJSECRETSECRETSECRET&{SIGNED}", ampersand=r"\u0026"),
]


@pytest.mark.parametrize("quoted", QUOTED_SIGNATURES)
def test_signatures_are_hidden_in_every_notation(quoted: str) -> None:
    request = httpx.Request("GET", "https://hub.test")
    for before in ("", "no: ", '["', "\n"):
        assert "SECRET" not in redact(f"{before}{quoted} at end", request)
        shown = redact_content(f"{before}{quoted} at end".encode(), request).decode()
        assert "SECRET" not in shown
        assert shown.startswith(before.strip('["'))
        assert shown.endswith(" at end")


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
@pytest.mark.parametrize(
    "quoted", [*QUOTED_SIGNATURES[:3], "core-SECRET", "a<StringToSign>SECRET<"]
)
def test_secrets_in_wide_encodings_are_hidden(codec: str, quoted: str) -> None:
    request = httpx.Request("GET", "https://hub.test", headers={"x-api-key": "core-SECRET:am"})
    content = f"\u00e9\u4e00\U0001f600 {quoted} \u00e9 end".encode(codec)
    for more in (b"", b"\0"):
        shown = redact_content(content + more, request)
        assert "SECRET" not in shown.decode(codec, "replace")
        assert shown.endswith("\u00e9 end".encode(codec)[-10:] + more)
        assert shown.startswith(content[:4])


@pytest.mark.parametrize(
    "text",
    [
        "the signature: does not match, nor the policy: refused",
        '{"policy": "projects only", "signature": null, "token": "short"}',
        "Signature: SignatureDoesNotMatch; policy: PublicReadAccessForAll",
        '{"policy": "read-only-access-for-modellers", "id_token": "must_be_valid_and_recent"}',
        'lacks ["x-amz-credential", "x-amz-signature", "policy", "x-amz-date"]',
        "('signature', 'must be a text') or <policy>projects only</policy>",
        "https://hub.test/x?page=2&sort=name or /api/projects?page=2#tail",
        "why? the key=value pair of a policy=short",
        r"C:\users\u0041 or \u00e9",
        "bob@clinic.test asked",
    ],
)
def test_text_without_signatures_is_kept(text: str) -> None:
    request = httpx.Request("GET", "https://hub.test")
    assert redact_content(text.encode(), request).decode() == text
    binary = bytes(range(256)) * 4
    assert redact_content(binary, request) == binary


@pytest.mark.parametrize(
    "text",
    [
        "\\",
        "\\u0026",
        'policy" ',
        "x?token",
        "%25",
        "signature=a ",
        "policy=",
        "signature>aB_",
        "x-amz-signature', '",
        'policy","value":"',
        "policy:aBc",
        "policy: [",
        "signature->b'",
    ],
)
def test_hiding_signatures_takes_linear_time(text: str) -> None:
    content = (text * (300_000 // len(text))).encode()
    assert len(redact_content(content, httpx.Request("GET", "https://hub.test"))) <= 300_000
