"""``doctor``: diagnose the settings, the credentials and the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bitfount_api.cli.commands import Command, app_of
from bitfount_api.cli.errors import describe
from bitfount_api.cli.exit_codes import Exit
from bitfount_api.cli.views import Findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bitfount_api.cli.app import App
    from bitfount_api.cli.checks.report import Finding


@click.command(
    cls=Command,
    examples=[
        ("doctor", "Check everything:"),
        ("doctor --offline", "Check only this machine, and send nothing:"),
        ("--ca system doctor", "Check whether it works with the system's CAs:"),
        (
            "doctor --json > report.json",
            "Save the result for a bug report; it contains no secrets:",
        ),
    ],
)
@click.option("--offline", is_flag=True, help="Send nothing.")
@click.pass_context
def doctor(context: click.Context, /, offline: bool) -> int:
    """Find problems on this machine, and show how to fix them.

    Checks the settings, the credentials and their file permissions, the versions, the DNS name,
    proxy and certificate of each service, and the clock. Changes nothing.

    Exits with 0 if there is no problem, and with 1 otherwise.
    """
    app = app_of(context)
    found = list(_examine(app, offline=offline))
    problems = [finding for finding in found if finding.level == "problem"]
    app.output.data(
        {
            "ok": not problems,
            "findings": [
                {
                    "area": finding.area,
                    "level": finding.level.value,
                    "text": finding.text,
                    "advice": finding.advice,
                }
                for finding in found
            ],
        },
        Findings(
            [
                (finding.area, finding.level.value, finding.text, finding.advice or "")
                for finding in found
            ]
        ),
    )
    if not problems:
        return Exit.OK
    number = "There is a problem" if len(problems) == 1 else f"There are {len(problems)} problems"
    app.output.error(f"{number}: see the advice above.")
    return Exit.FAILED


def _examine(app: App, *, offline: bool) -> Iterator[Finding]:
    from bitfount_api.cli.checks import credentials, network, settings, versions

    yield from _safely("Versions", versions.check)
    yield from _safely("Settings", settings.check)
    yield from _safely("Credentials", lambda: credentials.check(app))
    if not offline:
        yield from _safely("Credentials", lambda: credentials.check_accepted(app))
        yield from _safely("Network", lambda: network.check(app))


def _safely(area: str, check: Callable[[], list[Finding]]) -> list[Finding]:
    """Return a check's findings; an exception becomes a finding, so the other checks still run."""
    from bitfount_api.cli.checks.report import Report

    try:
        return check()
    except Exception as error:  # noqa: BLE001 - any failure of a check is a finding
        findings = Report(area)
        problem = describe(error)
        advice = "see the other findings for the cause"
        if problem.code is Exit.INVALID_INPUT:  # the text names the option or the variable
            advice = "correct it"
        findings.problem(problem.line, advice)
        return findings.found
