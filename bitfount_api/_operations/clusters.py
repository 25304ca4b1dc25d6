"""Clusters of compute instances, and the datasets linked to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitfount_api import types
from bitfount_api._core.responses import check_status
from bitfount_api._generated import operations
from bitfount_api._generated.hub.api.clusters import (
    create_compute_cluster as _create_compute_cluster,
)
from bitfount_api._generated.hub.api.clusters import (
    get_compute_cluster_datasets as _get_compute_cluster_datasets,
)
from bitfount_api._generated.hub.api.clusters import get_pod_dataset_list as _get_pod_dataset_list
from bitfount_api._generated.hub.api.clusters import (
    link_datasets_to_compute_cluster as _link_datasets_to_compute_cluster,
)
from bitfount_api._generated.hub.models import CreateClusterRequest, LinkDatasetsRequest
from bitfount_api._generated.hub.types import UNSET
from bitfount_api._internal.validation import non_empty_text
from bitfount_api.identifiers import path_part, pod_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bitfount_api._core.effects import Flow
    from bitfount_api._core.service_client import ServiceClient


def create(hub: ServiceClient, name: str, dataset_names: Sequence[str] | None) -> Flow[str]:
    """Create a cluster and return its id, or its name if the Hub returns no id.

    Raises:
        HTTPError: The Hub refused the request.
    """
    names = _names(dataset_names or ())
    body = CreateClusterRequest(
        name=non_empty_text(name, "the cluster's name"), dataset_names=names or UNSET
    )
    request = _create_compute_cluster.build_request(body=body)
    operation = operations.CREATE_COMPUTE_CLUSTER
    answer = yield from hub.get_json(operation, request, types.ClusterCreated)
    cluster_id = answer.get("id")
    return name if cluster_id is None else str(cluster_id)


def exists(hub: ServiceClient, cluster_id: str) -> Flow[bool]:
    """Return whether there is such a cluster of the caller.

    Raises:
        HTTPError: The Hub refused the request for another reason than that there is none.
    """
    request = _get_compute_cluster_datasets.build_request(path_part(cluster_id, "cluster id"))
    operation = operations.GET_COMPUTE_CLUSTER_DATASETS
    response = yield from hub.send(operation, request)
    if response.status_code == 404:
        return False
    check_status(response, operation, hub.service)
    return True


def link_datasets(hub: ServiceClient, cluster_id: str, dataset_names: Sequence[str]) -> Flow[None]:
    """Link datasets of the caller to a cluster.

    Raises:
        HTTPError: The Hub refused the request.
    """
    request = _link_datasets_to_compute_cluster.build_request(
        path_part(cluster_id, "cluster id"),
        body=LinkDatasetsRequest(dataset_names=_names(dataset_names)),
    )
    operation = operations.LINK_DATASETS_TO_COMPUTE_CLUSTER
    check_status((yield from hub.send(operation, request)), operation, hub.service)


def get_datasets(hub: ServiceClient, cluster_id: str | None) -> Flow[list[types.PodDataset]]:
    """Get the datasets linked to a cluster, or, without one, to the caller's compute.

    Raises:
        HTTPError: The Hub refused the request.
    """
    if cluster_id:
        operation = operations.GET_COMPUTE_CLUSTER_DATASETS
        request = _get_compute_cluster_datasets.build_request(path_part(cluster_id, "cluster id"))
    else:
        operation = operations.GET_POD_DATASET_LIST
        request = _get_pod_dataset_list.build_request()
    answer = yield from hub.get_json(operation, request, types.PodDatasetList)
    return answer["linkedDatasets"]


def _names(dataset_names: Sequence[str]) -> list[str]:
    return pod_names(dataset_names, "dataset_names", "dataset name")
