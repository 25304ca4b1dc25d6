"""The SQLite file that stores all state except the objects."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LAYOUT_VERSION = 2

_LAYOUT = """
CREATE TABLE users (
    username TEXT PRIMARY KEY,
    key_id_hub TEXT NOT NULL UNIQUE, key_hub TEXT NOT NULL,
    key_id_am TEXT NOT NULL, key_am TEXT NOT NULL
);
CREATE TABLE pods (
    owner TEXT NOT NULL REFERENCES users, name TEXT NOT NULL,
    display_name TEXT NOT NULL, description TEXT NOT NULL,
    public_key TEXT NOT NULL, access_manager_key TEXT NOT NULL,
    number_of_records INTEGER, schema_size INTEGER NOT NULL, files TEXT,
    visibility TEXT NOT NULL DEFAULT 'public', seen_at REAL,
    registered_at TEXT NOT NULL, health TEXT, archived INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (owner, name)
);
CREATE TABLE configurations (
    owner TEXT NOT NULL REFERENCES users, name TEXT NOT NULL,
    configuration TEXT NOT NULL, updated_at TEXT NOT NULL,
    PRIMARY KEY (owner, name)
);
CREATE VIEW datasets AS
    SELECT p.owner, p.name, coalesce(c.updated_at, p.registered_at) AS updated_at, c.configuration
    FROM pods p LEFT JOIN configurations c ON c.owner = p.owner AND c.name = p.name
    WHERE NOT p.archived
    UNION ALL
    SELECT c.owner, c.name, c.updated_at, c.configuration FROM configurations c
    WHERE NOT EXISTS (SELECT 1 FROM pods p WHERE p.owner = c.owner AND p.name = c.name);
CREATE TABLE clusters (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL REFERENCES users, name TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE TABLE cluster_datasets (
    cluster TEXT NOT NULL REFERENCES clusters, name TEXT NOT NULL,
    PRIMARY KEY (cluster, name)
);
CREATE TABLE instances (
    owner TEXT NOT NULL REFERENCES users, id TEXT NOT NULL,
    compute TEXT UNIQUE, private_ip_address TEXT, cluster TEXT REFERENCES clusters,
    busy INTEGER, ehr_configured INTEGER, ehr_connected INTEGER, seen_at REAL NOT NULL,
    PRIMARY KEY (owner, id)
);
CREATE TABLE certificates (
    compute TEXT PRIMARY KEY REFERENCES instances (compute), certificate TEXT NOT NULL,
    requested_at REAL NOT NULL, issued_at REAL NOT NULL, expires_at REAL NOT NULL
);
CREATE TABLE jwk_sets (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL REFERENCES users,
    issuer TEXT NOT NULL, client_id TEXT NOT NULL,
    UNIQUE (owner, issuer, client_id)
);
CREATE TABLE jwks (
    jwk_set TEXT NOT NULL REFERENCES jwk_sets, key_id TEXT NOT NULL, jwk TEXT NOT NULL,
    PRIMARY KEY (jwk_set, key_id)
);
CREATE TABLE models (
    owner TEXT NOT NULL REFERENCES users, name TEXT NOT NULL, version INTEGER NOT NULL,
    hash TEXT NOT NULL, size INTEGER NOT NULL, private INTEGER NOT NULL, description TEXT,
    weights_size INTEGER,
    PRIMARY KEY (owner, name, version)
);
CREATE TABLE uploads (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL REFERENCES users,
    kind TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL
);
CREATE TABLE public_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL REFERENCES users,
    key TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE projects (
    id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, name TEXT NOT NULL, metadata TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'PUBLISHED', demo INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE TABLE members (
    project TEXT NOT NULL REFERENCES projects, username TEXT NOT NULL REFERENCES users,
    role TEXT NOT NULL,
    PRIMARY KEY (project, username)
);
CREATE TABLE project_pods (
    project TEXT NOT NULL REFERENCES projects, owner TEXT NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (project, owner, name),
    FOREIGN KEY (owner, name) REFERENCES pods
);
CREATE TABLE project_models (
    project TEXT NOT NULL REFERENCES projects,
    owner TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, default_limit INTEGER,
    PRIMARY KEY (project, owner, name, version),
    FOREIGN KEY (owner, name, version) REFERENCES models
);
CREATE TABLE usages (
    project TEXT NOT NULL, owner TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
    username TEXT NOT NULL REFERENCES users, used INTEGER NOT NULL DEFAULT 0, own_limit INTEGER,
    PRIMARY KEY (project, owner, name, version, username),
    FOREIGN KEY (project, owner, name, version) REFERENCES project_models
);
CREATE TABLE grants (
    owner TEXT NOT NULL, name TEXT NOT NULL, username TEXT NOT NULL REFERENCES users,
    PRIMARY KEY (owner, name, username),
    FOREIGN KEY (owner, name) REFERENCES pods
);
CREATE TABLE monitor_updates (
    id INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT NOT NULL REFERENCES users,
    received_at TEXT NOT NULL, content TEXT NOT NULL
);
CREATE TABLE pairings (
    id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, owner TEXT NOT NULL REFERENCES users,
    state TEXT NOT NULL, code TEXT, resource_server TEXT, remote_user TEXT,
    token TEXT, context TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, expires_at TEXT NOT NULL
);
CREATE TABLE device_codes (
    device_code TEXT PRIMARY KEY, user_code TEXT NOT NULL UNIQUE, client_id TEXT NOT NULL,
    scope TEXT NOT NULL, audience TEXT NOT NULL, expires_at REAL NOT NULL,
    interval REAL NOT NULL, polled_at REAL, state TEXT NOT NULL DEFAULT 'pending', username TEXT
);
CREATE TABLE refresh_tokens (
    hash TEXT PRIMARY KEY, family TEXT NOT NULL, username TEXT NOT NULL REFERENCES users,
    client_id TEXT NOT NULL, scope TEXT NOT NULL, audience TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'live'
);
CREATE TABLE secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Database:
    """One SQLite file, used by one event loop and by any number of other threads.

    Args:
        path: Path of the file; created if missing.
        clock: Function that returns the POSIX time in seconds.

    Raises:
        ValueError: If the file was made by another version of the sandbox, or is not a database.
    """

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        try:
            self._prepare(path)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise ValueError(f"{path} cannot be used: {error}") from error
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, path: Path) -> None:
        # With WAL and synchronous=NORMAL, committed data survives if the process is killed, which
        # is sufficient for a local service.
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            with self.transaction():
                for statement in _LAYOUT.split(";"):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {LAYOUT_VERSION}")
        elif version != LAYOUT_VERSION:
            raise ValueError(f"{path} was made by another version of the sandbox: use a new folder")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all changes of the block, or none of them. Nested blocks join the outer one."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def execute(self, statement: str, *values: Any) -> int:
        """Execute a statement and return the number of changed rows."""
        with self._lock:
            return self._connection.execute(statement, values).rowcount

    def insert(self, statement: str, *values: Any) -> int:
        """Insert a row and return its row id."""
        with self._lock:
            number = self._connection.execute(statement, values).lastrowid
            assert number is not None
            return number

    def row(self, statement: str, *values: Any) -> sqlite3.Row | None:
        """Return the first row, or None."""
        with self._lock:
            row: sqlite3.Row | None = self._connection.execute(statement, values).fetchone()
            return row

    def rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """Return all rows."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def scalar(self, statement: str, *values: Any) -> Any:
        """Return the first value of the first row; None if there is no row."""
        row = self.row(statement, *values)
        return None if row is None else row[0]

    def clear(self) -> None:
        """Delete all data except the users and the secrets."""
        kept = {"users", "secrets", "sqlite_sequence"}
        with self._lock:
            self._connection.execute("PRAGMA foreign_keys = OFF")
            with self.transaction():
                for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
                    if name not in kept:
                        self._connection.execute(f'DELETE FROM "{name}"')  # noqa: S608 - our names
            self._connection.execute("PRAGMA foreign_keys = ON")

    def now(self, later: dt.timedelta = dt.timedelta()) -> str:
        """Return the time of the clock, or a later time, in the services' format."""
        return stamp(dt.datetime.fromtimestamp(self._clock(), dt.UTC) + later)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def stamp(time: dt.datetime) -> str:
    """Return a time in the services' format: ISO 8601, UTC, milliseconds."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
