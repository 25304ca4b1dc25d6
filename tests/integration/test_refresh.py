"""Credentials are renewed once for all threads and event loops, without deadlocks."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from support.oauth import CODE, grant, id_token
from support.raw_server import Act, RawServer

from bitfount_api import (
    AuthenticationError,
    AuthenticationHandler,
    BitfountSession,
    DeviceCodeFlowHandler,
    ExternallyManagedJWTHandler,
    RetryPolicy,
)
from bitfount_api._core.effects import run_in_thread
from bitfount_api.auth import _event_loops
from bitfount_api.auth._refresh import CredentialRefresher
from bitfount_api.auth.token_store import Token

HUB = "https://hub.bitfount.com/api"
twins = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


def ask(session: BitfountSession, *, asynchronous: bool) -> httpx.Response:
    return asyncio.run(session.arequest("GET", HUB)) if asynchronous else session.get(HUB)


class Services:
    """The authorization server and the Hub. Refresh tokens rotate; access tokens can be revoked."""

    def __init__(self, *, slow: float = 0.05) -> None:
        self.refreshes: list[str] = []
        self.logins = 0
        self.live = 1
        self.slow = slow
        self.served: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "hub.bitfount.com":
            token = request.headers["authorization"].removeprefix("Bearer SECRET-access-")
            self.served.append(token)
            return httpx.Response(200 if token == str(self.live) else 401)
        if request.url.path == "/oauth/device/code":
            self.logins += 1
            return httpx.Response(200, json={**CODE, "interval": 0.05})
        form = dict(pair.split("=") for pair in request.read().decode().split("&"))
        time.sleep(self.slow)
        if form["grant_type"] == "refresh_token":
            self.refreshes.append(form["refresh_token"])
            if form["refresh_token"] != f"SECRET-refresh-{self.live}":
                return httpx.Response(403, json={"error": "invalid_grant"})
            self.live += 1
        return httpx.Response(200, json=grant(self.live).json())


def handler(storage: Path, left: float | None, **more: Any) -> DeviceCodeFlowHandler:
    """Return a handler with a token that expires in ``left`` seconds; None for no token."""
    made = DeviceCodeFlowHandler(
        "auth.test", storage_path=storage, prompt=lambda _: None, retry=RetryPolicy(0), **more
    )
    if left is not None:
        expires_at = time.time() + left
        made._file.write(Token("SECRET-access-1", id_token(), expires_at, "SECRET-refresh-1"))
    return made


def everybody(session: BitfountSession, threads: int, tasks: int) -> list[int]:
    """Send requests from threads, and from tasks in two event loops, all at once."""
    statuses: list[int] = []
    start = threading.Barrier(threads + 2)

    def one() -> None:
        start.wait(10)
        statuses.append(session.get(HUB).status_code)

    async def many() -> None:
        start.wait(10)
        answers = await asyncio.gather(*(session.arequest("GET", HUB) for _ in range(tasks // 2)))
        statuses.extend(answer.status_code for answer in answers)
        await session.aclose_loop()

    workers = [threading.Thread(target=one) for _ in range(threads)]
    workers += [threading.Thread(target=lambda: asyncio.run(many())) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    return statuses


@pytest.mark.parametrize(
    ("left", "refreshes", "logins"),
    [(-60, ["SECRET-refresh-1"], 0), (3600, [], 0), (None, [], 1)],
    ids=["expired", "good", "none"],
)
def test_twenty_threads_and_fifty_tasks_renew_once(
    tmp_path: Path, left: float | None, refreshes: list[str], logins: int
) -> None:
    services = Services()
    session = BitfountSession(handler(tmp_path, left), transport=httpx.MockTransport(services))
    assert everybody(session, 20, 50) == [200] * 70
    assert services.refreshes == refreshes
    assert services.logins == logins
    assert len(services.served) == 70


def test_token_rejected_for_all_callers_is_renewed_once(tmp_path: Path) -> None:
    services = Services()
    made = handler(tmp_path, 3600)
    session = BitfountSession(made, transport=httpx.MockTransport(services))
    session.authenticate()
    revoked = "SECRET-access-0"
    held = made._current
    assert held is not None
    made._current = attrs.evolve(held, token=attrs.evolve(held.token, access_token=revoked))
    made._file.write(made._current.token)
    assert everybody(session, 20, 50) == [200] * 70
    assert services.refreshes == ["SECRET-refresh-1"]
    assert 70 <= len(services.served) <= 140


def test_failed_renewal_is_shared_and_then_tried_again(tmp_path: Path) -> None:
    tried = []

    def get_token() -> Any:
        tried.append(1)
        time.sleep(0.05)
        raise OSError("away")

    session = BitfountSession(
        ExternallyManagedJWTHandler(None, None, get_token, "alice"),
        transport=httpx.MockTransport(lambda _: httpx.Response(200)),
    )
    failures = []
    start = threading.Barrier(10)

    def one() -> None:
        start.wait(10)
        try:
            session.get(HUB)
        except AuthenticationError as error:
            failures.append(error)

    workers = [threading.Thread(target=one) for _ in range(10)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(failures) == 10
    assert len(tried) < 10  # callers that came during an attempt did not make their own
    before = len(tried)
    with pytest.raises(AuthenticationError):
        session.get(HUB)
    assert len(tried) == before + 1


class CountingHandler(AuthenticationHandler):
    """A handler whose credentials hold the number of their renewals."""

    username = "alice"
    authenticated = True
    renewals = 0

    def authenticate(self) -> None:
        self.renewals += 1

    @property
    def hub_request_headers(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self.renewals}"}

    am_request_headers = hub_request_headers


@twins
def test_credentials_refused_to_two_callers_are_renewed_once(asynchronous: bool) -> None:
    """The second caller learns of the refusal after the first has renewed the credentials."""
    counting = CountingHandler()
    refresher = BitfountSession(counting)._refresher
    refused = {"authorization": "Bearer 0"}

    async def headers() -> Mapping[str, str]:
        return await refresher.aheaders("hub", refused)

    for _ in range(2):
        current = asyncio.run(headers()) if asynchronous else refresher.headers("hub", refused)
        assert current == {"authorization": "Bearer 1"}
    assert counting.renewals == 1


# --- Event loops ---------------------------------------------------------------------------------


async def test_login_does_not_block_the_event_loop(tmp_path: Path) -> None:
    services = Services(slow=0.1)
    session = BitfountSession(handler(tmp_path, None), transport=httpx.MockTransport(services))
    task = asyncio.create_task(session.arequest("GET", HUB))
    ticks = 0
    while not task.done():
        await asyncio.sleep(0.005)
        ticks += 1
    assert (await task).status_code == 200
    assert ticks > 3
    await session.aclose()


async def test_renewal_continues_when_its_caller_is_cancelled(tmp_path: Path) -> None:
    services = Services(slow=0.1)
    session = BitfountSession(handler(tmp_path, -60), transport=httpx.MockTransport(services))
    first = asyncio.create_task(session.arequest("GET", HUB))
    await asyncio.sleep(0.02)
    second = asyncio.create_task(session.arequest("GET", HUB))
    await asyncio.sleep(0.02)
    first.cancel()
    assert (await second).status_code == 200
    assert first.cancelled()
    assert len(services.refreshes) == 1
    await session.aclose()


class AsyncOnly(httpx.AsyncBaseTransport):
    def __init__(self, services: Services) -> None:
        self.services = services
        self.loops: set[Any] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.loops.add(asyncio.get_running_loop())
        await asyncio.sleep(0)
        return self.services(request)


async def test_async_transport_is_used_for_the_login(tmp_path: Path) -> None:
    services = Services(slow=0)
    transport = AsyncOnly(services)
    session = BitfountSession(handler(tmp_path, -60), transport=transport)
    answers = await asyncio.gather(*(session.arequest("GET", HUB) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [200] * 5
    assert services.refreshes == ["SECRET-refresh-1"]
    assert transport.loops == {asyncio.get_running_loop()}
    await session.aclose()


def test_async_transport_with_a_sync_login_raises(tmp_path: Path) -> None:
    session = BitfountSession(handler(tmp_path, -60), transport=AsyncOnly(Services()))
    with pytest.raises(AuthenticationError, match="cannot make sync calls"):
        session.authenticate()


async def test_a_sync_call_does_not_block_the_loop_that_it_waits_for() -> None:
    async def get_token() -> Any:
        await asyncio.sleep(30)

    session = BitfountSession(ExternallyManagedJWTHandler(None, None, get_token, "alice"))
    task = asyncio.create_task(session.aauthenticate())
    await asyncio.sleep(0.02)
    with pytest.raises(AuthenticationError, match="use the async client"):
        session.get(HUB)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# --- Handlers that make calls --------------------------------------------------------------------


class CallingBack(AuthenticationHandler):
    """A handler that calls a function when it authenticates."""

    username = "alice"
    authenticated = False
    hub_request_headers: Mapping[str, str] = {"authorization": "own"}
    am_request_headers: Mapping[str, str] = {"authorization": "own"}

    def __init__(self, doing: Callable[[], Any]) -> None:
        self.doing = doing

    def authenticate(self) -> None:
        self.doing()


@twins
@pytest.mark.parametrize("way", ["sync", "async", "coroutine"])
def test_authentication_that_needs_itself_raises(
    asynchronous: bool, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_event_loops, "_LOOP_CHECK_SECONDS", 0.05)
    doing: dict[str, Callable[[], Any]] = {
        "sync": lambda: session.get(HUB),
        "async": lambda: asyncio.run(session.arequest("GET", HUB)),
        "coroutine": lambda: session.arequest("GET", HUB),
    }
    made: AuthenticationHandler = CallingBack(doing[way])
    if way == "coroutine":
        made = ExternallyManagedJWTHandler(None, None, doing[way], "alice")
    session = BitfountSession(made, transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    with pytest.raises(AuthenticationError, match="itself needs authentication"):
        ask(session, asynchronous=asynchronous)


async def test_authentication_that_needs_itself_raises_in_a_loop() -> None:
    made = ExternallyManagedJWTHandler(
        None, None, lambda: session.arequest("GET", HUB), "alice"  # type: ignore[arg-type, return-value]
    )  # fmt: skip
    session = BitfountSession(made, transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    with pytest.raises(AuthenticationError, match="itself needs authentication"):
        session.get(HUB)


@twins
def test_authentication_may_call_other_services(asynchronous: bool) -> None:
    made = CallingBack(lambda: session.get("https://other.test/"))
    session = BitfountSession(made, transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    assert ask(session, asynchronous=asynchronous).status_code == 200


@twins
def test_handler_failure_shows_its_type_but_not_its_text(asynchronous: bool) -> None:
    cause = LookupError("SECRET")

    def fail() -> None:
        raise cause

    session = BitfountSession(CallingBack(fail))
    with pytest.raises(AuthenticationError, match=r"^authentication failed with a Look") as e:
        ask(session, asynchronous=asynchronous)
    assert e.value.__cause__ is cause


def test_interrupt_is_raised_once_and_fails_other_waiters() -> None:
    waiting = threading.Event()
    failures: list[str] = []

    def interrupted() -> None:
        threading.Thread(target=other).start()
        waiting.wait(10)
        time.sleep(0.05)
        raise KeyboardInterrupt

    def other() -> None:
        waiting.set()
        try:
            session.authenticate()
        except AuthenticationError as error:
            failures.append(str(error))

    session = BitfountSession(CallingBack(interrupted))
    with pytest.raises(KeyboardInterrupt):
        session.authenticate()
    while not failures:
        time.sleep(0.01)
    assert failures == ["authentication was interrupted"]
    session._refresher._handler = CallingBack(lambda: None)
    session.authenticate()  # the refresher can be used again


async def test_interrupt_in_the_thread_of_a_loop_raises() -> None:
    def interrupted() -> None:
        raise SystemExit

    with pytest.raises(AuthenticationError, match="interrupted"):
        await BitfountSession(CallingBack(interrupted)).aauthenticate()


class Stuck(AuthenticationHandler):
    """A handler whose authentication works, and counts."""

    username = "alice"
    authenticated = False
    hub_request_headers: Mapping[str, str] = {"authorization": "Bearer x"}
    am_request_headers = hub_request_headers

    def authenticate(self) -> None:
        self.authenticated = True


def test_refresh_of_an_owner_that_is_gone_blocks_nobody() -> None:
    """An interruption may arrive before the owner can say that it was interrupted."""
    refresher = CredentialRefresher(Stuck(), BitfountSession(Stuck())._connections)
    begun = refresher._begin("hub", None, 0, None)
    assert begun is not None
    refresh, owner = begun
    waiter = threading.Thread(target=lambda: outcomes.append(wait()), daemon=True)

    def wait() -> str:
        try:
            refresh.wait(None)
        except AuthenticationError as error:
            return str(error)
        return "no error"

    outcomes: list[str] = []
    waiter.start()
    del owner, begun
    waiter.join(30)
    assert outcomes == ["authentication was interrupted; try again"]
    assert refresher.headers("hub", None, 10) == {"authorization": "Bearer x"}


@twins
def test_refresh_that_cannot_start_raises_and_is_tried_again(
    asynchronous: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = BitfountSession(
        Stuck(), transport=httpx.MockTransport(lambda _: httpx.Response(200)), deadline=30
    )

    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        with pytest.raises(AuthenticationError, match="could not be started"):
            ask(session, asynchronous=asynchronous)
    assert ask(session, asynchronous=asynchronous).status_code == 200


@twins
def test_refused_caller_does_not_join_a_refresh_in_vain(asynchronous: bool) -> None:
    """A renewal for a caller who was not refused may keep a token that is still valid."""
    begun, joined = threading.Event(), threading.Event()

    class Renewing(AuthenticationHandler):
        """Keeps its token if it was not refused, which takes until another caller has joined."""

        username = "alice"
        authenticated = False
        renewable = True
        number = 1

        def authenticate(self) -> None:
            raise AssertionError

        def authentication(self, *, refused: bool, loop: Any) -> Any:
            if refused:
                self.number += 1
            else:
                begun.set()
                assert joined.wait(10)
            self.authenticated = True
            yield from run_in_thread(int)

        @property
        def hub_request_headers(self) -> Mapping[str, str]:
            return {"authorization": f"Bearer {self.number}"}

        am_request_headers = hub_request_headers

    class Refresher(CredentialRefresher):
        def _begin(self, *arguments: Any) -> Any:
            found = super()._begin(*arguments)
            if found is not None and found[1] is None:
                joined.set()
            return found

    handler = Renewing()
    refresher = Refresher(handler, BitfountSession(handler)._connections)
    refused = {"authorization": "Bearer 1"}
    first = threading.Thread(target=refresher.headers, args=("hub", None))
    first.start()
    assert begun.wait(10)
    if asynchronous:
        headers = asyncio.run(refresher.aheaders("hub", refused))
    else:
        headers = refresher.headers("hub", refused)
    first.join()
    assert headers == {"authorization": "Bearer 2"}


BODY = b"{" + b" " * 99
HEAD = "HTTP/1.1 {} OK\r\ncontent-type: {}\r\ncontent-length: 500\r\n\r\n"


@twins
@pytest.mark.parametrize(
    ("status", "kind", "spent"),
    [
        (200, "application/json", True),
        (201, "application/json", True),
        (200, "text/plain", True),
        (200, "text/html; charset=utf-8", False),
        (503, "application/json", False),
    ],
)
@pytest.mark.parametrize("end", ["close", "reset"])
def test_refresh_token_is_spent_if_the_answer_breaks(
    tmp_path: Path, asynchronous: bool, status: int, kind: str, spent: bool, end: Any
) -> None:
    """A second use would revoke all tokens."""
    broken = Act(HEAD.format(status, kind).encode() + BODY, end=end)
    with RawServer(plan=lambda method, path: broken) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        made = DeviceCodeFlowHandler(
            url, "client", storage_path=tmp_path, prompt=lambda _: None, retry=RetryPolicy(0)
        )
        made._file.write(Token("SECRET-access-1", id_token(), time.time() - 1, "SECRET-refresh-1"))
        session = BitfountSession(made)
        with pytest.raises(AuthenticationError) as caught:
            ask(session, asynchronous=asynchronous)
        assert "SECRET" not in str(caught.value)
        assert (made._file.read() is None) is spent
        with pytest.raises(AuthenticationError):
            ask(session, asynchronous=asynchronous)
    later = "/oauth/device/code" if spent else "/oauth/token"
    assert [path for _, path in server.seen] == ["/oauth/token", later]
