"""Set up a virtual environment from a lock, without resolving anything.

    python scripts/set_up.py create FOLDER LOCK      an environment with the packages of LOCK
    python scripts/set_up.py project FOLDER          install this project into it, editable
    python scripts/set_up.py download FOLDER LOCK..  fetch the files of locks into FOLDER/downloads

The Makefile calls this script with the Python that the environment is for, before anything is
installed, so it uses the standard library alone. The output of pip goes to ``FOLDER/set-up.log``.
If a step fails, the exit code is 1 and the last lines say which step, why, and what to do.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python ends here
    sys.exit(
        f"Python 3.11 or newer is needed, and {sys.executable} is {sys.version.split()[0]}. "
        "Choose another: make PYTHON=python3.13 ..."
    )

import argparse
import ast
import contextlib
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

# The settings of pip that say where packages come from. All others are ignored, because they change
# which packages are installed, and where (constraints, user installs, target folders).
KEPT_SETTINGS = {
    *("index-url", "extra-index-url", "find-links", "no-index", "keyring-provider"),
    *("proxy", "cert", "client-cert", "trusted-host", "timeout", "default-timeout", "retries"),
    *("cache-dir", "no-cache-dir"),
}


class Cause(NamedTuple):
    """A pattern in the output of a step, with its reason and remedy."""

    pattern: str
    why: str
    remedy: str


PROXY = Cause(
    pattern="ProxyError|Tunnel connection failed|407 Proxy",
    why="The proxy, or the package index behind it, cannot be reached",
    remedy="Check HTTPS_PROXY, and 'proxy' in pip's configuration: address, user, password.",
)
UNREACHABLE = Cause(
    pattern="Temporary failure in name resolution|Name or service not known|getaddrinfo failed"
    "|nodename nor servname|NewConnectionError|Connection refused|Network is unreachable"
    "|ConnectTimeoutError|ReadTimeoutError|Read timed out|Max retries exceeded",
    why="The package index cannot be reached",
    remedy="Connect to a network. Behind a proxy: export HTTPS_PROXY=http://proxy.example:8080."
    " With a private package index: export PIP_INDEX_URL=https://...",
)
# The first match counts, so causes come before their consequences: for an index that cannot be
# reached, pip also says that it found no matching distribution.
CAUSES = [
    PROXY,
    Cause(
        pattern="CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError",
        why="The certificate of the package index is not trusted",
        remedy="If a proxy decrypts TLS, name its CA certificate: export PIP_CERT=/path/to/ca.pem",
    ),
    UNREACHABLE,
    Cause(
        pattern=r"\(from versions: none\)",
        why="The package index gave no usable answer",
        remedy="Check the index, with its user and password: pip config list",
    ),
    Cause(
        pattern="No space left on device",
        why="The disk is full",
        remedy="Free some space, or choose another disk: make VENV=/other/disk/venv ...",
    ),
    Cause(
        pattern="DO NOT MATCH THE HASHES",
        why="A package differs from the file that was locked",
        remedy="If you edited the lock, run make lock. Otherwise do not use the package: ask the"
        " operator of the mirror, or report it.",
    ),
    Cause(
        pattern="Permission denied|Read-only file system",
        why="This user has no permission to write there",
        remedy="Change the permissions, or choose another folder: make VENV=/other/folder ...",
    ),
    Cause(
        pattern="init_import_site",
        why="Python cannot read the name of a folder in this locale",
        remedy="Choose another locale: export LC_ALL=C.UTF-8",
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
        self._settings: dict[str, str] | None = None
        self._python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"

    def create(self) -> None:
        """Create the environment; delete an earlier one."""
        step = f"creating {self.folder}"
        for module in ("venv", "ensurepip"):
            # Debian ships both in python3-venv. The message of venv about it is easily missed.
            spec = importlib.util.find_spec(module)
            if spec is None or spec.origin is None:
                raise StepError(
                    step,
                    f"{sys.executable} comes without {module}.",
                    "On Debian and Ubuntu: apt install python3-venv (or"
                    f" python3.{sys.version_info[1]}-venv). Or choose another Python: make"
                    " PYTHON=python3.13 ...",
                )
        try:
            self._empty()
        except OSError as error:
            raise StepError(step, f"{error}.", "Choose another folder: make VENV=... ...") from None
        if self._wheel is None:
            self._run(step, [sys.executable, "-m", "venv", self.folder])
        else:
            self._run(step, [sys.executable, "-m", "venv", "--without-pip", self.folder])
            install = ["install", "--no-index", "--no-compile", self._wheel]
            self._run(step, [self._python, self._wheel / "pip", *install])

    def _empty(self) -> None:
        """Create the folder or empty it, unless it contains files other than an environment's."""
        self.folder.mkdir(parents=True, exist_ok=True)
        content = list(self.folder.iterdir())
        if content and not {"pyvenv.cfg", LOG} & {path.name for path in content}:
            raise FileExistsError(f"{self.folder} contains other files")
        # Not the folder itself: it may be a mount point.
        for path in content:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def has(self, lock: Path, *, any_python: bool) -> bool:
        """Whether the environment was made here from a lock with the same text.

        Args:
            lock: The lock.
            any_python: Whether it may have been made by another Python than this one.
        """
        try:
            python, *rest = (self.folder / INSTALLED).read_text("utf-8").splitlines(keepends=True)
        except (OSError, ValueError):
            return False
        wanted_python, *wanted = self._fingerprint(lock).splitlines(keepends=True)
        return self._python.exists() and rest == wanted and (any_python or python == wanted_python)

    def _fingerprint(self, lock: Path) -> str:
        # An environment that was moved or copied runs the code of the place that it came from.
        here = f"# {self.folder.resolve()} of {ROOT}"
        return f"# {sys.executable} {sys.version_info}\n{here}\n{lock.read_text('utf-8')}"

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
        pip = [self._python, "-I", "-m", "pip"]
        if self._settings is None:
            listed = subprocess.run(
                [*map(str, pip), "config", "list"], capture_output=True, text=True, check=False
            )
            self._settings = kept_settings(listed.stdout)
        self._run(step, [*pip, *arguments])

    def _run(self, step: str, command: Sequence[object]) -> None:
        own = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        run = subprocess.run(
            [str(word) for word in command],
            env={
                **own,
                **(self._settings or {}),
                "PIP_CONFIG_FILE": os.devnull,
                "PIP_DISABLE_PIP_VERSION_CHECK": "1",
                "PIP_NO_INPUT": "1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        log = self.folder / LOG
        # On a full disk the log cannot be written, but pip's output still names the cause.
        with contextlib.suppress(OSError), log.open("a", encoding="utf-8") as file:
            file.write(f"== {step}\n{run.stdout}")
        if run.returncode:
            variables = {name.upper() for name, value in os.environ.items() if value}
            proxied = variables & {"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"}
            proxied |= (self._settings or {}).keys() & {"PIP_PROXY"}
            why, remedy = explain(run.stdout, proxied=bool(proxied))
            raise StepError(step, why, f"{remedy}\nThe whole output: {log}")


def kept_settings(listed: str) -> dict[str, str]:
    """Return variables for those settings of ``pip config list`` that are kept."""
    kept = {}
    # Variables come first in the list, and take precedence over files.
    for line in reversed(listed.splitlines()):
        name, equals, value = line.partition("=")
        setting = name.rpartition(".")[2]
        if equals and setting in KEPT_SETTINGS:
            text = " ".join(ast.literal_eval(value).split("\n"))
            kept[f"PIP_{setting.upper().replace('-', '_')}"] = text.strip()
    return kept


def explain(output: str, *, proxied: bool = False) -> tuple[str, str]:
    """Return the reason and the remedy for a step that failed.

    Args:
        output: What the step printed.
        proxied: Whether a proxy is configured. A newer pip does not say that it is the proxy which
            cannot be reached.
    """
    # pip continues an error message in indented lines.
    errors = re.findall(r"^(?:ERROR: |Error: |error: )(.*(?:\n +.*)*)", output, re.MULTILINE)
    lines = output.strip().splitlines() or ["it printed nothing"]
    last = errors[-1] if errors and errors[-1] != "Exception:" else lines[-1]
    for cause in CAUSES:
        if found := re.search(f"^.*(?:{cause.pattern}).*$", output, re.MULTILINE):
            # Prefer the line that names the cause to one that names a consequence.
            line = last if re.search(cause.pattern, last) else found[0]
            reported = PROXY if cause is UNREACHABLE and proxied else cause
            return f"{reported.why} ({shorten(line)}).", reported.remedy
    return shorten(last), "Read the output. To start again: make clean"


def shorten(text: str) -> str:
    """Return a text in one line of at most 300 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 300 else line[:299] + "…"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Command-line arguments; the process's own by default.

    Returns:
        0 on success, 1 if a step failed, 130 if interrupted.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("create", "project", "download"))
    parser.add_argument("folder", type=Path, help="the folder of the virtual environment")
    parser.add_argument("locks", type=Path, nargs="*", help="requirements files with hashes")
    parser.add_argument("--pip", type=Path, help="a wheel of pip to use instead of Python's own")
    parser.add_argument(
        "--any-python", action="store_true", help="keep an environment that another Python made"
    )
    options = parser.parse_args(arguments)
    if options.pip and not (options.pip.suffix == ".whl" and options.pip.is_file()):
        parser.error(f"{options.pip} is not a wheel of pip")
    environment = Environment(options.folder, options.pip)
    try:
        if options.action == "create":
            (lock,) = options.locks
            if not environment.has(lock, any_python=options.any_python):
                report(f"Creating {options.folder} with Python {platform.python_version()}")
                environment.create()
                count = len(PINNED.findall(lock.read_text("utf-8")))
                report(f"Installing {count} package{'s'[: count != 1]} from {lock}")
                environment.install(lock)
        elif options.action == "project":
            report(f"Installing this project into {options.folder}")
            environment.install_project()
        else:
            for lock in options.locks:
                report(f"Fetching {lock}")
                environment.download(lock)
    except (StepError, OSError) as error:
        report(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        report("\nSet-up was interrupted. The next make starts it again.")
        return 130
    return 0


def report(line: str) -> None:
    """Print a line and flush it, because the next step may take long."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
