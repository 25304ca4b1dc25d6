from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.compute_certificate import ComputeCertificate
from ...models.service_error import ServiceError
from ...types import Response


def build_request(
    compute_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/compute/{compute_id}/certificate".format(
            compute_id=quote(str(compute_id), safe=""),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ComputeCertificate | ServiceError | None:
    if response.status_code == 200:
        response_200 = ComputeCertificate.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = ServiceError.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = ServiceError.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = ServiceError.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = ServiceError.from_dict(response.json())

        return response_404

    if response.status_code == 429:
        response_429 = ServiceError.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = ServiceError.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = ServiceError.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ComputeCertificate | ServiceError]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    compute_id: str,
    *,
    client: AuthenticatedClient | Client,
) -> Response[ComputeCertificate | ServiceError]:
    """Get the certificate of a compute instance

     Returns the state of the requested certificate and, once it is issued, the certificate.

    Args:
        compute_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ComputeCertificate | ServiceError]
    """

    kwargs = build_request(
        compute_id=compute_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    compute_id: str,
    *,
    client: AuthenticatedClient | Client,
) -> ComputeCertificate | ServiceError | None:
    """Get the certificate of a compute instance

     Returns the state of the requested certificate and, once it is issued, the certificate.

    Args:
        compute_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ComputeCertificate | ServiceError
    """

    return sync_detailed(
        compute_id=compute_id,
        client=client,
    ).parsed


async def asyncio_detailed(
    compute_id: str,
    *,
    client: AuthenticatedClient | Client,
) -> Response[ComputeCertificate | ServiceError]:
    """Get the certificate of a compute instance

     Returns the state of the requested certificate and, once it is issued, the certificate.

    Args:
        compute_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ComputeCertificate | ServiceError]
    """

    kwargs = build_request(
        compute_id=compute_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    compute_id: str,
    *,
    client: AuthenticatedClient | Client,
) -> ComputeCertificate | ServiceError | None:
    """Get the certificate of a compute instance

     Returns the state of the requested certificate and, once it is issued, the certificate.

    Args:
        compute_id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ComputeCertificate | ServiceError
    """

    return (
        await asyncio_detailed(
            compute_id=compute_id,
            client=client,
        )
    ).parsed
