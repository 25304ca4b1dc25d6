from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import msgpack
from hypothesis import assume, given
from hypothesis import strategies as st

from bitfount_api.schemas import BitfountSchema, Feature

EXAMPLE = json.loads((Path(__file__).parents[1] / "data" / "pod-schema-v4.json").read_text())
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXTS,
    st.sampled_from(["no", "2024-01-01", "1:30", "0x1", "~", "<<", "=", "*a", "&a", "!!x", "\x85"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=3)
# Hypothesis also draws texts from the source code, such as the names of known fields.
KNOWN = {
    *{"name", "description", "number_of_records", "features", "metadata", "table", "tables"},
    *{"featureName", "semanticType", "dtype", "encoder", "dimensions", "modes", "formats"},
    *{"schema_version", "schema_type", "force_stypes"},
}
UNKNOWN = st.dictionaries(TEXTS.filter(lambda key: key not in KNOWN), VALUES, max_size=3)
CLASSES = st.dictionaries(TEXTS, st.integers(0, 2**31), max_size=4)


@st.composite
def features(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["categorical", "continuous", "image", "text", "volume"]))
    document: dict[str, Any] = {"featureName": draw(TEXTS), "semanticType": kind}
    optional: dict[str, st.SearchStrategy[Any]] = {
        "dtype": st.one_of(st.none(), TEXTS),
        "description": st.one_of(st.none(), TEXTS),
    }
    if kind == "categorical":
        optional["encoder"] = st.one_of(st.none(), st.fixed_dictionaries({"classes": CLASSES}))
    elif kind == "image":
        optional |= dict.fromkeys(("dimensions", "modes", "formats"), st.one_of(st.none(), OBJECTS))
    document |= draw(st.fixed_dictionaries({}, optional=optional))
    return _shuffled(draw, {**draw(UNKNOWN), **document})


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Version 4 documents with unknown fields, in any order."""
    document = draw(
        st.fixed_dictionaries(
            {"features": st.lists(features(), max_size=4)},
            optional={
                "name": st.one_of(st.none(), TEXTS),
                "description": st.one_of(st.none(), TEXTS),
                "number_of_records": st.one_of(st.none(), st.integers(0, 2**40)),
            },
        )
    )
    metadata = _shuffled(draw, {**draw(UNKNOWN), "schema_version": "4"})
    return _shuffled(draw, {**draw(UNKNOWN), **document, "metadata": metadata})


def _shuffled(draw: st.DrawFn, document: dict[str, Any]) -> dict[str, Any]:
    return {key: document[key] for key in draw(st.permutations(list(document)))}


@given(documents())
def test_version_4_document_round_trips(document: dict[str, Any]) -> None:
    before = json.dumps(document)
    schema = BitfountSchema.load(document)
    assert json.dumps(schema.to_json()) == before
    assert json.dumps(document) == before
    assert schema.pack() == msgpack.packb(document)
    assert len(schema.columns) == len(document["features"])
    named = {(feature["semanticType"], feature["featureName"]) for feature in document["features"]}
    assert len(schema.get_feature_names()) == len(named)


@given(documents())
def test_every_format_round_trips(document: dict[str, Any]) -> None:
    schema = BitfountSchema.load(document)
    for again in (
        BitfountSchema.loads(schema.dumps()),
        BitfountSchema.loads(schema.dumps().encode()),
        BitfountSchema.loads(json.dumps(document)),
        BitfountSchema.unpack(schema.pack()),
    ):
        assert again == schema
        assert json.dumps(again.to_json()) == json.dumps(document)


@given(documents(), st.sampled_from(["1", "2", "3", None]))
def test_older_documents_become_version_4(document: dict[str, Any], version: str | None) -> None:
    table_fields = {"name", "features", "description", "number_of_records"}
    table = {key: value for key, value in document.items() if key in table_fields}
    unknown = {key: value for key, value in document.items() if key not in KNOWN}
    metadata = {} if version is None else {"metadata": {"schema_version": version}}
    if version == "1":
        assume(table.get("name"))
        document = {**unknown, "tables": [{**table, "name": "\U0010ffff" * 13}, table], **metadata}
    elif version == "2":
        document = {**unknown, "table": table, **metadata}
    else:
        document = {**unknown, **table, **metadata}
    schema = BitfountSchema.load(document)
    written = schema.to_json()
    assert written["metadata"]["schema_version"] == "4"
    assert written["metadata"].get("force_stypes") is None
    assert written["features"] == table["features"]
    assert {key: written[key] for key in unknown} == unknown
    assert BitfountSchema.load(written) == schema


def _places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    steps: list[Any] = []
    if isinstance(value, dict):
        steps = list(value)
    elif isinstance(value, list):
        steps = list(range(len(value)))
    return [path, *(place for step in steps for place in _places(value[step], (*path, step)))]


@given(st.data())
def test_a_mutated_document_is_a_schema_or_a_value_error(data: st.DataObject) -> None:
    document: Any = {"root": copy.deepcopy(EXAMPLE)}
    for _ in range(data.draw(st.integers(1, 3))):
        places = _places(document["root"])
        *way, last = ("root", *data.draw(st.sampled_from(places)))
        holder = document
        for step in way:
            holder = holder[step]
        if last != "root" and data.draw(st.booleans()):
            del holder[last]
        else:
            holder[last] = data.draw(VALUES)
    try:
        schema = BitfountSchema.load(document["root"])
    except ValueError as error:
        assert str(error).partition(": ")[2]
        return
    assert all(isinstance(feature, Feature) for feature in schema.columns)
    assert BitfountSchema.unpack(schema.pack()) == schema
    schema.feature_rows()


@given(st.one_of(st.text(), st.text("{}[]:,&*!|>-'\"\n ab0")))
def test_any_text_is_a_schema_or_a_value_error(text: str) -> None:
    for source in (text, text.encode(errors="surrogatepass")):
        try:
            BitfountSchema.loads(source)
        except ValueError as error:
            assert len(str(error)) < 500


@given(st.binary(), st.binary(max_size=4), st.integers(0, 1000))
def test_any_bytes_are_a_schema_or_a_value_error(data: bytes, patch: bytes, at: int) -> None:
    packed = msgpack.packb(EXAMPLE)
    for candidate in (data, packed[:at] + patch + packed[at + len(patch) :], packed[:at] + data):
        try:
            BitfountSchema.unpack(candidate)
        except ValueError as error:
            assert len(str(error)) < 600
