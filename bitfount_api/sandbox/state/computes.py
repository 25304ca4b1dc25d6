"""Compute instances: their state, their registration, and their certificates."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

import attrs

from bitfount_api.sandbox.state.authority import check
from bitfount_api.sandbox.state.database import stamp

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from bitfount_api.sandbox.state.authority import Authority
    from bitfount_api.sandbox.state.database import Database
    from bitfount_api.sandbox.state.tokens import Lifetimes

_NAMESPACE = uuid.UUID("8e0c2c1e-52a5-4a53-8d3c-5f0f0d0f6f11")

RENEWAL = 2 / 3
"""The part of its lifetime after which a certificate can be renewed."""


class CertificateConflictError(Exception):
    """A certificate is in progress, or issued and not yet due for renewal."""


@attrs.frozen
class Instance:
    """A compute instance; the state is None before its first heartbeat."""

    owner: str
    id: str
    compute: str | None
    private_ip_address: str | None
    cluster: str | None
    busy: bool | None
    ehr_configured: bool | None
    ehr_connected: bool | None
    seen_at: float

    @property
    def registration(self) -> dict[str, str]:
        """The fields ``computeId`` and ``domain``; empty if the instance is not registered."""
        if self.compute is None:
            return {}
        return {"computeId": self.compute, "domain": domain_of(self.compute)}


class Computes:
    """The instances and their certificates.

    Args:
        database: Database that stores them.
        authority: Certificate authority.
        clock: Function that returns the POSIX time in seconds.
        lifetimes: Lifetimes of certificates.
    """

    def __init__(
        self,
        database: Database,
        authority: Authority,
        clock: Callable[[], float],
        lifetimes: Lifetimes,
    ) -> None:
        self._database = database
        self.authority = authority
        self._clock = clock
        self._lifetimes = lifetimes

    def all(self) -> list[Instance]:
        """Return every instance, ordered by owner and id."""
        rows = self._database.rows("SELECT * FROM instances ORDER BY owner, id")
        return [_instance(row) for row in rows]

    def get(self, owner: str, instance: str) -> Instance | None:
        """Return a user's instance, or None."""
        row = self._database.row(
            "SELECT * FROM instances WHERE owner = ? AND id = ?", owner, instance
        )
        return None if row is None else _instance(row)

    def see(
        self,
        owner: str,
        instance: str,
        *,
        cluster: str | None,
        private_ip_address: str | None,
        **state: bool,
    ) -> Instance:
        """Record a heartbeat or a registration; an address registers the instance as a compute.

        Args:
            owner: Owner of the instance.
            instance: Id that the owner chose for it.
            cluster: Id of the compute cluster; None keeps the earlier one.
            private_ip_address: Address of its machine; None keeps the earlier one.
            **state: ``busy``, ``ehr_configured`` and ``ehr_connected``, of a heartbeat.
        """
        # The same instance of a user has the same compute id, in every sandbox.
        compute = str(uuid.uuid5(_NAMESPACE, f"{owner}/{instance}"))
        columns: dict[str, Any] = {**state, "seen_at": self._clock()}
        if cluster is not None:
            columns["cluster"] = cluster
        if private_ip_address is not None:
            columns |= {"private_ip_address": private_ip_address, "compute": compute}
        with self._database.transaction():
            self._database.execute(
                "INSERT OR IGNORE INTO instances (owner, id, seen_at) VALUES (?, ?, ?)",
                *(owner, instance, self._clock()),
            )
            changes = ", ".join(f"{name} = ?" for name in columns)
            self._database.execute(
                f"UPDATE instances SET {changes} WHERE owner = ? AND id = ?",  # noqa: S608 - our names
                *(*columns.values(), owner, instance),
            )
            found = self.get(owner, instance)
        assert found is not None
        return found

    # --- Certificates ----------------------------------------------------------------------------

    def owner_of(self, compute: str) -> str | None:
        """Return the owner of a compute, or None."""
        owner: str | None = self._database.scalar(
            "SELECT owner FROM instances WHERE compute = ?", compute
        )
        return owner

    def request_certificate(self, compute: str, csr: str) -> dict[str, str]:
        """Sign a certificate signing request; return the response's fields.

        Raises:
            InvalidRequestError: If the request is not acceptable.
            CertificateConflictError: If a certificate is in progress or issued.
        """
        public_key = check(csr, domain_of(compute))
        now = self._clock()
        with self._database.transaction():
            row = self._certificate(compute)
            if row is not None:
                lifetime = row["expires_at"] - row["issued_at"]
                if now < row["issued_at"] + RENEWAL * lifetime:
                    raise CertificateConflictError
            issued_at = now + self._lifetimes.certificate_validation
            seconds = self._lifetimes.certificate_validation + self._lifetimes.certificate
            self._database.execute(
                "INSERT OR REPLACE INTO certificates VALUES (?, ?, ?, ?, ?)",
                compute,
                self.authority.sign(public_key, domain_of(compute), seconds),
                *(now, issued_at, now + seconds),
            )
        answer = self.certificate(compute)
        return {"domain": answer["domain"], "status": answer["status"]}

    def certificate(self, compute: str) -> dict[str, str]:
        """Return the state of a compute's certificate, and the certificate if it is issued."""
        domain, row, now = domain_of(compute), self._certificate(compute), self._clock()
        if row is None:
            return {"domain": domain, "status": "none"}
        if now < row["issued_at"]:
            return {"domain": domain, "status": "pending_validation"}
        expires = stamp(dt.datetime.fromtimestamp(row["expires_at"], dt.UTC))
        if now >= row["expires_at"]:
            return {"domain": domain, "status": "expired", "expires": expires}
        return {
            "domain": domain,
            "status": "issued",
            "certificatePem": row["certificate"],
            "caBundlePem": self.authority.bundle,
            "expires": expires,
        }

    def _certificate(self, compute: str) -> sqlite3.Row | None:
        return self._database.row("SELECT * FROM certificates WHERE compute = ?", compute)


def domain_of(compute: str) -> str:
    """Return the domain of a compute, which leads to this machine where it can be resolved."""
    return f"{compute}.compute.localhost"


def _instance(row: sqlite3.Row) -> Instance:
    return Instance(
        row["owner"],
        row["id"],
        row["compute"],
        row["private_ip_address"],
        row["cluster"],
        _flag(row["busy"]),
        _flag(row["ehr_configured"]),
        _flag(row["ehr_connected"]),
        row["seen_at"],
    )


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)
