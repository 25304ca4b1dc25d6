"""The locks are complete, and set-up installs what they name whatever the index offers."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from support import locks

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def group(name: str) -> list[str]:
    """The requirements of a dependency group, those of the groups in it included."""
    found: list[str] = []
    for item in PROJECT["dependency-groups"][name]:
        found += [item] if isinstance(item, str) else group(item["include-group"])
    return found


LIBRARY: list[str] = [
    *PROJECT["project"]["dependencies"],
    *PROJECT["project"]["optional-dependencies"]["cli"],
    *PROJECT["project"]["optional-dependencies"]["sandbox"],
]
ROOTS = {
    "dev": [*LIBRARY, *group("dev")],
    "runtime": LIBRARY,
    "demo": [*LIBRARY, *group("editable")],
    "lowest": [*LIBRARY, *group("editable"), *group("unit")],
    "workflows": group("workflows"),
    "lock": group("lock"),
    "pip-oldest": group("pip"),
    "pip-newest": group("pip"),
}


def text_of(name: str) -> str:
    return (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")


def test_every_lock_file_is_listed() -> None:
    assert {path.stem for path in REQUIREMENTS.iterdir()} == ROOTS.keys()


@pytest.mark.parametrize("name", ROOTS)
def test_a_lock_pins_by_hash_and_names_no_index(name: str) -> None:
    text = text_of(name)
    assert "://" not in text
    assert set(re.findall(r"--(\w+)", text)) == {"hash"}
    for entry in locks.read(text):
        assert entry.version, entry.name
        assert entry.hashes, entry.name


@pytest.mark.parametrize("name", ROOTS)
def test_a_lock_satisfies_pyproject(name: str) -> None:
    locked = {entry.name: entry for entry in locks.read(text_of(name))}
    for root in map(Requirement, ROOTS[name]):
        version = locked[canonicalize_name(root.name)].version
        assert version, root
        assert version in root.specifier, root


def test_lowest_versions_are_the_bounds_of_pyproject() -> None:
    locked: dict[str, str | None] = {}
    for entry in locks.read(text_of("lowest")):
        locked.setdefault(entry.name, entry.version)  # newer Pythons may need a newer version
    for root in map(Requirement, [*LIBRARY, *group("editable")]):
        (bound,) = (one.version for one in root.specifier if one.operator == ">=")
        release = Version(bound).release
        version = locked[canonicalize_name(root.name)]
        # 45.0.1 where 45 is the bound: there is no 45.0.0.
        assert version, root
        assert Version(version).release[: len(release)] == release, root
    assert "pip==22.3 " in text_of("pip-oldest")


def test_generator_dependencies_are_pinned_exactly() -> None:
    for root in map(Requirement, PROJECT["dependency-groups"]["generate"]):
        assert [one.operator for one in root.specifier] == ["=="], root


# The metadata of these versions is installed where this runs. `make test-lowest` sees that the
# other ones fit together (`pip check`).
@pytest.mark.parametrize("name", ["dev", "runtime", "demo"])
@pytest.mark.slow
def test_a_lock_is_complete(name: str) -> None:
    assert locks.gaps(text_of(name), ROOTS[name]) == []


def with_extra(text: str) -> str:
    """The name of a package that is locked with an extra."""
    found = re.search(r"^([a-z0-9-]+)\[[a-z0-9,-]+\]==", text, re.MULTILINE)
    assert found, "no package is locked with an extra: choose another one for these tests"
    return found[1]


def without_extra(text: str) -> str:
    return re.sub(rf"^({with_extra(text)})\[[a-z0-9,-]+\]", r"\1", text, flags=re.MULTILINE)


def without_pin(text: str) -> str:
    return re.sub(r"^(idna)==", r"\1>=", text, flags=re.MULTILINE)


def without_entry(text: str) -> str:
    return re.sub(r"^idna==.*\n(?: +.*\n)+", "", text, flags=re.MULTILINE)


def with_more(text: str) -> str:
    return text + "unneeded==1.0 \\\n    --hash=sha256:00\n"


@pytest.mark.parametrize(
    ("change", "gap"),
    [
        (without_extra, r"\S+ is locked without its extra \S+"),
        (without_pin, "idna is not pinned"),
        (without_entry, "idna has 0 entries for Python 3.11.0 on linux"),
        (with_more, "unneeded is not needed"),
    ],
)
@pytest.mark.slow
def test_missing_package_in_a_lock_is_found(change: Any, gap: str) -> None:
    text = text_of("dev")
    assert change(text) != text
    assert re.search(gap, "\n".join(locks.gaps(change(text), ROOTS["dev"])))


def newer(version: str) -> str:
    """The next release: 2.8.1 after 2.8.0. Upper bounds of requirements allow it."""
    *first, last = Version(version).release
    return ".".join(map(str, [*first, last + 1]))


def wheel(folder: Path, name: str, version: str) -> Path:
    """Make an empty wheel with the requirements that the installed package has."""
    try:
        requires = importlib.metadata.distribution(name).requires or []
        extras = importlib.metadata.metadata(name).get_all("Provides-Extra") or []
    except importlib.metadata.PackageNotFoundError:
        requires, extras = [], []
    lines = [
        *("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"),
        *(f"Provides-Extra: {extra}" for extra in extras),
        *(f"Requires-Dist: {requirement}" for requirement in requires),
    ]
    stem = f"{name.replace('-', '_')}-{version}"
    path = folder / f"{stem}-py3-none-any.whl"
    info = f"{stem}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{info}/METADATA", "\n".join(lines) + "\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path


def locked() -> list[locks.Locked]:
    """A part of the development lock: one package needs urllib3 with an extra, one without."""
    return locks.needed_by(["selenium", "requests"], locks.read(text_of("dev")))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package index with the locked version of each package, and a newer one of each.

    Next to it, as ``lock.txt``, is a part of the development lock with the hashes of these files.
    """
    folder = tmp_path_factory.mktemp("index")
    hashes: dict[tuple[str, str], str] = {}
    for entry in locked():
        assert entry.version
        page = folder / "simple" / entry.name
        page.mkdir(parents=True, exist_ok=True)
        for version in (entry.version, newer(entry.version)):
            file = wheel(page, entry.name, version)
            hashes[entry.name, version] = hashlib.sha256(file.read_bytes()).hexdigest()
        links = "".join(f'<a href="{file.name}">{file.name}</a>\n' for file in page.glob("*.whl"))
        (page / "index.html").write_text(f"<!DOCTYPE html><html><body>\n{links}</body></html>\n")
    lock = "".join(
        f"{entry.requirement} \\\n    --hash=sha256:{hashes[entry.name, str(entry.version)]}\n"
        for entry in locked()
    )
    (folder / "lock.txt").write_text(lock)
    return folder


def pip_of(kind: str) -> Path:
    """A wheel of pip; `make test` has fetched those that no Python brings."""
    if kind == "own":
        return locks.bundled_pip()
    (entry,) = locks.read(text_of(f"pip-{kind}"))
    path = Path(sys.prefix) / "downloads" / f"pip-{entry.version}-py3-none-any.whl"
    assert path.exists(), "run `make setup`: it fetches the pips that the locks are tested with"
    return path


OLD_PYTHON = pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="pip 22.3 runs on Python 3.11 at most"
)
PIPS = [pytest.param("oldest", marks=OLD_PYTHON), "own", "newest"]


def environment(index: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return {
        **own,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": (index / "simple").as_uri(),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def set_up(index: Path, lock: str, folder: Path, pip: Path) -> subprocess.CompletedProcess[str]:
    path = folder.with_suffix(".txt")
    path.write_text(lock)
    return subprocess.run(
        [sys.executable, ROOT / "scripts" / "set_up.py", "create", folder, path, "--pip", pip],
        env=environment(index),
        capture_output=True,
        text=True,
        check=False,
    )


def resolve(index: Path, lock: str, folder: Path, pip: Path) -> subprocess.CompletedProcess[str]:
    """Install a lock without ``--no-deps``, as set-up does not."""
    path = folder.with_suffix(".txt")
    path.write_text(lock)
    command = [sys.executable, str(pip / "pip"), "install", "--require-hashes", "-r", str(path)]
    return subprocess.run(
        [*command, "--ignore-installed", "--target", str(folder)],
        env=environment(index),
        capture_output=True,
        text=True,
        check=False,
    )


def installed(site: Path) -> dict[str, str]:
    """The versions of the installed packages but pip."""
    found = importlib.metadata.distributions(path=[str(site)])
    return {package.name: package.version for package in found if package.name != "pip"}


def site_packages(folder: Path) -> Path:
    (found,) = [*folder.glob("lib/python*/site-packages"), *folder.glob("Lib/site-packages")]
    return found


def versions_of(entries: list[locks.Locked]) -> dict[str, str | None]:
    return {entry.name: entry.version for entry in entries}


@pytest.mark.parametrize("kind", PIPS)
@pytest.mark.slow
def test_set_up_installs_the_locked_versions(index: Path, tmp_path: Path, kind: str) -> None:
    lock = (index / "lock.txt").read_text()
    run = set_up(index, lock, tmp_path / "venv", pip_of(kind))
    assert run.returncode == 0, run.stderr
    assert installed(site_packages(tmp_path / "venv")) == versions_of(locked())
    assert len(list((index / "simple" / "idna").glob("*.whl"))) == 2  # there is a newer one


@pytest.mark.parametrize("kind", PIPS)
@pytest.mark.slow
def test_lock_without_a_pin_is_rejected(index: Path, tmp_path: Path, kind: str) -> None:
    lock = (index / "lock.txt").read_text()
    run = set_up(index, without_pin(lock), tmp_path / "venv", pip_of(kind))
    assert run.returncode == 1
    assert re.search(r"^Why: .*\bidna\b", run.stderr, re.MULTILINE)


@OLD_PYTHON
@pytest.mark.parametrize("change", [without_extra, str])
@pytest.mark.slow
def test_set_up_does_not_resolve(index: Path, tmp_path: Path, change: Any) -> None:
    """A resolver looks at newer versions as soon as a package is required with an extra.

    An older pip then refuses the lock, whether or not it pins the package with the extra.
    """
    lock = change((index / "lock.txt").read_text())
    run = resolve(index, lock, tmp_path / "site", pip_of("oldest"))
    assert run.returncode == 1
    assert "all requirements must have their versions pinned" in run.stderr
    run = set_up(index, lock, tmp_path / "venv", pip_of("oldest"))
    assert run.returncode == 0, run.stderr


@pytest.mark.slow
def test_file_with_another_hash_is_rejected(index: Path, tmp_path: Path) -> None:
    lock = re.sub(
        r"^(idna==\S+ \\\n +--hash=sha256:)\S+",
        lambda found: found[1] + base64.b16encode(b"0" * 32).decode(),
        (index / "lock.txt").read_text(),
        flags=re.MULTILINE,
    )
    run = set_up(index, lock, tmp_path / "venv", pip_of("own"))
    assert run.returncode == 1
    assert "Why: A package differs from the file that was locked" in run.stderr
