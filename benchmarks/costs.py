"""Compare this library with the official SDK: packages, disk, start, memory, needless requests.

    python -m benchmarks.costs [--rounds 5] [--write]

Prints the table in the README and on the performance page. It has a column for each Python in
``BENCHMARKS_OFFICIAL_PYTHON``, and one for this library. ``--write`` needs the official SDK and
writes ``costs.md`` and ``costs.json``.

Packages, sizes, requests and memory depend on the versions, and hardly on the machine. Times are
the minimum of the rounds.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import httpx

from benchmarks import official, venvs
from benchmarks.context import FULL, MB, QUICK, Context
from benchmarks.processes import seconds_until_ready, served, task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent

_PARTS = 4  # parts of a transfer at a time, the library's default
FIRST_POD = """
import json, time
from bitfount_api import APIKeysHandler, BitfountHub, BitfountSession
with BitfountHub(BitfountSession(APIKeysHandler("key-id", "key", "alice")), {url!r}) as hub:
    assert hub.get_pod("bob/scans")["isOnline"]
    print(json.dumps({{"ready": time.monotonic()}}))
"""
"""A program that requests one pod of the server ``{url}``, and prints when it is ready."""


@attrs.frozen
class Costs:
    """The costs of one library.

    Args:
        name: Name and version of the library.
        requires: Versions of Python that it accepts.
        python: Version of the Python that it was measured with.
        packages: Number of installed packages, including the library.
        size: Size of the installed files without ``.pyc`` files, in bytes.
        first_pod: Seconds from the start of a program until ``get_pod`` has returned.
        download: Memory of a download in addition to importing, in bytes.
        upload: Memory of an upload in addition to importing, in bytes.
        requests: Number of requests for a model that does not exist.
        missing: Seconds until the call for a model that does not exist returns.
    """

    name: str
    requires: str
    python: str
    packages: int
    size: int
    first_pod: float
    download: float
    upload: float
    requests: int
    missing: float


@attrs.frozen
class Library:
    """A library to measure.

    Args:
        name: Name of the library.
        package: Name of its package.
        python: Path of a Python that has it.
        first_pod: Function that returns the seconds until the first pod.
        task: Function that runs ``download``, ``upload`` or ``missing`` in a new process.
    """

    name: str
    package: str
    python: str
    first_pod: Callable[[], float]
    task: Callable[..., dict[str, float]]


def ours(context: Context) -> Library:
    """Return this library, in a fresh environment if it can be created."""
    fresh = None if context.quick else venvs.create(context.folder)
    python = sys.executable if fresh is None else str(fresh.python)
    program = [python, "-I", "-c", FIRST_POD.format(url=context.server)]
    more = {"download": (_PARTS,), "upload": ("Net", _PARTS), "missing": ()}

    def run(name: str, *arguments: str | int | Path) -> dict[str, float]:
        return task(f"ours_{name}", context.server, *arguments, *more[name])

    return Library(
        "bitfount-api", "bitfount-api", python, partial(seconds_until_ready, program), run
    )


def sdk(context: Context, python: str) -> Library:
    """Return the official SDK of a Python."""
    program = [python, str(official.SCRIPT), "first_pod", context.server]
    return Library(
        "official SDK",
        "bitfount",
        python,
        partial(seconds_until_ready, program, more=official.surroundings(context.folder)),
        partial(official.run, context, python),
    )


def measure(context: Context, library: Library, rounds: int) -> Costs:
    """Measure a library."""
    print(f"{library.name}, {library.python} …", file=sys.stderr, flush=True)
    found = venvs.contents(library.python, library.package)
    downloaded = library.task("download", context.scale.large, context.folder / "downloaded.pt")
    uploaded = library.task("upload", context.file(context.scale.large))
    before = requests_of(context)
    missing = [library.task("missing")["seconds"]]
    requests = requests_of(context) - before - 1  # asking for the number was a request too
    missing += [library.task("missing")["seconds"] for _ in range(rounds - 1)]
    return Costs(
        name=f"{library.name} {found.version}",
        requires=found.requires,
        python=found.python,
        packages=found.packages,
        size=found.size,
        first_pod=min(library.first_pod() for _ in range(rounds)),
        download=downloaded["peak"] - downloaded["base"],
        upload=uploaded["peak"] - uploaded["base"],
        requests=requests,
        missing=min(missing),
    )


def requests_of(context: Context) -> int:
    """Return the number of requests that the server has received."""
    return int(httpx.get(f"{context.server}/requests", trust_env=False).text)


def table(costs: list[Costs], size: int) -> Iterator[str]:
    """Yield the lines of a Markdown table.

    Args:
        costs: The costs of each library.
        size: Size of the transferred weights, in bytes.
    """
    weights = f"{size / MB:.0f} MB of weights"
    rows: list[tuple[str, Callable[[Costs], str]]] = [
        ("installed packages", lambda cost: str(cost.packages)),
        ("on disk, without `.pyc` files", lambda cost: _size(cost.size)),
        ("from start to first `get_pod`", lambda cost: _seconds(cost.first_pod)),
        (f"memory to download {weights}", lambda cost: _size(cost.download)),
        (f"memory to upload {weights}", lambda cost: _size(cost.upload)),
        ("a model that does not exist", _missing),
        ("Python", lambda cost: f"`{cost.requires}`"),
    ]
    yield f"| | {' | '.join(cost.name for cost in costs)} |"
    yield "|---" * (len(costs) + 1) + "|"
    for what, cell in rows:
        yield f"| {what} | {' | '.join(cell(cost) for cost in costs)} |"


def _size(count: float) -> str:
    return f"{count / 1000 / MB:.1f} GB" if count >= 1000 * MB else f"{count / MB:.0f} MB"


def _seconds(seconds: float) -> str:
    if seconds < 0.1:
        return f"{seconds:.2f} s"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def _missing(cost: Costs) -> str:
    return f"{cost.requests} request{'s' * (cost.requests != 1)}, {_seconds(cost.missing)}"


def newest_sdk() -> Costs:
    """Return the recorded costs of the newest official SDK."""
    document: dict[str, Any] = json.loads((HERE / "costs.json").read_text(encoding="utf-8"))
    return Costs(**document["costs"][0])


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 if everything was measured. ``--write`` without the official SDK exits with 2.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.costs", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--quick", action="store_true", help="only check that everything runs")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of times (default: 5)")
    parser.add_argument("--write", action="store_true", help="write costs.md and costs.json")
    options = parser.parse_args(arguments)
    pythons = official.find_all()
    if options.write and not pythons:
        parser.error(f"the official SDK is not installed; set {official.VARIABLE}")
    with tempfile.TemporaryDirectory() as work, served("benchmarks.server") as server:
        scale = QUICK if options.quick else FULL
        context = Context(scale, options.quick, server, Path(work))
        libraries = [*(sdk(context, python) for python in pythons), ours(context)]
        costs = [measure(context, library, options.rounds) for library in libraries]
    lines = "\n".join(table(costs, scale.large)) + "\n"
    print(lines, end="")
    if options.write:
        document = {"system": platform.system(), "costs": [attrs.asdict(cost) for cost in costs]}
        text = json.dumps(document, indent=2) + "\n"
        (HERE / "costs.json").write_text(text, encoding="utf-8")
        (HERE / "costs.md").write_text(lines, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
