"""Check a model's code by its syntax tree, without running it."""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
from typing import Final

import attrs

from bitfount_api.exceptions import ModelValidationError
from bitfount_api.hashes import normalized

MODEL_BASE: Final = re.compile(r"\w*BitfountModel([vV]?\d+)?")
"""The names of the classes that models derive from, such as ``PyTorchBitfountModelv2``."""

_ADVICE: Final = (
    "derive it from a Bitfount model class that the file imports, for example "
    "'from bitfount import PyTorchBitfountModel' or 'from bitfount_api import BitfountModel'"
)


def decoded(source: str | bytes) -> str:
    r"""Return a model's code as the text that Python compiles: UTF-8, without any ``\r``.

    Raises:
        ValueError: The code is not UTF-8, declares another encoding, or holds null bytes.
    """
    data = normalized(source)
    if b"\0" in data:
        raise ValueError("it holds a null byte")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        raise ValueError(f"its encoding cannot be determined: {error}") from None
    if codecs.lookup(encoding).name not in {"utf-8", "utf-8-sig"}:
        # With another encoding, Python would read a different text from the one people see.
        raise ValueError(f"it declares the encoding {encoding}, but models must be UTF-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8: {error.reason} at byte {error.start}") from None


def check_model_source(source: str | bytes, stem: str) -> None:
    """Check that a file is a valid model, without running any of it.

    The file must parse and define exactly one model class, with the same name as the file: a class
    that derives, directly or through other classes of the file, from an imported Bitfount model
    class. Base classes of another model class of the file do not count.

    Args:
        source: The file's contents.
        stem: The file's name without ``.py``.

    Raises:
        ModelValidationError: The model is not valid; the text gives the line and what to do.
    """
    file_name = f"{stem}.py"
    try:
        text = decoded(source)
        tree = ast.parse(text, file_name)
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise ModelValidationError(f"{file_name}{line}: not valid Python: {error.msg}") from None
    except (RecursionError, MemoryError):
        raise ModelValidationError(
            f"{file_name}: its expressions are nested too deeply for Python"
        ) from None
    except ValueError as error:
        raise ModelValidationError(f"{file_name}: it cannot be read: {error}") from None
    names = _Names()
    names.read(tree.body)
    _check_names(names, stem)


def _check_names(names: _Names, stem: str) -> None:
    file_name = f"{stem}.py"
    models = names.models()
    if not models:
        found = "it defines no class"
        if names.classes:
            found = "none of its classes is a model: " + "; ".join(
                f"{found_class.name} (line {found_class.line}) derives from "
                + (", ".join(found_class.bases) or "nothing")
                for found_class in names.classes.values()
            )
        raise ModelValidationError(f"{file_name}: {found[:1000]}; {_ADVICE}")
    if len(models) > 1:
        listed = ", ".join(f"{model.name} (line {model.line})" for model in models)
        raise ModelValidationError(
            f"{file_name}: it has {len(models)} model classes: {listed[:1000]}; "
            "a file defines exactly one, so put each into its own file"
        )
    (model,) = models
    if model.name != stem:
        raise ModelValidationError(
            f"{file_name}, line {model.line}: the model class is called {model.name}; "
            f"rename the file to {model.name}.py, or the class to {stem}"
        )


@attrs.frozen
class _Class:
    name: str
    line: int
    bases: tuple[str, ...]
    """The bases' dotted names, with the first part resolved to what was imported."""


class _Names:
    """The names at the top level of a file, and what they refer to."""

    def __init__(self) -> None:
        self.classes: dict[str, _Class] = {}
        self._known: dict[str, str] = {}
        self._star = False

    def read(self, statements: list[ast.stmt]) -> None:
        """Read statements in their order, with those inside ``if``, ``try`` and ``with``."""
        # An explicit stack instead of recursion: elif chains may be thousands long.
        waiting = list(reversed(statements))
        while waiting:
            statement = waiting.pop()
            self._read_one(statement)
            for block in reversed(_blocks(statement)):
                waiting.extend(reversed(block))

    def _read_one(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Import(names=aliases):
                for alias in aliases:
                    first = alias.name.split(".")[0]
                    self._know(alias.asname or first, alias.name if alias.asname else first)
            case ast.ImportFrom(module=str(module), names=aliases, level=0):
                for alias in aliases:
                    if alias.name == "*":
                        self._star = True
                    else:
                        self._know(alias.asname or alias.name, f"{module}.{alias.name}")
            case ast.ImportFrom(names=aliases):
                # A model is a single file: a relative import has nothing to import.
                for alias in aliases:
                    self._forget(alias.asname or alias.name)
            case ast.ClassDef(name=name, bases=bases):
                resolved = tuple(self._resolve(base) for base in bases)
                self._know(name, name)
                self.classes[name] = _Class(name, statement.lineno, resolved)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                resolved_value = self._resolve(value)
                self._forget(name)
                if resolved_value != "?":
                    self._known[name] = resolved_value

    def models(self) -> list[_Class]:
        """Return the model classes that no other model class derives from, in file order."""
        models = [found for found in self.classes.values() if self._is_model(found)]
        bases = {base for model in models for base in model.bases}
        return [model for model in models if model.name not in bases]

    def _is_model(self, found: _Class) -> bool:
        seen = set()
        waiting = list(found.bases)
        while waiting:
            base = waiting.pop()
            if base in seen:
                continue
            seen.add(base)
            if base in self.classes:
                waiting.extend(self.classes[base].bases)
            elif ("." in base or self._star) and MODEL_BASE.fullmatch(base.rpartition(".")[2]):
                return True
        return False

    def _know(self, name: str, meaning: str) -> None:
        self._forget(name)
        self._known[name] = meaning

    def _forget(self, name: str) -> None:
        self._known.pop(name, None)
        self.classes.pop(name, None)

    def _resolve(self, expression: ast.expr) -> str:
        """Return a dotted name with its first part resolved; ``?`` for anything else."""
        parts: list[str] = []
        while True:
            match expression:
                case ast.Subscript(value=inner):  # Base[int] is a Base
                    expression = inner
                case ast.Attribute(value=inner, attr=part):
                    parts.append(part)
                    expression = inner
                case ast.Name(id=name):
                    parts.append(self._known.get(name, name))
                    return ".".join(reversed(parts))
                case _:
                    return "?"


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    """Return the blocks of a statement that run in the same scope as the statement."""
    match statement:
        case ast.If(body=body, orelse=orelse):
            return [body, orelse]
        case ast.Try() | ast.TryStar():
            handlers = (handler.body for handler in statement.handlers)
            return [statement.body, *handlers, statement.orelse, statement.finalbody]
        case ast.With(body=body):
            return [body]
        case _:
            return []
