"""``migrate`` reports and edits the uses of the official SDK, and runs no code."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import attrs
import pytest
from cli.console import Console

from bitfount_api.cli.migration.analysis import Result, analyse
from bitfount_api.cli.migration.edits import apply
from bitfount_api.cli.migration.files import walk

POSIX_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")


@attrs.frozen
class Case:
    """Code before and after, and what is left for a person: the lines, the results, the names."""

    before: str
    after: str
    left: str


def _read_cases() -> dict[str, Case]:
    text = Path(__file__).with_name("migrate_cases.txt").read_text(encoding="utf-8")
    cases = {}
    for part in re.split(r"^case: ", text, flags=re.MULTILINE)[1:]:
        name, _, rest = part.partition("\n")
        code, _, rest = rest.rstrip().partition("\nafter:\n")
        after, _, left = rest.partition("\nleft:\n")
        cases[name] = Case(f"{code}\n", f"{after}\n", left)
    return cases


CASES = _read_cases()
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@every_case
def test_migrate_edits_what_it_can(case: Case) -> None:
    analysis = analyse(case.before)
    code = case.before.encode()
    assert apply(code, analysis.edits).decode() == case.after
    left = [
        f"{code[: use.start].count(10) + 1}: {use.result.value}: {use.name}"
        for use in analysis.uses
        if use.result.needs_hands
    ]
    assert "\n".join(left) == case.left
    assert analysis.uses
    assert all(use.text for use in analysis.uses)


@every_case
def test_migrate_edits_nothing_twice(case: Case) -> None:
    analysis = analyse(case.after)
    assert analysis.edits == []
    assert all(use.result is not Result.EDIT for use in analysis.uses)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "head", ["", "\ufeff", "# coding: latin-1\n", "#!python\n# coding: cp1252\n"]
)
def test_migrate_keeps_encoding_and_newlines(console: Console, head: str, newline: str) -> None:
    encoding = head.rsplit(maxsplit=1)[-1] if head.startswith("#") else "utf-8"
    code = head + "from bitfount.hub import api, BitfountHub\nx = 'é'  # é\t\n\n\n"
    wanted = code.replace(
        "from bitfount.hub import api, BitfountHub",
        "from bitfount_api import BitfountHub\nimport bitfount_api as api",
    )
    path = Path("program.py")
    path.write_bytes(code.replace("\n", newline).encode(encoding))
    console.ok("migrate", path, "--write")
    assert path.read_bytes() == wanted.replace("\n", newline).encode(encoding)


@POSIX
def test_migrate_keeps_permissions_and_links(console: Console) -> None:
    path, link = Path("program.py"), Path("link.py")
    path.write_text("import bitfount\n", encoding="utf-8")
    path.chmod(0o751)
    link.symlink_to(path)
    console.ok("migrate", link, "--write")
    assert path.stat().st_mode & 0o777 == 0o751
    assert link.is_symlink()
    assert path.read_text(encoding="utf-8") == "import bitfount_api\n"


def test_migrate_shows_edits_and_changes_nothing(console: Console) -> None:
    path = Path("program.py")
    path.write_text("import os\nimport bitfount as bf\nbf.hub.BitfountHub()\n", encoding="utf-8")
    outcome = console.ok("migrate", path)
    assert outcome.out == (
        "program.py:2: edit: bitfount: import bitfount_api as bf\n"
        "program.py:3: edit: bitfount.hub.BitfountHub: bf.BitfountHub\n"
        "--- program.py\n+++ program.py\n@@ -1,3 +1,3 @@\n import os\n-import bitfount as bf\n"
        "-bf.hub.BitfountHub()\n+import bitfount_api as bf\n+bf.BitfountHub()\n"
    )
    assert outcome.err == "To make 2 edits, add --write.\n"
    assert "import bitfount as bf" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "code", ["import bitfount\nx = 1\n", "x = 1\n\n\n\nimport bitfount", "import bitfount\n\n"]
)
def test_diff_of_migrate_can_be_applied(console: Console, code: str) -> None:
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")
    path = Path("program.py")
    path.write_bytes(code.encode())
    diff = console.json("migrate", path)["files"][0]["diff"]
    subprocess.run([git, "apply", "-p0", "-"], input=diff.encode(), check=True, timeout=60)
    assert path.read_bytes() == code.replace("bitfount", "bitfount_api").encode()


def test_migrate_twice_has_nothing_left(console: Console) -> None:
    path = Path("program.py")
    path.write_text("import bitfount\nbitfount.BitfountHub()\n", encoding="utf-8")
    assert console.ok("migrate", path, "--write").err == "Made 2 edits.\n"
    before = path.stat().st_mtime_ns
    outcome = console.ok("migrate", path, "--write")
    assert outcome.err == "There are no uses of the official SDK.\n"
    assert path.stat().st_mtime_ns == before


def test_migrate_runs_no_code(console: Console) -> None:
    code = "import bitfount\nopen('ran', 'w')\nraise SystemExit(9)\n"
    Path("program.py").write_text(code, encoding="utf-8")
    Path("conftest.py").write_text(code, encoding="utf-8")
    console.ok("migrate", ".", "--write")
    assert not Path("ran").exists()


def test_migrate_exits_with_1_if_something_is_left(console: Console) -> None:
    Path("program.py").write_text("from bitfount import Pod, BitfountHub\n", encoding="utf-8")
    outcome = console.run("migrate", "program.py", "--write", "--json")
    assert outcome.code == 1
    assert "1 use needs your attention" in outcome.err
    (file,) = outcome.json["files"]
    assert [use["result"] for use in file["uses"]] == ["not offered", "edit"]
    assert file["uses"][0]["line"] == 1
    assert file["uses"][0]["column"] == 22
    assert file["uses"][0]["name"] == "bitfount.Pod"
    assert "official SDK" in file["uses"][0]["text"]
    assert outcome.json["ok"] is False
    assert outcome.json["written"] is True
    assert outcome.json["counts"] == {"edit": 1, "not offered": 1}
    assert "+from bitfount_api import BitfountHub" in file["diff"]


BROKEN = {
    "syntax": (b"import bitfount\n\ndef f(:\n", 3),
    "nesting": (b"import bitfount\n" + b"(" * 3000 + b")" * 3000, 1),
    "chain": (b"import bitfount\nif 1: pass\n" + b"elif 1: pass\n" * 1500, 1),
    "newer": (b"import bitfount\nprint 1\n" + b"(" * 3000, 1),
    "null": (b"import bitfount\n\0", 1),
    "encoding": (b"# coding: utf-8\nimport bitfount\nx = '\xff'\n", 1),
    "unknown": (b"# coding: klingon\nimport bitfount\n", 1),
    "two notations": (b"# coding: utf-7\nimport bitfount\nx = '+AGE-'\n", 1),
    "no text": (b"# coding: rot13\nimport bitfount\n", 1),
    "huge": (b"import bitfount\n" + b"#" * 6_000_000, 1),
}


@pytest.mark.parametrize("case", BROKEN)
def test_migrate_goes_on_after_an_unreadable_file(console: Console, case: str) -> None:
    data, line = BROKEN[case]
    Path("a.py").write_bytes(data)
    Path("b.py").write_text("import bitfount\n", encoding="utf-8")
    outcome = console.run("migrate", ".", "--write")
    assert outcome.code == 1
    assert f"a.py:{line}: unreadable: " in outcome.out
    assert Path("a.py").read_bytes() == data
    assert Path("b.py").read_text(encoding="utf-8") == "import bitfount_api\n"


def test_migrate_looks_into_folders(console: Console) -> None:
    code = "import bitfount\n"
    for name in ("src/deep/a.py", "src/b.pyi", "src/c.pyw"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(code, encoding="utf-8")
    Path("src/tool").write_text(f"#!/usr/bin/env python3\n{code}", encoding="utf-8")
    for name in (".git/a.py", "node_modules/a.py", ".venv/a.py", "own/a.py", "d.txt", "tool"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(code, encoding="utf-8")
    Path("own/pyvenv.cfg").touch()
    outcome = console.ok("migrate", ".", "--json")
    assert [Path(file["path"]).as_posix() for file in outcome.json["files"]] == [
        *("src/b.pyi", "src/c.pyw", "src/deep/a.py", "src/tool"),
    ]
    assert [one["path"] for one in outcome.json["skipped"]] == [
        *(".git", ".venv", "node_modules", "own"),
    ]
    assert outcome.err == ""
    outcome = console.ok("migrate", ".")
    assert "Skipped .venv: a folder of tools or installed packages." in outcome.err


def test_walk_goes_into_deeply_nested_folders(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(150):
        folder /= "d"
        folder.mkdir()
    (folder / "a.py").touch()
    # inspect.stack() would read every module, and fails at some that the tests loaded.
    depth = sum(1 for _ in traceback.walk_stack(None))
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 100)
    try:
        found = list(walk(tmp_path))
    finally:
        sys.setrecursionlimit(limit)
    assert found == [folder / "a.py"]


@POSIX
def test_migrate_follows_no_links_in_folders(console: Console) -> None:
    Path("outside.txt").write_text("import bitfount\n", encoding="utf-8")
    Path("src").mkdir()
    Path("src/a.py").symlink_to("../outside.txt")
    Path("src/loop").symlink_to(".")
    os.mkfifo("src/pipe.py")
    outcome = console.ok("migrate", "src", "--write", "--json")
    assert outcome.json["files"] == []
    assert [(one["path"], one["reason"]) for one in outcome.json["skipped"]] == [
        ("src/a.py", "a symbolic link"),
        ("src/pipe.py", "not a regular file"),
    ]
    assert Path("outside.txt").read_text(encoding="utf-8") == "import bitfount\n"


HANDLER = "import requests\ntry:\n    run()\nexcept requests.HTTPError:\n    raise\n"


def test_migrate_reports_handlers_in_other_files(console: Console) -> None:
    Path("main.py").write_text(HANDLER, encoding="utf-8")
    Path("web.py").write_text(f"{HANDLER}requests.get('')\n", encoding="utf-8")
    Path("broken.py").write_text("requests = (", encoding="utf-8")
    assert console.ok("migrate", ".").out == ""
    Path("sdk.py").write_text("import bitfount\n", encoding="utf-8")
    outcome = console.run("migrate", ".", "--json")
    assert outcome.code == 1
    found = {file["path"]: file["uses"] for file in outcome.json["files"]}
    assert found.keys() == {"main.py", "sdk.py"}
    (use,) = found["main.py"]
    assert (use["line"], use["result"], use["name"]) == (4, "look", "requests.HTTPError")
    assert "bitfount_api.HTTPError" in use["text"]


@POSIX
@pytest.mark.skipif(POSIX_ROOT, reason="root may read everything")
def test_migrate_goes_on_after_a_file_it_may_not_read(console: Console) -> None:
    Path("a.py").write_text("import bitfount\n", encoding="utf-8")
    Path("a.py").chmod(0)
    Path("b.py").write_text("import bitfount\n", encoding="utf-8")
    outcome = console.run("migrate", ".")
    assert outcome.code == 1
    assert "a.py:1: unreadable: Permission denied" in outcome.out
    assert "b.py:1: edit" in outcome.out


def notebook(cells: list[Any], **more: Any) -> dict[str, Any]:
    return {
        "cells": [{"cell_type": "markdown", "source": "import bitfount"}]
        + [
            {"cell_type": "code", "outputs": [{"text": "bitfount ü"}], "source": source}
            for source in cells
        ],
        "metadata": {"kernelspec": {"language": "python"}},
        "nbformat": 4,
        **more,
    }


CELLS = [
    ["%load_ext x\n", "!pip install bitfount\n", "import bitfount as bf"],
    "%%bash\nimport bitfount",
    "if True:\n    %time bf.x\n    !ls\nhub = bf.hub.BitfountHub('ü')\nhub?\n",
    [],
]


@pytest.mark.parametrize("ascii_", [True, False])
@pytest.mark.parametrize("indent", [1, 2, None])
def test_migrate_edits_notebooks(console: Console, indent: int | None, ascii_: bool) -> None:
    text = json.dumps(notebook(CELLS), indent=indent, ensure_ascii=ascii_) + "\n"
    path = Path("a.ipynb")
    path.write_text(text, encoding="utf-8")
    outcome = console.run("migrate", path, "--write")
    assert outcome.code == 1  # because of the lines for IPython
    assert "a.ipynb:cell 2:3: edit: bitfount: import bitfount_api as bf\n" in outcome.out
    assert "a.ipynb:cell 4:4: edit: bitfount.hub.BitfountHub: bf.BitfountHub\n" in outcome.out
    wanted = text.replace("import bitfount as bf", "import bitfount_api as bf")
    wanted = wanted.replace("bf.hub.BitfountHub", "bf.BitfountHub")
    assert path.read_text(encoding="utf-8") == wanted


def test_migrate_reports_the_sdk_in_lines_for_ipython(console: Console) -> None:
    cells = [
        "import bitfount\n%time hub = bitfount.BitfountHub(s)\nbitfount.BitfountHub?\nx = !ls",
        "!pip install bitfount\n!pip install bitfount-api bitfount_api my-bitfount",
        "%%writefile job.py\nfrom bitfount import BitfountHub",
    ]
    Path("a.ipynb").write_text(json.dumps(notebook(cells), indent=1) + "\n", encoding="utf-8")
    outcome = console.run("migrate", "a.ipynb", "--json")
    assert outcome.code == 1
    (file,) = outcome.json["files"]
    assert [(use["cell"], use["line"], use["column"], use["result"]) for use in file["uses"]] == [
        *((2, 1, 8, "edit"), (2, 2, 13, "look"), (2, 3, 1, "look")),
        *((3, 1, 14, "look"), (4, 2, 6, "look")),
    ]


def test_migrate_reads_python_that_looks_like_ipython(console: Console) -> None:
    code = "x = (a\n%b)\ny = {\n 'a': 5\n %bitfount.SemanticType,\n}\nimport bitfount"
    Path("a.ipynb").write_text(json.dumps(notebook([code]), indent=1) + "\n", encoding="utf-8")
    outcome = console.run("migrate", "a.ipynb", "--json")
    (file,) = outcome.json["files"]
    assert [(use["line"], use["name"]) for use in file["uses"]] == [
        (5, "bitfount.SemanticType"),
        (7, "bitfount"),
    ]


def test_migrate_leaves_a_notebook_of_unknown_format(console: Console) -> None:
    text = json.dumps(notebook(["import bitfount"]), separators=(" ,", ":   "))
    path = Path("a.ipynb")
    path.write_text(text, encoding="utf-8")
    outcome = console.run("migrate", path, "--write")
    assert outcome.code == 1
    assert "edit this cell by hand: import bitfount_api" in outcome.out
    assert "+import bitfount_api" in outcome.out
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import bitfount", "a.ipynb:1: unreadable: it is not a notebook of version 4"),
        (
            json.dumps(notebook(["bitfount"], metadata={"kernelspec": {"language": "R"}})),
            "a.ipynb:1: unreadable: its language is 'R', not Python",
        ),
        (
            json.dumps(notebook(["x = 1", "import bitfount\nfrom"])),
            "a.ipynb:2: unreadable: cell 3: not valid Python",
        ),
    ],
)
def test_migrate_reports_an_unreadable_notebook(console: Console, text: str, reason: str) -> None:
    Path("a.ipynb").write_text(text, encoding="utf-8")
    outcome = console.run("migrate", "a.ipynb")
    assert outcome.code == 1
    assert reason in outcome.out


def test_migrate_of_a_missing_path_exits_with_6(console: Console) -> None:
    outcome = console.run("migrate", "missing.py")
    assert (outcome.code, outcome.out) == (6, "")
    assert outcome.err == "Error: missing.py is not a file or folder.\n"


def test_migrate_escapes_what_terminals_obey(console: Console) -> None:
    Path("a.py").write_text("import bitfount  # \x1b[2J\n", encoding="utf-8")
    outcome = console.ok("migrate", "a.py")
    assert "\x1b" not in outcome.out
    assert "\\u001b[2J" in outcome.out


def test_migrate_stops_if_a_file_has_changed(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bitfount_api.cli.migration import files

    path = Path("a.py")
    path.write_text("import bitfount\n", encoding="utf-8")
    report = files.examine(path)
    path.write_text("import bitfount  # edited\n", encoding="utf-8")
    with pytest.raises(OSError, match="changed in the meantime"):
        files.write(report)
    assert path.read_text(encoding="utf-8") == "import bitfount  # edited\n"


def test_migrate_without_libcst_says_how_to_install(console: Console, tmp_path: Path) -> None:
    Path("a.py").write_text("import bitfount\n", encoding="utf-8")
    code = "import sys; sys.modules['libcst'] = None; from bitfount_api.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "migrate", "a.py"],
        capture_output=True, text=True, env=console.all_variables(), timeout=60,
    )  # fmt: skip
    assert done.returncode == 6
    assert "pip install 'bitfount-api[cli]'" in done.stderr
