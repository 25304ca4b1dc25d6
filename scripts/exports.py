"""Write the table of lazy exports and ``__all__`` in ``bitfount_api/__init__.py``, or check them.

    python scripts/exports.py            write both from the imports for type checkers
    python scripts/exports.py --check    end with 1 if that would change anything

The imports below ``if TYPE_CHECKING:`` are written by hand. Type checkers follow them; at run time,
the table tells the module that a name is imported from when it is first used. Editors read
``__all__``, and understand only a list of strings.
"""

from __future__ import annotations

import ast
import json
import sys
from typing import TYPE_CHECKING

from rewriting import ROOT, formatted, options, settle

if TYPE_CHECKING:
    from pathlib import Path

BEGIN = "# Written by `make generate` from the imports above.\n"
END = "# End of what `make generate` writes.\n"
PACKAGE = "bitfount_api"
ALWAYS = "__version__"
"""The one public name that is not lazy."""
# The order of __all__ is ruff's.
RULES = ("RUF022",)


class UnexpectedError(Exception):
    """The module is not laid out as this script needs it."""


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line.

    Args:
        arguments: What follows the name of the script; that of this process without them.
        root: The folder that holds ``bitfount_api/`` and ``pyproject.toml``.

    Returns:
        0: written, or nothing to write; 1: the module is not laid out as expected, or ``--check``
        found differences.
    """
    chosen = options(__doc__.splitlines()[0], arguments)
    path = root / PACKAGE / "__init__.py"
    try:
        text = rewritten(path.read_text(encoding="utf-8"))
    except UnexpectedError as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1
    return settle({path: formatted(text, path, *RULES)}, check=chosen.check)


def rewritten(text: str) -> str:
    """Return the module with a new table and a new ``__all__``, not yet formatted.

    Raises:
        UnexpectedError: A marker is missing, or an import is not ``from … import X as X``.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UnexpectedError("a comment that marks what is written is missing")
    modules = exports(ast.parse(text))
    table = json.dumps(modules, indent=4, sort_keys=True)
    names = json.dumps([ALWAYS, *modules], indent=4)
    return f"{before}{begin}_MODULES = {table}\n\n__all__ = {names}\n{end}{after}"


def exports(tree: ast.Module) -> dict[str, str]:
    """Return the module of each name that type checkers see, relative to the package.

    Raises:
        UnexpectedError: There is no block for type checkers, or a statement in it is not
            ``from bitfount_api.… import X as X``.
    """
    blocks = [
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    if len(blocks) != 1:
        raise UnexpectedError("there has to be one block `if TYPE_CHECKING:`")
    found: dict[str, str] = {}
    for node in blocks[0].body:
        module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        names = node.names if isinstance(node, ast.ImportFrom) else []
        if not module.startswith(f"{PACKAGE}.") or any(each.name != each.asname for each in names):
            raise UnexpectedError(f"line {node.lineno} is not `from {PACKAGE}.… import X as X`")
        found |= {each.name: module.removeprefix(f"{PACKAGE}.") for each in names}
    return found


if __name__ == "__main__":
    sys.exit(main())
