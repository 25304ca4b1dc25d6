"""Lock files (requirements files with hashes): read them, and find what they leave open."""

from __future__ import annotations

import ensurepip
import functools
import importlib.metadata
import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
from packaging.markers import Marker, default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Both 3.11.0 and the newest 3.11, because some packages require a later 3.11.
PYTHONS = ("3.11.0", "3.11.9", "3.12.0", "3.13.0", "3.14.0")
SYSTEMS = {
    "linux": {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"},
    "macos": {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin"},
    "windows": {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows"},
}


@attrs.frozen
class Locked:
    """One entry of a lock file."""

    name: str
    requirement: Requirement
    hashes: list[str]

    @property
    def version(self) -> str | None:
        """The pinned version; None if the version is not pinned."""
        pinned = re.fullmatch(r"==([^*,]+)", str(self.requirement.specifier))
        return pinned[1] if pinned else None

    def applies(self, environment: Mapping[str, str]) -> bool:
        """Return whether the entry is installed in an environment."""
        marker = self.requirement.marker
        return marker is None or marker.evaluate(dict(environment))


def read(text: str) -> list[Locked]:
    """Return the entries of a lock file."""
    entries = []
    for line in re.sub(
        r" \\\n", " ", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE)
    ).splitlines():
        requirement, *hashes = re.split(r"\s+--hash=", line.strip())
        try:
            parsed = Requirement(requirement)
        except InvalidRequirement as error:
            raise AssertionError(f"not an entry of a lock: {line}") from error
        entries.append(Locked(canonicalize_name(parsed.name), parsed, hashes))
    return entries


def _markers_here() -> dict[str, str]:
    """Return the values of markers for the Python that runs this."""
    return {key: str(value) for key, value in default_environment().items()}


def here(entries: Iterable[Locked]) -> list[Locked]:
    """Return the entries that are installed by the Python that runs this."""
    environment = _markers_here()
    return [entry for entry in entries if entry.applies(environment)]


def needed_by(names: Iterable[str], entries: Iterable[Locked]) -> list[Locked]:
    """Return the entries that are installed here for packages, their own among them."""
    found: dict[str, Locked] = {}
    environment = _markers_here()
    locked = {entry.name: entry for entry in here(entries)}
    queue = [*names]
    while queue:
        entry = locked[canonicalize_name(queue.pop())]
        if entry.name not in found:
            found[entry.name] = entry
            extras = frozenset(entry.requirement.extras)
            queue += [one.name for one in _requirements(entry, extras, environment)]
    return list(found.values())


def environments() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield every supported Python on every system: a name, and the values of markers."""
    for (system, values), python in itertools.product(SYSTEMS.items(), PYTHONS):
        yield (
            f"Python {python} on {system}",
            {
                **_markers_here(),
                **values,
                "python_full_version": python,
                "python_version": python.rpartition(".")[0],
                "implementation_version": python,
            },
        )


def gaps(text: str, roots: Iterable[str]) -> list[str]:
    """Return what a lock file leaves open, for every supported Python and system.

    Packages that are not installed here (those for another system) count as packages without
    requirements, because their metadata is not available.

    Args:
        text: Text of the lock file.
        roots: Required packages, with extras and markers.

    Returns:
        A sentence for each gap; empty if the lock file is complete and has no unneeded entries.
    """
    entries = read(text)
    found = {
        f"{entry.name} is not pinned" for entry in entries if not entry.version or not entry.hashes
    }
    needed: set[int] = set()
    required = [Requirement(root) for root in roots]
    for where, environment in environments():
        queue = list(required)
        seen: set[tuple[str, frozenset[str]]] = set()
        while queue:
            requirement = queue.pop()
            name = canonicalize_name(requirement.name)
            if not _holds(requirement.marker, environment, [""]):
                continue
            matching = [item for item in entries if item.name == name and item.applies(environment)]
            if len(matching) != 1:
                found.add(f"{name} has {len(matching)} entries for {where}")
                continue
            (entry,) = matching
            needed.add(id(entry))
            if entry.version and entry.version not in requirement.specifier:
                found.add(f"{name}=={entry.version} does not satisfy {requirement}")
            if missing := requirement.extras - entry.requirement.extras:
                found.add(f"{name} is locked without its extra {', '.join(sorted(missing))}")
            extras = frozenset(requirement.extras)
            if (name, extras) not in seen:
                seen.add((name, extras))
                queue += _requirements(entry, extras, environment)
                found |= _too_old(entry, where, environment)
    # Packages for another environment may be needed by others that are not installed here.
    found |= {f"{entry.name} is not needed" for entry in here(entries) if id(entry) not in needed}
    return sorted(found)


def _holds(marker: Marker | None, environment: dict[str, str], extras: Iterable[str]) -> bool:
    return marker is None or any(marker.evaluate({**environment, "extra": one}) for one in extras)


def metadata(entry: Locked) -> Installed | None:
    """Return the installed package of an entry; None if the entry is not for this environment.

    Raises:
        AssertionError: If another version is installed.
    """
    if entry not in here([entry]) or not entry.version:
        return None
    package = _installed(entry.name)
    assert package.version == entry.version, f"the lock is not installed here: {entry.name}"
    return package


@attrs.frozen
class Installed:
    """What an installed package says about itself."""

    version: str
    requires: list[str]
    pythons: str | None


@functools.cache
def _installed(name: str) -> Installed:
    package = importlib.metadata.distribution(name)
    named = "Requires-Python" in package.metadata
    pythons = package.metadata["Requires-Python"] if named else None
    return Installed(package.version, package.requires or [], pythons)


def _requirements(
    entry: Locked, extras: frozenset[str], environment: dict[str, str]
) -> list[Requirement]:
    package = metadata(entry)
    if package is None:
        return []
    wanted = [Requirement(line) for line in package.requires]
    held = [one for one in wanted if _holds(one.marker, environment, extras or [""])]
    for one in held:
        one.marker = None  # already evaluated, with this package's extra rather than the next one's
    return held


def _too_old(entry: Locked, where: str, environment: dict[str, str]) -> set[str]:
    package = metadata(entry)
    pythons = None if package is None else package.pythons
    if pythons and environment["python_full_version"] not in SpecifierSet(pythons):
        return {f"{entry.name}=={entry.version} cannot be installed by {where}"}
    return set()


def bundled_pip() -> Path:
    """Return the wheel of pip that this Python installs into new environments."""
    bundled = Path(ensurepip.__file__).parent / "_bundled"
    debian = Path("/usr/share/python-wheels")
    return next(path for folder in (bundled, debian) for path in folder.glob("pip-*.whl"))
