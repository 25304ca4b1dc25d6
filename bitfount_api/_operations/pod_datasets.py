"""The configurations with which compute instances open the datasets of pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bitfount_api import types
from bitfount_api._generated import operations
from bitfount_api._generated.hub.api.pods import (
    get_pod_dataset_configuration as _get_pod_dataset_configuration,
)
from bitfount_api._internal.logs import get_logger
from bitfount_api._operations.clusters import get_datasets
from bitfount_api.exceptions import InvalidJSONError
from bitfount_api.identifiers import PodIdentifier

if TYPE_CHECKING:
    from bitfount_api._core.effects import Flow
    from bitfount_api._core.service_client import ServiceClient

_logger = get_logger(__name__)


def get_configuration(hub: ServiceClient, pod: PodIdentifier) -> Flow[dict[str, Any] | None]:
    """Get the configuration of a dataset; None if it has none.

    Raises:
        HTTPError: The Hub refused the request.
    """
    request = _get_pod_dataset_configuration.build_request(pod.namespace, pod.name)
    operation = operations.GET_POD_DATASET_CONFIGURATION
    answer = yield from hub.get_json(operation, request, types.PodDatasetConfiguration)
    return answer.get("configuration")


def get_configurations(
    hub: ServiceClient, cluster_id: str | None
) -> Flow[list[types.DatasetWithConfiguration]]:
    """Get the linked datasets that have a configuration, each with its configuration.

    Raises:
        HTTPError: The Hub refused a request.
    """
    found: list[types.DatasetWithConfiguration] = []
    for dataset in (yield from get_datasets(hub, cluster_id)):
        configuration = yield from get_configuration(hub, _identifier(dataset))
        if configuration:
            found.append({**dataset, "configuration": configuration})
        else:
            _logger.warning("Dataset %s has no configuration", dataset["identifier"])
    return found


def _identifier(dataset: types.PodDataset) -> PodIdentifier:
    try:
        return PodIdentifier.parse(dataset["identifier"])
    except ValueError as error:
        name = operations.GET_POD_DATASET_LIST.name
        raise InvalidJSONError(
            f"{name}: an identifier of the Hub is not valid: {error}", operation=name
        ) from None
