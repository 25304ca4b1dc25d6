"""Check a model's code by its syntax tree, without running it."""

from __future__ import annotations

import ast
import codecs
import io
import itertools
import logging
import re
import tokenize
from typing import TYPE_CHECKING, Final

import attrs

from bitfount_api._internal.module_names import ModuleNames
from bitfount_api._internal.name_scopes import ClassValue
from bitfount_api.exceptions import ModelValidationError
from bitfount_api.hashes import normalized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bitfount_api._internal.name_scopes import Value

_logger = logging.getLogger("bitfount_api.models")

_MAX_MODULES: Final = 64

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

    Conditions are followed as far as the syntax tree shows their results. Where it does not show
    whether the class is defined, a warning is logged.

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
        # Finds what the parser accepts, such as a return outside of a function. Runs nothing.
        compile(text, file_name, "exec", dont_inherit=True)
        names = ModuleNames(tree)
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise ModelValidationError(f"{file_name}{line}: not valid Python: {error.msg}") from None
    except (RecursionError, MemoryError):
        raise ModelValidationError(
            f"{file_name}: its expressions are nested too deeply for Python"
        ) from None
    except ValueError as error:
        raise ModelValidationError(f"{file_name}: it cannot be read: {error}") from None
    failure, doubt = names.scope.failure, names.scope.doubt
    if failure is not None:
        if names.classes and not any(_find_models(names)):
            # More helpful than that the name of its base class is not defined.
            problem = _problem(_Module(names.classes, lambda _: False), names, stem)
        else:
            problem = f", {failure}, so get_model() could not load it"
        raise ModelValidationError(f"{file_name}{problem}")
    problems = [_problem(module, names, stem) for module in _possible_modules(names)]
    if None not in problems:
        raise ModelValidationError(f"{file_name}{problems[0]}")
    if doubt is not None:
        problems.append(f", {doubt}")
    uncertain = next((problem for problem in problems if problem is not None), None)
    if uncertain is not None:
        _logger.warning(
            "%s defines the model class %s only under conditions that its syntax tree does not "
            "show. Otherwise, get_model() returns None%s",
            file_name, stem, uncertain,
        )  # fmt: skip


def _problem(module: _Module, names: ModuleNames, stem: str) -> str | None:
    """Return why a module is not the model of that name; None if it is."""
    models = module.models()
    if not models:
        found = "it defines no class"
        listed = [each for each in names.classes if each in module.classes] or names.classes
        if listed:
            found = "none of its classes is a model: " + "; ".join(
                f"{each.name} (line {each.line}) derives from "
                + (", ".join(each.shown) or "nothing")
                + ("" if each in module.classes else ", and is not there when the code has run")
                for each in listed
            )
        return f": {found[:1000]}; {_ADVICE}"
    if len(models) > 1:
        listing = ", ".join(f"{model.name} (line {model.line})" for model in models)
        return (
            f": it has {len(models)} model classes: {listing[:1000]}; "
            "a file defines exactly one, so put each into its own file"
        )
    (model,) = models
    if model.name != stem:
        return (
            f", line {model.line}: the model class is called {model.name}; "
            f"rename the file to {model.name}.py, or the class to {stem}"
        )
    return None


@attrs.frozen
class _Module:
    """One of the modules that a file may become.

    Args:
        classes: The classes that it has.
        is_model: Whether a class is a model.
    """

    classes: list[ClassValue]
    is_model: Callable[[ClassValue], bool]

    def models(self) -> list[ClassValue]:
        """Return the model classes that no other model class derives from, in file order."""
        found = [each for each in self.classes if self.is_model(each)]
        derived_from: set[int] = set()
        waiting = list(found)
        while waiting:
            for base in _class_bases(waiting.pop()):
                if id(base) not in derived_from:
                    derived_from.add(id(base))
                    waiting.append(base)
        return [model for model in found if id(model) not in derived_from]


def _possible_modules(names: ModuleNames) -> Iterator[_Module]:
    surely, perhaps = _find_models(names)
    choices = []
    for values in names.scope.values.values():
        options = {
            value if isinstance(value, ClassValue) and "__module__" not in value.names else None
            for value in values
        }
        if options != {None}:
            choices.append(sorted(options, key=lambda value: value.line if value else 0))
    order = {id(each): position for position, each in enumerate(names.classes)}
    # With too many possibilities, only some of them are considered.
    for selected in itertools.islice(itertools.product(*choices), _MAX_MODULES):
        present = {id(each): each for each in selected if each is not None}
        classes = sorted(present.values(), key=lambda each: order[id(each)])
        yield _Module(classes, lambda each: id(each) in surely)
        if any(id(each) in perhaps for each in classes):
            yield _Module(classes, lambda each: id(each) in surely or id(each) in perhaps)


def _find_models(names: ModuleNames) -> tuple[set[int], set[int]]:
    """Return the ids of the classes that are models, and of those that may be."""
    surely: set[int] = set()
    perhaps: set[int] = set()

    def is_model(value: Value) -> bool | None:
        if isinstance(value, ClassValue):
            return True if id(value) in surely else None if id(value) in perhaps else False
        return isinstance(value, str) and (
            "." in value and MODEL_BASE.fullmatch(value.rpartition(".")[2]) is not None
        )

    for made in names.classes:  # a class comes after its bases
        for values in made.bases:
            known = {is_model(value) for value in values}
            if known == {True}:
                surely.add(id(made))
            elif known != {False}:
                perhaps.add(id(made))
    return surely, perhaps - surely


def _class_bases(made: ClassValue) -> Iterator[ClassValue]:
    for values in made.bases:
        for value in values:
            if isinstance(value, ClassValue):
                yield value
