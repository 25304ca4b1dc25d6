"""Settings that all tests share, and fixtures for keys."""

from __future__ import annotations

import collections
import itertools
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, settings
from support.rsa_keys import DATA, ready_made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# How fast a machine is decides nothing. The same examples in each run, so that a failure is a
# change's; `make fuzz` looks for new ones.
_SLOW = [HealthCheck.too_slow]
settings.register_profile("default", deadline=None, derandomize=True, suppress_health_check=_SLOW)
settings.register_profile(
    "fuzz", deadline=None, max_examples=10_000, print_blob=True, suppress_health_check=_SLOW
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# A background process may ignore Ctrl-C, and so would all processes that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Without compiled files, each of the processes that tests start compiles all that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_xdist_auto_num_workers() -> int:
    """Use three processes for two processors: a quarter of the time, the tests wait."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


_SETTINGS = ("BITFOUNT_", "SMART_ON_FHIR_")
_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}


@pytest.fixture(scope="session")
def _storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Paths for token files, without the folders: most tests need none."""
    base = tmp_path_factory.mktemp("storage")
    return (base / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def _isolated_settings(monkeypatch: pytest.MonkeyPatch, _storage: Iterator[Path]) -> None:
    """Hide the settings and the token files of the user who runs the tests."""
    for name in list(os.environ):
        if name.startswith(_SETTINGS) or name.lower() in _PROXIES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("BITFOUNT_STORAGE_PATH", str(next(_storage)))
    # Trust one certificate authority. Reading all that are usually trusted takes 16 ms for each
    # client, which adds up to a minute in the tests and the processes that they start.
    monkeypatch.setenv("SSL_CERT_FILE", str(DATA / "test-authority.pem"))


# --- Which tests are slow ------------------------------------------------------------------------

_LIMIT = 3.0
"""Seconds that a test without the marker ``slow`` may take. Busy machines need some margin."""

_unmarked: collections.defaultdict[str, float] = collections.defaultdict(float)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if "slow" not in report.keywords:
        _unmarked[report.nodeid] += report.duration


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report the tests that should be marked. Nothing fails: machines differ."""
    found = [(seconds, name) for name, seconds in _unmarked.items() if seconds > _LIMIT]
    if found:
        terminalreporter.section(f"over {_LIMIT:.0f} s, and not marked as slow")
        for seconds, name in sorted(found, reverse=True)[:10]:
            terminalreporter.line(f"{seconds:.1f} s  {name:.150}")


# --- Keys ----------------------------------------------------------------------------------------


@pytest.fixture
def ready_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Return the test keys instead of generating new ones, which takes a second with 4096 bits."""
    monkeypatch.setattr(rsa, "generate_private_key", ready_made())


@pytest.fixture
def set_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """A function that sets the local time zone."""
    if sys.platform == "win32":
        pytest.skip("the zone cannot be set")

    def set_zone(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()
