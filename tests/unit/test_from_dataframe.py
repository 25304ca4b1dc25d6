"""``BitfountSchema.from_dataframe``: the columns of a pandas table as features."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bitfount_api import BitfountSchema
from bitfount_api.schemas import CategoricalFeature, Feature, SemanticType

pd = pytest.importorskip("pandas")

OFFICIAL = json.loads((Path(__file__).parents[1] / "data/official-schemas.json").read_text("utf-8"))


def feature(values: Any, **arguments: Any) -> Feature:
    """Return the feature of a column "c" with these values."""
    (found,) = BitfountSchema.from_dataframe(pd.DataFrame({"c": values}), "d", **arguments).columns
    return found


def facts(values: Any, **arguments: Any) -> tuple[str, str | None, list[str] | None]:
    """Return the semantic type, the dtype and the labels of a column with these values."""
    found = feature(values, **arguments)
    return found.semantic_type, found.dtype, found.facts().get("classes")


def series(values: list[Any], dtype: Any = object) -> Any:
    return pd.Series(values, dtype=dtype)


class TestTypes:
    @pytest.mark.parametrize(
        ("dtype", "expected"),
        [
            ("int8", "Int8"),
            ("int64", "Int64"),
            ("uint16", "UInt16"),
            ("UInt32", "UInt32"),
            ("Int64", "Int64"),
            ("float16", "Float32"),
            ("float32", "Float32"),
            ("float64", "Float64"),
            ("Float64", "Float64"),
            ("Sparse[int64]", "Int64"),
        ],
    )
    def test_numbers_are_continuous(self, dtype: str, expected: str) -> None:
        assert facts(series([1, 0], dtype)) == ("continuous", expected, None)

    @pytest.mark.parametrize("dtype", ["bool", "boolean", object])
    def test_truth_values_are_categorical(self, dtype: Any) -> None:
        assert facts(series([True], dtype)) == ("categorical", "boolean", ["False", "True"])

    @pytest.mark.parametrize(
        "values",
        [
            series(["a", None]),
            series(["a", None], "string"),
            series(["a", "b"], "str"),
            series([None, None]),
            series([dt.date(2024, 1, 1), None]),
            series([dt.time(12)]),
            pd.to_datetime(series(["2024-01-01"])),
            pd.to_datetime(series(["2024-01-01"])).dt.tz_localize("UTC"),
        ],
        ids=lambda values: str(values.dtype),
    )
    def test_text_dates_and_times_are_text(self, values: Any) -> None:
        assert facts(values) == ("text", "string", None)

    def test_objects_with_one_type_of_values_have_it(self) -> None:
        assert facts(series([1, None])) == ("continuous", "Int64", None)
        assert facts(series([-(2**63), 2**63 - 1])) == ("continuous", "Int64", None)
        assert facts(series([None, 0, 2**64 - 1])) == ("continuous", "UInt64", None)
        assert facts(series([1.5, 2, None])) == ("continuous", "Float64", None)
        assert facts(series([True, None])) == ("categorical", "boolean", ["False", "True"])

    def test_categories_keep_their_order_and_type(self) -> None:
        grades = pd.CategoricalDtype(["low", "unused", "high"], ordered=True)
        found = feature(series(["high", None, "low"], grades))
        assert isinstance(found, CategoricalFeature)
        assert found.classes == {"low": 0, "unused": 1, "high": 2}
        assert found.dtype == "string"
        assert facts(series([7, 3, 7]).astype("category")) == ("categorical", "Int64", ["3", "7"])
        assert facts(series([True]).astype("category")) == ("categorical", "boolean", ["True"])
        assert facts(series([None]).astype("category")) == ("categorical", "string", [])
        assert facts(pd.cut(series([1, 5], "int64"), [0, 2, 8]))[2] == ["(0, 2]", "(2, 8]"]

    @pytest.mark.parametrize(
        ("arrow", "expected"),
        [
            ("int32", ("continuous", "Int32", None)),
            ("float", ("continuous", "Float32", None)),
            ("bool", ("categorical", "boolean", ["False", "True"])),
            ("string", ("text", "string", None)),
            ("large_string", ("text", "string", None)),
            ("timestamp[ns]", ("text", "string", None)),
            ("date32", ("text", "string", None)),
        ],
    )
    def test_arrow_types_are_those_of_numpy(self, arrow: str, expected: Any) -> None:
        pyarrow = pytest.importorskip("pyarrow")
        dtype = pd.ArrowDtype(pyarrow.type_for_alias(arrow))
        assert facts(series([None], dtype)) == expected

    @pytest.mark.parametrize(
        ("values", "problem", "advice"),
        [
            (series([1, "a"]), "mixed-integer values", "text or numbers"),
            (series([[1], [2]]), "mixed values", "text or numbers"),
            (series([{}]), "mixed values", "text or numbers"),
            (series([b"a"]), "bytes values", "text or numbers"),
            (series([1j]), "complex values", "two columns"),
            (series([1j], "complex64"), "the dtype complex64", "two columns"),
            (series([2**64]), "integer values", "64 bits"),
            (series([-1, 2**63]), "integer values", "64 bits"),
            (series([decimal.Decimal(1)]), "decimal values", r"\.astype\(float\)"),
            (series([dt.timedelta(1)]), "timedelta values", "total_seconds"),
            (pd.to_timedelta(series([1])), r"the dtype timedelta64\[ns\]", "total_seconds"),
            (series(["2024"], "period[D]"), r"the dtype period\[D\]", "text or numbers"),
        ],
    )
    def test_other_types_are_refused(self, values: Any, problem: str, advice: str) -> None:
        with pytest.raises(ValueError, match=rf"the column 'c' has {problem}.*{advice}.*drop it"):
            feature(values)
        # The message offers this.
        assert facts(values, force_stypes={"text": ["c"]}) == ("text", "string", None)


class TestForcedTypes:
    def test_forced_types_are_used_and_stored(self) -> None:
        frame = pd.DataFrame({"sex": ["m", "f", None], "scan": ["a.png"] * 3, "n": [1, 2, 3]})
        forced = {SemanticType.CATEGORICAL: ["sex"], "image": ["scan"], "text": ("n",)}
        schema = BitfountSchema.from_dataframe(frame, "d", force_stypes=forced)
        assert [(each.semantic_type, each.dtype) for each in schema.columns] == [
            ("categorical", "string"),
            ("image", "string"),
            ("text", "Int64"),
        ]
        assert schema.features["categorical"]["sex"].encoder.classes == {"f": 0, "m": 1}
        assert schema.force_stypes == {"categorical": ["sex"], "image": ["scan"], "text": ["n"]}

    def test_labels_of_numbers_are_sorted_as_numbers(self) -> None:
        forced = {"categorical": ["c"]}
        assert facts([10, 9, 10], force_stypes=forced)[1:] == ("Int64", ["9", "10"])
        assert facts([1.5, float("nan")], force_stypes=forced)[1:] == ("Float64", ["1.5"])

    def test_truth_values_can_be_continuous(self) -> None:
        forced = {"continuous": ["c"]}
        assert facts([True], force_stypes=forced) == ("continuous", "boolean", None)

    def test_image_prefix_is_a_beginning_of_names(self) -> None:
        frame = pd.DataFrame({"eye_left": ["a"], "eye_note": ["b"], "age": [1]})
        forced = {"image_prefix": ["eye"], "text": ["eye_note"]}
        schema = BitfountSchema.from_dataframe(frame, "d", force_stypes=forced)
        assert schema.get_feature_names("image") == ["eye_left"]
        assert schema.get_feature_names("text") == ["eye_note"]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"force_stypes": {"number": ["c"]}}, "unknown type 'number'; the types are categ"),
            ({"force_stypes": {"text": "c"}}, r"force_stypes\['text'\] must be a list"),
            ({"force_stypes": {"text": [1]}}, r"force_stypes\['text'\] must be a list"),
            ({"force_stypes": {"text": ["x"]}}, "names the column 'x', which the table does not"),
            ({"force_stypes": {"text": ["c"], "image": ["c"]}}, "two types for the column 'c'"),
            ({"force_stypes": {"continuous": ["c"]}}, "'c' has text.*pd.to_numeric"),
            ({"force_stypes": ["c"]}, "force_stypes must be a dict, not a list"),
            ({"column_descriptions": ["c"]}, "column_descriptions must be a dict, not a list"),
            ({"column_descriptions": {"x": "X"}}, "column_descriptions names the column 'x'"),
            ({"column_descriptions": {"c": 1}}, "description: a number, not text"),
            ({"number_of_records": -1}, "number_of_records"),
        ],
    )
    def test_invalid_arguments_are_named(self, arguments: Any, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            feature(["a"], **arguments)


class TestTable:
    def test_schema_equals_that_of_the_official_sdk(self) -> None:
        """The table, and the types that are forced, are those of ``schema_answers.made()``."""
        frame = pd.DataFrame(
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
        schema = BitfountSchema.from_dataframe(
            frame,
            "clinic",
            "Scans with notes",
            force_stypes={"image": ["scan"], "categorical": ["sex", "flag"], "text": ["note"]},
            column_descriptions={"age": "In years"},
        )
        official = OFFICIAL["documents"]["made by 5.3.0"]
        # Which has the columns in alphabetical order.
        found = sorted(schema.to_json()["features"], key=lambda each: each["featureName"])
        assert found == official["features"]

    def test_schema_round_trips_in_every_format(self) -> None:
        frame = pd.DataFrame({"b": [1.5], "a": series(["x"]).astype("category")}, index=[7])
        schema = BitfountSchema.from_dataframe(frame, "d", column_descriptions={"b": "B"})
        assert [each.name for each in schema.columns] == ["b", "a"]
        assert (schema.name, schema.description, schema.number_of_records) == ("d", None, 1)
        assert schema.columns[0].description == "B"
        assert schema.metadata == {}
        again = BitfountSchema.load(json.loads(json.dumps(schema.to_json())))
        assert again.to_json() == schema.to_json()
        assert again.columns == schema.columns
        assert BitfountSchema.loads(schema.dumps()) == again
        assert BitfountSchema.unpack(schema.pack()) == again

    def test_number_of_records_can_be_given(self) -> None:
        frame = pd.DataFrame({"a": [1, 2]})
        assert BitfountSchema.from_dataframe(frame, "d", "D", 90).number_of_records == 90
        empty = BitfountSchema.from_dataframe(pd.DataFrame(), "d")
        assert (empty.columns, empty.number_of_records) == ((), 0)

    def test_number_of_records_of_numpy_is_accepted(self) -> None:
        frame = pd.DataFrame({"a": [1]})
        counted = frame["a"].to_numpy().sum()
        for schema in (
            BitfountSchema.from_dataframe(frame, "d", number_of_records=counted),
            BitfountSchema("d", number_of_records=counted),
        ):
            assert type(schema.number_of_records) is int
            assert schema.to_json()["number_of_records"] == 1

    def test_table_is_not_changed(self) -> None:
        frame = pd.DataFrame({"a": ["x", None], "b": [1, 2]})
        before = frame.copy()
        BitfountSchema.from_dataframe(frame, "d", force_stypes={"categorical": ["a"]})
        pd.testing.assert_frame_equal(frame, before)

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            (["a", 1], "the name of column 1 is a number, not text.*map\\(str\\)"),
            ([("a", "b"), ("a", "c")], "the name of column 0 is .*, not text"),
            (["a", "a"], "two columns have the name 'a'"),
        ],
    )
    def test_columns_need_different_names(self, columns: Any, message: str) -> None:
        frame = pd.DataFrame([[1, 2]], columns=columns)
        with pytest.raises(ValueError, match=message):
            BitfountSchema.from_dataframe(frame, "d")

    def test_categories_need_different_labels(self) -> None:
        with pytest.raises(ValueError, match="'c' has two categories with the label '1'"):
            feature(series([1, "1"]).astype("category"))

    def test_other_tables_are_refused(self) -> None:
        class Table:
            def to_pandas(self) -> None: ...

        with pytest.raises(
            ValueError, match=r"a Table, not a pandas DataFrame: pass df\.to_pandas"
        ):
            BitfountSchema.from_dataframe(Table(), "d")
        with pytest.raises(ValueError, match=r"a list, not a pandas DataFrame$"):
            BitfountSchema.from_dataframe([], "d")

    def test_pandas_is_imported_on_first_use(self) -> None:
        code = "import sys, bitfount_api.schemas; print(*sys.modules)"
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert "pandas" not in run.stdout.split()
        assert "bitfount_api.schemas" in run.stdout.split()
