from __future__ import annotations

import logging
from typing import Any

import pytest

from bitfount_api._internal.registered_schemas import complete, document_of
from bitfount_api.schemas import BitfountSchema, TextFeature

WHOLE = BitfountSchema("d", features=[TextFeature("x")]).to_json()


def feature(semantic_type: str, **fields: Any) -> dict[str, Any]:
    return {"featureName": "x", "semanticType": semantic_type, **fields}


def official(name: str, **members: Any) -> Any:
    """Return an object of a class that the official SDK could have."""
    return type(name, (), {"__module__": "bitfount.data.schema", **members})()


class TestDocumentOf:
    def test_a_mapping_is_its_document(self) -> None:
        assert document_of(WHOLE) == WHOLE

    def test_schemas_of_both_libraries_give_their_document(self) -> None:
        assert document_of(BitfountSchema.load(WHOLE)) == WHOLE
        assert document_of(official("BitfountSchema", to_json=lambda _: WHOLE)) == WHOLE

    def test_official_schema_without_a_document_raises(self) -> None:
        def broken(_: object) -> None:
            raise KeyError("classes")

        with pytest.raises(TypeError, match=r"\(KeyError\); pass bitfount_api\.BitfountSchema"):
            document_of(official("BitfountSchema", to_json=broken))

    def test_our_invalid_schema_raises_its_own_error(self) -> None:
        schema = BitfountSchema("d", extra={"x": {1}})
        with pytest.raises(ValueError, match="x: a value of type set"):
            document_of(schema)

    def test_other_official_objects_raise(self) -> None:
        with pytest.raises(TypeError, match=r"a bitfount\.data\.schema\.DataStructure; pass the"):
            document_of(official("DataStructure"))

    def test_other_values_are_left_to_the_check_of_documents(self) -> None:
        assert document_of(None) is None


class TestComplete:
    def test_a_whole_document_is_unchanged(self, caplog: pytest.LogCaptureFixture) -> None:
        document = complete(WHOLE, "scans")
        assert document == WHOLE
        assert list(document) == list(WHOLE)
        assert not caplog.records

    @pytest.mark.parametrize("name", [{}, {"name": None}, {"name": ""}])
    def test_a_missing_name_becomes_the_pods(self, name: dict[str, Any]) -> None:
        given = {key: value for key, value in WHOLE.items() if key != "name"} | name
        assert complete(given, "scans") == {**WHOLE, "name": "scans"}
        assert given.get("name") in {None, ""}

    @pytest.mark.parametrize(
        ("given", "added"),
        [
            (feature("text"), {"dtype": "string"}),
            (feature("continuous", dtype=None), {"dtype": "Float64"}),
            (feature("continuous", dtype="Int64"), {}),
            (feature("categorical"), {"dtype": "string", "encoder": {"classes": {}}}),
            (feature("categorical", dtype="string", encoder={}), {"encoder": {"classes": {}}}),
            (feature("categorical", dtype="string", encoder="x"), {}),
            (
                feature("image", dtype="object", modes={"RGB": 1}, formats=None),
                {"dimensions": {}, "formats": {}},
            ),
        ],
    )
    def test_missing_fields_are_added(self, given: dict[str, Any], added: dict[str, Any]) -> None:
        before = dict(given)
        assert complete({"name": "d", "features": [given]}, "p")["features"] == [before | added]
        assert given == before

    def test_fields_that_the_official_sdk_refuses_are_named(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        given = {
            "name": "d",
            "owner": "bob",
            "features": [feature("text", dtype="string", unit="m"), feature("volume"), 5],
        }
        with caplog.at_level(logging.WARNING):
            assert complete(given, "scans") == given
        (record,) = caplog.records
        assert record.getMessage().endswith(
            "does not know: 'owner', features[0].unit, features[1], features[2]"
        )

    @pytest.mark.parametrize("document", [{}, None, [], {"features": {}}, {"table": {}}])
    def test_other_documents_are_unchanged(self, document: Any) -> None:
        assert complete(document, "scans") == document
