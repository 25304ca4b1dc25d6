from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.pod_registration import PodRegistration
from ...models.register_pod_request import RegisterPodRequest
from ...models.service_error import ServiceError
from ...types import UNSET, Response, Unset


def build_request(
    *,
    body: RegisterPodRequest,
    multipart_upload: bool | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    params: dict[str, Any] = {}

    params["multipartUpload"] = multipart_upload

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/pods",
        "params": params,
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> PodRegistration | ServiceError | None:
    if response.status_code == 200:
        response_200 = PodRegistration.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = PodRegistration.from_dict(response.json())

        return response_201

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
) -> Response[PodRegistration | ServiceError]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: RegisterPodRequest,
    multipart_upload: bool | Unset = UNSET,
) -> Response[PodRegistration | ServiceError]:
    """Register a pod

     Registers a pod, or updates the caller's pod of the same name, and returns the target for the
    upload of its schema: msgpack, at most 10 MiB, with the file name `bitfount_file`.

    Args:
        multipart_upload (bool | Unset):
        body (RegisterPodRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PodRegistration | ServiceError]
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
    body: RegisterPodRequest,
    multipart_upload: bool | Unset = UNSET,
) -> PodRegistration | ServiceError | None:
    """Register a pod

     Registers a pod, or updates the caller's pod of the same name, and returns the target for the
    upload of its schema: msgpack, at most 10 MiB, with the file name `bitfount_file`.

    Args:
        multipart_upload (bool | Unset):
        body (RegisterPodRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PodRegistration | ServiceError
    """

    return sync_detailed(
        client=client,
        body=body,
        multipart_upload=multipart_upload,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: RegisterPodRequest,
    multipart_upload: bool | Unset = UNSET,
) -> Response[PodRegistration | ServiceError]:
    """Register a pod

     Registers a pod, or updates the caller's pod of the same name, and returns the target for the
    upload of its schema: msgpack, at most 10 MiB, with the file name `bitfount_file`.

    Args:
        multipart_upload (bool | Unset):
        body (RegisterPodRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PodRegistration | ServiceError]
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
    body: RegisterPodRequest,
    multipart_upload: bool | Unset = UNSET,
) -> PodRegistration | ServiceError | None:
    """Register a pod

     Registers a pod, or updates the caller's pod of the same name, and returns the target for the
    upload of its schema: msgpack, at most 10 MiB, with the file name `bitfount_file`.

    Args:
        multipart_upload (bool | Unset):
        body (RegisterPodRequest):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PodRegistration | ServiceError
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            multipart_upload=multipart_upload,
        )
    ).parsed
