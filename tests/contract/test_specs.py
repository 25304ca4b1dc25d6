"""The specs follow the rules, and each rule detects a violation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from contract import rules, schema_rules, specs
from contract.editing import Edit, drop, put
from contract.rules import Rule
from spec_files import SpecFileError
from support.places import ROOT, fail_with

ALL: tuple[Rule, ...] = (*rules.RULES, *schema_rules.RULES)


@pytest.mark.parametrize("name", specs.NAMES)
@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.__name__)
def test_spec_follows_the_rule(rule: Rule, name: str) -> None:
    fail_with(with_places(name, rule(specs.load(name))))


def with_places(name: str, complaints: list[str]) -> Iterator[str]:
    """Yield complaints about a spec, with the file and the line of the operation of each."""
    places = {str(place): place for place in specs.operations(specs.load(name))}
    for complaint in complaints:
        about = re.match(r"[A-Z]+ /[^\s:]*", complaint)
        where = specs.source(name, places[about[0]]) if about else f"openapi/{name}.yaml"
        yield f"{where}: {complaint}"


def test_complaint_about_a_spec_has_its_place() -> None:
    about, other = with_places("hub", ["GET /api/projects: no example", "no version"])
    file, line, what = about.split(":", 2)
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    assert lines[int(line) - 2 : int(line)] == ["  /api/projects:", "    get:"]
    assert what == " GET /api/projects: no example"
    assert other == "openapi/hub.yaml: no version"


POD = ("paths", "/api/pods/{userName}/{podName}", "get")
PODS = ("paths", "/api/pods", "post")
MODELS = ("paths", "/api/models", "get")
INGEST = ("paths", "/api/ingest", "post")
SCHEMAS = ("components", "schemas")
POD_DETAILS = (*SCHEMAS, "PodDetails", "properties")


EMPTY: dict[str, Any] = {}
STRING = {"type": "string"}
TWO_OBJECTS = [{"type": "object", "properties": {}}, {"type": "object", "properties": {}}]
POD_BODY = ("components", "responses", "PodDetails", "content", "application/json")
UPLOAD_BODY = ("components", "responses", "ModelUpload", "content", "application/json")
CREATE_PROJECT = (*SCHEMAS, "CreateProjectRequest", "properties")

BROKEN: list[tuple[Rule, Edit, str]] = [
    (rules.valid, put("openapi", value="3.0.0"), "openapi is 3.0.0"),
    (rules.valid, drop("info", "title"), "is a required property"),
    (rules.valid, put(*POD, "parameters", value=[]), "Path parameter 'userName'"),
    (rules.operation_ids, put(*POD, "operationId", value="get_model"), "get_model is used 2 times"),
    (rules.operation_ids, put(*POD, "operationId", value="getPod"), "getPod is not in snake_case"),
    (rules.operation_ids, drop(*POD, "operationId"), "operationId None is not in snake_case"),
    (rules.documented, drop(*POD, "summary"), "{podName} has no summary"),
    (rules.documented, put(*POD, "description", value=" "), "{podName} has no description"),
    (rules.documented, put(*POD, "summary", value="Show."), "without a full stop"),
    (rules.documented, put(*POD, "tags", value=["pods", "keys"]), "needs one tag"),
    (rules.documented, put(*POD, "tags", value=["unknown"]), "needs one tag"),
    (rules.documented, drop("tags", 0, "description"), "needs one tag that the spec explains"),
    (rules.documented, put("tags", 0, "name", value="old"), "tag old is not used: delete it"),
    (
        rules.documented,
        drop("components", "parameters", "userName", "description"),
        "parameter userName has no description",
    ),
    (rules.sources, drop(*POD, "x-source"), "{podName} has no x-source"),
    (
        rules.sources,
        put(*POD, "x-source", value="Hub: show_pod"),
        "no row 'Hub: show_pod': write it at",
    ),
    (rules.sources, put(*POD, "x-source", value="Hub: send_model"), "not a request of row"),
    (rules.security, drop("security"), "does not say which credentials"),
    (rules.security, put(*POD, "security", value=[]), "wrong about whether it takes credentials"),
    (rules.security, put(*POD, "security", value=[{"apiKey": []}]), "not a pair of API keys"),
    (rules.security, put(*POD, "security", value=[{"cookie": []}]), "cookie is not declared"),
    (
        rules.no_default_responses,
        put(*POD, "responses", "default", value={"description": "Anything"}),
        "{podName} has a default response",
    ),
    (rules.error_responses, drop(*POD, "responses", "401"), "does not document 401"),
    (rules.error_responses, drop(*POD, "responses", "404"), "does not document 404"),
    (rules.error_responses, drop(*MODELS, "responses", "400"), "does not document 400"),
    (rules.error_responses, drop(*PODS, "responses", "422"), "does not document 422"),
    (rules.error_responses, drop(*INGEST, "responses", "2XX"), "documents no success"),
    (
        rules.error_responses,
        drop("components", "responses", "Failed", "content"),
        "500 has no JSON body",
    ),
    (
        rules.error_responses,
        drop("components", "responses", "TooManyRequests", "headers"),
        "429 does not mention Retry-After",
    ),
    (rules.bodies_required, drop(*PODS, "requestBody", "required"), "body is not required"),
    (rules.versions, put(*POD, "x-since", value=13.0), "get: x-since is 13.0, not a version"),
    (rules.versions, put(*POD_DETAILS, "isOnline", "x-since", value="next"), "x-since is 'next'"),
    (rules.components_used, put(*SCHEMAS, "Old", value=STRING), "schemas/Old is not used"),
    (
        schema_rules.no_parameter_defaults,
        put(*MODELS, "parameters", 2, "schema", "default", value=1),
        "parameter modelVersion has a default",
    ),
    (
        schema_rules.open_enums,
        put(*POD_DETAILS, "visibility", "enum", value=["public", "private"]),
        ".visibility is a closed enum",
    ),
    (
        schema_rules.open_enums,
        put(*SCHEMAS, "Project", "properties", "status", "enum", value=["PUBLISHED"]),
        ".projects[].status is a closed enum",
    ),
    (
        schema_rules.open_objects,
        put(*SCHEMAS, "PodDetails", "additionalProperties", value=False),
        "is a closed object",
    ),
    (schema_rules.typed_schemas, put(*SCHEMAS, "PodDetails", value=EMPTY), "has no type"),
    (schema_rules.typed_schemas, put(*POD_DETAILS, "isOnline", value=EMPTY), "Online has no type"),
    (
        schema_rules.typed_schemas,
        drop(*CREATE_PROJECT, "metadata", "additionalProperties"),
        ".metadata is an object of which nothing is said",
    ),
    (
        schema_rules.no_unions_of_objects,
        put(*SCHEMAS, "Acknowledgement", value={"oneOf": TWO_OBJECTS}),
        "is a union of objects",
    ),
    (
        schema_rules.no_unions_of_objects,
        put(*SCHEMAS, "PodDetails", "discriminator", value={"propertyName": "visibility"}),
        "has a discriminator",
    ),
    (
        schema_rules.examples,
        drop(*PODS, "requestBody", "content", "application/json", "example"),
        "request application/json has no example",
    ),
    (
        schema_rules.examples,
        drop("components", "parameters", "projectId", "example"),
        "parameter projectId path has no example",
    ),
    (schema_rules.examples, drop(*POD_BODY, "example"), "200 application/json has no example"),
    (
        schema_rules.examples,
        drop("components", "headers", "RetryAfter", "example"),
        "429 header Retry-After has no example",
    ),
    (
        schema_rules.examples,
        put("components", "parameters", "userName", "example", value="Bob"),
        "'Bob' does not match",
    ),
    (
        schema_rules.examples,
        put(*POD_BODY, "example", "podName", value=None),
        "podName: None for not nullable",
    ),
    (
        schema_rules.examples,
        put(*POD_BODY, "example", "podname", value="scans"),
        "'podname' was unexpected",
    ),
    (
        schema_rules.examples,
        put(*UPLOAD_BODY, "examples", "parts", "value", "chunkSize", value="5"),
        "chunkSize: '5' is not",
    ),
    (
        schema_rules.keys_parse,
        put(*POD_BODY, "example", "podPublicKey", value="ssh-rsa AAAAB3NzaC1yc2EEXAMPLE"),
        "'ssh-rsa AAAAB3NzaC1yc2EEXAMPLE' cannot be read",
    ),
    (
        schema_rules.keys_parse,
        put(*POD_BODY, "example", "podPublicKey", value="-----BEGIN KEY-----\nAAAA"),
        "it is of an unknown kind",
    ),
    (schema_rules.every_field_shown, put(*POD_DETAILS, "icon", value=STRING), "shows icon"),
    (
        schema_rules.every_field_shown,
        put(*SCHEMAS, "ProgressUpdate", "properties", "rate", value=STRING),
        "no example shows rate",
    ),
]


@pytest.mark.parametrize(("rule", "change", "complaint"), BROKEN)
def test_spec_that_breaks_the_rule_fails(rule: Rule, change: Edit, complaint: str) -> None:
    spec = specs.frozen()
    assert not any(complaint in each for each in rule(spec))
    change(spec)
    complaints = rule(spec)
    assert any(complaint in each for each in complaints), complaints


@pytest.mark.parametrize("version", ["13.0", "14.0", "14.2.1"])
def test_field_may_be_marked_with_any_version(version: str) -> None:
    spec = specs.frozen()
    put(*POD_DETAILS, "isOnline", "x-since", value=version)(spec)
    assert rules.versions(spec) == []


def test_every_rule_has_a_failing_example() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(ALL)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("    get:\n", "    get: {}\n    get:\n", "the key get is there already, in line"),
        ("responses/PodDetails'", "responses/Nothing'", "nothing at #/components/responses/No"),
    ],
    ids=["duplicate key", "dangling reference"],
)
def test_spec_that_is_not_valid_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, complaint: str
) -> None:
    text = (specs.FOLDER / "../tests/data/frozen-hub.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "edited.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(specs, "FOLDER", tmp_path)
    with pytest.raises(SpecFileError, match=rf"edited\.yaml, line \d+: .*{complaint}"):
        specs.load("edited")
