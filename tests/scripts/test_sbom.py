"""``scripts/sbom.py`` without the installation, which needs a network."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
import sbom

if TYPE_CHECKING:
    from pathlib import Path


def test_complete_adds_version_and_hash_of_the_wheel(tmp_path: Path) -> None:
    wheel = tmp_path / "bitfount_api-1.2.3-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    document = {"metadata": {"component": {"name": "bitfount-api"}}}
    sbom.complete(document, wheel)
    assert document["metadata"]["component"] == {
        "name": "bitfount-api",
        "version": "1.2.3",
        "purl": "pkg:pypi/bitfount-api@1.2.3",
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(b"wheel").hexdigest()}],
    }


@pytest.mark.parametrize("names", [[], ["a-1-py3-none-any.whl", "a-2-py3-none-any.whl"]])
def test_no_or_several_wheels_end_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], names: list[str]
) -> None:
    (tmp_path / "dist").mkdir()
    for name in names:
        (tmp_path / "dist" / name).touch()
    assert sbom.main([], tmp_path) == 1
    assert capsys.readouterr().err == (
        f"dist/ contains {len(names)} wheels instead of one: run `make build`\n"
    )
