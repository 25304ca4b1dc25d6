"""``projects``: list, show and create projects, add datasets, and show usage limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import click

from bitfount_api.cli.arguments import MODEL, POD_NAME, PROJECT, WholeNumber
from bitfount_api.cli.commands import Group, app_of
from bitfount_api.cli.exit_codes import Exit, Failure
from bitfount_api.cli.views import Fields, Rows
from bitfount_api.exceptions import HTTPError

if TYPE_CHECKING:
    from bitfount_api.identifiers import ModelIdentifier

_PROJECT_ARGUMENT = {"PROJECT": "The project's id, as 'projects list' shows it."}

_PROJECTS: Final = {
    "id": "Id",
    "name": "Name",
    "role": "Role",
    "status": "Status",
    "updated_at": "Updated",
}
_USAGE: Final = {"resourceName": "Model", "totalUsage": "Used", "limit": "Limit"}
_GRANTEES: Final = {"granteeUsername": "User", "role": "Role", **_USAGE}


@click.group(
    cls=Group,
    examples=[
        ("projects list", "List your projects:"),
        ('projects create "Retina 2025"', "Create a project:"),
    ],
)
def projects() -> None:
    """Manage projects: who may use which data and models."""


@projects.command(
    name="list",
    examples=[
        ("projects list", "List the first twelve projects:"),
        ("projects list --all --json", "List all projects as JSON:"),
        ("projects list --limit 50 --offset 100", "List the 101st to the 150th:"),
    ],
)
@click.option(
    "--limit",
    metavar="N",
    type=WholeNumber(1),
    default=12,
    help="Number of projects to show. Default: 12.",
)
@click.option(
    "--offset", metavar="N", type=WholeNumber(0), default=0, help="Number to skip. Default: 0."
)
@click.option(
    "--all", "everything", is_flag=True, help="Show all projects; ignore --limit and --offset."
)
@click.pass_context
def list_(context: click.Context, /, limit: int, offset: int, everything: bool) -> None:
    """List the projects that you are a member of."""
    app = app_of(context)
    hub = app.hub()
    if everything:
        found = list(hub.iter_projects())
        page: dict[str, Any] = {"totalProjects": len(found), "projects": found}
    else:
        page = cast("dict[str, Any]", hub.get_projects(offset=offset, limit=limit))
    rows = Rows(_PROJECTS, page["projects"], "There are no projects here.")
    app.output.data(page, rows)
    shown, total = len(page["projects"]), page["totalProjects"]
    if shown and shown < total:
        app.output.note(f"{shown} of {total} projects; --all shows them all.")


@projects.command(
    arguments=_PROJECT_ARGUMENT,
    examples=[
        ("projects show 6f1c2c8e", "Show the name of a project:"),
        ("projects show 6f1c2c8e --json | jq -r .name", "Print only the name:"),
    ],
)
@click.argument("project", type=PROJECT)
@click.pass_context
def show(context: click.Context, /, project: str) -> None:
    """Show the name of a project.

    Exits with 4 if the project does not exist or you may not see it.
    """
    app = app_of(context)
    try:
        name = app.hub().retrieve_project_name(project)
    except HTTPError as error:
        if error.status_code != 404:
            raise
        raise Failure(
            f"There is no project {project} that you may see.",
            Exit.NOT_FOUND,
            hint="'bitfount-api projects list' shows those that you are a member of.",
        ) from error
    app.output.data({"id": project, "name": name}, Fields({"Project": project, "Name": name}))


@projects.command(
    arguments={"NAME": "The name of the project."},
    examples=[
        ('projects create "Retina 2025"', "Create a project:"),
        ("projects create Retina --json | jq -r .projectId", "Print only the id of the project:"),
    ],
)
@click.argument("name")
@click.pass_context
def create(context: click.Context, /, name: str) -> None:
    """Create a project and show its id.

    The request is not retried once the Hub may have received it. If the response is lost, check
    'projects list' before you try again.
    """
    app = app_of(context)
    project = app.hub().create_project(name)
    app.output.result({"projectId": project}, Fields({"Project": project}))


@projects.command(
    name="add-dataset",
    arguments={
        **_PROJECT_ARGUMENT,
        "DATASET": "The name of one of your pods: scans, not me/scans.",
    },
    examples=[
        (
            "projects add-dataset 6f1c2c8e scans",
            "Allow one of your projects to use one of your pods:",
        )
    ],
)
@click.argument("project", type=PROJECT)
@click.argument("dataset", type=POD_NAME)
@click.pass_context
def add_dataset(context: click.Context, /, project: str, dataset: str) -> None:
    """Add one of your datasets to one of your projects."""
    app = app_of(context)
    app.hub().add_dataset_to_project_for_user(project, dataset)
    app.output.result(
        {"projectId": project, "dataset": dataset}, Fields({"Project": project, "Added": dataset})
    )


@projects.command(
    arguments=_PROJECT_ARGUMENT,
    examples=[
        ("projects limits 6f1c2c8e", "Show your own usage of each model:"),
        (
            "projects limits 6f1c2c8e --model alice/Retina:3",
            "Show every user's usage of one model:",
        ),
    ],
)
@click.argument("project", type=PROJECT)
@click.option("--model", type=MODEL, help="Show one model: owner/ModelName:3, or :latest.")
@click.pass_context
def limits(context: click.Context, /, project: str, model: ModelIdentifier | None) -> None:
    """Show usage and limits of a project's models.

    Shows the number of uses of each model and its limit. A model without a limit can be used any
    number of times.
    """
    app = app_of(context)
    hub = app.hub()
    if model is None:
        own = hub.get_usage_limits(project)
        app.output.data(own, _usage(_USAGE, own, f"Project {project} uses no models."))
        return
    found = hub.get_usage_limits(project, str(model))
    app.output.data(
        found,
        _usage(_GRANTEES, found["usage"], f"No user has been granted {model} in this project."),
    )
    default = found.get("default")
    if not app.output.as_json and default is not None:
        app.output.note(f"The limit for members without an individual limit is {default}.")


def _usage(columns: dict[str, str], usage: Any, empty: str) -> Rows:
    rows = [{**row, "limit": "none" if row.get("limit") is None else row["limit"]} for row in usage]
    return Rows(columns, rows, empty)
