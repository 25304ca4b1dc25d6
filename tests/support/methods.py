"""The public methods of the clients, enumerated from the code."""

from __future__ import annotations

import inspect
from typing import Any

import bitfount_api
from bitfount_api._client import AsyncClient, Client, SyncClient

CLIENTS = ("BitfountHub", "BitfountAM", "SMARTOnFHIR")


def methods_of(kind: str) -> dict[str, Any]:
    """Return a client's public methods by name, without those of its bases."""
    own = {name for base in (Client, SyncClient, AsyncClient) for name in vars(base)}
    return {
        name: method
        for name, method in inspect.getmembers(getattr(bitfount_api, kind), inspect.isroutine)
        if not name.startswith("_") and name not in own
    }


def operations_of(kind: str) -> set[str]:
    """Return the names of a client's operations: its methods, without ``from_env``."""
    return methods_of(kind).keys() - {"from_env"}
