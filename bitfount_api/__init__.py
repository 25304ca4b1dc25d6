"""A typed Python client for Bitfount's REST services: the Hub, the access manager, SMART on FHIR.

    >>> from bitfount_api import APIKeysHandler, BitfountHub, BitfountSession
    >>> session = BitfountSession(APIKeysHandler("key-id", "key", "alice"))
    >>> with BitfountHub(session) as hub:
    ...     pod = hub.get_pod("bob/scans")  # doctest: +SKIP

Every name below can be imported from here; what stands behind it is loaded when it is first used,
so that importing this package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from bitfount_api._version import __version__

if TYPE_CHECKING:
    from bitfount_api.am import AsyncBitfountAM as AsyncBitfountAM
    from bitfount_api.am import BitfountAM as BitfountAM
    from bitfount_api.auth.api_keys import APIKeysHandler as APIKeysHandler
    from bitfount_api.auth.device_code import DeviceCodeFlowHandler as DeviceCodeFlowHandler
    from bitfount_api.auth.external_jwt import (
        ExternallyManagedJWTHandler as ExternallyManagedJWTHandler,
    )
    from bitfount_api.auth.handler import AuthenticationHandler as AuthenticationHandler
    from bitfount_api.auth.prompts import LoginPrompt as LoginPrompt
    from bitfount_api.exceptions import AuthenticatedUserError as AuthenticatedUserError
    from bitfount_api.exceptions import AuthenticationError as AuthenticationError
    from bitfount_api.exceptions import BitfountError as BitfountError
    from bitfount_api.exceptions import ConnectError as ConnectError
    from bitfount_api.exceptions import HTTPError as HTTPError
    from bitfount_api.exceptions import InvalidJSONError as InvalidJSONError
    from bitfount_api.exceptions import ModelTooLargeError as ModelTooLargeError
    from bitfount_api.exceptions import ModelUploadError as ModelUploadError
    from bitfount_api.exceptions import ModelValidationError as ModelValidationError
    from bitfount_api.exceptions import NoModelCodeError as NoModelCodeError
    from bitfount_api.exceptions import PodDoesNotExistError as PodDoesNotExistError
    from bitfount_api.exceptions import RequestException as RequestException
    from bitfount_api.exceptions import RequestTimeout as RequestTimeout
    from bitfount_api.exceptions import SchemaUploadError as SchemaUploadError
    from bitfount_api.exceptions import SMARTOnFHIRError as SMARTOnFHIRError
    from bitfount_api.exceptions import TransferError as TransferError
    from bitfount_api.hashes import hash_contents as hash_contents
    from bitfount_api.hashes import hash_file_contents as hash_file_contents
    from bitfount_api.hub import AsyncBitfountHub as AsyncBitfountHub
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
    from bitfount_api.retries import RetryPolicy as RetryPolicy
    from bitfount_api.schemas import BitfountSchema as BitfountSchema
    from bitfount_api.session import BitfountSession as BitfountSession
    from bitfount_api.smart_on_fhir import AsyncSMARTOnFHIR as AsyncSMARTOnFHIR
    from bitfount_api.smart_on_fhir import SMARTOnFHIR as SMARTOnFHIR
    from bitfount_api.transfers import Download as Download
    from bitfount_api.types import AccessCheckResult as AccessCheckResult
    from bitfount_api.types import AccessLimit as AccessLimit
    from bitfount_api.types import ActivePublicKey as ActivePublicKey
    from bitfount_api.types import FileProcessingMetadata as FileProcessingMetadata
    from bitfount_api.types import GranteeUsage as GranteeUsage
    from bitfount_api.types import ModelUpload as ModelUpload
    from bitfount_api.types import MonitorUpdate as MonitorUpdate
    from bitfount_api.types import NextGenContext as NextGenContext
    from bitfount_api.types import PodDetails as PodDetails
    from bitfount_api.types import PodPublicMetadata as PodPublicMetadata
    from bitfount_api.types import PodResponseType as PodResponseType
    from bitfount_api.types import ProgressUpdate as ProgressUpdate
    from bitfount_api.types import Project as Project
    from bitfount_api.types import ProjectModelLimits as ProjectModelLimits
    from bitfount_api.types import ProjectsPage as ProjectsPage
    from bitfount_api.types import SerializedProtocol as SerializedProtocol
    from bitfount_api.types import SimpleUsage as SimpleUsage
    from bitfount_api.types import SMARTOnFHIRAccessToken as SMARTOnFHIRAccessToken

_NAMES_BY_MODULE = {
    "am": "AsyncBitfountAM BitfountAM",
    "auth.api_keys": "APIKeysHandler",
    "auth.device_code": "DeviceCodeFlowHandler",
    "auth.external_jwt": "ExternallyManagedJWTHandler",
    "auth.handler": "AuthenticationHandler",
    "auth.prompts": "LoginPrompt",
    "exceptions": (
        "AuthenticatedUserError AuthenticationError BitfountError ConnectError HTTPError "
        "InvalidJSONError ModelTooLargeError ModelUploadError ModelValidationError "
        "NoModelCodeError PodDoesNotExistError RequestException RequestTimeout "
        "SMARTOnFHIRError SchemaUploadError TransferError"
    ),
    "hashes": "hash_contents hash_file_contents",
    "hub": "AsyncBitfountHub BitfountHub",
    "identifiers": "PodIdentifier",
    "keys": (
        "generate_key_pair load_private_key load_public_key public_keys_equal save_private_key "
        "serialize_private_key serialize_public_key sign verify"
    ),
    "models": "BitfountModel",
    "retries": "RetryPolicy",
    "schemas": "BitfountSchema",
    "session": "BitfountSession",
    "smart_on_fhir": "AsyncSMARTOnFHIR SMARTOnFHIR",
    "transfers": "Download",
    "types": (
        "AccessCheckResult AccessLimit ActivePublicKey FileProcessingMetadata GranteeUsage "
        "ModelUpload MonitorUpdate NextGenContext PodDetails PodPublicMetadata PodResponseType "
        "ProgressUpdate Project ProjectModelLimits ProjectsPage SMARTOnFHIRAccessToken "
        "SerializedProtocol SimpleUsage"
    ),
}
_MODULES = {name: module for module, names in _NAMES_BY_MODULE.items() for name in names.split()}

__all__ = ["__version__", *sorted(_MODULES)]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value  # found at once from now on
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
