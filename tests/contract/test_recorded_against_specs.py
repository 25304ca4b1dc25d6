"""The recorded requests of the official SDK conform to the specs."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from contract import matching, specs
from contract.editing import add, put
from contract.specs import Spec
from support import recordings
from support.recordings import SPEC_OF

DATA = Path(__file__).parents[1] / "data"
EXAMPLES: dict[str, Any] = json.loads((DATA / "wire-examples.json").read_text(encoding="utf-8"))
ALL = {
    f"{name}, {number}": request
    for name, example in EXAMPLES.items()
    for number, request in enumerate(example["requests"], 1)
}
TO_SERVICES = {name: request for name, request in ALL.items() if request["svc"] in SPEC_OF}
TO_STORAGE = {name: request for name, request in ALL.items() if request["svc"] == "s3"}


def complaints(recorded: dict[str, Any], spec: Spec | None = None) -> list[str]:
    """Return what is wrong with a recorded request to a service."""
    body = recorded["body"]
    found = matching.violations(
        recordings.require_recorded(spec or specs.load(SPEC_OF[recorded["svc"]])),
        recorded["method"],
        recorded["path"],
        [(name, value) for name, value in recorded["query"]],
        None if body is None else ("application/json", body["json"]),
        recorded["auth"],
    )
    return [*found, "it has no length"] if recorded["chunked"] else found


def storage_complaints(recorded: dict[str, Any]) -> list[str]:
    """Return what is wrong with a recorded request to object storage, which no spec describes."""
    found = ["it carries credentials"] if recorded["auth"] else []
    found += ["it has no length"] if recorded["chunked"] else []
    if recorded["method"] == "GET":
        return found + (["a download has a body"] if recorded["body"] else [])
    if recorded["method"] != "POST":
        return [*found, "it is neither a form nor a download"]
    *fields, file = recorded["body"]["form"]
    answer = {
        "uploadUrl": f"https://storage.example.com{recorded['path']}",
        "uploadFields": {name: value for name, _, value in fields},
    }
    schema = {"$ref": "#/components/schemas/ModelUpload"}
    found += specs.violations(specs.load("hub"), schema, answer)
    found += [f"field {name} is sent as a file" for name, filename, _ in fields if filename]
    if file[0] != "file" or not file[1]:
        found.append("the last field is not the file")
    return found


@pytest.mark.parametrize("name", TO_SERVICES)
def test_recorded_request_to_a_service_matches_the_spec(name: str) -> None:
    assert complaints(TO_SERVICES[name]) == [], recordings.ADDED_HINT


@pytest.mark.parametrize("name", TO_STORAGE)
def test_recorded_request_to_storage_matches_the_form(name: str) -> None:
    assert storage_complaints(TO_STORAGE[name]) == []


# --- Fields that were added since ----------------------------------------------------------------


def test_fields_added_since_are_not_in_the_recordings() -> None:
    assert recordings.stale(ALL.values()) == []


def with_licence(schema: str) -> Spec:
    """Return the Hub's spec with another required field in the body of a request."""
    spec = specs.load("hub")
    of = ("components", "schemas", schema)
    put(*of, "properties", "licence", value={"type": "string"})(spec)
    add(*of, "required", value="licence")(spec)
    return spec


@pytest.mark.parametrize(
    ("name", "schema", "operation"),
    [
        ("send_model, 1", "ModelUploadRequest", "POST /api/models"),
        ("heartbeat, 1", "HeartbeatRequest", "PATCH /api/pods"),
    ],
)
def test_added_required_field_is_stated_once(
    name: str, schema: str, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    [complaint] = complaints(ALL[name], with_licence(schema))
    assert "licence" in complaint or "is not valid under any" in complaint
    monkeypatch.setitem(recordings.ADDED, (operation, "licence"), "14.0")
    assert complaints(ALL[name], with_licence(schema)) == []
    sent = copy.deepcopy(ALL[name])
    sent["body"]["json"]["licence"] = "MIT"
    assert recordings.as_recorded(sent) == ALL[name]


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        (("POST /api/models", "licence"), "POST /api/models: licence is not in its spec"),
        (("POST /api/models", "modelHash"), "POST /api/models: modelHash is recorded"),
    ],
)
def test_wrong_entry_of_added_fields_is_an_error(
    entry: tuple[str, str], complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(recordings.ADDED, entry, "14.0")
    [found] = recordings.stale(ALL.values())
    assert found.startswith(complaint)


def test_every_recorded_request_was_checked() -> None:
    assert ALL.keys() == TO_SERVICES.keys() | TO_STORAGE.keys()
    assert len(ALL) == 18


def test_uploaded_file_has_the_announced_name_and_hash() -> None:
    announced, upload = EXAMPLES["send_model"]["requests"]
    _, name, sha256 = upload["body"]["form"][-1]
    assert name == announced["body"]["json"]["modelName"] + ".py"
    assert sha256 == announced["body"]["json"]["modelHash"]
    assert EXAMPLES["register_pod"]["requests"][1]["body"]["form"][-1][1] == "bitfount_file"


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("get_pod", "PodDetails"),
        ("get_pod through a project", "PodDetails"),
        ("send_model", "ModelUpload"),
        ("get_projects", "ProjectsPage"),
    ],
)
def test_recorded_answer_matches_the_spec(name: str, schema: str) -> None:
    value = EXAMPLES[name]["result"]["value"]
    schema_of = {"$ref": f"#/components/schemas/{schema}"}
    assert specs.violations(specs.load("hub"), schema_of, value) == []


BROKEN: list[tuple[str, tuple[Any, ...], Any, str]] = [
    ("get_pod, 1", ("path",), "/api/pod/bob/scans", "no operation GET /api/pod/bob/scans"),
    ("get_pod, 1", ("method",), "DELETE", "no operation DELETE"),
    ("get_pod, 1", ("path",), "/api/pods/Bob/scans", "path parameter userName: 'Bob' does not"),
    ("get_pod, 1", ("query",), [["a", "b"]], "query parameter a is unknown"),
    ("get_pod, 1", ("auth",), {}, "the credentials [] are not accepted"),
    ("get_pod, 1", ("auth",), {"x-api-key": "k"}, "the credentials ['x-api-key'] are not accepted"),
    ("get_pod, 1", ("body",), {"json": {}}, "a body of application/json is not taken"),
    ("get_projects, 1", ("query", 0, 1), "-1", "query parameter limit: -1 is less than"),
    ("get_projects, 1", ("query", 0, 1), "ten", "query parameter limit: 'ten' is not of type"),
    ("get_projects, 1", ("query",), [["limit", "1"]] * 2, "parameter limit is given twice"),
    ("get_model version and project, 1", ("query",), [], "modelName is missing"),
    ("register_user_public_key, 1", ("query", 0, 1), "1", "query parameter version: 1 is less"),
    ("create_project, 1", ("body",), None, "there is no body"),
    ("create_project, 1", ("chunked",), True, "it has no length"),
    ("send_model, 1", ("body", "json", "modelHash"), "00", "body: modelHash: '00' does not match"),
    ("send_model, 1", ("body", "json", "modelSize"), 1 + (3 << 20), "modelSize: 3145729 is"),
    ("send_model, 1", ("body", "json", "extra"), 1, "'extra' was unexpected"),
    ("send_model, 2", ("auth",), {"x-api-key": "k"}, "it carries credentials"),
    ("send_model, 2", ("body", "form", 3, 0), "data", "the last field is not the file"),
    ("send_model, 2", ("body", "form", 0, 1), "key.txt", "field key is sent as a file"),
    ("oidc ACCEPT, 1", ("body", "json", "identityProvider"), "SAML", "not valid under any"),
]


@pytest.mark.parametrize(("name", "place", "value", "complaint"), BROKEN)
def test_request_that_breaks_the_spec_fails(
    name: str, place: tuple[Any, ...], value: Any, complaint: str
) -> None:
    request = copy.deepcopy(ALL[name])
    node = request
    for part in place[:-1]:
        node = node[part]
    node[place[-1]] = value
    found = (complaints if name in TO_SERVICES else storage_complaints)(request)
    assert any(complaint in each for each in found), found


@pytest.mark.parametrize("name", ["device", "refresh"])
def test_oauth_requests_are_distinguished_by_grant(name: str) -> None:
    spec = specs.load("oauth")
    media = spec["paths"]["/oauth/token"]["post"]["requestBody"]["content"]
    [(kind, content)] = media.items()
    form = dict(content["examples"][name]["value"])
    sent = ("POST", "/oauth/token", ())
    assert matching.violations(spec, *sent, (kind, form), ()) == []
    form["grant_type"] = "password"
    [complaint] = matching.violations(spec, *sent, (kind, form), ())
    assert "not valid under any" in complaint
