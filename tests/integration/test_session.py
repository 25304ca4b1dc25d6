"""The session: settings over real sockets, sync and async twins, raw requests, closing."""

from __future__ import annotations

import asyncio
import inspect
import io
import json
import pickle
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certifi
import httpx
import pytest
from support.http_server import Answer, ReceivedRequest, certificate, serving

import bitfount_api
from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountHub,
    AuthenticatedUserError,
    AuthenticationError,
    AuthenticationHandler,
    BitfountHub,
    BitfountSession,
    ConnectError,
    DeviceCodeFlowHandler,
    HTTPError,
    RequestException,
    RequestTimeout,
    RetryPolicy,
)
from bitfount_api._io.driver import Timing
from bitfount_api.auth.anonymous import AnonymousHandler

KEYS = APIKeysHandler("id", "SECRET-key", "alice")
ONCE = RetryPolicy(retries=0)
NEVER = "http://127.0.0.1:1/"
twins = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


def run(session: BitfountSession, method: str, url: str, *, asynchronous: bool, **more: Any) -> Any:
    async def main() -> httpx.Response:
        async with session:
            return await session.arequest(method, url, **more)

    if asynchronous:
        return asyncio.run(main())
    with session:
        return session.request(method, url, **more)


def echo(request: ReceivedRequest) -> Answer:
    """Answer with the request that was received."""
    received = {"method": request.method, "target": request.target, "headers": request.headers}
    return 200, {}, json.dumps({**received, "body": request.body.decode()}).encode()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving(echo) as url:
        yield url


def session_with(handler: Any, **more: Any) -> BitfountSession:
    return BitfountSession(KEYS, transport=httpx.MockTransport(handler), **more)


# --- Settings ------------------------------------------------------------------------------------


@twins
@pytest.mark.parametrize(("suffix", "end"), [(None, ""), ("", ""), ("ward-7/2.1", " ward-7/2.1")])
def test_user_agent_has_the_version_and_the_suffix(
    server: str, asynchronous: bool, suffix: str | None, end: str
) -> None:
    from bitfount_api import __version__

    session = BitfountSession(KEYS, user_agent_suffix=suffix)
    received = run(session, "GET", server, asynchronous=asynchronous).json()
    assert received["headers"]["user-agent"] == f"bitfount-api/{__version__}{end}"


@twins
def test_proxy_argument_is_used(server: str, asynchronous: bool) -> None:
    session = BitfountSession(KEYS, proxy=server)
    received = run(session, "GET", "http://hub.test/x?y", asynchronous=asynchronous).json()
    assert received["target"] == "http://hub.test/x?y"


@twins
def test_proxy_of_the_environment_is_used(
    server: str, asynchronous: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for url, target in (("http://hub.test/x", "http://hub.test/x"), (f"{server}/x", "/x")):
        received = run(BitfountSession(KEYS), "GET", url, asynchronous=asynchronous).json()
        assert received["target"] == target


@twins
@pytest.mark.parametrize("proxy", ["nonsense://proxy.test", "http://proxy.test:port"])
def test_invalid_proxy_of_the_environment_raises(
    asynchronous: bool, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(RequestException) as caught:
        run(BitfountSession(KEYS), "GET", NEVER, asynchronous=asynchronous)
    assert not caught.value.sent


@pytest.mark.parametrize(
    "proxy", ["nonsense://u:SECRET@proxy.test", "SECRET.proxy.test:3128", "", 7, "http://SECRET:x"]
)
def test_invalid_proxy_argument_is_not_quoted(proxy: Any) -> None:
    with pytest.raises(ValueError, match="proxy must be a URL") as caught:
        BitfountSession(KEYS, proxy=proxy)
    assert "SECRET" not in str(caught.value)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    path = certificate(tmp_path_factory.mktemp("tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, path.with_name("key.pem"))
    with serving(echo, context) as url:
        yield url, path


def _folder(path: Path) -> Path:
    """Return a folder of certificates as OpenSSL reads it, named by a hash of the subject."""
    import subprocess

    folder = path.parent / "folder"
    folder.mkdir(exist_ok=True)
    command = ["openssl", "x509", "-hash", "-noout", "-in", str(path)]
    name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    (folder / f"{name}.0").write_bytes(path.read_bytes())
    return folder


@twins
@pytest.mark.parametrize(
    "verify",
    [
        lambda path: path,
        str,
        _folder,
        lambda path: ssl.create_default_context(cafile=path),
    ],
    ids=["path", "text", "folder", "context"],
)
def test_ca_passed_as_verify_is_trusted(
    tls: tuple[str, Path], asynchronous: bool, verify: Any
) -> None:
    url, path = tls
    session = BitfountSession(KEYS, verify=verify(path))
    assert run(session, "GET", url, asynchronous=asynchronous).status_code == 200


@twins
def test_verify_system_trusts_the_system_store(
    tls: tuple[str, Path], asynchronous: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, path = tls
    # OpenSSL trusts this folder besides SSL_CERT_FILE; httpx reads only one of the two.
    monkeypatch.setenv("SSL_CERT_DIR", str(_folder(path)))
    session = BitfountSession(KEYS, verify="system")
    assert run(session, "GET", url, asynchronous=asynchronous).status_code == 200
    with pytest.raises(ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        run(BitfountSession(KEYS, retry=ONCE), "GET", url, asynchronous=asynchronous)


@twins
def test_unknown_ca_is_not_trusted(tls: tuple[str, Path], asynchronous: bool) -> None:
    with pytest.raises(ConnectError, match="CERTIFICATE_VERIFY_FAILED") as caught:
        run(BitfountSession(KEYS, retry=ONCE), "GET", tls[0], asynchronous=asynchronous)
    assert not caught.value.sent


def test_certificates_are_always_verified(tmp_path: Path) -> None:
    for off in (False, "", None, 0):
        with pytest.raises(ValueError, match="always verified"):
            BitfountSession(KEYS, verify=off)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        BitfountSession(KEYS, verify=tmp_path / "nothing")
    (tmp_path / "rubbish").write_text("not a certificate")
    with pytest.raises(ValueError, match="no PEM certificates"):
        BitfountSession(KEYS, verify=tmp_path / "rubbish")


@twins
def test_silent_service_times_out(
    asynchronous: bool,
) -> None:
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        session = BitfountSession(KEYS, timeout=0.05, retry=ONCE)
        with pytest.raises(RequestTimeout, match="did not answer"):
            run(session, "GET", url, asynchronous=asynchronous)
        session = BitfountSession(KEYS, retry=ONCE)
        with pytest.raises(RequestTimeout, match="did not answer"):
            run(session, "GET", url, asynchronous=asynchronous, timeout=0.05)
        session = BitfountSession(KEYS, deadline=0.05)
        with pytest.raises(RequestTimeout):
            run(session, "GET", url, asynchronous=asynchronous)


def test_raw_requests_have_a_deadline() -> None:
    assert BitfountSession(KEYS)._raw_request("GET", NEVER, {})[1] == Timing()
    session = BitfountSession(KEYS, timeout=3, deadline=7)
    assert session._raw_request("GET", NEVER, {})[1] == Timing(3, 7)
    assert session._raw_request("GET", NEVER, {"timeout": 2})[1] == Timing(2, 7)


@pytest.mark.parametrize(
    "seconds", [0, -1, float("nan"), float("inf"), 1e9, "3", True, (1, 2), httpx.Timeout(3)]
)
def test_timeout_must_be_a_number_of_seconds(seconds: Any) -> None:
    for name in ("timeout", "deadline"):
        with pytest.raises(ValueError, match=f"{name} must be a number of seconds"):
            BitfountSession(KEYS, **{name: seconds})
        with pytest.raises(ValueError, match=f"{name} must be a number of seconds"):
            BitfountHub(BitfountSession(KEYS)).with_options(**{name: seconds})
    pair = seconds if isinstance(seconds, tuple) else (1, seconds)
    for of_a_request in (seconds, pair, (1, 2, 3)) if pair is not seconds else ():
        with pytest.raises(ValueError, match=r"timeout( to read)? must be a number of seconds"):
            BitfountSession(KEYS).get(NEVER, timeout=of_a_request)


@pytest.mark.parametrize("suffix", ["a\nb", "é", "a\r\nx-evil: 1", "\0"])
def test_suffix_must_be_valid_in_a_header(suffix: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        BitfountSession(KEYS, user_agent_suffix=suffix)


class AsyncOnly(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text="async")


class SyncOnly(httpx.BaseTransport):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text="sync")


@pytest.mark.parametrize(("transport", "way"), [(SyncOnly(), False), (AsyncOnly(), True)])
def test_transport_serves_only_its_kind_of_calls(transport: Any, way: bool) -> None:
    expected = "async" if way else "sync"
    session = BitfountSession(KEYS, transport=transport)
    assert run(session, "GET", NEVER, asynchronous=way).text == expected
    with pytest.raises(RequestException, match="transport cannot make") as caught:
        run(BitfountSession(KEYS, transport=transport), "GET", NEVER, asynchronous=not way)
    assert not caught.value.sent


@twins
def test_passed_transport_is_always_used(
    asynchronous: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", NEVER)
    answer = run(
        session_with(lambda _: httpx.Response(200, text="here")),
        "GET",
        NEVER,
        asynchronous=asynchronous,
    )
    assert answer.text == "here"


@twins
@pytest.mark.parametrize("retries", [0, 2])
def test_raw_requests_use_the_policy_of_the_session(asynchronous: bool, retries: int) -> None:
    requests = []

    def fail(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(503)

    session = session_with(fail, retry=RetryPolicy(retries=retries, backoff=0))
    assert run(session, "GET", NEVER, asynchronous=asynchronous).status_code == 503
    assert len(requests) == retries + 1


# --- Raw requests --------------------------------------------------------------------------------


@twins
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "OPTIONS"])
@pytest.mark.parametrize("status", [200, 204, 404, 409])
def test_raw_requests_return_any_response(asynchronous: bool, method: str, status: int) -> None:
    session = session_with(
        lambda request: httpx.Response(status, headers={"method": request.method})
    )
    answer = run(session, method, NEVER, asynchronous=asynchronous)
    assert (answer.status_code, answer.headers["method"]) == (status, method.upper())


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "get"])
def test_each_method_has_a_name(method: str) -> None:
    session = session_with(lambda request: httpx.Response(200, text=request.method))
    assert getattr(session, method)(NEVER).text == method.upper()


@twins
def test_raw_requests_take_the_arguments_of_httpx(server: str, asynchronous: bool) -> None:
    received = run(
        BitfountSession(KEYS),
        "POST",
        f"{server}/x",
        asynchronous=asynchronous,
        params={"a": "b c"},
        headers={"X-Own": "1"},
        cookies={"c": "d"},
        json={"e": "f"},
        timeout=5,
    ).json()
    assert received["target"] == "/x?a=b+c" or received["target"] == "/x?a=b%20c"
    assert received["headers"]["x-own"] == "1"
    assert received["headers"]["cookie"] == "c=d"
    assert json.loads(received["body"]) == {"e": "f"}
    received = run(
        BitfountSession(KEYS), "PUT", server, asynchronous=asynchronous, data={"g": "h"}
    ).json()
    assert received["body"] == "g=h"


@twins
@pytest.mark.parametrize(
    ("argument", "value", "advice"),
    [
        ("auth", ("a", "SECRET"), "BitfountSession(handler)"),
        ("allow_redirects", True, "redirects are never followed; read response.headers"),
        ("follow_redirects", True, "redirects are never followed; read response.headers"),
        ("verify", False, "pass BitfountSession(verify=...)"),
        ("verify", "/etc/ca.pem", "pass BitfountSession(verify=...)"),
        ("cert", "client.pem", "BitfountSession(verify=context)"),
        ("stream", True, "the download methods of BitfountHub write to files"),
        ("proxies", {"https": "http://u:SECRET@p"}, "pass BitfountSession(proxy=...)"),
        ("proxy", "http://u:SECRET@p", "pass BitfountSession(proxy=...)"),
        ("hooks", {"response": print}, "the logger 'bitfount_api.http'"),
        ("colour", "red", "they take content, cookies, data, "),
    ],
)
def test_raw_requests_reject_other_arguments(
    asynchronous: bool, argument: str, value: Any, advice: str
) -> None:
    with pytest.raises(TypeError, match=rf"^raw requests take no .*{argument}") as caught:
        run(BitfountSession(KEYS), "GET", NEVER, asynchronous=asynchronous, **{argument: value})
    assert advice in str(caught.value)
    assert "SECRET" not in str(caught.value)


@twins
def test_arguments_that_change_nothing_are_accepted(asynchronous: bool) -> None:
    session = session_with(lambda _: httpx.Response(302, headers={"location": "/x"}))
    answer = run(
        session,
        "GET",
        NEVER,
        asynchronous=asynchronous,
        allow_redirects=False,
        stream=False,
        verify=True,
        cert=None,
        auth=None,
        proxies={},
        hooks=None,
        timeout=(3, 27),
        params=None,
        data=None,
    )
    assert (answer.status_code, answer.headers["location"]) == (302, "/x")


@twins
@pytest.mark.parametrize(
    ("data", "body", "kind"),
    [
        ("a=é", "a=é", None),
        (b"raw", "raw", None),
        (
            [("a", "1"), ("b", "2"), ("a", "3 4")],
            "a=1&b=2&a=3+4",
            "application/x-www-form-urlencoded",
        ),
        ({"a": "1"}, "a=1", "application/x-www-form-urlencoded"),
        (io.BytesIO(b"of a file"), "of a file", None),
    ],
    ids=["text", "bytes", "pairs", "mapping", "file"],
)
def test_data_is_taken_as_by_requests(
    server: str, asynchronous: bool, data: Any, body: str, kind: str | None
) -> None:
    if hasattr(data, "seek"):
        data.seek(0)
    session = BitfountSession(KEYS)
    received = run(session, "PUT", server, asynchronous=asynchronous, data=data).json()
    assert received["body"] == body
    assert received["headers"].get("content-type") == kind


def test_data_and_json_may_be_positional(server: str) -> None:
    with BitfountSession(KEYS) as session:
        assert session.post(server, {"a": "1"}).json()["body"] == "a=1"
        assert session.post(server, None, {"a": 1}).json()["body"] == '{"a":1}'
        assert session.put(server, "text").json()["body"] == "text"
        assert session.patch(server, b"bytes").json()["body"] == "bytes"
        with pytest.raises(TypeError, match="either data or content, not both"):
            session.post(server, "a", content="b")


@twins
def test_params_are_added_to_those_of_the_url(server: str, asynchronous: bool) -> None:
    for params, target in (
        ({"b": 2}, "/x?a=1&b=2"),
        ({"a": [2, 3]}, "/x?a=1&a=2&a=3"),
        ({}, "/x?a=1"),
    ):
        session = BitfountSession(KEYS)
        received = run(session, "GET", f"{server}/x?a=1", asynchronous=asynchronous, params=params)
        assert received.json()["target"] == target


@twins
@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("headers", {"x-a": "a\ud800"}),
        ("headers", {"x-a": "é"}),
        ("params", {"a": ["a\ud800"]}),
        ("params", {"a\ud800": 1}),
        ("data", {"a": "a\ud800"}),
        ("data", [("a", "a\ud800")]),
        ("content", "a\ud800"),
        ("cookies", {"a": "a\ud800"}),
        ("files", {"f": ("a\ud800", b"x")}),
    ],
)
def test_raw_argument_that_cannot_be_encoded_is_named(
    asynchronous: bool, argument: str, value: Any
) -> None:
    with pytest.raises(ValueError, match=f"^{argument} ") as caught:
        run(BitfountSession(KEYS), "POST", NEVER, asynchronous=asynchronous, **{argument: value})
    assert type(caught.value) is ValueError


@pytest.mark.parametrize("method", ["", "GET /", "a\ud800", None, b"GET", "G" * 21])
def test_method_that_is_no_word_is_rejected(method: Any) -> None:
    with pytest.raises(ValueError, match="the method must be a word, such as GET"):
        BitfountSession(KEYS).request(method, NEVER)


@twins
def test_connect_and_read_timeouts_may_differ(asynchronous: bool) -> None:
    found = {}

    def look(request: httpx.Request) -> httpx.Response:
        found.update(request.extensions["timeout"])
        return httpx.Response(200)

    run(session_with(look), "GET", NEVER, asynchronous=asynchronous, timeout=(3, 27))
    assert found == {"connect": 3, "read": 27, "write": 27, "pool": 27}
    run(session_with(look, timeout=9), "GET", NEVER, asynchronous=asynchronous, timeout=(3, None))
    assert found == {"connect": 3, "read": 9, "write": 9, "pool": 9}


@twins
def test_read_timeout_of_a_pair_is_applied(asynchronous: bool) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        session = BitfountSession(KEYS, retry=ONCE)
        with pytest.raises(RequestTimeout, match="did not answer"):
            run(session, "GET", url, asynchronous=asynchronous, timeout=(60, 0.05))


@twins
@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("trouble", [503, httpx.ReadError("reset"), httpx.ReadTimeout("silent")])
def test_raw_post_is_not_retried(asynchronous: bool, method: str, trouble: Any) -> None:
    requests = []

    def fail(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if isinstance(trouble, Exception):
            raise trouble
        return httpx.Response(trouble)

    try:
        run(session_with(fail), method, NEVER, asynchronous=asynchronous)
    except RequestException:
        assert isinstance(trouble, Exception)
    assert len(requests) == 1


# --- Authentication ------------------------------------------------------------------------------


def test_session_has_the_user_name() -> None:
    session = BitfountSession(KEYS)
    assert session.username == "alice"
    assert session.authenticated
    session.authenticate()
    asyncio.run(session.aauthenticate())


@twins
def test_anonymous_session_sends_no_credentials(asynchronous: bool) -> None:
    handler = AnonymousHandler()
    session = BitfountSession(
        handler,
        transport=httpx.MockTransport(lambda request: httpx.Response(401, json=[*request.headers])),
    )
    handler.authenticate()
    assert handler.authenticated
    assert handler.hub_request_headers == handler.am_request_headers == {}
    with pytest.raises(AuthenticatedUserError, match="no user is authenticated"):
        session.username  # noqa: B018
    answer = run(session, "GET", "https://hub.bitfount.com/x", asynchronous=asynchronous)
    assert not {"authorization", "x-api-key"} & set(answer.json())


@twins
def test_rejected_api_key_is_not_sent_again(asynchronous: bool) -> None:
    requests = []

    def refuse(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(401)

    answer = run(
        session_with(refuse), "GET", "https://hub.bitfount.com/x", asynchronous=asynchronous
    )
    assert answer.status_code == 401
    assert len(requests) == 1


def test_api_keys_of_the_environment_take_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(BitfountSession().authentication_handler, DeviceCodeFlowHandler)
    monkeypatch.setenv("BITFOUNT_API_KEY_ID", "id")
    with pytest.raises(AuthenticationError, match="BITFOUNT_API_KEY is not"):
        BitfountSession()
    monkeypatch.setenv("BITFOUNT_API_KEY", "SECRET-key")
    with pytest.raises(AuthenticationError, match="BITFOUNT_USERNAME is not"):
        BitfountSession()
    monkeypatch.setenv("BITFOUNT_USERNAME", "alice")
    session = BitfountSession()
    assert session.username == "alice"
    assert session.authentication_handler.hub_request_headers == {
        "x-api-key-id": "id",
        "x-api-key": "SECRET-key",
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("", "key", "alice"), "api_key_id must not be empty"),
        (("id", " ", "alice"), "api_key must not be empty"),
        (("id", "key", ""), "username must not be empty"),
        (("id", "SECRET\n", "alice"), "not allowed in a header"),
        (("id", None, "alice"), "must be a str"),
    ],
)
def test_api_keys_invalid_in_a_header_are_rejected(arguments: Any, words: str) -> None:
    with pytest.raises(AuthenticationError, match=words) as caught:
        APIKeysHandler(*arguments)
    assert "SECRET" not in str(caught.value)


def test_session_hides_secrets_and_cannot_be_pickled() -> None:
    session = BitfountSession(KEYS, proxy="http://u:SECRET@proxy.test")
    assert repr(session) == "BitfountSession(APIKeysHandler, authenticated=True)"
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(session)


@twins
def test_http_error_has_no_credentials(asynchronous: bool) -> None:
    session = session_with(
        lambda _: httpx.Response(403, json={"errorMessage": "no SECRET-key here"})
    )

    async def main() -> None:
        await AsyncBitfountHub(session).get_projects()

    with pytest.raises(HTTPError) as caught:
        asyncio.run(main()) if asynchronous else BitfountHub(session).get_projects()
    assert "SECRET" not in f"{caught.value} {caught.value.response.request.headers!r}"


@twins
def test_response_of_an_error_quotes_no_credentials(asynchronous: bool) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        quoted = str(request.headers) + request.headers["x-api-key"]
        headers = {"x-debug": quoted, "location": "https://s3.test/o?X-Amz-Signature=SECRET"}
        return httpx.Response(403, json={"errorMessage": "no", "seen": quoted}, headers=headers)

    session = session_with(refuse)

    async def main() -> None:
        await AsyncBitfountHub(session).get_projects()

    with pytest.raises(HTTPError) as caught:
        asyncio.run(main()) if asynchronous else BitfountHub(session).get_projects()
    response = caught.value.response
    assert "SECRET" not in f"{response.headers.raw} {response.text} {response.json()}"
    assert response.json()["errorMessage"] == "no"
    assert response.headers["location"] == "https://s3.test/o"
    assert "[hidden]" in response.headers["x-debug"]


@twins
def test_pickled_raw_response_has_no_credentials(asynchronous: bool) -> None:
    session = session_with(lambda _: httpx.Response(200, json={"a": 1}))
    url = "https://hub.bitfount.com/x"
    headers = {"Proxy-Authorization": "Basic SECRET"}
    response = (
        asyncio.run(session.arequest("GET", url, headers=headers))
        if asynchronous
        else session.get(url, headers=headers)
    )
    pickled = pickle.dumps(response)
    assert b"SECRET" not in pickled
    assert pickle.loads(pickled).json() == {"a": 1}


# --- Twins and closing ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sync", "twin"),
    [
        ("request", "arequest"),
        ("authenticate", "aauthenticate"),
        ("close", "aclose"),
    ],
)
def test_sync_and_async_methods_take_equal_arguments(sync: str, twin: str) -> None:
    here, there = getattr(BitfountSession, sync), getattr(BitfountSession, twin)
    assert inspect.signature(here) == inspect.signature(there)
    assert inspect.iscoroutinefunction(there)


@twins
@pytest.mark.parametrize("kind", ["BitfountHub", "BitfountAM", "SMARTOnFHIR"])
@pytest.mark.parametrize(
    ("given", "owns", "closed"),
    [
        (True, None, False),
        (True, False, False),
        (True, True, True),
        (False, None, True),
        (False, False, False),
    ],
)
def test_client_closes_the_session_it_owns(
    kind: str, given: bool, owns: bool | None, closed: bool, asynchronous: bool
) -> None:
    session = session_with(lambda _: httpx.Response(200)) if given else None

    async def leave() -> Any:
        async with getattr(bitfount_api, f"Async{kind}")(session, owns_session=owns) as client:
            pass
        return client

    if asynchronous:
        client = asyncio.run(leave())
    else:
        with getattr(bitfount_api, kind)(session, owns_session=owns) as client:
            pass
    assert client.session.closed is closed
    client.session.close()


@twins
def test_closed_session_raises(server: str, asynchronous: bool) -> None:
    session = BitfountSession(KEYS)
    assert run(session, "GET", server, asynchronous=asynchronous).status_code == 200
    assert session.closed
    for way in (False, True):
        with pytest.raises(RequestException, match="session is closed") as caught:
            run(session, "GET", server, asynchronous=way)
        assert not caught.value.sent
    session.close()
    asyncio.run(session.aclose())


def test_session_serves_sync_code_and_several_loops(server: str) -> None:
    with BitfountSession(KEYS) as session:
        for _ in range(3):
            assert session.get(server).status_code == 200
            assert asyncio.run(_one_loop(session, server)) == 200


async def _one_loop(session: BitfountSession, server: str) -> int:
    answer = await session.arequest("GET", server)
    # The loop ends before the session, so the connections of the loop have to be closed explicitly.
    await session.aclose_loop()
    return answer.status_code


def test_custom_handler_needs_only_documented_members() -> None:
    class Own(AuthenticationHandler):
        done = False

        @property
        def username(self) -> str:
            return "alice"

        @property
        def authenticated(self) -> bool:
            return self.done

        def authenticate(self) -> None:
            self.done = True

        @property
        def hub_request_headers(self) -> dict[str, str]:
            return {"authorization": "own"}

        @property
        def am_request_headers(self) -> dict[str, str]:
            return {"authorization": "own am"}

    def tell(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=request.headers["authorization"])

    session = BitfountSession(Own(), transport=httpx.MockTransport(tell))
    assert session.get("https://hub.bitfount.com/").text == "own"
    assert session.get("https://am.hub.bitfount.com/").text == "own am"


def test_trusted_certificates_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = str(certificate(tmp_path))
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    assert BitfountSession(KEYS).trusted_certificates() == [certifi.where()]
    assert BitfountSession(KEYS, verify=bundle).trusted_certificates() == [bundle]
    assert BitfountSession(KEYS, verify="system").trusted_certificates() == ["system"]
    context = ssl.create_default_context(cafile=bundle)
    assert BitfountSession(KEYS, verify=context).trusted_certificates() == []
    custom = BitfountSession(KEYS, transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    assert custom.trusted_certificates() == []
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    assert BitfountSession(KEYS).trusted_certificates() == [bundle]
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    with pytest.raises(RequestException, match="SSL_CERT_FILE: there is no file"):
        BitfountSession(KEYS).trusted_certificates()
