"""What PyInstaller includes for :mod:`bitfount_api`."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from pathlib import Path

from PyInstaller.utils.hooks import collect_submodules, copy_metadata

_NOT_NEEDED = ("bitfount_api.pytest_plugin", "bitfount_api._pyinstaller")
_EXTRAS = {
    "bitfount_api.cli": ("click", "rich"),
    "bitfount_api.cli.migration": ("libcst",),
    "bitfount_api.sandbox": ("python_multipart", "starlette", "uvicorn"),
}
"""The packages that parts of the library need, and that only an extra installs."""


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # of the package that it would be in
        return False


def _is_needed(name: str) -> bool:
    if name.startswith(_NOT_NEEDED) or name.endswith(".__main__"):
        return False
    missing = [part for part, packages in _EXTRAS.items() if not all(map(_is_there, packages))]
    return not name.startswith(tuple(missing))


def _specs() -> list[tuple[str, str]]:
    """Return the specs that the sandbox reads, of a wheel or of an editable install."""
    spec = importlib.util.find_spec("bitfount_api")
    package = Path(str(spec.origin)).parent if spec else Path()
    for folder in (package / "sandbox" / "specs", package.parent / "openapi"):
        if found := sorted(folder.glob("*.yaml")):
            return [(str(path), "bitfount_api/sandbox/specs") for path in found]
    return []


def _metadata() -> list[tuple[str, str]]:
    """Return the metadata of all packages whose versions ``doctor`` shows."""
    found = []
    for requirement in ("bitfount-api", *(importlib.metadata.requires("bitfount-api") or ())):
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        try:
            found += copy_metadata(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # of an extra that is not installed
    return found


hiddenimports = collect_submodules("bitfount_api", filter=_is_needed)
for _package in ("backports.zstd", "rich._unicode_data"):  # these load parts by name
    if _is_there(_package):
        hiddenimports += collect_submodules(_package, on_error="ignore")
if _is_there("compression.zstd"):
    hiddenimports.append("compression.zstd")

# A program has it if it imports pydantic, which then calls this library.
excludedimports = ["pydantic_core"]

datas = [*_specs(), *_metadata()]
