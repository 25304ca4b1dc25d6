"""Run the doctor, and read its findings."""

from __future__ import annotations

from typing import Any

from cli.console import Console


def findings(console: Console, *options: object, code: int) -> list[dict[str, Any]]:
    outcome = console.run("doctor", "--json", *options)
    assert outcome.code == code, outcome
    assert outcome.json["ok"] is (code == 0)
    found: list[dict[str, Any]] = outcome.json["findings"]
    for finding in found:
        if finding["level"] in ("problem", "warning"):
            assert finding["advice"], finding
    return found


def problems(console: Console, *options: object, code: int = 1) -> str:
    """The texts and advices of the problems, a line each."""
    return "\n".join(
        f"{finding['text']} -> {finding['advice']}"
        for finding in findings(console, *options, code=code)
        if finding["level"] == "problem"
    )
