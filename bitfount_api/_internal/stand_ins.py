"""Stand-ins for classes that are known from a syntax tree only.

A stand-in is a real class with the bases and names of another, but without its code. So Python
itself decides about inheritance, abstract methods and the order of bases.
"""

from __future__ import annotations

import builtins
import inspect
import sys
from abc import ABCMeta, abstractmethod
from enum import Enum
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Final

from bitfount_api._internal.model_rule import METHODS, MODEL_BASE, has_attribute, is_known_base

if TYPE_CHECKING:
    from collections.abc import Sequence


class Special(Enum):
    """A value of which little is known."""

    UNBOUND = "no value"
    OTHER = "not a class"
    UNKNOWN = "anything"


def method(*_: Any) -> None:
    """Stand in for a method."""


class _Abstract:
    @abstractmethod
    def method(self) -> None:
        """Stand in for an abstract method."""


abstract_method: Final = _Abstract.method

Values = frozenset[Any]
"""The possible values of a name: stand-ins, dotted names of imports, methods, None, or special."""

UNBOUND: Final[Values] = frozenset({Special.UNBOUND})
OTHER: Final[Values] = frozenset({Special.OTHER})
UNKNOWN: Final[Values] = frozenset({Special.UNKNOWN})
METHOD: Final[Values] = frozenset({method})
ABSTRACT: Final[Values] = frozenset({abstract_method})

NOT_CLASSES: Final[Values] = UNBOUND | OTHER | METHOD | {None}

_MAX_STEPS: Final = 500_000
"""The maximum number of steps for putting the bases of all classes in order. Short code can need
minutes and all memory: many classes of which each derives from the one before, or many bases."""


class TooManyBasesError(Exception):
    """The classes derive from too many others to be checked. Never leaves the check."""


class StandIns:
    """The stand-ins of one module."""

    def __init__(self) -> None:
        self._imported: dict[object, type] = {}
        self._known: set[type] = set()
        self._unseen: set[type] = set()
        self._doubts: dict[type, str] = {}
        self._steps_left = _MAX_STEPS

    def is_known(self, base: type) -> bool:
        """Whether a stand-in is that of a known model base."""
        return base in self._known

    def is_unseen(self, made: type) -> bool:
        """Whether nothing is known about a class, or about one of its bases."""
        return not self._unseen.isdisjoint(made.__mro__)

    def doubt_about(self, made: type) -> str | None:
        """Return why a class may differ from its stand-in; None if nothing shows that."""
        return next((self._doubts[base] for base in made.__mro__ if base in self._doubts), None)

    def add_doubt(self, made: type, doubt: str) -> None:
        if made is not object:
            self._doubts.setdefault(made, doubt)

    def check_bases(self, bases: Sequence[type]) -> None:
        """Check that a class with these bases, and those made before, can be made in bounded time.

        Raises:
            TooManyBasesError: They cannot.
        """
        self._steps_left -= len(bases) * sum(len(base.__mro__) for base in bases)
        if self._steps_left < 0:
            raise TooManyBasesError

    def unseen(self, *, is_known: bool = False) -> type:
        """Return a new stand-in for a class that cannot be seen."""
        made = type("Unseen", (), {})
        self._unseen.add(made)
        if is_known:
            self._known.add(made)
        return made

    def base(self, values: Values, text: str) -> type | None:
        """Return the stand-in for a base; None if none of its possible values is a class."""
        possible = [value for value in values - NOT_CLASSES if not _is_function_or_module(value)]
        classes = [self.stand_in(value) for value in possible]
        if not classes:
            return None
        if len(classes) == len(values) == 1:
            return classes[0]
        made = self.unseen(is_known=all(map(self.is_known, classes)))
        if not self.is_known(made):
            for each in [made, *classes]:
                self.add_doubt(each, f"{text} depends on a condition")
        return made

    def stand_in(self, value: Any) -> type:
        """Return the stand-in for a value that may be a class."""
        if isinstance(value, type):
            return value
        if not isinstance(value, str):
            return self.unseen()
        loaded = _loaded(value)
        key = loaded if isinstance(loaded, type) else value
        if key not in self._imported:
            package, _, name = value.rpartition(".")
            is_named = MODEL_BASE.fullmatch(name) is not None and package not in sys.modules
            self._imported[key] = (
                self._copy(loaded) if isinstance(loaded, type) else self.unseen(is_known=is_named)
            )
        return self._imported[key]

    def _copy(self, loaded: type) -> type:
        if any(loaded is each for each in vars(builtins).values()):
            return loaded
        copied = [*METHODS, "__class_getitem__"]
        namespace: dict[str, Any] = {name: method for name in copied if has_attribute(loaded, name)}
        if inspect.isabstract(loaded):
            abstract = getattr(loaded, "__abstractmethods__", ())
            namespace |= dict.fromkeys(abstract, abstract_method)
        made = (ABCMeta if isinstance(loaded, ABCMeta) else type)(loaded.__name__, (), namespace)
        if any(map(is_known_base, loaded.__mro__)):
            self._known.add(made)
        return made


def attribute(value: Any, name: str) -> Any:
    """Return an attribute of a possible value."""
    if isinstance(value, str):
        return f"{value}.{name}"
    found = inspect.getattr_static(value, name, None) if isinstance(value, type) else None
    return found if isinstance(found, type) else Special.UNKNOWN


def in_namespace(values: Values) -> Any:
    """Return what stands for one of the possible values in the body of a class."""
    value = next(iter(values - UNBOUND), None)
    return value if value is None or isinstance(value, type | FunctionType) else method


def _is_function_or_module(value: Any) -> bool:
    loaded = _loaded(value) if isinstance(value, str) else None
    # A function such as typing.NamedTuple can stand for a base class.
    return isinstance(loaded, ModuleType | FunctionType) and (
        inspect.getattr_static(loaded, "__mro_entries__", None) is None
    )


def _loaded(dotted: str) -> object:
    """Return what a dotted name stands for if its module is loaded; None otherwise."""
    if dotted == "bitfount_api.BitfountModel":  # imported when it is used
        dotted = "bitfount_api.models.BitfountModel"
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        found: object = sys.modules.get(".".join(parts[:end]))
        if found is not None:
            for part in parts[end:]:
                found = inspect.getattr_static(found, part, None)  # a module may import names
            return found
    return None
