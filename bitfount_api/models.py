"""Models: a base class, the check before an upload, and loading a downloaded model.

Loading a model runs its code with all the rights of the calling program, so load only models that
you trust. ``get_model_code()`` returns the same text without running it.
"""

from __future__ import annotations

import hashlib
import linecache
import sys
import types
from typing import cast

from bitfount_api._internal.locks import InterruptibleLock
from bitfount_api._internal.logs import get_logger
from bitfount_api._internal.model_rule import missing, most_derived
from bitfount_api._internal.model_source import check_model_source, decoded
from bitfount_api.hashes import normalized

__all__ = ["BitfountModel", "check_model_source", "load_model_class"]

_logger = get_logger(__name__)

# One load at a time, like Python's import of one module; reentrant, because code may load models.
_loading = InterruptibleLock()
# By hash. The name is kept here because code can change the name that its module has.
_modules: dict[str, tuple[str, types.ModuleType]] = {}


class BitfountModel:
    """A base class for models, which marks a class as a model.

    A model file defines exactly one model class, with the same name as the file. A class that
    derives from this one is a model, whatever its methods are. Without it, and without a base of
    the official SDK, a class is a model if it has ``initialise_model`` and ``deserialize``. Those
    who run the model decide which methods they need.
    """


def load_model_class(source: str | bytes, name: str | None = None) -> type[BitfountModel] | None:
    r"""Run a model's code in a separate module and return the class it defines.

    Call this only with code whose hash was checked. The text that runs is the text that was hashed,
    without ``\r``. The module's name is unique and made from the hash, so that it cannot replace
    another module; code that was loaded before is not run again.

    Args:
        source: The code.
        name: The class to return if there are several; without a name, or without a class of that
            name, the only one that no other model class derives from.

    Returns:
        The class. It has no abstract methods. It derives from :class:`BitfountModel` or a model
        base of the official SDK, or it has ``__init__``, ``initialise_model`` and ``deserialize``
        without such a base. None, with a warning in the log, if the code cannot be parsed or
        imported, or defines no such class.

    Raises:
        KeyboardInterrupt: The user interrupted the code.
    """
    if isinstance(source, str):
        # An unpaired surrogate cannot be hashed; it is refused below like any other invalid code.
        source = source.encode("utf-8", "surrogatepass")
    data = normalized(source)
    digest = hashlib.sha256(data).hexdigest()
    with _loading:
        module_name, module = _modules.get(digest) or _new_module(digest)
        try:
            if digest not in _modules:
                _run(data, module_name, module)
            model = _model_class(module_name, module, name)
        except BaseException as error:
            if digest not in _modules:
                _discard(module_name, module)
            if isinstance(error, KeyboardInterrupt):
                raise
            # All others, SystemExit too, are failures of the model's code.
            _logger.warning(
                "model code with the hash %s cannot be imported: %s. "
                "get_model_code() returns its source without running it.",
                digest,
                _describe(error),
            )
            return None
        _modules[digest] = module_name, module
        return cast("type[BitfountModel]", model)


def _new_module(digest: str) -> tuple[str, types.ModuleType]:
    name = wanted = f"_bitfount_model_{digest}"
    count = 1
    while name in sys.modules:
        count += 1
        name = f"{wanted}_{count}"
    module = types.ModuleType(name)
    module.__file__ = f"<{name}>"
    module.__package__ = ""  # a model is a single file: a relative import has nothing to import
    return name, module


def _run(data: bytes, name: str, module: types.ModuleType) -> None:
    text, file_name = decoded(data), f"<{name}>"
    # Without dont_inherit the code would inherit this file's __future__ imports.
    code = compile(text, file_name, "exec", dont_inherit=True)
    # Registered before it runs, because dataclasses and pickle look modules up by name.
    sys.modules[name] = module
    # For tracebacks and inspect.getsource(). There is no file, so no modification time.
    linecache.cache[file_name] = (len(text), None, text.splitlines(keepends=True), file_name)
    exec(code, module.__dict__)  # noqa: S102 - the purpose of this module


def _discard(name: str, module: types.ModuleType) -> None:
    if sys.modules.get(name) is module:
        del sys.modules[name]
    linecache.cache.pop(f"<{name}>", None)


def _model_class(module_name: str, module: types.ModuleType, name: str | None) -> type:
    classes = {
        id(value): value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module_name
    }
    problems = {key: missing(value) for key, value in classes.items()}
    found = [value for key, value in classes.items() if problems[key] is None]
    for model in found:
        if model.__name__ == name:
            return model
    leaves = most_derived(found)
    if len(leaves) != 1:
        listed = ", ".join(sorted(model.__name__ for model in leaves)) or "no model class"
        lacking = "; ".join(
            f"{value.__name__} {problems[key]}" for key, value in classes.items() if not found
        )
        raise ValueError(
            f"it must define one model class, but it defines: {listed}"
            + (f" ({lacking})" if lacking else "")
        )
    return leaves[0]


def _describe(error: BaseException) -> str:
    """Return the error in one bounded line; a model's code can raise any object as its error."""
    try:
        advice = ""
        if isinstance(error, ModuleNotFoundError) and error.name:
            advice = f" (to run it, install what provides {error.name.split('.')[0]!r})"
        return f"{type(error).__name__}: {str(error)[:300]!r}{advice[:200]}"
    except BaseException:  # noqa: BLE001 - as above
        return "an error that cannot be shown"
