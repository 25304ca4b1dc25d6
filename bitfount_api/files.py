"""Write files whole or not at all, and read files up to a limit.

For what should not be left half written, or be readable by others: tokens, keys, settings.
"""

from __future__ import annotations

from bitfount_api._internal.files import atomic_write, read_file

__all__ = ["atomic_write", "read_file"]
