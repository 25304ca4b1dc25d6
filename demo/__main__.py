"""``python -m demo``: demonstrate the platform on a temporary sandbox."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bitfount_api import BitfountError
from bitfount_api.sandbox import Sandbox
from demo.output import ConsoleOutput, JSONOutput, UnexpectedError
from demo.tour import Tour

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 1 if a step failed."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--weights", type=int, default=64, metavar="MiB", help="size of the weights (%(default)s)"
    )
    options = parser.parse_args(arguments)
    output = JSONOutput() if options.json else ConsoleOutput()
    try:
        with Sandbox(users=()) as sandbox, tempfile.TemporaryDirectory() as folder:
            tour = Tour(sandbox, output, Path(folder), options.weights)
            try:
                tour.walk()
            finally:
                tour.close()
    except (UnexpectedError, BitfountError) as error:
        if options.json:
            print(json.dumps({"ok": False, "error": str(error)}))
        print(f"The demonstration failed: {error}", file=sys.stderr)
        return 1
    output.end()
    return 0


if __name__ == "__main__":
    # The demonstration causes errors on purpose and reports them itself.
    logging.getLogger("bitfount_api").setLevel(logging.ERROR)
    sys.exit(main())
