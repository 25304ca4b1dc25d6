from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.heartbeat import Heartbeat
from ...models.heartbeat_request import HeartbeatRequest
from ...models.instance_heartbeat_request import InstanceHeartbeatRequest
from ...models.service_error import ServiceError
from ...types import Response


def build_request(
    *,
    body: HeartbeatRequest | InstanceHeartbeatRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/api/pods",
    }

    if isinstance(body, HeartbeatRequest):
        _kwargs["json"] = body.to_dict()
    else:
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Heartbeat | ServiceError | None:
    if response.status_code == 200:
        response_200 = Heartbeat.from_dict(response.json())

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

    if response.status_code == 422:
        response_422 = ServiceError.from_dict(response.json())

        return response_422

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
) -> Response[Heartbeat | ServiceError]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: HeartbeatRequest | InstanceHeartbeatRequest,
) -> Response[Heartbeat | ServiceError]:
    """Send a heartbeat

     Marks the caller's pods as online for a limited time: those that the request names, or, since
    13.0, those that the compute instance serves.

    Args:
        body (HeartbeatRequest | InstanceHeartbeatRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Heartbeat | ServiceError]
    """

    kwargs = build_request(
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: HeartbeatRequest | InstanceHeartbeatRequest,
) -> Heartbeat | ServiceError | None:
    """Send a heartbeat

     Marks the caller's pods as online for a limited time: those that the request names, or, since
    13.0, those that the compute instance serves.

    Args:
        body (HeartbeatRequest | InstanceHeartbeatRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Heartbeat | ServiceError
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: HeartbeatRequest | InstanceHeartbeatRequest,
) -> Response[Heartbeat | ServiceError]:
    """Send a heartbeat

     Marks the caller's pods as online for a limited time: those that the request names, or, since
    13.0, those that the compute instance serves.

    Args:
        body (HeartbeatRequest | InstanceHeartbeatRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Heartbeat | ServiceError]
    """

    kwargs = build_request(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: HeartbeatRequest | InstanceHeartbeatRequest,
) -> Heartbeat | ServiceError | None:
    """Send a heartbeat

     Marks the caller's pods as online for a limited time: those that the request names, or, since
    13.0, those that the compute instance serves.

    Args:
        body (HeartbeatRequest | InstanceHeartbeatRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Heartbeat | ServiceError
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
