"""Generate code from the specs in ``openapi/``, or check it.

    python scripts/generate.py            generate the clients and the types
    python scripts/generate.py --check    exit with 1 if generating would change anything

``generated/`` contains the low-level clients, and ``bitfount_api/_wire/`` the ``TypedDict``s that
``bitfount_api/types.py`` imports. Both are built in a temporary folder and then swapped in, so an
error in a spec leaves the old code in place. The output depends on the versions of the generators
and the formatter, so ``pyproject.toml`` pins them exactly, and the pinned versions must be
installed. It depends on nothing else: only configuration in ``openapi/`` is read, and no cache or
network is used.
"""

from __future__ import annotations

import argparse
import ast
import filecmp
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import spec_names
import wire_types
from trimming import trim

ROOT = Path(__file__).resolve().parents[1]
SPECS = {
    "hub": "bitfount_hub_client",
    "access_manager": "bitfount_am_client",
    "smart_on_fhir": "bitfount_fhir_client",
}
_BUILDER = re.compile(r"\b_get_kwargs\b")
_LATE_MODELS = '''"""The data models, each loaded when it is first used."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
{imports}
_MODULES = {modules}

__all__ = {names}

# Type checkers must not see this function: to them, every name would exist.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
        return getattr(importlib.import_module(f"{{__name__}}.{{_MODULES[name]}}"), name)
'''
CLIENTS = "generated"
TYPES = "bitfount_api/_wire"
FOLDERS = (CLIENTS, TYPES)
"""The folders that contain only generated code."""
NAME_ADVICE = """The generators cannot use these names, so nothing was generated.
A field of an answer may be left out of the spec: answers keep fields without a type."""
TOOLS = ("datamodel-code-generator", "openapi-python-client", "ruff")


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line.

    Args:
        arguments: Command-line arguments; the process's own by default.
        root: Folder that contains ``openapi/``, ``generated/``, ``bitfount_api/`` and
            ``pyproject.toml``.

    Returns:
        0 on success; 1 if the specs have errors or ``--check`` found differences; 2 if the
        installed tools are not the pinned versions.
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
            build(root, built)
        except GenerationError as error:
            print(error, file=sys.stderr)
            return 1
        if not options.check:
            swap(built, root)
            return 0
        differences = compare(built, root)
    if differences:
        print(*differences, sep="\n", file=sys.stderr)
        print("Generated code is out of date: run `make generate`", file=sys.stderr)
    return 1 if differences else 0


def wrong_versions(pyproject: Path) -> list[str]:
    """Return a message for each tool that is not pinned or not installed in the pinned version."""
    pins = pinned(pyproject)
    complaints = []
    for tool in TOOLS:
        try:
            installed = importlib.metadata.version(tool)
        except importlib.metadata.PackageNotFoundError:
            installed = "no version"
        if tool not in pins:
            complaints.append(f"{tool}: {pyproject.name} does not pin an exact version")
        elif installed != pins[tool]:
            complaints.append(f"{tool}: {pins[tool]} is pinned, but {installed} is installed")
    return complaints


def pinned(pyproject: Path) -> dict[str, str]:
    """Return the versions of the tools that the group ``generate`` pins."""
    groups = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("dependency-groups", {})
    wanted = [entry.partition("==") for entry in groups.get("generate", [])]
    return {name.strip(): version.strip() for name, equals, version in wanted if equals}


class GenerationError(Exception):
    """A generator warned or failed, with its output as the message; or a spec cannot be used."""


def build(root: Path, target: Path) -> None:
    """Generate all folders of ``FOLDERS`` in ``target``, concurrently."""
    specs, clients, types = root / "openapi", target / CLIENTS, target / TYPES
    if complaints := spec_names.all_complaints(specs):
        raise GenerationError("\n".join([*complaints, NAME_ADVICE]))
    types.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="bitfount-api-") as folder:
        try:
            parts = wire_types.prepare(specs, root / "bitfount_api/types.py", Path(folder))
        except wire_types.TableError as error:
            raise GenerationError(str(error)) from None
        with ThreadPoolExecutor() as pool:
            jobs = [
                *(pool.submit(_build_client, specs, spec, clients / SPECS[spec]) for spec in SPECS),
                *(
                    pool.submit(_build_types, spec, source, types / f"{spec}.py")
                    for spec, source in parts.items()
                ),
            ]
    for job in jobs:
        job.result()
    wire_types.write_front(types)
    for package in SPECS.values():
        publish_builders(clients / package)
        trim(clients / package)
        load_models_late(clients / package)
    # The generator's default hooks would read the ruff configuration of parent folders. Instead,
    # remove unused imports, sort the others, and format.
    ruff = ("--isolated", "--no-cache", "--quiet", "--target-version=py311")
    _run("ruff", "check", *ruff, "--select=F401,I", "--fix-only", str(target))
    _run("ruff", "format", *ruff, str(target))


def _build_client(specs: Path, spec: str, target: Path) -> None:
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


def _build_types(spec: str, source: Path, target: Path) -> None:
    _run("datamodel-codegen", *wire_types.arguments(spec, source, target))


def publish_builders(package: Path) -> None:
    """Give the request builder of each endpoint a public name: ``build_request``.

    The generator has a private builder only. The typed layer sends the requests itself, so the
    builders are what it needs of an endpoint.

    Raises:
        GenerationError: An endpoint has no builder under the name that this version of the
            generator gives it.
    """
    for path in sorted(package.glob("api/*/*.py")):
        if path.name != "__init__.py":
            text = path.read_text(encoding="utf-8")
            if "def _get_kwargs(" not in text:
                raise GenerationError(f"{path.name} has no function _get_kwargs to make public")
            path.write_text(_BUILDER.sub("build_request", text), encoding="utf-8", newline="\n")


def load_models_late(package: Path) -> None:
    """Load each model when it is first used, and not all of them with the first one.

    A program that reads a pod does not wait for the models of uploads. Models that were removed,
    because no request needs them, are left out.

    Raises:
        GenerationError: The file that imports the models has another form than this version of the
            generator gives it.
    """
    path = package / "models/__init__.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
            modules |= {alias.name: node.module for alias in node.names}
        elif not isinstance(node, ast.Expr | ast.Assign):
            raise GenerationError(f"{path.name} has an unexpected statement, line {node.lineno}")
    if not modules:
        raise GenerationError(f"{path.name} imports no models")
    kept = {file.stem for file in path.parent.glob("*.py")}
    modules = {name: module for name, module in modules.items() if module in kept}
    if not modules:
        shutil.rmtree(path.parent)
        return
    imports = "".join(
        f"    from .{module} import {name} as {name}\n" for name, module in modules.items()
    )
    path.write_text(
        _LATE_MODELS.format(imports=imports, modules=modules, names=sorted(modules)),
        encoding="utf-8",
        newline="\n",
    )


def _run(tool: str, *arguments: str) -> None:
    # Use the tools installed for this interpreter, not the first ones on PATH.
    command = [str(Path(sys.executable).parent / tool), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise GenerationError(f"{tool} {' '.join(arguments)}\n{run.stdout}{run.stderr}")


def compare(built: Path, root: Path) -> list[str]:
    """Return the differences of the generated folders: missing, edited and additional files."""
    return sorted(
        difference
        for folder in FOLDERS
        for difference in _differences(built / folder, root / folder, folder)
    )


def _differences(built: Path, committed: Path, folder: str) -> list[str]:
    here, there = _files(built), _files(committed)
    return [
        *(f"missing: {folder}/{name}" for name in here - there),
        *(f"not generated: {folder}/{name}" for name in there - here),
        *(
            f"edited or stale: {folder}/{name}"
            for name in here & there
            if not filecmp.cmp(built / name, committed / name, shallow=False)
        ),
    ]


def _files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def swap(built: Path, root: Path) -> None:
    """Replace the old folders with the new ones, or leave the old ones on failure."""
    # Copy next to the targets first: copying can fail (full disk) and must not lose the old code.
    with tempfile.TemporaryDirectory(prefix=".generated-", dir=root) as temporary:
        new, old = Path(temporary, "new"), Path(temporary, "old")
        for folder in FOLDERS:
            shutil.copytree(built / folder, new / folder)
        for folder in FOLDERS:
            if (root / folder).exists():
                (old / folder).parent.mkdir(parents=True, exist_ok=True)
                (root / folder).rename(old / folder)
            (root / folder).parent.mkdir(parents=True, exist_ok=True)
            (new / folder).rename(root / folder)


if __name__ == "__main__":
    sys.exit(main())
