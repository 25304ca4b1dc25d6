"""Write a software bill of materials (CycloneDX, JSON) for the wheel in ``dist/``.

    python scripts/sbom.py [--output dist/sbom.cdx.json]

Installs the wheel and the packages of ``requirements/runtime.txt`` (the requirements of the library
and of its extras) into a new virtual environment, and lists that environment with cyclonedx-py.
The list contains the packages of an installation, with licences and the dependency graph, but no
development tools. It is valid for the Python version and the platform on which the script runs.

Without SOURCE_DATE_EPOCH the file has no timestamp, so the same wheel always gives the same file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line.

    Args:
        arguments: Command-line arguments; the process's own by default.
        root: Root of the source tree, with the wheel in ``dist/``.

    Returns:
        0 on success; 1 if there is not exactly one wheel, or a tool failed.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    default = root / "dist" / "sbom.cdx.json"
    parser.add_argument("--output", type=Path, default=default, help="default: dist/sbom.cdx.json")
    options = parser.parse_args(arguments)
    wheels = sorted((root / "dist").glob("*.whl"))
    if len(wheels) != 1:
        print(
            f"dist/ contains {len(wheels)} wheels instead of one: run `make build`", file=sys.stderr
        )
        return 1
    try:
        document = environment(wheels[0], root)
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(error.cmd[:5])} ended with {error.returncode}", file=sys.stderr)
        return 1
    complete(document, wheels[0])
    options.output.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    count = len(document["components"])
    print(f"{options.output}: {count} packages on which {wheels[0].name} depends")
    return 0


def environment(wheel: Path, root: Path) -> dict[str, Any]:
    """Install a wheel into a new virtual environment, and list that environment.

    Args:
        wheel: The wheel.
        root: Root of the source tree.

    Returns:
        The bill of materials from cyclonedx-py.

    Raises:
        CalledProcessError: If the installation or cyclonedx-py failed. Its output went to standard
            error.
    """
    with tempfile.TemporaryDirectory(prefix="bitfount-api-") as folder:
        venv.create(folder, with_pip=False)
        python = Path(folder, "Scripts/python.exe" if os.name == "nt" else "bin/python")
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-qq"]
        pip += ["--no-deps", "--disable-pip-version-check"]
        lock = str(root / "requirements" / "runtime.txt")
        subprocess.run([*pip, "--require-hashes", "--requirement", lock], check=True)
        subprocess.run([*pip, str(wheel)], check=True)
        describe = ["-m", "cyclonedx_py", "environment", str(python), "--output-reproducible"]
        describe += ["--pyproject", str(root / "pyproject.toml"), "--mc-type", "library"]
        listed = subprocess.run(
            [sys.executable, *describe], check=True, stdout=subprocess.PIPE, encoding="utf-8"
        )
    document: dict[str, Any] = json.loads(listed.stdout)
    return document


def complete(document: dict[str, Any], wheel: Path) -> None:
    """Add the fields that ``pyproject.toml`` does not contain: the version and the wheel's hash.

    Args:
        document: Bill of materials; changed in place.
        wheel: Wheel that the document describes.
    """
    version = wheel.name.split("-")[1]
    document["metadata"]["component"] |= {
        "version": version,
        "purl": f"pkg:pypi/bitfount-api@{version}",
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}],
    }


if __name__ == "__main__":
    sys.exit(main())
