"""Call every method of the official SDK and of this library, and compare the results.

    python scripts/compare_official.py --set-up         install both versions of the official SDK
    python scripts/compare_official.py                  compare with the installed ones
    python scripts/compare_official.py --write          ... and store the results and the page
    python scripts/compare_official.py --page           write the page from the stored results

The official SDK is installed into ``.venv-official-<version>``, about 9 GB each, or found with
``--python 13.0.0=/path/to/python``. The sandbox needs the ports 3000 to 3003, since the official
SDK sends credentials to nothing else. Exits with 1 if a difference is not intended.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from interoperability.comparison import (  # noqa: E402
    BEGIN,
    DIFFERENCES,
    differing,
    page,
    recorded,
    save,
    without_unknown_fields,
)
from interoperability.libraries import Run, run  # noqa: E402

PAGE = ROOT / "docs" / "pages" / "interoperability.md"
# Newer packages than those of its time do not work with 5.3.0.
VERSIONS = {
    "5.3.0": ("3.10", ["bitfount==5.3.0", "numpy<2", "opacus<1.5.4", "setuptools<80"]),
    "13.0.0": ("3.12", ["bitfount==13.0.0"]),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--set-up", action="store_true", help="install the official SDK first")
    parser.add_argument("--write", action="store_true", help="store the results and the page")
    parser.add_argument(
        "--page", action="store_true",
        help="write the page from the stored results, without the official SDK",
    )  # fmt: skip
    parser.add_argument(
        "--python", action="append", default=[], metavar="VERSION=PATH",
        help="a Python that has that version of the official SDK",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    if options.page:
        write_page(ours_now())
        return 0
    pythons = {version: str(folder(version) / "bin" / "python") for version in VERSIONS}
    pythons.update(each.partition("=")[::2] for each in options.python)
    if options.set_up:
        for version in VERSIONS:
            set_up(version)
    runs = []
    for version, python in pythons.items():
        if shutil.which(python) is None:
            print(f"The official SDK {version} is not installed: use --set-up or --python")
            return 2
        print(f"Calling every method of the official SDK {version} ...", flush=True)
        with tempfile.TemporaryDirectory() as temporary:
            runs.append(run("bitfount", Path(temporary), python))
    ours = ours_now()
    if options.write:
        save(runs)
        _, runs = recorded()
        write_page(ours)
    print(page(ours, "today", runs))
    status = 0
    for result, others in differing(ours, runs):
        known = (result.method, result.situation) in DIFFERENCES
        status = status if known else 1
        shown = ", ".join(f"{version}: {other}" for version, other in others.items())
        print(f"{'intended' if known else 'DIFFERS'}: {', '.join(result.call)}: {result}; {shown}")
    return status


def ours_now() -> Run:
    """Call every method of this library."""
    with tempfile.TemporaryDirectory() as temporary:
        return run("bitfount_api", Path(temporary))


def write_page(ours: Run, file: Path = PAGE) -> None:
    """Write the page that compares our results with the stored ones."""
    date, official = recorded()
    text = file.read_text("utf-8")
    compared = without_unknown_fields(ours, official)
    text = text[: text.index(BEGIN)] + page(compared, date, official)
    file.write_text(text, encoding="utf-8")


def folder(version: str) -> Path:
    """Return the folder of the environment of a version."""
    return ROOT / f".venv-official-{version}"


def set_up(version: str) -> None:
    """Install a version of the official SDK, unless its environment exists."""
    python, requirements = VERSIONS[version]
    environment = folder(version)
    if (environment / "bin" / "python").exists():
        return
    uv = shutil.which("uv", path=str(ROOT / ".venv-lock" / "bin")) or shutil.which("uv")
    if uv is None:
        raise SystemExit("uv is not installed: run `make .venv-lock/installed.txt`")
    subprocess.run([uv, "venv", "--python", python, str(environment)], check=True)
    subprocess.run(
        [uv, "pip", "install", "--python", str(environment / "bin" / "python"), *requirements],
        check=True,
    )


if __name__ == "__main__":
    sys.exit(main())
