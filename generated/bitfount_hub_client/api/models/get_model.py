from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.model_details import ModelDetails
from ...models.service_error import ServiceError
from ...types import UNSET, Response, Unset


def build_request(
    *,
    modeller_name: str,
    model_name: str,
    model_version: int | Unset = UNSET,
    project_id: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["modellerName"] = modeller_name

    params["modelName"] = model_name

    params["modelVersion"] = model_version

    params["projectId"] = project_id

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/models",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ModelDetails | ServiceError | None:
    if response.status_code == 200:
        response_200 = ModelDetails.from_dict(response.json())

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
) -> Response[ModelDetails | ServiceError]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    modeller_name: str,
    model_name: str,
    model_version: int | Unset = UNSET,
    project_id: str | Unset = UNSET,
) -> Response[ModelDetails | ServiceError]:
    """Get the download URLs of a model

     Returns presigned URLs of a model's code and weights. If the request names a version and a
    project, and the response has no `modelDownloadUrl`, the project's usage limit is exhausted.

    Args:
        modeller_name (str): Lower-case letters and digits, separated by single `-` or `_`; at
            most 39 characters.
        model_name (str):
        model_version (int | Unset):
        project_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ModelDetails | ServiceError]
    """

    kwargs = build_request(
        modeller_name=modeller_name,
        model_name=model_name,
        model_version=model_version,
        project_id=project_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    modeller_name: str,
    model_name: str,
    model_version: int | Unset = UNSET,
    project_id: str | Unset = UNSET,
) -> ModelDetails | ServiceError | None:
    """Get the download URLs of a model

     Returns presigned URLs of a model's code and weights. If the request names a version and a
    project, and the response has no `modelDownloadUrl`, the project's usage limit is exhausted.

    Args:
        modeller_name (str): Lower-case letters and digits, separated by single `-` or `_`; at
            most 39 characters.
        model_name (str):
        model_version (int | Unset):
        project_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ModelDetails | ServiceError
    """

    return sync_detailed(
        client=client,
        modeller_name=modeller_name,
        model_name=model_name,
        model_version=model_version,
        project_id=project_id,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    modeller_name: str,
    model_name: str,
    model_version: int | Unset = UNSET,
    project_id: str | Unset = UNSET,
) -> Response[ModelDetails | ServiceError]:
    """Get the download URLs of a model

     Returns presigned URLs of a model's code and weights. If the request names a version and a
    project, and the response has no `modelDownloadUrl`, the project's usage limit is exhausted.

    Args:
        modeller_name (str): Lower-case letters and digits, separated by single `-` or `_`; at
            most 39 characters.
        model_name (str):
        model_version (int | Unset):
        project_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ModelDetails | ServiceError]
    """

    kwargs = build_request(
        modeller_name=modeller_name,
        model_name=model_name,
        model_version=model_version,
        project_id=project_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    modeller_name: str,
    model_name: str,
    model_version: int | Unset = UNSET,
    project_id: str | Unset = UNSET,
) -> ModelDetails | ServiceError | None:
    """Get the download URLs of a model

     Returns presigned URLs of a model's code and weights. If the request names a version and a
    project, and the response has no `modelDownloadUrl`, the project's usage limit is exhausted.

    Args:
        modeller_name (str): Lower-case letters and digits, separated by single `-` or `_`; at
            most 39 characters.
        model_name (str):
        model_version (int | Unset):
        project_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ModelDetails | ServiceError
    """

    return (
        await asyncio_detailed(
            client=client,
            modeller_name=modeller_name,
            model_name=model_name,
            model_version=model_version,
            project_id=project_id,
        )
    ).parsed
