"""The public surface: the documented names exist, sync and async, and are cheap to import."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_overloads

import pytest
from support.documented import (
    CONSTRUCTORS,
    HEARTBEAT_13,
    METHODS,
    OPERATIONS,
    STATIC_METHODS,
)
from support.typed_code import modules, used_names

import bitfount_api

TWINS = {
    "BitfountHub": "AsyncBitfountHub",
    "BitfountAM": "AsyncBitfountAM",
    "SMARTOnFHIR": "AsyncSMARTOnFHIR",
}
HEAVY = ("httpx", "cryptography", "msgpack", "yaml", "jwt", "filelock", "msgspec", "attrs", "attr")


def _documented_part(function: Any) -> dict[str, Any]:
    parameters = list(inspect.signature(function).parameters.values())
    return {
        parameter.name: ... if parameter.default is parameter.empty else parameter.default
        for parameter in parameters
        if parameter.name != "self" and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    }


@pytest.mark.documented("BitfountAM", "defaults")
@pytest.mark.documented("BitfountHub", "defaults")
@pytest.mark.documented("FileProcessingMetadata", "defaults")
@pytest.mark.documented("PodPublicMetadata", "defaults")
@pytest.mark.documented("SMARTOnFHIR", "defaults")
@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_constructors_take_the_documented_arguments(name: str) -> None:
    documented = CONSTRUCTORS[name]
    assert list(_documented_part(getattr(bitfount_api, name)).items()) == list(documented.items())


@pytest.mark.parametrize(("kind", "name"), OPERATIONS)
def test_methods_take_the_documented_arguments(kind: str, name: str) -> None:
    method = inspect.getattr_static(getattr(bitfount_api, kind), name)
    assert isinstance(method, staticmethod) == ((kind, name) in STATIC_METHODS)
    function = getattr(method, "__func__", method)
    function = next(iter(get_overloads(function)), function)
    assert list(_documented_part(function).items()) == list(METHODS[kind][name].items())


@pytest.mark.parametrize("kind", ["BitfountHub", "AsyncBitfountHub"])
def test_heartbeat_takes_the_arguments_of_13_by_name(kind: str) -> None:
    _, of_instance = get_overloads(getattr(bitfount_api, kind).do_pod_heartbeat)
    parameters = list(inspect.signature(of_instance).parameters.values())[1:]
    assert {each.kind for each in parameters} == {inspect.Parameter.KEYWORD_ONLY}
    taken = {each.name: ... if each.default is each.empty else each.default for each in parameters}
    assert list(taken.items()) == list(HEARTBEAT_13.items())


NEVER_RAISES = {("BitfountHub", "get_project_name")}


@pytest.mark.parametrize(("kind", "name"), OPERATIONS)
def test_methods_document_errors_and_endpoint(kind: str, name: str) -> None:
    doc = inspect.getdoc(getattr(getattr(bitfount_api, kind), name))
    assert doc is not None
    assert ("Raises:" in doc) == ((kind, name) not in NEVER_RAISES)
    if (kind, name) not in STATIC_METHODS:
        assert "Endpoint:" in doc
    for argument in METHODS[kind][name]:
        assert f"{argument}: " in doc


def in_sync_words(documented: Any) -> str:
    """A docstring without what only async code has: names of classes, ``aclose``, the word."""
    doc = inspect.getdoc(documented) or ""
    return re.sub(r"\basync |\bAsync(?=Bitfount|SMART)|\ba(?=close\b)", "", doc)


@pytest.mark.parametrize("sync_name", TWINS)
def test_async_twins_have_the_same_methods(sync_name: str) -> None:
    sync = getattr(bitfount_api, sync_name)
    twin = getattr(bitfount_api, TWINS[sync_name])
    assert inspect.getdoc(sync) == in_sync_words(twin)
    methods = {name for name, value in vars(sync).items() if callable(getattr(sync, name))}
    assert methods == {name for name, value in vars(twin).items() if callable(getattr(twin, name))}
    for name in methods:
        original, other = getattr(sync, name), getattr(twin, name)
        if name == "__init__":
            assert inspect.signature(original) == inspect.signature(other)
            continue
        there = inspect.signature(original)
        here = inspect.signature(other)
        assert list(there.parameters.values()) == list(here.parameters.values()), name
        assert other.__doc__
        assert inspect.getdoc(original) == in_sync_words(other), name
        if name.startswith("iter_"):
            assert inspect.isgeneratorfunction(original)
            assert inspect.isasyncgenfunction(other)
            assert str(here.return_annotation) == f"Async{there.return_annotation}"
        elif name.startswith("stream_"):
            assert inspect.iscoroutinefunction(other)
            assert str(here.return_annotation) == f"Async{there.return_annotation}"
        elif name != "from_env":
            assert inspect.iscoroutinefunction(other), name
            assert there.return_annotation == here.return_annotation, name


@pytest.mark.parametrize("name", [*TWINS, *TWINS.values()])
def test_clients_are_context_managers(name: str) -> None:
    kind = getattr(bitfount_api, name)
    parts = ("__aenter__", "__aexit__", "aclose") if "Async" in name else (
        "__enter__", "__exit__", "close",
    )  # fmt: skip
    assert all(hasattr(kind, part) for part in parts)


def test_every_exported_name_exists() -> None:
    for name in bitfount_api.__all__:
        assert getattr(bitfount_api, name) is not None
    assert set(bitfount_api.__all__) <= set(dir(bitfount_api))


DIR = """
import rlcompleter, sys
import bitfount_api
complete = rlcompleter.Completer({"bitfount_api": bitfount_api}).complete
print(*dir(bitfount_api))
print(*(m for m in sys.modules if m.startswith("bitfount_api.")))
print(complete("bitfount_api.generate_k", 0))
bitfount_api.BitfountHub
import bitfount_api.sandbox
print(*dir(bitfount_api))
print(complete("bitfount_api.sandb", 0))
"""


def test_dir_lists_public_names_and_loads_nothing() -> None:
    run = subprocess.run([sys.executable, "-c", DIR], capture_output=True, text=True, check=True)
    first, loaded, function, then, module = (line.split() for line in run.stdout.splitlines())
    public = {name for name in first if not re.fullmatch("__.*__", name)}
    assert public == {*bitfount_api.__all__, "ConnectionError"} - {"__version__"}
    assert "__version__" in first
    assert loaded == ["bitfount_api._version"]
    assert [name.rstrip("()") for name in function] == ["bitfount_api.generate_key_pair"]
    # Then also modules that were imported, but none of those that the package uses itself.
    assert {"hub", "sandbox"} <= set(then) - set(first)
    assert [name for name in then if name.startswith("_") and not name.endswith("__")] == []
    assert module == ["bitfount_api.sandbox"]


def test_every_exception_and_typed_dict_is_exported() -> None:
    from bitfount_api import exceptions

    assert set(exceptions.__all__) <= set(bitfount_api.__all__)


def test_documented_error_tree_equals_the_classes() -> None:
    from bitfount_api import exceptions

    drawn: dict[str, str] = {}
    above: list[str] = []
    for indent, name in re.findall(r"^    ([│├└─ ]*)(\w+)", exceptions.__doc__ or "", re.MULTILINE):
        depth = len(indent) // 4
        above[depth:] = [name]
        drawn[name] = above[depth - 1] if depth else "Exception"
    assert drawn.keys() <= set(exceptions.__all__)
    for name in exceptions.__all__:
        if name in drawn:
            assert getattr(exceptions, name).__bases__[0].__name__ == drawn[name], name
    assert drawn.keys() == set(exceptions.__all__)


def test_type_checking_block_has_the_same_names() -> None:
    tree = ast.parse(Path(bitfount_api.__file__).read_text(encoding="utf-8"))
    (block,) = [
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    seen = {
        alias.asname: (node.module, alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert {"__version__", *seen} == {*bitfount_api.__all__, "ConnectionError"}
    for name, (module, original) in seen.items():
        assert name == original
        assert module == f"bitfount_api.{bitfount_api._MODULES[name]}"


def test_all_is_a_literal_list() -> None:
    """Static tools run no code: they read the names from a literal list of strings."""
    tree = ast.parse(Path(bitfount_api.__file__).read_text(encoding="utf-8"))
    (written,) = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    assert ast.literal_eval(written) == bitfount_api.__all__


def test_sync_clients_do_not_import_the_async_ones() -> None:
    code = "import sys; from bitfount_api import BitfountHub, BitfountAM, SMARTOnFHIR; "
    code += "print(*(m for m in sys.modules if m.startswith('bitfount_api.async')))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        bitfount_api.Nothing  # type: ignore[attr-defined]  # noqa: B018


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, bitfount_api; print(*(m for m in sys.modules if '.' not in m))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(run.stdout.split())


def test_type_checked_code_uses_every_public_name() -> None:
    """``tests/docs/test_types.py`` checks the pages and examples, ``make typecheck`` the file."""
    path = Path(__file__).parents[1] / "typing" / "user_code.py"
    shown = {name for module in modules() for name in used_names(module.code)}
    missing = set(bitfount_api.__all__) - shown - used_names(path.read_text(encoding="utf-8"))
    assert not missing, "use them in a guide, or in tests/typing/user_code.py"
