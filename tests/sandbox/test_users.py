"""API keys: the Hub accepts the first half, the access manager only the whole key."""

from __future__ import annotations

import threading

import pytest
from support.sandbox_api import Api, done, refused

from bitfount_api.sandbox import Sandbox, User

WHOLE, HUB, AM = (0, 1), (0,), (1,)


def half(text: str, which: tuple[int, ...]) -> str:
    return ":".join(text.split(":")[number] for number in which)


def headers(user: User, of_id: tuple[int, ...], of_key: tuple[int, ...]) -> dict[str, str]:
    return {
        "x-api-key-id": half(user.api_key_id, of_id),
        "x-api-key": half(user.api_key, of_key),
    }


@pytest.mark.parametrize("of_key", [WHOLE, HUB, AM])
@pytest.mark.parametrize("of_id", [WHOLE, HUB, AM])
def test_each_service_accepts_only_its_part_of_the_key(
    of_id: tuple[int, ...], of_key: tuple[int, ...], sandbox: Sandbox, nobody: Api
) -> None:
    given = headers(sandbox.user("alice"), of_id, of_key)
    hub = nobody.hub("GET", "/api/projects", headers=given).status_code
    fhir = nobody.fhir("GET", "/api/pairings", headers=given).status_code
    am = nobody.am("POST", "/api/access", {}, headers=given).status_code
    wanted = 200 if of_id == of_key == HUB else 401
    assert (hub, fhir) == (wanted, wanted)
    # The request itself is not valid, but its credentials are.
    assert am == (422 if of_id == of_key == WHOLE else 401)


def test_key_of_another_user_is_rejected(sandbox: Sandbox, nobody: Api) -> None:
    alice, bob = (headers(sandbox.user(name), HUB, HUB) for name in ("alice", "bob"))
    mixed = {"x-api-key-id": alice["x-api-key-id"], "x-api-key": bob["x-api-key"]}
    reason = refused(nobody.hub("GET", "/api/projects", headers=mixed), 401)
    assert reason == "The credentials are not valid"


@pytest.mark.parametrize(
    "given",
    [
        {"x-api-key-id": "x", "x-api-key": "y"},
        {"x-api-key-id": "é", "x-api-key": "ü"},
        {"x-api-key-id": "x"},
        {"authorization": "Bearer x"},
        {"authorization": "Bearer"},
        {"authorization": "Basic YWxpY2U6cHc="},
    ],
)
def test_wrong_credentials_are_answered_with_a_challenge(
    given: dict[str, str], nobody: Api
) -> None:
    encoded = {name: value.encode("latin-1") for name, value in given.items()}
    answer = nobody.hub("GET", "/api/projects", headers=encoded)
    assert refused(answer, 401) == "The credentials are not valid"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_missing_credentials_are_reported_as_missing(nobody: Api) -> None:
    for ask in (nobody.hub, nobody.am, nobody.fhir):
        path = {"hub": "/api/projects", "am": "/api/access", "fhir": "/api/pairings"}[ask.__name__]
        answer = ask("POST" if ask == nobody.am else "GET", path)
        assert refused(answer, 401) == "There are no credentials"


def test_the_access_managers_key_needs_no_credentials(nobody: Api) -> None:
    key = done(nobody.am("GET", "/api/access-manager-key"))["accessManagerPublicKey"]
    assert key.startswith("-----BEGIN PUBLIC KEY-----")
    assert done(nobody.am("GET", "/api/access-manager-key"))["accessManagerPublicKey"] == key


def test_user_is_created_once(sandbox: Sandbox) -> None:
    assert sandbox.user("dora") == sandbox.user("dora")
    assert sandbox.user("dora").api_key != sandbox.user("alice").api_key


def test_user_is_created_once_by_concurrent_threads(sandbox: Sandbox) -> None:
    made: list[User] = []
    start = threading.Barrier(8)

    def make() -> None:
        start.wait()
        made.append(sandbox.user("emil"))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1


@pytest.mark.parametrize("name", ["", "A", "a b", "-a", "a-", "a--b", "a_-b", "a" * 40, "a\n", "٣"])
def test_invalid_user_name_creates_no_user(name: str, sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="is not a valid user name"):
        sandbox.user(name)


def test_environment_names_the_user_and_repr_hides_the_key(sandbox: Sandbox) -> None:
    user = sandbox.user("alice")
    assert sandbox.environment("alice") == {
        **sandbox.environment(),
        "BITFOUNT_API_KEY_ID": user.api_key_id,
        "BITFOUNT_API_KEY": user.api_key,
        "BITFOUNT_USERNAME": "alice",
    }
    assert sandbox.environment() == {
        "BITFOUNT_ENVIRONMENT": "dev",
        "BITFOUNT_HUB_URL": sandbox.hub_url,
        "BITFOUNT_ACCESS_MANAGER_URL": sandbox.access_manager_url,
        "BITFOUNT_AUTH_DOMAIN": sandbox.hub_url,
        "SMART_ON_FHIR_URL": sandbox.smart_on_fhir_url,
    }
    assert user.api_key not in repr(user)
    assert user.api_key.split(":")[0] not in repr(user)
