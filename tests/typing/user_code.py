"""Code as users write it, with the names and results that no page shows: for mypy and pyright.

No part of it runs. ``assert_type`` says what users see of each result.
``tests/docs/test_types.py`` checks the code of the pages and examples.
"""

from __future__ import annotations

import datetime as dt
import io
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, assert_type

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

import bitfount_api as api
from bitfount_api.notebook import Table
from bitfount_api.progress import notebook_progress
from bitfount_api.schemas import SemanticType


def errors() -> list[type[Exception]]:
    """Every error is one of the root's."""
    found: list[type[api.BitfountError]] = [
        *[api.RequestException, api.HTTPError, api.InvalidJSONError],
        *[api.ConnectError, api.RequestTimeout],
        *[api.AuthenticationError, api.AuthenticatedUserError],
        *[api.ModelUploadError, api.ModelValidationError, api.ModelTooLargeError],
        *[api.SchemaUploadError, api.TransferError, api.NoModelCodeError],
        *[api.PodDoesNotExistError, api.SMARTOnFHIRError, api.MultiPartUploadError],
        *[api.ConnectionError, api.Timeout],
    ]
    try:
        api.BitfountHub().create_project("n")
    except api.HTTPError as error:
        assert_type(error.status_code, int)
        assert_type(error.request_id, str | None)
        assert_type(error.request, httpx.Request | None)
        assert_type(error.response.ok, bool)
        assert_type(error.response.reason, str)
        response: httpx.Response = error.response
        response.raise_for_status()
        assert_type(error.operation, str | None)
    return list(found)


def fresh() -> tuple[str, dt.datetime]:
    """A token from somewhere else."""
    return "jwt", dt.datetime.now(dt.UTC)


async def fresh_async() -> tuple[str, dt.datetime]:
    """:func:`fresh` as a coroutine function."""
    return fresh()


def show(prompt: api.LoginPrompt) -> None:
    """A custom login prompt."""
    assert_type(prompt.verification_uri, str)
    assert_type(prompt.user_code, str)


def sessions() -> list[api.BitfountSession]:
    """Every way to make a session."""
    handlers: list[api.AuthenticationHandler] = [
        api.APIKeysHandler("id", "key", "alice"),
        api.ExternallyManagedJWTHandler(None, None, fresh, "alice"),
        api.JWTHandler(None, None, fresh, "alice"),
        api.ExternallyManagedJWTHandler("jwt", dt.datetime.now(dt.UTC), fresh_async, "alice"),
        api.DeviceCodeFlowHandler(),
        api.DeviceCodeFlowHandler(username="alice", prompt=show),
    ]
    policy = api.RetryPolicy(retries=5, backoff=0.1, max_backoff=10, retry_not_found=True)
    return [
        api.BitfountSession(),
        *(api.BitfountSession(handler) for handler in handlers),
        api.BitfountSession(
            handlers[0],
            timeout=5,
            deadline=60.0,
            retry=policy,
            proxy="http://proxy.example:3128",
            verify="/etc/ssl/hospital.pem",
            user_agent_suffix="ward-7/2.1",
        ),
        api.BitfountSession(verify=ssl.create_default_context()),
        api.BitfountSession(transport=httpx.MockTransport(lambda _: httpx.Response(200))),
    ]


def clients_of_production(session: api.BitfountSession) -> None:
    """The URLs of production, as constants."""
    hub = api.BitfountHub(session, api.PRODUCTION_HUB_URL)
    assert_type(hub.username, str)
    assert_type(hub.user_storage_path, Path)
    access_manager = api.BitfountAM(session, api.PRODUCTION_AM_URL)
    assert_type(access_manager.access_manager_url, str)
    fhir = api.SMARTOnFHIR(session)
    assert_type(fhir.base_url, str)
    assert_type(fhir.resource_server_url, str | None)


def own_calls(session: api.BitfountSession) -> None:
    """Raw requests."""
    assert_type(session.username, str)
    assert_type(session.authenticated, bool)
    session.authenticate()
    response = session.get("https://hub.bitfount.com/api/x", timeout=(3, 27))
    assert_type(response.ok, bool)
    assert_type(response.reason, str)
    of_httpx: httpx.Response = response
    of_httpx.raise_for_status()
    session.head("https://hub.bitfount.com/api/x")
    session.post("https://hub.bitfount.com/api/x", {"a": "1"})
    session.headers["x-ward"] = "7"
    session.headers = {"x-ward": "7"}
    assert_type(session.user_storage_path, Path)
    for send in (session.post, session.put, session.patch):
        send("https://hub.bitfount.com/api/x", json={"a": 1})
    session.delete("https://hub.bitfount.com/api/x")
    session.request("HEAD", "https://hub.bitfount.com/api/x", headers={"a": "b"})


def keys() -> tuple[RSAPrivateKey, RSAPublicKey]:
    """Keys, in every form."""
    private_key, public_key = api.generate_key_pair()
    assert_type(private_key, RSAPrivateKey)
    assert_type(public_key, RSAPublicKey)
    assert_type(api.serialize_public_key(public_key, "SSH"), str)
    api.save_private_key(private_key, "key.pem")
    text = api.serialize_private_key(private_key)
    assert_type(api.load_private_key(text), RSAPrivateKey)
    assert_type(api.load_public_key(Path("key.pub")), RSAPublicKey)
    assert_type(api.public_keys_equal(public_key, public_key), bool)
    signature = api.sign(private_key, b"task")
    assert_type(signature, bytes)
    assert_type(api.verify(public_key, b"task", signature), bool)
    assert_type(api.hash_contents(b"code"), str)
    assert_type(api.hash_file_contents(Path("Net.py")), str)
    return private_key, public_key


def schemas() -> api.PodPublicMetadata:
    """A schema, and what a pod shows of itself."""
    schema = api.BitfountSchema.load_from_file("schema.yaml")
    assert_type(api.BitfountSchema.loads("name: x"), api.BitfountSchema)
    assert_type(api.BitfountSchema.load({"features": []}), api.BitfountSchema)
    assert_type(schema.name, str | None)
    assert_type(schema.number_of_records, int | None)
    assert_type(schema.features["categorical"]["sex"].encoder.classes, dict[str, int])
    assert_type(schema.features["image"]["scan"].dtype, str | None)
    assert_type(schema.decode_categorical("sex", 1), str)
    assert_type(schema.get_feature_names("image"), list[str])
    assert_type(schema.to_json(), dict[str, Any])
    assert_type(schema.dumps(), str)
    schema.dump("copy.yaml")
    return api.PodPublicMetadata("scans", "Scans", "d", schema.to_json(), number_of_records=3)


def hub(hub: api.BitfountHub) -> None:
    """Methods of the Hub."""
    _, public_key = keys()
    files = api.FileProcessingMetadata(total_files_found=3, skip_reasons={"empty": 1})
    assert_type(files.total_files_found, int | None)
    metadata = schemas()
    metadata.file_processing_metadata = files
    hub.register_pod(metadata, public_key, public_key)
    metadata = api.PodPublicMetadata("s", "S", "d", {}, 3, {"totalFilesFound": 3})
    hub.register_pod(schemas(), public_key, public_key, file_processing_metadata=files)
    pod = hub.get_pod("alice/scans", project_id="p1")
    assert_type(pod, api.PodDetails | None)
    if pod is not None:
        assert_type(pod["podIdentifier"], str)
    assert_type(api.redact(pod), api.PodDetails | None)
    assert_type(Table(pod), Table)
    assert_type(api.redact("text", limit=80), str)
    assert_type(hub.retrieve_pod("alice/scans", "p1"), api.PodDetails)
    identifier = api.PodIdentifier("alice", "scans")
    assert_type(hub.get_pod(identifier), api.PodDetails | None)
    assert_type(hub.get_pod_key(identifier), str | None)
    assert_type(hub.get_pod_schema("alice/scans"), api.BitfountSchema)
    forced = {"image": ["scan"], SemanticType.TEXT: ("note",)}
    table: Any = None
    schema = api.BitfountSchema.from_dataframe(table, "d", number_of_records=3, force_stypes=forced)
    assert_type(schema, api.BitfountSchema)
    assert_type(api.get_pod_schema("scans", "scans.yaml", hub), api.BitfountSchema)
    hub.do_pod_heartbeat(("scans",), public_key)

    answer = hub.send_model("Net.py", private_model=True, model_description="small")
    assert_type(answer, api.ModelUpload)
    assert_type(answer["version"], int)
    hub.send_weights("Net", 1, "w.pt", progress=report)
    with notebook_progress() as drawn:
        hub.send_weights("Net", 1, "w.pt", progress=drawn)
    with open("w.pt", "rb") as weights, open("Net.py", "rb") as code:
        hub.send_weights("Net", 1, weights)
        hub.send_model(code)
    hub.send_weights("Net", 1, io.BytesIO(b"weights"))
    hub.send_weights("Net", 1, b"weights")
    hub.send_model(b"code")
    assert_type(hub.get_model("alice", "Net"), type[api.BitfountModel] | None)
    assert_type(hub.retrieve_model("alice", "Net", 1, project_id="p1"), api.ModelDetails)
    assert_type(hub.get_model_code("alice", "Net", 1, "p1"), str | None)
    assert_type(hub.get_weights("alice", "Net", 1), bytes | None)
    assert_type(hub.download_weights("alice", "Net", 1, "w.pt"), api.Download | None)
    assert_type(hub.download_model("alice", "Net", None, "Net.py"), api.Download | None)
    stream = hub.stream_weights("alice", "Net", 1, max_bytes=10**9)
    assert_type(stream, api.WeightsStream | None)
    if stream is not None:
        with stream as opened:
            for chunk in opened:
                assert_type(chunk, bytes)
        assert_type(opened.size, int)
        assert_type(opened.sha256, str)
    with open("w.pt", "wb") as file:
        assert_type(hub.download_weights("alice", "Net", 1, file), api.WrittenDownload | None)
        assert_type(hub.download_model("alice", "Net", 1, file), api.WrittenDownload | None)
    url = "https://storage.example/x?sig"
    found = api.BitfountHub.get_model_from_url(url, "0" * 64)
    assert_type(found, type[api.BitfountModel] | None)
    assert_type(api.BitfountHub.get_weights_from_url(url), bytes)

    assert_type(hub.register_user_public_key(public_key), str | int)
    key = hub.check_public_key_registered_and_active("7")
    assert_type(key, api.ActivePublicKey | None)

    project = hub.create_project("n")
    assert_type(project, str)
    assert_type(hub.get_projects(), api.ProjectsPage | None)
    assert_type(hub.iter_projects(), Iterator[api.Project])
    assert_type(hub.get_usage_limits(project), list[api.SimpleUsage])
    usage = hub.get_usage_limits(project, "alice/Net:1")
    assert_type(usage, api.ProjectModelLimits)
    assert_type(usage["usage"], list[api.GranteeUsage])

    compute(hub)

    progress: dict[str, api.ProgressUpdate] = {"batches": {"value": 5}}
    update: api.MonitorUpdate = {
        "taskId": "t",
        "senderId": "alice/scans",
        "timestamp": "2024-01-01T00:00:00Z",
        "privacy": "PRIVATE",
        "type": "TASK_CONFIG",
        "progress": progress,
    }
    hub.send_monitor_update(update)
    assert_type(hub.with_options(timeout=5, deadline=20), api.BitfountHub)
    responses: list[api.ResponseEvent] = []
    retries: list[api.RetryEvent] = []
    told = hub.with_options(
        extra_headers={"x-ward": "7"}, on_response=responses.append, on_retry=retries.append
    )
    assert_type(told, api.BitfountHub)
    assert_type(responses[0].request_id, str | None)
    assert_type(retries[0].seconds, float)


def compute(hub: api.BitfountHub) -> None:
    """What version 13.0 of the official SDK adds."""
    _, public_key = keys()
    assert_type(hub.do_pod_heartbeat(pod_names=["scans"], pod_public_key=public_key), None)
    health: list[api.DatasourceHealth] = [{"name": "scans", "status": "healthy"}]
    beat = hub.do_pod_heartbeat(
        instance_id="i-1",
        cluster_id=None,
        is_busy=False,
        is_ehr_configured=True,
        is_ehr_connected=True,
        private_ip_address="10.0.0.5",
        datasource_health=health,
    )
    assert_type(beat, api.Heartbeat | None)
    registered = hub.register_compute("i-1", "c-1", "10.0.0.5")
    assert_type(registered, api.ComputeRegistration | None)
    if registered is not None:
        requested = hub.request_compute_certificate(registered["computeId"], "-----BEGIN …")
        assert_type(requested, api.RequestedCertificate | None)
        certificate = hub.get_compute_certificate(registered["computeId"])
        assert_type(certificate, api.ComputeCertificate)
        assert_type(certificate["status"], str)
    assert_type(hub.create_compute_cluster("eye-clinic", ["scans"]), str)
    assert_type(hub.compute_cluster_exists("c-1"), bool)
    hub.link_datasets_to_compute_cluster("c-1", ("scans",))
    of_cluster = api.BitfountHub(hub.session, hub.url, "c-1")
    assert_type(of_cluster.cluster_id, str | None)
    assert_type(of_cluster.get_pod_dataset_list(), list[api.PodDataset])
    assert_type(hub.get_pod_dataset_configuration("alice/scans"), dict[str, Any] | None)
    found = hub.get_pod_datasets_configurations()
    assert_type(found, list[api.DatasetWithConfiguration])
    assert_type(hub.get_project_name("p1"), str | None)
    assert_type(hub.retrieve_project_name("p1"), str)
    published = hub.upload_public_jwk({"kty": "RSA"}, "https://ehr.example", "client-1")
    assert_type(published, api.JWKUpload)
    page = hub.get_projects()
    if page is not None:
        datasets = page["projects"][0].get("linked_datasets")
        assert_type(datasets, list[api.ProjectDataset] | None)


def report(done: int, total: int | None, what: str) -> None:
    """Show the progress of a transfer."""


def access(access_manager: api.BitfountAM) -> list[api.AccessLimit] | None:
    """Methods of the access manager."""
    assert_type(access_manager.get_access_manager_key(), RSAPublicKey)
    protocol: api.SerializedProtocol = {"class_name": "p", "algorithm": {"class_name": "a"}}
    result = access_manager.check_oidc_access_request("alice/scans", protocol, "bob", "token")
    plain = {"class_name": "p", "algorithm": {"class_name": "a"}}
    access_manager.check_oidc_access_request("alice/scans", plain, "bob", "token")
    assert_type(result, api.AccessCheckResult)
    assert_type(result["response_type"], api.PodResponseType)
    signed = access_manager.check_signature_based_access_request(
        b"task", b"signature", "alice/scans", protocol, "bob", project_id="p1", public_key_id="7"
    )
    return signed["limits"]


def clinical(fhir: api.SMARTOnFHIR) -> api.NextGenContext | None:
    """A clinical token."""
    token = fhir.get_access_token()
    assert_type(token, api.SMARTOnFHIRAccessToken)
    assert_type(token.token, str)
    assert_type(token.valid_until, float | None)
    return token.context


async def asynchronous() -> None:
    """The async twins."""
    async with api.BitfountSession() as session, api.AsyncBitfountHub(session) as hub:
        assert_type(await hub.get_pod("alice/scans"), api.PodDetails | None)
        assert_type(await hub.retrieve_pod("alice/scans"), api.PodDetails)
        assert_type(await hub.retrieve_model("alice", "Net"), api.ModelDetails)
        assert_type(await hub.get_weights("alice", "Net", 1), bytes | None)
        assert_type(hub.iter_projects(), AsyncIterator[api.Project])
        stream = await hub.stream_weights("alice", "Net", 1)
        assert_type(stream, api.AsyncWeightsStream | None)
        if stream is not None:
            async with stream:
                assert_type([chunk async for chunk in stream], list[bytes])
        async for project in hub.iter_projects():
            assert_type(project, api.Project)
        access_manager = api.AsyncBitfountAM(session)
        assert_type(await access_manager.get_access_manager_key(), RSAPublicKey)
        fhir = api.AsyncSMARTOnFHIR(session)
        assert_type(await fhir.get_access_token(), api.SMARTOnFHIRAccessToken)


class MyModel(api.BitfountModel):
    """A user's model."""


class MyHandler(api.AuthenticationHandler):
    """Credentials from somewhere else."""


VERSION: str = api.__version__
