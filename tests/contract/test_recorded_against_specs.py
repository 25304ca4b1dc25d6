"""The recorded requests of the official SDK conform to the specs."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from contract import matching, specs

DATA = Path(__file__).parents[1] / "data"
EXAMPLES: dict[str, Any] = json.loads((DATA / "wire-examples.json").read_text(encoding="utf-8"))
SPEC_OF = {"hub": "hub", "am": "access_manager", "fhir": "smart_on_fhir"}
ALL = {
    f"{name}, {number}": request
    for name, example in EXAMPLES.items()
    for number, request in enumerate(example["requests"], 1)
}
TO_SERVICES = {name: request for name, request in ALL.items() if request["svc"] in SPEC_OF}
TO_STORAGE = {name: request for name, request in ALL.items() if request["svc"] == "s3"}


def complaints(recorded: dict[str, Any]) -> list[str]:
    """Return what is wrong with a recorded request to a service."""
    body = recorded["body"]
    found = matching.violations(
        specs.load(SPEC_OF[recorded["svc"]]),
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
    assert complaints(TO_SERVICES[name]) == []


@pytest.mark.parametrize("name", TO_STORAGE)
def test_recorded_request_to_storage_matches_the_form(name: str) -> None:
    assert storage_complaints(TO_STORAGE[name]) == []


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
