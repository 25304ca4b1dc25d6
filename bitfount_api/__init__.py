"""A typed Python client for Bitfount's REST services: the Hub, the access manager, SMART on FHIR.

    >>> from bitfount_api import APIKeysHandler, BitfountHub, BitfountSession
    >>> session = BitfountSession(APIKeysHandler("key-id", "key", "alice"))
    >>> with BitfountHub(session) as hub:
    ...     pod = hub.get_pod("bob/scans")  # doctest: +SKIP

All names in ``__all__`` can be imported from here. Their modules are loaded on first use, so that
importing this package is fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from bitfount_api._version import __version__

if TYPE_CHECKING:
    from bitfount_api.am import BitfountAM as BitfountAM
    from bitfount_api.async_am import AsyncBitfountAM as AsyncBitfountAM
    from bitfount_api.async_hub import AsyncBitfountHub as AsyncBitfountHub
    from bitfount_api.async_smart_on_fhir import AsyncSMARTOnFHIR as AsyncSMARTOnFHIR
    from bitfount_api.async_streams import AsyncWeightsStream as AsyncWeightsStream
    from bitfount_api.auth.api_keys import APIKeysHandler as APIKeysHandler
    from bitfount_api.auth.device_code import DeviceCodeFlowHandler as DeviceCodeFlowHandler
    from bitfount_api.auth.external_jwt import (
        ExternallyManagedJWTHandler as ExternallyManagedJWTHandler,
    )
    from bitfount_api.auth.external_jwt import JWTHandler as JWTHandler
    from bitfount_api.auth.handler import AuthenticationHandler as AuthenticationHandler
    from bitfount_api.auth.prompts import LoginPrompt as LoginPrompt
    from bitfount_api.config import PRODUCTION_AM_URL as PRODUCTION_AM_URL
    from bitfount_api.config import PRODUCTION_HUB_URL as PRODUCTION_HUB_URL
    from bitfount_api.events import ResponseEvent as ResponseEvent
    from bitfount_api.events import RetryEvent as RetryEvent
    from bitfount_api.exceptions import AuthenticatedUserError as AuthenticatedUserError
    from bitfount_api.exceptions import AuthenticationError as AuthenticationError
    from bitfount_api.exceptions import BitfountError as BitfountError
    from bitfount_api.exceptions import ConnectError as ConnectError
    from bitfount_api.exceptions import ConnectionError as ConnectionError  # noqa: A004
    from bitfount_api.exceptions import HTTPError as HTTPError
    from bitfount_api.exceptions import InvalidJSONError as InvalidJSONError
    from bitfount_api.exceptions import ModelTooLargeError as ModelTooLargeError
    from bitfount_api.exceptions import ModelUploadError as ModelUploadError
    from bitfount_api.exceptions import ModelValidationError as ModelValidationError
    from bitfount_api.exceptions import MultiPartUploadError as MultiPartUploadError
    from bitfount_api.exceptions import NoModelCodeError as NoModelCodeError
    from bitfount_api.exceptions import PodDoesNotExistError as PodDoesNotExistError
    from bitfount_api.exceptions import RequestException as RequestException
    from bitfount_api.exceptions import RequestTimeout as RequestTimeout
    from bitfount_api.exceptions import SchemaUploadError as SchemaUploadError
    from bitfount_api.exceptions import SMARTOnFHIRError as SMARTOnFHIRError
    from bitfount_api.exceptions import Timeout as Timeout
    from bitfount_api.exceptions import TransferError as TransferError
    from bitfount_api.hashes import hash_contents as hash_contents
    from bitfount_api.hashes import hash_file_contents as hash_file_contents
    from bitfount_api.hub import BitfountHub as BitfountHub
    from bitfount_api.identifiers import PodIdentifier as PodIdentifier
    from bitfount_api.keys import generate_key_pair as generate_key_pair
    from bitfount_api.keys import load_private_key as load_private_key
    from bitfount_api.keys import load_public_key as load_public_key
    from bitfount_api.keys import public_keys_equal as public_keys_equal
    from bitfount_api.keys import save_private_key as save_private_key
    from bitfount_api.keys import serialize_private_key as serialize_private_key
    from bitfount_api.keys import serialize_public_key as serialize_public_key
    from bitfount_api.keys import sign as sign
    from bitfount_api.keys import verify as verify
    from bitfount_api.models import BitfountModel as BitfountModel
    from bitfount_api.pod_schema import get_pod_schema as get_pod_schema
    from bitfount_api.redaction import redact as redact
    from bitfount_api.retries import RetryPolicy as RetryPolicy
    from bitfount_api.schemas import BitfountSchema as BitfountSchema
    from bitfount_api.session import BitfountSession as BitfountSession
    from bitfount_api.smart_on_fhir import SMARTOnFHIR as SMARTOnFHIR
    from bitfount_api.streams import WeightsStream as WeightsStream
    from bitfount_api.transfers import Download as Download
    from bitfount_api.transfers import WrittenDownload as WrittenDownload
    from bitfount_api.types import AccessCheckResult as AccessCheckResult
    from bitfount_api.types import AccessLimit as AccessLimit
    from bitfount_api.types import ActivePublicKey as ActivePublicKey
    from bitfount_api.types import ComputeCertificate as ComputeCertificate
    from bitfount_api.types import ComputeRegistration as ComputeRegistration
    from bitfount_api.types import DatasetWithConfiguration as DatasetWithConfiguration
    from bitfount_api.types import DatasourceHealth as DatasourceHealth
    from bitfount_api.types import FileProcessingMetadata as FileProcessingMetadata
    from bitfount_api.types import GranteeUsage as GranteeUsage
    from bitfount_api.types import Heartbeat as Heartbeat
    from bitfount_api.types import JWKUpload as JWKUpload
    from bitfount_api.types import ModelDetails as ModelDetails
    from bitfount_api.types import ModelUpload as ModelUpload
    from bitfount_api.types import MonitorUpdate as MonitorUpdate
    from bitfount_api.types import NextGenContext as NextGenContext
    from bitfount_api.types import PodDataset as PodDataset
    from bitfount_api.types import PodDetails as PodDetails
    from bitfount_api.types import PodPublicMetadata as PodPublicMetadata
    from bitfount_api.types import PodResponseType as PodResponseType
    from bitfount_api.types import ProgressUpdate as ProgressUpdate
    from bitfount_api.types import Project as Project
    from bitfount_api.types import ProjectDataset as ProjectDataset
    from bitfount_api.types import ProjectModelLimits as ProjectModelLimits
    from bitfount_api.types import ProjectsPage as ProjectsPage
    from bitfount_api.types import RequestedCertificate as RequestedCertificate
    from bitfount_api.types import SerializedProtocol as SerializedProtocol
    from bitfount_api.types import SimpleUsage as SimpleUsage
    from bitfount_api.types import SMARTOnFHIRAccessToken as SMARTOnFHIRAccessToken

# Written by `make generate` from the imports above.
_MODULES = {
    "APIKeysHandler": "auth.api_keys",
    "AccessCheckResult": "types",
    "AccessLimit": "types",
    "ActivePublicKey": "types",
    "AsyncBitfountAM": "async_am",
    "AsyncBitfountHub": "async_hub",
    "AsyncSMARTOnFHIR": "async_smart_on_fhir",
    "AsyncWeightsStream": "async_streams",
    "AuthenticatedUserError": "exceptions",
    "AuthenticationError": "exceptions",
    "AuthenticationHandler": "auth.handler",
    "BitfountAM": "am",
    "BitfountError": "exceptions",
    "BitfountHub": "hub",
    "BitfountModel": "models",
    "BitfountSchema": "schemas",
    "BitfountSession": "session",
    "ComputeCertificate": "types",
    "ComputeRegistration": "types",
    "ConnectError": "exceptions",
    "ConnectionError": "exceptions",
    "DatasetWithConfiguration": "types",
    "DatasourceHealth": "types",
    "DeviceCodeFlowHandler": "auth.device_code",
    "Download": "transfers",
    "ExternallyManagedJWTHandler": "auth.external_jwt",
    "FileProcessingMetadata": "types",
    "GranteeUsage": "types",
    "HTTPError": "exceptions",
    "Heartbeat": "types",
    "InvalidJSONError": "exceptions",
    "JWKUpload": "types",
    "JWTHandler": "auth.external_jwt",
    "LoginPrompt": "auth.prompts",
    "ModelDetails": "types",
    "ModelTooLargeError": "exceptions",
    "ModelUpload": "types",
    "ModelUploadError": "exceptions",
    "ModelValidationError": "exceptions",
    "MonitorUpdate": "types",
    "MultiPartUploadError": "exceptions",
    "NextGenContext": "types",
    "NoModelCodeError": "exceptions",
    "PRODUCTION_AM_URL": "config",
    "PRODUCTION_HUB_URL": "config",
    "PodDataset": "types",
    "PodDetails": "types",
    "PodDoesNotExistError": "exceptions",
    "PodIdentifier": "identifiers",
    "PodPublicMetadata": "types",
    "PodResponseType": "types",
    "ProgressUpdate": "types",
    "Project": "types",
    "ProjectDataset": "types",
    "ProjectModelLimits": "types",
    "ProjectsPage": "types",
    "RequestException": "exceptions",
    "RequestTimeout": "exceptions",
    "RequestedCertificate": "types",
    "ResponseEvent": "events",
    "RetryEvent": "events",
    "RetryPolicy": "retries",
    "SMARTOnFHIR": "smart_on_fhir",
    "SMARTOnFHIRAccessToken": "types",
    "SMARTOnFHIRError": "exceptions",
    "SchemaUploadError": "exceptions",
    "SerializedProtocol": "types",
    "SimpleUsage": "types",
    "Timeout": "exceptions",
    "TransferError": "exceptions",
    "WeightsStream": "streams",
    "WrittenDownload": "transfers",
    "generate_key_pair": "keys",
    "get_pod_schema": "pod_schema",
    "hash_contents": "hashes",
    "hash_file_contents": "hashes",
    "load_private_key": "keys",
    "load_public_key": "keys",
    "public_keys_equal": "keys",
    "redact": "redaction",
    "save_private_key": "keys",
    "serialize_private_key": "keys",
    "serialize_public_key": "keys",
    "sign": "keys",
    "verify": "keys",
}

__all__ = [
    "PRODUCTION_AM_URL",
    "PRODUCTION_HUB_URL",
    "APIKeysHandler",
    "AccessCheckResult",
    "AccessLimit",
    "ActivePublicKey",
    "AsyncBitfountAM",
    "AsyncBitfountHub",
    "AsyncSMARTOnFHIR",
    "AsyncWeightsStream",
    "AuthenticatedUserError",
    "AuthenticationError",
    "AuthenticationHandler",
    "BitfountAM",
    "BitfountError",
    "BitfountHub",
    "BitfountModel",
    "BitfountSchema",
    "BitfountSession",
    "ComputeCertificate",
    "ComputeRegistration",
    "ConnectError",
    "DatasetWithConfiguration",
    "DatasourceHealth",
    "DeviceCodeFlowHandler",
    "Download",
    "ExternallyManagedJWTHandler",
    "FileProcessingMetadata",
    "GranteeUsage",
    "HTTPError",
    "Heartbeat",
    "InvalidJSONError",
    "JWKUpload",
    "JWTHandler",
    "LoginPrompt",
    "ModelDetails",
    "ModelTooLargeError",
    "ModelUpload",
    "ModelUploadError",
    "ModelValidationError",
    "MonitorUpdate",
    "MultiPartUploadError",
    "NextGenContext",
    "NoModelCodeError",
    "PodDataset",
    "PodDetails",
    "PodDoesNotExistError",
    "PodIdentifier",
    "PodPublicMetadata",
    "PodResponseType",
    "ProgressUpdate",
    "Project",
    "ProjectDataset",
    "ProjectModelLimits",
    "ProjectsPage",
    "RequestException",
    "RequestTimeout",
    "RequestedCertificate",
    "ResponseEvent",
    "RetryEvent",
    "RetryPolicy",
    "SMARTOnFHIR",
    "SMARTOnFHIRAccessToken",
    "SMARTOnFHIRError",
    "SchemaUploadError",
    "SerializedProtocol",
    "SimpleUsage",
    "Timeout",
    "TransferError",
    "WeightsStream",
    "WrittenDownload",
    "__version__",
    "generate_key_pair",
    "get_pod_schema",
    "hash_contents",
    "hash_file_contents",
    "load_private_key",
    "load_public_key",
    "public_keys_equal",
    "redact",
    "save_private_key",
    "serialize_private_key",
    "serialize_public_key",
    "sign",
    "verify",
]
# End of what `make generate` writes.


# Type checkers must not see this function: to them, every name would exist.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value  # so that the next access skips this function
        return value


def __dir__() -> list[str]:
    """List the public names and loaded public modules, without what this file imports."""
    here = f"{__name__}."
    modules = (
        name
        for name, value in globals().items()
        if not name.startswith("_") and getattr(value, "__name__", "") == here + name
    )
    special = (name for name in globals() if name.startswith("__") and name.endswith("__"))
    return sorted({*_MODULES, *modules, *special})
