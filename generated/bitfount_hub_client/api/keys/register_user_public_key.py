from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.register_key_request import RegisterKeyRequest
from ...models.registered_key import RegisteredKey
from ...models.service_error import ServiceError
from ...types import UNSET, Response


def build_request(
    user_name: str,
    *,
    body: RegisterKeyRequest,
    version: int,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    params: dict[str, Any] = {}

    params["version"] = version

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/{user_name}/keys".format(
            user_name=quote(str(user_name), safe=""),
        ),
        "params": params,
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> RegisteredKey | ServiceError | None:
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

    if response.status_code == 409:
        response_409 = ServiceError.from_dict(response.json())

        return response_409

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

    if 200 <= response.status_code <= 299:
        response_2xx = RegisteredKey.from_dict(response.json())

        return response_2xx

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[RegisteredKey | ServiceError]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    user_name: str,
    *,
    client: AuthenticatedClient | Client,
    body: RegisterKeyRequest,
    version: int,
) -> Response[RegisteredKey | ServiceError]:
    """Register a public key

     Registers a public key of the caller.

    Args:
        user_name (str): Lower-case letters and digits, separated by single `-` or `_`; at most 39
            characters.
        version (int):
        body (RegisterKeyRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[RegisteredKey | ServiceError]
    """

    kwargs = build_request(
        user_name=user_name,
        body=body,
        version=version,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    user_name: str,
    *,
    client: AuthenticatedClient | Client,
    body: RegisterKeyRequest,
    version: int,
) -> RegisteredKey | ServiceError | None:
    """Register a public key

     Registers a public key of the caller.

    Args:
        user_name (str): Lower-case letters and digits, separated by single `-` or `_`; at most 39
            characters.
        version (int):
        body (RegisterKeyRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        RegisteredKey | ServiceError
    """

    return sync_detailed(
        user_name=user_name,
        client=client,
        body=body,
        version=version,
    ).parsed


async def asyncio_detailed(
    user_name: str,
    *,
    client: AuthenticatedClient | Client,
    body: RegisterKeyRequest,
    version: int,
) -> Response[RegisteredKey | ServiceError]:
    """Register a public key

     Registers a public key of the caller.

    Args:
        user_name (str): Lower-case letters and digits, separated by single `-` or `_`; at most 39
            characters.
        version (int):
        body (RegisterKeyRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[RegisteredKey | ServiceError]
    """

    kwargs = build_request(
        user_name=user_name,
        body=body,
        version=version,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    user_name: str,
    *,
    client: AuthenticatedClient | Client,
    body: RegisterKeyRequest,
    version: int,
) -> RegisteredKey | ServiceError | None:
    """Register a public key

     Registers a public key of the caller.

    Args:
        user_name (str): Lower-case letters and digits, separated by single `-` or `_`; at most 39
            characters.
        version (int):
        body (RegisterKeyRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        RegisteredKey | ServiceError
    """

    return (
        await asyncio_detailed(
            user_name=user_name,
            client=client,
            body=body,
            version=version,
        )
    ).parsed
