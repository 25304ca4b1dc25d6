"""Show results in notebooks.

A :class:`~bitfount_api.BitfountSchema` draws itself as a table. Other results are plain dicts and
lists, which notebooks print with presigned URLs. :class:`Table` draws them without secrets.
"""

from __future__ import annotations

import enum
import pprint
from typing import Any, Final

from bitfount_api._internal.html_tables import MAX_ROWS, escape, shorten_list, table
from bitfount_api.redaction import redact

__all__ = ["Table"]

_MAX_COLUMNS: Final = 30
_MAX_DEPTH: Final = 4


class Table:
    """A result as a table, without secrets: the last line of a notebook's cell draws it.

        >>> Table({"podName": "scans", "schemaDownloadUrl": "https://s3.test/scans?signature=c0f"})
        {'podName': 'scans', 'schemaDownloadUrl': 'https://s3.test/scans'}

    The result is copied by :func:`~bitfount_api.redaction.redact`, so that the file of the notebook
    stores no presigned URLs. A list of objects has one row for each, and any other object one row
    for each field. All text is escaped, long texts are shortened, and the first 100 rows are drawn.

    Args:
        result: A pod, a page of projects, an access check, usage limits, or any other result.
    """

    def __init__(self, result: object) -> None:
        self._result = redact(result)

    def __repr__(self) -> str:
        return pprint.pformat(self._result, width=100, sort_dicts=False)

    def _repr_html_(self) -> str:
        return _html(self._result, 0) or escape(repr(self._result))


def _html(value: Any, depth: int) -> str:
    if isinstance(value, enum.Enum):
        value = value.value
    if not value or not isinstance(value, dict | list | tuple) or depth == _MAX_DEPTH:
        return escape(value)
    if isinstance(value, dict):
        fields = list(value.items())[:MAX_ROWS]
        rows = [[escape(key), _html(item, depth + 1)] for key, item in fields]
        return table((), rows, len(value), "fields")
    if not all(isinstance(item, dict) for item in value):
        return escape(shorten_list(value))
    shown = value[:MAX_ROWS]
    columns = list(dict.fromkeys(key for item in shown for key in item))[:_MAX_COLUMNS]
    rows = [[_html(item.get(key), depth + 1) for key in columns] for item in shown]
    return table(columns, rows, len(value), "rows") if columns else escape(shorten_list(value))
