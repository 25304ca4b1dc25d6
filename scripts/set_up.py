"""Set up a virtual environment from a lock, without resolving anything.

    python scripts/set_up.py create FOLDER LOCK      an environment with the packages of LOCK
    python scripts/set_up.py project FOLDER          install this project into it, editable
    python scripts/set_up.py download FOLDER LOCK..  fetch the files of locks into FOLDER/downloads

The Makefile calls this script with the Python that the environment is for, before anything is
installed, so it uses the standard library alone. The output of pip goes to ``FOLDER/set-up.log``.
If a step fails, the exit code is 1 and the last lines say which step, why, and what to do.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python runs this line and no further
    sys.exit(
        f"Python 3.11 or newer is needed, and {sys.executable} is {sys.version.split()[0]}. "
        "Choose another: make PYTHON=python3.13 ..."
    )

import argparse
import importlib.util
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
LOG = "set-up.log"
INSTALLED = "installed.txt"  # the lock that the environment was made from
PINNED = re.compile(r"^[a-z0-9].*==", re.MULTILINE)

ENVIRONMENT = {
    # Ignore those parts of the user's pip configuration that change what is installed (constraints
    # for other projects, user installs). Keep those that say where packages come from: index,
    # proxy, certificates.
    "PIP_CONSTRAINT": os.devnull,
    "PIP_USER": "0",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
}


class Cause(NamedTuple):
    """A pattern in the output of a step, the reason that it shows, and the remedy."""

    pattern: str
    why: str
    remedy: str


# The first match counts, so causes come before their consequences: for an index that cannot be
# reached, pip also says that it found no matching distribution.
CAUSES = [
    Cause(
        pattern="ProxyError|Tunnel connection failed|407 Proxy",
        why="The proxy refused the connection, or cannot be reached",
        remedy="Check HTTPS_PROXY, and 'proxy' in pip's configuration: address, user, password.",
    ),
    Cause(
        pattern="CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError",
        why="The certificate of the package index is not trusted",
        remedy="If a proxy decrypts TLS, name its CA certificate: export PIP_CERT=/path/to/ca.pem",
    ),
    Cause(
        pattern="Temporary failure in name resolution|Name or service not known|getaddrinfo failed"
        "|nodename nor servname|NewConnectionError|Connection refused|Network is unreachable"
        "|ConnectTimeoutError|ReadTimeoutError|Read timed out|Max retries exceeded",
        why="The package index cannot be reached",
        remedy="Connect to a network. Behind a proxy: export HTTPS_PROXY=http://proxy.example:8080."
        " With a package index of your own: export PIP_INDEX_URL=https://...",
    ),
    Cause(
        pattern="No space left on device",
        why="The disk is full",
        remedy="Free some space, or choose another disk: make VENV=/other/disk/venv ...",
    ),
    Cause(
        pattern="DO NOT MATCH THE HASHES",
        why="A package differs from the file that was locked",
        remedy="Do not use it. If the index is a mirror, ask its operator; otherwise report it.",
    ),
    Cause(
        pattern="Permission denied|Read-only file system",
        why="This user has no permission to write there",
        remedy="Change the permissions, or choose another folder: make VENV=/other/folder ...",
    ),
    Cause(
        pattern="Could not find a version that satisfies|No matching distribution found",
        why="The package index has no such version for this Python and system",
        remedy="If the index is a mirror, it may be out of date. Otherwise renew the locks (make"
        " lock), or choose another Python: make PYTHON=python3.13 ...",
    ),
    Cause(
        pattern="Failed building wheel|subprocess-exited-with-error|error: command .* failed",
        why="A package has no wheel for this Python and system, and cannot be built here",
        remedy="Choose another Python: make PYTHON=python3.13 ... Or install a C compiler and the"
        " headers of Python.",
    ),
]


class StepError(Exception):
    """A step of the set-up failed.

    Args:
        step: The step that failed.
        why: The reason.
        remedy: What to do about it.
    """

    def __init__(self, step: str, why: str, remedy: str) -> None:
        super().__init__(f"Set-up failed while {step}.\nWhy: {why}\nWhat to do: {remedy}")


class Environment:
    """A virtual environment, and the pip that installs into it.

    Args:
        folder: The environment's folder.
        pip: A wheel of pip to use instead of the pip that comes with this Python.
    """

    def __init__(self, folder: Path, pip: Path | None = None) -> None:
        self.folder = folder
        self._wheel = pip
        self._python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"

    def create(self) -> None:
        """Create the environment; delete what was in its folder."""
        step = f"creating {self.folder}"
        # Debian ships ensurepip in python3-venv. The message of venv about it is easily missed.
        if importlib.util.find_spec("ensurepip") is None:
            raise StepError(
                step,
                f"{sys.executable} comes without ensurepip.",
                f"On Debian and Ubuntu: apt install python3-venv (or python3.{sys.version_info[1]}"
                "-venv). Or choose another Python: make PYTHON=python3.13 ...",
            )
        try:
            if self.folder.exists():
                shutil.rmtree(self.folder)
            self.folder.mkdir(parents=True)
        except OSError as error:
            raise StepError(step, f"{error}.", "Choose another folder: make VENV=... ...") from None
        if self._wheel is None:
            self._run(step, [sys.executable, "-m", "venv", self.folder])
        else:
            self._run(step, [sys.executable, "-m", "venv", "--without-pip", self.folder])
            install = ["install", "--no-index", "--no-compile", self._wheel]
            self._run(step, [self._python, self._wheel / "pip", *install])

    def has(self, lock: Path) -> bool:
        """Whether the environment was made from a lock with the same text, by the same Python."""
        installed = self.folder / INSTALLED
        return installed.exists() and installed.read_text("utf-8") == self._fingerprint(lock)

    def _fingerprint(self, lock: Path) -> str:
        return f"# {sys.executable} {sys.version}\n{lock.read_text('utf-8')}"

    def install(self, lock: Path) -> None:
        """Install exactly the packages of a lock, and check that they fit together."""
        self._pip(f"installing {lock}", "install", "--no-deps", "--require-hashes", "-r", lock)
        self._pip(f"checking that the packages of {lock} fit together", "check")
        (self.folder / INSTALLED).write_text(self._fingerprint(lock), "utf-8")

    def install_project(self) -> None:
        """Install the project, editable, built with the packages of the environment."""
        options = ["--no-deps", "--no-build-isolation", "--editable"]
        self._pip("installing this project", "install", *options, ROOT)
        self._pip("checking that the project's requirements are met", "check")

    def download(self, lock: Path) -> None:
        """Fetch the files of a lock into the folder ``downloads`` of the environment."""
        options = ["--no-deps", "--require-hashes", "--dest", self.folder / "downloads"]
        self._pip(f"fetching {lock}", "download", *options, "-r", lock)

    def _pip(self, step: str, *arguments: object) -> None:
        # Isolated (-I): neither PYTHONPATH nor the user's packages are part of the environment.
        self._run(step, [self._python, "-I", "-m", "pip", *arguments])

    def _run(self, step: str, command: Sequence[object]) -> None:
        run = subprocess.run(
            [str(word) for word in command],
            env={**os.environ, **ENVIRONMENT},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        log = self.folder / LOG
        with log.open("a", encoding="utf-8") as file:
            file.write(f"== {step}\n{run.stdout}")
        if run.returncode:
            why, remedy = explain(run.stdout)
            raise StepError(step, why, f"{remedy}\nThe whole output: {log}")


def explain(output: str) -> tuple[str, str]:
    """Return the reason and the remedy for a step that failed, from its output."""
    # An error of pip goes on in the indented lines below it.
    errors = re.findall(r"^(?:ERROR: |Error: |error: )(.*(?:\n +.*)*)", output, re.MULTILINE)
    last = " ".join((errors or [output.strip() or "it printed nothing"])[-1].split())
    for cause in CAUSES:
        if re.search(cause.pattern, output):
            return f"{cause.why} ({last}).", cause.remedy
    return last, "Read the output. To start again: make clean"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: What follows the name of the script; that of this process without them.

    Returns:
        0: done; 1: a step failed.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("create", "project", "download"))
    parser.add_argument("folder", type=Path, help="the folder of the virtual environment")
    parser.add_argument("locks", type=Path, nargs="*", help="requirements files with hashes")
    parser.add_argument("--pip", type=Path, help="a wheel of pip to use instead of Python's own")
    options = parser.parse_args(arguments)
    environment = Environment(options.folder, options.pip)
    try:
        if options.action == "create":
            (lock,) = options.locks
            if not environment.has(lock):
                tell(f"Creating {options.folder} with Python {platform.python_version()}")
                environment.create()
                count = len(PINNED.findall(lock.read_text("utf-8")))
                tell(f"Installing {count} package{'s'[: count != 1]} from {lock}")
                environment.install(lock)
        elif options.action == "project":
            tell(f"Installing this project into {options.folder}")
            environment.install_project()
        else:
            for lock in options.locks:
                tell(f"Fetching {lock}")
                environment.download(lock)
    except StepError as error:
        tell(f"\n{error}")
        return 1
    return 0


def tell(line: str) -> None:
    """Print a line at once: the next step takes a while."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
