"""Test that the site's pictures match their scripts and the current programs."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from docs.tools.__main__ import COMMANDS, STEPS, made

PICTURES = Path(__file__).parents[2] / "docs" / "pages" / "pictures"
TOUR = (Path(__file__).parents[2] / "demo" / "tour.py").read_text(encoding="utf-8")


def words(name: str) -> str:
    """Return the text of a picture, one line per text element."""
    root = ET.parse(PICTURES / name).getroot()
    found = ("".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text"))
    return "\n".join(found).replace("\xa0", " ")


def test_committed_drawings_equal_the_generated_ones() -> None:
    assert len(made()) == 5
    stale = [path.name for path, text in made().items() if path.read_text("utf-8") != text]
    assert not stale, "regenerate them: python -m docs.tools --exact"


def test_every_picture_is_used() -> None:
    there = {path.name for path in PICTURES.iterdir()}
    drawn = {path.name for path in made() if path.parent == PICTURES}
    assert there == drawn | {"demo.svg", "command-line.svg"}


@pytest.mark.parametrize("picture", sorted(PICTURES.glob("*.svg")), ids=lambda path: path.name)
def test_pictures_load_nothing_external(picture: Path) -> None:
    text = picture.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://(?!localhost:)[^\s\"<)]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "https://www.textualize.io",
    }
    assert "@font-face" not in text


def test_recorded_tour_equals_the_current_output() -> None:
    shown = words("demo.svg")
    titles = re.findall(r"output\.step\([^)]*\"([^\"]+)\",?\s*\):", TOUR)
    assert len(titles) > STEPS
    checks = re.findall(
        r"output\.check\(\s*\"([^\"]+)\"", TOUR.partition("async def download_model")[0]
    )
    for expected in ["http://localhost:", *titles[:STEPS], *checks]:
        assert expected in shown


def test_recorded_command_line_equals_the_current_output() -> None:
    shown = words("command-line.svg")
    for command in COMMANDS:
        assert f"bitfount-api {command}" in shown
    assert "Retina screening" in shown
