"""Build the wheel and the source distribution, and check that they are fit to publish.

    python scripts/check_dist.py

The builds run without isolation and without a network: they use the build backend that is installed
in this environment. Each step prints one line. The first check that fails prints its name and the
reason, and ends the run. Everything is built in a temporary folder; ``dist/`` is left alone.
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
EPOCH = "1580601600"  # hatchling's own default for SOURCE_DATE_EPOCH
_LEFT_OUT = shutil.ignore_patterns(
    ".git", "__pycache__", ".*_cache", ".hypothesis", ".coverage*", "dist", "build", "site"
)


class CheckError(Exception):
    """A check failed; the text names the check and the reason."""


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line.

    Args:
        arguments: The arguments after the script's name; those of the process by default.
        root: The top of the source tree.

    Returns:
        0: all checks passed; 1: a check failed.
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
        root: The top of the source tree.
        work: An empty folder.

    Raises:
        CheckError: A check failed.
    """
    tool("pyproject.toml is valid", root, "validate_pyproject", "pyproject.toml")
    wheel, sdist = build("build from the tree", root, work / "first")
    tool("twine accepts the metadata", root, "twine", "check", "--strict", str(wheel), str(sdist))
    tool("the wheel holds the right files", root, "check_wheel_contents", str(wheel))

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
        name: What the check proves.
        root: The folder to run the tool in.
        module: The tool's module.
        *arguments: The tool's arguments.
        umask: The file mode mask of the process.

    Raises:
        CheckError: The tool failed; the text ends with the tool's output.
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
        name: What the check proves.
        root: The top of the source tree.
        output: The folder to write to.
        umask: The file mode mask during the build.

    Returns:
        The wheel and the source distribution.

    Raises:
        CheckError: The build failed.
    """
    options = ("--no-isolation", "--wheel", "--sdist", "--outdir", str(output))
    tool(name, root, "build", *options, ".", umask=umask)
    (wheel,), (sdist,) = output.glob("*.whl"), output.glob("*.tar.gz")
    return wheel, sdist


def copy(root: Path, target: Path) -> Path:
    """Copy a source tree, with other modification times and without access for group and others.

    Args:
        root: The top of the source tree.
        target: The folder to make.

    Returns:
        The folder.
    """

    def left_out(folder: str, names: list[str]) -> set[str]:
        environments = {name for name in names if Path(folder, name, "pyvenv.cfg").exists()}
        return _LEFT_OUT(folder, names) | environments

    shutil.copytree(root, target, symlinks=True, ignore=left_out)
    for number, path in enumerate(sorted(target.rglob("*"))):
        if path.is_file() and not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700)
            os.utime(path, (1_000_000_000 + number,) * 2)
    return target


def same(name: str, first: Path, second: Path) -> None:
    """Compare two archives byte by byte, as one check.

    Args:
        name: What the check proves.
        first: A wheel or a source distribution.
        second: Another of the same kind.

    Raises:
        CheckError: The archives differ; the text names the members that do.
    """
    if first.read_bytes() != second.read_bytes():
        one, other = members(first), members(second)
        names = sorted(key for key in one | other if one.get(key) != other.get(key))
        reason = ", ".join(names) or "the same members, stored in another order or form"
        raise CheckError(f"{name}: the two archives differ in: {reason}")
    print(f"ok      {name}", flush=True)


def members(path: Path) -> dict[str, tuple[object, ...]]:
    """Read an archive.

    Args:
        path: A wheel or a source distribution.

    Returns:
        What an archive says of each member, and the member's content, by name.
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
