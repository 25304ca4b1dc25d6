"""Compute clusters: create them, link datasets, and list the datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from starlette.routing import Route

from bitfount_api.sandbox.services.computes import check_cluster
from bitfount_api.sandbox.services.http import (
    NotEmpty,
    PodName,
    Refusal,
    answer,
    body,
    caller,
    state_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.responses import Response

    from bitfount_api.sandbox.state.datasets import Dataset
    from bitfount_api.sandbox.state.state import State


class CreateCluster(msgspec.Struct, rename="camel"):
    """``POST /api/compute-clusters``."""

    name: NotEmpty
    dataset_names: list[PodName] | None = None


class LinkDatasets(msgspec.Struct, rename="camel"):
    """``POST /api/compute-clusters/{clusterId}/datasets``."""

    dataset_names: Annotated[list[PodName], msgspec.Meta(min_length=1)]


async def create(request: Request) -> Response:
    """Create a cluster of the caller, with datasets."""
    state, user = state_of(request), caller(request)
    data: CreateCluster = await body(request, CreateCluster)
    names = data.dataset_names or []
    _check_datasets(state, user, names, 422)
    with state.database.transaction():
        cluster = state.clusters.create(user, data.name)
        state.clusters.link(cluster, names)
    return answer({"id": cluster, "name": data.name}, 201)


async def link(request: Request) -> Response:
    """Link some of the caller's datasets to one of the caller's clusters."""
    state, user = state_of(request), caller(request)
    data: LinkDatasets = await body(request, LinkDatasets)
    cluster = _cluster(request)
    _check_datasets(state, user, data.dataset_names, 404)
    added = state.clusters.link(cluster, data.dataset_names)
    return answer({"success": True}, 201 if added else 200)


async def of_cluster(request: Request) -> Response:
    """List the datasets of one of the caller's clusters."""
    return _listed(state_of(request).clusters.datasets(_cluster(request)))


async def of_caller(request: Request) -> Response:
    """List the caller's datasets."""
    return _listed(state_of(request).datasets.of(caller(request)))


def _listed(datasets: Iterable[Dataset]) -> Response:
    return answer(
        {
            "linkedDatasets": [
                {
                    "identifier": dataset.identifier,
                    "configurationLastUpdated": dataset.updated_at,
                }
                for dataset in datasets
            ]
        }
    )


def _cluster(request: Request) -> str:
    cluster: str = request.path_params["cluster"]
    check_cluster(state_of(request), caller(request), cluster)
    return cluster


def _check_datasets(state: State, user: str, names: list[str], status: int) -> None:
    missing = state.datasets.missing(user, names)
    if missing:
        raise Refusal(status, f"{user} has no dataset named {', '.join(missing)}")


ROUTES = [
    Route("/api/compute-clusters", create, methods=["POST"]),
    Route("/api/compute-clusters/datasets", of_caller, methods=["GET"]),
    Route("/api/compute-clusters/{cluster}/datasets", of_cluster, methods=["GET"]),
    Route("/api/compute-clusters/{cluster}/datasets", link, methods=["POST"]),
]
