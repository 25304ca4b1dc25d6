"""``migrate``: replace the official SDK in source code by this library."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from bitfount_api.cli.arguments import FILE, check_is_path
from bitfount_api.cli.commands import Command, app_of
from bitfount_api.cli.exit_codes import Exit, Failure
from bitfount_api.cli.streams import sanitize
from bitfount_api.cli.views import Text

if TYPE_CHECKING:
    from pathlib import Path

    from bitfount_api.cli.migration.files import Place, Report, Skipped


@click.command(
    cls=Command,
    arguments={"PATH": "A file, a notebook, or a folder with all files in it."},
    examples=[
        ("migrate src", "Show what has to change, and change nothing:"),
        ("migrate src --write", "Edit the files:"),
        ("migrate analysis.ipynb --json", "Report on a notebook as JSON:"),
    ],
)
@click.argument("path", type=FILE)
@click.option("--write", is_flag=True, help="Edit the files. Otherwise, nothing is changed.")
@click.pass_context
def migrate(context: click.Context, /, path: Path, write: bool) -> int:
    """Replace the official SDK in your code with this library.

    Reads Python files and notebooks, runs none of them, and reports each use of the package
    bitfount (5.3 or 13.0): supported as it is, needs an edit (shown as a diff), needs a look, or
    not offered. Also finds handlers for the exceptions of requests, which this library does not
    raise. Folders of tools and installed packages and symbolic links are skipped.

    Exits with 0 if nothing is left for you to do once the edits are written, and with 1 otherwise.
    """
    app = app_of(context)
    reports, skipped = _examine(path)
    if write:
        from bitfount_api.cli.migration import files

        for report in reports:
            files.write(report)
    counts = Counter(place.result.value for report in reports for place in report.places)
    hands = sum(place.result.needs_hands for report in reports for place in report.places)
    if counts or app.output.as_json:
        show = app.output.result if write and counts["edit"] else app.output.data
        show(_as_json(reports, skipped, write, hands, counts), Text(_as_text(reports)))
    for one in skipped:
        app.output.note(f"Skipped {one.path}: {one.reason}.")
    edits = counts["edit"]
    if not counts:
        app.output.note("There are no uses of the official SDK.")
    elif edits:
        number = "1 edit" if edits == 1 else f"{edits} edits"
        app.output.note(f"Made {number}." if write else f"To make {number}, add --write.")
    if not hands:
        return Exit.OK
    number = "1 use needs" if hands == 1 else f"{hands} uses need"
    app.output.error(f"{number} your attention: see the lines above.")
    return Exit.FAILED


def _examine(path: Path) -> tuple[list[Report], list[Skipped]]:
    check_is_path(path)
    if not path.is_file() and not path.is_dir():
        raise Failure(f"{path} is not a file or folder.", Exit.INVALID_INPUT)
    try:
        from bitfount_api.cli.migration import files
    except ModuleNotFoundError as error:
        if error.name != "libcst":
            raise
        raise Failure(
            "libcst is not installed.",
            Exit.INVALID_INPUT,
            hint="Install it with: pip install 'bitfount-api[cli]'",
        ) from None
    reports: list[Report] = []
    skipped: list[Skipped] = []
    for found in files.walk(path):
        if isinstance(found, files.Skipped):
            skipped.append(found)
        else:
            report = files.examine(found)
            if report.places:
                reports.append(report)
    if all(report.elsewhere for report in reports):
        reports.clear()  # handlers for the errors of something else
    return reports, skipped


def _as_text(reports: list[Report]) -> str:
    lines = []
    for report in reports:
        for place in report.places:
            name = f"{place.name}: " if place.name else ""
            where = _where(report.path, place)
            lines.append(f"{where}: {place.result.value}: {name}{place.text}\n")
        lines.append(report.diff)
    return sanitize("".join(lines))


def _where(path: Path, place: Place) -> str:
    cell = "" if place.cell is None else f"cell {place.cell}:"
    return f"{path}:{cell}{place.line}"


def _as_json(
    reports: list[Report], skipped: list[Skipped], write: bool, hands: int, counts: Counter[str]
) -> dict[str, Any]:
    return {
        "ok": not hands,
        "written": write,
        "counts": dict(sorted(counts.items())),
        "files": [
            {
                "path": str(report.path),
                "uses": [
                    {
                        "line": place.line,
                        "column": place.column,
                        "cell": place.cell,
                        "name": place.name,
                        "result": place.result.value,
                        "text": place.text,
                    }
                    for place in report.places
                ],
                "diff": report.diff,
            }
            for report in reports
        ],
        "skipped": [{"path": str(one.path), "reason": one.reason} for one in skipped],
    }
