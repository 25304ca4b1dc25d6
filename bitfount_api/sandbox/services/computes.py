"""Compute instances: register them, and issue their certificates."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import msgspec
from starlette.routing import Route

from bitfount_api.sandbox.services.http import NotEmpty, Refusal, answer, body, caller, state_of
from bitfount_api.sandbox.state.authority import InvalidRequestError
from bitfount_api.sandbox.state.computes import CertificateConflictError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bitfount_api.sandbox.state.state import State


class RegisterCompute(msgspec.Struct, rename="camel"):
    """``PUT /api/compute/instances/{instanceId}``."""

    private_ip_address: NotEmpty
    cluster_id: NotEmpty | None = None


class RequestCertificate(msgspec.Struct, rename="camel"):
    """``POST /api/compute/{computeId}/certificate``."""

    csr_pem: str


async def register(request: Request) -> Response:
    """Register one of the caller's instances as a compute, or refresh its address."""
    state, user = state_of(request), caller(request)
    data: RegisterCompute = await body(request, RegisterCompute)
    check_address(data.private_ip_address)
    check_cluster(state, user, data.cluster_id)
    instance = state.computes.see(
        user,
        request.path_params["instance"],
        cluster=data.cluster_id,
        private_ip_address=data.private_ip_address,
    )
    return answer(instance.registration)


async def request_certificate(request: Request) -> Response:
    """Sign a certificate signing request for one of the caller's computes."""
    state, compute = state_of(request), _compute(request)
    data: RequestCertificate = await body(request, RequestCertificate)
    try:
        return answer(state.computes.request_certificate(compute, data.csr_pem))
    except InvalidRequestError as error:
        raise Refusal(400, f"csrPem cannot be signed: {error}") from None
    except CertificateConflictError:
        raise Refusal(409, "A certificate is in progress, or issued and not yet due") from None


async def certificate(request: Request) -> Response:
    """Show the state of the certificate of one of the caller's computes."""
    return answer(state_of(request).computes.certificate(_compute(request)))


def check_address(address: str | None) -> None:
    """Check an IP address, if it is given.

    Raises:
        Refusal: With 422, if it is not valid.
    """
    try:
        ipaddress.ip_address(address or "::")
    except ValueError:
        raise Refusal(422, "privateIpAddress must be an IP address") from None


def check_cluster(state: State, user: str, cluster: str | None) -> None:
    """Check the id of a cluster, if it is given.

    Raises:
        Refusal: With 404, if the user has no such cluster.
    """
    if cluster is not None and not state.clusters.owned(user, cluster):
        raise Refusal(404, "There is no such compute cluster")


def _compute(request: Request) -> str:
    """Return the compute of a path, if it is the caller's; others must not learn of it."""
    compute: str = request.path_params["compute"]
    if state_of(request).computes.owner_of(compute) != caller(request):
        raise Refusal(404, "There is no such compute")
    return compute


ROUTES = [
    Route("/api/compute/instances/{instance}", register, methods=["PUT"]),
    Route("/api/compute/{compute}/certificate", request_certificate, methods=["POST"]),
    Route("/api/compute/{compute}/certificate", certificate, methods=["GET"]),
]
