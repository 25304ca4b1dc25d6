"""List the changes to the specs since a git revision, and which of them break callers.

    python scripts/spec_diff.py main          since main
    python scripts/spec_diff.py v1.2 --json   since a tag, as JSON

Exits with 0 if no change breaks callers, with 1 if one does, and with 2 if the specs cannot be
compared.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from operation_changes import spec_changes

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "openapi"


class ComparisonError(Exception):
    """The revision does not exist, or a file is not a valid spec."""


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
    except ComparisonError as error:
        print(error, file=sys.stderr)
        return 2
    breaking = [change for change in changes if change.pop("breaking")]
    others = [change for change in changes if change not in breaking]
    if options.json:
        print(json.dumps({"base": options.base, "breaking": breaking, "other": others}, indent=2))
    else:
        print(report(options.base, breaking, others))
    return 1 if breaking else 0


def changes_since(revision: str, root: Path) -> list[dict[str, Any]]:
    """Return all changes to all specs, in the format of the JSON output.

    Raises:
        ComparisonError: If the revision does not exist or a spec cannot be read.
    """
    before, after = specs_at(revision, root), specs_now(root)
    changes = []
    for name in sorted(before.keys() | after.keys()):
        try:
            found = spec_changes(before.get(name, {}), after.get(name, {}))
        except LookupError as error:
            raise ComparisonError(f"{FOLDER}/{name}.yaml is not a valid spec: {error}") from None
        changes += [{"spec": name, **dataclasses.asdict(change)} for change in found]
    return changes


def specs_at(revision: str, root: Path) -> dict[str, Any]:
    """Return the specs of a revision, by name.

    Raises:
        ComparisonError: If the revision does not exist or one of its specs cannot be read.
    """
    wanted = f"{revision}^{{commit}}"
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", wanted)
    if found is None:
        raise ComparisonError(f"there is no revision {revision!r}: name a commit, branch or tag")
    commit = found.strip()
    names = _git(root, "ls-tree", "--name-only", commit, f"{FOLDER}/") or ""
    return {
        Path(name).stem: _parse(f"{name} of {revision}", _git(root, "show", f"{commit}:{name}"))
        for name in names.splitlines()
        if _is_spec(name)
    }


def specs_now(root: Path) -> dict[str, Any]:
    """Return the specs of the work tree, by name.

    Raises:
        ComparisonError: If a spec cannot be read.
    """
    return {
        path.stem: _parse(f"{FOLDER}/{path.name}", path.read_text(encoding="utf-8"))
        for path in (root / FOLDER).glob("*.yaml")
        if _is_spec(path.name)
    }


def _is_spec(name: str) -> bool:
    return name.endswith(".yaml") and not name.endswith(".config.yaml")


def _parse(name: str, text: str | None) -> dict[str, Any]:
    try:
        spec = yaml.safe_load(text or "")
    except yaml.YAMLError as error:
        raise ComparisonError(f"{name} is not YAML: {error}") from None
    if not isinstance(spec, dict | None):
        raise ComparisonError(f"{name} is not a spec")
    return spec or {}


def _git(root: Path, *arguments: str) -> str | None:
    """Return git's output, or None if git fails."""
    run = subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, encoding="utf-8", check=False
    )
    return None if run.returncode else run.stdout


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
