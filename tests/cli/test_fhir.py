"""Tokens for clinical systems: shown only on request."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cli.console import Console

EHR = "https://ehr.example.org/fhir"


@pytest.fixture
def paired(console: Console) -> Console:
    console.sandbox.pair("alice", EHR, nextgen={"practiceId": "p-7"})
    return console


def test_token_is_shown_only_on_request(paired: Console) -> None:
    token = paired.ok("fhir", "token", "--show").out.strip()
    assert len(token) > 20
    assert paired.json("fhir", "token", "--show")["token"] == token
    for options in ([], ["--json"], ["--debug"], ["--output", "t"]):
        outcome = paired.ok("fhir", "token", *options)
        assert token not in outcome.out + outcome.err
    assert "p-7" in paired.ok("fhir", "token").out


def test_token_file_is_private(paired: Console) -> None:
    token = paired.ok("fhir", "token", "--show").out
    written = paired.json("fhir", "token", "--output", "t")
    path = Path(written["path"])
    assert path.read_text(encoding="utf-8") == token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert paired.run("fhir", "token", "--output", "t").code == 6
    path.chmod(0o644)
    paired.ok("fhir", "token", "--output", "t", "--force")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_missing_pairing_is_reported(paired: Console) -> None:
    outcome = paired.run("fhir", "token", "--resource-server", "https://other.example.org")
    assert (outcome.code, outcome.out) == (4, "")
    assert "other.example.org" in outcome.err
    paired.ok("fhir", "token", "--resource-server", f"{EHR}/")
    paired.be("bob")
    assert paired.run("fhir", "token").code == 4


def test_show_and_output_options_are_exclusive(paired: Console) -> None:
    assert paired.run("fhir", "token", "--show", "--output", "t").code == 2
