"""List the changes to the specs since a git revision, and which of them break callers.

    python scripts/spec_diff.py main          since main
    python scripts/spec_diff.py v1.2 --json   since a tag, as JSON

Exit codes:
    0  nothing has changed, or no change breaks callers
    1  a change breaks callers
    2  the specs cannot be compared: an unknown revision, or a file that is not a valid spec
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from operation_changes import spec_changes
from spec_files import FOLDER, RevisionError, SpecFileError, specs_at, specs_now
from spec_nodes import InvalidSpecError

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line.

    Args:
        arguments: Command-line arguments; the process's own by default.
        root: Root of a git work tree, with the specs in ``openapi/``.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", metavar="BASE", help="the git revision to compare with")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    try:
        changes = changes_since(options.base, root)
    except (RevisionError, SpecFileError) as error:
        print(error, file=sys.stderr)
        return 2
    breaking = [change for change in changes if change["breaking"]]
    others = [change for change in changes if not change["breaking"]]
    for change in changes:
        del change["breaking"]
    if options.json:
        print(json.dumps({"base": options.base, "breaking": breaking, "other": others}, indent=2))
    else:
        print(report(options.base, breaking, others))
    return 1 if breaking else 0


def changes_since(revision: str, root: Path) -> list[dict[str, Any]]:
    """Return all changes to all specs, in the format of the JSON output.

    Raises:
        RevisionError: If the revision does not exist.
        SpecFileError: If a spec is not valid.
    """
    before, after = specs_at(revision, root), specs_now(root)
    changes = []
    for name in sorted(before.keys() | after.keys()):
        try:
            found = spec_changes(before.get(name, {}), after.get(name, {}))
        except InvalidSpecError as error:
            raise SpecFileError(f"{FOLDER}/{name}.yaml is not a valid spec: {error}") from None
        changes += [{"spec": name, **dataclasses.asdict(change)} for change in found]
    return changes


def report(base: str, breaking: list[dict[str, Any]], others: list[dict[str, Any]]) -> str:
    """Return all changes as text, breaking changes first."""
    if not breaking and not others:
        return f"No changes since {base}."
    lines = []
    for title, changes in (("Breaks callers", breaking), ("Does not break callers", others)):
        if changes:
            lines.append(f"{title}:")
        for change in changes:
            first, *more = change["operations"] or ["the whole spec"]
            where = f"{first} and {len(more)} more" if more else first
            what = f"{change['at']} {change['what']}".strip()
            lines.append(f"  {change['spec']}, {where}: {what}")
    lines.append(f"Changes since {base}: {len(breaking)} breaking, {len(others)} other.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
