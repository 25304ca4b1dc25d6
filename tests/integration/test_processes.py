"""Eight processes with one token file, and an authorization server that revokes on reuse."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from support.http_server import Answer, ReceivedRequest, serving
from support.oauth import CODE, id_token

from bitfount_api import AuthenticationError, BitfountSession, DeviceCodeFlowHandler
from bitfount_api.auth.token_store import Token

pytestmark = pytest.mark.slow

PROCESSES = 8
WORKER = """
import sys, time
from pathlib import Path
from bitfount_api import BitfountSession, DeviceCodeFlowHandler

url, storage, number, rounds = sys.argv[1:]
handler = DeviceCodeFlowHandler(url, "client", storage_path=storage, prompt=lambda _: None)
with BitfountSession(handler) as session:
    Path(storage, f"ready-{number}").touch()
    while not Path(storage, "go").exists():
        time.sleep(0.005)
    session.authenticate()
    for _ in range(int(rounds)):
        refused = handler.hub_request_headers
        session._refresher.headers("hub", refused)
    print(session.username)
"""


class OAuth:
    """Grants tokens; a refresh token that is reused revokes all tokens of the same login."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.logins = 0
        self.refreshes = 0
        self.reuses = 0
        self.live: str | None = None
        self.access: str | None = None
        self.slow = 0.02

    def __call__(self, request: ReceivedRequest) -> Answer:
        form = dict(parse_qsl(request.body.decode()))
        with self.lock:
            status, body = self.answer(request.target, form)
        return status, {"content-type": "application/json"}, json.dumps(body).encode()

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        if path == "/oauth/device/code":
            self.logins += 1
            return 200, {**CODE, "device_code": f"device-{self.logins}", "interval": 0.05}
        time.sleep(self.slow)  # longer: more processes want a token at the same time
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] != self.live:
                self.reuses += 1
                self.live = self.access = None
                return 403, {"error": "invalid_grant", "error_description": "reuse detected"}
            self.refreshes += 1
        number = f"{self.logins}.{self.refreshes}"
        self.live, self.access = f"refresh-{number}", f"access-{number}"
        return 200, {
            "access_token": self.access,
            "refresh_token": self.live,
            "id_token": id_token(),
            "expires_in": 86400,
            "token_type": "Bearer",
        }


@pytest.fixture
def oauth() -> OAuth:
    return OAuth()


@pytest.fixture
def url(oauth: OAuth) -> Iterator[str]:
    with serving(oauth) as served:
        yield served


def handler(url: str, storage: Path) -> DeviceCodeFlowHandler:
    return DeviceCodeFlowHandler(url, "client", storage_path=storage, prompt=lambda _: None)


def begin(url: str, storage: Path, number: int, rounds: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, url, str(storage), str(number), str(rounds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def all_at_once(url: str, storage: Path, rounds: int) -> None:
    """Run the processes, which begin together, and check that all of them succeed."""
    workers = [begin(url, storage, number, rounds) for number in range(PROCESSES)]
    try:
        while not all((storage / f"ready-{number}").exists() for number in range(PROCESSES)):
            assert all(worker.poll() is None for worker in workers)
            time.sleep(0.02)
        (storage / "go").touch()
        for worker in workers:
            out, err = worker.communicate(timeout=100)
            assert (worker.returncode, out) == (0, "alice\n"), err
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


@pytest.mark.parametrize(
    ("left", "rounds"),
    [(None, 0), (-60, 0), (-60, 4)],
    ids=["no token", "expired token", "refused tokens"],
)
def test_eight_processes_share_one_file_without_token_reuse(
    oauth: OAuth, url: str, tmp_path: Path, left: float | None, rounds: int
) -> None:
    made = handler(url, tmp_path)
    if left is not None:
        oauth.live = "refresh-0"
        made._file.write(Token("access-0", id_token(), time.time() + left, "refresh-0"))
    all_at_once(url, tmp_path, rounds)
    assert oauth.reuses == 0
    assert oauth.logins == (1 if left is None else 0)
    assert rounds <= oauth.refreshes <= 1 + rounds * PROCESSES
    if not rounds:
        assert oauth.refreshes == (0 if left is None else 1)
    stored = made._file.read()
    assert stored is not None
    assert (stored.refresh_token, stored.access_token) == (oauth.live, oauth.access)
    assert {path.name for path in made._file.path.parent.iterdir()} == {".token", ".token.lock"}
    assert stat.S_IMODE(made._file.path.stat().st_mode) == 0o600


def test_process_killed_during_a_renewal_blocks_no_other(
    oauth: OAuth, url: str, tmp_path: Path
) -> None:
    made = handler(url, tmp_path)
    oauth.live = "refresh-0"
    made._file.write(Token("access-0", id_token(), time.time() - 60, "refresh-0"))
    oauth.lock.acquire()  # so that the process receives no answer
    worker = begin(url, tmp_path, 0, 0)
    (tmp_path / "go").touch()
    try:
        while (lock := made._file.try_lock()) is not None:
            lock.release()
            assert worker.poll() is None
            time.sleep(0.02)
        time.sleep(0.1)
    finally:
        worker.send_signal(signal.SIGKILL) if sys.platform != "win32" else worker.kill()
        worker.communicate()
    oauth.answer = lambda *_: (403, {"error": "invalid_grant"})  # type: ignore[method-assign]
    oauth.lock.release()
    with pytest.raises(AuthenticationError, match="the login could not be started"):
        made.authenticate()
    del oauth.answer
    made.authenticate()
    assert made.authenticated


def test_a_handler_authenticates_without_a_session(oauth: OAuth, url: str, tmp_path: Path) -> None:
    made = handler(url, tmp_path)
    made.authenticate()
    made.authenticate()
    assert made.username == "alice"
    assert (oauth.logins, oauth.refreshes) == (1, 0)
    assert made.hub_request_headers == {"authorization": f"Bearer {oauth.access}"}


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_logs_have_no_secrets(
    oauth: OAuth, url: str, tmp_path: Path, asynchronous: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    for name in ("httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, name)
    session = BitfountSession(handler(url, tmp_path))

    async def main() -> None:
        async with session:
            await session.aauthenticate()
            await session._refresher.aheaders(
                "hub", session.authentication_handler.hub_request_headers
            )

    if asynchronous:
        asyncio.run(main())
    else:
        with session:
            session.authenticate()
            session._refresher.headers("hub", session.authentication_handler.hub_request_headers)
    assert (oauth.logins, oauth.refreshes) == (1, 1)
    assert "/oauth/token" in caplog.text  # httpx logs these calls
    for secret in ("device-1", "access-1", "refresh-1", id_token(), "Bearer"):
        assert secret not in caplog.text
