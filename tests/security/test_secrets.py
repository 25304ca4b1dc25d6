"""No secret appears in a log at DEBUG, a repr, an error, a traceback, a pickle or a warning."""

from __future__ import annotations

import asyncio
import json
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from security.canaries import KEYS, MARK, QUERY, CanaryService, Spoil, tokens
from support.faults.cases import ROWS
from support.faults.legs import Row
from support.http_server import Answer, ReceivedRequest, serving
from support.rsa_keys import private_key
from support.store import Act, Store, running_store
from support.store import ReceivedRequest as StoreRequest

from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountHub,
    AuthenticationError,
    BitfountHub,
    BitfountSession,
    ConnectError,
    ExternallyManagedJWTHandler,
    HTTPError,
    RequestException,
    keys,
)
from bitfount_api.auth.token_store import Token
from bitfount_api.config import APIKeySettings


def _quoted(request: ReceivedRequest) -> str:
    """Return all that a service received, as a service that quotes requests in errors would."""
    return f"{request.method} {request.target} {request.headers} {request.body[:3000]!r}"


def _refusing(status: int) -> Spoil:
    def spoil(request: ReceivedRequest) -> Answer:
        headers = {"x-request-id": MARK.lower(), "content-type": "application/json"}
        quoted = request.headers.get("x-api-key", "") + request.target
        return status, headers, b'{"errorMessage": "no: ' + quoted.encode() + b'"}'

    return spoil


def _redirecting(request: ReceivedRequest) -> Answer:
    return 302, {"location": f"https://elsewhere.test/?{QUERY}"}, b""


def _html(request: ReceivedRequest) -> Answer:
    return 502, {"content-type": "text/html"}, f"<html>{_quoted(request)}</html>".encode()


def _not_json(request: ReceivedRequest) -> Answer:
    key = request.headers.get("x-api-key", "text/plain")
    return 200, {"content-type": key, "set-cookie": f"s={MARK}"}, _quoted(request).encode()


def _wrong_shape(request: ReceivedRequest) -> Answer:
    return 200, {}, b'[{"' + request.headers.get("x-api-key", "a").encode() + b'": 1}]'


def _xml(request: ReceivedRequest) -> Answer:
    message = f"{request.target} {request.headers.get('x-api-key')}"
    body = f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>"
    return 403, {"x-amz-request-id": "r1"}, body.replace("&", "&amp;").encode()


def _broken(request: ReceivedRequest) -> Answer:
    raise ConnectionError  # which makes the server close the connection


SPOILS: dict[str, Spoil] = {
    "nothing": lambda _: None,
    "401": _refusing(401),
    "403": _refusing(403),
    "503": _refusing(503),
    "redirect": _redirecting,
    "html": _html,
    "not json": _not_json,
    "wrong shape": _wrong_shape,
    "xml": _xml,
    "broken": _broken,
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CanaryService]:
    with CanaryService(tmp_path_factory.mktemp("files")).running() as service:
        yield service


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_output_contains_a_canary(service: CanaryService, row: Row, asynchronous: bool) -> None:
    leaks = {}
    for index, leg in enumerate(row.legs):
        for name, spoil in SPOILS.items():
            found = service.call(row, index, spoil, asynchronous=asynchronous).leaks()
            if found:
                leaks[f"{name} ({leg.method} {leg.path})"] = found
    assert leaks == {}


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_frames_of_user_code_stay_in_tracebacks(asynchronous: bool) -> None:
    def own_get_token() -> tuple[str, datetime]:
        raise LookupError("no token in the vault")

    handler = ExternallyManagedJWTHandler(None, None, own_get_token, "alice")
    session = BitfountSession(handler, transport=httpx.MockTransport(lambda _: httpx.Response(200)))

    def ask() -> object:
        if asynchronous:
            return asyncio.run(AsyncBitfountHub(session).get_projects())
        return BitfountHub(session).get_projects()

    with pytest.raises(AuthenticationError) as caught:
        ask()
    output = "".join(traceback.format_exception(caught.value))
    assert "in own_get_token" in output
    assert "no token in the vault" in output


class Stopped(BaseException):
    """An exception of a signal handler."""


EXITS: dict[str, BaseException] = {
    "signal": Stopped(),
    "KeyboardInterrupt": KeyboardInterrupt(),
    "bug": LookupError("a bug"),
    "error": ConnectError("no"),
}


def _variables(
    error: BaseException, public: tuple[str, ...] = ("hub.py", "am.py", "session.py")
) -> str:
    """Return the variables of all frames but those of this file and of the public methods."""
    trace = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames: list[traceback.FrameSummary] = []
    waiting: list[Any] = [trace]
    while waiting:
        each = waiting.pop()
        if each is not None:
            frames += each.stack
            waiting += [each.__cause__, each.__context__, *(each.exceptions or [])]
    hidden = [f for f in frames if f.filename != __file__ and not f.filename.endswith(public)]
    return repr([frame.locals for frame in hidden])


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("kind", EXITS)
def test_no_exception_has_a_secret_in_a_variable(kind: str, asynchronous: bool) -> None:
    def interrupt(_: httpx.Request) -> httpx.Response:
        raise EXITS[kind]

    session = BitfountSession(KEYS, transport=httpx.MockTransport(interrupt))

    def ask() -> object:
        url, content = f"https://s3.test/k?{QUERY}", f"{MARK}-body"
        if asynchronous:
            return asyncio.run(session.arequest("POST", url, content=content))
        return session.post(url, content=content)

    with pytest.raises(type(EXITS[kind])) as caught:
        ask()
    assert MARK not in _variables(caught.value)
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-1] == "interrupt"  # the frames of the caller stay
    assert ("_send" in names) is (kind == "bug")  # and the places of a bug, so that it can be found


def test_cancelled_call_has_no_secret_in_a_variable() -> None:
    silent = threading.Event()

    def answer(_: ReceivedRequest) -> Answer:
        silent.wait(10)
        return 200, {}, b""

    async def main(url: str) -> None:
        transport = httpx.AsyncHTTPTransport()
        async with BitfountSession(KEYS, transport=transport) as session:
            try:
                await asyncio.wait_for(session.arequest("GET", f"{url}/k?{QUERY}"), 0.1)
            finally:
                silent.set()

    with serving(answer) as url, pytest.raises(TimeoutError) as caught:
        asyncio.run(main(url))
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert MARK not in _variables(caught.value)


def test_signal_during_a_call_leaves_no_secret_in_a_variable() -> None:
    silent = threading.Event()

    def answer(_: ReceivedRequest) -> Answer:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        silent.wait(10)
        return 200, {}, b""

    def stop(*_: object) -> None:
        silent.set()
        raise Stopped

    session = BitfountSession(KEYS, transport=httpx.HTTPTransport())
    before = signal.signal(signal.SIGUSR1, stop)
    try:
        with session, serving(answer) as url, pytest.raises(Stopped) as caught:
            session.get(f"{url}/k?{QUERY}")
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert MARK not in _variables(caught.value)
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "stop"


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_exception_handled_by_the_caller_is_unchanged(asynchronous: bool) -> None:
    session = BitfountSession(KEYS, transport=httpx.MockTransport(lambda _: httpx.Response(403)))

    def ask() -> object:
        if asynchronous:
            return asyncio.run(AsyncBitfountHub(session).get_projects())
        return BitfountHub(session).get_projects()

    try:
        httpx.URL(7)  # type: ignore[arg-type]
    except TypeError as handled:
        before = traceback.extract_tb(handled.__traceback__)
        with pytest.raises(HTTPError) as caught:
            ask()
        assert traceback.extract_tb(handled.__traceback__) == before
        assert len(before) > 1
        assert _is_chained(caught.value, handled)


def _is_chained(error: BaseException | None, to: BaseException) -> bool:
    while error is not None and error is not to:
        error = error.__context__
    return error is to


@pytest.mark.parametrize(
    "holder",
    [
        KEYS,
        tokens(),
        BitfountSession(KEYS),
        BitfountHub(BitfountSession(KEYS)),
        Token(access_token=MARK, id_token=MARK, expires_at=1.0, refresh_token=MARK),
        APIKeySettings(MARK, MARK),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_secret_objects_have_safe_reprs_and_no_pickle(holder: object) -> None:
    assert MARK not in f"{holder!r} {holder} {[holder]!r}"
    with pytest.raises(TypeError, match="cannot be pickled") as caught:
        pickle.dumps(holder)
    assert MARK not in str(caught.value)


def _row(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)


@pytest.mark.parametrize(
    ("name", "attribute", "stand_in", "where"),
    [
        ("403", "bitfount_api._core.responses.redact", lambda text, *_, **__: text, "the error"),
        ("403", "bitfount_api._core.responses.strip_query", str, "the error"),
        ("nothing", "bitfount_api._io.driver.strip_query", str, "log"),
        ("redirect", "bitfount_api._core.redaction._event_name", lambda r: r.getMessage(), "log"),
        (
            "broken",
            "bitfount_api._io.sync_driver.strip_tracebacks",
            lambda *_, **__: None,
            "the variables of downloads.py",
        ),
    ],
)
def test_canary_search_finds_canaries(
    service: CanaryService,
    name: str,
    attribute: str,
    stand_in: object,
    where: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attribute, stand_in)
    leaks = service.call(_row("get_weights"), 1, SPOILS[name], asynchronous=False).leaks()
    assert any(key.startswith(where) for key in leaks)


class _Stalled(Store):
    def hub(self, seen: StoreRequest) -> tuple[int, Any]:
        status, answer = super().hub(seen)
        text = json.dumps(answer).replace("SECRET", f"{MARK}-")
        return status, json.loads(text)


@pytest.fixture
def stalled(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr("support.store.Store", _Stalled)
    with running_store() as store:
        assert isinstance(store, _Stalled)
        store.weights = bytes(20_000_000)
        yield store


def _transfer(hub: Any, kind: str, folder: Path) -> Any:
    if kind == "download":
        return hub.download_weights("bob", "Net", 1, folder / "w.pt")
    if kind == "memory":
        return hub.get_weights("bob", "Net", 1)
    (folder / "w.bin").write_bytes(bytes(20_000_000))
    return hub.send_weights("Net", 1, folder / "w.bin")


def _places(error: BaseException | None) -> set[str]:
    places = set()
    while error is not None:
        places |= {frame.name for frame in traceback.extract_tb(error.__traceback__)}
        error = error.__cause__ or error.__context__
    return places


KINDS = ["download", "memory", "upload", "form"]


@pytest.mark.parametrize("kind", KINDS)
def test_cancelled_transfer_has_no_secret_in_a_variable(
    stalled: Store, kind: str, tmp_path: Path
) -> None:
    stalled.multipart = kind != "form"
    stalled.plan = lambda seen: None if seen.kind == "hub" else Act(stall=10_000)

    async def main() -> None:
        async with BitfountSession(KEYS) as session:
            await asyncio.wait_for(
                _transfer(AsyncBitfountHub(session, stalled.url), kind, tmp_path), 0.7
            )

    with pytest.raises(TimeoutError) as caught:
        asyncio.run(main())
    assert [seen for seen in stalled.seen if seen.kind != "hub"]
    assert MARK not in _variables(caught.value)
    assert "_perform" not in _places(caught.value)


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="there is no such signal")
@pytest.mark.parametrize("kind", KINDS)
def test_signal_during_a_transfer_leaves_no_secret(
    stalled: Store, kind: str, tmp_path: Path
) -> None:
    stalled.multipart = kind != "form"
    main = threading.main_thread().ident or 0

    def plan(seen: StoreRequest) -> Act | None:
        if seen.kind == "hub":
            return None
        if seen.number == 0:
            threading.Timer(0.4, signal.pthread_kill, (main, signal.SIGUSR1)).start()
        return Act(stall=10_000)

    def stop(*_: object) -> None:
        raise Stopped

    stalled.plan = plan
    before = signal.signal(signal.SIGUSR1, stop)
    try:
        with BitfountSession(KEYS) as session, pytest.raises(Stopped) as caught:
            _transfer(BitfountHub(session, stalled.url), kind, tmp_path)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert MARK not in _variables(caught.value)
    assert "_perform" not in _places(caught.value)


# --- Text that cannot be encoded -----------------------------------------------------------------

PEM = keys.serialize_private_key(private_key())
UNENCODABLE = f"{MARK}\ud800"
ENCODINGS: dict[str, Callable[[], object]] = {
    "load_private_key": lambda: keys.load_private_key(PEM, UNENCODABLE),
    "serialize_private_key": lambda: keys.serialize_private_key(private_key(), "PEM", UNENCODABLE),
    "save_private_key": lambda: keys.save_private_key(private_key(), "k", password=UNENCODABLE),
    "parse_public_key": lambda: keys.parse_public_key(UNENCODABLE),
    "key text": lambda: keys.load_private_key(f"-----BEGIN {UNENCODABLE}"),
}


def _held(error: BaseException | None) -> str:
    """Return what an error and those that it is chained to hold and show."""
    held = ""
    while error is not None:
        held += f"{error!r} {error.args} {vars(error)} {getattr(error, 'object', '')!r}"
        error = error.__cause__ or error.__context__
    return held


@pytest.mark.parametrize("name", ENCODINGS)
def test_unencodable_secret_is_not_in_the_error(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="not valid Unicode") as caught:
        ENCODINGS[name]()
    assert type(caught.value) is ValueError
    assert MARK not in _held(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    "arguments",
    [
        {"headers": {"authorization": f"Bearer {MARK}\u00e9"}},
        {"headers": [("x-api-key", f"{MARK}\ud800")]},
        {"headers": {f"{MARK}\u00e9": "a"}},
        {"params": {"token": UNENCODABLE}},
        {"data": {"token": UNENCODABLE}},
        {"json": {"token": UNENCODABLE}},
        {"content": UNENCODABLE},
        {"cookies": {"token": UNENCODABLE}},
    ],
    ids=lambda arguments: next(iter(arguments)),
)
def test_unencodable_argument_is_not_in_the_error(
    arguments: dict[str, Any], asynchronous: bool
) -> None:
    session = BitfountSession(KEYS, transport=httpx.MockTransport(lambda _: httpx.Response(200)))

    def ask() -> object:
        if asynchronous:
            return asyncio.run(session.arequest("POST", "https://a.test", **arguments))
        return session.post("https://a.test", **arguments)

    with pytest.raises((ValueError, RequestException)) as caught:
        ask()
    assert type(caught.value) in (ValueError, RequestException)
    assert MARK not in _held(caught.value)


# --- Arguments and settings that are refused -----------------------------------------------------

_EXPIRES = datetime(2030, 1, 1, tzinfo=UTC)
KEY_VARIABLES = ("BITFOUNT_API_KEY_ID", "BITFOUNT_API_KEY", "BITFOUNT_USERNAME")


def _session_of(*values: str) -> Callable[[], object]:
    def make() -> object:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in zip(KEY_VARIABLES, values, strict=True):
                patch.setenv(name, value)
            return BitfountHub()

    return make


def _damaged_file() -> object:
    Path("key.pem").write_text(PEM.replace("A", MARK), "utf-8")
    return keys.load_private_key("key.pem", f"{MARK}-password")


REFUSED: dict[str, Callable[[], object]] = {
    "half of a key": _session_of("", f"{MARK}-key", "alice"),
    "no user": _session_of(f"{MARK}-id", f"{MARK}-key", ""),
    "odd character": _session_of(f"{MARK}-id", f"{MARK}-k\u00e9", "alice"),
    "APIKeysHandler": lambda: APIKeysHandler(f"{MARK}-id", f"{MARK} key", "alice"),
    "jwt": lambda: ExternallyManagedJWTHandler(f"{MARK} t", _EXPIRES, lambda: ("", _EXPIRES), "a"),
    "proxy": lambda: BitfountSession(KEYS, proxy=f"nonsense://u:{MARK}@proxy.test"),
    "damaged key": lambda: keys.load_private_key(PEM.replace("A", MARK)),
    "damaged file": _damaged_file,
    "wrong password": lambda: keys.load_private_key(PEM, f"{MARK}-password"),
    "OpenSSH key": lambda: keys.load_private_key(
        f"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA{MARK}\n-----END OPENSSH ", MARK
    ),
    "no public key": lambda: keys.load_public_key(f"-----BEGIN PRIVATE KEY----- {MARK}"),
    "no key": lambda: keys.parse_public_key(MARK),
    "form": lambda: keys.serialize_private_key(private_key(), MARK, MARK),  # type: ignore[arg-type]
    "existing": lambda: keys.save_private_key(private_key(), ".", "PEM", f"{MARK}-password"),
    "a bug": lambda: keys.load_private_key(Odd(), f"{MARK}-password"),
}


class Odd:
    """A path whose conversion fails."""

    def __fspath__(self) -> str:
        raise LookupError("a bug")


@pytest.mark.parametrize("name", REFUSED)
def test_refused_secret_is_in_no_variable(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, OSError, AuthenticationError, LookupError)) as caught:
        REFUSED[name]()
    assert MARK not in _variables(caught.value, ())
    assert MARK not in str(caught.value)
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[0] == "test_refused_secret_is_in_no_variable"
    assert ("load_private_key" in names) is (name == "a bug")  # so that it can be found


def test_loaded_keys_leave_the_handled_exception_alone() -> None:
    def fail() -> None:
        raise LookupError("theirs")

    try:
        fail()
    except LookupError as theirs:
        with pytest.raises(ValueError, match="not a public key"):
            keys.parse_public_key("no")
        names = [frame.name for frame in traceback.extract_tb(theirs.__traceback__)]
        assert names[-1] == "fail"
