"""Contains all the data models used in inputs/outputs"""

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
