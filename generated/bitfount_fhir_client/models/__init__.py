"""Contains all the data models used in inputs/outputs"""

from .next_gen_context_type_0 import NextGenContextType0
from .pairing import Pairing
from .pairing_session import PairingSession
from .pairing_session_context_type_0 import PairingSessionContextType0
from .pairings_page import PairingsPage
from .service_error import ServiceError

__all__ = (
    "NextGenContextType0",
    "Pairing",
    "PairingSession",
    "PairingSessionContextType0",
    "PairingsPage",
    "ServiceError",
)
