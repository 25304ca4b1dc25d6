"""The public redaction of text from elsewhere, and of results."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from bitfount_api import PodResponseType, redact, redaction
from bitfount_api._core import redaction as core_redaction

SIGNED = "https://s3.test/{}?X-Amz-Signature=SECRET&X-Amz-Credential=SECRET%2Fscope"


def test_public_redact_removes_queries_and_controls() -> None:
    assert (
        redaction.redact("see https://u:p@s3.test/k?sig=1#x,\r\n\x1b[31m ok")
        == "see https://s3.test/k [31m ok"
    )
    assert len(redaction.redact("x" * 1000, limit=20)) == 20


def test_redact_copies_a_result_without_signatures() -> None:
    pod = {
        "podIdentifier": "alice/scans",
        "podPublicKey": "ssh-rsa " + "A" * 700,
        "description": "Scans\nwith notes",
        "isOnline": True,
        "schemaDownloadUrl": SIGNED.format("schemas/scans"),
    }
    before = copy.deepcopy(pod)
    redacted = redact(pod)
    assert redacted == {**before, "schemaDownloadUrl": "https://s3.test/schemas/scans"}
    assert pod == before
    assert list(redacted) == list(pod)


@pytest.mark.parametrize(
    "result",
    [
        {"uploadUrls": [SIGNED.format(1), SIGNED.format(2)]},
        {"uploadUrl": SIGNED.format(1), "uploadFields": {"key": "SECRET", "x-amz-date": "SECRET"}},
        [{"limits": ({"modelDownloadUrl": SIGNED.format("m")},)}],
        {"configuration": {"api_key": "SECRET", "passwords": [{"of": "SECRET"}, b"SECRET"]}},
        {"accessToken": "SECRET", "deviceCode": "SECRET", "Policy": "SECRET"},
        {SIGNED.format("a key"): {"message": json.dumps({"url": SIGNED.format("quoted")})}},
        {"note": "proxy http://alice:SECRET@proxy.test:3128 failed"},
        {"azure": "https://blob.test/k?sv=1&sig=SECRET", "unknown": "https://x.test/?a=SECRET"},
    ],
    ids=lambda result: "-".join(result) if isinstance(result, dict) else "list",
)
def test_redact_finds_secrets_at_every_depth(result: Any) -> None:
    assert "SECRET" in str(result)
    redacted = redact(result)
    assert "SECRET" not in str(redacted)
    assert type(redacted) is type(result)


def test_redact_replaces_what_is_nested_too_deeply() -> None:
    nested: Any = SIGNED
    for _ in range(50_000):
        nested = [{"a": nested}]
    redacted = redact(nested)
    assert repr(redacted).count("[{") == 50
    assert repr(redacted).count("[hidden]") == 1
    cyclic: dict[str, Any] = {}
    cyclic["a"] = cyclic
    assert repr(redact(cyclic)).count("{") == 100


@pytest.mark.parametrize(
    "result",
    [
        None,
        {"code": PodResponseType.ACCEPT, "limits": None, "empty": {"token": "", "tokens": 5}},
        {"public_key": "ssh-rsa AAAA", "schemaStorageKey": "schemas/a", "publicKeyId": 3},
        {"tokenizer": "bert", "retention_policy": "30 days", "tokenised": "yes"},
        {(640, 480): 2, (32, 32): 1},
        ["alice@clinic.test", ("12:30", 0.5), b"bytes", "https://hub.test/docs"],
    ],
)
def test_redact_keeps_what_is_not_secret(result: Any) -> None:
    redacted = redact(result)
    assert redacted == result
    assert repr(redacted) == repr(result)


def test_redact_keeps_fields_whose_names_become_equal() -> None:
    result = {SIGNED.format("a"): 1, SIGNED.format("a") + "2": 2, SIGNED.format("b"): 3}
    redacted = redact(result)
    assert list(redacted.values()) == [1, 2, 3]
    assert list(redacted) == ["https://s3.test/a", "https://s3.test/a (2)", "https://s3.test/b"]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_redact_hides_secret_bytes(kind: Any) -> None:
    assert redact({"private_key": kind(b"SECRET")}) == {"private_key": "[hidden]"}


def test_redact_searches_plain_texts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []
    hide = core_redaction._hide_signatures

    def counted(text: str) -> str:
        searched.append(text)
        return hide(text)

    monkeypatch.setattr(core_redaction, "_hide_signatures", counted)
    plain = ["namespace/name", "Scans of 2024: a = b, <c>", "https://hub.test/docs", "1" * 10_000]
    assert redact(plain) == plain
    assert searched == []
    assert redact([SIGNED.format("a")]) == ["https://s3.test/a"]
    assert len(searched) == 1
