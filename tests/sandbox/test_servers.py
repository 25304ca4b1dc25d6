"""The sandbox's ports and its thread, and errors for missing dependencies."""

from __future__ import annotations

import errno
import socket
import subprocess
import sys
import threading
from typing import Any

import httpx
import pytest

from bitfount_api.sandbox import servers as module
from bitfount_api.sandbox.faults import TRANSPORT
from bitfount_api.sandbox.servers import PortTakenError, Servers, listen, listen_everywhere


class Looking:
    """An application that inspects its connections."""

    def __init__(self) -> None:
        self.seen: list[socket.socket] = []
        self.undelayed: list[int] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        connection = scope[TRANSPORT].get_extra_info("socket")
        self.undelayed.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


def test_answers_are_sent_at_once() -> None:
    app = Looking()
    before = set(threading.enumerate())
    with listen("127.0.0.1", 0, "a test") as listener:
        servers = Servers([(app, [listener])])
        servers.start()
        answer = httpx.get(f"http://127.0.0.1:{listener.getsockname()[1]}", trust_env=False)
        servers.stop()
    assert answer.status_code == 204
    # Otherwise each response body waits for the acknowledgement of its headers.
    assert app.undelayed == [1]
    assert set(threading.enumerate()) <= before


def test_forbidden_port_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    class Refusing(socket.socket):
        bind = refuse

    monkeypatch.setattr(socket, "socket", Refusing)
    with pytest.raises(
        PortTakenError, match=r"^port 80 on 127\.0\.0\.1, for hub, is not permitted"
    ):
        listen("127.0.0.1", 80, "hub")


# --- localhost -----------------------------------------------------------------------------------


@pytest.fixture
def ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")


def test_localhost_is_both_loopback_addresses(ipv6: None) -> None:
    first, second = listen_everywhere("localhost", 0, "hub")
    with first, second:
        port = first.getsockname()[1]
        assert first.getsockname() == ("127.0.0.1", port)
        assert second.getsockname()[:2] == ("::1", port)


def test_localhost_taken_on_one_address_is_reported(ipv6: None) -> None:
    first, second = listen_everywhere("localhost", 0, "hub")
    port = first.getsockname()[1]
    first.close()
    with second:
        with pytest.raises(PortTakenError, match=f"^port {port} on ::1, for hub, is in use"):
            listen_everywhere("localhost", port, "hub")
        # The other address is free again.
        listen("127.0.0.1", port, "hub").close()


def test_free_port_is_free_on_both_addresses(monkeypatch: pytest.MonkeyPatch, ipv6: None) -> None:
    tried: list[tuple[str, int]] = []

    def taken_once(host: str, port: int, what: str) -> socket.socket:
        tried.append((host, port))
        if len(tried) == 2:
            raise PortTakenError("taken")
        return listen(host, port, what)

    monkeypatch.setattr(module, "listen", taken_once)
    for listener in listen_everywhere("localhost", 0, "hub"):
        listener.close()
    assert [host for host, _ in tried] == ["127.0.0.1", "::1"] * 2


def test_localhost_without_ipv6_is_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(host: str, port: int, what: str) -> socket.socket:
        if ":" in host:
            raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        return listen(host, port, what)

    monkeypatch.setattr(module, "listen", without)
    (listener,) = listen_everywhere("localhost", 0, "hub")
    with listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_server_start_failure_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    servers = Servers([])
    monkeypatch.setattr(servers, "_thread", threading.Thread(target=str))
    monkeypatch.setattr("bitfount_api.sandbox.servers._START_SECONDS", 0.01)
    with pytest.raises(RuntimeError, match="the sandbox's services did not start"):
        servers.start()


def said_without(module: str, then: str) -> str:
    """Return the last line of the output of a program whose environment lacks a module."""
    program = f"import sys\nsys.modules[{module!r}] = None\n{then}"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 1
    return run.stderr.splitlines()[-1]


@pytest.mark.parametrize("module", ["python_multipart", "starlette", "uvicorn"])
def test_missing_extra_is_reported(module: str) -> None:
    said = said_without(module, "import bitfount_api.sandbox")
    assert said == (
        f"ModuleNotFoundError: the sandbox needs {module}: pip install 'bitfount-api[sandbox]'"
    )


def test_other_import_errors_are_raised_unchanged() -> None:
    said = said_without("msgspec", "import bitfount_api.sandbox")
    assert said == "ModuleNotFoundError: import of msgspec halted; None in sys.modules"
