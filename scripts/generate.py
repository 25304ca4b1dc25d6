"""Make the low-level clients in ``generated/`` from the specs in ``openapi/``, or check them.

    python scripts/generate.py            make them anew
    python scripts/generate.py --check    end with 1 if making them anew would change anything

Each client is built in a temporary folder and only then put in place, so a spec with an error leaves
what was there. The generator and the formatter are pinned exactly, and asked for their versions:
what they make differs between versions.
"""

from __future__ import annotations

import argparse
import filecmp
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GENERATED = ROOT / "generated"
SPECS = {
    "hub": "bitfount_hub_client",
    "access_manager": "bitfount_am_client",
    "smart_on_fhir": "bitfount_fhir_client",
}
PINNED = {"openapi-python-client": "0.29.1", "ruff": "0.17.6"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare instead of replacing")
    options = parser.parse_args(arguments)
    for name, wanted in PINNED.items():
        installed = importlib.metadata.version(name)
        if installed != wanted:
            print(f"{name} {installed} is installed, but {wanted} is pinned", file=sys.stderr)
            return 2
    with tempfile.TemporaryDirectory(prefix="bitfount-api-") as folder:
        built = Path(folder)
        try:
            build(ROOT / "openapi", built)
        except GenerationError as error:
            print(error, file=sys.stderr)
            return 1
        if options.check:
            differences = compare(built, GENERATED)
            for difference in differences:
                print(difference, file=sys.stderr)
            if differences:
                print("generated/ is not what the specs make: run `make generate`", file=sys.stderr)
            return 1 if differences else 0
        swap(built, GENERATED)
    return 0


class GenerationError(Exception):
    """The generator warned or failed; the text is what it printed."""


def build(specs: Path, target: Path) -> None:
    """Make all clients in ``target``, side by side."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda item: _build_one(specs, *item, target), SPECS.items()))
    # One more pass over everything: the generator's own runs on each package, with the rules of
    # whatever configuration is found above it.
    _run("ruff", "check", "--isolated", "--no-cache", "--select=I", "--fix", "--quiet", str(target))
    _run("ruff", "format", "--isolated", "--no-cache", "--quiet", str(target))


def _build_one(specs: Path, spec: str, package: str, target: Path) -> None:
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
        str(target / package),
        "--fail-on-warning",
    )
    (target / package / "py.typed").write_text("# Marker file for PEP 561\n", encoding="utf-8")


def _run(tool: str, *arguments: str) -> None:
    # The tools of the interpreter that runs this, not whatever comes first on the path.
    scripts = Path(sys.executable).parent
    path = os.pathsep.join([str(scripts), os.environ.get("PATH", "")])
    run = subprocess.run(
        [str(scripts / tool), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path, "RUFF_NO_CACHE": "true"},
    )
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
    """Put the new clients in the place of the old ones."""
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(built, target)


if __name__ == "__main__":
    sys.exit(main())
