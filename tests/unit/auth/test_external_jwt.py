"""External tokens: fetched when needed, in the right loop, and never shown."""

from __future__ import annotations

import asyncio
import copy
import pickle
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from support.clocks import replace_monotonic

from bitfount_api import (
    APIKeysHandler,
    AsyncBitfountHub,
    AuthenticationError,
    AuthenticationHandler,
    BitfountHub,
    BitfountSession,
    ExternallyManagedJWTHandler,
)
from bitfount_api._core.effects import Flow, get_credentials
from bitfount_api._io.driver import Timing
from bitfount_api.auth import _event_loops
from bitfount_api.auth.anonymous import AnonymousHandler

HUB = "https://hub.bitfount.com/api/projects"
SECRET = "eyJ-MARKED-SECRET"
NAIVE = datetime(2999, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def later(**delta: float) -> datetime:
    return datetime.now(UTC) + timedelta(**delta)


def never() -> Any:
    raise AssertionError("get_token was called")


class Tokens:
    """A get_token that counts its calls."""

    def __init__(self, **life: float) -> None:
        self.given = 0
        self.life = life or {"hours": 1}

    def __call__(self) -> tuple[str, datetime]:
        self.given += 1
        return f"{SECRET}-{self.given}", later(**self.life)

    async def later(self) -> tuple[str, datetime]:
        await asyncio.sleep(0)
        return self()


def session(handler: AuthenticationHandler, accepted: str | None = None) -> BitfountSession:
    """A session with a Hub that returns the token it received, and may accept only one token."""

    def answer(request: httpx.Request) -> httpx.Response:
        token = request.headers["authorization"]
        if accepted is not None and token != f"Bearer {accepted}":
            return httpx.Response(401)
        return httpx.Response(200, text=token)

    return BitfountSession(handler, transport=httpx.MockTransport(answer))


def ask(made: BitfountSession, *, asynchronous: bool) -> httpx.Response:
    return asyncio.run(made.arequest("GET", HUB)) if asynchronous else made.get(HUB)


twins = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


@twins
def test_given_token_is_used_until_a_minute_before_expiry(asynchronous: bool) -> None:
    handler = ExternallyManagedJWTHandler(SECRET, later(seconds=90), never, "alice")
    assert handler.authenticated
    assert handler.username == "alice"
    assert ask(session(handler), asynchronous=asynchronous).text == f"Bearer {SECRET}"
    assert handler.am_request_headers == {"authorization": f"Bearer {SECRET}"}


@twins
@pytest.mark.parametrize(
    ("jwt", "expires"),
    [
        (None, None),
        ("old", None),
        (None, later(hours=1)),
        ("old", later(seconds=55)),
        ("old", datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))),
    ],
)
def test_get_token_is_called_without_a_valid_token(
    jwt: str | None, expires: datetime | None, asynchronous: bool
) -> None:
    tokens = Tokens()
    handler = ExternallyManagedJWTHandler(jwt, expires, tokens, "alice")
    assert not handler.authenticated
    assert tokens.given == 0
    made = session(handler)
    assert [ask(made, asynchronous=asynchronous).text for _ in range(2)] == [
        f"Bearer {SECRET}-1"
    ] * 2
    assert tokens.given == 1


def test_token_with_the_maximum_expiry_does_not_expire() -> None:
    expires = datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))
    assert ExternallyManagedJWTHandler("t", expires, never, "alice").authenticated


class HandClock:
    """The time for a handler and the drivers, which stands still."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 0.0
        start, now = time.monotonic(), datetime.now(UTC)
        monkeypatch.setattr(
            "bitfount_api.auth.external_jwt._now", lambda: now + timedelta(seconds=self.seconds)
        )
        replace_monotonic(monkeypatch, "bitfount_api._io.driver", lambda: start + self.seconds)
        self.now = now

    def token(self, number: int, life: float) -> tuple[str, datetime]:
        return f"{SECRET}-{number}", self.now + timedelta(seconds=self.seconds + life)


@twins
@pytest.mark.parametrize(
    ("life", "used"), [(3600, 3540), (120, 60), (60, 30), (30, 15), (0.1, 0.05)]
)
def test_token_is_used_for_at_least_half_its_life(
    asynchronous: bool, life: float, used: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = HandClock(monkeypatch)
    numbers = iter(range(1, 9))
    made = session(
        ExternallyManagedJWTHandler(None, None, lambda: clock.token(next(numbers), life), "alice")
    )
    seen = []
    for moment in (0, 0.99 * used, 1.01 * used, 1.99 * used, 2.03 * used):
        clock.seconds = moment
        seen.append(ask(made, asynchronous=asynchronous).text[-1])
    assert seen == ["1", "1", "2", "2", "3"]


@twins
@pytest.mark.parametrize("life", [60, 30, 5])
def test_long_call_sends_no_expired_token(
    asynchronous: bool, life: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = HandClock(monkeypatch)
    expiries: list[datetime] = []

    def get_token() -> tuple[str, datetime]:
        expiries.append(clock.token(0, life)[1])
        return f"{SECRET}-{len(expiries)}", expiries[-1]

    def flow() -> Flow[None]:
        for _ in range(40):
            headers = yield from get_credentials("hub")
            expiry = expiries[int(headers["authorization"].rpartition("-")[2]) - 1]
            assert expiry > clock.now + timedelta(seconds=clock.seconds)
            clock.seconds += 2.9

    made = session(ExternallyManagedJWTHandler(None, None, get_token, "alice"))
    if asynchronous:
        asyncio.run(made._run_async(flow(), Timing(None, None)))
    else:
        made._run(flow(), Timing(None, None))
    assert len(expiries) > 2


class CountsAsExpired(ExternallyManagedJWTHandler):
    """A handler of a user that always counts its token as expired."""

    authenticated = False


@twins
@pytest.mark.parametrize("life", [60, 30, 1])
def test_get_token_is_called_once_per_call(asynchronous: bool, life: int) -> None:
    tokens = Tokens(seconds=life)
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["authorization"])
        return httpx.Response(200, json={"id": 1, "public_key": "x", "active": False})

    made = BitfountSession(
        CountsAsExpired(None, None, tokens, "alice"), transport=httpx.MockTransport(answer)
    )

    async def main() -> None:
        for _ in range(5):
            await AsyncBitfountHub(made).check_public_key_registered_and_active("1")

    if asynchronous:
        asyncio.run(main())
    else:
        for _ in range(5):
            BitfountHub(made).check_public_key_registered_and_active("1")
    assert sent == [f"Bearer {SECRET}-{number}" for number in range(1, 6)]
    assert tokens.given == 5


def test_threads_share_a_short_lived_token() -> None:
    tokens = Tokens(seconds=30)
    barrier, local = threading.Barrier(8), threading.local()

    class Handler(ExternallyManagedJWTHandler):
        """All threads have found no valid token before the first of them fetches one."""

        @property
        def authenticated(self) -> bool:
            found = super().authenticated
            if not getattr(local, "waited", False):
                local.waited = True
                barrier.wait(10)
            return found

    made = session(Handler(None, None, tokens, "alice"))
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(made.get, HUB) for _ in range(8)]
    assert {run.result().text for run in answers} == {f"Bearer {SECRET}-1"}
    assert tokens.given == 1


async def test_tasks_share_a_short_lived_token() -> None:
    tokens = Tokens(seconds=30)
    started: list[int] = []

    async def get_token() -> tuple[str, datetime]:
        while len(started) < 8:
            await asyncio.sleep(0)
        return tokens()

    made = session(ExternallyManagedJWTHandler(None, None, get_token, "alice"))

    async def ask(number: int) -> str:
        started.append(number)
        return (await made.arequest("GET", HUB)).text

    answers = await asyncio.gather(*map(ask, range(8)))
    assert answers == [f"Bearer {SECRET}-1"] * 8
    assert tokens.given == 1


def test_token_is_fetched_again_in_a_long_call(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens, now = Tokens(seconds=30), [100.0]
    replace_monotonic(monkeypatch, "bitfount_api._io.driver", lambda: now[0])
    made = session(CountsAsExpired(None, None, tokens, "alice"))

    def flow() -> Flow[list[Any]]:
        found = []
        for pause in (0, 29, 2):
            now[0] += pause
            found.append((yield from get_credentials("hub"))["authorization"][-1])
        return found

    assert made._run(flow(), Timing(None, None)) == ["1", "1", "2"]


@twins
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_rejected_token_is_replaced_once(asynchronous: bool, kind: str) -> None:
    tokens = Tokens()
    get_token: Any = tokens if kind == "sync" else tokens.later
    handler = ExternallyManagedJWTHandler("old", later(hours=1), get_token, "alice")
    response = ask(session(handler, accepted=f"{SECRET}-1"), asynchronous=asynchronous)
    assert response.status_code == 200
    assert tokens.given == 1
    refusing = session(handler, accepted="other")
    assert ask(refusing, asynchronous=asynchronous).status_code == 401
    assert tokens.given == 2


@twins
def test_unchanged_rejected_token_is_not_sent_again(asynchronous: bool) -> None:
    expires = later(hours=1)
    requests = []

    def refuse(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(401)

    handler = ExternallyManagedJWTHandler("old", expires, lambda: ("old", expires), "alice")
    made = BitfountSession(handler, transport=httpx.MockTransport(refuse))
    assert ask(made, asynchronous=asynchronous).status_code == 401
    assert len(requests) == 1


def test_authenticate_fetches_a_fresh_token() -> None:
    tokens = Tokens()
    handler = ExternallyManagedJWTHandler("old", later(hours=1), tokens.later, "alice")
    handler.authenticate()
    assert handler.hub_request_headers == {"authorization": f"Bearer {SECRET}-1"}


# --- Where an async get_token runs ---------------------------------------------------------------


async def test_async_get_token_runs_in_the_loop_of_the_call() -> None:
    seen = []

    async def get_token() -> tuple[str, datetime]:
        seen.append((asyncio.get_running_loop(), threading.current_thread()))
        await asyncio.sleep(0.001)
        return "t", later(hours=1)

    made = session(ExternallyManagedJWTHandler(None, None, get_token, "alice"))
    assert (await made.arequest("GET", HUB)).text == "Bearer t"
    assert seen == [(asyncio.get_running_loop(), threading.current_thread())]


async def test_a_sync_get_token_does_not_block_the_loop() -> None:
    released = threading.Event()

    def get_token() -> tuple[str, datetime]:
        assert released.wait(10)
        return "t", later(hours=1)

    made = session(ExternallyManagedJWTHandler(None, None, get_token, "alice"))
    task = asyncio.create_task(made.arequest("GET", HUB))
    await asyncio.sleep(0.01)
    released.set()  # reached only if the loop was not blocked
    assert (await task).text == "Bearer t"


async def test_async_get_token_serves_sync_code_in_a_loop() -> None:
    made = session(ExternallyManagedJWTHandler(None, None, Tokens().later, "alice"))
    assert made.get(HUB).text == f"Bearer {SECRET}-1"


async def test_failure_in_a_loop_is_raised_in_sync_code() -> None:
    async def get_token() -> Any:
        raise OSError(SECRET)

    made = session(ExternallyManagedJWTHandler(None, None, get_token, "alice"))
    with pytest.raises(AuthenticationError, match="failed with a OSError"):
        made.get(HUB)


def test_closed_loop_raises() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    handler = ExternallyManagedJWTHandler(None, None, Tokens().later, "alice")
    flow = handler.authentication(refused=False, loop=loop)
    with pytest.raises(AuthenticationError, match="failed with a RuntimeError"):
        next(flow).run()  # type: ignore[union-attr]


def test_loop_closed_during_the_call_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_event_loops, "_LOOP_CHECK_SECONDS", 0.01)
    loop = asyncio.new_event_loop()
    began = threading.Event()

    async def get_token() -> Any:
        began.set()
        await asyncio.sleep(60)

    handler = ExternallyManagedJWTHandler(None, None, get_token, "alice")
    flow = handler.authentication(refused=False, loop=loop)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            next(flow).run()  # type: ignore[union-attr]
        except AuthenticationError as error:
            failures.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    loop.run_until_complete(asyncio.to_thread(began.wait, 10))
    worker.join(10)
    assert "event loop ended" in str(failures[0])
    loop.run_until_complete(asyncio.sleep(0.01))  # so that the cancelled task can finish
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


@twins
@pytest.mark.parametrize("kind", [TimeoutError, asyncio.CancelledError])
def test_cancelled_get_token_raises(kind: type[BaseException], asynchronous: bool) -> None:
    async def get_token() -> Any:
        raise kind

    made = session(ExternallyManagedJWTHandler(None, None, get_token, "alice"))
    with pytest.raises(AuthenticationError, match="get_token failed"):
        ask(made, asynchronous=asynchronous)


# --- Invalid tokens ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((SECRET, NAIVE, never, "alice"), "no time zone"),
        ((SECRET, "2999-01-01", never, "alice"), "must be a datetime, not str"),
        (("", later(hours=1), never, "alice"), "must not be empty"),
        ((f"{SECRET}\n", later(hours=1), never, "alice"), "not allowed in a header"),
        ((f"{SECRET}é", later(hours=1), never, "alice"), "not allowed in a header"),
        ((SECRET * 9999, later(hours=1), never, "alice"), "longer than"),
        ((SECRET.encode(), later(hours=1), never, "alice"), "must be a str, not bytes"),
        ((None, None, None, "alice"), "get_token must be a function"),
        ((None, None, never, ""), "username must not be empty"),
        ((None, None, never, None), "username must be a str"),
    ],
)
def test_invalid_arguments_are_rejected(arguments: Any, words: str) -> None:
    with pytest.raises(AuthenticationError, match=words) as caught:
        ExternallyManagedJWTHandler(*arguments)
    assert "SECRET" not in str(caught.value)


@twins
@pytest.mark.parametrize("awaited", [False, True], ids=["plain", "awaited"])
@pytest.mark.parametrize(
    ("result", "words"),
    [
        (None, r"not a pair"),
        (SECRET, r"not a pair"),
        ((SECRET,), r"not a pair"),
        ((SECRET, NAIVE), "no time zone"),
        ((SECRET, 4102444800), "must be a datetime, not int"),
        ((None, later(hours=1)), "must be a str"),
        ((f"{SECRET} {SECRET}", later(hours=1)), "not allowed in a header"),
        ((SECRET, later(seconds=-1)), "already expired, at"),
    ],
)
def test_invalid_token_of_get_token_is_not_quoted(
    result: Any, words: str, awaited: bool, asynchronous: bool
) -> None:
    async def given() -> Any:
        return result

    get_token: Callable[[], Any] = given if awaited else lambda: result
    handler = ExternallyManagedJWTHandler("old", later(seconds=10), get_token, "alice")
    with pytest.raises(AuthenticationError, match=words) as caught:
        ask(session(handler), asynchronous=asynchronous)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert handler.hub_request_headers == {"authorization": "Bearer old"}


@twins
def test_exception_of_get_token_is_the_cause_only(asynchronous: bool) -> None:
    cause = RuntimeError(f"cannot renew {SECRET}")

    def get_token() -> Any:
        raise cause

    made = session(ExternallyManagedJWTHandler(None, None, get_token, "alice"))
    with pytest.raises(AuthenticationError) as caught:
        ask(made, asynchronous=asynchronous)
    assert str(caught.value) == "get_token failed with a RuntimeError"
    assert caught.value.__cause__ is cause


def test_authentication_error_of_get_token_is_kept() -> None:
    error = AuthenticationError("log in at the gateway first")

    def get_token() -> Any:
        raise error

    with pytest.raises(AuthenticationError) as caught:
        ExternallyManagedJWTHandler(None, None, get_token, "alice").authenticate()
    assert caught.value is error


def test_headers_without_a_token_raise() -> None:
    with pytest.raises(AuthenticationError, match=r"authenticate\(\) first"):
        ExternallyManagedJWTHandler(None, None, never, "alice").am_request_headers  # noqa: B018


HANDLERS = [
    ExternallyManagedJWTHandler(SECRET, later(hours=1), never, "alice"),
    APIKeysHandler(f"{SECRET}-id", f"{SECRET}:{SECRET}", "alice"),
    AnonymousHandler(),
]


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: type(handler).__name__)
def test_handler_reprs_have_no_secrets(handler: AuthenticationHandler) -> None:
    assert SECRET not in repr(handler)
    assert SECRET not in repr(BitfountSession(handler))
    assert SECRET not in str(vars(handler) if hasattr(handler, "__dict__") else "")
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            way(handler)


@twins
def test_each_request_gets_the_current_headers(asynchronous: bool) -> None:
    """Such as those of a handler whose headers are used once."""

    class Numbered(AuthenticationHandler):
        username = "alice"
        authenticated = True
        given = 0

        def authenticate(self) -> None: ...

        @property
        def hub_request_headers(self) -> Mapping[str, str]:
            self.given += 1
            return {"authorization": f"Bearer {self.given}"}

        am_request_headers = hub_request_headers

    def flow() -> Flow[list[Any]]:
        first = yield from get_credentials("hub")
        second = yield from get_credentials("hub")
        return [first["authorization"], second["authorization"]]

    made = session(Numbered())
    if asynchronous:
        first, second = asyncio.run(made._run_async(flow(), Timing(None, None)))
    else:
        first, second = made._run(flow(), Timing(None, None))
    assert first != second
