# mypy: disable-error-code="import-not-found"
"""Call every public method of a library against a running sandbox, and print what each did.

``python every_method.py LIBRARY PLAN`` is run by the Python that has the library: ``bitfount`` (the
official SDK, 5.3.0 or 13.0.0) or ``bitfount_api``. ``PLAN`` is a JSON file with the URLs, the API
keys and the names of what has been seeded. Before each situation, a line with its name is printed,
and a line is read: the caller uses the pause to change what the services answer. Results are lines
of JSON that begin with ``RESULT``.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SITUATIONS = ("works", "refused", "missing", "not JSON")
"""What the services do: answer as usual, refuse with 403 or 404, or answer 200 with a text."""

DOCUMENTED = (
    *("HTTPError", "InvalidJSONError", "ModelValidationError", "ModelTooLargeError"),
    *("ModelUploadError", "SchemaUploadError", "NoModelCodeError", "PodDoesNotExistError"),
    *("SMARTOnFHIRError", "AuthenticatedUserError", "AuthenticationError", "RequestException"),
    *("ValueError", "TypeError"),
)
"""Names of errors, the most specific ones first: an error is shown by the first one it has."""

OFFICIAL_MODULES = (
    *("hub.api", "hub", "hub.types", "hub.authentication_flow"),
    *("hub.authentication_handlers", "hub.helper", "encryption.encryption", "encryption"),
)

MODEL = """
try:
    from bitfount.models.bitfount_model import BitfountModel
except ImportError:
    from bitfount_api import BitfountModel


class {name}(BitfountModel):
    def __init__(self, *arguments, **named):
        pass

    def initialise_model(self, data=None, *arguments, **named):
        pass

    def deserialize(self, content, **named):
        pass


# The base class of the official SDK has abstract methods that differ between its versions.
{name}.__abstractmethods__ = frozenset()
"""


class Library:
    """The public names of a library, wherever its modules have them."""

    def __init__(self, name: str) -> None:
        self.official = name == "bitfount"
        wanted = OFFICIAL_MODULES if self.official else ("",)
        self._modules = []
        for each in wanted:
            try:
                self._modules.append(importlib.import_module(f"{name}.{each}".rstrip(".")))
            except ImportError:
                continue
        module = importlib.import_module(name)
        self.version: str = module.__version__

    def __getattr__(self, name: str) -> Any:
        for module in self._modules:
            try:
                return getattr(module, name)
            except AttributeError:
                continue
        raise AttributeError(name)


class Scene:
    """The clients of the users, and what has been seeded."""

    def __init__(self, library: Library, plan: dict[str, Any], folder: Path) -> None:
        self.library = library
        self.plan = plan
        self.folder = folder
        self.kept: dict[str, Any] = {}
        handlers = {
            user: library.APIKeysHandler(key["id"], key["key"], user)
            for user, key in plan["users"].items()
        }
        self.sessions = {
            user: library.BitfountSession(handler) for user, handler in handlers.items()
        }
        self.hub = {
            user: library.BitfountHub(session, plan["hub"])
            for user, session in self.sessions.items()
        }

    @property
    def access_manager(self) -> Any:
        """The access manager, for Alice."""
        return self.library.BitfountAM(self.sessions["alice"], self.plan["access_manager"])

    def model_file(self, name: str) -> Path:
        """Write a model's code."""
        path = self.folder / f"{name}.py"
        path.write_text(MODEL.format(name=name), encoding="utf-8")
        return path

    def key(self, name: str) -> Any:
        """Return a public key."""
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        return load_pem_public_key(self.plan["keys"][name].encode())

    def csr(self) -> str:
        """Return a request for the certificate of the registered instance."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.hazmat.primitives.serialization import Encoding
        from cryptography.x509.oid import NameOID

        domain = self.kept["domain"]
        name = x509.NameAttribute(NameOID.COMMON_NAME, domain)
        names = x509.SubjectAlternativeName([x509.DNSName(domain)])
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([name]))
        key = rsa.generate_private_key(65537, 2048)
        signed = request.add_extension(names, critical=False).sign(key, hashes.SHA256())
        return signed.public_bytes(Encoding.PEM).decode()


CASES: list[tuple[str, str, str, Any]] = []
"""The method, what is special about the call, the versions that have it, and the call."""


def case(
    method: str, about: str = "", versions: str = "5.3 13.0"
) -> Callable[[Callable[[Scene], Any]], Callable[[Scene], Any]]:
    """Add a case; its function is called in each situation."""

    def add(function: Callable[[Scene], Any]) -> Callable[[Scene], Any]:
        CASES.append((method, about, versions, function))
        return function

    return add


# --- Pods ----------------------------------------------------------------------------------------
@case("BitfountHub.register_pod")
def _(scene: Scene) -> Any:
    metadata = scene.library.PodPublicMetadata(
        "clinic", "Clinic", "Visits", scene.plan["schema"], 3
    )
    return scene.hub["alice"].register_pod(metadata, scene.key("pod"), scene.key("manager"))


@case("BitfountHub.get_pod")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].get_pod("alice/scans")


@case("BitfountHub.get_pod", "of another user, in a project")
def _(scene: Scene) -> Any:
    return scene.hub["bob"].get_pod("alice/scans", project_id=scene.plan["project"])


@case("BitfountHub.get_pod", "unknown")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].get_pod("alice/nothing")


@case("BitfountHub.get_pod", "without a name")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].get_pod()


@case("BitfountHub.get_pod_key")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].get_pod_key("alice/scans")


@case("BitfountHub.get_pod_schema")
def _(scene: Scene) -> Any:
    schema = scene.hub["alice"].get_pod_schema("alice/scans")
    return sorted(schema.get_feature_names())


@case("BitfountHub.get_pod_schema", "unknown pod")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].get_pod_schema("alice/nothing")


@case("get_pod_schema")
def _(scene: Scene) -> Any:
    schema = scene.library.get_pod_schema(
        "alice/scans", scene.folder / "saved.yaml", hub=scene.hub["alice"]
    )
    return sorted(schema.get_feature_names()), (scene.folder / "saved.yaml").exists()


@case("BitfountHub.do_pod_heartbeat", versions="5.3")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].do_pod_heartbeat(["scans"], scene.key("pod"))


# --- Compute, clusters and configurations (13.0) -------------------------------------------------
@case("BitfountHub.register_compute", versions="13.0")
def _(scene: Scene) -> Any:
    answer = scene.hub["alice"].register_compute("instance-1", None, "10.0.0.7")
    if answer:
        scene.kept.update(compute=answer["computeId"], domain=answer["domain"])
    return answer


@case("BitfountHub.do_pod_heartbeat", "of an instance", versions="13.0")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].do_pod_heartbeat(
        instance_id="instance-1", cluster_id=None, is_busy=False, is_ehr_configured=False,
        is_ehr_connected=False, private_ip_address="10.0.0.7",
        datasource_health=[{"name": "scans", "status": "healthy"}],
    )  # fmt: skip


@case("BitfountHub.request_compute_certificate", versions="13.0")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].request_compute_certificate(scene.kept["compute"], scene.csr())


@case("BitfountHub.request_compute_certificate", "a second time", versions="13.0")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].request_compute_certificate(scene.kept["compute"], scene.csr())


@case("BitfountHub.get_compute_certificate", versions="13.0")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].get_compute_certificate(scene.kept["compute"])


@case("BitfountHub.create_compute_cluster", versions="13.0")
def _(scene: Scene) -> Any:
    cluster = scene.hub["alice"].create_compute_cluster("ward", ["scans"])
    scene.kept["cluster"] = cluster
    return cluster


@case("BitfountHub.compute_cluster_exists", versions="13.0")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].compute_cluster_exists(scene.kept["cluster"])


@case("BitfountHub.compute_cluster_exists", "unknown", versions="13.0")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].compute_cluster_exists("12345678")


@case("BitfountHub.link_datasets_to_compute_cluster", versions="13.0")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].link_datasets_to_compute_cluster(scene.kept["cluster"], ["clinic"])


@case("BitfountHub.get_pod_dataset_list", versions="13.0")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].get_pod_dataset_list()


@case("BitfountHub.get_pod_dataset_list", "of a cluster", versions="13.0")
def _(scene: Scene) -> Any:
    library, session = scene.library, scene.sessions["alice"]
    hub = library.BitfountHub(session, scene.plan["hub"], scene.kept["cluster"])
    return hub.get_pod_dataset_list()


@case("BitfountHub.get_pod_dataset_configuration", versions="13.0")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].get_pod_dataset_configuration("alice/scans")


@case("BitfountHub.get_pod_datasets_configurations", versions="13.0")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].get_pod_datasets_configurations()


@case("BitfountHub.upload_public_jwk", versions="13.0")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].upload_public_jwk(
        scene.plan["jwk"], "https://issuer.example", "client"
    )


# --- Models --------------------------------------------------------------------------------------
@case("BitfountHub.send_model")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].send_model(scene.model_file("Fresh"))


@case("BitfountHub.send_model", "a second time")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].send_model(scene.model_file("Fresh"))


@case("BitfountHub.send_model", "that is private and described", versions="13.0")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].send_model(scene.model_file("Quiet"), True, "finds drusen")


@case("BitfountHub.send_model", "without a model class")
def _(scene: Scene) -> Any:
    path = scene.folder / "Nothing.py"
    path.write_text("x = 1\n", encoding="utf-8")
    return scene.hub["alice"].send_model(path)


@case("BitfountHub.send_weights")
def _(scene: Scene) -> Any:
    path = scene.folder / "weights.pt"
    path.write_bytes(bytes(range(256)) * 16)
    return scene.hub["alice"].send_weights("Fresh", 1, path)


@case("BitfountHub.send_weights", "of an unknown model")
def _(scene: Scene) -> Any:
    path = scene.folder / "weights.pt"
    path.write_bytes(bytes(range(256)) * 16)
    return scene.hub["alice"].send_weights("Unknown", 1, path)


@case("BitfountHub.get_model")
def _(scene: Scene) -> Any:
    return scene.hub["bob"].get_model("alice", "Net", 1)


@case("BitfountHub.get_model", "the newest version")
def _(scene: Scene) -> Any:
    return scene.hub["bob"].get_model("alice", "Net")


@case("BitfountHub.get_model", "unknown")
def _(scene: Scene) -> Any:
    return scene.hub["bob"].get_model("alice", "Unknown", 1)


@case("BitfountHub.get_model", "over the usage limit")
def _(scene: Scene) -> Any:
    return scene.hub["bob"].get_model("alice", "Net", 1, project_id=scene.plan["spent"])


@case("BitfountHub.get_model", "the newest version, over the usage limit")
def _(scene: Scene) -> Any:
    return scene.hub["bob"].get_model("alice", "Net", project_id=scene.plan["spent"])


@case("BitfountHub.get_model_from_url")
def _(scene: Scene) -> Any:
    return scene.library.BitfountHub.get_model_from_url(
        scene.plan["model_url"], scene.plan["model_hash"]
    )


@case("BitfountHub.get_model_from_url", "with the wrong hash")
def _(scene: Scene) -> Any:
    return scene.library.BitfountHub.get_model_from_url(scene.plan["model_url"], "0" * 64)


@case("BitfountHub.get_weights")
def _(scene: Scene) -> Any:
    return scene.hub["bob"].get_weights("alice", "Net", 1)


@case("BitfountHub.get_weights", "that were never sent")
def _(scene: Scene) -> Any:
    return scene.hub["bob"].get_weights("alice", "Bare", 1)


@case("BitfountHub.get_weights_from_url")
def _(scene: Scene) -> Any:
    return scene.library.BitfountHub.get_weights_from_url(scene.plan["weights_url"])


# --- Projects and keys ---------------------------------------------------------------------------
@case("BitfountHub.create_project")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].create_project("Retina")


@case("BitfountHub.get_projects")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].get_projects()


@case("BitfountHub.get_projects", "with text as numbers")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].get_projects("0", "2")


@case("BitfountHub.get_project_name", versions="13.0")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].get_project_name(scene.plan["project"])


@case("BitfountHub.get_project_name", "unknown", versions="13.0")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].get_project_name("00000000-0000-0000-0000-000000000000")


@case("BitfountHub.add_dataset_to_project_for_user")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].add_dataset_to_project_for_user(scene.plan["project"], "clinic")


@case("BitfountHub.get_usage_limits")
def _(scene: Scene) -> Any:
    return scene.hub["bob"].get_usage_limits(scene.plan["project"])


@case("BitfountHub.get_usage_limits", "of one model")
def _(scene: Scene) -> Any:
    return scene.hub["bob"].get_usage_limits(scene.plan["project"], "alice/Net:1")


@case("BitfountHub.register_user_public_key")
def _(scene: Scene) -> Any:
    key_id = scene.hub["alice"].register_user_public_key(scene.key("user"))
    scene.kept["key"] = key_id
    return key_id


@case("BitfountHub.check_public_key_registered_and_active")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].check_public_key_registered_and_active(scene.kept["key"])


@case("BitfountHub.check_public_key_registered_and_active", "unknown")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].check_public_key_registered_and_active("987654")


@case("BitfountHub.send_monitor_update", versions="5.3")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].send_monitor_update(
        {
            "taskId": "task", "senderId": "alice/scans", "timestamp": "2026-11-26T08:00:00+00:00",
            "privacy": "PRIVATE", "type": "TASK_CONFIG", "progress": {"batch": {"value": 1}},
        }
    )  # fmt: skip


# --- The access manager --------------------------------------------------------------------------
@case("BitfountAM.get_access_manager_key")
def _(scene: Scene) -> Any:
    return scene.access_manager.get_access_manager_key()


@case("BitfountAM.check_oidc_access_request")
def _(scene: Scene) -> Any:
    return scene.access_manager.check_oidc_access_request(
        "alice/scans", scene.plan["protocol"], "bob", scene.plan["token"]
    )


@case("BitfountAM.check_oidc_access_request", "with an empty token")
def _(scene: Scene) -> Any:
    return scene.access_manager.check_oidc_access_request(
        "alice/scans", scene.plan["protocol"], "bob", ""
    )


@case("BitfountAM.check_signature_based_access_request")
def _(scene: Scene) -> Any:
    from base64 import b64decode

    return scene.access_manager.check_signature_based_access_request(
        b64decode(scene.plan["task"]), b64decode(scene.plan["signature"]), "alice/scans",
        scene.plan["protocol"], "bob",
    )  # fmt: skip


@case("BitfountAM.check_signature_based_access_request", "with a wrong signature")
def _(scene: Scene) -> Any:
    from base64 import b64decode

    return scene.access_manager.check_signature_based_access_request(
        b"another task", b64decode(scene.plan["signature"]), "alice/scans",
        scene.plan["protocol"], "bob",
    )  # fmt: skip


# --- SMART on FHIR -------------------------------------------------------------------------------
@case("SMARTOnFHIR.get_access_token")
def _(scene: Scene) -> Any:
    token = scene.library.SMARTOnFHIR(
        scene.sessions["alice"], scene.plan["smart_on_fhir"], scene.plan["resource_server"]
    ).get_access_token()
    return {"token": bool(token.token), "valid_until": token.valid_until, "context": token.context}


@case("SMARTOnFHIR.get_access_token", "of a server that is not paired")
def _(scene: Scene) -> Any:
    return scene.library.SMARTOnFHIR(
        scene.sessions["alice"], scene.plan["smart_on_fhir"], "https://other.example/fhir"
    ).get_access_token()


# --- The end of a pod (13.0) ---------------------------------------------------------------------
@case("BitfountHub.archive_pod", versions="13.0")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].archive_pod("clinic")


@case("BitfountHub.get_pod", "that is archived", versions="13.0")
def _(scene: Scene) -> Any:
    return scene.hub["alice"].get_pod("alice/clinic")


# --- Results -------------------------------------------------------------------------------------
_VOLATILE = (
    (re.compile(r"https?://\S+"), "<url>"),
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{16,64}\b"), "<hex>"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b\d{8}T\d{6}Z\b"), "<time>"),
    (re.compile(r"^eyJ[\w+/=-]{80,}$"), "<policy>"),
    (re.compile(r"/\d{8}/us-east-1/"), "/<day>/us-east-1/"),
    (re.compile(r"-----BEGIN CERTIFICATE-----.*", re.DOTALL), "<certificate>"),
)


def stable(value: Any, kept: dict[str, Any]) -> Any:
    """Return a result as JSON, without what differs between two runs."""
    if isinstance(value, dict):
        return {str(key): stable(each, kept) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [stable(each, kept) for each in value]
    if isinstance(value, bool | int | float | None):
        return value
    if isinstance(value, str):
        for number, known in enumerate(kept.values()):
            if value == str(known):
                return f"<kept {number}>"
        for pattern, name in _VOLATILE:
            value = pattern.sub(name, value)
        return value
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, type):
        return f"class {value.__name__}"
    if hasattr(value, "public_numbers"):
        return f"RSA key of {value.key_size} bits"
    if hasattr(value, "name") and hasattr(value, "value"):  # a member of an enumeration
        return value.name
    return type(value).__name__


def error_name(error: BaseException) -> str:
    """Return an error's documented name, with the status of its response."""
    names = {each.__name__ for each in type(error).__mro__}
    name = next((each for each in DOCUMENTED if each in names), type(error).__name__)
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    return f"{name} {status}" if name == "HTTPError" and status else name


def perform(scene: Scene, call: Callable[[Scene], Any]) -> dict[str, Any]:
    """Make a call and return what came of it."""
    try:
        value = call(scene)
    except Exception as error:
        trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        return {"error": error_name(error), "trace": trace[-2000:]}
    return {"value": stable(value, scene.kept)}


def results(scene: Scene, version: str) -> Iterator[dict[str, Any]]:
    """Yield the results of all cases in the current situation."""
    for method, about, versions, call in CASES:
        known = version == "ours" or any(version.startswith(each) for each in versions.split())
        if known:
            yield {"method": method, "about": about, **perform(scene, call)}


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("library", choices=("bitfount", "bitfount_api"))
    parser.add_argument("plan", type=Path)
    options = parser.parse_args()
    plan = json.loads(options.plan.read_text("utf-8"))
    library = Library(options.library)
    # The official SDK waits for more than a minute before it reports some refusals.
    time.sleep = lambda seconds: None
    scene = Scene(library, plan, options.plan.parent)
    version = library.version if library.official else "ours"
    print(f"VERSION {json.dumps(library.version)}", flush=True)
    for situation in SITUATIONS:
        print(f"SITUATION {json.dumps(situation)}", flush=True)
        if not sys.stdin.readline():
            return 1
        for result in results(scene, version):
            print(f"RESULT {json.dumps({'situation': situation, **result})}", flush=True)
    print("END", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
