"""Build the wheel and the source distribution, and check that they can be published.

    python scripts/check_dist.py

The builds run without isolation and without a network: they use the build backend installed in this
environment. Each step prints one line. The first check that fails prints its name and the reason,
and ends the run. Everything is built in a temporary folder; ``dist/`` is not changed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EPOCH = "1580601600"  # hatchling's default for SOURCE_DATE_EPOCH
_IGNORED = shutil.ignore_patterns(
    ".git", "__pycache__", ".*_cache", ".hypothesis", ".coverage*", "dist", "build", "site"
)


class CheckError(Exception):
    """A check failed; the message names the check and the reason."""


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line.

    Args:
        arguments: Command-line arguments; the process's own by default.
        root: Root of the source tree.

    Returns:
        0 if all checks passed, 1 if one failed.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bitfount-api-") as folder:
        try:
            check(root, Path(folder))
        except CheckError as error:
            print(f"FAILED  {error}", file=sys.stderr)
            return 1
    return 0


def check(root: Path, work: Path) -> None:
    """Run all checks.

    Args:
        root: Root of the source tree.
        work: Empty folder for the builds.

    Raises:
        CheckError: If a check failed.
    """
    tool("pyproject.toml is valid", root, "validate_pyproject", "pyproject.toml")
    wheel, sdist = build("build from the tree", root, work / "first")
    tool("twine accepts the metadata", root, "twine", "check", "--strict", str(wheel), str(sdist))
    tool("the wheel contains the expected files", root, "check_wheel_contents", str(wheel))

    copied = copy(root, work / "a copy of the tree")
    again = build("build from a copy of the tree", copied, work / "second", umask=0o077)
    same("the wheel is reproducible", wheel, again[0])
    same("the source distribution is reproducible", sdist, again[1])

    with tarfile.open(sdist) as archive:
        archive.extractall(work / "unpacked", filter="data")
    (unpacked,) = (work / "unpacked").iterdir()
    from_sdist = build("build from the source distribution", unpacked, work / "third")
    same("the source distribution makes the same wheel", wheel, from_sdist[0])
    same("the source distribution makes itself again", sdist, from_sdist[1])


def tool(name: str, root: Path, module: str, *arguments: str, umask: int = 0o022) -> None:
    """Run a Python tool as one check.

    Args:
        name: Name of the check, in the output.
        root: Working directory of the tool.
        module: Module of the tool.
        *arguments: Arguments of the tool.
        umask: File mode mask of the process.

    Raises:
        CheckError: If the tool failed. The message ends with its output.
    """
    environment = {"SOURCE_DATE_EPOCH": EPOCH, **os.environ}
    # Otherwise validate-pyproject fetches the list of classifiers if trove-classifiers is missing.
    environment |= {"VALIDATE_PYPROJECT_NO_NETWORK": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=root,
        env=environment,
        umask=umask,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise CheckError(f"{name}: {module} ended with {done.returncode}:\n{done.stdout.strip()}")
    print(f"ok      {name}", flush=True)


def build(name: str, root: Path, output: Path, umask: int = 0o022) -> tuple[Path, Path]:
    """Build the wheel and the source distribution from a tree, as one check.

    Args:
        name: Name of the check, in the output.
        root: Root of the source tree.
        output: Output folder.
        umask: File mode mask during the build.

    Returns:
        The wheel and the source distribution.

    Raises:
        CheckError: If the build failed.
    """
    options = ("--no-isolation", "--wheel", "--sdist", "--outdir", str(output))
    tool(name, root, "build", *options, ".", umask=umask)
    (wheel,), (sdist,) = output.glob("*.whl"), output.glob("*.tar.gz")
    return wheel, sdist


def copy(root: Path, target: Path) -> Path:
    """Copy a source tree, with other modification times and without access for group and others.

    Args:
        root: Root of the source tree.
        target: Folder to create.

    Returns:
        The folder.
    """

    def ignored(folder: str, names: list[str]) -> set[str]:
        environments = {name for name in names if Path(folder, name, "pyvenv.cfg").exists()}
        return _IGNORED(folder, names) | environments

    shutil.copytree(root, target, symlinks=True, ignore=ignored)
    for number, path in enumerate(sorted(target.rglob("*"))):
        if path.is_file() and not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700)
            os.utime(path, (1_000_000_000 + number,) * 2)
    return target


def same(name: str, first: Path, second: Path) -> None:
    """Compare two archives byte by byte, as one check.

    Args:
        name: Name of the check, in the output.
        first: Wheel or source distribution.
        second: Another archive of the same kind.

    Raises:
        CheckError: If the archives differ. The message names the members that differ.
    """
    if first.read_bytes() != second.read_bytes():
        one, other = members(first), members(second)
        names = sorted(key for key in one | other if one.get(key) != other.get(key))
        reason = ", ".join(names) or "the order or the format of the same members"
        raise CheckError(f"{name}: the two archives differ in: {reason}")
    print(f"ok      {name}", flush=True)


def members(path: Path) -> dict[str, tuple[object, ...]]:
    """Return the members of an archive.

    Args:
        path: Wheel or source distribution.

    Returns:
        Metadata and content of each member, by name.
    """
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return {
                entry.filename: (entry.date_time, entry.external_attr, wheel.read(entry))
                for entry in wheel.infolist()
            }
    with tarfile.open(path) as sdist:
        return {
            entry.name: (
                entry.mtime,
                entry.mode,
                entry.uid,
                entry.gid,
                source.read() if (source := sdist.extractfile(entry)) else None,
            )
            for entry in sdist
        }


if __name__ == "__main__":
    sys.exit(main())
