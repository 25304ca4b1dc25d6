"""Projects: members' roles, paging, datasets and usage limits."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from support.sandbox_api import Api, Clock, done, refused
from support.sandbox_seeds import create_project, project_body, publish, register_pod

from bitfount_api.sandbox import Sandbox

ROLES = ("OWNER", "MODELLER", "DATA_CUSTODIAN", "OBSERVER")


def page(api: Api, query: str = "") -> Any:
    return done(api.hub("GET", f"/api/projects{query}"))


def use(sandbox: Sandbox, project: str, username: str, times: int = 1) -> list[bool]:
    """Count one use of alice/Net:1, as access decisions do; return whether it was allowed."""
    model = sandbox.state.models.find("alice", "Net", 1)
    assert model is not None
    return [sandbox.state.projects.use(project, model, username) is not None for _ in range(times)]


# --- Made and listed -----------------------------------------------------------------------------


def test_project_belongs_to_its_creator(alice: Api, bob: Api) -> None:
    project = create_project(alice, "Glaucoma")
    shown = page(alice)
    assert shown["totalProjects"] == 1
    (listed,) = shown["projects"]
    assert listed.pop("created_at") == listed.pop("updated_at")
    assert listed == {
        "id": project,
        "name": "Glaucoma",
        "role": "OWNER",
        "status": "PUBLISHED",
        "isDemo": False,
        "linked_datasets": [],
        "linked_datasets_count": 0,
    }
    assert page(bob) == {"totalProjects": 0, "projects": []}


def test_projects_may_have_equal_names(alice: Api) -> None:
    assert create_project(alice, "same") != create_project(alice, "same")
    assert page(alice)["totalProjects"] == 2


def test_pages_list_all_projects_newest_first(alice: Api, bob: Api) -> None:
    names = [f"p{number}" for number in range(15)]
    for name in names:
        create_project(alice, name)
        create_project(bob, f"bobs {name}")
    assert [project["name"] for project in page(alice)["projects"]] == names[:2:-1]
    assert [project["name"] for project in page(alice, "?offset=12")["projects"]] == names[2::-1]
    shown = page(alice, "?limit=2&offset=3")
    assert [project["name"] for project in shown["projects"]] == ["p11", "p10"]
    assert shown["totalProjects"] == 15
    assert page(alice, "?limit=0")["projects"] == []
    assert len(page(alice, f"?limit={10**30}")["projects"]) == 15
    assert page(alice, f"?offset={10**30}") == {"totalProjects": 15, "projects": []}


def test_page_size_is_limited(sandbox: Sandbox, alice: Api) -> None:
    with sandbox.state.database.transaction():
        for number in range(101):
            sandbox.state.projects.create("alice", str(number), {})
    assert len(page(alice, "?limit=1000")["projects"]) == 100


@pytest.mark.parametrize(
    "query", ["limit=-1", "limit=", "limit=1.5", "offset=x", "limit=1&limit=2"]
)
def test_invalid_page_is_rejected(query: str, alice: Api) -> None:
    refused(alice.hub("GET", f"/api/projects?{query}"), 400)


@pytest.mark.parametrize(
    "body",
    [
        *(
            {name: value for name, value in project_body().items() if name != left_out}
            for left_out in project_body()
        ),
        {},
        project_body(""),
        project_body(metadata=None),
        [],
        None,
    ],
)
def test_invalid_project_is_rejected(body: Any, alice: Api) -> None:
    status = 400 if body is None else 422
    refused(alice.hub("POST", "/api/projects", body), status)
    assert page(alice)["totalProjects"] == 0


def test_projects_may_be_archived_and_demos(sandbox: Sandbox, alice: Api) -> None:
    sandbox.state.projects.create("alice", "demo", {"any": "thing"}, demo=True)
    sandbox.state.projects.archive(create_project(alice, "old"))
    old, demo = page(alice)["projects"]
    assert (old["status"], old["isDemo"]) == ("ARCHIVED", False)
    assert (demo["status"], demo["isDemo"]) == ("PUBLISHED", True)


# --- Members and datasets ------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_members_see_the_project_with_their_role(
    role: str, sandbox: Sandbox, alice: Api, bob: Api
) -> None:
    project = create_project(alice)
    sandbox.add_member(project, "bob", "OBSERVER")
    sandbox.add_member(project, "bob", role)
    (listed,) = page(bob)["projects"]
    assert (listed["id"], listed["role"]) == (project, role)
    assert page(bob)["totalProjects"] == 1


def test_unknown_roles_and_projects_are_rejected(sandbox: Sandbox, alice: Api) -> None:
    with pytest.raises(ValueError, match="role 'GUEST' is not one of OWNER, MODELLER"):
        sandbox.add_member(create_project(alice), "bob", "GUEST")
    with pytest.raises(ValueError, match="project 'none' does not exist"):
        sandbox.add_member("none", "bob")


@pytest.mark.parametrize(("role", "may"), list(zip(ROLES, (True, False, True, False), strict=True)))
def test_owners_and_custodians_add_their_own_datasets(
    role: str, may: bool, sandbox: Sandbox, alice: Api, bob: Api
) -> None:
    register_pod(bob)
    project = create_project(alice)
    sandbox.add_member(project, "bob", role)
    answer = bob.hub("PUT", f"/api/projects/{project}/pod", [{"podName": "scans"}])
    if may:
        assert done(answer, 201) == {"success": True}
    else:
        refused(answer, 403)
    assert sandbox.state.projects.has_pod(project, "bob", "scans") is may


def test_datasets_are_added_once_and_atomically(sandbox: Sandbox, alice: Api, bob: Api) -> None:
    register_pod(alice)
    register_pod(alice, "more")
    register_pod(bob, "bobs")
    path = f"/api/projects/{create_project(alice)}/pod"
    refused(alice.hub("PUT", path, [{"podName": "scans"}, {"podName": "bobs"}]), 404)
    done(alice.hub("PUT", path, [{"podName": "scans"}]), 201)
    done(alice.hub("PUT", path, [{"podName": "scans"}]), 200)
    done(alice.hub("PUT", path, [{"podName": "scans"}, {"podName": "more"}]), 201)
    (listed,) = page(alice)["projects"]
    assert listed["updated_at"] >= listed["created_at"]


@pytest.mark.parametrize(
    "body", [[], {}, [{}], [{"podName": "No"}], [{"podName": None}], ["scans"]]
)
def test_invalid_datasets_are_rejected(body: Any, alice: Api) -> None:
    refused(alice.hub("PUT", f"/api/projects/{create_project(alice)}/pod", body), 422)


def test_project_shows_its_datasets_to_members(
    sandbox: Sandbox, alice: Api, bob: Api, clock: Clock
) -> None:
    register_pod(bob)
    project = create_project(alice)
    sandbox.add_member(project, "bob", "DATA_CUSTODIAN")
    done(bob.hub("PUT", f"/api/projects/{project}/pod", [{"podName": "scans"}]), 201)
    shown = done(alice.hub("GET", f"/api/projects/{project}"))
    assert shown == page(alice)["projects"][0]
    assert (shown["id"], shown["name"], shown["role"]) == (project, "Glaucoma", "OWNER")
    online = dt.datetime.fromtimestamp(clock.now, dt.UTC).isoformat(timespec="milliseconds")
    assert shown["linked_datasets"] == [
        {
            "ownerId": "sandbox|bob",
            "ownerUsername": "bob",
            "name": "scans",
            "podDisplayName": "Scans",
            "lastOnline": online.replace("+00:00", "Z"),
        }
    ]
    assert shown["linked_datasets_count"] == 1
    assert done(bob.hub("GET", f"/api/projects/{project}"))["role"] == "DATA_CUSTODIAN"


def test_project_is_hidden_from_non_members(alice: Api, bob: Api) -> None:
    register_pod(bob)
    project = create_project(alice)
    for project_id in (project, "none"):
        base = f"/api/projects/{project_id}"
        answers = (
            bob.hub("GET", base),
            bob.hub("PUT", f"{base}/pod", [{"podName": "scans"}]),
            bob.hub("GET", f"{base}/limits"),
            bob.hub("GET", f"{base}/limits/models/alice/Net:1"),
            bob.hub("GET", f"{base}/pods/bob/scans"),
        )
        for answer in answers:
            assert refused(answer, 404) == "There is no such project"


# --- Limits --------------------------------------------------------------------------------------


@pytest.fixture
def project(sandbox: Sandbox, alice: Api) -> str:
    """Alice's project with two versions of her model, each with a limit, and bob as a member."""
    publish(alice, code=b"one")
    publish(alice, code=b"two")
    project = create_project(alice)
    sandbox.add_member(project, "bob")
    sandbox.add_model(project, "alice/Net:1", limit=2)
    sandbox.add_model(project, "alice/Net")
    return project


def usage(number: int, used: int, limit: int | None) -> dict[str, Any]:
    return {
        "resourceType": "MODEL_INFERENCE",
        "resourceName": f"alice/Net:{number}",
        "limit": limit,
        "totalUsage": used,
    }


def test_usage_is_counted_for_each_member(
    project: str, sandbox: Sandbox, alice: Api, bob: Api
) -> None:
    assert use(sandbox, project, "bob", 3) == [True, True, False]
    assert use(sandbox, project, "alice", 1) == [True]
    assert use(sandbox, project, "carol") == [False]
    path = f"/api/projects/{project}/limits"
    assert done(bob.hub("GET", path)) == [usage(1, 2, 2), usage(2, 0, None)]
    assert done(alice.hub("GET", path)) == [usage(1, 1, 2), usage(2, 0, None)]


def test_member_may_have_a_separate_limit(project: str, sandbox: Sandbox, bob: Api) -> None:
    model = sandbox.state.models.find("alice", "Net", 1)
    assert model is not None
    sandbox.state.projects.limit(project, model, "bob", 1)
    assert use(sandbox, project, "bob", 2) == [True, False]
    sandbox.state.projects.limit(project, model, "bob", 3)
    assert use(sandbox, project, "bob", 3) == [True, True, False]
    sandbox.state.projects.limit(project, model, "bob", None)
    assert done(bob.hub("GET", f"/api/projects/{project}/limits"))[0] == usage(1, 3, 2)


def test_limit_change_keeps_the_counted_usage(project: str, sandbox: Sandbox, bob: Api) -> None:
    use(sandbox, project, "bob", 2)
    sandbox.add_model(project, "alice/Net:1", limit=None)
    assert use(sandbox, project, "bob", 2) == [True, True]
    assert done(bob.hub("GET", f"/api/projects/{project}/limits"))[0] == usage(1, 4, None)


def test_owner_sees_all_usage_and_others_only_their_own(
    project: str, sandbox: Sandbox, alice: Api, bob: Api
) -> None:
    use(sandbox, project, "bob")
    path = f"/api/projects/{project}/limits/models/alice/Net:1"
    bobs = {**usage(1, 1, 2), "granteeUsername": "bob", "role": "MODELLER"}
    alices = {**usage(1, 0, 2), "granteeUsername": "alice", "role": "OWNER"}
    shown = {"default": 2, "totalGrantees": 2}
    assert done(alice.hub("GET", path)) == {**shown, "usage": [alices, bobs]}
    assert done(bob.hub("GET", path)) == {**shown, "usage": [bobs]}


def test_the_latest_model_is_the_newest_in_the_project(
    project: str, sandbox: Sandbox, alice: Api
) -> None:
    publish(alice, code=b"three")  # this version is not in the project
    path = f"/api/projects/{project}/limits/models/alice/Net"
    assert done(alice.hub("GET", f"{path}:latest"))["usage"][0]["resourceName"] == "alice/Net:2"
    for model in ("Net:3", "Net:01", "Net", "Other:1", "Net:"):
        refused(alice.hub("GET", f"/api/projects/{project}/limits/models/alice/{model}"), 404)
    refused(alice.hub("GET", f"/api/projects/{project}/limits/models/bob/Net:1"), 404)


def test_the_tenth_version_is_newer_than_the_second(sandbox: Sandbox, alice: Api) -> None:
    project = create_project(alice)
    for number in range(1, 11):
        publish(alice, code=str(number).encode())
        sandbox.add_model(project, f"alice/Net:{number}")
    path = f"/api/projects/{project}/limits/models/alice/Net:latest"
    assert done(alice.hub("GET", path))["usage"][0]["resourceName"] == "alice/Net:10"
