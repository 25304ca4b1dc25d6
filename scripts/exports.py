"""Write the table of lazy exports and ``__all__`` in ``bitfount_api/__init__.py``, or check them.

    python scripts/exports.py            write both from the imports for type checkers
    python scripts/exports.py --check    exit with 1 if writing would change anything

The imports below ``if TYPE_CHECKING:`` are written by hand, for type checkers. At run time, the
table maps each name to the module from which it is imported at its first use. Editors read
``__all__``, and understand only a list of strings.
"""

from __future__ import annotations

import ast
import builtins
import json
import sys
from typing import TYPE_CHECKING

import rewriting
from rewriting import ROOT, SourceError, formatted

if TYPE_CHECKING:
    from pathlib import Path

BEGIN = "# Written by `make generate` from the imports above.\n"
END = "# End of what `make generate` writes.\n"
PACKAGE = "bitfount_api"
ALWAYS = "__version__"
"""The only public name that is not lazy."""
BUILT_IN = frozenset(dir(builtins))
"""Names that ``from bitfount_api import *`` must not replace."""
# Sorts __all__.
RULES = ("RUF022",)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line.

    Args:
        arguments: Command-line arguments; the process's own by default.
        root: Folder that contains ``bitfount_api/`` and ``pyproject.toml``.

    Returns:
        0 on success; 1 if the module's layout is not as expected, or ``--check`` found differences.
    """
    path = root / PACKAGE / "__init__.py"

    def generate() -> dict[Path, str]:
        try:
            text = rewritten(path.read_text(encoding="utf-8"))
        except SourceError as error:
            raise SourceError(f"{path}: {error}") from None
        return {path: formatted(text, path, *RULES)}

    return rewriting.main(__doc__, arguments, generate)


def rewritten(text: str) -> str:
    """Return the module with a new table and a new ``__all__``, not yet formatted.

    Raises:
        SourceError: If a marker is missing or an import is not ``from … import X as X``.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SourceError("a comment that marks the generated lines is missing")
    modules = exports(ast.parse(text))
    table = json.dumps(modules, indent=4, sort_keys=True)
    names = json.dumps([ALWAYS, *(modules.keys() - BUILT_IN)], indent=4)
    return f"{before}{begin}_MODULES = {table}\n\n__all__ = {names}\n{end}{after}"


def exports(tree: ast.Module) -> dict[str, str]:
    """Return the module of each name that type checkers see, relative to the package.

    Raises:
        SourceError: If the block for type checkers is missing, or a statement in it is not
            ``from bitfount_api.… import X as X``.
    """
    blocks = [
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    if len(blocks) != 1:
        raise SourceError("exactly one block `if TYPE_CHECKING:` is required")
    found: dict[str, str] = {}
    for node in blocks[0].body:
        module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        names = node.names if isinstance(node, ast.ImportFrom) else []
        if not module.startswith(f"{PACKAGE}.") or any(each.name != each.asname for each in names):
            raise SourceError(f"line {node.lineno} is not `from {PACKAGE}.… import X as X`")
        found |= {each.name: module.removeprefix(f"{PACKAGE}.") for each in names}
    return found


if __name__ == "__main__":
    sys.exit(main())
