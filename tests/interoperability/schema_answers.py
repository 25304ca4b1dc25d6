# mypy: disable-error-code="import-not-found,import-untyped"
"""What a schema's public members return, as JSON, for ``BitfountSchema`` of both libraries.

The official SDK's Python runs this file too (5.3.0 needs 3.10), so it imports nothing of this
project.
"""

from __future__ import annotations

from typing import Any

TYPES = ("categorical", "continuous", "image", "text")


def answers(schema: Any, semantic_type: Any) -> dict[str, Any]:
    """Return what the members of a schema return.

    Args:
        schema: A schema of either library.
        semantic_type: The enumeration ``SemanticType`` of the same library.
    """
    names = schema.get_feature_names()
    some = names[:1]
    return {
        "name": schema.name,
        "description": schema.description,
        "number_of_records": schema.number_of_records,
        "schema_type": schema.schema_type,
        "force_stypes": schema.force_stypes,
        "hash": schema.hash,
        **_only_in_13(schema),
        "features": {
            kind: {name: _feature(feature) for name, feature in group.items()}
            for kind, group in schema.features.items()
        },
        "types": list(schema.features),
        "names": names,
        "names_by_type": {
            kind: schema.get_feature_names(semantic_type[kind.upper()]) for kind in TYPES
        },
        "continuous": [schema.get_num_continuous(ignored) for ignored in (None, some, names)],
        "categorical": [schema.get_num_categorical(ignored) for ignored in (None, some, names)],
        "sizes": [
            schema.get_categorical_feature_sizes(ignored) for ignored in (None, "".join(some), some)
        ],
        "size": {name: _size(schema, name) for name in [*names, "nothing"]},
        "decoded": {
            name: _decoded(schema, name) for name in [*schema.features.get("categorical", {})]
        },
    }


def _only_in_13(schema: Any) -> dict[str, Any]:
    name = "schema_generation_enabled"
    return {name: getattr(schema, name)} if hasattr(schema, name) else {}


def _feature(feature: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "feature_name": feature.feature_name,
        "description": feature.description,
        "semantic_type": feature.semantic_type.value,
        "dtype": str(feature.dtype),
        "dtype_name": feature.dtype_name,
    }
    if hasattr(feature, "encoder"):
        found["classes"] = dict(feature.encoder.classes)
        found["size"] = feature.encoder.size
    if hasattr(feature, "dimensions"):
        found["most_common"] = [
            # JSON has lists in place of tuples.
            [[[*key] if isinstance(key, tuple) else key, count] for key, count in counter]
            for counter in (
                feature.dimensions.most_common(),
                feature.modes.most_common(),
                feature.formats.most_common(),
            )
        ]
        found["missing"] = feature.modes["nothing"]
    return found


def _size(schema: Any, name: str) -> Any:
    try:
        return [
            schema.get_categorical_feature_size(name),
            schema.get_categorical_feature_size([name, "x"]),
        ]
    except ValueError:
        return "ValueError"


def _decoded(schema: Any, name: str) -> list[Any]:
    indexes = [*schema.features["categorical"][name].encoder.classes.values(), 77]
    return [_decode(schema, name, index) for index in indexes]


def _decode(schema: Any, name: str, index: int) -> str:
    try:
        return str(schema.decode_categorical(name, index))
    except ValueError:
        return "ValueError"


def made() -> dict[str, Any]:
    """Return the document of a schema that the official SDK makes from a table."""
    import pandas as pd
    from bitfount.data.schema import BitfountSchema

    table = pd.DataFrame(
        {
            "age": pd.array([41, 52, None], dtype="Int64"),
            "ratio": [0.5, 1.25, 2.0],
            "flag": [True, False, True],
            "sex": ["f", "m", "f"],
            "note": ["healthy", "early", "late"],
            "scan": ["a.png", "b.png", "c.png"],
            "seen": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]),
        }
    )
    schema = BitfountSchema("clinic", "Scans with notes")
    schema.add_dataframe_features(
        table,
        force_stypes={"image": ["scan"], "categorical": ["sex", "flag"], "text": ["note"]},
        column_descriptions={"age": "In years"},
    )
    schema.schema_type = "full"
    schema.force_stypes = {"image": ["scan"]}
    return dict(schema.to_json())


def main(documents: str, written: str) -> None:
    """Write the answers of the official SDK for the documents in a file.

    Args:
        documents: The file with the documents, ``{label: document or path of a YAML file}``.
        written: The file for the result: the SDK's version, its answers (or its error), each
            schema as it writes it, its answers for that, and a document that it makes itself.
    """
    import json
    from pathlib import Path

    import bitfount
    from bitfount.data.schema import BitfountSchema
    from bitfount.data.types import SemanticType

    result: dict[str, Any] = {
        "version": bitfount.__version__, "answers": {}, "written": {}, "again": {}, "made": made(),
    }  # fmt: skip
    for label, document in json.loads(Path(documents).read_text("utf-8")).items():
        try:
            if isinstance(document, str):
                schema = BitfountSchema.load_from_file(document)
            else:
                schema = BitfountSchema.load(document)
        except Exception as error:
            result["answers"][label] = f"{type(error).__name__}: {error}"
            continue
        result["answers"][label] = answers(schema, SemanticType)
        result["written"][label] = text = schema.dumps()
        result["again"][label] = answers(BitfountSchema.loads(text), SemanticType)
    Path(written).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    import sys

    main(*sys.argv[1:])
