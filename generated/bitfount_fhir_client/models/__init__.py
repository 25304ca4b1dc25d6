"""Contains all the data models used in inputs/outputs"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .next_gen_context_type_0 import NextGenContextType0
    from .pairing import Pairing
    from .pairing_session import PairingSession
    from .pairing_session_context_type_0 import PairingSessionContextType0
    from .pairings_page import PairingsPage
    from .service_error import ServiceError

_ORIGINS = {
    "NextGenContextType0": ".next_gen_context_type_0",
    "Pairing": ".pairing",
    "PairingSession": ".pairing_session",
    "PairingSessionContextType0": ".pairing_session_context_type_0",
    "PairingsPage": ".pairings_page",
    "ServiceError": ".service_error",
}


def __getattr__(name: str) -> Any:
    if name not in _ORIGINS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_ORIGINS[name], __name__), name)
    return value


__all__ = (
    "NextGenContextType0",
    "Pairing",
    "PairingSession",
    "PairingSessionContextType0",
    "PairingsPage",
    "ServiceError",
)
