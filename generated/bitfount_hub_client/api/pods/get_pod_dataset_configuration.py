from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.pod_dataset_configuration import PodDatasetConfiguration
from ...models.service_error import ServiceError
from ...types import Response


def build_request(
    user_name: str,
    pod_name: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/pods/{user_name}/{pod_name}/configuration".format(
            user_name=quote(str(user_name), safe=""),
            pod_name=quote(str(pod_name), safe=""),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> PodDatasetConfiguration | ServiceError | None:
    if response.status_code == 200:
        response_200 = PodDatasetConfiguration.from_dict(response.json())

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
) -> Response[PodDatasetConfiguration | ServiceError]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    user_name: str,
    pod_name: str,
    *,
    client: AuthenticatedClient | Client,
) -> Response[PodDatasetConfiguration | ServiceError]:
    """Get the configuration of a dataset

     Returns the configuration with which a compute instance opens the dataset of a pod.

    Args:
        user_name (str): Lower-case letters and digits, separated by single `-` or `_`; at most 39
            characters.
        pod_name (str): Lower-case letters and digits, separated by single `-` or `_`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PodDatasetConfiguration | ServiceError]
    """

    kwargs = build_request(
        user_name=user_name,
        pod_name=pod_name,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    user_name: str,
    pod_name: str,
    *,
    client: AuthenticatedClient | Client,
) -> PodDatasetConfiguration | ServiceError | None:
    """Get the configuration of a dataset

     Returns the configuration with which a compute instance opens the dataset of a pod.

    Args:
        user_name (str): Lower-case letters and digits, separated by single `-` or `_`; at most 39
            characters.
        pod_name (str): Lower-case letters and digits, separated by single `-` or `_`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PodDatasetConfiguration | ServiceError
    """

    return sync_detailed(
        user_name=user_name,
        pod_name=pod_name,
        client=client,
    ).parsed


async def asyncio_detailed(
    user_name: str,
    pod_name: str,
    *,
    client: AuthenticatedClient | Client,
) -> Response[PodDatasetConfiguration | ServiceError]:
    """Get the configuration of a dataset

     Returns the configuration with which a compute instance opens the dataset of a pod.

    Args:
        user_name (str): Lower-case letters and digits, separated by single `-` or `_`; at most 39
            characters.
        pod_name (str): Lower-case letters and digits, separated by single `-` or `_`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PodDatasetConfiguration | ServiceError]
    """

    kwargs = build_request(
        user_name=user_name,
        pod_name=pod_name,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    user_name: str,
    pod_name: str,
    *,
    client: AuthenticatedClient | Client,
) -> PodDatasetConfiguration | ServiceError | None:
    """Get the configuration of a dataset

     Returns the configuration with which a compute instance opens the dataset of a pod.

    Args:
        user_name (str): Lower-case letters and digits, separated by single `-` or `_`; at most 39
            characters.
        pod_name (str): Lower-case letters and digits, separated by single `-` or `_`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PodDatasetConfiguration | ServiceError
    """

    return (
        await asyncio_detailed(
            user_name=user_name,
            pod_name=pod_name,
            client=client,
        )
    ).parsed
