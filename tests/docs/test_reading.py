"""Test the parser and the checks of the pages."""

from __future__ import annotations

import pytest
from support.pages import Block, blocks, python_modules
from support.shell import check_commands


def test_blocks_have_lines_titles_and_skip_reasons() -> None:
    page = '# T\n\n```python\na\n```\n\n<!-- not run: no -->\n\n```sh title="x.sh"\nb\n```\n'
    page += "<!-- meanwhile: f() -->\n"
    page += "<!-- not typed: no types -->\n```python\nc\n```\n"
    assert blocks(page) == [
        Block("python", "a\n", 4),
        Block("sh", "b\n", 10, "x.sh", "no"),
        Block("meanwhile", "f()", 12),
        Block("python", "c\n", 15, untyped="no types"),
    ]


def test_python_modules_keep_the_lines_of_the_page() -> None:
    page = '# T\n\n```python\na\n```\n\n```python title="t.py"\nb\n```\n```sh\nx\n```\n'
    page += "```python\nc\n```\n<!-- not typed: no -->\n```python\nd\n```\n"
    page += '```python title="e.py"\n--8<-- "examples/e.py"\n```\n'
    assert python_modules(page) == {
        None: "\n\n\na\n" + "\n" * 9 + "c\n",
        "t.py": "\n" * 7 + "b\n",
    }


@pytest.mark.parametrize(
    "page",
    ["```python\na\n", "```python {.x}\na\n```\n", "<!-- not run: no -->\n\nText.\n"],
    ids=["no end", "odd first line", "an excuse for nothing"],
)
def test_page_that_cannot_be_parsed_is_an_error(page: str) -> None:
    with pytest.raises(ValueError, match="line"):
        blocks(page)


@pytest.mark.parametrize(
    "command",
    [
        "bitfount-api pods show alice/scans --json | tee pods.json",
        "bitfount-api --ca system doctor",
        "pip install 'bitfount-api[cli,sandbox]'",
        "make demo ARGS=--json",
        "python -m bitfount_api.sandbox --data there &",
        "export BITFOUNT_ENVIRONMENT=dev",
        "BITFOUNT_ENVIRONMENT=dev",
        "git status 2> errors.txt && cd ..",
    ],
)
def test_existing_commands_are_accepted(command: str) -> None:
    check_commands(Block("sh", f"{command}  # why\n", 1))


@pytest.mark.parametrize(
    "command",
    [
        "bitfount-api pods shaw alice/scans",
        "bitfount-api pods show --nothing alice/scans",
        "git status | no-such-command-here",
        "pip install 'bitfount-api[everything]'",
        "make nothing-at-all",
        "python -m bitfount_api.nothing",
        "python no_such_file.py",
        "export BITFOUNT_ENVIRONMENTS=dev",
    ],
)
def test_unknown_commands_are_rejected(command: str) -> None:
    with pytest.raises(AssertionError, match="line 7"):
        check_commands(Block("console", f"$ {command}\nprinted\n", 7))
