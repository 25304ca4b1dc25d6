"""Value classes as fields of pydantic models: accepted, written to JSON, and described."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pydantic
import pytest

from bitfount_api import BitfountSchema, PodIdentifier, PodResponseType, SMARTOnFHIRAccessToken
from bitfount_api.identifiers import ModelIdentifier

SECRET = "eyJ-the-clinical-token"
DOCUMENT = json.loads((Path(__file__).parents[1] / "data/pod-schema-v4.json").read_text("utf-8"))


class Task(pydantic.BaseModel):
    pod: PodIdentifier
    model: ModelIdentifier | None = None
    schema_of_pod: BitfountSchema | None = None
    token: SMARTOnFHIRAccessToken | None = None
    outcome: PodResponseType | None = None
    records: dict[PodIdentifier, int] = {}


def refused(**fields: Any) -> str:
    with pytest.raises(pydantic.ValidationError) as raised:
        Task.model_validate({"pod": "alice/scans", **fields})
    assert raised.value.error_count() == 1
    return str(raised.value)


def test_fields_take_text_documents_and_instances() -> None:
    from_plain = Task.model_validate(
        {
            "pod": "alice/scans",
            "model": "bob/Net:3",
            "schema_of_pod": DOCUMENT,
            "outcome": "NO_ACCESS",
            "records": {"alice/scans": 7},
        }
    )
    pod, model = PodIdentifier("alice", "scans"), ModelIdentifier("bob", "Net", 3)
    schema = BitfountSchema.load(DOCUMENT)
    assert from_plain == Task(
        pod=pod,
        model=model,
        schema_of_pod=schema,
        outcome=PodResponseType.NO_ACCESS,
        records={pod: 7},
    )
    assert from_plain.pod == pod
    assert from_plain.model == model
    assert from_plain.schema_of_pod == schema


def test_fields_are_text_and_documents_in_json() -> None:
    task = Task(pod=PodIdentifier("alice", "scans"), schema_of_pod=BitfountSchema.load(DOCUMENT))
    written = task.model_dump_json()
    assert json.loads(written)["pod"] == "alice/scans"
    assert json.loads(written)["schema_of_pod"] == DOCUMENT == task.model_dump(mode="json")[
        "schema_of_pod"
    ]  # fmt: skip
    assert Task.model_validate_json(written) == task
    assert task.model_dump()["pod"] is task.pod


def test_invalid_text_is_refused_with_the_reason() -> None:
    assert "the form namespace/name, not 'scans'" in refused(pod="scans")
    assert "valid string" in refused(pod=7)
    assert "the form owner/ModelName:version" in refused(model="Net")
    assert "features: missing" in refused(schema_of_pod={"name": "scans"})


def test_token_is_taken_whole_and_masked_in_json() -> None:
    context = {"practiceId": "2"}
    given = {"token": SECRET, "valid_until": 1e9, "context": context}
    task = Task.model_validate({"pod": "alice/scans", "token": given})
    assert task.token == SMARTOnFHIRAccessToken(SECRET, 1e9, {"practiceId": "2"})
    assert task.model_dump()["token"] is task.token
    assert SECRET not in repr(task) + str(task) + repr(task.model_dump())
    masked = task.model_dump(mode="json")["token"]
    assert masked == {"token": "**********", "valid_until": 1e9, "context": context}
    assert SECRET not in task.model_dump_json()
    assert "the token is masked" in refused(token=masked)


@pytest.mark.parametrize("wrong", [{"valid_until": "soon"}, {"context": 7}])
def test_errors_do_not_quote_the_token(wrong: dict[str, Any]) -> None:
    assert SECRET not in refused(token={"token": SECRET, **wrong})


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_json_schema_describes_the_fields(mode: Any) -> None:
    fields = Task.model_json_schema(mode=mode)["properties"]
    assert fields["pod"] == {"title": "Pod", "type": "string"}
    assert fields["schema_of_pod"]["anyOf"][0] == {"additionalProperties": True, "type": "object"}
    token = fields["token"]["anyOf"][0]["properties"]["token"]
    assert token == {"format": "password", "title": "Token", "type": "string"}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="pydantic takes no typing.TypedDict")
def test_answers_are_fields_from_python_3_12() -> None:
    from bitfount_api import PodDetails, ProjectsPage

    pod = {"podIdentifier": "alice/scans", "podName": "scans", "isOnline": True}
    assert pydantic.TypeAdapter(PodDetails).validate_python(pod) == pod
    with pytest.raises(pydantic.ValidationError, match="podName"):
        pydantic.TypeAdapter(PodDetails).validate_python({"podIdentifier": "alice/scans"})
    page = {"projects": [], "totalProjects": 0}
    assert pydantic.TypeAdapter(ProjectsPage).validate_python(page) == page


def test_pydantic_is_loaded_only_by_its_users() -> None:
    code = "import sys; from bitfount_api import PodIdentifier, BitfountSchema; "
    code += "from bitfount_api import types, BitfountHub; "
    code += "print(*(m for m in sys.modules if m.startswith('pydantic')))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
