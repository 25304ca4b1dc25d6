"""A release tag names the version of the package, which the changelog describes."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import bitfount_api

ROOT = Path(__file__).parents[2]
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2027-01-31\n"


def tags_here() -> list[str]:
    """The tags of the commit that is checked out; none in a copy without git."""
    command = ["git", "tag", "--points-at", "HEAD"]
    ran = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    return ran.stdout.split()


def disagreements(tags: list[str], version: str, changelog: str) -> list[str]:
    found = [
        f"the tag is {tag}, and the version {version}"
        for tag in tags
        if re.match(r"v\d", tag) and tag != f"v{version}"
    ]
    heading = rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$"
    described = re.search(heading, changelog, re.MULTILINE)
    if f"v{version}" in tags and not described:
        found.append(f"the changelog has no section with a date for {version}")
    return found


def test_pages_say_whether_there_is_a_release() -> None:
    pages = [ROOT / "README.md", ROOT / "docs" / "pages" / "index.md"]
    said = {page.name for page in pages if "not published yet" in page.read_text(encoding="utf-8")}
    published = any(re.match(r"v\d", tag) for tag in tags_here())
    assert said == (set() if published else {page.name for page in pages})


def test_the_tag_the_version_and_the_changelog_agree() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert disagreements(tags_here(), bitfount_api.__version__, changelog) == []


@pytest.mark.parametrize(
    ("tags", "version", "count"),
    [
        ([], "0.3.0", 0),
        (["nightly"], "0.3.0", 0),
        (["v0.2.0"], "0.2.0", 0),
        (["v0.2.0"], "0.2.1", 1),
        (["v0.3.0"], "0.3.0", 1),
    ],
)
def test_disagreements_are_found(tags: list[str], version: str, count: int) -> None:
    assert len(disagreements(tags, version, CHANGELOG)) == count
