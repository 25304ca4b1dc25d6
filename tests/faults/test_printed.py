"""The printed form of the matrix."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.faults.cases import ROWS
from support.faults.kinds import KINDS

SCRIPT = Path(__file__).parents[2] / "scripts" / "faults.py"


def test_printed_matrix_has_every_operation_and_fault() -> None:
    command = [sys.executable, str(SCRIPT), "--known"]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for row in ROWS:
        assert f"\n{row.kind}.{row.name}\n" in shown
    for kind in KINDS:
        assert shown.count(f"  {kind.name}  ") == len(ROWS)
    (total,) = (line for line in shown.splitlines() if "operations," in line)
    assert total.endswith(" 0 wrong.")
    assert "  \n" not in shown
