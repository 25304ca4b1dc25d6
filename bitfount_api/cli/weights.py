"""``weights``: upload and download the weights of models."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bitfount_api.cli.arguments import (
    FILE,
    MODEL_VERSION,
    OWN_MODEL_VERSION,
    STANDARD_INPUT,
    check_targets,
    project_option,
    shown,
    standard_input,
)
from bitfount_api.cli.commands import Group, app_of
from bitfount_api.cli.exit_codes import BrokenPipe, Exit, Failure
from bitfount_api.cli.progress import transfer
from bitfount_api.cli.views import Fields, format_size
from bitfount_api.exceptions import TransferError

if TYPE_CHECKING:
    from bitfount_api.cli.app import App
    from bitfount_api.identifiers import ModelIdentifier


@click.group(
    cls=Group,
    examples=[
        (
            "weights push RetinaClassifier:3 epoch-90.pt",
            "Upload the weights of one of your models:",
        ),
        ("weights pull alice/RetinaClassifier:3", "Download a model's weights:"),
    ],
)
def weights() -> None:
    """Upload and download weights, streamed from and to disk."""


@weights.command(
    arguments={
        "MODEL": "A version of one of your models: ModelName:3.",
        "FILE": "The weights, 500 MiB at most; '-' reads standard input.",
    },
    examples=[
        ("weights push RetinaClassifier:3 epoch-90.pt", "Upload weights with a progress bar:"),
        (
            "weights push RetinaClassifier:3 epoch-90.pt --quiet",
            "Without a progress bar, in a nightly job:",
        ),
        (
            "weights push RetinaClassifier:3 epoch-90.pt --compress",
            "Send less over a slow connection:",
        ),
        (
            "weights push RetinaClassifier:3 -",
            "Upload standard input, such as what another command pipes into it:",
        ),
    ],
)
@click.argument("model", type=OWN_MODEL_VERSION)
@click.argument("file", type=FILE)
@click.option(
    "--compress", is_flag=True, help="Compress the weights with Zstandard, in a temporary file."
)
@click.pass_context
def push(context: click.Context, /, model: ModelIdentifier, file: Path, compress: bool) -> None:
    """Upload the weights of one of your models.

    Replaces the existing weights of this version. Compressed weights are stored as they are sent,
    and decompressed when they are downloaded.
    """
    app = app_of(context)
    hub = app.hub()
    assert isinstance(model.version, int)  # noqa: S101 - checked by the argument's type
    given = standard_input() if str(file) == STANDARD_INPUT else file
    with transfer(app.output, shown(Path(file.name)), "Sent") as counter:
        hub.send_weights(model.name, model.version, given, progress=counter, compress=compress)
    name, sizes = f"{hub.session.username}/{model.model}", []
    size = None if compress else counter.done  # of standard input
    if given is file:
        size = file.stat().st_size
    if size is not None:
        sizes.append(format_size(size))
    if compress:
        sizes.append(f"{format_size(counter.done)} when compressed")
    app.output.result(
        {"model": name, "path": str(file), "bytes": size, "bytesSent": counter.done},
        Fields({"Model": name, "Sent": shown(file), "Size": ", ".join(sizes)}),
    )


@weights.command(
    arguments={"MODEL": "One version of a model: owner/ModelName:3."},
    examples=[
        ("weights pull alice/RetinaClassifier:3", "Download to RetinaClassifier-3.weights:"),
        (
            "weights pull alice/RetinaClassifier:3 --project 6f1c2c8e \\\n--output retina.pt",
            "Use access through a project, and choose the file:",
        ),
    ],
)
@click.argument("model", type=MODEL_VERSION)
@project_option
@click.option(
    "--output",
    metavar="FILE",
    type=FILE,
    help="File to write; '-' is standard output. Default: ModelName-3.weights.",
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
    """Download the weights of a model, in several parts at a time.

    The file appears when the download is complete. If the connection breaks, the bytes received so
    far are kept next to the file, and the next download resumes from there; Ctrl-C deletes them.
    Shows the SHA-256 of the file: compare it with the one the model's owner gives you.
    """
    app = app_of(context)
    if output is not None and str(output) == STANDARD_INPUT:
        _print(app, model, project)
        return
    path = output or Path(f"{model.name}-{model.version}.weights")
    check_targets(path, force=force)
    hub = app.hub()
    assert isinstance(model.version, int)  # noqa: S101 - checked by the argument's type
    with transfer(app.output, path.name, "Fetched") as counter:
        found = hub.download_weights(
            model.owner, model.name, model.version, path, project, progress=counter
        )
        if found is None:
            raise _no_weights(model)
    app.output.result(
        {
            "model": str(model),
            "path": str(found.path),
            "bytes": found.size,
            "sha256": found.sha256,
        },
        Fields(
            {
                "Model": model,
                "Written": found.path,
                "Size": format_size(found.size),
                "SHA-256": found.sha256,
            }
        ),
    )


def _print(app: App, model: ModelIdentifier, project: str | None) -> None:
    if app.output.as_json or sys.stdout.isatty():
        raise Failure(
            "Weights are bytes, which cannot be shown.",
            Exit.INVALID_INPUT,
            hint="Leave out --json, and redirect standard output to a command or a file.",
        )
    assert isinstance(model.version, int)  # noqa: S101 - checked by the argument's type
    try:
        with transfer(app.output, str(model), "Fetched") as counter:
            found = app.hub().download_weights(
                model.owner,
                model.name,
                model.version,
                sys.stdout.buffer,
                project,
                progress=counter,
            )
            if found is None:
                raise _no_weights(model)
    except TransferError as error:
        if isinstance(error.__cause__, BrokenPipeError):
            raise BrokenPipe from None
        raise
    app.output.note(f"SHA-256 {found.sha256}")


def _no_weights(model: ModelIdentifier) -> Failure:
    return Failure(
        f"There are no weights of {model} that you may see.",
        Exit.NOT_FOUND,
        hint=f"Run 'bitfount-api models show {model}' to check that the model exists.",
    )
