"""Make the low-level clients in ``generated/`` from the specs in ``openapi/``, or check them.

    python scripts/generate.py            make them anew
    python scripts/generate.py --check    end with 1 if making them anew would change anything

All clients are built in a temporary folder and only then put in place, so a spec with an error
leaves what was there. What the generator and the formatter make differs between their versions:
these are pinned exactly, in ``pyproject.toml``, and must be the installed ones. The result depends
on nothing else: no configuration but that in ``openapi/`` is read, no cache, no network.
"""

from __future__ import annotations

import argparse
import filecmp
import importlib.metadata
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GENERATED = ROOT / "generated"
SPECS = {
    "hub": "bitfount_hub_client",
    "access_manager": "bitfount_am_client",
    "smart_on_fhir": "bitfount_fhir_client",
}
TOOLS = ("openapi-python-client", "ruff")


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line.

    Args:
        arguments: What follows the name of the script; that of this process without them.
        root: The folder that holds ``openapi/``, ``generated/`` and ``pyproject.toml``.

    Returns:
        0: made, or nothing to make; 1: the specs cannot be generated from, or ``--check`` found
        differences; 2: the tools are not those that are pinned.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare instead of replacing")
    options = parser.parse_args(arguments)
    if complaints := wrong_versions(root / "pyproject.toml"):
        print(*complaints, sep="\n", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="bitfount-api-") as folder:
        built = Path(folder)
        try:
            build(root / "openapi", built)
        except GenerationError as error:
            print(error, file=sys.stderr)
            return 1
        if not options.check:
            swap(built, root / "generated")
            return 0
        differences = compare(built, root / "generated")
    if differences:
        print(*differences, sep="\n", file=sys.stderr)
        print("generated/ is not what the specs make: run `make generate`", file=sys.stderr)
    return 1 if differences else 0


def wrong_versions(pyproject: Path) -> list[str]:
    """A sentence for each tool that is not pinned, or not installed in that version."""
    pins = pinned(pyproject)
    complaints = []
    for tool in TOOLS:
        try:
            installed = importlib.metadata.version(tool)
        except importlib.metadata.PackageNotFoundError:
            installed = "none"
        if tool not in pins:
            complaints.append(f"{tool}: {pyproject.name} pins no exact version of it")
        elif installed != pins[tool]:
            complaints.append(f"{tool}: {pins[tool]} is pinned, but {installed} is installed")
    return complaints


def pinned(pyproject: Path) -> dict[str, str]:
    """Return the versions of the tools that the group ``generate`` pins."""
    groups = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("dependency-groups", {})
    wanted = [entry.partition("==") for entry in groups.get("generate", [])]
    return {name.strip(): version.strip() for name, equals, version in wanted if equals}


class GenerationError(Exception):
    """The generator warned or failed; the text is what it printed."""


def build(specs: Path, target: Path) -> None:
    """Make all clients in ``target``, side by side."""
    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(_build_one, specs, spec, target / SPECS[spec]) for spec in SPECS]
    for job in jobs:
        job.result()
    # In place of the generator's own clean-up, which would read the configuration of the folders
    # above: drop unused imports, sort the others, format.
    ruff = ("--isolated", "--no-cache", "--quiet", "--target-version=py311")
    _run("ruff", "check", *ruff, "--select=F401,I", "--fix-only", str(target))
    _run("ruff", "format", *ruff, str(target))


def _build_one(specs: Path, spec: str, target: Path) -> None:
    _run(
        "openapi-python-client",
        "generate",
        "--path",
        str(specs / f"{spec}.yaml"),
        "--config",
        str(specs / f"{spec}.config.yaml"),
        "--meta",
        "none",
        "--output-path",
        str(target),
        "--fail-on-warning",
    )
    (target / "py.typed").write_text("# Marker file for PEP 561\n", encoding="utf-8")


def _run(tool: str, *arguments: str) -> None:
    # The tools of the interpreter that runs this, not whatever comes first on the path.
    command = [str(Path(sys.executable).parent / tool), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise GenerationError(f"{tool} {' '.join(arguments)}\n{run.stdout}{run.stderr}")


def compare(built: Path, committed: Path) -> list[str]:
    """What differs between two folders: files that are missing, edited, or should not be there."""
    here, there = _files(built), _files(committed)
    return sorted(
        [f"missing: {name}" for name in here - there]
        + [f"not generated: {name}" for name in there - here]
        + [
            f"edited or stale: {name}"
            for name in here & there
            if not filecmp.cmp(built / name, committed / name, shallow=False)
        ]
    )


def _files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def swap(built: Path, target: Path) -> None:
    """Put the new clients in the place of the old ones, or leave those."""
    # Beside the target, so that what can fail (copying: a full disk) comes before the old one goes.
    with tempfile.TemporaryDirectory(prefix=".generated-", dir=target.parent) as folder:
        new, old = Path(folder, "new"), Path(folder, "old")
        shutil.copytree(built, new)
        if target.exists():
            target.rename(old)
        new.rename(target)


if __name__ == "__main__":
    sys.exit(main())
