"""The command line, ``bitfount-api``. All of it except ``--version`` needs the extra ``cli``."""

from __future__ import annotations

import signal
import sys

from bitfount_api import __version__

_INTERRUPTED = 130  # Exit.INTERRUPTED of exit_codes.py, which may not be loaded yet


def main() -> None:
    """Run the command line and exit with a code from :mod:`bitfount_api.cli.exit_codes`."""
    try:
        code = _run()
        # The command has finished: a late Ctrl-C must not change the exit code.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:  # during the imports: later, run() handles it
        sys.stderr.write("\nError: Interrupted.\n")
        code = _INTERRUPTED
    sys.exit(code)


def _run() -> int:
    try:
        import click  # noqa: F401
        import rich  # noqa: F401
    except ImportError:
        # This works without the extra, because SECURITY.md asks for the version in a report.
        if sys.argv[1:] == ["--version"]:
            sys.stdout.write(f"bitfount-api {__version__}\n")
            return 0
        sys.stderr.write(
            "Error: the command line needs packages that are not installed. "
            "Install them with: pip install 'bitfount-api[cli]'\n"
        )
        return 1
    from bitfount_api.cli.root import run

    return run(sys.argv[1:])
