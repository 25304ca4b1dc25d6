"""Models: the class they derive from, the check before one is sent, and loading one that was got.

Loading a model runs its code, with all the rights of the program that does it: that is a decision.
``get_model_code()`` gives the same text without running it.
"""

from __future__ import annotations

import hashlib
import linecache
import logging
import sys
import threading
import types
from typing import Any, cast

from bitfount_api._model_source import MODEL_BASE, check_model_source, decoded
from bitfount_api.hashes import normalized

__all__ = ["BitfountModel", "check_model_source", "load_model_class"]

_logger = logging.getLogger(__name__)

# One at a time, as Python's own imports are for one module; reentrant, as code may load more code.
_loading = threading.RLock()
_modules: dict[str, types.ModuleType] = {}


class BitfountModel:
    """The class that models derive from where the official SDK is not installed.

    A model file defines exactly one class that ends in it, named like the file. What the class must
    be able to do is for those who run it to say.
    """


def load_model_class(source: str | bytes, name: str | None = None) -> type[BitfountModel] | None:
    r"""Run a model's code in a module of its own, and give the class it defines.

    Only code whose hash was checked may come here. What runs is the text that was hashed, the one
    without ``\r``. The module has a name that no other has, made from the hash, so it can take no
    other's place; code that was loaded before is not run again.

    Args:
        source: The code.
        name: Which class to give if it defines several; where none is called that, or nothing is
            said, the only one that no other of them derives from.

    Returns:
        The class, which derives from :class:`BitfountModel`, or from a model class of the official
        SDK where that is installed and the code imports it. None, with a warning in the log, when
        the code cannot be parsed or imported, or defines no such class.

    Raises:
        KeyboardInterrupt: The user broke off the code.
    """
    if isinstance(source, str):
        # Half a character cannot be hashed, but is refused below like any other broken code.
        source = source.encode("utf-8", "surrogatepass")
    data = normalized(source)
    digest = hashlib.sha256(data).hexdigest()
    with _loading:
        module = _modules.get(digest) or _new_module(digest)
        try:
            if digest not in _modules:
                _run(data, module)
            model = _model_class(module, name)
        except BaseException as error:
            if digest not in _modules:
                _discard(module)
            if isinstance(error, KeyboardInterrupt):
                raise
            # All others, SystemExit too, are the code's own affair.
            _logger.warning(
                "model code with the hash %s cannot be imported: %s. "
                "get_model_code() gives its source without running it.",
                digest,
                _told(error),
            )
            return None
        _modules[digest] = module
        return cast("type[BitfountModel]", model)


def _new_module(digest: str) -> types.ModuleType:
    name = wanted = f"_bitfount_model_{digest}"
    count = 1
    while name in sys.modules:
        count += 1
        name = f"{wanted}_{count}"
    module = types.ModuleType(name)
    module.__file__ = f"<{name}>"
    module.__package__ = ""  # a model is one file: there is nothing beside it to import
    return module


def _run(data: bytes, module: types.ModuleType) -> None:
    text, file_name = decoded(data), str(module.__file__)
    # Without dont_inherit the code would get this file's own __future__ imports.
    code = compile(text, file_name, "exec", dont_inherit=True)
    # Registered before it runs, because dataclasses and pickle look modules up by name.
    sys.modules[module.__name__] = module
    # For tracebacks and inspect.getsource(). There is no file, so no time of change.
    linecache.cache[file_name] = (len(text), None, text.splitlines(keepends=True), file_name)
    exec(code, module.__dict__)  # noqa: S102 - what this module is for


def _discard(module: types.ModuleType) -> None:
    if sys.modules.get(module.__name__) is module:
        del sys.modules[module.__name__]
    linecache.cache.pop(f"<{module.__name__}>", None)


def _model_class(module: types.ModuleType, name: str | None) -> type:
    models = {
        id(value): value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__ and _is_model(value)
    }
    found = list(models.values())
    for model in found:
        if model.__name__ == name:
            return model
    leaves = [model for model in found if not any(model in other.__mro__[1:] for other in found)]
    if len(leaves) != 1:
        listed = ", ".join(sorted(model.__name__ for model in leaves)) or "none"
        raise ValueError(f"it should define one model class, but the model classes are: {listed}")
    return leaves[0]


def _is_model(candidate: type) -> bool:
    return any(base is BitfountModel or _is_official(base) for base in candidate.__mro__[1:])


def _is_official(base: type) -> bool:
    """Whether a class is one of the official SDK's model classes, without importing that."""
    module = base.__module__
    if not isinstance(module, str) or module.split(".")[0] != "bitfount":
        return False
    home: Any = sys.modules.get(module)
    # A class can say anything of itself; so it has to be found where it says it is.
    return MODEL_BASE.fullmatch(base.__name__) is not None and (
        getattr(home, base.__name__, None) is base
    )


def _told(error: BaseException) -> str:
    """What went wrong, in one bounded line; the error is the code's own, and may be anything."""
    try:
        advice = ""
        if isinstance(error, ModuleNotFoundError) and error.name:
            advice = f" (to run it, install what provides {error.name.split('.')[0]!r})"
        return f"{type(error).__name__}: {str(error)[:300]!r}{advice[:200]}"
    except BaseException:  # noqa: BLE001 - as above
        return "an error that cannot be shown"
