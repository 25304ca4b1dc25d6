"""Schemas of value classes for pydantic, so that they can be fields of models.

pydantic calls ``__get_pydantic_core_schema__`` of a class. Only then is it imported here: this
library does not depend on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_MASK = "**********"  # as pydantic's SecretStr is serialized


class TextField:
    """A value class with a text form: ``parse()`` reads it, and ``str()`` returns it."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> Any:
        from pydantic_core import core_schema

        parse: Callable[[str], Any] = cls.parse  # type: ignore[attr-defined]
        return _field(cls, core_schema.str_schema(), parse, str)


class DocumentField:
    """A value class with a JSON document: ``load()`` reads it, and ``to_json()`` returns it."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> Any:
        from pydantic_core import core_schema

        load: Callable[[dict[str, Any]], Any] = cls.load  # type: ignore[attr-defined]
        document = core_schema.dict_schema(core_schema.str_schema())
        return _field(cls, document, load, lambda value: value.to_json())


class TokenField:
    """A token class with ``token``, ``valid_until`` and ``context``; JSON has a mask as token."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> Any:
        from pydantic_core import core_schema

        def optional(schema: Any) -> Any:
            return core_schema.typed_dict_field(core_schema.nullable_schema(schema), required=False)

        token = core_schema.no_info_after_validator_function(_not_masked, core_schema.str_schema())
        fields = {
            "token": core_schema.typed_dict_field(
                token, metadata={"pydantic_js_updates": {"format": "password"}}
            ),
            "valid_until": optional(core_schema.float_schema()),
            "context": optional(core_schema.dict_schema(core_schema.str_schema())),
        }
        return _field(
            cls,
            core_schema.typed_dict_schema(fields),
            lambda given: cls(**given),
            lambda value: {
                "token": _MASK, "valid_until": value.valid_until, "context": value.context
            },
        )  # fmt: skip


def _not_masked(token: str) -> str:
    if token == _MASK:
        raise ValueError("the token is masked: JSON of a model does not contain it")
    return token


def _field(
    cls: type[Any],
    plain: Any,
    read: Callable[[Any], Any],
    write: Callable[[Any], Any],
) -> Any:
    """Return a schema that accepts instances and plain values, and writes plain values to JSON.

    An error names the part of a plain value that is not valid. A union with the class would quote
    the whole value in the error, a token included.
    """
    from pydantic_core import core_schema

    return core_schema.no_info_wrap_validator_function(
        lambda value, validate: value if isinstance(value, cls) else validate(value),
        core_schema.no_info_after_validator_function(read, plain),
        serialization=core_schema.plain_serializer_function_ser_schema(
            lambda value, info: write(value) if info.mode == "json" else value, info_arg=True
        ),
    )
