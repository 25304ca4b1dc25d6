"""The options of a transfer."""

from __future__ import annotations

from typing import Any

import pytest

from bitfount_api.transfers import TransferOptions


@pytest.mark.parametrize("name", ["parts_at_once", "max_bytes"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "4", None])
def test_options_are_whole_numbers_from_one(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a whole number of at least 1"):
        TransferOptions(**{name: value})
