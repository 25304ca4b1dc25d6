"""Find the names in a spec of which the generators would make broken code.

openapi-python-client turns names into ``snake_case``: two names can become the same one, and a name
can become that of a method or variable of the generated code. datamodel-code-generator renames
what it cannot write as a field of a class. Neither says where the name is.
"""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING

import yaml
from openapi_python_client.strings import snake_case
from spec_defaults import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spec_files import SpecFile

FIELDS = frozenset({"additional_properties", "cls", "d", "field_dict", "from_dict", "to_dict"})
"""Names of the generated models, which a field of the same name would replace."""
PARAMETERS = frozenset({"body", "headers", "params"})
"""Variables of the generated request builders, which a parameter of the same name would replace."""
TYPES = frozenset(
    {"Exception", "Literal", "NotRequired", "Response", "TypeAlias", "TypedDict", "UNSET", "Unset"}
)
"""Names that the generated code imports, which a schema of the same name would replace."""
NOT_SCHEMAS = frozenset({"default", "enum", "example", "examples"})
"""Keys of values, in which names have no meaning for the generators."""

_TYPE_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")


def complaints(file: SpecFile) -> list[str]:
    """Return a message with file and line for each name of a spec that cannot be used."""
    root = file.tree
    found = [
        *_types(_keys(at(root, "components", "schemas"))),
        *(each for names in _fields(root) for each in _field_names(names)),
        *_operations(root),
    ]
    return with_place(file, found)


Found = tuple[yaml.Node, str]


def with_place(file: SpecFile, found: Iterable[Found]) -> list[str]:
    """Return messages about nodes of a spec, with the file and the line of each, in their order."""
    lines = sorted((node.start_mark.line + 1, what) for node, what in found)
    return [f"{file.name}:{line}: {what}" for line, what in lines]


def _types(names: list[yaml.Node]) -> Iterator[Found]:
    for name in names:
        if not _TYPE_NAME.fullmatch(name.value):
            yield name, f"{name.value}: the name of a schema must be that of a class, in CamelCase"
        elif name.value in TYPES or keyword.iskeyword(name.value):
            yield name, f"{name.value}: this name has another meaning in the generated code"
    yield from _same(names, "the schemas {0} and {1} become the same module, {2}.py")


def _field_names(names: list[yaml.Node]) -> Iterator[Found]:
    for name in names:
        field = name.value
        if not field.isidentifier() or keyword.iskeyword(field):
            yield name, f"{field!r}: a class in Python cannot have a field of this name"
        elif field.startswith("_"):
            yield name, f"{field}: the name of a field cannot begin with an underscore"
        elif snake_case(field) in FIELDS:
            yield name, f"{field}: generated models use the name {snake_case(field)} themselves"
    yield from _same(names, "the fields {0} and {1} become the same attribute, {2}")


def _operations(root: yaml.Node | None) -> Iterator[Found]:
    ids = []
    for item in _values(at(root, "paths")):
        for method in METHODS:
            operation = at(item, method)
            ids += [each for each in [at(operation, "operationId")] if each is not None]
            yield from _parameters(
                [
                    name
                    for owner in (item, operation)
                    for each in _values(at(owner, "parameters"))
                    if (name := at(_follow(root, each), "name")) is not None
                ]
                if operation
                else []
            )
    yield from _same(ids, "the operations {0} and {1} become the same module, {2}.py")


def _parameters(names: list[yaml.Node]) -> Iterator[Found]:
    for name in names:
        if snake_case(name.value) in PARAMETERS:
            yield name, f"{name.value}: generated functions use this name themselves"
    yield from _same(names, "the parameters {0} and {1} become the same argument, {2}")


def _same(names: Iterable[yaml.Node], message: str) -> Iterator[Found]:
    """Yield a message for each name that becomes the same as an earlier one."""
    first: dict[str, str] = {}
    for name in names:
        made = snake_case(name.value)
        if made in first:
            yield name, message.format(first[made], name.value, made)
        first.setdefault(made, name.value)


def _fields(node: yaml.Node | None) -> Iterator[list[yaml.Node]]:
    """Yield the names of the fields of each schema, also of those without a name."""
    if isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _fields(each)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "properties":
                yield _keys(value)
                for each in _values(value):
                    yield from _fields(each)
            elif key.value not in NOT_SCHEMAS:
                yield from _fields(value)


def _follow(root: yaml.Node | None, node: yaml.Node) -> yaml.Node | None:
    reference = at(node, "$ref")
    if reference is None:
        return node
    return at(root, *reference.value.removeprefix("#/").split("/"))


def at(node: yaml.Node | None, *keys: str) -> yaml.Node | None:
    """Return the node at a path of keys, if there is one."""
    for key in keys:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for name, value in pairs if name.value == key), None)
    return node


def _keys(node: yaml.Node | None) -> list[yaml.Node]:
    return [key for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []


def _values(node: yaml.Node | None) -> list[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    return [value for _, value in node.value] if isinstance(node, yaml.MappingNode) else []
