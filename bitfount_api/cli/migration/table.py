"""What replaces each name of the official SDK, by import path, for the versions 5.3 and 13.0."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE: Final = "bitfount"
OURS: Final = "bitfount_api"


@attrs.frozen
class Row:
    """A name of the official SDK.

    Args:
        name: Name.
        ours: Name of ours; None if there is no replacement.
        home: Module of ours that has the name.
        both: Modules that offer the name in 5.3 and 13.0, without ``bitfount.``; ``.`` is the
            package itself.
        old: Modules that offer it only in 5.3.
        new: Modules that offer it only in 13.0.
        advice: For a name without a replacement: why, and what to do.
        members: Names of the class's members, and what replaces each: a name of ours, or a literal
            in quotes. The class itself then has no replacement.
        keywords: Parameters of the function, in order, and their names in the replacement.
        by_name: Positional arguments have to be passed by name, since our order may differ.
    """

    name: str
    ours: str | None = None
    home: str = attrs.field(default=OURS, kw_only=True)
    both: str = attrs.field(default="", kw_only=True)
    old: str = attrs.field(default="", kw_only=True)
    new: str = attrs.field(default="", kw_only=True)
    advice: str = attrs.field(default="", kw_only=True)
    members: tuple[Row, ...] = attrs.field(default=(), kw_only=True)
    keywords: Mapping[str, str] = attrs.field(factory=dict, kw_only=True)
    by_name: bool = attrs.field(default=False, kw_only=True)

    @property
    def modules(self) -> frozenset[str]:
        """The modules that offer the name in any version."""
        return self.modules_in("5.3") | self.modules_in("13.0")

    def modules_in(self, version: Literal["5.3", "13.0"]) -> frozenset[str]:
        """Return the modules that offer the name in a version."""
        names = f"{self.both} {self.old if version == '5.3' else self.new}".split()
        return frozenset(PACKAGE if name == "." else f"{PACKAGE}.{name}" for name in names)


_CLIENTS: Final = ". hub hub.api hub.helper"
_ERRORS: Final = ". hub hub.api hub.exceptions"
_HANDLERS: Final = ". hub hub.authentication_handlers hub.helper"
_RECORDS: Final = ". data data.schema data.types"
_SCHEMAS: Final = f"{OURS}.schemas"
_RSA: Final = (
    Row("generate_key_pair", "generate_key_pair"),
    Row("load_private_key", "load_private_key", keywords={"private_key": "source"}),
    Row("load_public_key", "load_public_key", keywords={"public_key": "source"}),
    Row(
        "serialize_private_key",
        "serialize_private_key",
        keywords={"private_key": "key", "form": "form"},
    ),
    Row(
        "serialize_public_key",
        "serialize_public_key",
        keywords={"public_key": "key", "form": "form"},
    ),
    Row("sign_message", "sign", keywords={"private_key": "private_key", "message": "message"}),
    Row(
        "verify_signature",
        "verify",
        keywords={"public_key": "public_key", "signature": "signature", "message": "message"},
        by_name=True,
    ),
    Row("public_keys_equal", "public_keys_equal", keywords={"k1": "one", "k2": "other"}),
)

ROWS: Final = (
    # --- Clients ---------------------------------------------------------------------------------
    Row("BitfountHub", "BitfountHub", both=_CLIENTS),
    Row("BitfountAM", "BitfountAM", both=_CLIENTS),
    Row("SMARTOnFHIR", "SMARTOnFHIR", both="hub.api"),
    Row("PodPublicMetadata", "PodPublicMetadata", both=". hub hub.api"),
    Row("FileProcessingMetadata", "FileProcessingMetadata", new="hub.api"),
    Row(
        "PRODUCTION_HUB_URL",
        "PRODUCTION_HUB_URL",
        both=f"{_CLIENTS} hub.types hub.authentication_flow",
    ),
    Row(
        "PRODUCTION_AM_URL",
        "PRODUCTION_AM_URL",
        both=f"{_CLIENTS} hub.types hub.authentication_flow",
    ),
    Row("get_pod_schema", "get_pod_schema", both=". hub hub.helper"),
    # --- Sessions and credentials ----------------------------------------------------------------
    Row("BitfountSession", "BitfountSession", both=f"{_CLIENTS} hub.authentication_flow"),
    Row(
        "AuthenticationHandler",
        "AuthenticationHandler",
        both=f"{_HANDLERS} hub.authentication_flow",
    ),
    Row("APIKeysHandler", "APIKeysHandler", both=_HANDLERS),
    Row(
        "DeviceCodeFlowHandler",
        "DeviceCodeFlowHandler",
        both=f"{_HANDLERS} hub.authentication_flow",
    ),
    Row("ExternallyManagedJWTHandler", "ExternallyManagedJWTHandler", old=_HANDLERS),
    Row("JWTHandler", "JWTHandler", new=_HANDLERS),
    # --- Errors ----------------------------------------------------------------------------------
    Row(
        "BitfountError",
        "BitfountError",
        both=". exceptions hub.exceptions hub.authentication_flow",
        new="externals.general.exceptions",
    ),
    Row(
        "AuthenticationError",
        "AuthenticationError",
        new="externals.general.exceptions hub.exceptions hub.authentication_handlers",
    ),
    Row(
        "AuthenticatedUserError",
        "AuthenticatedUserError",
        both="hub.exceptions hub.authentication_handlers",
    ),
    Row("ModelUploadError", "ModelUploadError", both=_ERRORS),
    Row("ModelValidationError", "ModelValidationError", both=_ERRORS),
    Row("ModelTooLargeError", "ModelTooLargeError", both=_ERRORS),
    Row("SchemaUploadError", "SchemaUploadError", both=_ERRORS),
    Row("NoModelCodeError", "NoModelCodeError", both="hub.api hub.exceptions"),
    Row("MultiPartUploadError", "MultiPartUploadError", new="hub.api hub.exceptions"),
    Row("PodDoesNotExistError", "PodDoesNotExistError", both=". hub hub.helper hub.exceptions"),
    Row("SMARTOnFHIRError", "SMARTOnFHIRError", both="hub.api hub.exceptions"),
    Row("RequestException", "RequestException", both="hub.api"),
    Row("HTTPError", "HTTPError", both="hub.api"),
    Row("InvalidJSONError", "InvalidJSONError", both="hub.api hub.authentication_handlers"),
    Row(
        "AuthEnvironmentError",
        both="hub.authentication_flow",
        advice="an unknown BITFOUNT_ENVIRONMENT raises a ValueError: catch that",
    ),
    # --- Schemas and models ----------------------------------------------------------------------
    Row(
        "BitfountSchema",
        "BitfountSchema",
        both=". data data.schema hub.api hub.helper",
        old="federated.types",
    ),
    Row("SemanticType", "SemanticType", home=_SCHEMAS, both=_RECORDS),
    Row("CategoricalRecord", "CategoricalRecord", home=_SCHEMAS, both=_RECORDS),
    Row("ContinuousRecord", "ContinuousRecord", home=_SCHEMAS, both=_RECORDS),
    Row("ImageRecord", "ImageRecord", home=_SCHEMAS, both=_RECORDS),
    Row("TextRecord", "TextRecord", home=_SCHEMAS, both=_RECORDS),
    Row("BitfountModel", "BitfountModel", both=". models models.bitfount_model", old="hub.api"),
    # --- Types -----------------------------------------------------------------------------------
    Row("SMARTOnFHIRAccessToken", "SMARTOnFHIRAccessToken", both="hub.api hub.types"),
    Row("AccessCheckResult", "AccessCheckResult", both="federated.types hub.api", new="."),
    Row(
        "SerializedProtocol",
        "SerializedProtocol",
        both="federated.types hub.api hub.types",
        new=".",
    ),
    Row("_PodResponseType", "PodResponseType", both="federated.types hub.api"),
    Row("_ActivePublicKey", "ActivePublicKey", both="hub.types hub.api"),
    Row("_PodDetailsResponseJSON", "PodDetails", both="hub.types hub.api"),
    Row("_ModelDetailsResponseJSON", "ModelDetails", both="hub.types hub.api"),
    Row("_ModelUploadResponseJSON", "ModelUpload", both="hub.types hub.api"),
    Row("_GetProjectsPagedResponseJSON", "ProjectsPage", both="hub.types hub.api"),
    Row("_ProjectJSON", "Project", both="hub.types"),
    Row("_SimpleUsageJSON", "SimpleUsage", both="hub.types"),
    Row("_ProjectMemberUsageJSON", "GranteeUsage", both="hub.types"),
    Row("_ProjectModelLimitsJSON", "ProjectModelLimits", both="hub.types hub.api"),
    Row("_AMResourceUsageAndLimitJSON", "AccessLimit", both="hub.types"),
    Row("_NextGenContext", "NextGenContext", both="hub.types"),
    Row("_MonitorPostJSON", "MonitorUpdate", old="hub.types hub.api"),
    Row("ProgressCounterDict", "ProgressUpdate", old="federated.monitoring.types hub.types"),
    # --- Hashes and keys -------------------------------------------------------------------------
    Row("hash_contents", "hash_contents", both="hub.utils hub.api"),
    Row("hash_file_contents", "hash_file_contents", both="hub.utils hub.api"),
    Row(
        "_RSAEncryption",
        both="hub.api hub.helper",
        old="federated.encryption federated.keys_setup",
        new="encryption.encryption compute.keys",
        advice="its functions are functions of bitfount_api: sign, verify, load_private_key, …; "
        "messages are encrypted by the official SDK only",
        members=_RSA,
    ),
    Row(
        "KeySerializationFormat",
        new=". encryption encryption.encryption hub.api hub.helper compute.keys",
        advice='use the texts "PEM" and "SSH"',
        members=(Row("PEM", '"PEM"'), Row("SSH", '"SSH"')),
    ),
    # --- Functions that create clients -----------------------------------------------------------
    Row("get_hub_url", both="hub.helper", advice="use BitfountHub.from_env().url"),
    Row("get_am_url", new="hub.helper", advice="use BitfountAM(session).url"),
    Row("_create_bitfounthub", both="hub.helper", advice="use BitfountHub.from_env(session)"),
    Row("_default_bitfounthub", both="hub.helper", advice="use BitfountHub.from_env(session)"),
    Row("_create_access_manager", both="hub.helper", advice="use BitfountAM(session)"),
    Row("_create_bitfount_session", both="hub.helper", advice="use BitfountSession(handler)"),
    Row(
        "_get_pod_public_key", both="hub.helper", advice="use load_public_key(hub.get_pod_key(pod))"
    ),
    Row(
        "_get_pod_public_keys",
        both="hub.helper",
        advice="use load_public_key(hub.get_pod_key(pod)) for each pod",
    ),
)

REQUESTS: Final[Mapping[str, str]] = {
    "RequestException": "RequestException",
    "HTTPError": "HTTPError",
    "ConnectionError": "ConnectionError",
    "Timeout": "Timeout",
    "ConnectTimeout": "Timeout",
    "ReadTimeout": "Timeout",
    "InvalidJSONError": "InvalidJSONError",
    "JSONDecodeError": "InvalidJSONError",
    "SSLError": "ConnectionError",
    "ProxyError": "ConnectionError",
}
"""Exceptions of requests, which the SDK raises, and what this library raises instead."""

REQUESTS_MODULES: Final = ("requests", "requests.exceptions")

_OFFICIAL: Final = "that part needs the official SDK, in its own environment"

AREAS: Final[Mapping[str, str]] = {
    "bitfount": f"not a part of the Hub's API; {_OFFICIAL}",
    "bitfount.backends": f"it trains and runs models; {_OFFICIAL}",
    "bitfount.config": "settings are environment variables here, and arguments of BitfountSession",
    "bitfount.data": f"it reads data sources; {_OFFICIAL}; pass on its schema.to_json()",
    "bitfount.encryption": "keys are functions of bitfount_api: sign, verify, load_private_key, …",
    "bitfount.exceptions": "this library never raises it: remove it",
    "bitfount.externals": f"it connects to other services; {_OFFICIAL}",
    "bitfount.federated": f"it runs pods and tasks; {_OFFICIAL}",
    "bitfount.federated.encryption": (
        "keys are functions of bitfount_api: sign, verify, load_private_key, …"
    ),
    "bitfount.federated.exceptions": f"it comes from pods and tasks; {_OFFICIAL}",
    "bitfount.hub": "it is not a part of the documented API: see the reference of bitfount_api",
    "bitfount.hub.types": "the types of requests and answers are in bitfount_api.types",
    "bitfount.models": f"it trains and runs models; {_OFFICIAL}",
    "bitfount.runners": f"it runs pods and tasks; {_OFFICIAL}",
    "bitfount.storage": "use hub.download_model, hub.download_weights, hub.send_model, …",
    "bitfount.utils": "it is not a part of the documented API: copy what you need of it",
}
"""Why other names have no replacement, by the longest prefix of their path."""

MODULES: Final = frozenset(
    {PACKAGE}.union(*(row.modules for row in ROWS))
    | {f"{PACKAGE}.{name}" for name in ("federated", "externals", "externals.general")}
    | {f"{PACKAGE}.federated.monitoring"}
    | AREAS.keys()
)
"""Modules of the official SDK that are looked into."""

SUPPORTED: Final = frozenset({PACKAGE}.union(*(row.modules for row in ROWS if row.ours)))
"""Modules with names that have a replacement."""

MODEL_CLASSES: Final = re.compile(r"\w*BitfountModel(v?\d+)?|PytorchInferenceModel|ONNXModel")
"""Names of the classes that models derive from, such as ``PyTorchBitfountModelv2``."""

_BY_PATH: Final = {f"{module}.{row.name}": row for row in ROWS for module in row.modules}
_MEMBERS: Final = {
    f"{path}.{member.name}": member for path, row in _BY_PATH.items() for member in row.members
}
_EXCEPTIONS: Final = {
    f"{module}.{name}": Row(name, ours)
    for module in REQUESTS_MODULES
    for name, ours in REQUESTS.items()
}


def find(path: str) -> Row | None:
    """Return the row for the path of a name, such as ``bitfount.hub.api.BitfountHub``."""
    return _BY_PATH.get(path) or _MEMBERS.get(path) or _EXCEPTIONS.get(path)


def is_module(path: str) -> bool:
    """Return whether a path is that of a module, whose names have to be looked up."""
    return path in MODULES or path in REQUESTS_MODULES


def reason(path: str) -> str:
    """Return why the name at a path has no replacement, and what to do."""
    row = _BY_PATH.get(path) or _BY_PATH.get(path.rpartition(".")[0])
    if row is not None and row.advice:
        return row.advice
    area = path
    while area and area not in AREAS:
        area = area.rpartition(".")[0]
    return AREAS.get(area, "")
