"""The command line, ``bitfount-api``. All of it except ``--version`` needs the extra ``cli``."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys

from bitfount_api import __version__
from bitfount_api.cli.error_json import error_document, is_requested

# Of Exit in exit_codes.py, which may not be loaded yet.
_INVALID_INPUT = 6
_INTERRUPTED = 130
_BROKEN_PIPE = 141


def main() -> None:
    """Run the command line and exit with a code from :mod:`bitfount_api.cli.exit_codes`."""
    try:
        code = _check_output()
        if code is None:
            code = _run()
        # The command has finished: a late Ctrl-C must not change the exit code.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:  # during the imports: later, run() handles it
        _report("interrupted", "Interrupted.")
        code = _INTERRUPTED
    sys.exit(code)


def _report(code: str, message: str, hint: str | None = None) -> None:
    if sys.stderr is None:
        return
    text = f"Error: {message} {hint or ''}".rstrip()
    if is_requested(sys.argv[1:]):
        text = json.dumps(error_document(code, message, hint=hint))
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except OSError:
        # Otherwise Python tries again at exit, and changes the exit code.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stderr.fileno())
        os.close(null)


def _check_output() -> int | None:
    """Return the exit code if standard output cannot be written to; None if it can.

    It is checked before anything is done: a program that takes a failure to write for a failure of
    the command would run it again, and create another project.
    """
    if sys.stdout is None or not _is_writable():
        _report(
            "invalid_input",
            "Standard output is closed, so nothing was done.",
            f"Redirect it to a file or to {os.devnull}.",
        )
        return _INVALID_INPUT
    return _BROKEN_PIPE if _has_lost_reader() else None


def _is_writable() -> bool:
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        mode = fcntl.fcntl(sys.stdout.fileno(), fcntl.F_GETFL) & os.O_ACCMODE
    except ValueError:
        return True  # it is not a file
    except OSError:
        return False
    return mode != os.O_RDONLY


def _has_lost_reader() -> bool:
    """Whether standard output is a pipe that nobody can read from."""
    if sys.platform == "win32":
        return False
    import select

    try:
        descriptor = sys.stdout.fileno()
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return False
    except (OSError, ValueError):
        return False
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))


def _run() -> int:
    try:
        import click  # noqa: F401
        import rich  # noqa: F401
    except ImportError:
        # This works without the extra, because SECURITY.md asks for the version in a report.
        if sys.argv[1:] == ["--version"]:
            sys.stdout.write(f"bitfount-api {__version__}\n")
            return 0
        _report(
            "failed",
            "The command line needs packages that are not installed.",
            "Install them with: pip install 'bitfount-api[cli]'",
        )
        return 1
    from bitfount_api.cli.root import run

    return run(sys.argv[1:])
