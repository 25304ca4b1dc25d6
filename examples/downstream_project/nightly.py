"""A nightly program that registers new datasets and reports unused models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from bitfount_api import BitfountSchema, PodPublicMetadata

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from bitfount_api import BitfountAM, BitfountHub


@attrs.frozen
class Dataset:
    """A dataset of the ward, with its name and the types of its columns."""

    name: str
    columns: dict[str, str]

    def schema(self) -> BitfountSchema:
        """Return the schema to register on the Hub."""
        features = [
            {"featureName": name, "dtype": "string", "semanticType": kind}
            for name, kind in self.columns.items()
        ]
        return BitfountSchema.load({"name": self.name, "features": features})


def register_new(
    hub: BitfountHub,
    access_manager: BitfountAM,
    datasets: Iterable[Dataset],
    key: RSAPublicKey,
) -> list[str]:
    """Register the datasets that are not on the Hub yet, and return their names."""
    registered = []
    manager_key = access_manager.get_access_manager_key()
    for dataset in datasets:
        if hub.get_pod(f"{hub.session.username}/{dataset.name}") is not None:
            continue
        schema = dataset.schema().to_json()
        metadata = PodPublicMetadata(dataset.name, dataset.name.title(), "From the ward", schema)
        hub.register_pod(metadata, key, manager_key)
        registered.append(dataset.name)
    return registered


def unused_models(hub: BitfountHub) -> list[str]:
    """Return the models of the user's projects that have not been used in any project."""
    used: dict[str, int] = {}
    for project in hub.iter_projects():
        # Without a model name, the result is a list with each model of the project and its uses.
        for usage in hub.get_usage_limits(project["id"]):
            used[usage["resourceName"]] = used.get(usage["resourceName"], 0) + usage["totalUsage"]
    return sorted(name for name, count in used.items() if count == 0)
