"""The environment of the fault matrix: a sandbox with all kinds of objects, and files to send."""

from __future__ import annotations

import contextlib
import itertools
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
from support.faults.given import AFTER_SEEDING, SCHEMA, Given
from support.places import place
from support.raw_server import Act, RawServer
from support.rsa_keys import key_pair
from support.sandbox_seeds import csr

from bitfount_api import (
    APIKeysHandler,
    BitfountHub,
    BitfountSession,
    ExternallyManagedJWTHandler,
    PodPublicMetadata,
    config,
)
from bitfount_api.sandbox import Sandbox
from bitfount_api.sandbox.objects import values
from bitfount_api.sandbox.objects.signing import Presigner
from bitfount_api.sandbox.services import uploads

RESOURCE_SERVER = "https://fhir.clinic.example/r4"
NEXTGEN = {"enterpriseId": "1", "practiceId": "2", "locationId": "3", "providerId": "4"}
PART_BYTES = 16 * 1024
USERS = ("alice", "bob")
SERVICES = ("hub", "access_manager", "smart_on_fhir", "storage")


@attrs.define(eq=False, kw_only=True)
class Seeded(Given):
    """A sandbox in which alice has everything that an operation can request.

    Args:
        sandbox: Sandbox with the services.
    """

    sandbox: Sandbox

    def seed(self) -> None:
        """Create the objects. Recordings show their ids and numbers: add new ones at the end."""
        self.numbers = itertools.count(1)
        for name in USERS:
            with self.session(name) as session:
                self._seed(BitfountHub(session, self.sandbox.hub_url), name)
        self.sandbox.state.pairings.begin("alice")
        self.sandbox.pair("alice", RESOURCE_SERVER, remote_user="dr-alice", nextgen=NEXTGEN)
        self.sandbox.grant("alice/scans", "bob")
        self.numbers = itertools.count(AFTER_SEEDING)

    def _seed(self, hub: BitfountHub, name: str) -> None:
        public = key_pair().public_key
        hub.register_pod(PodPublicMetadata("scans", "Scans", "", SCHEMA), public, public)
        if name == "bob":
            hub.register_user_public_key(public)
            self.sandbox.set_visibility("bob/scans", "private")
            self.sandbox.add_member(self.project, "bob", "DATA_CUSTODIAN")
            hub.add_dataset_to_project_for_user(self.project, "scans")
            self.sandbox.add_member(self.project, "bob", "MODELLER")
            return
        self.key_id = str(hub.register_user_public_key(public))
        for model in ("Net", "Sent"):
            hub.send_model(self.model_file(model))
        hub.send_weights("Net", 1, self.weights_file())
        self._seed_compute(hub)
        self.project = hub.create_project("Glaucoma")
        self.sandbox.add_model(self.project, "alice/Net:1", limit=1000)
        hub.add_dataset_to_project_for_user(self.project, "scans")

    def _seed_compute(self, hub: BitfountHub) -> None:
        public = key_pair().public_key
        hub.register_pod(PodPublicMetadata("old", "Old", "", SCHEMA), public, public)
        self.sandbox.configure("alice/scans", {"datasource": "DICOMSource"})
        self.cluster = hub.create_compute_cluster("Eye clinic", ["scans"])
        self.compute, request = self.uncertified()
        hub.request_compute_certificate(self.compute, request)

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

    def token(self) -> str:
        return self.sandbox.token("bob")

    def session(self, username: str = "alice", **settings: Any) -> BitfountSession:
        """Return a session with a user's API keys."""
        return BitfountSession(self.handler(username), **settings)

    def handler(self, username: str = "alice") -> APIKeysHandler:
        """Return a user's API keys."""
        user = self.sandbox.user(username)
        return APIKeysHandler(user.api_key_id, user.api_key, username)

    @property
    def urls(self) -> dict[str, str]:
        """The URLs of the services."""
        return {service: self.url(service) for service in SERVICES}

    def url(self, service: str) -> str:
        return str(getattr(self.sandbox, f"{service}_url"))


@attrs.define(eq=False, kw_only=True)
class FaultEnvironment(Seeded):
    """A seeded sandbox whose services can be moved.

    Args:
        elsewhere: Host that must not receive any request.
    """

    elsewhere: RawServer
    tls: ssl.SSLContext = attrs.field(factory=ssl.create_default_context)
    renewals: int = 0

    def session(self, username: str = "alice", **settings: Any) -> BitfountSession:
        """Return a session with tokens that can be renewed; ``renewals`` counts the renewals."""

        def token() -> tuple[str, datetime]:
            return self.sandbox.token(username), datetime.now(UTC) + timedelta(hours=1)

        def renew() -> tuple[str, datetime]:
            self.renewals += 1
            return token()

        handler = ExternallyManagedJWTHandler(*token(), renew, username)
        return BitfountSession(handler, **{"verify": self.tls, **settings})

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
def small_parts() -> Iterator[None]:
    """Use multipart uploads for objects of 32 KiB and more, instead of 5 MiB."""
    with (
        mock.patch.object(uploads, "CHUNK_BYTES", PART_BYTES),
        mock.patch.object(values, "MIN_PART_BYTES", PART_BYTES),
        mock.patch.object(config, "MULTIPART_THRESHOLD_BYTES", 2 * PART_BYTES),
    ):
        yield


@contextlib.contextmanager
def fault_environment() -> Iterator[FaultEnvironment]:
    """Run an environment within the block, with small parts."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ))
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            del os.environ[name]
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sandbox = stack.enter_context(Sandbox(users=USERS))
        elsewhere = stack.enter_context(RawServer(plan=lambda *_: Act()))
        stack.enter_context(small_parts())
        made = FaultEnvironment(sandbox=sandbox, folder=folder, elsewhere=elsewhere)
        made.seed()
        yield made


SEED_PLACE = place("tests/support/faults/environment.py", "def seed(self)")
"""Where the sandbox gets what operations request, for the messages of tests."""
