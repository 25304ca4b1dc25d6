from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.jwk_upload import JWKUpload
from ...models.service_error import ServiceError
from ...models.upload_jwk_request import UploadJWKRequest
from ...types import Response


def build_request(
    user_name: str,
    *,
    body: UploadJWKRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/api/ehr/jwks/{user_name}".format(
            user_name=quote(str(user_name), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> JWKUpload | ServiceError | None:
    if response.status_code == 200:
        response_200 = JWKUpload.from_dict(response.json())

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
) -> Response[JWKUpload | ServiceError]:
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
    body: UploadJWKRequest,
) -> Response[JWKUpload | ServiceError]:
    """Publish a public key for EHR systems

     Publishes a public key of the caller as a JSON Web Key, for an issuer and a client id, and returns
    the URL of the key set, from which the electronic health record (EHR) system reads it.

    Args:
        user_name (str): Lower-case letters and digits, separated by single `-` or `_`; at most 39
            characters.
        body (UploadJWKRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[JWKUpload | ServiceError]
    """

    kwargs = build_request(
        user_name=user_name,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    user_name: str,
    *,
    client: AuthenticatedClient | Client,
    body: UploadJWKRequest,
) -> JWKUpload | ServiceError | None:
    """Publish a public key for EHR systems

     Publishes a public key of the caller as a JSON Web Key, for an issuer and a client id, and returns
    the URL of the key set, from which the electronic health record (EHR) system reads it.

    Args:
        user_name (str): Lower-case letters and digits, separated by single `-` or `_`; at most 39
            characters.
        body (UploadJWKRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        JWKUpload | ServiceError
    """

    return sync_detailed(
        user_name=user_name,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    user_name: str,
    *,
    client: AuthenticatedClient | Client,
    body: UploadJWKRequest,
) -> Response[JWKUpload | ServiceError]:
    """Publish a public key for EHR systems

     Publishes a public key of the caller as a JSON Web Key, for an issuer and a client id, and returns
    the URL of the key set, from which the electronic health record (EHR) system reads it.

    Args:
        user_name (str): Lower-case letters and digits, separated by single `-` or `_`; at most 39
            characters.
        body (UploadJWKRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[JWKUpload | ServiceError]
    """

    kwargs = build_request(
        user_name=user_name,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    user_name: str,
    *,
    client: AuthenticatedClient | Client,
    body: UploadJWKRequest,
) -> JWKUpload | ServiceError | None:
    """Publish a public key for EHR systems

     Publishes a public key of the caller as a JSON Web Key, for an issuer and a client id, and returns
    the URL of the key set, from which the electronic health record (EHR) system reads it.

    Args:
        user_name (str): Lower-case letters and digits, separated by single `-` or `_`; at most 39
            characters.
        body (UploadJWKRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        JWKUpload | ServiceError
    """

    return (
        await asyncio_detailed(
            user_name=user_name,
            client=client,
            body=body,
        )
    ).parsed
