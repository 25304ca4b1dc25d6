from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.model_upload import ModelUpload
from ...models.model_upload_request import ModelUploadRequest
from ...models.service_error import ServiceError
from ...types import UNSET, Response, Unset


def build_request(
    *,
    body: ModelUploadRequest,
    multipart_upload: bool | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    params: dict[str, Any] = {}

    params["multipartUpload"] = multipart_upload

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/models",
        "params": params,
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ModelUpload | ServiceError | None:
    if response.status_code == 200:
        response_200 = ModelUpload.from_dict(response.json())

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

    if response.status_code == 413:
        response_413 = ServiceError.from_dict(response.json())

        return response_413

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
) -> Response[ModelUpload | ServiceError]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: ModelUploadRequest,
    multipart_upload: bool | Unset = UNSET,
) -> Response[ModelUpload | ServiceError]:
    """Publish a model's code

     Creates a new version of a model, or finds the version with the same hash, and returns the
    target for the upload of the code: UTF-8, at most 3 MiB.

    Args:
        multipart_upload (bool | Unset):
        body (ModelUploadRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ModelUpload | ServiceError]
    """

    kwargs = build_request(
        body=body,
        multipart_upload=multipart_upload,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: ModelUploadRequest,
    multipart_upload: bool | Unset = UNSET,
) -> ModelUpload | ServiceError | None:
    """Publish a model's code

     Creates a new version of a model, or finds the version with the same hash, and returns the
    target for the upload of the code: UTF-8, at most 3 MiB.

    Args:
        multipart_upload (bool | Unset):
        body (ModelUploadRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ModelUpload | ServiceError
    """

    return sync_detailed(
        client=client,
        body=body,
        multipart_upload=multipart_upload,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: ModelUploadRequest,
    multipart_upload: bool | Unset = UNSET,
) -> Response[ModelUpload | ServiceError]:
    """Publish a model's code

     Creates a new version of a model, or finds the version with the same hash, and returns the
    target for the upload of the code: UTF-8, at most 3 MiB.

    Args:
        multipart_upload (bool | Unset):
        body (ModelUploadRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ModelUpload | ServiceError]
    """

    kwargs = build_request(
        body=body,
        multipart_upload=multipart_upload,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: ModelUploadRequest,
    multipart_upload: bool | Unset = UNSET,
) -> ModelUpload | ServiceError | None:
    """Publish a model's code

     Creates a new version of a model, or finds the version with the same hash, and returns the
    target for the upload of the code: UTF-8, at most 3 MiB.

    Args:
        multipart_upload (bool | Unset):
        body (ModelUploadRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ModelUpload | ServiceError
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            multipart_upload=multipart_upload,
        )
    ).parsed
