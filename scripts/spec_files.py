"""Read specs strictly, from the work tree and from git revisions."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import attrs
import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from referencing.exceptions import Unresolvable
from spec_defaults import without_defaults
from spec_nodes import InvalidSpecError, Location, Node

FOLDER = "openapi"
_VALIDATORS = {"3.0": OpenAPIV30SpecValidator, "3.1": OpenAPIV31SpecValidator}


class RevisionError(Exception):
    """The revision does not exist."""


class SpecFileError(Exception):
    """A file is not a valid spec. The message names the file and the line."""


@attrs.frozen
class SpecFile:
    """A valid spec, and its YAML.

    Args:
        name: Name of the file, for errors.
        spec: The spec. Its keys are texts, as in JSON, so that 200 equals "200".
        tree: The nodes of the YAML, which have lines.
    """

    name: str
    spec: Node
    tree: yaml.Node


def specs_at(revision: str, root: Path) -> dict[str, Node]:
    """Return the specs of a revision, by name.

    Raises:
        RevisionError: If the revision does not exist.
        SpecFileError: If one of its specs is not valid.
    """
    wanted = f"{revision}^{{commit}}"
    known = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", wanted)
    if known is None:
        raise RevisionError(f"there is no revision {revision!r}: name a commit, branch or tag")
    commit = known.decode().strip()
    names = (_git(root, "ls-tree", "--name-only", commit, f"{FOLDER}/") or b"").decode()
    return {
        Path(name).stem: parse(
            f"{name} of {revision}", _git(root, "show", f"{commit}:{name}") or b""
        ).spec
        for name in names.splitlines()
        if _is_spec(name)
    }


def specs_now(root: Path) -> dict[str, Node]:
    """Return the specs of the work tree, by name.

    Raises:
        SpecFileError: If a spec is not valid.
    """
    return {name: file.spec for name, file in files_in(root / FOLDER).items()}


def files_in(folder: Path) -> dict[str, SpecFile]:
    """Return the specs in a folder, by name, in the order of the names.

    Raises:
        SpecFileError: If a spec is not valid.
    """
    return {path.stem: read(path) for path in sorted(folder.glob("*.yaml")) if _is_spec(path.name)}


def read(path: Path) -> SpecFile:
    """Return the spec in a file.

    Raises:
        SpecFileError: If the file is not YAML, has a key twice or is not a valid spec.
    """
    return parse(f"{path.parent.name}/{path.name}", path.read_bytes())


def _is_spec(name: str) -> bool:
    return name.endswith(".yaml") and not name.endswith(".config.yaml")


def _git(root: Path, *arguments: str) -> bytes | None:
    """Return git's output, or None if git fails."""
    run = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)
    return None if run.returncode else run.stdout


def parse(name: str, data: bytes) -> SpecFile:
    """Return the spec in the contents of a file.

    Args:
        name: Name of the file, for errors.
        data: Contents of the file.

    Raises:
        SpecFileError: If the file is not YAML, has a key twice or is not a valid spec.
    """
    tree: yaml.Node | None = None
    try:
        loader = _Loader(data)
        tree = loader.get_single_node()
        if not isinstance(tree, yaml.MappingNode):
            raise InvalidSpecError("it is not a mapping")
        spec: Node = loader.construct_document(tree)
        _validate(spec)
    except _DuplicateKeyError as error:
        raise SpecFileError(f"{name}, {error}") from None
    except yaml.YAMLError as error:
        raise SpecFileError(f"{name} is not YAML: {error}") from None
    except InvalidSpecError as error:
        where = " > ".join(map(str, error.at)) or "the file"
        line = line_of(tree, error.at)
        raise SpecFileError(f"{name}, line {line}: {where} is not valid: {error}") from None
    return SpecFile(name, spec, tree)


def _validate(spec: Node) -> None:
    """Check the form of a spec, and that its references lead somewhere.

    Raises:
        InvalidSpecError: If a part of the spec is not valid.
    """
    version = str(spec.get("openapi", "missing"))
    validator = _VALIDATORS.get(version.rpartition(".")[0])
    if validator is None:
        raise InvalidSpecError(f"it is {version}, neither 3.0 nor 3.1", ("openapi",))
    try:
        for error in validator(spec).iter_errors():
            message = error.message.partition("\n")[0]
            raise InvalidSpecError(message, tuple(error.absolute_path))
    except (Unresolvable, RecursionError):
        pass  # A reference leads nowhere or to itself. The next line says which.
    without_defaults(spec)


class _DuplicateKeyError(Exception):
    pass


class _Loader(yaml.SafeLoader):
    """Rejects duplicate keys, of which YAML parsers silently use the last."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            name = str(key.value)
            if name in lines and name != "<<":
                raise _DuplicateKeyError(
                    f"line {line}: the key {name} is there already, in line {lines[name]}"
                )
            lines[name] = line
            if key.tag != "tag:yaml.org,2002:merge":
                key.tag = "tag:yaml.org,2002:str"
        return node


def line_of(node: yaml.Node | None, at: Location) -> int:
    """Return the line of a node, or of the nearest node around it."""
    line = 1
    for part in at:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == part]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            found = [(node.value[part], node.value[part])]
        else:
            found = []
        if not found:
            break
        key, node = found[-1]
        line = key.start_mark.line + 1
    return line
