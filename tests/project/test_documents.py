"""The documents for contributors: short, complete, and with valid links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ADR = ROOT / "docs" / "adr"
DECISIONS = sorted(path for path in ADR.glob("*.md") if path.name != "README.md")
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / ".github").rglob("*.md")),
    *sorted(ADR.glob("*.md")),
    ROOT / "docs" / "releasing.md",
]
FORMS = sorted(
    path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").iterdir() if path.name != "config.yml"
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def without_blocks(text: str) -> str:
    """A document without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)


def prose(text: str) -> str:
    """A document without its blocks of code and its code in lines."""
    return re.sub(r"`[^`]*`", "", without_blocks(text))


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", without_blocks(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(path: Path) -> list[str]:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        to = (path.parent / file).resolve() if file else path
        known = to.exists() and (not anchor or anchor in anchors(to.read_text(encoding="utf-8")))
        if not known:
            broken.append(target)
    return broken


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_relative_links_resolve(path: Path) -> None:
    assert broken_links(path) == []


def test_broken_links_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A title\n[a](#a-title) [b](#nothing) [c](none.md) [d](https://example.com/x)\n"
        "`[e](code.md)`\n```\n[f](block.md)\n```\n[g](page.md#a-title)\n",
        encoding="utf-8",
    )
    assert broken_links(page) == ["#nothing", "none.md"]


def test_contributing_is_short() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 190


def test_make_targets_in_documents_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for path in (ROOT / "CONTRIBUTING.md", ROOT / "docs" / "releasing.md"):
        text = path.read_text(encoding="utf-8")
        calls = re.findall(r"(?:^ *|`)make ([a-z][a-z -]*)", text, re.MULTILINE)
        named = {target for call in calls for target in call.split()}
        assert named
        for target in named:
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{path.name}: {target}"


def test_files_named_in_contributing_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    places = [ROOT, ROOT / "bitfount_api", ROOT / "tests" / "integration"]
    named = set(re.findall(r"`([\w./]+\.(?:py|toml|md))`", text))
    assert named
    assert {word for word in named if not any((at / word).exists() for at in places)} == set()


@pytest.mark.parametrize("path", DECISIONS, ids=name_of)
def test_decision_has_title_status_date_and_sections(path: Path) -> None:
    title, status, *rest = path.read_text(encoding="utf-8").split("\n\n")
    number = re.fullmatch(r"# (\d+)\. \S.*", title)
    assert number
    assert path.name.startswith(f"{int(number[1]):04}-")
    state = r"proposed|accepted|superseded by \[.+\]\(\d{4}-[\w-]+\.md\)"
    assert re.fullmatch(rf"Status: (?:{state}) · Date: \d{{4}}-\d\d-\d\d", status)
    sections = re.findall(r"^## (.+)$", "\n\n".join(rest), re.MULTILINE)
    assert sections == ["Context", "Decision", "Consequences"]
    bodies = re.split(r"^## .+$", "\n\n".join(rest), flags=re.MULTILINE)
    assert all(body.strip() for body in bodies[1:])


def test_the_index_lists_every_decision_in_order_with_its_title() -> None:
    assert DECISIONS
    titles = [path.read_text(encoding="utf-8").partition("\n")[0][2:] for path in DECISIONS]
    expected = [(title, path.name) for title, path in zip(titles, DECISIONS, strict=True)]
    index = (ADR / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^- \[(.+)\]\((\d.+)\)$", index, re.MULTILINE) == expected
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("path", FORMS, ids=name_of)
def test_issue_form_has_unique_ids_and_a_required_field(path: Path) -> None:
    form: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= form.keys()
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    ids = [field["id"] for field in fields]
    assert len(set(ids)) == len(ids)
    assert any(field.get("validations", {}).get("required") for field in fields)
    for field in fields:
        assert field["attributes"]["label"]
        for option in field["attributes"].get("options", []):
            assert isinstance(option, str | dict)  # YAML reads an unquoted Yes as true


def test_vulnerabilities_are_reported_in_private() -> None:
    text = (ROOT / ".github" / "ISSUE_TEMPLATE" / "config.yml").read_text(encoding="utf-8")
    addresses = [link["url"] for link in yaml.safe_load(text)["contact_links"]]
    assert any(address.endswith("/security/advisories/new") for address in addresses)
    for name in ("SECURITY.md", "CODE_OF_CONDUCT.md"):
        assert "Report a vulnerability" in (ROOT / name).read_text(encoding="utf-8")


def test_pre_commit_runs_make_check_with_the_locked_tools() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    [repository] = yaml.safe_load(text)["repos"]
    assert repository["repo"] == "local"  # others would bring versions of their own
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    check = re.search(r"^check: ([a-z -]+?) *##", makefile, re.MULTILINE)
    assert check
    assert [hook["entry"] for hook in repository["hooks"]] == [
        f"make {target}" for target in check[1].split()
    ]
    for hook in repository["hooks"]:
        assert hook["language"] == "system"
        assert hook["pass_filenames"] is False
