"""``clusters``: create clusters of compute instances, and link datasets to them."""

from __future__ import annotations

import json
from typing import Final

import click

from bitfount_api.cli.arguments import CLUSTER_ID, POD_NAME
from bitfount_api.cli.commands import Group, app_of
from bitfount_api.cli.views import Fields, Rows

_CLUSTER: Final = "The cluster's id, as 'clusters create' shows it."
_DATASET: Final = "Names of your pods: scans, not me/scans."
_DATASETS: Final = {"identifier": "Dataset", "configurationLastUpdated": "Updated"}


@click.group(
    cls=Group,
    examples=[
        ("clusters create eye-clinic scans", "Create a cluster with one of your datasets:"),
        ("clusters datasets 6f1c2c8e", "List the datasets of a cluster:"),
    ],
)
def clusters() -> None:
    """Manage clusters of compute instances, and their datasets."""


@clusters.command(
    arguments={"NAME": "The name of the cluster.", "DATASET": _DATASET},
    examples=[
        ("clusters create eye-clinic", "Create a cluster without datasets:"),
        ("clusters create eye-clinic scans eyes", "Create a cluster with two of your datasets:"),
    ],
)
@click.argument("name")
@click.argument("dataset", type=POD_NAME, nargs=-1)
@click.pass_context
def create(context: click.Context, /, name: str, dataset: tuple[str, ...]) -> None:
    """Create a cluster and show its id.

    The request is not retried once the Hub may have received it. If the response is lost, a cluster
    may have been created.
    """
    app = app_of(context)
    linked = list(dataset)
    cluster = app.hub().create_compute_cluster(name, linked)
    app.output.result(
        {"clusterId": cluster, "datasets": linked}, Fields({"Cluster": cluster, "Linked": linked})
    )


@clusters.command(
    arguments={"CLUSTER": _CLUSTER, "DATASET": _DATASET},
    examples=[("clusters link 6f1c2c8e scans eyes", "Link two of your datasets to a cluster:")],
)
@click.argument("cluster", type=CLUSTER_ID)
@click.argument("dataset", type=POD_NAME, nargs=-1, required=True)
@click.pass_context
def link(context: click.Context, /, cluster: str, dataset: tuple[str, ...]) -> None:
    """Link your datasets to one of your clusters.

    Datasets that are already linked stay linked.
    """
    app = app_of(context)
    linked = list(dataset)
    app.hub().link_datasets_to_compute_cluster(cluster, linked)
    app.output.result(
        {"clusterId": cluster, "datasets": linked}, Fields({"Cluster": cluster, "Linked": linked})
    )


@clusters.command(
    arguments={"CLUSTER": f"{_CLUSTER} Default: any of yours."},
    examples=[
        ("clusters datasets", "List the datasets that are linked to any compute of yours:"),
        (
            "clusters datasets 6f1c2c8e --configurations --json",
            "List the datasets of a cluster with their configurations, as JSON:",
        ),
    ],
)
@click.argument("cluster", type=CLUSTER_ID, required=False)
@click.option(
    "--configurations",
    is_flag=True,
    help="Show those with a configuration, together with it.",
)
@click.pass_context
def datasets(context: click.Context, /, cluster: str | None, configurations: bool) -> None:
    """List the datasets that are linked to a cluster.

    Exits with 4 if there is no such cluster of yours. A configuration says how a compute instance
    opens the dataset; each dataset without one is reported as a warning.
    """
    app = app_of(context)
    hub = app.hub()
    hub.cluster_id = cluster
    where = f"cluster {cluster}" if cluster else "your compute"
    if not configurations:
        listed = hub.get_pod_dataset_list()
        rows = Rows(_DATASETS, listed, f"No datasets are linked to {where}.")
        app.output.data(listed, rows)
        return
    found = hub.get_pod_datasets_configurations()
    shown = [
        {**dataset, "configuration": json.dumps(dataset["configuration"], ensure_ascii=False)}
        for dataset in found
    ]
    columns = {**_DATASETS, "configuration": "Configuration"}
    app.output.data(
        found, Rows(columns, shown, f"No dataset that is linked to {where} has a configuration.")
    )
