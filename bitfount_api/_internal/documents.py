"""Read JSON documents from YAML, JSON and msgpack, and write them, with limits on their contents.

Documents come from object storage and from files, so they are untrusted until checked: nested too
deeply, full of aliases that expand to gigabytes, or with duplicate keys, so that two readers see
two documents. An invalid document is a ``ValueError`` that says where.
"""

from __future__ import annotations

import collections
import functools
import itertools
import json
import math
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from bitfount_api import config
from bitfount_api._internal.validation import is_encodable, quote, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_DEPTH: Final = 64
"""The maximum nesting depth of objects and lists; schemas have 5 levels."""

MAX_TEXT_BYTES: Final = 16 * 1024 * 1024
"""The maximum size of a YAML or JSON text, in bytes; as msgpack, schemas may have 10 MiB."""

MAX_PACKED_BYTES: Final = config.MAX_SCHEMA_BYTES
"""The maximum size of a msgpack document, in bytes: what the Hub stores."""

MAX_VALUES: Final = 2_000_000
"""The maximum number of values in a document; ten times that of the largest schemas."""

_MAX_KEY_LENGTH: Final = 80
_MAX_PROBLEM_LENGTH: Final = 200
# msgpack allocates the memory for a list when it reads its length, before it reads the items.
_MAX_LIST: Final = 262_144
_MIN_INT: Final = -(2**63)
_MAX_INT: Final = 2**64 - 1


# --- Reading -------------------------------------------------------------------------------------


def from_text(text: str | bytes) -> dict[str, Any]:
    """Read a YAML or JSON document.

    Args:
        text: The document; bytes are decoded as UTF-8.

    Raises:
        ValueError: The document is too long, nested too deeply, neither YAML nor JSON, has aliases
            or duplicate keys, or is not an object of JSON values.
    """
    if len(text) > MAX_TEXT_BYTES:
        raise DocumentError(f"longer than {MAX_TEXT_BYTES // 1024**2} MiB")
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise DocumentError("not UTF-8 text") from None
    try:
        return validate(_read_text(_text(text)))
    except DocumentError:
        raise
    except RecursionError:
        raise _too_deep() from None
    except MemoryError:
        raise DocumentError("too large for this machine's memory") from None
    except ValueError as error:
        # Mostly invalid numbers, from the constructors of YAML and JSON.
        raise DocumentError(f"neither YAML nor JSON: {_shorten_problem(error)}") from None


def _read_text(text: str) -> object:
    if text.lstrip()[:1] == "{":
        # Most JSON is valid YAML, but not all of it, and this is many times faster.
        try:
            return json.loads(
                text, object_pairs_hook=_object_of_pairs, parse_constant=_refuse_constant
            )
        except json.JSONDecodeError:
            pass  # YAML may begin with a brace as well
    return _read_yaml(text)


def _read_yaml(text: str) -> object:
    import yaml

    loader = _yaml_loader()
    try:
        _check_events(text, loader)
        return yaml.load(text, Loader=loader)  # noqa: S506 - a subclass of the safe one
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        if "nesting depth" in problem:
            # libyaml (from PyYAML 6.0.4) has a limit of 1,000 in its scanner, which reads ahead
            # of the events that are counted here.
            raise _too_deep() from None
        raise DocumentError(f"neither YAML nor JSON{where}: {_shorten_problem(problem)}") from None
    except (LookupError, AttributeError) as error:
        # YAML's constructors raise these when a value does not match its tag.
        raise DocumentError(
            f"neither YAML nor JSON: a value does not match its tag ({type(error).__name__})"
        ) from None


def _check_events(text: str, loader: Any) -> None:
    """Refuse aliases, deep nesting and too many values, before any object is constructed."""
    import yaml

    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=loader)):
        if isinstance(event, yaml.AliasEvent):
            line = getattr(event.start_mark, "line", 0) + 1
            raise DocumentError(f"an alias (line {line}): write its value out in full")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _too_deep()
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if count > 2 * MAX_VALUES:  # a key and a value each
            raise _too_many()


@functools.cache
def _yaml_loader() -> Any:
    import yaml

    # libyaml's loader is ten times faster, but not in every build of PyYAML.
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        """A loader of JSON's types that refuses duplicate keys."""

        yaml_implicit_resolvers = {  # noqa: RUF012 - as its base declares it
            first: [
                (tag, pattern)
                for tag, pattern in resolvers
                # A description such as 2024-01-01 is text: JSON has no dates.
                if tag != "tag:yaml.org,2002:timestamp"
            ]
            for first, resolvers in base.yaml_implicit_resolvers.items()
        }

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
            if len(mapping) != len(node.value):
                line = node.start_mark.line + 1
                raise DocumentError(f"an object with a duplicate key (line {line})")
            return mapping

    return Loader


def from_packed(data: bytes) -> dict[str, Any]:
    """Read a msgpack document.

    Raises:
        ValueError: The document is too long, nested too deeply, not msgpack, has duplicate keys,
            or is not an object of JSON values.
    """
    import msgpack

    if len(data) > MAX_PACKED_BYTES:
        raise DocumentError(f"longer than {MAX_PACKED_BYTES // 1024**2} MiB")
    counter = itertools.count()

    def take_list(items: list[Any]) -> list[Any]:
        # An empty list takes one byte of msgpack but fifty bytes of memory.
        if next(counter) > MAX_VALUES:
            raise _too_many()
        return items

    def take_object(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
        if next(counter) > MAX_VALUES:
            raise _too_many()
        return _object_of_pairs(pairs)

    try:
        value = msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=True,
            list_hook=take_list,
            object_pairs_hook=take_object,
            ext_hook=_refuse_extension,
            max_array_len=min(len(data), _MAX_LIST),
            max_map_len=len(data),
        )
    except DocumentError:
        raise
    except msgpack.exceptions.StackError:
        raise _too_deep() from None
    except (ValueError, msgpack.exceptions.UnpackException) as error:
        raise DocumentError(f"not msgpack: {_shorten_problem(error)}") from None
    except (MemoryError, OverflowError, RecursionError, TypeError) as error:
        raise DocumentError(f"not msgpack: {type(error).__name__}") from None
    return validate(value)


def _object_of_pairs(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        (twice, _), *_ = collections.Counter(key for key, _ in pairs).most_common(1)
        raise DocumentError(f"an object with the duplicate key {quote_value(twice)}")
    return result


def _refuse_extension(code: int, _: bytes) -> NoReturn:
    raise DocumentError(f"a msgpack extension ({code}), which JSON does not have")


def _refuse_constant(name: str) -> NoReturn:
    raise DocumentError(f"{name}, which is not a number in JSON")


def _shorten_problem(problem: object) -> str:
    return shorten(str(problem), _MAX_PROBLEM_LENGTH)


def _too_deep() -> DocumentError:
    return DocumentError(f"nested more than {MAX_DEPTH} levels deep")


def _too_many() -> DocumentError:
    return DocumentError(f"more than {MAX_VALUES:,} values")


# --- Checking ------------------------------------------------------------------------------------


class DocumentError(ValueError):
    """An invalid document: the problem, and its place in the document.

    The place is built from the inside out while the error propagates: keeping a path during the
    checks would cost more than the checks themselves, and is needed only for errors.
    """

    def __init__(self, problem: str, place: str = "") -> None:
        super().__init__(problem, place)
        self.problem = problem
        self.place = place

    def __str__(self) -> str:
        return f"{self.place or 'the document'}: {self.problem}"

    def with_path(self, key: str | int) -> DocumentError:
        """Return the same error with the key of the enclosing object or list in its place."""
        if isinstance(key, int):
            step = f"[{key}]"
        else:
            step = (
                key
                if key.isidentifier() and len(key) <= _MAX_KEY_LENGTH
                else f"[{quote_value(key)}]"
            )
        dot = "." if self.place and not self.place.startswith("[") else ""
        return DocumentError(self.problem, f"{step}{dot}{self.place}")


def validate(document: object) -> dict[str, Any]:
    """Validate a JSON object and return a deep copy of it.

    Raises:
        ValueError: The document is not an object, or has values that JSON or msgpack cannot hold:
            keys that are not text, numbers that are not finite or have more than 64 bits, other
            types, more than 64 levels. The text names the place.
    """
    if not isinstance(document, dict):
        raise DocumentError(f"{json_type(document)}, not an object")
    copy: dict[str, Any] = deep_copy(document)
    return copy


def deep_copy(value: Any) -> Any:
    """Return a deep copy of a JSON value, validated as by :func:`validate`."""
    return _deep_copy(value, itertools.count(), 0)


def _deep_copy(value: Any, counter: Iterator[int], depth: int) -> Any:
    if next(counter) > MAX_VALUES:
        raise _too_many()
    if not isinstance(value, dict | list | tuple):
        return _scalar(value)
    if depth >= MAX_DEPTH:
        raise _too_deep()
    at: Any = None
    try:
        if isinstance(value, dict):
            result = {}
            for at, item in value.items():
                result[_key(at)] = _deep_copy(item, counter, depth + 1)
            return result
        items = []
        for at, item in enumerate(value):  # noqa: B007 - the place of an error
            items.append(_deep_copy(item, counter, depth + 1))
    except DocumentError as error:
        # A key that is not text cannot be part of the place.
        named = isinstance(at, str) or not isinstance(value, dict)
        raise (error.with_path(at) if named else error) from None
    return items


def _scalar(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        if not _MIN_INT <= value <= _MAX_INT:
            raise DocumentError("a number of more than 64 bits")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise DocumentError("a number that is not finite")
        return float(value)
    raise DocumentError(f"{json_type(value)}, which JSON does not have")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise DocumentError(f"a key that is {json_type(key)}, not text; put it in quotes")
    return _text(key)


def _text(value: str) -> str:
    if not is_encodable(value):
        raise DocumentError("text with an unpaired surrogate")
    return str(value)


def json_type(value: object) -> str:
    """Return the JSON name of a value's type, for errors."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    return f"a value of type {type(value).__name__}"


def quote_value(value: object) -> str:
    """Return a value for an error text: bounded, and with control characters escaped."""
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, int | float) and abs(value) < 10**12:
        return repr(value)
    return json_type(value)


# --- Writing -------------------------------------------------------------------------------------


def to_yaml(document: Mapping[str, Any]) -> str:
    """Return a validated document as YAML, with its keys in their order."""
    import yaml

    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(
        dict(document), Dumper=dumper, sort_keys=False, allow_unicode=True, width=100
    )
    return text


def to_packed(document: Mapping[str, Any]) -> bytes:
    """Return a validated document as msgpack, the format in object storage."""
    import msgpack

    return cast("bytes", msgpack.packb(document))  # None only with autoreset=False
