"""The data models, each loaded when it is first used."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .oidc_access_request import OIDCAccessRequest as OIDCAccessRequest
    from .oidc_access_request_identity_provider import (
        OIDCAccessRequestIdentityProvider as OIDCAccessRequestIdentityProvider,
    )
    from .serialized_protocol import SerializedProtocol as SerializedProtocol
    from .serialized_protocol_aggregator_type_0 import (
        SerializedProtocolAggregatorType0 as SerializedProtocolAggregatorType0,
    )
    from .serialized_protocol_algorithm_type_0 import (
        SerializedProtocolAlgorithmType0 as SerializedProtocolAlgorithmType0,
    )
    from .serialized_protocol_algorithm_type_1_item import (
        SerializedProtocolAlgorithmType1Item as SerializedProtocolAlgorithmType1Item,
    )
    from .signature_access_request import (
        SignatureAccessRequest as SignatureAccessRequest,
    )
    from .signature_access_request_identity_provider import (
        SignatureAccessRequestIdentityProvider as SignatureAccessRequestIdentityProvider,
    )

_MODULES = {
    "OIDCAccessRequest": "oidc_access_request",
    "OIDCAccessRequestIdentityProvider": "oidc_access_request_identity_provider",
    "SerializedProtocol": "serialized_protocol",
    "SerializedProtocolAggregatorType0": "serialized_protocol_aggregator_type_0",
    "SerializedProtocolAlgorithmType0": "serialized_protocol_algorithm_type_0",
    "SerializedProtocolAlgorithmType1Item": "serialized_protocol_algorithm_type_1_item",
    "SignatureAccessRequest": "signature_access_request",
    "SignatureAccessRequestIdentityProvider": "signature_access_request_identity_provider",
}

__all__ = [
    "OIDCAccessRequest",
    "OIDCAccessRequestIdentityProvider",
    "SerializedProtocol",
    "SerializedProtocolAggregatorType0",
    "SerializedProtocolAlgorithmType0",
    "SerializedProtocolAlgorithmType1Item",
    "SignatureAccessRequest",
    "SignatureAccessRequestIdentityProvider",
]

# Type checkers must not see this function: to them, every name would exist.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
