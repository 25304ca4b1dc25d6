"""``doctor``: why does it not work here?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bitfount_api.cli.commands import Command, app_of
from bitfount_api.cli.exit_codes import Exit, error_message
from bitfount_api.cli.views import Findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bitfount_api.cli.app import App
    from bitfount_api.cli.checks.report import Finding


@click.command(
    cls=Command,
    examples=[
        ("doctor", "Look at everything:"),
        ("doctor --offline", "Only at what is on this machine:"),
        ("--ca system doctor", "See whether the system's CAs make it work:"),
        ("doctor --json > report.json", "For a report of an error; it holds no secrets:"),
    ],
)
@click.option("--offline", is_flag=True, help="Send nothing.")
@click.pass_context
def doctor(context: click.Context, /, offline: bool) -> int:
    """Find out why it does not work here, and what to do about it.

    Looks at the settings, the credentials and who can read them, the versions, the names, proxies
    and certificates on the way to each service, and the clock. Changes nothing.

    Ends with 0 if all is well, and with 1 if there is a problem.
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
    app.output.error(f"{number}; what to do stands beside it.")
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
    """A check's findings; that it cannot be done is one too, and the others are done still."""
    from bitfount_api.cli.checks.report import Report

    try:
        return check()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        findings = Report(area)
        findings.problem(error_message(error), "the other findings may tell why")
        return findings.found
