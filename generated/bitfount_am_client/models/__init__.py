"""Contains all the data models used in inputs/outputs"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .access_decision import AccessDecision
    from .access_limit import AccessLimit
    from .access_manager_key import AccessManagerKey
    from .oidc_access_request import OIDCAccessRequest
    from .oidc_access_request_identity_provider import OIDCAccessRequestIdentityProvider
    from .serialized_protocol import SerializedProtocol
    from .serialized_protocol_aggregator import SerializedProtocolAggregator
    from .serialized_protocol_algorithm_type_0 import SerializedProtocolAlgorithmType0
    from .serialized_protocol_algorithm_type_1_item import (
        SerializedProtocolAlgorithmType1Item,
    )
    from .service_error import ServiceError
    from .signature_access_request import SignatureAccessRequest
    from .signature_access_request_identity_provider import (
        SignatureAccessRequestIdentityProvider,
    )

_ORIGINS = {
    "AccessDecision": ".access_decision",
    "AccessLimit": ".access_limit",
    "AccessManagerKey": ".access_manager_key",
    "OIDCAccessRequest": ".oidc_access_request",
    "OIDCAccessRequestIdentityProvider": ".oidc_access_request_identity_provider",
    "SerializedProtocol": ".serialized_protocol",
    "SerializedProtocolAggregator": ".serialized_protocol_aggregator",
    "SerializedProtocolAlgorithmType0": ".serialized_protocol_algorithm_type_0",
    "SerializedProtocolAlgorithmType1Item": ".serialized_protocol_algorithm_type_1_item",
    "ServiceError": ".service_error",
    "SignatureAccessRequest": ".signature_access_request",
    "SignatureAccessRequestIdentityProvider": ".signature_access_request_identity_provider",
}


def __getattr__(name: str) -> Any:
    if name not in _ORIGINS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_ORIGINS[name], __name__), name)
    return value


__all__ = (
    "AccessDecision",
    "AccessLimit",
    "AccessManagerKey",
    "OIDCAccessRequest",
    "OIDCAccessRequestIdentityProvider",
    "SerializedProtocol",
    "SerializedProtocolAggregator",
    "SerializedProtocolAlgorithmType0",
    "SerializedProtocolAlgorithmType1Item",
    "ServiceError",
    "SignatureAccessRequest",
    "SignatureAccessRequestIdentityProvider",
)
