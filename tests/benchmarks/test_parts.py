"""Test the parts of the benchmarks: comparisons, targets, and the servers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from benchmarks import chart, tasks
from benchmarks.compare import Comparison, alternate
from benchmarks.processes import served
from benchmarks.results import Measured, Row, format_value
from benchmarks.server import BLOCK, object_bytes


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with served("benchmarks.server") as url:
        yield url


@contextmanager
def link(server: str, **options: float) -> Iterator[str]:
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    with served("benchmarks.slow_link", server.rpartition(":")[2], *arguments) as url:
        yield url


def test_alternate_runs_both_and_swaps_which_is_first() -> None:
    seen: list[str] = []

    def measure(name: str) -> float:
        seen.append(name)
        return 1

    alternate(lambda: measure("a"), lambda: measure("b"), rounds=3)
    assert "".join(seen) == "ab" + "ab" + "ba" + "ab"


def test_comparison_uses_the_median_of_the_ratios() -> None:
    comparison = Comparison([1, 20, 3], [1, 10, 1])
    assert comparison.ratio == 2
    assert comparison.difference == 2
    assert comparison.spread == (1, 3)
    measured = Measured.of(comparison)
    assert (measured.value, measured.ours, measured.theirs) == (2, 3, 1)


@pytest.mark.parametrize(
    ("at", "value", "met", "share"),
    [
        ("most", 2.0, True, 1.0),
        ("most", 2.1, False, 1.05),
        ("least", 2.0, True, 1.0),
        ("least", 1.0, False, 2.0),
        ("least", None, None, None),
    ],
)
def test_target_is_met_or_missed(
    at: str, value: float | None, met: bool | None, share: float
) -> None:
    measured = Measured(value)
    row = Row("x", "x", "y", 2, "×", lambda _: measured, at)  # type: ignore[arg-type]
    assert row.met(measured) is met
    assert chart.used((row, measured)) == share


def test_values_are_shown_with_significant_digits() -> None:
    assert format_value(None, "s") == "—"
    assert format_value(0.0003891, "s") == "389 µs"
    assert format_value(0.2345, "s") == "234 ms"
    assert format_value(1.0, "×") == "1 ×"
    assert format_value(1234.5, "MB") == "1,234 MB"
    assert format_value(1, "") == "1"


def test_peak_memory_of_a_process_is_measured() -> None:
    before = tasks.peak()
    size = before + 50_000_000
    assert len(b"x" * size) == size
    assert tasks.peak() > size


def test_objects_have_the_sizes_in_their_names(server: str) -> None:
    whole = httpx.get(f"{server}/objects/3000000")
    assert whole.content == b"".join(object_bytes(0, 3_000_000)) == (BLOCK * 3)[:3_000_000]
    piece = httpx.get(f"{server}/objects/3000000", headers={"range": "bytes=1048570-2000000"})
    assert piece.status_code == 206
    assert piece.headers["content-range"] == "bytes 1048570-2000000/3000000"
    assert piece.content == whole.content[1_048_570:2_000_001]


def test_server_accepts_uploads_and_counts_requests(server: str) -> None:
    with httpx.Client() as client:
        before = int(client.get(f"{server}/requests").text)
        for size in (0, 10, 300_000, 3_000_000):
            assert client.put(f"{server}/objects/1", content=bytes(size)).status_code == 200
        assert client.get(f"{server}/api/pods/bob/missing").status_code == 404
        assert int(client.get(f"{server}/requests").text) - before == 6


@pytest.mark.slow
def test_link_adds_latency_and_limits_the_rate(server: str) -> None:
    with link(server, delay=0.05, rate=1e6) as url, httpx.Client() as client:
        client.get(f"{url}/requests")
        start = time.perf_counter()
        body = client.get(f"{url}/objects/300000").content
        # A lower bound, which only the link causes.
        assert time.perf_counter() - start > 0.05 + 0.3 + 0.05
        assert body == BLOCK[:300_000]
        start = time.perf_counter()
        assert client.put(f"{url}/objects/1", content=bytes(300_000)).status_code == 200
        assert time.perf_counter() - start > 0.05 + 0.3 + 0.05


@pytest.mark.slow
def test_a_link_ends_with_its_connections(server: str) -> None:
    with link(server, delay=0.001, rate=1e9) as url:
        for _ in range(3):
            assert httpx.get(f"{url}/objects/10").content == BLOCK[:10]
        with httpx.stream("GET", f"{url}/objects/50000000") as broken_off:
            next(broken_off.iter_raw())
        assert httpx.get(f"{url}/objects/10").content == BLOCK[:10]
