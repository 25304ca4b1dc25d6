"""Check that the services can be reached, and that the clock is correct."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

import attrs
import httpcore
import httpx

from bitfount_api import config
from bitfount_api.auth.anonymous import AnonymousHandler
from bitfount_api.cli.checks.report import Finding, Level, Report
from bitfount_api.exceptions import ConnectError, RequestException, RequestTimeout
from bitfount_api.retries import RetryPolicy, parse_http_date

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitfount_api import BitfountSession
    from bitfount_api.cli.app import App

_TIMEOUT: Final = 5.0
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_SKEW_WARNING: Final = 30.0
_SKEW_PROBLEM: Final = 300.0
"""Tokens count as expired 1 to 10 minutes early, and object storage rejects requests whose time is
wrong by 15 minutes. A smaller difference has no effect."""

_WRONG_SERVER: Final = (
    "check the URL, and whether the network requires a login in the browser first"
)
_FIREWALL: Final = "a firewall may block it: ask for access, or for a proxy to set in HTTPS_PROXY"
_VARIABLE: Final = re.compile(r"\b(?:SSL_CERT|REQUESTS_CA|CURL_CA|HTTPS?|ALL|NO)_[A-Z]+\b")
_PROXY_LOGIN: Final = (
    "the proxy requires a username and a password",
    "add them to HTTPS_PROXY: http://name:password@proxy:port",
)


@attrs.frozen
class Endpoint:
    """A service, and a path that responds without credentials."""

    name: str
    url: str
    path: str
    is_json: bool = False
    is_needed: bool = True


@attrs.define
class Probe:
    """The result of a request to a service."""

    findings: Report
    skew: float | None = None


def check(app: App) -> list[Finding]:
    """Send each service a request without credentials that changes nothing."""
    endpoints = list(_endpoints(app))
    timeout = app.timeout or _TIMEOUT
    session = app.session(AnonymousHandler(), retry=RetryPolicy(retries=0), timeout=timeout)
    probes = _probe_all(session, endpoints)
    found = [
        finding if endpoint.is_needed else _as_note(finding)
        for endpoint, probe in zip(endpoints, probes, strict=True)
        for finding in probe.findings.found
    ]
    clock = Report("Clock")
    _check_clock(clock, [probe.skew for probe in probes if probe.skew is not None])
    return [*found, *clock.found]


def _as_note(finding: Finding) -> Finding:
    """Reduce a problem with a service that is not needed to a note without advice."""
    if finding.level not in (Level.PROBLEM, Level.WARNING):
        return finding
    text = f"{finding.text} (only a login needs it, and there are API keys)"
    return attrs.evolve(finding, level=Level.NOTE, text=text, advice=None)


def _endpoints(app: App) -> Iterator[Endpoint]:
    from bitfount_api.auth.oauth import authorization_server

    hub, access_manager, smart_on_fhir = app.service_urls()
    yield Endpoint("the Hub", hub, "/api/projects?limit=1")
    yield Endpoint("the access manager", access_manager, "/api/access-manager-key", is_json=True)
    yield Endpoint("SMART on FHIR", smart_on_fhir, "/api/pairings")
    _, url = authorization_server(app.auth_domain)
    path = "/.well-known/openid-configuration"
    yield Endpoint("the authorization server", url, path, is_needed=not _has_keys())


def _has_keys() -> bool:
    try:
        return config.api_keys() is not None
    except ValueError:
        return True  # incomplete, which the credentials check reports


def _probe_all(session: BitfountSession, endpoints: list[Endpoint]) -> list[Probe]:
    """Send requests to all services concurrently.

    Uses daemon threads instead of a thread pool: a pool waits for its threads even after Ctrl-C,
    and a DNS lookup cannot be cancelled.
    """
    runs: list[Future[Probe]] = []
    for endpoint in endpoints:
        run: Future[Probe] = Future()
        threading.Thread(target=_run_probe, args=(run, session, endpoint), daemon=True).start()
        runs.append(run)
    return [run.result() for run in runs]


def _run_probe(run: Future[Probe], session: BitfountSession, endpoint: Endpoint) -> None:
    try:
        run.set_result(_probe(session, endpoint))
    except BaseException as error:  # noqa: BLE001 - raised by Future.result()
        run.set_exception(error)


def _probe(session: BitfountSession, endpoint: Endpoint) -> Probe:
    probe = Probe(Report("Network"))
    findings = probe.findings
    where = f"{endpoint.name} ({endpoint.url})"
    url = httpx.URL(endpoint.url)
    if url.scheme == "http" and url.host not in _LOCAL:
        findings.warn(f"{where} is used without encryption", "use its https:// URL")
    try:
        proxy = session.proxy_for(endpoint.url)
    except RequestException as error:
        findings.problem(f"{where}: {error}", _setting_to_correct(error))
        return probe
    if proxy is None and (failure := _lookup(url)):
        findings.problem(f"{where}: {failure[0]}", failure[1])
        return probe
    sent_at = time.time()
    try:
        response = session.get(endpoint.url + endpoint.path)
    except RequestException as error:
        text, advice = _explain(error, url, proxy)
        findings.problem(f"{where}: {text}", advice)
        return probe
    received_at = time.time()
    probe.skew = _skew(response, (sent_at + received_at) / 2)
    via = f" through the proxy {proxy}" if proxy else ""
    duration = f"{(received_at - sent_at) * 1000:.0f} ms{via}"
    _report_response(findings, endpoint, where, response, duration)
    return probe


def _report_response(
    findings: Report, endpoint: Endpoint, where: str, response: httpx.Response, duration: str
) -> None:
    status = response.status_code
    if status == 407:
        findings.problem(f"{where}: {_PROXY_LOGIN[0]}", _PROXY_LOGIN[1])
    elif status >= 500:
        findings.problem(f"{where} answers {status} after {duration}", "try again later")
    elif response.is_redirect:
        findings.problem(
            f"{where} answers with a redirect ({status}), which is not followed",
            _WRONG_SERVER,
        )
    elif endpoint.is_json and not _is_object(response):
        findings.problem(
            f"{where} answers {status}, but not like {endpoint.name}",
            _WRONG_SERVER,
        )
    else:
        findings.ok(f"{where} answers in {duration}")


def _is_object(response: httpx.Response) -> bool:
    try:
        return isinstance(response.json(), dict)
    except (ValueError, RecursionError):
        return False


def _lookup(url: httpx.URL) -> tuple[str, str] | None:
    try:
        socket.getaddrinfo(url.host, url.port or (443 if url.scheme == "https" else 80))
    except (OSError, UnicodeError):
        return (
            f"the name {url.host} cannot be resolved (DNS)",
            "check the URL and the network connection; set HTTPS_PROXY if the network has a proxy",
        )
    return None


def _explain(error: RequestException, url: httpx.URL, proxy: str | None) -> tuple[str, str]:
    """Return why there was no response, and what to do."""
    causes = list(_causes(error))
    refused = any(isinstance(cause, httpcore.ProxyError) for cause in causes)
    if not refused and not isinstance(error, (ConnectError, RequestTimeout)):
        return str(error), _setting_to_correct(error)  # nothing was sent
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"its certificate is not trusted ({cause.verify_message})",
                "if the network inspects TLS, trust its CA with --ca FILE or --ca system",
            )
        if isinstance(cause, (ssl.SSLError, httpcore.ProxyError)):
            if proxy is not None and "(407" in str(error):
                return _PROXY_LOGIN
            if proxy is not None:
                return (
                    f"the proxy {proxy} does not allow the connection",
                    "check HTTPS_PROXY, or add the service to NO_PROXY",
                )
            return (
                "an encrypted connection (TLS) cannot be established",
                "check the URL and the port",
            )
    if isinstance(error, RequestTimeout):
        return (
            "no response within the timeout",
            _FIREWALL,
        )
    if isinstance(error, ConnectError) and proxy is not None:
        advice = "check HTTPS_PROXY, or add the service to NO_PROXY"
        return f"the proxy {proxy} cannot be reached", advice
    if isinstance(error, ConnectError) and url.host in _LOCAL:
        return "no program listens on this port", "start it: 'bitfount-api sandbox'"
    return (
        "a connection cannot be established",
        _FIREWALL,
    )


def _setting_to_correct(error: RequestException) -> str:
    """Return the advice to correct the variables that an error names."""
    names = dict.fromkeys(_VARIABLE.findall(str(error)))
    return f"correct {' or '.join(names)}" if names else "correct the setting"


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _skew(response: httpx.Response, local_time: float) -> float | None:
    """Return how many seconds this machine's clock is ahead of the service's."""
    service_time = parse_http_date(response.headers.get("date"))
    # The header has whole seconds only: on average, the time is half a second later.
    return None if service_time is None else local_time - service_time - 0.5


def _check_clock(findings: Report, skews: list[float]) -> None:
    if not skews:
        findings.note("no response contains a date")
        return
    skew = sorted(skews)[len(skews) // 2]
    text = f"this clock is {abs(skew):.0f} s {'ahead' if skew > 0 else 'behind'}"
    advice = "synchronise it over the network (NTP)"
    if abs(skew) >= _SKEW_PROBLEM:
        findings.problem(f"{text}: tokens and download URLs will seem expired", advice)
    elif abs(skew) >= _SKEW_WARNING:
        findings.warn(text, advice)
    else:
        findings.ok("this clock differs from the services' by less than 30 s")
