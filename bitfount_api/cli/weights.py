"""``weights``: upload and download the weights of models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bitfount_api.cli.arguments import (
    FILE,
    MODEL_VERSION,
    OWN_MODEL_VERSION,
    check_targets,
    project_option,
)
from bitfount_api.cli.commands import Group, app_of
from bitfount_api.cli.exit_codes import Exit, Failure
from bitfount_api.cli.progress import transfer
from bitfount_api.cli.views import Fields, format_size

if TYPE_CHECKING:
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
        "FILE": "The weights, 500 MiB at most.",
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
    with transfer(app.output, file.name, "Sent") as counter:
        hub.send_weights(model.name, model.version, file, progress=counter, compress=compress)
    name, size = f"{hub.session.username}/{model.model}", file.stat().st_size
    packed = f", {format_size(counter.done)} when compressed" if compress else ""
    app.output.result(
        {"model": name, "path": str(file), "bytes": size, "bytesSent": counter.done},
        Fields({"Model": name, "Sent": file, "Size": f"{format_size(size)}{packed}"}),
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
    "--output", metavar="FILE", type=FILE, help="File to write. Default: ModelName-3.weights."
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
    path = output or Path(f"{model.name}-{model.version}.weights")
    check_targets(path, force=force)
    hub = app.hub()
    assert isinstance(model.version, int)  # noqa: S101 - checked by the argument's type
    with transfer(app.output, path.name, "Fetched") as counter:
        found = hub.download_weights(
            model.owner, model.name, model.version, path, project, progress=counter
        )
        if found is None:
            raise Failure(
                f"There are no weights of {model} that you may see.",
                Exit.NOT_FOUND,
                hint=f"Run 'bitfount-api models show {model}' to check that the model exists.",
            )
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
