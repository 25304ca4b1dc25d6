"""What the client knows of an operation of a service, beside its request."""

from __future__ import annotations

import enum

import attrs


class Retry(enum.Enum):
    """When a failed request may be retried."""

    IDEMPOTENT = "always"
    """The request is idempotent: it reads, or sets the same value again."""
    IF_UNSENT = "unsent"
    """The request creates or counts something: retry only if the service cannot have seen it."""


@attrs.frozen
class Operation:
    """One operation of a service: how to send it and which answers mean success.

    Args:
        name: The operationId in the specs, used in errors and logs.
        retry: When a failed request may be retried.
        timeout: Seconds to wait for the service; None for the session's timeout.
        success: The statuses that mean success; any other 2xx is an error.
        public: Whether the request is sent without credentials.
        transfers_file: Whether the request is part of the transfer of a file. Its duration grows
            with the file's size, so the default deadline does not apply.
    """

    name: str
    retry: Retry = Retry.IDEMPOTENT
    timeout: float | None = None
    success: frozenset[int] = frozenset({200, 201, 202, 203, 204})
    public: bool = False
    transfers_file: bool = False
