"""Compare what the libraries did, and draw it as a table for the documentation."""

from __future__ import annotations

import datetime as dt
import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
from interoperability.every_method import SITUATIONS
from interoperability.libraries import Result, Run

RECORDED = Path(__file__).with_name("recorded.json")
BEGIN = "<!-- The rest of this page is written by make interoperability. -->"

DIFFERENCES: dict[tuple[str, str], str] = {
    ("BitfountHub.get_model", "refused"): (
        "None means that there is no such model. A refusal is an `HTTPError` with its status, so "
        "that wrong credentials are not taken for a missing model."
    ),
    ("BitfountHub.get_weights", "refused"): "As `get_model`.",
    ("BitfountHub.send_model", "not JSON"): (
        "The documentation promises `ModelUploadError` for every upload that fails."
    ),
    ("BitfountHub.send_weights", "not JSON"): "As `send_model`.",
}
"""The methods and situations in which this library differs from the official SDK on purpose."""


def same(first: Result, second: Result) -> bool:
    """Whether two libraries did the same. The official SDK leaves most errors without a status."""
    if first.error is not None and second.error is not None:
        return first.error.split()[0] == second.error.split()[0]
    return first.error == second.error and first.value == second.value


def differing(ours: Run, official: Iterable[Run]) -> Iterator[tuple[Result, dict[str, Result]]]:
    """Yield our results that differ, each with the official ones that differ from it."""
    for call, result in ours.results.items():
        others = {
            run.version: run.results[call]
            for run in official
            if call in run.results and not same(run.results[call], result)
        }
        if others:
            yield result, others


# --- Recorded results ----------------------------------------------------------------------------
def save(runs: Iterable[Run], path: Path = RECORDED) -> None:
    """Store the results of the official SDK, with today's date."""
    content = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "runs": {
            run.version: [
                attrs.asdict(result, filter=lambda field, value: field.name != "trace")
                for result in run.results.values()
            ]
            for run in runs
        },
    }
    path.write_text(f"{json.dumps(content, indent=1)}\n", encoding="utf-8")


def recorded(path: Path = RECORDED) -> tuple[str, list[Run]]:
    """Return the date and the results that :func:`save` stored."""
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    runs = []
    for version, results in content["runs"].items():
        read = [Result(**each) for each in results]
        runs.append(Run(version, {result.call: result for result in read}))
    return content["date"], runs


def names_in(value: Any) -> Iterator[str]:
    """Yield the names of all fields in a value."""
    if isinstance(value, dict):
        yield from value
    for each in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from names_in(each)


def without_unknown_fields(ours: Run, official: Iterable[Run]) -> Run:
    """Return our results without fields that occur in no recorded result.

    A service has added them since the recording, and all libraries return what a service sends.
    """
    known = {
        name
        for run in official
        for result in run.results.values()
        for name in names_in(result.value)
    }

    def reduced(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: reduced(each) for name, each in value.items() if name in known}
        return [reduced(each) for each in value] if isinstance(value, list) else value

    results = {
        call: attrs.evolve(result, value=reduced(result.value))
        for call, result in ours.results.items()
    }
    return Run(ours.version, results)


# --- The table -----------------------------------------------------------------------------------
def short(result: Result) -> str:
    """Return a result for a cell of the table."""
    if result.error is not None:
        return f"`{result.error.split()[0]}`"
    match result.value:
        case None | True | False:
            return f"`{result.value}`"
        case str() if result.value.startswith("class "):
            return "a class"
        case str() if result.value.startswith("RSA key"):
            return "a key"
        case str() if result.value.endswith(" bytes"):
            return "bytes"
        case value:
            return {dict: "a dict", list: "a list", str: "a text", int: "an id"}[type(value)]


def _cell(ours: Result, others: Mapping[str, Result]) -> str:
    shown: dict[str, list[str]] = {}
    for version, result in others.items():
        if not same(result, ours):
            shown.setdefault(short(result), []).append(version)
    differences = "; ".join(f"{', '.join(who)}: {what}" for what, who in shown.items())
    return f"{short(ours)} ({differences})" if differences else short(ours)


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 110, subsequent_indent=indent, break_on_hyphens=False)


def page(ours: Run, date: str, official: list[Run]) -> str:
    """Return the generated part of the page: what was compared, the table, and the differences."""
    versions = [run.version for run in official]
    calls = dict.fromkeys((method, about) for method, about, _ in ours.results)
    lines = [
        BEGIN,
        "",
        _wrapped(
            f"Versions: {' and '.join(versions)} of the official SDK, on {date}. Each row is a "
            f"call, and each cell what it returned or raised, {len(ours.results)} in all."
        ),
        "",
        "| Call | In | Works | Refused (403) | Missing (404) | Not JSON |",
        "|---|---|---|---|---|---|",
    ]
    for method, about in calls:
        known = [run.version for run in official if (method, about, SITUATIONS[0]) in run.results]
        cells = []
        for situation in SITUATIONS:
            call = (method, about, situation)
            others = {run.version: run.results[call] for run in official if call in run.results}
            cells.append(_cell(ours.results[call], others))
        name = f"`{method}`" + (f", {about}" if about else "")
        lines.append(f"| {name} | {', '.join(known)} | {' | '.join(cells)} |")
    lines += ["", "## Intended differences", ""]
    lines += [
        _wrapped(f"- `{method}`, {situation}: {reason}", "  ")
        for (method, situation), reason in DIFFERENCES.items()
    ]
    return "\n".join(lines) + "\n"
