"""The command line, ``bitfount-api``. Needs the extra ``cli``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line, and exit with one of the codes of :mod:`bitfount_api.cli.exits`."""
    try:
        import click  # noqa: F401
        import rich  # noqa: F401
    except ImportError:
        sys.stderr.write(
            "Error: the command line needs packages that are not installed. "
            "Install them with: pip install 'bitfount-api[cli]'\n"
        )
        sys.exit(1)
    from bitfount_api.cli.root import run

    sys.exit(run(sys.argv[1:]))
