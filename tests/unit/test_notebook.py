"""Results and schemas as notebooks draw them, through IPython's display protocol."""

from __future__ import annotations

import html.parser
import json
import re
from pathlib import Path
from typing import Any

import pytest

from bitfount_api import BitfountSchema, PodResponseType
from bitfount_api.notebook import Table
from bitfount_api.schemas import CategoricalFeature, ContinuousFeature, Feature, ImageFeature

DOCUMENT = json.loads((Path(__file__).parents[1] / "data/pod-schema-v4.json").read_text("utf-8"))
HOSTILE = "<script>alert(1)</script>\" onload='x' & \u202egpj.exe\u200b\x1b[31m\ud800"


class Reader(html.parser.HTMLParser):
    """Reads HTML as a browser does: elements, attributes, and the texts of cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes.update(attrs)
        if tag == "wbr":
            return
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"th", "td"} & set(self.open):
            self.rows[-1][-1] += data


def check_harmless(text: str) -> Reader:
    """Check that HTML has only tables and text, in the colours of the page, and can be sent."""
    found = Reader(text)
    assert found.elements <= {
        "bdi",
        "div",
        "p",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "wbr",
    }
    assert found.attributes <= {("scope", "col"), ("scope", "row"), ("style", "text-align: left")}
    assert re.search("[\x00-\x1f\u200b\u202e\ud800]", text) is None
    text.encode()
    return found


class TestSchema:
    def test_schema_draws_a_row_for_each_column(self) -> None:
        schema = BitfountSchema.load(DOCUMENT)
        found = check_harmless(schema._repr_html_())
        assert found.rows[0] == ["Column", "Semantic type", "dtype", "Values", "Description"]
        assert [row[0] for row in found.rows[1:]] == [each.name for each in schema.columns]
        assert ["sex", "categorical", "string", "f, m", ""] in found.rows
        assert "clinic-scans" in schema._repr_html_()
        assert "(7 columns, 3 records)" in schema._repr_html_()

    def test_labels_and_sizes_are_shortened(self) -> None:
        labels = {f"label {number}": number for number in range(3000)}
        schema = BitfountSchema(
            "d",
            features=[
                CategoricalFeature("c", encoder={"classes": labels}),
                ImageFeature("i", dimensions={"(640, 480)": 2}, modes={"RGB": 2}),
            ],
        )
        _, labelled, image = check_harmless(schema._repr_html_()).rows
        assert labelled[3].startswith("label 0, label 1, ")
        assert labelled[3].endswith("label 7, … (3,000 in total)")
        assert image[3] == "(640, 480); RGB"

    def test_long_schema_is_cut_with_a_count(self) -> None:
        schema = BitfountSchema("d", features=[ContinuousFeature(f"c{n}") for n in range(2000)])
        drawn = schema._repr_html_()
        assert len(check_harmless(drawn).rows) == 101
        assert "… and 1,900 more columns" in drawn

    def test_empty_schema_is_drawn_without_a_table(self) -> None:
        drawn = BitfountSchema(None, number_of_records=1)._repr_html_()
        assert check_harmless(drawn).rows == []
        assert "A schema without a name" in drawn
        assert "(0 columns, 1 record)" in drawn

    def test_hostile_schema_is_escaped(self) -> None:
        schema = BitfountSchema(
            HOSTILE,
            HOSTILE,
            features=[
                Feature(HOSTILE, semantic_type=HOSTILE, dtype=HOSTILE, description=HOSTILE),
                CategoricalFeature("c", encoder={"classes": {HOSTILE: 0}}),
            ],
        )
        rows = check_harmless(schema._repr_html_()).rows
        shown = "<script>alert(1)</script>\" onload='x' & \\u202egpj.exe\\u200b\\x1b[31m\\ud800"
        assert rows[1] == [shown, shown, shown, "", shown]
        assert rows[2][3] == shown


class TestTable:
    def test_pod_is_drawn_without_its_signature(self) -> None:
        pod = {
            "podIdentifier": "alice/scans",
            "podPublicKey": "ssh-rsa " + "A" * 700,
            "isOnline": True,
            "schemaDownloadUrl": "https://s3.test/scans?X-Amz-Signature=SECRET",
            "description": None,
        }
        shown = Table(pod)
        rows = check_harmless(shown._repr_html_()).rows
        assert rows[0] == ["podIdentifier", "alice/scans"]
        assert len(rows[1][1]) == 200
        assert f"ssh-rsa {'A' * 40}<wbr>{'A' * 40}<wbr>" in shown._repr_html_()
        assert rows[2:] == [
            ["isOnline", "True"],
            ["schemaDownloadUrl", "https://s3.test/scans"],
            ["description", ""],
        ]
        assert "SECRET" not in shown._repr_html_() + repr(shown) + str(shown)
        assert eval(repr(shown)) == {**pod, "schemaDownloadUrl": "https://s3.test/scans"}

    def test_page_of_projects_has_a_row_for_each(self) -> None:
        page = {
            "totalProjects": 2,
            "projects": [
                {"id": "p1", "name": "Screening", "isDemo": False},
                {"id": "p2", "linked_datasets": [{"name": "scans"}]},
            ],
        }
        rows = check_harmless(Table(page)._repr_html_()).rows
        assert rows[:5] == [
            ["totalProjects", "2"],
            ["projects", ""],
            ["id", "name", "isDemo", "linked_datasets"],
            ["p1", "Screening", "False", ""],
            ["p2", "", "", ""],
        ]
        assert rows[5:] == [["name"], ["scans"]]

    def test_access_check_shows_the_code_of_its_answer(self) -> None:
        answer = {"response_type": PodResponseType.ACCEPT, "limits": [{"limit": 5}]}
        rows = check_harmless(Table(answer)._repr_html_()).rows
        assert rows == [["response_type", "ACCEPT"], ["limits", ""], ["limit"], ["5"]]

    def test_long_lists_are_cut_with_a_count(self) -> None:
        drawn = Table([{f"k{key}": 1 for key in range(50)}] * 250)._repr_html_()
        rows = check_harmless(drawn).rows
        assert (len(rows), {len(row) for row in rows}) == (101, {30})
        assert "… and 150 more rows" in drawn

    @pytest.mark.parametrize(
        ("result", "shown"),
        [(None, "None"), ([], "[]"), ({}, "{}"), ("text", "text"), ([1, 2], "1, 2"), ([{}], "{}")],
    )
    def test_small_results_are_drawn_as_text(self, result: Any, shown: str) -> None:
        assert Table(result)._repr_html_() == shown
        assert repr(Table(result)) == repr(result)

    def test_hostile_result_is_escaped(self) -> None:
        result = {HOSTILE: [{HOSTILE: HOSTILE}, {HOSTILE: [HOSTILE, {HOSTILE: 1}]}]}
        check_harmless(Table(result)._repr_html_())
        assert repr(Table(result)).isascii()

    def test_nesting_is_drawn_to_a_limited_depth(self) -> None:
        nested: Any = 1
        for _ in range(100):
            nested = {"a": nested}
        assert len(check_harmless(Table(nested)._repr_html_()).rows) == 4
