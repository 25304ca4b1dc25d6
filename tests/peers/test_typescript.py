"""The types that openapi-typescript makes from the specs compile, and fit the specs' examples."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import openapi_tools
import pytest
from contract import specs


def typed_examples(name: str) -> Iterator[str]:
    """Yield TypeScript that gives each example its generated type."""
    spec = specs.load(name)
    for place in specs.operations(spec):
        operation = f'paths["{place.path}"]["{place.method}"]'
        for content in specs.body_contents(spec, place):
            kind = content.name.removeprefix("request ")
            for example in content.examples:
                yield f'({json.dumps(example)} satisfies Body<{operation}, "{kind}">);'
        for content in specs.response_contents(spec, place):
            status, kind = content.name.split(" ", 1)
            code = status if status.isdigit() else f'"{status}"'
            for example in content.examples:
                yield f'({json.dumps(example)} satisfies Answer<{operation}, {code}, "{kind}">);'


def head(name: str) -> str:
    """Return TypeScript that imports a spec's types, and finds those of bodies in them."""
    return f"""import type {{ paths }} from "./{name}";
type Body<O, K extends string> =
  O extends {{ requestBody: {{ content: {{ [k in K]: infer T }} }} }} ? T : never;
type Answer<O, S extends number | string, K extends string> =
  O extends {{ responses: {{ [s in S]: {{ content: {{ [k in K]: infer T }} }} }} }} ? T : never;
"""


def compiled(folder: Path) -> str:
    """Type-check the files of a folder, and return the compiler's complaints."""
    options = ("--noEmit", "--strict", "--target", "es2022")
    return openapi_tools.run("tsc", *options, *sorted(folder.glob("*.ts")), folder=folder).stdout


@pytest.mark.slow
def test_typescript_types_compile_and_fit_the_examples(tmp_path: Path) -> None:
    for name in specs.NAMES:
        output = tmp_path / f"{name}.ts"
        done = openapi_tools.run(
            "openapi-typescript", specs.FOLDER / f"{name}.yaml", "--output", output
        )
        assert done.returncode == 0, done.stdout
        lines = "\n".join(typed_examples(name))
        (tmp_path / f"{name}_examples.ts").write_text(head(name) + lines, encoding="utf-8")
    assert compiled(tmp_path) == ""
    wrong = """
({name: 3} satisfies Body<paths["/api/projects"]["post"], "application/json">);
({name: 3} satisfies Answer<paths["/api/projects/{projectId}"]["get"], 200, "application/json">);
"""
    (tmp_path / "wrong.ts").write_text(head("hub") + wrong, encoding="utf-8")
    assert re.findall(r"^wrong\.ts\((\d+),", compiled(tmp_path), re.MULTILINE) == ["7", "8"]
