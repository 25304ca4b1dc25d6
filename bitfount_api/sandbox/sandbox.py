"""A local Bitfount: all services on ports of this machine."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import attrs
import yaml

from bitfount_api.sandbox.faults import Fault, Faults, FaultyApp, RecordedRequest
from bitfount_api.sandbox.objects.app import create_app
from bitfount_api.sandbox.objects.errors import S3Error
from bitfount_api.sandbox.objects.signing import Presigner
from bitfount_api.sandbox.objects.store import ObjectStore
from bitfount_api.sandbox.servers import LOCALHOST, Servers, listen_everywhere
from bitfount_api.sandbox.services import access_manager, explorer, hub, smart_on_fhir
from bitfount_api.sandbox.services.http import service
from bitfount_api.sandbox.state.pods import POD_NAME
from bitfount_api.sandbox.state.state import State
from bitfount_api.sandbox.state.tokens import Lifetimes

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    from starlette.types import ASGIApp

    from bitfount_api.identifiers import PodIdentifier
    from bitfount_api.sandbox.state.users import User

BUCKET = "bitfount"
DEFAULT_USERS = ("alice", "bob", "carol")


@attrs.frozen
class Ports:
    """Ports of the services; 0 selects a free port.

    Args:
        hub: Port of the Hub and the authorization server.
        access_manager: Port of the access manager.
        smart_on_fhir: Port of SMART on FHIR.
        storage: Port of the object store.
    """

    hub: int = 0
    access_manager: int = 0
    smart_on_fhir: int = 0
    storage: int = 0


DEVELOPMENT_PORTS = Ports(3000, 3001, 3002, 3003)
"""The ports that clients use with ``BITFOUNT_ENVIRONMENT=dev``."""


class Sandbox:
    """A local Bitfount with real state, served while a ``with`` statement runs.

    Args:
        data: Folder for all data; by default a temporary folder, deleted when the sandbox stops.
        ports: Ports to listen on; free ports by default.
        host: Address to listen on, by default the loopback addresses of IPv4 and IPv6. Anyone who
            can reach it can use the sandbox's data.
        users: Users to create at the start; see :meth:`user`.
        lifetimes: Lifetimes of device codes, tokens and certificates.
        clock: Function that returns the POSIX time in seconds; tests can replace it.

    Raises:
        PortTakenError: If a port is in use.
        CatalogInUseError: If another sandbox uses ``data``.
        ValueError: If a user name is not valid, or ``data`` was made by another version.
    """

    def __init__(
        self,
        data: str | os.PathLike[str] | None = None,
        *,
        ports: Ports | None = None,
        host: str = LOCALHOST,
        users: Iterable[str] = DEFAULT_USERS,
        lifetimes: Lifetimes | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.faults: Faults = Faults()
        self.data: Path = Path(
            tempfile.mkdtemp(prefix="bitfount-sandbox-") if data is None else data
        )
        # The steps of stop(), in reverse order.
        self._cleanup = ExitStack()
        if data is None:
            self._cleanup.callback(shutil.rmtree, self.data, ignore_errors=True)
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            # The folder contains the users' API keys.
            self.data.chmod(0o700)
            self._open(ports or Ports(), host, clock, lifetimes or Lifetimes())
            for username in users:
                self.state.users.add(username)
        except BaseException:
            self._cleanup.close()
            raise

    def _open(
        self, ports: Ports, host: str, clock: Callable[[], float], lifetimes: Lifetimes
    ) -> None:
        listeners = {
            name: [
                self._cleanup.enter_context(listener)
                for listener in listen_everywhere(host, port, name)
            ]
            for name, port in attrs.asdict(ports).items()
        }
        url_host = f"[{host}]" if ":" in host else host
        urls = {
            name: f"http://{url_host}:{sockets[0].getsockname()[1]}"
            for name, sockets in listeners.items()
        }
        self.hub_url: str = urls["hub"]
        self.access_manager_url: str = urls["access_manager"]
        self.smart_on_fhir_url: str = urls["smart_on_fhir"]
        self.storage_url: str = urls["storage"]
        store = self._cleanup.enter_context(ObjectStore(self.data / "objects", clock=clock))
        access_key, secret_key = "bitfount-sandbox", "bitfount-sandbox-secret"
        presigner = Presigner(self.storage_url, BUCKET, access_key, secret_key, clock=clock)
        self.state: State = State(self.data / "state.sqlite", store, presigner, clock, lifetimes)
        self._cleanup.callback(self.state.close)
        state = self.state
        hub_app = service(state, "hub", [*explorer.routes(("hub", "oauth")), *hub.ROUTES])
        apps: dict[str, ASGIApp] = {
            "hub": hub_app,
            "access_manager": service(
                state, "am", [*explorer.routes(("access_manager",)), *access_manager.ROUTES]
            ),
            "smart_on_fhir": service(
                state, "fhir", [*explorer.routes(("smart_on_fhir",)), *smart_on_fhir.ROUTES]
            ),
            "storage": create_app(
                store, bucket=BUCKET, access_key=access_key, secret_key=secret_key, clock=clock
            ),
        }
        hub_app.state.host = host
        self._servers = Servers(
            [(FaultyApp(app, name, self.faults), listeners[name]) for name, app in apps.items()]
        )
        self._cleanup.callback(self._servers.stop)

    # --- Start and stop --------------------------------------------------------------------------

    def start(self) -> Self:
        """Start serving, and return when all services are ready."""
        self._servers.start()
        return self

    def stop(self) -> None:
        """Stop serving; a temporary data folder is deleted."""
        self._cleanup.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def clear(self) -> None:
        """Delete all data except the users and their API keys."""
        self.faults.clear()
        for upload in self.state.uploads.all():
            # An upload completed in the meantime is an object, which is deleted below.
            with suppress(S3Error):
                self.state.store.abort_upload(upload.key, upload.id)
        self.state.database.clear()
        self.state.tokens.forget_wrong_codes()
        for key in self.objects:
            self.state.store.delete(key)

    # --- Users -----------------------------------------------------------------------------------

    def user(self, username: str) -> User:
        """Return the user of that name, with an API key; create the user if missing."""
        return self.state.users.add(username)

    def environment(self, username: str | None = None) -> dict[str, str]:
        """Return the environment variables that point this library to this sandbox.

        ``BITFOUNT_ENVIRONMENT=dev`` is for the official SDK, which reads no URLs and finds the Hub
        and the access manager only on :data:`DEVELOPMENT_PORTS`.

        Args:
            username: User whose API keys to add; None to add none.
        """
        found = {
            "BITFOUNT_ENVIRONMENT": "dev",
            "BITFOUNT_HUB_URL": self.hub_url,
            "BITFOUNT_ACCESS_MANAGER_URL": self.access_manager_url,
            "BITFOUNT_AUTH_DOMAIN": self.hub_url,
            "SMART_ON_FHIR_URL": self.smart_on_fhir_url,
        }
        return found if username is None else {**found, **self.user(username).environment()}

    # --- Actions that the services' APIs do not offer --------------------------------------------

    def set_visibility(self, pod: str | PodIdentifier, visibility: str) -> None:
        """Make a pod (``owner/name``) ``"public"`` or ``"private"``."""
        if visibility not in ("public", "private"):
            raise ValueError(f"visibility must be 'public' or 'private', not {visibility!r}")
        owner, name = self._pod(pod)
        self.state.pods.set_visibility(owner, name, visibility)

    def configure(
        self, dataset: str | PodIdentifier, configuration: Mapping[str, Any] | None
    ) -> None:
        """Set the configuration of a dataset, as its owner does in the Hub's web interface.

        Args:
            dataset: Identifier, ``owner/name`` or a ``PodIdentifier``. The pod may be registered
                later.
            configuration: Configuration that ``get_pod_dataset_configuration`` returns, a value
                that JSON can represent; None to delete it.
        """
        owner, _, name = str(dataset).partition("/")
        if re.fullmatch(POD_NAME, name) is None:
            raise ValueError(f"dataset {str(dataset)!r} is not a valid identifier: use owner/name")
        username = self.user(owner).username
        copy = None if configuration is None else dict(configuration)
        try:
            self.state.datasets.configure(username, name, copy)
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"the configuration of {dataset} is not JSON: {error}") from None

    def configure_from(self, path: str | os.PathLike[str]) -> None:
        """Set the configurations in a YAML file, a mapping from identifiers to configurations.

        Raises:
            OSError: If the file cannot be read.
            ValueError: If it contains anything else; then none is set.
        """
        try:
            found = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
        valid = isinstance(found, dict) and all(
            isinstance(dataset, str) and isinstance(configuration, dict)
            for dataset, configuration in found.items()
        )
        if not valid:
            raise ValueError(f"{path} must map identifiers (owner/name) to configurations")
        with self.state.database.transaction():
            for dataset, configuration in found.items():
                self.configure(dataset, configuration)

    def grant(self, pod: str | PodIdentifier, username: str) -> None:
        """Allow a modeller to run tasks on a pod (``owner/name``) without a project."""
        owner, name = self._pod(pod)
        self.state.pods.grant(owner, name, self.user(username).username)

    def add_member(self, project_id: str, username: str, role: str = "MODELLER") -> None:
        """Make a user a member of a project, as OWNER, MODELLER, DATA_CUSTODIAN or OBSERVER."""
        self._check_project(project_id)
        self.state.projects.add_member(project_id, self.user(username).username, role)

    def add_model(self, project_id: str, model: str, limit: int | None = None) -> None:
        """Add a model (``owner/Name:version``) to a project, with a limit for each member."""
        self._check_project(project_id)
        owner, _, rest = model.partition("/")
        name, _, version = rest.partition(":")
        found = self.state.models.find(owner, name, int(version) if version.isdigit() else None)
        if found is None:
            raise ValueError(f"model {model} does not exist, or its code has not been uploaded")
        self.state.projects.add_model(project_id, found, limit)

    def pair(
        self,
        username: str,
        resource_server: str,
        *,
        remote_user: str | None = None,
        nextgen: dict[str, Any] | None = None,
    ) -> str:
        """Pair a user with a clinical system and return the pairing's id.

        Args:
            username: User to pair.
            resource_server: URL of the clinical system.
            remote_user: Name of the user in the clinical system.
            nextgen: NextGen context of the pairing's session.
        """
        return self.state.pairings.pair(
            self.user(username).username,
            resource_server,
            remote_user=remote_user,
            nextgen=nextgen,
        )

    def token(self, username: str) -> str:
        """Return an access token for a user, as issued by the authorization server."""
        return self.state.tokens.access_token(self.user(username).username)

    def approve(self, user_code: str, username: str) -> bool:
        """Approve a device code as that user; False if no such code is pending."""
        return self.state.tokens.decide(user_code, self.user(username).username)

    def deny(self, user_code: str) -> bool:
        """Deny a device code; False if no such code is pending."""
        return self.state.tokens.decide(user_code, None)

    def corrupt(self, key: str, offset: int | None = None) -> None:
        """Corrupt one byte of an object, as a bad disk does; see :attr:`objects`."""
        self.state.store.flip_byte(key, offset)

    @property
    def objects(self) -> list[str]:
        """Keys of all objects."""
        return list(self.state.store.keys())

    def fail(
        self,
        path: str,
        fault: Fault,
        *,
        times: int | None = 1,
        service: str = "*",
        method: str = "*",
    ) -> None:
        """Inject a fault into the next requests to a path; see :meth:`Faults.plan`."""
        self.faults.plan(service, method, path, fault, times)

    @property
    def requests(self) -> list[RecordedRequest]:
        """Requests that the services have received, oldest first."""
        return self.faults.seen()

    def _pod(self, identifier: str | PodIdentifier) -> tuple[str, str]:
        owner, _, name = str(identifier).partition("/")
        if self.state.pods.get(owner, name) is None:
            raise ValueError(f"pod {str(identifier)!r} does not exist")
        return owner, name

    def _check_project(self, project_id: str) -> None:
        if not self.state.projects.exists(project_id):
            raise ValueError(f"project {project_id!r} does not exist")
