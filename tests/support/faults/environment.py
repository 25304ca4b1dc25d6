"""The environment of the fault matrix: a sandbox with all kinds of objects, and files to send."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import ssl
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import attrs
from support.raw_server import Act, RawServer
from support.rsa_keys import key_pair
from support.sandbox_seeds import csr

from bitfount_api import (
    BitfountHub,
    BitfountSession,
    ExternallyManagedJWTHandler,
    PodPublicMetadata,
    config,
    hash_contents,
    sign,
)
from bitfount_api.sandbox import Sandbox
from bitfount_api.sandbox.objects import values
from bitfount_api.sandbox.objects.signing import Presigner
from bitfount_api.sandbox.services import uploads

SCHEMA = json.loads((Path(__file__).parents[2] / "data/pod-schema-v4.json").read_text())
CODE = "from bitfount_api import BitfountModel\n\n\nclass {}(BitfountModel):\n    number = {}\n"
WEIGHTS = bytes(range(256)) * 8
RESOURCE_SERVER = "https://fhir.clinic.example/r4"
PART_BYTES = 16 * 1024
TASK = b"the task"

SERVICES = ("hub", "access_manager", "smart_on_fhir", "storage")


@attrs.define(eq=False)
class FaultEnvironment:
    """A sandbox in which alice has everything that an operation can request.

    Args:
        sandbox: Sandbox with the services.
        folder: Folder for files.
        elsewhere: Host that must not receive any request.
    """

    sandbox: Sandbox
    folder: Path
    elsewhere: RawServer
    tls: ssl.SSLContext = attrs.field(factory=ssl.create_default_context)
    project: str = ""
    key_id: str = ""
    cluster: str = ""
    compute: str = ""
    renewals: int = 0
    numbers: Iterator[int] = attrs.field(factory=lambda: itertools.count(1))

    def seed(self) -> None:
        for name in ("alice", "bob"):
            with self.session(name) as session:
                self._seed(BitfountHub(session, self.sandbox.hub_url), name)
        self.sandbox.pair("alice", RESOURCE_SERVER, nextgen={"practiceId": "2"})
        self.sandbox.grant("alice/scans", "bob")

    def _seed(self, hub: BitfountHub, name: str) -> None:
        public = key_pair().public_key
        hub.register_pod(PodPublicMetadata("scans", "Scans", "", SCHEMA), public, public)
        if name == "bob":
            hub.register_user_public_key(public)
            self.sandbox.set_visibility("bob/scans", "private")
            self.sandbox.add_member(self.project, "bob", "DATA_CUSTODIAN")
            hub.add_dataset_to_project_for_user(self.project, "scans")
            return
        self.key_id = str(hub.register_user_public_key(public))
        for model in ("Net", "Sent"):
            hub.send_model(self.model_file(model))
        hub.send_weights("Net", 1, self.weights_file())
        self._seed_compute(hub)
        self.project = hub.create_project("Glaucoma")
        self.sandbox.add_model(self.project, "alice/Net:1", limit=1000)

    def session(self, username: str = "alice", **more: Any) -> BitfountSession:
        """Return a session with tokens that can be renewed; ``renewals`` counts the renewals."""

        def token() -> tuple[str, datetime]:
            return self.sandbox.token(username), datetime.now(UTC) + timedelta(hours=1)

        def renew() -> tuple[str, datetime]:
            self.renewals += 1
            return token()

        handler = ExternallyManagedJWTHandler(*token(), renew, username)
        return BitfountSession(handler, **{"verify": self.tls, **more})

    def _seed_compute(self, hub: BitfountHub) -> None:
        public = key_pair().public_key
        hub.register_pod(PodPublicMetadata("old", "Old", "", SCHEMA), public, public)
        self.sandbox.configure("alice/scans", {"datasource": "DICOMSource"})
        self.cluster = hub.create_compute_cluster("Eye clinic", ["scans"])
        self.compute, request = self.uncertified()
        hub.request_compute_certificate(self.compute, request)

    # --- What operations are given ---------------------------------------------------------------

    def number(self) -> int:
        return next(self.numbers)

    def model_file(self, name: str = "Sent") -> Path:
        """Create a file with a unique model."""
        path = self.folder / f"{name}.py"
        path.write_text(CODE.format(name, 0 if name == "Net" else self.number()))
        return path

    def weights_file(self, size: int = len(WEIGHTS)) -> Path:
        path = self.folder / f"weights-{size}.pt"
        if not path.exists():
            path.write_bytes((WEIGHTS * (size // len(WEIGHTS) + 1))[:size])
        return path

    def target(self) -> Path:
        """Return a file to download to, in a new folder."""
        folder = self.folder / f"target-{self.number()}"
        folder.mkdir()
        return folder / "file"

    def uncertified(self) -> tuple[str, str]:
        """Return a new compute instance, and a signing request for its certificate."""
        instance = self.sandbox.state.computes.see(
            "alice", f"i-{self.number()}", cluster=None, private_ip_address="10.0.0.5"
        )
        registered = instance.registration
        return registered["computeId"], csr(registered["domain"])

    def model_url(self) -> str:
        return self.sandbox.state.presigner.get("models/alice/Net/1")

    def weights_url(self) -> str:
        return self.sandbox.state.presigner.get("weights/alice/Net/1")

    def model_hash(self) -> str:
        return hash_contents(CODE.format("Net", 0))

    def signature(self) -> bytes:
        return sign(key_pair().private_key, TASK)

    # --- Where services are ----------------------------------------------------------------------

    def url(self, service: str) -> str:
        return str(getattr(self.sandbox, f"{service}_url"))

    def address(self, service: str) -> tuple[str, int]:
        parts = urlsplit(self.url(service))
        return str(parts.hostname), int(parts.port or 0)

    @contextlib.contextmanager
    def storage_at(self, url: str) -> Iterator[None]:
        """Point presigned URLs to another address within the block."""
        state = self.sandbox.state
        before = state.presigner
        state.presigner = Presigner(url, before._bucket, before._access_key, before._secret_key)
        try:
            yield
        finally:
            state.presigner = before


@contextlib.contextmanager
def fault_environment() -> Iterator[FaultEnvironment]:
    """Run an environment within the block; multipart uploads start at 32 KiB, not at 5 MiB."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ))
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            del os.environ[name]
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sandbox = stack.enter_context(Sandbox(users=("alice", "bob")))
        elsewhere = stack.enter_context(RawServer(plan=lambda *_: Act()))
        stack.enter_context(mock.patch.object(uploads, "CHUNK_BYTES", PART_BYTES))
        stack.enter_context(mock.patch.object(values, "MIN_PART_BYTES", PART_BYTES))
        stack.enter_context(mock.patch.object(config, "MULTIPART_THRESHOLD_BYTES", 2 * PART_BYTES))
        made = FaultEnvironment(sandbox, folder, elsewhere)
        made.seed()
        yield made
