"""Models: versions, hashes, sizes and weights, and access to them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from support.sandbox_api import Api, done, refused
from support.sandbox_seeds import MEBIBYTE, create_project, model_body, publish

from bitfount_api.sandbox import Sandbox

CODE, OTHER = b"class Net: ...", b"class Net: pass"


def find(api: Api, owner: str = "alice", name: str = "Net", **more: Any) -> httpx.Response:
    wanted = {"modellerName": owner, "modelName": name, **more}
    return api.hub("GET", "/api/models", params=wanted)


def announce(api: Api, code: bytes = CODE, **changes: Any) -> dict[str, Any]:
    answer: dict[str, Any] = done(
        api.hub("POST", "/api/models", model_body("Net", code, **changes))
    )
    return answer


def weigh(api: Api, version: int = 1, size: int = 7, name: str = "Net") -> httpx.Response:
    body = {"modelName": name, "modelVersion": version, "weightSize": size}
    return api.hub("PUT", "/api/models", body)


def test_a_model_is_published_and_found(alice: Api, bob: Api) -> None:
    ticket = announce(alice)
    assert (ticket["success"], ticket["alreadyExisted"], ticket["version"]) == (True, False, 1)
    assert alice.store(ticket, CODE).is_success
    found = done(find(bob))
    assert bob.get(found.pop("modelDownloadUrl")).content == CODE
    assert found == {"modelHash": model_body("Net", CODE)["modelHash"], "modelVersion": 1}
    assert done(find(bob, modelVersion=1))["modelVersion"] == 1


def test_different_code_is_a_new_version(alice: Api, bob: Api) -> None:
    assert (publish(alice, code=CODE), publish(alice, code=OTHER)) == (1, 2)
    assert publish(alice, code=CODE) == 3  # the hash is only compared with the newest version
    found = {version: done(find(bob, modelVersion=version)) for version in (1, 2, 3)}
    assert [bob.get(each["modelDownloadUrl"]).content for each in found.values()] == [
        *(CODE, OTHER, CODE)
    ]
    assert done(find(bob))["modelVersion"] == 3


def test_same_code_is_the_same_version_and_uploaded_again(alice: Api) -> None:
    publish(alice, code=CODE)
    again = announce(alice)
    assert (again["success"], again["alreadyExisted"], again["version"]) == (True, True, 1)
    # Both official SDKs upload it again.
    assert alice.store(again, CODE).is_success


@pytest.mark.parametrize("size", [7, 6 * MEBIBYTE])
def test_same_weights_have_a_destination_again(size: int, sandbox: Sandbox, alice: Api) -> None:
    publish(alice, code=CODE)
    sandbox.state.store.put("weights/alice/Net/1", b"weights")
    body = {"modelName": "Net", "modelVersion": 1, "weightSize": size}
    again = done(alice.hub("PUT", "/api/models?multipartUpload=true", body))
    assert again["alreadyExisted"] is True
    assert ("uploadUrl" in again, "uploadUrls" in again) == (size == 7, size != 7)


def test_same_code_can_become_private(alice: Api, bob: Api) -> None:
    publish(alice, code=CODE, modelDescription="first")
    done(find(bob))
    announce(alice, privateModel=True)
    refused(find(bob), 404)
    announce(alice, privateModel=False)
    done(find(bob))


def test_descriptions_are_kept(sandbox: Sandbox, alice: Api) -> None:
    publish(alice, code=CODE, modelDescription="first")
    announce(alice)
    announce(alice, modelDescription=None)
    assert [model.description for model in sandbox.state.models.all()] == ["first"]
    announce(alice, modelDescription="second")
    assert [model.description for model in sandbox.state.models.all()] == ["second"]


def test_version_without_uploaded_code_is_not_found(alice: Api, bob: Api) -> None:
    announce(alice, CODE)
    refused(find(bob), 404)
    refused(find(alice, modelVersion=1), 404)
    refused(weigh(alice), 404)
    # The next version replaces it, whatever its hash.
    ticket = announce(alice, OTHER)
    assert (ticket["version"], ticket["alreadyExisted"]) == (1, False)
    alice.store(ticket, OTHER)
    assert announce(alice, CODE)["version"] == 2
    # The newest version is the newest one whose code is stored.
    assert done(find(bob))["modelVersion"] == 1
    refused(find(bob, modelVersion=2), 404)


def test_models_of_two_owners_may_have_the_same_name(alice: Api, bob: Api) -> None:
    publish(alice, code=CODE)
    publish(bob, code=OTHER)
    assert bob.get(done(find(bob, "bob"))["modelDownloadUrl"]).content == OTHER
    assert bob.get(done(find(bob, "alice"))["modelDownloadUrl"]).content == CODE


# --- Who may have them ---------------------------------------------------------------------------


def test_private_model_is_visible_to_owner_and_projects(
    sandbox: Sandbox, alice: Api, bob: Api, carol: Api
) -> None:
    publish(alice, code=CODE, privateModel=True)
    project, other = create_project(alice), create_project(bob)
    sandbox.add_model(project, "alice/Net:1")
    sandbox.add_member(project, "bob", "MODELLER")
    done(find(alice))
    for refusal in (find(bob), find(bob, projectId=other), find(carol, projectId=project)):
        refused(refusal, 404)
    done(find(bob, projectId=project))
    done(find(alice, projectId=project))
    refused(find(bob, projectId="none"), 404)


def test_public_model_is_found_through_any_own_project(
    sandbox: Sandbox, alice: Api, bob: Api
) -> None:
    publish(alice, code=CODE)
    done(find(bob, projectId=create_project(bob)))
    refused(find(bob, projectId=create_project(alice)), 404)


def test_exhausted_limit_withholds_code_except_from_owner(
    sandbox: Sandbox, alice: Api, bob: Api
) -> None:
    publish(alice, code=CODE)
    project = create_project(alice)
    sandbox.add_model(project, "alice/Net:1", limit=1)
    sandbox.add_member(project, "bob", "MODELLER")
    model = sandbox.state.models.find("alice", "Net", 1)
    assert model is not None
    assert "modelDownloadUrl" in done(find(bob, projectId=project))
    assert sandbox.state.projects.use(project, model, "bob") is not None
    withheld = done(find(bob, projectId=project, modelVersion=1))
    assert withheld == {"modelHash": model.hash, "modelVersion": 1}
    assert done(find(bob, projectId=project)) == withheld
    assert sandbox.state.projects.use(project, model, "alice") is not None
    assert "modelDownloadUrl" in done(find(alice, projectId=project))
    # Outside the project, a public model is available to everyone.
    assert "modelDownloadUrl" in done(find(bob))


def test_project_model_must_exist(sandbox: Sandbox, alice: Api) -> None:
    project = create_project(alice)
    announce(alice)
    for model in ("alice/Net:1", "alice/Net", "bob/Net:1", "nonsense"):
        with pytest.raises(ValueError, match=f"model {model} does not exist, or its code has not"):
            sandbox.add_model(project, model)
    with pytest.raises(ValueError, match="project 'none' does not exist"):
        sandbox.add_model("none", "alice/Net:1")


# --- Weights -------------------------------------------------------------------------------------


def test_weights_belong_to_a_version(alice: Api, bob: Api) -> None:
    publish(alice, code=CODE)
    publish(alice, code=OTHER)
    ticket = done(weigh(alice))
    assert (ticket["success"], ticket["alreadyExisted"], ticket["version"]) == (True, False, 1)
    assert "weightsDownloadUrl" not in done(find(bob, modelVersion=1))
    alice.store(ticket, b"weights")
    assert bob.get(done(find(bob, modelVersion=1))["weightsDownloadUrl"]).content == b"weights"
    assert "weightsDownloadUrl" not in done(find(bob, modelVersion=2))


def test_weights_can_be_replaced(sandbox: Sandbox, alice: Api) -> None:
    publish(alice, code=CODE)
    alice.store(done(weigh(alice)), b"weights")
    again = done(weigh(alice, size=3))
    assert again["alreadyExisted"] is True
    assert alice.store(again, b"new").is_success
    assert alice.get(done(find(alice))["weightsDownloadUrl"]).content == b"new"
    assert [model.weights_size for model in sandbox.state.models.all()] == [3]


def test_weights_are_uploaded_by_the_owner_only(alice: Api, bob: Api) -> None:
    publish(alice, code=CODE)
    refused(weigh(bob), 404)
    refused(weigh(alice, version=2), 404)
    refused(weigh(alice, name="Other"), 404)
    refused(weigh(alice, version=2**63), 422)
    refused(weigh(alice, size=500 * MEBIBYTE + 1), 413)
    done(weigh(alice, size=500 * MEBIBYTE))


def test_weights_are_uploaded_in_parts_if_allowed(alice: Api) -> None:
    publish(alice, code=CODE)
    body = {"modelName": "Net", "modelVersion": 1, "weightSize": 500 * MEBIBYTE}
    ticket = done(alice.hub("PUT", "/api/models?multipartUpload=true", body))
    assert len(ticket["uploadUrls"]) == 100
    assert (ticket["chunkSize"], ticket["key"]) == (5 * MEBIBYTE, "weights/alice/Net/1")


# --- Rejections -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"modelSize": 3 * MEBIBYTE + 1}, 413),
        ({"modelSize": -1}, 422),
        ({"modelHash": "0" * 63}, 422),
        ({"modelHash": "A" * 64}, 422),
        ({"modelHash": "0" * 64 + "\n"}, 422),
        ({"modelName": ""}, 422),
        ({"modelName": "a/b"}, 422),
        ({"modelName": "a\\b"}, 422),
        ({"modelName": "a:1"}, 422),
        ({"modelName": "a\x00"}, 422),
        ({"modelName": "a\n"}, 422),
        ({"modelName": "\x7f"}, 422),
        ({"modelName": "."}, 422),
        ({"modelName": ".."}, 422),
        ({"modelName": "a" * 256}, 422),
        ({"modelName": "𝔸" * 64}, 422),
        ({"privateModel": "no"}, 422),
        ({"privateModel": None}, 422),
        ({"modelDescription": 7}, 422),
    ],
)
def test_invalid_model_is_rejected_and_not_stored(
    changes: dict[str, Any], status: int, sandbox: Sandbox, alice: Api
) -> None:
    refused(alice.hub("POST", "/api/models", model_body(**changes)), status)
    assert sandbox.state.models.all() == []


@pytest.mark.parametrize("name", ["a" * 255, "𝔸" * 63, "Ünet 2.0", "...", "a%2Fb", "?#&="])
def test_unusual_valid_names_are_accepted(name: str, alice: Api, bob: Api) -> None:
    publish(alice, name, CODE)
    assert bob.get(done(find(bob, name=name))["modelDownloadUrl"]).content == CODE


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"modellerName": "alice"},
        {"modellerName": "Alice", "modelName": "Net"},
        {"modellerName": "alice", "modelName": ""},
        {"modellerName": "alice", "modelName": "Net", "modelVersion": "latest"},
        {"modellerName": "alice", "modelName": "Net", "modelVersion": "-1"},
        {"modellerName": "alice", "modelName": "Net", "modelVersion": "1.0"},
        {"modellerName": "alice", "modelName": "Net", "modelVersion": "null"},
        {"modellerName": "alice", "modelName": "Net", "modelVersion": ""},
        {"modellerName": "alice", "modelName": "Net", "projectId": ""},
        {"modellerName": ["alice", "alice"], "modelName": "Net"},
    ],
)
def test_invalid_search_is_rejected(params: dict[str, Any], alice: Api) -> None:
    publish(alice)
    refused(alice.hub("GET", "/api/models", params=params), 400)


@pytest.mark.parametrize("version", [0, 2, 2**63, 10**100])
def test_missing_version_is_not_found(version: int, alice: Api) -> None:
    publish(alice)
    refused(find(alice, modelVersion=version), 404)
    refused(find(alice, name="Other"), 404)
    refused(find(alice, owner="bob"), 404)
