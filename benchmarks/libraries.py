"""Measure well-known client libraries next to this one, for the page that compares them.

    python -m benchmarks.libraries [--python python3.12] [--types]

Installs the newest release of each in an environment of its own, and this package too, and prints a
table: version, installed packages, size, the time from the start of Python to the first answer of a
local server, and with ``--types`` pyright's score for the public types, which takes minutes. The
official SDK is added if ``BENCHMARKS_OFFICIAL_PYTHON`` names a Python that has it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from benchmarks import official, venvs
from benchmarks.context import MB
from benchmarks.costs import FIRST_POD
from benchmarks.processes import environment, seconds_until_ready, served

if TYPE_CHECKING:
    from collections.abc import Iterator

_READY = """
import json, time
print(json.dumps({"ready": time.monotonic()}))
"""

PROGRAMS = {
    "bitfount-api": FIRST_POD,
    "openai": """
from openai import OpenAI
assert OpenAI(api_key="key", base_url={url!r} + "/v1").models.list().data == []
""",
    "anthropic": """
from anthropic import Anthropic
assert Anthropic(api_key="key", base_url={url!r}).models.list().data == []
""",
    "huggingface_hub": """
from huggingface_hub import HfApi
assert HfApi(endpoint={url!r}).model_info("bob/net").id == "bob/net"
""",
    "boto3": """
import boto3
s3 = boto3.client("s3", endpoint_url={url!r}, region_name="eu-west-1",
                  aws_access_key_id="id", aws_secret_access_key="key")
assert s3.list_buckets()["Buckets"] == []
""",
}
"""For each package, a program that makes one call; ``{url}`` is the server's."""


@attrs.frozen
class Installed:
    """A library that is installed in an environment.

    Args:
        name: Name of the package.
        module: Name of its module.
        python: The environment's Python.
        command: Command that makes one call and prints when it is ready.
        more: Additional environment variables.
    """

    name: str
    module: str
    python: Path
    command: list[str]
    more: dict[str, str] = attrs.Factory(dict)


def program(name: str, url: str) -> str:
    """Return the program of a package, which prints when it is ready."""
    return PROGRAMS[name].format(url=url) + ("" if name == "bitfount-api" else _READY)


def install(folder: Path, url: str, python: str) -> Iterator[Installed]:
    """Install all libraries, each in a new environment."""
    for name in PROGRAMS:
        print(f"{name} …", file=sys.stderr, flush=True)
        place = folder / name
        package = venvs.build(folder / "wheel") if name == "bitfount-api" else name
        venvs.install(place, package, python)
        own = place / "bin/python"
        command = [str(own), "-I", "-c", program(name, url)]
        yield Installed(name, name.replace("-", "_"), own, command)


def sdks(folder: Path, url: str) -> Iterator[Installed]:
    """Yield the official SDKs that are installed."""
    for python in official.find_all():
        command = [python, str(official.SCRIPT), "first_pod", url]
        more = official.surroundings(folder)
        yield Installed("bitfount", "bitfount", Path(python), command, more)


def line(library: Installed, rounds: int, *, types: bool) -> str:
    """Measure a library, and return its line of the table."""
    found = venvs.contents(library.python, library.name)
    seconds = min(seconds_until_ready(library.command, more=library.more) for _ in range(rounds))
    cells = [
        f"{library.name} {found.version}",
        found.python,
        str(found.packages),
        f"{found.size / MB:,.0f} MB",
        f"{seconds:.2g} s",
        typed(library) if types else "—",
    ]
    return f"| {' | '.join(cells)} |"


def typed(library: Installed) -> str:
    """Return the share of public symbols whose types pyright knows completely."""
    # pyright looks for the package in the environment of the first Python in PATH.
    path = f"{library.python.parent}{os.pathsep}{os.environ['PATH']}"
    options = ["--verifytypes", library.module, "--ignoreexternal", "--outputjson"]
    done = subprocess.run(
        [sys.executable, "-m", "pyright", *options],
        env={**environment(), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    score = json.loads(done.stdout)["typeCompleteness"]
    return f"{score['completenessScore']:.0%}" if score.get("pyTypedPath") else "no py.typed"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.libraries", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--python", default=sys.executable, help="the Python of the environments")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of times (default: 5)")
    parser.add_argument("--types", action="store_true", help="check the types too, with pyright")
    options = parser.parse_args(arguments)
    print("| | Python | packages | size without `.pyc` files | start to first answer | types |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as work, served("benchmarks.server") as url:
        folder = Path(work)
        for library in [*install(folder, url, options.python), *sdks(folder, url)]:
            print(line(library, options.rounds, types=options.types), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
