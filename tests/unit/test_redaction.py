"""The public redaction of text from elsewhere."""

from __future__ import annotations

from bitfount_api import redaction


def test_public_redact_removes_queries_and_controls() -> None:
    assert (
        redaction.redact("see https://u:p@s3.test/k?sig=1#x,\r\n\x1b[31m ok")
        == "see https://s3.test/k [31m ok"
    )
    assert len(redaction.redact("x" * 1000, limit=20)) == 20
