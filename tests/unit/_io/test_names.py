"""Host names are looked up in threads that can be left behind."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from bitfount_api._io.names import look_up

THREAD = "bitfount-api-name"


def entry(*address: Any) -> tuple[Any, ...]:
    """An entry of the system's answer."""
    family = socket.AF_INET if len(address) == 2 else socket.AF_INET6
    return (family, socket.SOCK_STREAM, 6, "", address)


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Set the outcome of look-ups; return the list of their arguments."""

    def set_outcome(outcome: Any) -> list[Any]:
        asked: list[Any] = []

        def getaddrinfo(*arguments: Any, **more: Any) -> Any:
            asked.append((arguments, more))
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return set_outcome


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == THREAD]


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "192.0.2.7", "::1", "2001:db8::1", "fe80::1%eth0", "::ffff:192.0.2.7"]
)
def test_address_is_not_looked_up(address: str, answer: Any) -> None:
    asked = answer(AssertionError())
    found = look_up(address, 443)
    assert found.done()
    assert found.result() == [address]
    assert asked == []


def test_addresses_keep_the_order_of_the_system(answer: Any) -> None:
    asked = answer(
        [
            entry("2001:db8::1", 443, 0, 0),
            entry("192.0.2.7", 443),
            entry("192.0.2.1", 443),
            entry("192.0.2.7", 443),
        ]
    )
    assert look_up("hub.test", 443).result(30) == ["2001:db8::1", "192.0.2.7", "192.0.2.1"]
    assert asked == [(("hub.test", 443), {"type": socket.SOCK_STREAM})]


def test_link_local_address_keeps_its_interface(answer: Any) -> None:
    answer([entry("fe80::1", 443, 0, 3), entry("fe80::1", 443, 0, 4)])
    assert look_up("hub.test", 443).result(30) == ["fe80::1%3", "fe80::1%4"]


@pytest.mark.parametrize(
    "failure", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")], ids=repr
)
def test_failure_of_the_look_up_is_raised(answer: Any, failure: Exception) -> None:
    answer(failure)
    with pytest.raises(type(failure)) as caught:
        look_up("hub.test", 443).result(30)
    assert caught.value is failure


def test_host_without_an_address_is_an_error(answer: Any) -> None:
    answer([])
    with pytest.raises(OSError, match=r"hub\.test has no address"):
        look_up("hub.test", 443).result(30)


def test_real_name_is_looked_up() -> None:
    assert set(look_up("localhost", 80).result(30)) & {"127.0.0.1", "::1"}


def test_name_that_is_no_name_raises() -> None:
    with pytest.raises((OSError, UnicodeError)):
        look_up("a" * 64 + ".test", 80).result(30)


class SlowLookUp:
    """A look-up that goes on until it is released."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, outcome: Any = None) -> None:
        self._released = threading.Event()
        self._outcome = outcome
        self.failures: list[Any] = []
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)
        monkeypatch.setattr(threading, "excepthook", self.failures.append)
        self.addresses = look_up("hub.test", 443)
        (self.thread,) = threads()

    def _look_up(self, *_: object, **__: object) -> Any:
        self._released.wait(30)
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        return self._outcome

    def release(self) -> None:
        self._released.set()
        self.thread.join(30)


def test_waiting_for_a_look_up_can_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowLookUp(monkeypatch, [entry("192.0.2.7", 443)])
    with pytest.raises(TimeoutError):
        slow.addresses.result(0.01)
    assert slow.thread.daemon  # it does not keep the process alive
    slow.release()
    assert slow.addresses.result(0) == ["192.0.2.7"]
    assert threads() == []


@pytest.mark.parametrize(
    "outcome", [[entry("192.0.2.7", 443)], OSError("unknown")], ids=["found", "failed"]
)
def test_cancelled_look_up_ends_quietly(monkeypatch: pytest.MonkeyPatch, outcome: Any) -> None:
    """An event loop cancels the future when a call gives up."""
    slow = SlowLookUp(monkeypatch, outcome)
    slow.addresses.cancel()
    slow.release()
    assert threads() == []
    assert slow.failures == []


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost.", "hub.localhost"])
def test_name_of_this_machine_never_leads_elsewhere(host: str, answer: Any) -> None:
    asked = answer([entry("192.0.2.7", 80)])
    assert look_up(host, 80).result(30) == ["127.0.0.1", "::1"]
    assert [arguments[0] for arguments, _ in asked] == ["localhost"]
    answer(socket.gaierror(socket.EAI_NONAME, "no such name"))
    assert look_up(host, 80).result(30) == ["127.0.0.1", "::1"]
    answer([entry("192.0.2.7", 80), entry("::1", 80, 0, 0)])
    assert look_up(host, 80).result(30) == ["::1"]


@pytest.mark.parametrize("host", ["notlocalhost", "localhost.test", "localhost..test"])
def test_other_name_is_looked_up_by_the_system(host: str, answer: Any) -> None:
    answer([entry("192.0.2.7", 80)])
    assert look_up(host, 80).result(30) == ["192.0.2.7"]
