"""The operations, and the public methods of the clients, enumerated from the code."""

from __future__ import annotations

import ast
import inspect
import sys
import typing
from collections.abc import Iterator
from functools import cache
from types import ModuleType, NoneType, UnionType
from typing import Any

import bitfount_api
from bitfount_api._client import AsyncClient, Client, SyncClient
from bitfount_api._core import storage_operations
from bitfount_api._generated import operations
from bitfount_api._internal.operation import Operation

CLIENTS = ("BitfountHub", "BitfountAM", "SMARTOnFHIR")
OPERATIONS = {
    each.name: each
    for module in (operations, storage_operations)
    for each in vars(module).values()
    if isinstance(each, Operation)
}
"""All operations by their names: those of the specs, and those of object storage."""


def methods_of(kind: str) -> dict[str, Any]:
    """Return a client's public methods by name, without those of its bases."""
    own = {name for base in (Client, SyncClient, AsyncClient) for name in vars(base)}
    return {
        name: method
        for name, method in inspect.getmembers(getattr(bitfount_api, kind), inspect.isroutine)
        if not name.startswith("_") and name not in own
    }


def operations_of(kind: str) -> set[str]:
    """Return the names of a client's operations: its methods, without ``from_env``."""
    return methods_of(kind).keys() - {"from_env"}


@cache
def result_types(kind: str, name: str) -> tuple[type, ...]:
    """Return the types of a method's result as its annotation states them.

    They are types for ``isinstance``: ``dict`` for a ``TypedDict``, and for what the tests make of
    an iterator and of a stream, ``list`` and ``bytes``.
    """
    method = inspect.unwrap(getattr(getattr(bitfount_api, kind), name))
    annotation = method.__annotations__["return"]
    names = _names(sys.modules[method.__module__], annotation)
    return tuple(dict.fromkeys(_types(eval(annotation, names))))


def _types(hint: Any) -> Iterator[type]:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, UnionType):
        for each in typing.get_args(hint):
            yield from _types(each)
    elif hint is None:
        yield NoneType
    elif typing.is_typeddict(hint):
        yield dict
    elif origin is not None and issubclass(origin, Iterator):
        yield list
    elif hint is bitfount_api.WeightsStream:
        yield bytes
    else:
        yield origin or hint


def _names(module: ModuleType, annotation: str) -> dict[str, Any]:
    """Return the names of a module, with those of an annotation that it does not import itself."""
    names = dict(vars(module))
    used = {node.id for node in ast.walk(ast.parse(annotation)) if isinstance(node, ast.Name)}
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom):  # also the imports for type checkers
            for each in node.names:
                if each.name in used - names.keys():
                    exec(f"from {node.module} import {each.name}", names)
    return names
