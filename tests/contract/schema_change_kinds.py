"""Kinds of changes of a schema, each with the callers that it breaks, in both directions.

Senders send requests with a field of the schema, readers read answers with it. Each kind is also
reversed: ``forth`` says whom the change from ``old`` to ``new`` breaks, ``back`` whom the opposite.

``unlike_oasdiff`` says where and why the verdict is not that of oasdiff 1.28.0, with the level and
the name of its rule. Its levels ERR and WARN count as breaking, INFO does not. Without the text,
the verdicts are equal or oasdiff has no rule of its own for the kind.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


class Callers(enum.Enum):
    """Callers that a change breaks."""

    NOBODY = frozenset[str]()
    SENDERS = frozenset({"request"})
    READERS = frozenset({"answer"})
    ALL = frozenset({"request", "answer"})


NOBODY, SENDERS, READERS, ALL = Callers


class SchemaKind(NamedTuple):
    """A kind of change: the old and the new schema, as YAML."""

    old: str
    new: str
    forth: Callers
    back: Callers
    unlike_oasdiff: str = ""
    version: str = "3.0.3"


V31 = "3.1.0"
UNCHECKED = "callers do not check the limits of an answer, and values of the same type fit"
UNKNOWN = "the effect depends on the rest of the schema, so the change has to be reviewed"
EXTENSION = "no rule: it does not know the extension, which the types of answers follow"
DEFAULT = (
    "INFO request-property-default-value-*: a request without the field now means something else"
)

TYPES = {
    "type widened": SchemaKind("{type: integer}", "{type: number}", READERS, SENDERS),
    "type replaced": SchemaKind("{type: string}", "{type: integer}", ALL, ALL),
    "type dropped": SchemaKind("{type: string}", "{}", READERS, SENDERS),
    "type added to a list": SchemaKind(
        "{type: string}", "{type: [string, integer]}", READERS, SENDERS, version=V31
    ),
    "null allowed": SchemaKind(
        "{type: string}", "{type: string, nullable: true}", READERS, SENDERS
    ),
    "null allowed, 3.1": SchemaKind(
        "{type: string}", "{type: [string, 'null']}", READERS, SENDERS, version=V31
    ),
    "null allowed beside a reference": SchemaKind(
        "{$ref: '#/components/schemas/Error'}",
        "{allOf: [{$ref: '#/components/schemas/Error'}], nullable: true}",
        READERS,
        SENDERS,
    ),
    "null allowed as a form": SchemaKind(
        "{$ref: '#/components/schemas/Error'}",
        "{anyOf: [{$ref: '#/components/schemas/Error'}, {type: 'null'}]}",
        READERS,
        SENDERS,
        version=V31,
    ),
    "entries replaced": SchemaKind(
        "{type: array, items: {type: string}}", "{type: array, items: {type: integer}}", ALL, ALL
    ),
    "entries widened": SchemaKind(
        "{type: array, items: {type: integer}}",
        "{type: array, items: {type: number}}",
        READERS,
        SENDERS,
    ),
}

VALUES = {
    "value added": SchemaKind(
        "{type: string, enum: [a]}", "{type: string, enum: [a, b]}", READERS, SENDERS
    ),
    "values limited": SchemaKind(
        "{type: string}", "{type: string, enum: [a, b]}", SENDERS, READERS
    ),
    "values reordered": SchemaKind(
        "{type: string, enum: [a, b]}", "{type: string, enum: [b, a]}", NOBODY, NOBODY
    ),
    "null added to values": SchemaKind(
        "{type: string, nullable: true, enum: [a]}",
        "{type: string, nullable: true, enum: [a, null]}",
        READERS,
        SENDERS,
    ),
    "null added to values of any type": SchemaKind(
        "{enum: [a]}", "{enum: [a, null]}", READERS, SENDERS
    ),
    "number replaced by true": SchemaKind("{enum: [1]}", "{enum: [true]}", ALL, ALL),
    "constant replaced": SchemaKind("{const: a}", "{const: b}", ALL, ALL, version=V31),
    "constant written as a value": SchemaKind(
        "{const: a}", "{enum: [a]}", NOBODY, NOBODY, version=V31
    ),
}

LIMITS = {
    "maximum lowered": SchemaKind(
        "{type: integer, maximum: 9}",
        "{type: integer, maximum: 5}",
        SENDERS,
        NOBODY,
        f"ERR response-property-max-increased: {UNCHECKED}",
    ),
    "minimum set": SchemaKind("{type: integer}", "{type: integer, minimum: 5}", SENDERS, NOBODY),
    "minimum excluded": SchemaKind(
        "{type: number, minimum: 5}",
        "{type: number, minimum: 5, exclusiveMinimum: true}",
        SENDERS,
        NOBODY,
    ),
    "minimum excluded, 3.1": SchemaKind(
        "{type: number, minimum: 5}", "{type: number, exclusiveMinimum: 5}", SENDERS, NOBODY,
        version=V31,
    ),
    "maximum excluded": SchemaKind(
        "{type: number, maximum: 5}",
        "{type: number, maximum: 5, exclusiveMaximum: true}",
        SENDERS,
        NOBODY,
    ),
    "length limited": SchemaKind(
        "{type: string}",
        "{type: string, maxLength: 9}",
        SENDERS,
        NOBODY,
        f"ERR response-property-max-length-unset: {UNCHECKED}",
    ),
    "more entries needed": SchemaKind(
        "{type: array, items: {}, minItems: 1}",
        "{type: array, items: {}, minItems: 2}",
        SENDERS,
        NOBODY,
        f"ERR response-property-min-items-decreased: {UNCHECKED}",
    ),
    "fewer fields allowed": SchemaKind(
        "{type: object, maxProperties: 9}", "{type: object, maxProperties: 5}", SENDERS, NOBODY
    ),
    "pattern set": SchemaKind(
        "{type: string}", "{type: string, pattern: '^a$'}", SENDERS, NOBODY
    ),
    "pattern replaced": SchemaKind(
        "{type: string, pattern: '^a$'}", "{type: string, pattern: '^b$'}", SENDERS, SENDERS
    ),
    "multiple divided": SchemaKind(
        "{type: integer, multipleOf: 10}", "{type: integer, multipleOf: 5}", NOBODY, SENDERS
    ),
    "multiple replaced": SchemaKind(
        "{type: integer, multipleOf: 4}", "{type: integer, multipleOf: 6}", SENDERS, SENDERS
    ),
    "entries unique": SchemaKind(
        "{type: array, items: {}}", "{type: array, items: {}, uniqueItems: true}", SENDERS, NOBODY
    ),
}  # fmt: skip


def _written_out(old: str, new: str, version: str = "3.0.3") -> SchemaKind:
    """Return a kind that says what applies anyway."""
    return SchemaKind(old, new, NOBODY, NOBODY, version=version)


DEFAULTS = {
    "minLength 0": _written_out("{type: string}", "{type: string, minLength: 0}"),
    "minItems 0": _written_out("{type: array, items: {}}", "{type: array, items: {}, minItems: 0}"),
    "minProperties 0": _written_out("{type: object}", "{type: object, minProperties: 0}"),
    "uniqueItems false": _written_out(
        "{type: array, items: {}}", "{type: array, items: {}, uniqueItems: false}"
    ),
    "exclusiveMinimum false": _written_out(
        "{type: integer, minimum: 5}", "{type: integer, minimum: 5, exclusiveMinimum: false}"
    ),
    "exclusiveMaximum false": _written_out(
        "{type: integer, maximum: 5}", "{type: integer, maximum: 5, exclusiveMaximum: false}"
    ),
    "exclusiveMinimum without a minimum": _written_out(
        "{type: integer}", "{type: integer, exclusiveMinimum: true}"
    ),
    "nullable false": _written_out("{type: string}", "{type: string, nullable: false}"),
    "nullable without a type": _written_out("{}", "{nullable: true}"),
    "flags false": _written_out(
        "{type: string}", "{type: string, readOnly: false, writeOnly: false, deprecated: false}"
    ),
    "additionalProperties true": _written_out(
        "{type: object}", "{type: object, additionalProperties: true}"
    ),
    "additionalProperties of any kind": _written_out(
        "{type: object}", "{type: object, additionalProperties: {}}"
    ),
    "no properties": _written_out("{type: object}", "{type: object, properties: {}}"),
    "no required fields": _written_out("{type: object}", "{type: object, required: []}", V31),
    "no conditions of 3.1": _written_out(
        "{type: object}",
        "{type: object, patternProperties: {}, dependentRequired: {}, dependentSchemas: {},"
        " propertyNames: true, unevaluatedProperties: true}",
        V31,
    ),
    "items of any kind": _written_out("{type: array}", "{type: array, items: true}", V31),
    "minContains 1": _written_out(
        "{type: array, contains: {type: string}}",
        "{type: array, contains: {type: string}, minContains: 1}",
        V31,
    ),
    "minContains without contains": _written_out(
        "{type: array}", "{type: array, minContains: 2}", V31
    ),
    "then without if": _written_out(
        "{type: string}", "{type: string, then: {maxLength: 1}}", V31
    ),
    "if without then": _written_out("{type: string}", "{type: string, if: {maxLength: 1}}", V31),
    "single type in a list": _written_out("{type: string}", "{type: [string]}", V31),
    "types as forms": _written_out(
        "{type: [string, 'null']}", "{anyOf: [{type: string}, {type: 'null'}]}", V31
    ),
    "keywords beside a reference in 3.0": _written_out(
        "{$ref: '#/components/schemas/Error'}",
        "{$ref: '#/components/schemas/Error', maxProperties: 1}",
    ),
    "implied names of a discriminator": _written_out(
        "{oneOf: [{$ref: '#/components/schemas/Error'}], discriminator: {propertyName: kind}}",
        "{oneOf: [{$ref: '#/components/schemas/Error'}], discriminator: {propertyName: kind,"
        " mapping: {Error: '#/components/schemas/Error'}}}",
    ),
    "xml flags false": _written_out(
        "{type: string}", "{type: string, xml: {attribute: false, wrapped: false}}"
    ),
}  # fmt: skip

FORMATS = {
    "format added": SchemaKind(
        "{type: string}", "{type: string, format: uuid}", SENDERS, READERS
    ),
    "format widened": SchemaKind(
        "{type: integer, format: int32}", "{type: integer, format: int64}", READERS, SENDERS
    ),
    "precision widened": SchemaKind(
        "{type: number, format: float}", "{type: number, format: double}", READERS, SENDERS
    ),
    "format replaced": SchemaKind(
        "{type: string, format: date}",
        "{type: string, format: date-time}",
        ALL,
        ALL,
        "INFO request-property-type-generalized: a date is not a valid date-time",
    ),
    "format that hides the input": SchemaKind(
        "{type: string}", "{type: string, format: password}", NOBODY, NOBODY,
        "ERR request-property-type-changed: the standard calls it a hint for the user interface",
    ),
    "format of bytes": SchemaKind(
        "{type: string}",
        "{type: string, format: binary}",
        ALL,
        ALL,
        "INFO response-property-type-specialized: the value is no longer text",
    ),
}  # fmt: skip

ANNOTATIONS = {
    "default added": SchemaKind(
        "{type: string}", "{type: string, default: a}", SENDERS, SENDERS, DEFAULT
    ),
    "default replaced": SchemaKind(
        "{type: string, default: a}", "{type: string, default: b}", SENDERS, SENDERS, DEFAULT
    ),
    "field becomes read-only": SchemaKind(
        "{type: string}",
        "{type: string, readOnly: true}",
        SENDERS,
        NOBODY,
        "INFO request-optional-property-became-read-only: requests must not have the field now",
    ),
    "required field becomes read-only": SchemaKind(
        "{type: object, required: [a], properties: {a: {type: string}}}",
        "{type: object, required: [a], properties: {a: {type: string, readOnly: true}}}",
        SENDERS,
        SENDERS,
        "INFO request-required-property-became-read-only and -not-read-only: requests must not, or"
        " must, have the field now",
    ),
    "field becomes write-only": SchemaKind(
        "{type: string}",
        "{type: string, writeOnly: true}",
        READERS,
        NOBODY,
        "INFO response-optional-property-became-write-only: answers do not have the field now",
    ),
    "read-only field replaced": SchemaKind(
        "{type: string, readOnly: true}", "{type: integer, readOnly: true}", READERS, READERS
    ),
    "write-only field replaced": SchemaKind(
        "{type: string, writeOnly: true}", "{type: integer, writeOnly: true}", SENDERS, SENDERS
    ),
    "field deprecated": SchemaKind(
        "{type: string}", "{type: string, deprecated: true}", NOBODY, NOBODY
    ),
    "field described otherwise": SchemaKind(
        "{type: string}", "{type: string, title: A, description: B, example: C}", NOBODY, NOBODY
    ),
    "extension changed": SchemaKind("{type: string}", "{type: string, x-a: 1}", NOBODY, NOBODY),
}  # fmt: skip

FIELDS = {
    "field added": SchemaKind(
        "{type: object}", "{type: object, properties: {a: {type: string}}}", NOBODY, ALL
    ),
    "required field added": SchemaKind(
        "{type: object}",
        "{type: object, required: [a], properties: {a: {type: string}}}",
        SENDERS,
        ALL,
    ),
    "field becomes required": SchemaKind(
        "{type: object, properties: {a: {type: string}}}",
        "{type: object, required: [a], properties: {a: {type: string}}}",
        SENDERS,
        READERS,
    ),
    "field renamed": SchemaKind(
        "{type: object, properties: {a: {type: string}}}",
        "{type: object, properties: {b: {type: string}}}",
        ALL,
        ALL,
    ),
    "object closed": SchemaKind(
        "{type: object}", "{type: object, additionalProperties: false}", SENDERS, NOBODY
    ),
    "map typed": SchemaKind(
        "{type: object}", "{type: object, additionalProperties: {type: string}}", SENDERS, READERS
    ),
    "map's values replaced": SchemaKind(
        "{type: object, additionalProperties: {type: string}}",
        "{type: object, additionalProperties: {type: integer}}",
        ALL,
        ALL,
    ),
    "map's key gets another type": SchemaKind(
        "{type: object, additionalProperties: {type: string}}",
        "{type: object, additionalProperties: {type: string}, properties: {a: {type: integer}}}",
        ALL,
        ALL,
    ),
}

GUARANTEES = {
    "guarantee added": SchemaKind(
        "{type: object, properties: {a: {type: string, nullable: true}}}",
        "{type: object, properties: {a: {type: string, nullable: true}},"
        " x-required-on-success: [a]}",
        NOBODY,
        READERS,
        EXTENSION,
    ),
    "guaranteed field removed": SchemaKind(
        "{type: object, properties: {a: {type: string}}, x-required-on-success: [a]}",
        "{type: object}",
        ALL,
        NOBODY,
    ),
    "guarantee becomes a requirement": SchemaKind(
        "{type: object, properties: {a: {type: string}}, x-required-on-success: [a]}",
        "{type: object, properties: {a: {type: string}}, required: [a]}",
        SENDERS,
        READERS,
    ),
    "guarantee becomes a requirement that null fulfils": SchemaKind(
        "{type: object, properties: {a: {type: string, nullable: true}},"
        " x-required-on-success: [a]}",
        "{type: object, properties: {a: {type: string, nullable: true}}, required: [a]}",
        ALL,
        READERS,
        EXTENSION,
    ),
    "guarantee of one part removed": SchemaKind(
        "{allOf: [{type: object, properties: {a: {}}, x-required-on-success: [a]},"
        " {type: object, properties: {b: {}}, x-required-on-success: [b]}]}",
        "{allOf: [{type: object, properties: {a: {}}},"
        " {type: object, properties: {b: {}}, x-required-on-success: [b]}]}",
        READERS,
        NOBODY,
        EXTENSION,
    ),
    "guarantee beside forms removed": SchemaKind(
        "{type: object, properties: {a: {}, b: {}}, x-required-on-success: [a],"
        " anyOf: [{required: [b]}]}",
        "{type: object, properties: {a: {}, b: {}}, anyOf: [{required: [b]}]}",
        READERS,
        NOBODY,
        EXTENSION,
    ),
}  # fmt: skip

COMPOSITIONS = {
    "object split": SchemaKind(
        "{type: object, required: [a], properties: {a: {type: string}, b: {type: string}}}",
        "{allOf: [{type: object, required: [a], properties: {a: {type: string}}},"
        " {type: object, properties: {b: {type: string}}}]}",
        NOBODY,
        NOBODY,
        "ERR request-property-all-of-added: without its option to merge allOf, it compares parts",
    ),
    "part requires more": SchemaKind(
        "{allOf: [{type: object, properties: {a: {}}}]}",
        "{allOf: [{type: object, properties: {a: {}}}, {required: [a]}]}",
        SENDERS,
        READERS,
        "INFO response-property-all-of-removed: an answer may come without the field then",
    ),
    "pattern of one part replaced": SchemaKind(
        "{allOf: [{type: string, pattern: a}, {pattern: b}]}",
        "{allOf: [{type: string, pattern: c}, {pattern: b}]}",
        SENDERS,
        SENDERS,
    ),
    "restricted beside a reference in 3.1": SchemaKind(
        "{$ref: '#/components/schemas/Error'}",
        "{$ref: '#/components/schemas/Error', required: [message]}",
        SENDERS,
        READERS,
        version=V31,
    ),
    "form added": SchemaKind(
        "{type: string}", "{oneOf: [{type: string}, {type: integer}]}", READERS, SENDERS
    ),
    "form added to forms": SchemaKind(
        "{anyOf: [{type: string}, {type: integer}]}",
        "{anyOf: [{type: string}, {type: integer}, {type: boolean}]}",
        READERS,
        SENDERS,
        "INFO response-property-any-of-added: callers do not know the new form",
    ),
    "forms of different types may overlap": SchemaKind(
        "{oneOf: [{type: string}, {type: integer}]}",
        "{anyOf: [{type: string}, {type: integer}]}",
        NOBODY,
        NOBODY,
    ),
    "forms may overlap": SchemaKind(
        "{oneOf: [{type: string, maxLength: 9}, {type: string, pattern: a}]}",
        "{anyOf: [{type: string, maxLength: 9}, {type: string, pattern: a}]}",
        READERS,
        SENDERS,
    ),
    "one of two fields required": SchemaKind(
        "{type: object, properties: {a: {}, b: {}}}",
        "{type: object, properties: {a: {}, b: {}}, anyOf: [{required: [a]}, {required: [b]}]}",
        SENDERS,
        READERS,
    ),
    "discriminator added": SchemaKind(
        "{oneOf: [{$ref: '#/components/schemas/Error'}]}",
        "{oneOf: [{$ref: '#/components/schemas/Error'}], discriminator: {propertyName: kind}}",
        ALL,
        ALL,
        f"INFO request-property-discriminator-added: {UNKNOWN}",
    ),
    "values excluded": SchemaKind(
        "{type: string}", "{type: string, not: {enum: [a]}}", ALL, ALL
    ),
    "condition added": SchemaKind(
        "{type: string}",
        "{type: string, if: {minLength: 2}, then: {pattern: a}}",
        ALL,
        ALL,
        f"INFO response-property-if-added: {UNKNOWN}",
        version=V31,
    ),
    "encoding added": SchemaKind(
        "{type: string}", "{type: string, contentEncoding: base64}", ALL, ALL, version=V31
    ),
    "xml name added": SchemaKind("{type: string}", "{type: string, xml: {name: a}}", ALL, ALL),
}  # fmt: skip

SCHEMA_KINDS: dict[str, SchemaKind] = {
    **TYPES,
    **VALUES,
    **LIMITS,
    **DEFAULTS,
    **FORMATS,
    **ANNOTATIONS,
    **FIELDS,
    **GUARANTEES,
    **COMPOSITIONS,
}
