"""The state that all services share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_api.sandbox.state.authority import Authority
from bitfount_api.sandbox.state.clusters import Clusters
from bitfount_api.sandbox.state.computes import Computes
from bitfount_api.sandbox.state.database import Database
from bitfount_api.sandbox.state.datasets import Datasets
from bitfount_api.sandbox.state.jwks import JwkSets
from bitfount_api.sandbox.state.models import Models, Uploads
from bitfount_api.sandbox.state.monitor import Monitor
from bitfount_api.sandbox.state.pairings import Pairings
from bitfount_api.sandbox.state.pods import Pods
from bitfount_api.sandbox.state.projects import Projects
from bitfount_api.sandbox.state.public_keys import PublicKeys
from bitfount_api.sandbox.state.tokens import Lifetimes, Tokens
from bitfount_api.sandbox.state.users import Users

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bitfount_api.sandbox.objects.signing import Presigner
    from bitfount_api.sandbox.objects.store import ObjectStore


class State:
    """The state of one sandbox.

    Args:
        path: Path of the SQLite file. The certificate authority is in the same folder.
        store: Object store.
        presigner: Presigner for the object store's URLs.
        clock: Function that returns the POSIX time in seconds.
        lifetimes: Lifetimes of codes, tokens and certificates.
    """

    def __init__(
        self,
        path: Path,
        store: ObjectStore,
        presigner: Presigner,
        clock: Callable[[], float],
        lifetimes: Lifetimes,
    ) -> None:
        authority = Authority(path.with_name("compute-ca.pem"), clock)
        self.database: Database = Database(path, clock)
        self.store = store
        self.presigner = presigner
        self.users: Users = Users(self.database)
        self.tokens: Tokens = Tokens(self.database, clock, lifetimes)
        self.pods: Pods = Pods(self.database, clock)
        self.datasets: Datasets = Datasets(self.database)
        self.clusters: Clusters = Clusters(self.database)
        self.computes: Computes = Computes(self.database, authority, clock, lifetimes)
        self.jwk_sets: JwkSets = JwkSets(self.database)
        self.models: Models = Models(self.database, lambda key: store.head(key) is not None)
        self.uploads: Uploads = Uploads(self.database)
        self.projects: Projects = Projects(self.database)
        self.public_keys: PublicKeys = PublicKeys(self.database)
        self.pairings: Pairings = Pairings(self.database)
        self.monitor: Monitor = Monitor(self.database)

    def link(self, key: str) -> str | None:
        """Return a presigned URL for an object; None if no object has that key."""
        return None if self.store.head(key) is None else self.presigner.get(key)

    def close(self) -> None:
        """Close the database."""
        self.database.close()
