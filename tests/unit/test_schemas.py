from __future__ import annotations

import builtins
import copy
import json
import logging
import os
import pickle
import socket
from pathlib import Path
from typing import Any

import attrs
import msgpack
import pytest
import yaml
from support.devices import any_device, make_device

from bitfount_api._internal import documents
from bitfount_api.schemas import (
    BitfountSchema,
    CategoricalFeature,
    ContinuousFeature,
    Encoder,
    Feature,
    ImageFeature,
    SemanticType,
    TextFeature,
    pack,
)

TEXT = (Path(__file__).parents[1] / "data" / "pod-schema-v4.json").read_text()
AGE = {"featureName": "age", "dtype": "Int64", "description": None, "semanticType": "continuous"}


@pytest.fixture
def document() -> dict[str, Any]:
    """The document of version 4 that the official SDK wrote."""
    loaded: dict[str, Any] = json.loads(TEXT)
    return loaded


def minimal(**changes: Any) -> dict[str, Any]:
    """A small document of version 4 with changes."""
    return {"name": "d", "features": [AGE], "metadata": {"schema_version": "4"}, **changes}


class TestVersion4:
    def test_version_4_is_read(self, document: dict[str, Any]) -> None:
        schema = BitfountSchema.load(document)
        assert schema.name == "clinic-scans"
        assert schema.description == "Scans with notes"
        assert schema.number_of_records == 3
        assert schema.metadata["bitfount_version"] == "5.3.0"
        assert [type(feature) for feature in schema.columns] == [
            ContinuousFeature,
            ImageFeature,
            TextFeature,
            CategoricalFeature,
            ContinuousFeature,
            CategoricalFeature,
            TextFeature,
        ]
        age, image, _, flag, *_ = schema.columns
        assert (age.name, age.dtype, age.description) == ("age", "Int64", None)
        assert isinstance(flag, CategoricalFeature)
        assert flag.classes == {"False": 0, "True": 1}
        assert isinstance(image, ImageFeature)
        assert (image.dimensions, image.modes, image.formats) == ({}, {}, {})

    def test_version_4_round_trips_byte_for_byte(self, document: dict[str, Any]) -> None:
        schema = BitfountSchema.load(document)
        assert json.dumps(schema.to_json(), indent=1) == json.dumps(document, indent=1)
        assert schema.pack() == msgpack.packb(document)

    @pytest.mark.parametrize("change", ["sorted", "reversed"])
    def test_field_order_is_kept(self, change: str, document: dict[str, Any]) -> None:
        def reorder(value: Any) -> Any:
            if isinstance(value, dict):
                keys = sorted(value, reverse=change == "reversed")
                return {key: reorder(value[key]) for key in keys}
            return [reorder(item) for item in value] if isinstance(value, list) else value

        reordered = reorder(document)
        assert json.dumps(BitfountSchema.load(reordered).to_json()) == json.dumps(reordered)

    def test_unknown_fields_keep_their_position(self, document: dict[str, Any]) -> None:
        document = {"new": {"a": [1, None]}, **document}
        document["features"][0] = {"unit": "years", **document["features"][0], "later": [True]}
        document["features"][3]["encoder"]["size"] = 2
        document["metadata"]["more"] = 1.5
        schema = BitfountSchema.load(document)
        assert schema.extra == {"new": {"a": [1, None]}}
        assert schema.columns[0].extra == {"unit": "years", "later": [True]}
        assert json.dumps(schema.to_json()) == json.dumps(document)

    def test_absent_fields_stay_absent(self) -> None:
        document = minimal(features=[{"semanticType": "image", "featureName": "x"}])
        assert json.dumps(BitfountSchema.load(document).to_json()) == json.dumps(document)

    def test_unknown_types_are_kept(self) -> None:
        volume = {"featureName": "scan", "voxels": [1, 2], "semanticType": "volume"}
        schema = BitfountSchema.load(minimal(features=[volume]))
        (feature,) = schema.columns
        assert type(feature) is Feature
        assert feature.semantic_type == "volume"
        assert feature.extra == {"voxels": [1, 2]}
        assert schema.to_json()["features"] == [volume]
        assert schema.get_feature_names("volume") == ["scan"]

    def test_document_is_copied_in_and_out(self, document: dict[str, Any]) -> None:
        before = copy.deepcopy(document)
        schema = BitfountSchema.load(document)
        document["features"][3]["encoder"]["classes"]["Maybe"] = 2
        schema.to_json()["metadata"].clear()
        schema.to_json()["features"][3]["encoder"]["classes"].clear()
        assert schema.to_json() == before

    def test_a_newer_version_is_read_with_a_warning(self, caplog: pytest.LogCaptureFixture) -> None:
        document = minimal(metadata={"schema_version": "5", "news": True})
        with caplog.at_level(logging.WARNING):
            schema = BitfountSchema.load(document)
        assert schema.to_json() == document
        assert "version is '5'" in caplog.text

    def test_a_version_may_be_a_number(self) -> None:
        document = minimal(metadata={"schema_version": 4})
        assert BitfountSchema.load(document).to_json() == document


class TestOlderVersions:
    def test_version_3_gets_forced_types(self) -> None:
        document = {
            "name": "d",
            "features": [AGE],
            "metadata": {"hash": "00", "schema_version": "3", "schema_type": "full"},
        }
        loaded = BitfountSchema.load(document).to_json()
        assert loaded == {
            "name": "d",
            "features": [AGE],
            "metadata": {
                "hash": "00",
                "force_stypes": None,
                "schema_version": "4",
                "schema_type": "full",
            },
        }
        assert list(loaded["metadata"]) == ["hash", "force_stypes", "schema_version", "schema_type"]

    @pytest.mark.parametrize("metadata", [{}, {"metadata": None}, {"metadata": {}}])
    def test_missing_version_is_inferred(self, metadata: dict[str, Any]) -> None:
        loaded = BitfountSchema.load({"features": [AGE], **metadata}).to_json()
        forced = {"force_stypes": None} if metadata.get("metadata") is not None else {}
        assert loaded["metadata"] == {**forced, "schema_version": "4"}

    @pytest.mark.parametrize("metadata", [{}, {"metadata": {"schema_version": "2"}}])
    def test_version_2_table_is_read(self, metadata: dict[str, Any]) -> None:
        table = {
            "name": "scans",
            "features": [AGE],
            "description": "Scans",
            "number_of_records": 9,
            "colour": "red",
        }
        schema = BitfountSchema.load({"table": table, "owner": "bob", **metadata})
        assert schema.to_json() == {
            "name": "scans",
            "description": "Scans",
            "number_of_records": 9,
            "features": [{**AGE}],
            "metadata": {"schema_version": "4", **({"force_stypes": None} if metadata else {})},
            "owner": "bob",
            "colour": "red",
        }

    @pytest.mark.parametrize("metadata", [{}, {"metadata": {"schema_version": "1"}}])
    def test_version_1_first_table_by_name_is_read(self, metadata: dict[str, Any]) -> None:
        tables = [
            {"name": "b", "features": [], "description": "second"},
            {"name": "a", "features": [AGE], "description": "first"},
        ]
        schema = BitfountSchema.load({"tables": tables, **metadata})
        assert (schema.name, schema.description, schema.number_of_records) == ("a", "first", 0)
        assert schema.get_feature_names() == ["age"]
        assert schema.to_json()["metadata"]["schema_version"] == "4"

    def test_upgraded_document_can_be_read_again(self) -> None:
        schema = BitfountSchema.load({"table": {"name": "scans", "features": [AGE]}})
        assert BitfountSchema.load(schema.to_json()) == schema


class TestRefusals:
    @pytest.mark.parametrize(
        ("document", "text"),
        [
            ([], "the document: a list, not an object"),
            (None, "the document: null, not an object"),
            ({}, "features: missing"),
            ({"name": "d", "metadata": {"schema_version": "4"}}, "features: missing"),
            ({"table": {"name": "d"}}, "features: missing"),
            ({"tables": [{"name": "d"}]}, "features: missing"),
            ({"tables": []}, "tables: an empty list"),
            ({"tables": {}}, "tables: an object, not a list"),
            ({"tables": [1]}, r"tables\[0\]: a number, not an object"),
            ({"tables": [{"features": []}]}, r"tables\[0\]\.name: not text"),
            ({"table": []}, "table: a list, not an object"),
            (minimal(metadata=[]), "metadata: a list, not an object"),
            (minimal(name=5), "name: a number, not text"),
            (minimal(description=["x"]), "description: a list, not text"),
            (minimal(number_of_records=-1), "number_of_records: -1, not a count"),
            (minimal(number_of_records=-(10**15)), "number_of_records: a number, not a count"),
            (minimal(number_of_records=True), "number_of_records: True, not a count"),
            (minimal(number_of_records="3"), "number_of_records: '3', not a count"),
            (minimal(number_of_records=1.5), "number_of_records: 1.5, not a count"),
            (minimal(features={}), "features: an object, not a list"),
            (minimal(features=None), "features: null, not a list"),
            (minimal(features=[AGE, "x"]), r"features\[1\]: text, not an object"),
            (minimal(features=[{"semanticType": "text"}]), r"features\[0\]\.featureName: missing"),
            (minimal(features=[{"featureName": "x"}]), r"features\[0\]\.semanticType: missing"),
            (
                minimal(features=[{**AGE, "featureName": 3}]),
                r"features\[0\]\.featureName: a number, not text",
            ),
            (
                minimal(features=[{**AGE, "semanticType": ["text"]}]),
                r"features\[0\]\.semanticType: a list, not text",
            ),
            (minimal(features=[{**AGE, "dtype": {}}]), r"features\[0\]\.dtype: an object"),
            (
                minimal(features=[{**AGE, "semanticType": "image", "modes": 1}]),
                r"features\[0\]\.modes: a number, not an object",
            ),
            (
                minimal(features=[{**AGE, "semanticType": "categorical", "encoder": "x"}]),
                r"features\[0\]\.encoder: text, not an object",
            ),
            (
                minimal(
                    features=[{**AGE, "semanticType": "categorical", "encoder": {"classes": []}}]
                ),
                r"features\[0\]\.encoder\.classes: a list, not an object",
            ),
            (
                minimal(
                    features=[
                        {
                            **AGE,
                            "semanticType": "categorical",
                            "encoder": {"classes": {"a b": "0"}},
                        }
                    ]
                ),
                r"features\[0\]\.encoder\.classes\['a b'\]: text, not a whole number",
            ),
            (minimal(extra={1: 2}), "extra: a key that is a number, not text"),
            (minimal(extra=b"x"), "extra: a value of type bytes, which JSON does not have"),
            (minimal(extra=[float("nan")]), r"extra\[0\]: a number that is not finite"),
            (minimal(extra=2**64), "extra: a number of more than 64 bits"),
            (minimal(extra="\ud800"), "extra: text with an unpaired surrogate"),
            (minimal(**{"\ud800": 1}), "unpaired surrogate"),
        ],
    )
    def test_error_names_the_field(self, document: Any, text: str) -> None:
        with pytest.raises(ValueError, match=text) as caught:
            BitfountSchema.load(document)
        assert len(str(caught.value)) < 300

    def test_features_built_by_hand_are_checked(self) -> None:
        with pytest.raises(ValueError, match="featureName: null, not text"):
            ContinuousFeature(None)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"features\[0\]: an object, not a Feature"):
            BitfountSchema("d", features=[AGE])  # type: ignore[list-item]
        with pytest.raises(ValueError, match=r"features\[0\]\.note: a value of type set"):
            BitfountSchema("d", features=[TextFeature("x", extra={"note": {1}})]).to_json()

    def test_too_deep_document_raises(self) -> None:
        value: Any = 1
        for _ in range(200):
            value = [value]
        with pytest.raises(ValueError, match="more than 64 levels") as caught:
            BitfountSchema.load(minimal(extra=value))
        assert "extra[0]" in str(caught.value)

    def test_cyclic_document_raises(self) -> None:
        cycle: list[Any] = []
        cycle.append(cycle)
        with pytest.raises(ValueError, match="more than 64 levels"):
            BitfountSchema.load(minimal(extra=cycle))

    def test_too_many_values(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(documents, "MAX_VALUES", 100)
        BitfountSchema.load(minimal(extra=[1] * 80))
        with pytest.raises(ValueError, match="more than 100 values"):
            BitfountSchema.load(minimal(extra=[1] * 100))


class TestHandMade:
    def test_new_schema_has_the_fields_of_version_4_in_order(self) -> None:
        schema = BitfountSchema(
            "scans",
            "Scans",
            2,
            [
                CategoricalFeature("sex", dtype="string", encoder={"classes": {"f": 0, "m": 1}}),
                ImageFeature("img", dtype="string", modes={"RGB": 2}),
                Feature("x", semantic_type="volume", extra={"voxels": 3}),
            ],
        )
        assert json.dumps(schema.to_json()) == json.dumps(
            {
                "name": "scans",
                "description": "Scans",
                "number_of_records": 2,
                "features": [
                    {
                        "featureName": "sex",
                        "description": None,
                        "dtype": "string",
                        "encoder": {"classes": {"f": 0, "m": 1}},
                        "semanticType": "categorical",
                    },
                    {
                        "featureName": "img",
                        "description": None,
                        "dimensions": {},
                        "dtype": "string",
                        "formats": {},
                        "modes": {"RGB": 2},
                        "semanticType": "image",
                    },
                    {
                        "featureName": "x",
                        "description": None,
                        "dtype": None,
                        "semanticType": "volume",
                        "voxels": 3,
                    },
                ],
                "metadata": {"force_stypes": None, "schema_version": "4", "schema_type": "full"},
            }
        )

    def test_schema_is_compared_by_value(self, document: dict[str, Any]) -> None:
        assert BitfountSchema.load(document) == BitfountSchema.load(document)
        assert BitfountSchema.load(document) != BitfountSchema.load(minimal())
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            BitfountSchema("a").name = "b"  # type: ignore[misc]

    def test_attribute_set_later_is_written(self) -> None:
        document = minimal(features=[{"featureName": "x", "semanticType": "text"}])
        schema = BitfountSchema.load(document)
        feature = attrs.evolve(schema.columns[0], description="Notes", extra={"unit": None})
        changed = attrs.evolve(schema, number_of_records=3, features=[feature]).to_json()
        assert changed["number_of_records"] == 3
        assert changed["features"] == [
            {
                "featureName": "x",
                "semanticType": "text",
                "description": "Notes",
                "unit": None,
            }
        ]

    def test_removed_attribute_is_not_written(self) -> None:
        schema = BitfountSchema.load({"new": 1, **minimal()})
        assert attrs.evolve(schema, extra={}).to_json() == minimal()


class TestTexts:
    def test_yaml_round_trips(self, document: dict[str, Any]) -> None:
        schema = BitfountSchema.load(document)
        text = schema.dumps()
        assert text.startswith("name: clinic-scans\ndescription: Scans with notes\n")
        assert yaml.safe_load(text) == document
        assert json.dumps(BitfountSchema.loads(text).to_json()) == json.dumps(document)

    def test_json_is_read(self, document: dict[str, Any]) -> None:
        assert BitfountSchema.loads(TEXT).to_json() == document
        assert BitfountSchema.loads(TEXT.encode("utf-8-sig")).to_json() == document

    def test_flow_style_is_read(self) -> None:
        schema = BitfountSchema.loads("{name: d, features: []}")
        assert schema.name == "d"

    def test_files_round_trip(self, document: dict[str, Any], tmp_path: Path) -> None:
        path = tmp_path / "schema.yaml"
        path.write_text("old")
        schema = BitfountSchema.load({**document, "description": "Röntgen ☃ 🩻"})
        schema.dump(path)
        assert "Röntgen ☃" in path.read_text(encoding="utf-8")
        assert BitfountSchema.load_from_file(str(path)) == schema
        assert [found.name for found in tmp_path.iterdir()] == ["schema.yaml"]

    @pytest.mark.parametrize("name", ["s" * 255, "é" * 127, "\U0001f40d" * 63])
    def test_longest_file_name_is_written(self, tmp_path: Path, name: str) -> None:
        BitfountSchema("d").dump(tmp_path / name)
        assert BitfountSchema.load_from_file(tmp_path / name).name == "d"

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
    def test_only_files_are_replaced(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError, match="not a file"):
            BitfountSchema("d").dump(tmp_path / "pipe")
        assert (tmp_path / "pipe").is_fifo()
        (tmp_path / "link").symlink_to("schema.yaml")
        BitfountSchema("d").dump(tmp_path / "link")
        assert (tmp_path / "link").is_symlink()
        assert BitfountSchema.load_from_file(tmp_path / "schema.yaml").name == "d"

    @pytest.mark.skipif(os.name == "nt", reason="the rights of files are POSIX's")
    def test_files_have_the_rights_of_the_umask(self, tmp_path: Path) -> None:
        before = os.umask(0o027)
        try:
            BitfountSchema("d").dump(tmp_path / "schema.yaml")
        finally:
            os.umask(before)
        assert (tmp_path / "schema.yaml").stat().st_mode & 0o777 == 0o640

    def test_dates_stay_strings(self) -> None:
        schema = BitfountSchema.loads("description: 2024-01-01\nfeatures: []")
        assert schema.description == "2024-01-01"
        assert BitfountSchema.loads(schema.dumps()).description == "2024-01-01"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "the document: null, not an object"),
            ("[1]", "the document: a list, not an object"),
            ("features", "the document: text, not an object"),
            ("a: [", r"neither YAML nor JSON \(line \d\)"),
            ("a: \0", "neither YAML nor JSON"),
            ("\tx: 1", "neither YAML nor JSON"),
            ("a: 1\n---\nb: 2", "neither YAML nor JSON"),
            ("? [a]\n: 1", "unhashable key"),
            ("a: !!python/object/apply:os.system ['id']", "could not determine a constructor"),
            ("a: !!python/name:os.system", "could not determine a constructor"),
            ("a: !!timestamp 2024-01-01", "a: a value of type date"),
            ("a: !!set {x}", "a: a value of type set"),
            ("a: !!binary aGk=", "a: a value of type bytes"),
            ("a: !!int x", "neither YAML nor JSON: invalid literal"),
            ("a: " + "9" * 5000, "neither YAML nor JSON: Exceeds the limit"),
            ('{"a": ' + "9" * 5000 + "}", "neither YAML nor JSON: Exceeds the limit"),
            ("a: .nan", "a: a number that is not finite"),
            ('{"a": NaN}', "NaN, which is not a number in JSON"),
            ('{"a": 1e999}', "a: a number that is not finite"),
            ('{"a": "\\ud800"}', "a: text with an unpaired surrogate"),
            ("a: \ud800", "unpaired surrogate"),
            ("a: 1\nb: 2\na: 3", r"a duplicate key \(line 1\)"),
            ('{"a": 1, "b": 2, "a": 3}', "the duplicate key 'a'"),
            ("1: 2", "a key that is a number, not text; put it in quotes"),
            ("features: []\nencoder: {no: 0}", "encoder: a key that is a boolean, not text"),
            ("a: &x [1]\nb: *x", r"an alias \(line 2\)"),
            ("&x {a: *x}", r"an alias \(line 1\)"),
            # Some versions of libyaml have their own limit, and stop first.
            ("[" * 100_000, "more than 64 levels|exceeded maximum nesting depth"),
            ('{"a": ' + "[" * 100_000, "more than 64 levels"),
            ("a:\n" + "".join(" " * i + "- \n" for i in range(1, 100)), "more than 64 levels"),
            (b"\xff\xfea", "not UTF-8 text"),
            (" " * (16 * 1024 * 1024 + 1), "longer than 16 MiB"),
        ],
    )
    def test_malicious_and_broken_texts_raise(self, text: str | bytes, message: str) -> None:
        with pytest.raises(ValueError, match=message) as caught:
            BitfountSchema.loads(text)
        assert len(str(caught.value)) < 400

    def test_alias_bomb_is_rejected_unexpanded(self) -> None:
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
        with pytest.raises(ValueError, match="an alias"):
            BitfountSchema.loads("\n".join(lines))

    def test_too_many_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(documents, "MAX_VALUES", 100)
        with pytest.raises(ValueError, match="more than 100 values"):
            BitfountSchema.loads("a: [" + "x, " * 300 + "]")

    def test_memory_error_is_a_value_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def no_memory(*_: object, **__: object) -> None:
            raise MemoryError

        monkeypatch.setattr(yaml, "load", no_memory)
        with pytest.raises(ValueError, match="too large for this machine's memory"):
            BitfountSchema.loads("a: 1")

    def test_recursion_error_is_a_value_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def no_stack(*_: object, **__: object) -> None:
            raise RecursionError

        monkeypatch.setattr(json, "loads", no_stack)
        with pytest.raises(ValueError, match="more than 64 levels"):
            BitfountSchema.loads("{}")

    def test_file_over_the_limit_raises(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(documents, "MAX_TEXT_BYTES", 10)
        path = tmp_path / "schema.yaml"
        path.write_text("features: [1, 2, 3]")
        with pytest.raises(ValueError, match="larger than 10 bytes"):
            BitfountSchema.load_from_file(path)

    def test_yaml_is_read_without_libyaml(self, monkeypatch: pytest.MonkeyPatch) -> None:
        schema = BitfountSchema.loads(TEXT)
        with_libyaml = schema.dumps()
        monkeypatch.delattr(yaml, "CSafeLoader")
        monkeypatch.delattr(yaml, "CSafeDumper")
        documents._yaml_loader.cache_clear()
        try:
            assert BitfountSchema.loads(with_libyaml) == schema
            assert schema.dumps() == with_libyaml
            with pytest.raises(ValueError, match="an alias"):
                BitfountSchema.loads("a: &x [1]\nb: *x")
        finally:
            documents._yaml_loader.cache_clear()


class TestPacked:
    def test_packed_schema_round_trips(self, document: dict[str, Any]) -> None:
        assert BitfountSchema.unpack(msgpack.packb(document)).to_json() == document

    def test_any_document_can_be_packed(self, document: dict[str, Any]) -> None:
        assert pack(document) == msgpack.packb(document)
        assert pack({"b": [1, 2.5, None, True], "a": "ü"}) == msgpack.packb(
            {"b": [1, 2.5, None, True], "a": "ü"}
        )

    @pytest.mark.parametrize("value", [{1}, 2**64, float("inf"), b"x", "\ud800", object()])
    def test_values_without_a_json_type_are_not_packed(self, value: object) -> None:
        with pytest.raises(ValueError, match="a: "):
            pack({"a": value})

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"", "not msgpack"),
            (b"\xc1", "not msgpack"),
            (b"\x81", "not msgpack"),
            (b"\x90", "the document: a list"),
            (b"\x81\xa1a\x01\x01", "extra data"),
            (b"\x81\xa1\xff\x01", "utf-8"),
            (b"\x81\x01\x01", "not msgpack: int is not allowed for map key"),
            (b"\x81\xc4\x01a\x01", "a key that is a value of type bytes"),
            (b"\x81\xa1a\xc4\x01a", "a: a value of type bytes"),
            (b"\x81\xa1a\xd6\xff\x00\x00\x00\x00", "a: a value of type Timestamp"),
            (b"\x81\xa1a\xd4\x05\x00", r"a msgpack extension \(5\)"),
            (b"\x82\xa1a\x01\xa1a\x02", "the duplicate key 'a'"),
            (b"\x81\xa1a\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", "a: a number that is not finite"),
            (b"\x91" * 100, "not msgpack"),
            (b"\x81\xa1a" * 100 + b"\xc0", "more than 64 levels"),
            (b"\x91" * 100_000 + b"\xc0", "more than 64 levels"),
            (b"\xdd\xff\xff\xff\xff", "not msgpack: 4294967295 exceeds max_array_len"),
            (b"\xdf\xff\xff\xff\xff", "not msgpack: 4294967295 exceeds max_map_len"),
            (b"\xdb\xff\xff\xff\xff", "not msgpack"),
            (b"\xc6\xff\xff\xff\xff", "not msgpack"),
            (b"\0" * (10 * 1024 * 1024 + 1), "longer than 10 MiB"),
        ],
    )
    def test_malicious_and_broken_bytes_raise(self, data: bytes, message: str) -> None:
        with pytest.raises(ValueError, match=message) as caught:
            BitfountSchema.unpack(data)
        assert len(str(caught.value)) < 600

    def test_false_list_lengths_raise(self) -> None:
        # 300 nested lists, each with a declared length of a quarter of a million items.
        data = (b"\xdd" + (262_144).to_bytes(4, "big")) * 300 + b"\xc0" * 500_000
        with pytest.raises(ValueError, match="not msgpack"):
            BitfountSchema.unpack(data)

    @pytest.mark.parametrize("item", [b"\x90", b"\x80"])
    def test_too_many_parts(self, item: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(documents, "MAX_VALUES", 100)
        with pytest.raises(ValueError, match="more than 100 values"):
            BitfountSchema.unpack(b"\x81\xa1a\xdc\x00\xc8" + item * 200)

    def test_memory_error_is_a_value_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def no_memory(*_: object, **__: object) -> None:
            raise MemoryError

        monkeypatch.setattr(msgpack, "unpackb", no_memory)
        with pytest.raises(ValueError, match="not msgpack: MemoryError"):
            BitfountSchema.unpack(b"\x80")


class TestLooking:
    def test_feature_names_lists_all_by_type(self, document: dict[str, Any]) -> None:
        schema = BitfountSchema.load(document)
        assert schema.get_feature_names() == ["ok", "sex", "age", "ratio", "img", "note", "when"]

    @pytest.mark.parametrize(
        ("semantic_type", "names"),
        [
            ("continuous", ["age", "ratio"]),
            (SemanticType.CATEGORICAL, ["ok", "sex"]),
            (SemanticType.IMAGE, ["img"]),
            ("text", ["note", "when"]),
        ],
    )
    def test_feature_names_filters_by_type(
        self, semantic_type: str, names: list[str], document: dict[str, Any]
    ) -> None:
        assert BitfountSchema.load(document).get_feature_names(semantic_type) == names

    def test_unused_type_gives_no_names(self) -> None:
        assert BitfountSchema("d").get_feature_names("image") == []

    def test_unknown_type_raises(self) -> None:
        schema = BitfountSchema("d", features=[Feature("x", semantic_type="volume")])
        with pytest.raises(ValueError, match="categorical, continuous, image, text, volume"):
            schema.get_feature_names("continous")

    def test_features_are_grouped_by_type(self, document: dict[str, Any]) -> None:
        volume = {"featureName": "scan", "semanticType": "volume"}
        document["features"].insert(0, volume)
        schema = BitfountSchema.load(document)
        assert list(schema.features) == ["categorical", "continuous", "image", "text", "volume"]
        assert list(schema.features["text"]) == ["note", "when"]
        assert schema.features["continuous"]["age"] is schema.columns[1]
        assert schema.features.get("audio") is None
        assert len(BitfountSchema("d").features) == 0
        assert repr(BitfountSchema("d", features=[TextFeature("x")]).features).startswith(
            "{'text': {'x': TextFeature(name='x'"
        )

    def test_features_cannot_be_changed(self, document: dict[str, Any]) -> None:
        features: Any = BitfountSchema.load(document).features
        with pytest.raises(TypeError, match="item assignment"):
            features["text"] = {}
        with pytest.raises(TypeError, match="item assignment"):
            features["text"]["note"] = None

    def test_methods_that_are_not_offered_say_what_to_use(self) -> None:
        schema: Any = BitfountSchema("d")
        with pytest.raises(AttributeError, match="'apply': schemas cannot be changed"):
            schema.apply([])
        with pytest.raises(AttributeError, match=r"no attribute 'other'$"):
            schema.other()

    def test_schema_with_columns_can_be_copied(self, document: dict[str, Any]) -> None:
        schema = BitfountSchema.load(document)
        for copied in (pickle.loads(pickle.dumps(schema)), copy.deepcopy(schema)):
            assert copied == schema
            assert copied.features == schema.features

    def test_changed_columns_are_regrouped(self) -> None:
        schema = attrs.evolve(BitfountSchema("d"), features=[TextFeature("x")])
        assert schema.get_feature_names() == ["x"]

    def test_feature_rows_have_the_same_columns(self, document: dict[str, Any]) -> None:
        rows = BitfountSchema.load(document).feature_rows()
        assert {tuple(row) for row in rows} == {
            (
                "name",
                "semantic_type",
                "dtype",
                "description",
                "classes",
                "dimensions",
                "modes",
                "formats",
            )
        }
        assert rows[0] | {"name": "age", "classes": None, "modes": None} == rows[0]
        assert rows[1] | {"semantic_type": "image", "dimensions": {}, "classes": None} == rows[1]
        assert rows[5] | {"name": "sex", "classes": ["f", "m"], "modes": None} == rows[5]

    def test_classes_without_an_encoder_are_empty(self) -> None:
        assert CategoricalFeature("x").classes == {}
        assert CategoricalFeature("x", encoder={}).classes == {}
        assert CategoricalFeature("x", encoder=Encoder({"a": 0})).encoder.size == 1

    def test_missing_pandas_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real_import = builtins.__import__

        def no_pandas(name: str, *args: Any, **kwargs: Any) -> Any:
            if name == "pandas":
                raise ImportError
            return real_import(name, *args, **kwargs)

        monkeypatch.setattr(builtins, "__import__", no_pandas)
        with pytest.raises(ImportError, match="pip install pandas"):
            BitfountSchema("d").features_dataframe()

    def test_table_is_a_pandas_data_frame(self, document: dict[str, Any]) -> None:
        pandas = pytest.importorskip("pandas")
        frame = BitfountSchema.load(document).features_dataframe()
        assert isinstance(frame, pandas.DataFrame)
        assert list(frame["name"]) == ["age", "img", "note", "ok", "ratio", "sex", "when"]
        assert frame.set_index("name").loc["sex", "classes"] == ["f", "m"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("kind", ["socket", "device", "link to a device", "loop", "lost", "folder"])
def test_target_that_is_no_file_is_kept(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, kind: str
) -> None:
    path = tmp_path / "schema.yaml"
    if kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    elif kind == "device":
        make_device(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link to a device":
        path.symlink_to(any_device(tmp_path_factory))
    else:
        path.symlink_to(path if kind == "loop" else "no/such/x")
    before = path.lstat()
    with pytest.raises(OSError, match=r"schema\.yaml'$") as caught:
        BitfountSchema("d").dump(path)
    assert caught.value.filename == str(path)
    assert (path.lstat().st_ino, path.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert list(tmp_path.iterdir()) == [path]
