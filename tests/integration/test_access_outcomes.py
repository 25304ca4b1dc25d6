"""Results of the access manager's and SMART on FHIR's methods for each answer."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.rsa_keys import key_pair

from bitfount_api import (
    HTTPError,
    InvalidJSONError,
    PodResponseType,
    SMARTOnFHIRAccessToken,
    SMARTOnFHIRError,
    public_keys_equal,
    serialize_public_key,
)

if TYPE_CHECKING:
    from support.fake_services import FakeServices

_, PUBLIC_KEY = key_pair()
PROTOCOL = {"class_name": "bitfount.ResultsOnly", "algorithm": [{"class_name": "a"}], "extra": 1}
BY_TOKEN = ("bob/scans", PROTOCOL, "alice", "tok")
BY_SIGNATURE = (b"\x00task\xff", b"\x01sig\xfe", "bob/scans", PROTOCOL, "alice")
CHECKS: dict[str, tuple[Any, ...]] = {
    "check_oidc_access_request": BY_TOKEN,
    "check_signature_based_access_request": BY_SIGNATURE,
}


# --- The access manager's key --------------------------------------------------------------------


@pytest.mark.documented("BitfountAM.get_access_manager_key", "returns")
@pytest.mark.parametrize("form", ["PEM", "SSH"])
def test_access_manager_key_is_requested_without_credentials(
    services: FakeServices, form: Any
) -> None:
    services.json({"accessManagerPublicKey": serialize_public_key(PUBLIC_KEY, form)})
    assert public_keys_equal(services.access_manager("get_access_manager_key"), PUBLIC_KEY)
    assert not {"x-api-key", "x-api-key-id", "authorization"} & set(services.requests[0].headers)


@pytest.mark.parametrize(
    "answer", [{}, {"accessManagerPublicKey": None}, {"accessManagerPublicKey": "no key"}, []]
)
def test_answer_without_a_key_raises(services: FakeServices, answer: Any) -> None:
    services.json(answer)
    with pytest.raises(InvalidJSONError, match="get_access_manager_key"):
        services.access_manager("get_access_manager_key")


@pytest.mark.documented("BitfountAM.get_access_manager_key", "RequestException")
def test_rejected_key_request_raises_http_error(services: FakeServices) -> None:
    services.json({"errorMessage": "closed"}, 503)
    with pytest.raises(HTTPError, match="closed"):
        services.access_manager("get_access_manager_key")


# --- Access checks -------------------------------------------------------------------------------


@pytest.mark.documented("BitfountAM.check_oidc_access_request", "returns")
@pytest.mark.documented("BitfountAM.check_signature_based_access_request", "returns")
@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize(
    "code",
    [
        *("ACCEPT", "NO_ACCESS", "INVALID_PROOF_OF_IDENTITY", "UNAUTHORISED"),
        *("NO_PROOF_OF_IDENTITY", "NO_DATA", "INCOMPATIBLE_DATASOURCE", "TASK_SETUP_ERROR"),
        *("TASK_TIMEOUT", "MISSING_EHR_CONNECTION", "DATASOURCE_INACCESSIBLE"),
    ],
)
def test_check_returns_the_code_with_the_limits(
    services: FakeServices, name: str, code: str
) -> None:
    limits = [{"resourceName": "bob/Net:1", "totalUsage": 3, "modelDownloadUrl": None}]
    services.json({"code": code, "limits": limits})
    result = services.access_manager(name, *CHECKS[name])
    assert result == {"response_type": PodResponseType(code), "limits": limits}


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("answer", [{}, {"code": None}, {"code": "MAYBE"}, {"limits": None}])
def test_missing_or_unknown_code_means_no_access(
    services: FakeServices, name: str, answer: dict[str, Any]
) -> None:
    services.json(answer)
    result = services.access_manager(name, *CHECKS[name])
    assert result == {"response_type": PodResponseType.NO_ACCESS, "limits": None}


@pytest.mark.documented("BitfountAM.check_oidc_access_request", "InvalidJSONError")
@pytest.mark.documented("BitfountAM.check_signature_based_access_request", "InvalidJSONError")
@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("content", [b"", b"OK", b"[]", b'"ACCEPT"', b"null", b'{"code": 1}'])
def test_check_with_a_non_object_answer_raises(
    services: FakeServices, name: str, content: bytes
) -> None:
    services.answer(httpx.Response(200, content=content))
    with pytest.raises(InvalidJSONError):
        services.access_manager(name, *CHECKS[name])


@pytest.mark.documented("BitfountAM.check_oidc_access_request", "RequestException", "HTTPError")
@pytest.mark.documented(
    "BitfountAM.check_signature_based_access_request", "RequestException", "HTTPError"
)
@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_rejected_check_raises_http_error(services: FakeServices, name: str, status: int) -> None:
    services.json({"errorMessage": "because"}, status)
    with pytest.raises(HTTPError, match="because"):
        services.access_manager(name, *CHECKS[name])


@pytest.mark.documented(
    "BitfountAM.check_oidc_access_request",
    "pod_identifier",
    "serialized_protocol",
    "modeller_name",
    "modeller_access_token",
    "project_id",
)
def test_check_sends_the_token_with_the_request(services: FakeServices) -> None:
    services.json({"code": "ACCEPT"})
    services.access_manager("check_oidc_access_request", *BY_TOKEN, project_id="p1")
    assert json.loads(services.requests[0].content) == {
        "podIdentifier": "bob/scans",
        "modellerProtocolRequest": PROTOCOL,
        "modellerName": "alice",
        "modellerToken": "tok",
        "identityProvider": "OIDC",
        "projectId": "p1",
    }
    # The access manager receives both parts of the API key.
    assert services.requests[0].headers["x-api-key"] == "key-hub:key-am"


@pytest.mark.documented(
    "BitfountAM.check_signature_based_access_request",
    "unsigned_task",
    "task_signature",
    "project_id",
    "public_key_id",
)
def test_check_sends_the_signature_in_standard_base64(services: FakeServices) -> None:
    services.json({"code": "ACCEPT"})
    name = "check_signature_based_access_request"
    services.access_manager(name, *BY_SIGNATURE, project_id="p1", public_key_id="7")
    sent = json.loads(services.requests[0].content)
    assert base64.b64decode(sent["unsignedTask"], validate=True) == b"\x00task\xff"
    assert base64.b64decode(sent["taskSignature"], validate=True) == b"\x01sig\xfe"
    assert (sent["projectId"], sent["publicKeyId"]) == ("p1", "7")
    assert sent["identityProvider"] == "SIGNATURE"


def test_empty_modeller_token_is_sent(services: FakeServices) -> None:
    services.json({"code": "NO_PROOF_OF_IDENTITY"})
    found = services.access_manager("check_oidc_access_request", *BY_TOKEN[:3], "")
    assert found["response_type"] is PodResponseType.NO_PROOF_OF_IDENTITY
    assert json.loads(services.requests[0].content)["modellerToken"] == ""


def test_key_id_may_be_a_number(services: FakeServices) -> None:
    services.json({"code": "ACCEPT"})
    name = "check_signature_based_access_request"
    services.access_manager(name, *BY_SIGNATURE, public_key_id=7)
    assert json.loads(services.requests[0].content)["publicKeyId"] == "7"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("check_oidc_access_request", ("scans", PROTOCOL, "alice", "tok")),
        ("check_oidc_access_request", ("bob/scans", PROTOCOL, "A!", "tok")),
        ("check_oidc_access_request", ("bob/scans", PROTOCOL, "alice", None)),
        ("check_oidc_access_request", ("bob/scans", PROTOCOL, "alice", b"tok")),
        ("check_oidc_access_request", ("bob/scans", PROTOCOL, "alice", "tok", "../x")),
        ("check_signature_based_access_request", ("text", b"", *BY_SIGNATURE[2:])),
        ("check_signature_based_access_request", (b"", None, *BY_SIGNATURE[2:])),
        ("check_signature_based_access_request", (*BY_SIGNATURE, None, "../x")),
    ],
)
def test_invalid_argument_raises_before_any_request(
    services: FakeServices, name: str, arguments: tuple[Any, ...]
) -> None:
    with pytest.raises(ValueError):
        services.access_manager(name, *arguments)
    assert services.requests == []


def nested(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(depth):
        found = {"a": found}
    return found


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"class_name": None}, "class_name"),
        ({"class_name": 5}, "class_name"),
        ({"algorithm": None}, "algorithm"),
        ({"algorithm": "x"}, "algorithm"),
        ({"algorithm": [{}, 5]}, "algorithm"),
        ({"aggregator": None}, "aggregator"),
        ({"aggregator": []}, "aggregator"),
        ({"algorithm": {"at": object()}}, r"as JSON: .* got `object` - at `\$.algorithm.at`"),
        (
            {"algorithm": {"at": float("nan")}},
            r"as JSON: .* no such number: nan - at `\$.algorithm.at`",
        ),
        ({"algorithm": {("a", "b"): 1}}, r"as JSON: .* got `tuple` - at `\$.algorithm`"),
        ({"more": nested(100_000)}, r"as JSON: It has over 100 levels - at `\$.more.a"),
    ],
)
@pytest.mark.parametrize(
    "name", ["check_oidc_access_request", "check_signature_based_access_request"]
)
def test_invalid_protocol_raises_before_any_request(
    services: FakeServices, name: str, changes: dict[str, Any], why: str
) -> None:
    """A protocol comes from a modeller; an invalid one must not crash the pod."""
    protocol = {**PROTOCOL, **changes}
    arguments = [protocol if given is PROTOCOL else given for given in CHECKS[name]]
    with pytest.raises(ValueError, match=f"serialized_protocol .*{why}"):
        services.access_manager(name, *arguments)
    others: list[Any] = [None, "x", [], 5]
    for other in others:
        arguments = [other if given is PROTOCOL else given for given in CHECKS[name]]
        with pytest.raises(ValueError, match="must be a dict, not"):
            services.access_manager(name, *arguments)
    assert services.requests == []


# --- SMART on FHIR -------------------------------------------------------------------------------

SERVER = "https://fhir.clinic.example/r4"
WAITING = {"id": "w", "state": "initialised", "pairingCode": "123"}
OTHER = {"id": "o", "state": "paired", "resourceServer": "https://other.example"}
PAIRED = {"id": "p", "state": "paired", "resourceServer": f"{SERVER}/"}
SESSION = {"type": "confidentialClient", "accessToken": "fhir-secret"}


@pytest.mark.documented("SMARTOnFHIR", "resource_server_url")
@pytest.mark.documented("SMARTOnFHIR.get_access_token", "returns")
@pytest.mark.parametrize(("server", "chosen"), [(None, "o"), (SERVER, "p"), (f"{SERVER}//", "p")])
def test_get_access_token_uses_the_first_matching_pairing(
    services: FakeServices, server: str | None, chosen: str
) -> None:
    services.json({"results": [WAITING, OTHER, PAIRED]})
    services.json({**SESSION, "context": {"nextgen": {"practiceId": "2"}}})
    token = services.smart_on_fhir(server)
    assert token == SMARTOnFHIRAccessToken("fhir-secret", None, {"practiceId": "2"})
    assert services.requests[1].url.path == f"/api/pairings/{chosen}/session"
    # SMART on FHIR receives the Hub's part of the API key.
    assert services.requests[0].headers["x-api-key"] == "key-hub"
    assert "fhir-secret" not in repr(token)


@pytest.mark.parametrize("context", [{}, {"context": None}, {"context": {"nextgen": None}}])
def test_token_without_a_context_has_context_none(
    services: FakeServices, context: dict[str, Any]
) -> None:
    services.json({"results": [PAIRED]})
    services.json({**SESSION, **context})
    assert services.smart_on_fhir().context is None


@pytest.mark.documented("SMARTOnFHIR.get_access_token", "SMARTOnFHIRError")
@pytest.mark.parametrize("pairings", [[], [WAITING], [WAITING, OTHER]])
def test_missing_pairing_error_lists_what_was_searched(
    services: FakeServices, pairings: list[dict[str, Any]]
) -> None:
    services.json({"results": pairings})
    with pytest.raises(SMARTOnFHIRError) as caught:
        services.smart_on_fhir(SERVER)
    text = str(caught.value)
    assert "alice" in text
    assert SERVER in text
    assert str(len(pairings)) in text


@pytest.mark.documented("SMARTOnFHIR.get_access_token", "HTTPError")
@pytest.mark.parametrize("status", [401, 403, 500])
def test_rejected_pairings_request_raises_http_error(services: FakeServices, status: int) -> None:
    services.json({"errorMessage": "because"}, status)
    with pytest.raises(HTTPError, match="because"):
        services.smart_on_fhir()


def test_rejected_session_request_raises_http_error(services: FakeServices) -> None:
    services.json({"results": [PAIRED]})
    services.json({"errorMessage": "because"}, 404)
    with pytest.raises(HTTPError, match="because"):
        services.smart_on_fhir()


@pytest.mark.parametrize(
    ("pairings", "session"),
    [
        ([], None),
        ({"results": None}, None),
        ({"results": [{"state": "paired"}]}, None),
        ({"results": [{**PAIRED, "id": "../../x"}]}, None),
        ({"results": [PAIRED]}, {}),
        ({"results": [PAIRED]}, {"accessToken": 1}),
    ],
)
def test_answer_without_required_fields_raises(
    services: FakeServices, pairings: Any, session: Any
) -> None:
    services.json(pairings)
    if session is not None:
        services.json(session)
    with pytest.raises(InvalidJSONError):
        services.smart_on_fhir()
