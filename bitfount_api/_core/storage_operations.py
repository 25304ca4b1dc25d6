"""The operations of object storage: presigned forms and URLs, which no spec of Bitfount describes.

A presigned form or URL is for one object: sending a request again stores the same bytes again.
"""

from __future__ import annotations

from bitfount_api._internal.operation import Operation

UPLOAD_OBJECT = Operation(
    "upload_object", success=frozenset({200, 201, 203, 204}), transfers_file=True
)
UPLOAD_PART = Operation("upload_part", success=frozenset({200}), transfers_file=True)
DOWNLOAD_OBJECT = Operation("download_object", success=frozenset({200, 206}), transfers_file=True)
