"""Compute instances and their certificates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bitfount_api import types
from bitfount_api._core.responses import decode_json, decode_usable_json
from bitfount_api._generated import operations
from bitfount_api._generated.hub.api.compute import (
    get_compute_certificate as _get_compute_certificate,
)
from bitfount_api._generated.hub.api.compute import register_compute as _register_compute
from bitfount_api._generated.hub.api.compute import (
    request_compute_certificate as _request_compute_certificate,
)
from bitfount_api._generated.hub.models import CertificateRequest, RegisterComputeRequest
from bitfount_api._generated.hub.types import UNSET
from bitfount_api._internal.logs import get_logger
from bitfount_api._internal.validation import non_empty_text
from bitfount_api.identifiers import path_part

if TYPE_CHECKING:
    from bitfount_api._core.effects import Flow
    from bitfount_api._core.service_client import ServiceClient

_logger = get_logger(__name__)

_LABEL: Final = r"(?:NEW )?CERTIFICATE REQUEST-----"
_SIGNING_REQUEST: Final = re.compile(
    rf"\ufeff?\s*-----BEGIN {_LABEL}\s[A-Za-z0-9+/=\s]*-----END {_LABEL}\s*"
)


def register(
    hub: ServiceClient, instance_id: str, cluster_id: str | None, private_ip_address: str
) -> Flow[types.ComputeRegistration | None]:
    """Register a compute instance, or update it.

    Raises:
        HTTPError: The Hub refused the request.
    """
    request = _register_compute.build_request(
        path_part(instance_id, "instance id"),
        body=RegisterComputeRequest(
            private_ip_address=non_empty_text(private_ip_address, "private_ip_address"),
            cluster_id=UNSET if cluster_id is None else path_part(cluster_id, "cluster id"),
        ),
    )
    operation = operations.REGISTER_COMPUTE
    response = yield from hub.send(operation, request)
    return decode_usable_json(response, types.ComputeRegistration, operation, hub.service)


def request_certificate(
    hub: ServiceClient, compute_id: str, csr_pem: str
) -> Flow[types.RequestedCertificate | None]:
    """Request a certificate; return None if one is being issued, or has been issued.

    Raises:
        ValueError: ``csr_pem`` is not one certificate signing request in PEM format, or contains
            something else, such as a private key. Nothing was sent.
        HTTPError: The Hub refused the request.
    """
    request = _request_compute_certificate.build_request(
        path_part(compute_id, "compute id"),
        body=CertificateRequest(csr_pem=_signing_request(csr_pem)),
    )
    operation = operations.REQUEST_COMPUTE_CERTIFICATE
    response = yield from hub.send(operation, request)
    if response.status_code == 409:
        _logger.info("A certificate of %s is being issued, or has been issued", compute_id)
        return None
    return decode_json(response, types.RequestedCertificate, operation, hub.service)


def _signing_request(pem: str) -> str:
    # The text is not shown in errors: it may hold a private key, in any of many formats. So nothing
    # may surround the request.
    if isinstance(pem, str) and _SIGNING_REQUEST.fullmatch(pem):
        return pem
    if isinstance(pem, str) and "CERTIFICATE REQUEST-----" in pem and "PRIVATE KEY" in pem.upper():
        raise ValueError("csr_pem contains a private key: pass the signing request only")
    raise ValueError(
        "csr_pem must be one certificate signing request in PEM format, from the line BEGIN "
        "CERTIFICATE REQUEST to its END, and nothing else"
    )


def get_certificate(hub: ServiceClient, compute_id: str) -> Flow[types.ComputeCertificate]:
    """Get the state of a requested certificate, with the certificate once it is issued.

    Raises:
        HTTPError: The Hub refused the request.
    """
    request = _get_compute_certificate.build_request(path_part(compute_id, "compute id"))
    operation = operations.GET_COMPUTE_CERTIFICATE
    return (yield from hub.get_json(operation, request, types.ComputeCertificate))
