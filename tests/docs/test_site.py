"""Test that the documentation site builds in strict mode and has no broken links."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs
import pytest

import bitfount_api

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "pages"
CONFIG = (ROOT / "zensical.toml").read_text(encoding="utf-8")


@attrs.frozen
class Built:
    """The result of a build."""

    status: int
    said: str
    site: Path


def copied(folder: Path) -> Path:
    """Copy the site's sources to a folder, to build it without changing the project."""
    for name in ("docs", "examples", "benchmarks"):
        shutil.copytree(ROOT / name, folder / name)
    config = CONFIG.replace('paths = ["."]', f'paths = ["{ROOT.as_posix()}"]')
    (folder / "zensical.toml").write_text(config, encoding="utf-8")
    return folder


def build(folder: Path) -> Built:
    zensical = Path(sys.executable).with_name("zensical")
    ran = subprocess.run(
        [zensical, "build", "--strict"], cwd=folder, check=False, capture_output=True, text=True
    )
    said = re.sub(r"\x1b\[[0-9;]*m", "", ran.stdout + ran.stderr)
    return Built(ran.returncode, said, folder / "site")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(copied(tmp_path_factory.mktemp("site")))


class Page(HTMLParser):
    """The ids, links and loaded resources of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value for name, value in attributes if value}
        self.ids.update(found[name] for name in ("id", "name") if name in found)
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") not in ("canonical", "prev", "next"):
            self.loads.append(found.get("href", ""))
        if "src" in found:
            self.loads.append(found["src"])


def pages(site: Path) -> Iterator[tuple[Path, Page]]:
    for path in sorted(site.rglob("*.html")):
        if path.name != "404.html":  # its links are relative to the site's root
            yield path, Page(path)


def test_site_builds_without_warnings(built: Built) -> None:
    assert built.status == 0, built.said
    assert "No issues found" in built.said
    assert "griffe:" not in built.said


def test_links_and_pictures_resolve(built: Built) -> None:
    known = {path.resolve(): page for path, page in pages(built.site)}
    assert len(known) >= 12
    lost = []
    for path, page in known.items():
        for address in [*page.links, *page.loads]:
            parts = urlsplit(address)
            if parts.scheme in ("https", "http", "mailto", "data"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            there = target.is_file()
            if there and parts.fragment and target in known:
                there = unquote(parts.fragment) in known[target].ids
            if not there:
                lost.append(f"{path.relative_to(built.site)}: {address}")
    assert not lost


def test_site_loads_nothing_external(built: Built) -> None:
    loads = {address for _, page in pages(built.site) for address in page.loads}
    assert loads
    assert [address for address in loads if urlsplit(address).netloc] == []


def test_every_page_is_in_the_navigation() -> None:
    listed = set(re.findall(r'"([\w/-]+\.md)"', str(tomllib.loads(CONFIG)).replace("'", '"')))
    there = {path.relative_to(PAGES).as_posix() for path in PAGES.rglob("*.md")}
    assert listed == there


def test_the_reference_has_every_public_name(built: Built) -> None:
    ids = {found for _, page in pages(built.site) for found in page.ids}
    public = set()
    for name, module in bitfount_api._MODULES.items():
        value = getattr(bitfount_api, name)
        # Some classes have a second name, and constants do not know theirs.
        own = getattr(value, "__qualname__", name)
        public.add(f"{getattr(value, '__module__', f'bitfount_api.{module}')}.{own}")
    assert public - ids == set()


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("types", "isOnline: NotRequired[bool]"),
        ("types", "uploadFields: NotRequired"),  # defined in a base class without a page
        ("types", "# Presigned URL.\nschemaDownloadUrl: NotRequired[str | None]"),
        ("types", 'NO_ACCESS = "NO_ACCESS"'),
        ("keys", "private_key: RSAPrivateKey"),
    ],
)
def test_reference_shows_the_fields_of_answers(built: Built, page: str, words: str) -> None:
    text = (built.site / "reference" / page / "index.html").read_text(encoding="utf-8")
    assert words in unescape(re.sub(r"<[^>]+>", "", text)).replace("'", '"')


def test_broken_link_fails_the_build(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    with (folder / "docs" / "pages" / "index.md").open("a", encoding="utf-8") as index:
        index.write("\nSee [a page](nothing.md).\n")
        index.write("\nSee [a heading](reference/hub.md#nothing).\n")
        index.write("\nSee [a name][bitfount_api.hub.Nothing].\n")
    result = build(folder)
    assert result.status != 0
    assert "3 issues found" in result.said
