"""The command line, ``bitfount-api``. Everything but ``--version`` needs the extra ``cli``."""

from __future__ import annotations

import signal
import sys

from bitfount_api import __version__

_INTERRUPTED = 130  # as in the table of exits.py, which may not have been loaded yet


def main() -> None:
    """Run the command line, and exit with a code of :mod:`bitfount_api.cli.exit_codes`."""
    try:
        code = _run()
        # It is done: a Ctrl-C that comes too late may not make it look as if it were not.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:  # while the program was loaded: later, the program itself tells it
        sys.stderr.write("\nError: Interrupted.\n")
        code = _INTERRUPTED
    sys.exit(code)


def _run() -> int:
    try:
        import click  # noqa: F401
        import rich  # noqa: F401
    except ImportError:
        # A plain install can answer this, and SECURITY.md asks for it in a report.
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
