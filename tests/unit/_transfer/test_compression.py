"""The compressed copy of a file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bitfount_api._transfer.compression import CompressedCopy
from bitfount_api._transfer.request_bodies import CHUNK_BYTES, Source
from bitfount_api.exceptions import TransferError


def test_compressed_copy_can_be_discarded_at_any_time(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    path.write_bytes(os.urandom(3 * CHUNK_BYTES + 5))
    copy = CompressedCopy(Source.from_file(path), 10**9)
    copy.discard()
    again = CompressedCopy(Source.from_file(path), 10**9)
    while again.step():
        pass
    packed = again.source()
    assert packed.file_name == "w.pt"
    assert packed.size == again.size
    again.discard()
    again.discard()
    with pytest.raises(TransferError):
        next(packed.chunks(0, 1))
