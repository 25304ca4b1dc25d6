from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.access_decision import AccessDecision
from ...models.oidc_access_request import OIDCAccessRequest
from ...models.service_error import ServiceError
from ...models.signature_access_request import SignatureAccessRequest
from ...types import Response


def build_request(
    *,
    body: OIDCAccessRequest | SignatureAccessRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/access",
    }

    if isinstance(body, OIDCAccessRequest):
        _kwargs["json"] = body.to_dict()
    else:
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> AccessDecision | ServiceError | None:
    if response.status_code == 200:
        response_200 = AccessDecision.from_dict(response.json())

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
) -> Response[AccessDecision | ServiceError]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: OIDCAccessRequest | SignatureAccessRequest,
) -> Response[AccessDecision | ServiceError]:
    """Check a modeller's access request

     Decides whether the modeller may run the protocol on the pod. The modeller is identified by an
    access token (`identityProvider: OIDC`) or by the signature of the task (`SIGNATURE`: RSA-PSS,
    SHA-256, MGF1 with SHA-256, 20 bytes of salt).

    Args:
        body (OIDCAccessRequest | SignatureAccessRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AccessDecision | ServiceError]
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
    body: OIDCAccessRequest | SignatureAccessRequest,
) -> AccessDecision | ServiceError | None:
    """Check a modeller's access request

     Decides whether the modeller may run the protocol on the pod. The modeller is identified by an
    access token (`identityProvider: OIDC`) or by the signature of the task (`SIGNATURE`: RSA-PSS,
    SHA-256, MGF1 with SHA-256, 20 bytes of salt).

    Args:
        body (OIDCAccessRequest | SignatureAccessRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AccessDecision | ServiceError
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: OIDCAccessRequest | SignatureAccessRequest,
) -> Response[AccessDecision | ServiceError]:
    """Check a modeller's access request

     Decides whether the modeller may run the protocol on the pod. The modeller is identified by an
    access token (`identityProvider: OIDC`) or by the signature of the task (`SIGNATURE`: RSA-PSS,
    SHA-256, MGF1 with SHA-256, 20 bytes of salt).

    Args:
        body (OIDCAccessRequest | SignatureAccessRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AccessDecision | ServiceError]
    """

    kwargs = build_request(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: OIDCAccessRequest | SignatureAccessRequest,
) -> AccessDecision | ServiceError | None:
    """Check a modeller's access request

     Decides whether the modeller may run the protocol on the pod. The modeller is identified by an
    access token (`identityProvider: OIDC`) or by the signature of the task (`SIGNATURE`: RSA-PSS,
    SHA-256, MGF1 with SHA-256, 20 bytes of salt).

    Args:
        body (OIDCAccessRequest | SignatureAccessRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AccessDecision | ServiceError
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
