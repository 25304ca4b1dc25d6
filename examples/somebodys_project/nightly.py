"""Somebody's program: each night it registers what is new, and reports what nobody has used."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import attrs

from bitfount_api import BitfountSchema, PodPublicMetadata

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from bitfount_api import BitfountAM, BitfountHub, SimpleUsage


@attrs.frozen
class Dataset:
    """A dataset of the ward: its name, and its columns with their types."""

    name: str
    columns: dict[str, str]

    def schema(self) -> BitfountSchema:
        """What the Hub is told of it."""
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
    """Register the datasets that the Hub does not know yet; gives their names."""
    registered = []
    manager_key = access_manager.get_access_manager_key()
    for dataset in datasets:
        if hub.get_pod(f"{hub.session.username}/{dataset.name}") is not None:
            continue
        schema = dataset.schema().to_json()
        metadata = PodPublicMetadata(dataset.name, dataset.name.title(), "Of the ward", schema)
        hub.register_pod(metadata, key, manager_key)
        registered.append(dataset.name)
    return registered


def unused_models(hub: BitfountHub) -> list[str]:
    """The models that are in one of our projects, and have not been used in any."""
    used: dict[str, int] = {}
    for project in hub.iter_projects():
        # Without a model's name, it is a list: each model of the project with its uses.
        for usage in cast("list[SimpleUsage]", hub.get_usage_limits(project["id"])):
            used[usage["resourceName"]] = used.get(usage["resourceName"], 0) + usage["totalUsage"]
    return sorted(name for name, count in used.items() if count == 0)
