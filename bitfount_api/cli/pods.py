"""``pods``: list, show, describe, register and archive pods, and send their heartbeats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from bitfount_api.cli.arguments import (
    FILE,
    POD,
    POD_NAME,
    WholeNumber,
    check_targets,
    confirm,
    json_object,
    project_option,
    public_key,
)
from bitfount_api.cli.commands import Group, app_of
from bitfount_api.cli.views import Fields, Rows

if TYPE_CHECKING:
    from pathlib import Path

    from bitfount_api.cli.app import App
    from bitfount_api.identifiers import PodIdentifier

_MAX_FILE_RESULTS: Final = 1024 * 1024
_POD_ARGUMENT = {"POD": "The pod's full name: owner/name."}
_PODS: Final = {
    "podIdentifier": "Pod",
    "podDisplayName": "Name",
    "projects": "Projects",
    "compute": "Compute",
    "lastOnline": "Last online",
}


@click.group(
    cls=Group,
    examples=[
        ("pods list", "List the pods of your projects and your compute:"),
        ("pods show alice/scans", "Show a pod as registered with the Hub:"),
        ("pods schema alice/scans", "Show the schema of its data:"),
    ],
)
def pods() -> None:
    """Manage pods: datasets that are analysed in place."""


@pods.command(
    name="list",
    examples=[
        ("pods list", "List the pods of your projects and your compute:"),
        ("pods list --json | jq -r '.[].podIdentifier'", "Print only their full names:"),
    ],
)
@click.pass_context
def list_(context: click.Context, /) -> None:
    """List the pods of your projects and of your compute.

    The Hub lists no others, such as public ones: 'pods show' shows any pod whose name you know.
    """
    app = app_of(context)
    found, unlisted = _list(app)
    rows = [{**pod, "projects": [each["name"] for each in pod["projects"]]} for pod in found]
    app.output.data(
        found, Rows(_PODS, rows, "Your projects and your compute have no pods that you may see.")
    )
    if unlisted:
        app.output.warn(f"The Hub does not name all pods of these projects: {unlisted}.")


def _list(app: App) -> tuple[list[dict[str, Any]], str]:
    """Return the pods that the Hub lists, and the names of the projects whose pods it omits."""
    hub = app.hub()
    found: dict[str, dict[str, Any]] = {}
    unlisted = []
    for project in hub.iter_projects():
        name = project.get("name") or project["id"]
        datasets = project.get("linked_datasets")
        named = [
            (f"{dataset['ownerUsername']}/{dataset['name']}", dataset)
            for dataset in datasets or ()
            if "ownerUsername" in dataset and "name" in dataset
        ]
        if datasets is None or len(named) < len(datasets):
            unlisted.append(name)
        for identifier, dataset in named:
            pod = _entry(found, identifier)
            pod["podDisplayName"] = dataset.get("podDisplayName")
            pod["lastOnline"] = dataset.get("lastOnline")
            pod["projects"].append({"id": project["id"], "name": name})
    for linked in hub.get_pod_dataset_list():
        _entry(found, linked["identifier"])["compute"] = True
    return [found[name] for name in sorted(found)], ", ".join(unlisted)


def _entry(found: dict[str, dict[str, Any]], identifier: str) -> dict[str, Any]:
    pod: dict[str, Any] = {
        "podIdentifier": identifier,
        "podDisplayName": None,
        "lastOnline": None,
        "projects": [],
        "compute": False,
    }
    return found.setdefault(identifier, pod)


@pods.command(
    arguments=_POD_ARGUMENT,
    examples=[
        ("pods show alice/scans", "Show a public pod, or one of yours:"),
        (
            "pods show alice/scans --project 6f1c2c8e",
            "Show a pod that you have access to through a project:",
        ),
    ],
)
@click.argument("pod", metavar="POD", type=POD)
@project_option
@click.pass_context
def show(context: click.Context, /, pod: PodIdentifier, project: str | None) -> None:
    """Show a pod as registered with the Hub.

    Exits with 4 if the pod does not exist or you may not see it. The schema's download URL is
    omitted, because it gives access to the schema: 'pods schema' fetches it.
    """
    app = app_of(context)
    details = app.hub().retrieve_pod(str(pod), project)
    value: dict[str, Any] = {**details}
    has_schema = bool(value.pop("schemaDownloadUrl", None))
    facts = {
        "Pod": details["podIdentifier"],
        "Name": details.get("podDisplayName"),
        "Description": details.get("description"),
        "Online": details.get("isOnline"),
        "Visibility": details.get("visibility"),
        "Schema": has_schema,
        "Pod key": _fingerprint(details.get("podPublicKey")),
        "Access manager's key": _fingerprint(details.get("accessManagerPublicKey")),
    }
    app.output.data(value, Fields(facts))


def _fingerprint(text: str | None) -> str | None:
    from bitfount_api import keys

    if not text:
        return None
    try:
        return keys.fingerprint(keys.parse_public_key(text))
    except ValueError:
        return "not an RSA key"


@pods.command(
    arguments=_POD_ARGUMENT,
    examples=[
        ("pods schema alice/scans", "Show the columns of its data:"),
        ("pods schema alice/scans --output scans.yaml", "Save the whole document:"),
    ],
)
@click.argument("pod", metavar="POD", type=POD)
@project_option
@click.option("--output", metavar="FILE", type=FILE, help="Write the schema to a file, as YAML.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@click.pass_context
def schema(
    context: click.Context,
    /,
    pod: PodIdentifier,
    project: str | None,
    output: Path | None,
    force: bool,
) -> None:
    """Show the schema of a pod's data.

    Shows the names and types of the columns, and no data. With --json, shows the whole document.
    """
    app = app_of(context)
    check_targets(output, force=force)
    found = app.hub().get_pod_schema(str(pod), project)
    if output is not None:
        found.dump(output)
        app.output.result({"pod": str(pod), "path": str(output)}, Fields({"Written": output}))
        return
    columns = {
        "name": "Name",
        "semantic_type": "Kind",
        "dtype": "Type",
        "description": "Description",
        "classes": "Classes",
    }
    records = "" if found.number_of_records is None else f", {found.number_of_records:,} records"
    app.output.note(f"{found.name or pod}: {len(found.columns)} columns{records}")
    app.output.data(
        found.to_json(), Rows(columns, found.feature_rows(), f"{pod} has a schema without columns.")
    )


@pods.command(
    arguments={"NAME": "The name of the pod; it becomes you/NAME."},
    examples=[
        (
            """pods register scans --schema scans.yaml \\
            --public-key pod.pem.pub --description "OCT scans of 2024\"""",
            "Register your pod, or update it:",
        ),
    ],
)
@click.argument("name", type=POD_NAME)
@click.option("--schema", metavar="FILE", type=FILE, required=True, help="The schema of the data.")
@click.option(
    "--public-key",
    "key_file",
    metavar="FILE",
    type=FILE,
    required=True,
    help="The pod's public key.",
)
@click.option("--display-name", metavar="TEXT", help="The name shown to users. Default: NAME.")
@click.option("--description", metavar="TEXT", default="", help="A description of the data.")
@click.option(
    "--records",
    metavar="N",
    type=WholeNumber(0),
    help="Number of records. Default: from the schema.",
)
@click.option(
    "--access-manager-key",
    metavar="FILE",
    type=FILE,
    help="The access manager's key. Default: fetch it.",
)
@click.option(
    "--file-processing",
    "file_results",
    metavar="FILE",
    type=FILE,
    help="Numbers of files found, skipped and so on, as JSON.",
)
@click.pass_context
def register(
    context: click.Context,
    /,
    name: str,
    schema: Path,
    key_file: Path,
    display_name: str | None,
    description: str,
    records: int | None,
    access_manager_key: Path | None,
    file_results: Path | None,
) -> None:
    """Register one of your pods and upload its schema.

    Registering a pod again updates it. No data is sent. --file-processing publishes the results of
    processing the files of the data, such as {"totalFilesFound": 3, "totalFilesSkipped": 1}.
    """
    from bitfount_api import BitfountSchema, PodPublicMetadata

    app = app_of(context)
    key = public_key(key_file)
    document = BitfountSchema.load_from_file(schema)
    metadata = PodPublicMetadata(
        name=name,
        display_name=display_name or name,
        description=description,
        schema=document.to_json(),
        number_of_records=document.number_of_records if records is None else records,
        file_processing_metadata=(
            None if file_results is None else json_object(file_results, _MAX_FILE_RESULTS)
        ),
    )
    hub = app.hub()
    if access_manager_key is not None:
        am_key = public_key(access_manager_key)
    else:
        am_key = app.access_manager(hub.session).get_access_manager_key()
    hub.register_pod(metadata, key, am_key)
    full_name = f"{hub.session.username}/{name}"
    app.output.result({"pod": full_name}, Fields({"Registered": full_name}))


@pods.command(
    arguments={"NAME": "One or more of your pods."},
    examples=[
        ("pods heartbeat scans --public-key pod.pem.pub", "Report that a pod is online:"),
        (
            "pods heartbeat scans eyes \\\n--public-key pod.pem.pub > /dev/null",
            "Report two pods from a cron job, with output only on failure:",
        ),
    ],
)
@click.argument("names", metavar="NAME...", type=POD_NAME, nargs=-1, required=True)
@click.option(
    "--public-key",
    "key_file",
    metavar="FILE",
    type=FILE,
    required=True,
    help="The public key that the pods were registered with.",
)
@click.pass_context
def heartbeat(context: click.Context, /, names: tuple[str, ...], key_file: Path) -> None:
    """Send one heartbeat for your pods, which marks them online."""
    app = app_of(context)
    app.hub().do_pod_heartbeat(list(names), public_key(key_file))
    app.output.result({"online": list(names)}, Fields({"Online": list(names)}))


@pods.command(
    arguments={"NAME": "The name of one of your pods: scans, not me/scans."},
    examples=[
        ("pods archive scans", "Archive a pod, after you have confirmed it:"),
        ("pods archive scans --yes", "Archive a pod in a script:"),
    ],
)
@click.argument("name", type=POD_NAME)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.pass_context
def archive(context: click.Context, /, name: str, yes: bool) -> None:
    """Archive one of your pods: the Hub no longer finds or offers it.

    Projects can no longer use the pod. Asks for confirmation, which needs a terminal; in scripts,
    give --yes.
    """
    app = app_of(context)
    confirm(f"Archive your pod {name}? The Hub will no longer find or offer it.", yes=yes)
    hub = app.hub()
    hub.archive_pod(name)
    full_name = f"{hub.session.username}/{name}"
    app.output.result({"archived": full_name}, Fields({"Archived": full_name}))
