"""Access decisions of the access manager."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from bitfount_api import types
from bitfount_api._generated import operations
from bitfount_api._generated.access_manager.api.access import check_access as _check_access
from bitfount_api._generated.access_manager.api.access import (
    get_access_manager_key as _get_access_manager_key,
)
from bitfount_api._generated.access_manager.models import (
    OIDCAccessRequest,
    OIDCAccessRequestIdentityProvider,
    SerializedProtocol,
    SerializedProtocolAggregatorType0,
    SerializedProtocolAlgorithmType0,
    SerializedProtocolAlgorithmType1Item,
    SignatureAccessRequest,
    SignatureAccessRequestIdentityProvider,
)
from bitfount_api._generated.access_manager.types import UNSET
from bitfount_api._internal.logs import get_logger
from bitfount_api._internal.plain_values import plain_json
from bitfount_api._internal.validation import check_encodable, quote
from bitfount_api._operations.other_fields import with_other_fields
from bitfount_api.exceptions import InvalidJSONError
from bitfount_api.identifiers import PodIdentifier, path_part, user_name
from bitfount_api.keys import parse_public_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from bitfount_api._core.effects import Flow
    from bitfount_api._core.service_client import ServiceClient

_logger = get_logger(__name__)


def get_key(access_manager: ServiceClient) -> Flow[RSAPublicKey]:
    """Get the access manager's public key. The request is sent without credentials.

    Raises:
        HTTPError: The access manager refused the request.
        InvalidJSONError: The response has no RSA key.
    """
    operation = operations.GET_ACCESS_MANAGER_KEY
    request = _get_access_manager_key.build_request()
    answer = yield from access_manager.get_json(operation, request, types.AccessManagerKey)
    try:
        return parse_public_key(answer["accessManagerPublicKey"])
    except ValueError as error:
        raise InvalidJSONError(
            f"{operation.name}: accessManagerPublicKey is not a valid key: {error}",
            operation=operation.name,
        ) from None


def check_oidc(
    access_manager: ServiceClient,
    pod: PodIdentifier,
    protocol: Mapping[str, Any],
    modeller_name: str,
    token: str,
    project_id: str | None,
) -> Flow[types.AccessCheckResult]:
    """Check access by the modeller's access token."""
    if not isinstance(token, str):  # an empty one is sent: the answer is NO_PROOF_OF_IDENTITY
        raise ValueError(f"modeller_access_token must be text, not {quote(token)}")
    check_encodable("modeller_access_token", token)
    body = OIDCAccessRequest(
        pod_identifier=str(pod),
        modeller_protocol_request=_protocol(protocol),
        modeller_name=user_name(modeller_name, "modeller name"),
        project_id=_id_or_none(project_id, "project id"),
        modeller_token=token,
        identity_provider=OIDCAccessRequestIdentityProvider.OIDC,
    )
    return (yield from _check(access_manager, body))


def check_signature(
    access_manager: ServiceClient,
    pod: PodIdentifier,
    protocol: Mapping[str, Any],
    modeller_name: str,
    unsigned_task: bytes,
    task_signature: bytes,
    project_id: str | None,
    public_key_id: str | None,
) -> Flow[types.AccessCheckResult]:
    """Check access by the modeller's signature of the task."""
    body = SignatureAccessRequest(
        pod_identifier=str(pod),
        modeller_protocol_request=_protocol(protocol),
        modeller_name=user_name(modeller_name, "modeller name"),
        project_id=_id_or_none(project_id, "project id"),
        unsigned_task=_base64(unsigned_task, "unsigned_task"),
        task_signature=_base64(task_signature, "task_signature"),
        identity_provider=SignatureAccessRequestIdentityProvider.SIGNATURE,
        public_key_id=_id_or_none(public_key_id, "key id"),
    )
    return (yield from _check(access_manager, body))


def _id_or_none(value: str | None, what: str) -> str | None:
    return None if value is None else path_part(value, what)


def _protocol(protocol: Mapping[str, Any]) -> SerializedProtocol:
    given = _validated_protocol(protocol)
    algorithm, aggregator = given["algorithm"], given.get("aggregator", UNSET)
    request = SerializedProtocol(
        class_name=given["class_name"],
        algorithm=[
            with_other_fields(SerializedProtocolAlgorithmType1Item(), each) for each in algorithm
        ]
        if isinstance(algorithm, list)
        else with_other_fields(SerializedProtocolAlgorithmType0(), algorithm),
        aggregator=with_other_fields(SerializedProtocolAggregatorType0(), aggregator)
        if isinstance(aggregator, dict)
        else aggregator,
        primary_results_path=given.get("primary_results_path", UNSET),
    )
    return with_other_fields(request, given)


def _validated_protocol(protocol: Mapping[str, Any]) -> types.SerializedProtocol:
    """Validate a protocol; it comes from a modeller, and is not trusted."""
    if not isinstance(protocol, Mapping):
        raise ValueError(f"serialized_protocol must be a dict, not {type(protocol).__name__}")
    algorithm, aggregator = protocol.get("algorithm"), protocol.get("aggregator", {})
    algorithms = algorithm if isinstance(algorithm, list) else [algorithm]
    if (
        not isinstance(protocol.get("class_name"), str)
        or not all(isinstance(one, dict) for one in algorithms)
        or not isinstance(aggregator, dict)
    ):
        raise ValueError(
            "serialized_protocol must have a class_name (string), an algorithm (dict or list of "
            "dicts) and, optionally, an aggregator (dict)"
        )
    try:
        plain = plain_json(protocol)
    except ValueError as error:
        raise ValueError(f"serialized_protocol cannot be serialized as JSON: {error}") from None
    return cast("types.SerializedProtocol", plain)


def _base64(data: bytes, what: str) -> str:
    if not isinstance(data, bytes | bytearray | memoryview):
        raise ValueError(f"{what} must be bytes, not {type(data).__name__}")
    return base64.b64encode(data).decode("ascii")


def _check(
    access_manager: ServiceClient, body: OIDCAccessRequest | SignatureAccessRequest
) -> Flow[types.AccessCheckResult]:
    request = _check_access.build_request(body=body)
    answer = yield from access_manager.get_json(
        operations.CHECK_ACCESS, request, types.AccessDecision
    )
    code = answer.get("code")
    try:
        response_type = types.PodResponseType(code)
    except ValueError:
        _logger.warning("The access manager's response has no known code: access is refused")
        response_type = types.PodResponseType.NO_ACCESS
    return {"response_type": response_type, "limits": answer.get("limits")}
