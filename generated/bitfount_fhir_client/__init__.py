"""A client library for accessing Bitfount SMART on FHIR"""

from .client import AuthenticatedClient, Client

__all__ = (
    "AuthenticatedClient",
    "Client",
)
