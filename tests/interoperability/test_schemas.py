"""Compare the answers of ``BitfountSchema`` with those of the official SDK.

The recorded answers are compared everywhere. The tests with the official SDK itself run with each
Python that ``BENCHMARKS_OFFICIAL_PYTHON`` names, separated like the folders in ``PATH``.
"""

from __future__ import annotations

import functools
import inspect
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from interoperability import schema_answers
from interoperability.schema_answers import answers
from support.official import environment

from benchmarks.official import VARIABLE, find_all
from bitfount_api.schemas import (
    BitfountSchema,
    CategoricalFeature,
    ContinuousFeature,
    Encoder,
    ImageFeature,
    SemanticType,
    TextFeature,
)

SCRIPT = schema_answers.__file__
RECORDED = json.loads(
    (Path(__file__).parents[1] / "data" / "official-schemas.json").read_text("utf-8")
)
DOCUMENTS: dict[str, Any] = RECORDED["documents"]
NEW = BitfountSchema(
    "new",
    features=[
        ContinuousFeature("age"),
        TextFeature("note"),
        CategoricalFeature("stage"),
        CategoricalFeature("sex", encoder=Encoder({"f": 0, "m": 1})),
        ImageFeature("scan", dimensions={(640, 480): 2}),
    ],
)

# A dtype is what the document says: "int", where the official SDK has an object for "int64".
OTHER_DTYPES = "other names of types of values"

pythons = functools.cache(find_all)


@functools.cache
def official_answers(python: str) -> Any:
    """Run the official SDK with the documents, and with the files that this library writes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given: dict[str, Any] = dict(DOCUMENTS)
        for at, (label, schema) in enumerate(our_schemas().items()):
            given[f"ours: {label}"] = str(folder / f"{at}.yaml")
            schema.dump(folder / f"{at}.yaml")
        (folder / "given.json").write_text(json.dumps(given), encoding="utf-8")
        done = subprocess.run(
            [python, SCRIPT, "given.json", "written.json"],
            check=False, capture_output=True, text=True, cwd=folder, timeout=300,
            env=environment(folder),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads((folder / "written.json").read_text("utf-8"))


@pytest.fixture(params=[0, 1])
def official(request: pytest.FixtureRequest) -> Any:
    """Return what the official SDK found."""
    if request.param >= len(pythons()):
        pytest.skip(f"{VARIABLE} names {len(pythons())} Pythons that have the official SDK")
    return official_answers(pythons()[request.param])


def our_schemas() -> dict[str, BitfountSchema]:
    read = {label: BitfountSchema.load(document) for label, document in DOCUMENTS.items()}
    return {**read, "new": NEW}


def comparable(found: dict[str, Any], label: str = "", version: str = "13") -> dict[str, Any]:
    """Return answers as JSON, without what differs between the libraries or versions."""
    found = json.loads(json.dumps(found))
    if label == OTHER_DTYPES:
        for group in found["features"].values():
            for feature in group.values():
                del feature["dtype"]
    if not version.startswith("13"):
        found.pop("schema_generation_enabled", None)
    return found


@pytest.mark.parametrize("label", DOCUMENTS)
def test_recorded_answers_are_given(label: str) -> None:
    found = answers(BitfountSchema.load(DOCUMENTS[label]), SemanticType)
    assert comparable(found, label) == comparable(RECORDED["answers"][label], label)


@pytest.mark.parametrize("label", [*DOCUMENTS, "new"])
def test_answers_stay_the_same_when_written_and_read(label: str) -> None:
    schema = our_schemas()[label]
    again = BitfountSchema.loads(schema.dumps())
    assert answers(again, SemanticType) == answers(schema, SemanticType)


@pytest.mark.timeout(300)
def test_official_sdk_gives_the_recorded_answers(official: Any) -> None:
    for label, recorded in RECORDED["answers"].items():
        assert official["answers"][label] == comparable(recorded, version=official["version"]), (
            label
        )


@pytest.mark.timeout(300)
def test_official_sdk_reads_what_is_written(official: Any) -> None:
    for label, schema in our_schemas().items():
        found = official["answers"][f"ours: {label}"]
        assert isinstance(found, dict), found
        here = comparable(answers(schema, SemanticType), label, official["version"])
        assert here == comparable(found, label), label


@pytest.mark.timeout(300)
def test_what_the_official_sdk_writes_is_read(official: Any) -> None:
    assert len(official["written"]) == len(official["answers"]) == 2 * len(DOCUMENTS) + 1
    for label, text in official["written"].items():
        here = answers(BitfountSchema.loads(text), SemanticType)
        assert comparable(here, version=official["version"]) == official["again"][label], label
    made = BitfountSchema.load(official["made"])
    assert made.force_stypes == {"image": ["scan"]}
    assert made.decode_categorical("flag", 1) == "True"


def test_arguments_have_the_official_names() -> None:
    names = {
        "load": ["data"],
        "loads": ["data"],
        "load_from_file": ["file_path"],
        "dump": ["file_path"],
        "get_feature_names": ["semantic_type"],
        "get_num_categorical": ["ignore_cols"],
        "get_num_continuous": ["ignore_cols"],
        "get_categorical_feature_size": ["var"],
        "get_categorical_feature_sizes": ["ignore_cols"],
        "decode_categorical": ["feature", "value"],
    }
    for method, arguments in names.items():
        found = inspect.signature(getattr(NEW, method)).parameters
        assert list(found) == arguments, method
