"""The data models, each loaded when it is first used."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .next_gen_context_type_0 import NextGenContextType0 as NextGenContextType0
    from .pairing import Pairing as Pairing
    from .pairing_session import PairingSession as PairingSession
    from .pairing_session_context_type_0 import (
        PairingSessionContextType0 as PairingSessionContextType0,
    )
    from .pairings_page import PairingsPage as PairingsPage
    from .service_error import ServiceError as ServiceError

_MODULES = {
    "NextGenContextType0": "next_gen_context_type_0",
    "Pairing": "pairing",
    "PairingSession": "pairing_session",
    "PairingSessionContextType0": "pairing_session_context_type_0",
    "PairingsPage": "pairings_page",
    "ServiceError": "service_error",
}

__all__ = [
    "NextGenContextType0",
    "Pairing",
    "PairingSession",
    "PairingSessionContextType0",
    "PairingsPage",
    "ServiceError",
]

# Type checkers must not see this function: to them, every name would exist.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
