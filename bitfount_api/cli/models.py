"""``models``: upload and download the code of models. The code is never executed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bitfount_api.cli.arguments import (
    FILE,
    MODEL,
    STANDARD_INPUT,
    check_targets,
    project_option,
)
from bitfount_api.cli.commands import Group, app_of
from bitfount_api.cli.exit_codes import Exit, Failure
from bitfount_api.cli.progress import transfer
from bitfount_api.cli.views import Fields, Text, format_size
from bitfount_api.exceptions import HTTPError, ModelValidationError

if TYPE_CHECKING:
    from bitfount_api.cli.app import App
    from bitfount_api.identifiers import ModelIdentifier

_MODEL_ARGUMENT = {"MODEL": "owner/ModelName:3; owner/ModelName is the latest version."}


@click.group(
    cls=Group,
    examples=[
        ("models push RetinaClassifier.py", "Publish a model:"),
        ("models pull alice/RetinaClassifier:3", "Download a model's code, to read it:"),
    ],
)
def models() -> None:
    """Upload and download model code, which is never executed."""


@models.command(
    arguments=_MODEL_ARGUMENT,
    examples=[
        ("models show alice/RetinaClassifier", "Show the latest version:"),
        ("models show alice/RetinaClassifier:3 --json", "Show one version as JSON:"),
    ],
)
@click.argument("model", type=MODEL)
@project_option
@click.pass_context
def show(context: click.Context, /, model: ModelIdentifier, project: str | None) -> None:
    """Show a model as registered with the Hub.

    Shows its version, its hash and whether it has weights. The download URLs of the code and the
    weights are omitted, because they give access to both.
    """
    app = app_of(context)
    try:
        details = app.hub().retrieve_model(model.owner, model.name, _version_of(model), project)
    except HTTPError as error:
        if error.status_code == 404:
            raise _no_such(model) from error
        raise
    value: dict[str, Any] = {**details}
    value["hasCode"] = bool(value.pop("modelDownloadUrl", None))
    value["hasWeights"] = bool(value.pop("weightsDownloadUrl", None))
    facts = {
        "Model": f"{model.owner}/{model.name}",
        "Version": details.get("modelVersion"),
        "SHA-256": details.get("modelHash"),
        "Code": "yes" if value["hasCode"] else "withheld: the usage limit is reached",
        "Weights": value["hasWeights"],
    }
    app.output.data(value, Fields(facts))


@models.command(
    arguments={"FILE": "UTF-8, at most 3 MiB, with one model class named like the file."},
    examples=[
        ("models push RetinaClassifier.py", "Publish a model, or a new version of it:"),
        (
            'models push RetinaClassifier.py --private \\\n--description "OCT, 3 classes"',
            "Publish a private model, for you and your projects:",
        ),
    ],
)
@click.argument("file", type=FILE)
@click.option("--private", is_flag=True, help="Restrict access to you and projects that use it.")
@click.option("--description", metavar="TEXT", help="A description of the model.")
@click.pass_context
def push(context: click.Context, /, file: Path, private: bool, description: str | None) -> None:
    """Publish the code of one of your models.

    The model is named after the file. The file is parsed to validate it, and never executed. If
    the Hub already has identical code, no new version is created.
    """
    from bitfount_api import hash_contents

    app = app_of(context)
    if str(file) == STANDARD_INPUT:
        raise click.UsageError(
            "A model is named after its file, so its code cannot come from standard input.", context
        )
    if file.suffix != ".py" and file.is_file():
        raise Failure(
            f"{file} is not the code of a model: that is a Python file, whose name ends in .py.",
            Exit.INVALID_INPUT,
            hint="Upload weights with 'bitfount-api weights push'.",
        )
    hub = app.hub()
    with transfer(app.output, file.name, "Sent") as counter:
        answer = hub.send_model(file, private, description or "", progress=counter)
    version = answer.get("version")
    name = f"{hub.session.username}/{file.stem}" + ("" if version is None else f":{version}")
    # Hash the text that was sent: its line endings can differ from the file's.
    sha256 = hash_contents(file.read_text(encoding="utf-8"))
    existed = bool(answer.get("alreadyExisted"))
    app.output.result(
        {"model": name, "version": version, "alreadyExisted": existed, "sha256": sha256},
        Fields({"Model": name, "SHA-256": sha256, "Existed": existed or None}),
    )


@models.command(
    arguments=_MODEL_ARGUMENT,
    examples=[
        ("models pull alice/RetinaClassifier:3", "Download to RetinaClassifier.py:"),
        (
            "models pull alice/RetinaClassifier --output - | less",
            "Read the code without saving it:",
        ),
    ],
)
@click.argument("model", type=MODEL)
@project_option
@click.option(
    "--output",
    metavar="FILE",
    type=FILE,
    help="File to write; '-' is standard output. Default: ModelName.py.",
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@click.pass_context
def pull(
    context: click.Context,
    /,
    model: ModelIdentifier,
    project: str | None,
    output: Path | None,
    force: bool,
) -> None:
    """Download a model's code and verify its hash.

    The code is not executed. The file appears only after its hash has been verified. A download
    does not count as a use; once a project's usage limit is reached, the code is withheld.
    """
    app = app_of(context)
    try:
        if output is not None and str(output) == STANDARD_INPUT:
            _print(app, model, project)
            return
        path = output or Path(f"{model.name}.py")
        check_targets(path, force=force)
        _download(app, model, project, path)
    except ModelValidationError as error:
        raise Failure(
            str(error), Exit.INVALID_DATA, hint="Report this to the model's owner."
        ) from error


def _download(app: App, model: ModelIdentifier, project: str | None, path: Path) -> None:
    hub = app.hub()
    with transfer(app.output, path.name, "Fetched") as counter:
        found = hub.download_model(
            model.owner, model.name, _version_of(model), path, project, progress=counter
        )
        if found is None:
            raise _no_such(model)
    app.output.result(
        {
            "model": str(model),
            "path": str(found.path),
            "bytes": found.size,
            "sha256": found.sha256,
            "checked": True,
        },
        Fields(
            {
                "Model": model,
                "Written": found.path,
                "Size": format_size(found.size),
                "SHA-256": found.sha256,
                "As published": True,
            }
        ),
    )


def _print(app: App, model: ModelIdentifier, project: str | None) -> None:
    from bitfount_api import hash_contents

    code = app.hub().get_model_code(model.owner, model.name, _version_of(model), project)
    if code is None:
        raise _no_such(model)
    sha256 = hash_contents(code)
    app.output.note(f"SHA-256 {sha256}, as published")
    if app.output.as_json:
        app.output.data({"model": str(model), "code": code, "sha256": sha256}, Text(code))
    else:
        app.output.raw(code)  # exactly the text that was hashed


def _version_of(model: ModelIdentifier) -> int | None:
    """Return the version number, or None for the latest version."""
    return model.version if isinstance(model.version, int) else None


def _no_such(model: ModelIdentifier) -> Failure:
    return Failure(
        f"There is no model {model} that you may see.",
        Exit.NOT_FOUND,
        hint="Check the name; if a project gives you access, name it with --project.",
    )
