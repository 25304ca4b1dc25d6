"""Write files atomically, and read files up to a maximum size.

Use it for files that must not be left half written or be readable by others, such as tokens, keys
and settings.
"""

from __future__ import annotations

from bitfount_api._internal.files import atomic_write, final_target, read_file

__all__ = ["atomic_write", "final_target", "read_file"]
