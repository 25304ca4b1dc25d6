"""Check a model's code by its syntax tree, without running it."""

from __future__ import annotations

import ast
import codecs
import io
import tokenize
from typing import Final

from bitfount_api._internal.logs import get_logger
from bitfount_api._internal.model_rule import METHODS, missing, most_derived
from bitfount_api._internal.module_classes import FoundClass, ModuleClasses
from bitfount_api._internal.stand_ins import Special, TooManyBasesError
from bitfount_api.exceptions import ModelValidationError
from bitfount_api.hashes import normalized

# Not the logger of bitfount_api.models: the command line reports what that logger's warnings say.
_logger = get_logger("bitfount_api.models.check")

_ADVICE: Final = (
    f"define {METHODS[1]} and {METHODS[2]}, or derive the class from a Bitfount model class that "
    "the file imports, for example 'from bitfount_api import BitfountModel'"
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


def check_model_source(source: str | bytes, stem: str | None, file_name: str | None = None) -> str:
    """Check that a file is a valid model, without running any of it.

    The file must parse and define exactly one model class, with the same name as the file. A model
    class has no abstract methods, and derives from a known base, such as :class:`BitfountModel` or
    ``PyTorchBitfountModel``, or has the methods ``__init__``, ``initialise_model`` and
    ``deserialize``, itself or by inheritance. Base classes of another model class of the file do
    not count.

    Imported bases are looked up in the modules that are loaded; nothing is imported. Of other
    imported bases, only the name is known. If the syntax tree does not show whether the class can
    be loaded, for example because of a condition or an unknown base, a warning is logged.

    Args:
        source: The file's contents.
        stem: The file's name without ``.py``; None for code that is in no file, whose only model
            class then gives the model its name.
        file_name: The file's name in errors; by default, the stem and ``.py``.

    Returns:
        The model's name.

    Raises:
        ModelValidationError: The model is not valid; the text gives the line and what to do.
    """
    file_name = file_name or ("the model's code" if stem is None else f"{stem}.py")
    try:
        text = decoded(source)
        tree = ast.parse(text, file_name)
        # Finds what the parser accepts, such as a return outside of a function. Runs nothing.
        compile(text, file_name, "exec", dont_inherit=True)
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise ModelValidationError(f"{file_name}{line}: not valid Python: {error.msg}") from None
    except (RecursionError, MemoryError):
        raise ModelValidationError(
            f"{file_name}: its expressions are nested too deeply for Python"
        ) from None
    except ValueError as error:
        raise ModelValidationError(f"{file_name}: it cannot be read: {error}") from None
    try:
        name, problem, doubt = _judge(ModuleClasses(tree), stem)
    except RecursionError:
        name, problem, doubt = stem, None, "its expressions are nested too deeply to be checked"
    except TooManyBasesError:
        name, problem, doubt = stem, None, "its classes derive from too many others to be checked"
    if problem is None and name is None:
        problem = (
            f": its syntax tree does not show which class is the model, since {doubt}; "
            "pass the path of a file with the model's name"
        )
    if problem is not None or name is None:
        raise ModelValidationError(f"{file_name}{problem}")
    if doubt is not None:
        _logger.warning(
            "%s is accepted, but its syntax tree does not show whether the class %s can be loaded "
            "from it: %s",
            file_name, name, doubt[:1000],
        )  # fmt: skip
    return name


def _judge(module: ModuleClasses, stem: str | None) -> tuple[str | None, str | None, str | None]:
    """Return the model's name, why the module is surely not that model, and why it may not be.

    The name is None if it is not given, and the syntax tree does not show it.
    """
    if module.failure is not None:
        return stem, f", {module.failure}, so it could not be loaded", None
    models: dict[type, FoundClass] = {}
    perhaps: dict[type, str] = {}
    lacking: list[str] = []
    for found in module.classes:
        is_model, reason = _is_model(module, found)
        if is_model:
            models[found.made] = found
        elif is_model is None:
            perhaps[found.made] = reason
        else:
            lacking.append(reason)
    sure = [models[made] for made in most_derived(models)]
    if stem is None:
        candidates = [each.made for each in sure] or list(perhaps)
        if len(candidates) == 1:
            stem = candidates[0].__name__
        elif not sure and candidates:
            return None, None, "it may be any of " + ", ".join(each.__name__ for each in candidates)
    problem = _problem(sure, lacking, stem)
    if problem is None:
        (model,) = sure
        others = [
            reason
            for made, reason in perhaps.items()
            # A class with a base that cannot be seen is rather a helper than another model.
            if missing(made, module.stand_ins.is_known) is None and not issubclass(model.made, made)
        ]
        return stem, None, next(iter(others), module.doubt)
    for made, reason in perhaps.items():
        if made.__name__ == stem and all(issubclass(made, model.made) for model in sure):
            return stem, None, reason
    if module.is_dynamic:
        return stem, None, module.doubt or "it may bind names with exec(), eval() or globals()"
    if stem is not None and not sure and Special.UNKNOWN in module.names.get(stem, ()):
        return stem, None, module.doubt or f"{stem} may be anything when the code has run"
    return stem, problem, None


def _is_model(module: ModuleClasses, found: FoundClass) -> tuple[bool | None, str]:
    """Return whether a class is a model that is there when the code has run, and why not."""
    shown = f"{found.made.__name__} (line {found.line})"
    reason = missing(found.made, module.stand_ins.is_known)
    described = f"{shown} derives from {found.bases or 'nothing'} and {reason}"
    changed = module.stand_ins.doubt_about(found.made)
    if reason is not None and not changed and not module.stand_ins.is_unseen(found.made):
        return False, described
    holding = [len(values) for values in module.names.values() if found.made in values]
    if not holding:
        return False, f"{shown} is not there when the code has run"
    if min(holding) > 1:
        return None, f"{shown} may not be there when the code has run"
    if changed:
        return None, f"{shown}: {changed}"
    if reason is not None:
        return None, f"{described}, as far as its bases can be seen"
    return True, ""


def _problem(models: list[FoundClass], lacking: list[str], stem: str | None) -> str | None:
    if not models:
        found = f"none of its classes is a model: {'; '.join(lacking)[:1000]}"
        return f": {found if lacking else 'it defines no class'}; {_ADVICE}"
    if len(models) > 1:
        listing = ", ".join(f"{model.made.__name__} (line {model.line})" for model in models)
        return (
            f": it has {len(models)} model classes: {listing[:1000]}; "
            "a file defines exactly one, so put each into its own file"
        )
    (model,) = models
    name = model.made.__name__
    if name != stem:
        return (
            f", line {model.line}: the model class is called {name}; "
            f"rename the file to {name}.py, or the class to {stem}"
        )
    return None
