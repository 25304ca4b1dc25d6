"""The doctor finds problems of the network, and of the clock."""

from __future__ import annotations

import contextlib
import importlib.util
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cli.console import Console
from cli.doctoring import findings, problems
from support.http_server import certificate, serving

from bitfount_api.sandbox.faults import Fault


def test_unknown_host_name_is_reported(console: Console) -> None:
    console.options = [*console.services, "--hub-url", "https://hub.invalid"]
    reported = problems(console)
    assert "the name hub.invalid cannot be resolved" in reported
    assert "HTTPS_PROXY" in reported


def test_authority_is_not_checked_with_api_keys(console: Console) -> None:
    console.options = [*console.services, "--auth-domain", "auth.invalid"]
    (note,) = [found for found in findings(console, code=0) if "auth.invalid" in found["text"]]
    assert (note["level"], note["advice"]) == ("note", None)
    console.be(None)
    assert "the name auth.invalid cannot be resolved" in problems(console)


def test_refused_connection_is_reported(console: Console, free_port: int) -> None:
    console.options = [*console.services, "--access-manager-url", f"http://127.0.0.1:{free_port}"]
    reported = problems(console)
    assert reported.count("\n") == 0
    assert "the access manager" in reported
    assert "bitfount-api sandbox" in reported


def test_unreachable_proxy_is_reported(console: Console, free_port: int) -> None:
    console.environment["NO_PROXY"] = ""
    console.environment["HTTP_PROXY"] = f"http://user:planted@127.0.0.1:{free_port}"
    reported = problems(console)
    assert f"the proxy http://127.0.0.1:{free_port}" in reported
    assert "planted" not in reported


def test_failing_service_is_reported(console: Console) -> None:
    console.sandbox.fail("/api/pairings", Fault(status=503), times=None)
    reported = problems(console)
    assert "SMART on FHIR" in reported
    assert "answers 503" in reported


def test_captive_portal_is_reported(console: Console) -> None:
    portal = Fault(status=302, headers={"location": "http://portal.invalid/"})
    console.sandbox.fail("/api/access-manager-key", portal, times=None)
    assert "answers with a redirect" in problems(console)
    console.sandbox.faults.clear()
    page = Fault(status=200, headers={"content-type": "text/html"}, body=b"<html>")
    console.sandbox.fail("/api/access-manager-key", page, times=None)
    assert "not like the access manager" in problems(console)


def test_proxy_that_requires_a_password_is_reported(console: Console) -> None:
    with serving(lambda _: (407, {}, b"")) as url:
        console.environment |= {"NO_PROXY": "", "HTTP_PROXY": url}
        reported = problems(console)
    assert "requires a username and a password" in reported


def test_proxy_that_requires_a_password_for_tls_is_reported(console: Console) -> None:
    with server(0) as url:
        console.environment |= {"NO_PROXY": "localhost,127.0.0.1", "HTTPS_PROXY": url}
        console.options = [*console.services, "--hub-url", "https://hub.invalid"]
        assert "requires a username and a password" in problems(console)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
def test_invalid_proxy_variable_is_named(console: Console, name: str) -> None:
    console.environment |= {"NO_PROXY": "", name: "http://planted:planted@pro xy:1"}
    reported = problems(console)
    assert f"correct {name}\n" in reported
    assert "firewall" not in reported
    assert "planted" not in reported


def test_proxy_that_needs_a_package_is_explained(console: Console, free_port: int) -> None:
    if importlib.util.find_spec("socksio"):
        pytest.skip("socksio is installed")
    console.environment |= {"NO_PROXY": "", "ALL_PROXY": f"socks5://127.0.0.1:{free_port}"}
    reported = problems(console)
    assert "pip install socksio" in reported
    assert "firewall" not in reported


def test_no_proxy_with_ports_is_understood(console: Console, free_port: int) -> None:
    urls = [option for option in console.services if option.startswith("http")]
    console.environment["HTTP_PROXY"] = f"http://127.0.0.1:{free_port}"
    console.environment["NO_PROXY"] = ",".join({url.rpartition("/")[2] for url in urls})
    findings(console, code=0)
    for url in urls:  # only this service is reached
        console.environment["NO_PROXY"] = url.rpartition("/")[2]
        found = findings(console, code=1)
        direct = [each for each in found if each["level"] == "ok" and "answers in" in each["text"]]
        assert direct
        assert all(url in each["text"] for each in direct)
        reason = f"the proxy http://127.0.0.1:{free_port} cannot be reached"
        behind = [each["text"] for each in found if reason in each["text"]]
        assert behind
        assert not any(url in text for text in behind)


@pytest.mark.parametrize("entry", ["http://[::1", "a b:c", "::1]:80", "10.0.0.0/99", "x:99999999"])
def test_unreadable_no_proxy_is_a_warning(console: Console, free_port: int, entry: str) -> None:
    console.environment["HTTPS_PROXY"] = f"http://127.0.0.1:{free_port}"
    console.environment["NO_PROXY"] = f"localhost,127.0.0.1,{entry}"
    (warning,) = [found for found in findings(console, code=0) if found["level"] == "warning"]
    assert "NO_PROXY: 1 of its entries" in warning["text"]
    assert "correct NO_PROXY" in warning["advice"]


def test_blocking_proxy_is_reported(console: Console) -> None:
    with serving(lambda _: (403, {}, b"")) as url:
        console.environment |= {"NO_PROXY": "localhost,127.0.0.1", "HTTPS_PROXY": url}
        console.options = [*console.services, "--hub-url", "https://hub.invalid"]
        reported = problems(console)
    assert f"the proxy {url} does not allow the connection" in reported


def test_working_proxy_is_shown(console: Console) -> None:
    with serving(lambda _: (200, {}, b"{}")) as url:
        console.environment |= {"NO_PROXY": "", "HTTP_PROXY": url}
        console.options = ["--hub-url", "http://hub.invalid", "--smart-on-fhir-url", url]
        console.options += ["--access-manager-url", "http://am.invalid", "--auth-domain", url]
        outcome = console.run("doctor", "--json")
    texts = [finding["text"] for finding in outcome.json["findings"]]
    assert any(f"through the proxy {url}" in text for text in texts)
    assert any("without encryption" in text for text in texts)


def test_plain_http_on_a_tls_port_is_reported(console: Console) -> None:
    with serving(lambda _: (200, {}, b"{}")) as url:
        console.options = [*console.services, "--hub-url", url.replace("http:", "https:")]
        assert "(TLS)" in problems(console)


def test_silent_service_is_reported(console: Console) -> None:
    console.sandbox.fail("/api/pairings", Fault(delay=30), times=None)
    console.options = [*console.services, "--timeout", "0.3"]
    assert "no response within the timeout" in problems(console)


class _Handler(BaseHTTPRequestHandler):
    skew = 0.0
    date: str | None = None

    def do_GET(self) -> None:
        self.send_response_only(200)
        self.send_header("date", self.date or self.date_time_string(time.time() + self.skew))
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_CONNECT(self) -> None:
        self.send_response_only(407)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def server(skew: float, date: str | None = None) -> Iterator[str]:
    """Something that answers, with another idea of the time."""
    handler = type("Handler", (_Handler,), {"skew": skew, "date": date})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=[0.02])
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_address[1]}"
        finally:
            listening.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("skew", "level", "word"),
    [
        (-3600, "problem", "ahead"),
        (3600, "problem", "behind"),
        (100, "warning", "behind"),
        (5, "ok", ""),
    ],
)
def test_wrong_clock_is_reported(console: Console, skew: float, level: str, word: str) -> None:
    with server(skew) as url:
        console.options = ["--hub-url", url, "--access-manager-url", url]
        console.options += ["--smart-on-fhir-url", url, "--auth-domain", url]
        outcome = console.run("doctor", "--json")
    (clock,) = [finding for finding in outcome.json["findings"] if finding["area"] == "Clock"]
    assert clock["level"] == level
    assert word in clock["text"]


def test_odd_date_of_a_service_is_compared(
    console: Console, set_zone: Callable[[str], None]
) -> None:
    set_zone("Pacific/Auckland")
    with server(0, "Fri, 31 Dec 9999 23:59:59 -0000") as url:
        console.options = ["--hub-url", url, "--access-manager-url", url]
        console.options += ["--smart-on-fhir-url", url, "--auth-domain", url]
        outcome = console.run("doctor", "--json")
    found = outcome.json["findings"]
    assert sum("answers in" in finding["text"] for finding in found) == 4
    (clock,) = [finding for finding in found if finding["area"] == "Clock"]
    assert "behind" in clock["text"]


def test_untrusted_certificate_is_reported(console: Console, tmp_path: Path) -> None:
    path = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, tmp_path / "key.pem")
    with serving(lambda _: (200, {}, b"{}"), context) as url:
        console.options = [*console.services, "--access-manager-url", url]
        reported = problems(console)
        assert "not trusted" in reported
        assert "--ca" in reported
        console.options += ["--ca", str(path)]
        findings(console, code=0)


def test_insecure_service_is_reported(console: Console) -> None:
    console.options = [*console.services, "--hub-url", "http://hub.invalid"]
    found = findings(console, code=1)
    texts = "\n".join(finding["text"] for finding in found)
    assert "is used without encryption" in texts
    assert "the URL of the Hub must begin with https://" in texts
    for command in (["pods", "show", "alice/scans"], ["whoami"], ["projects", "list"]):
        outcome = console.run(*command)
        assert (outcome.code, outcome.out) == (6, "")
        assert "The URL of the Hub must begin with https://" in " ".join(outcome.err.split())
    console.environment["BITFOUNT_ALLOW_INSECURE"] = "1"
    assert console.run("projects", "list").code == 5  # there is no such host
