"""Redacted results have no signature, whatever surrounds it, and can be redacted again."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bitfount_api import redact
from bitfount_api.notebook import Table

_PARTS = st.sampled_from(
    [
        *(
            "https://s3.test/k?X-Amz-Signature=SECRET",
            "http://u:SECRET@h/",
            "sig=SECRETSECRETSECRET",
        ),
        *("x:", "@", "?", "#", " ", "\n", "token=", "policy", "a", "\\", "/", "%26", "&", "<", '"'),
    ]
)
_TEXT = st.lists(_PARTS, max_size=6).map("".join)
_RESULT = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXT | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(_TEXT | st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(_TEXT, _TEXT)
def test_presigned_url_is_redacted_in_any_text(before: str, after: str) -> None:
    text = f"{before} https://s3.test/k?X-Amz-Signature=CANARY&x=1 {after}"
    assert "CANARY" not in str(redact({"message": [text]}))
    assert "CANARY" not in Table(text)._repr_html_()


@given(_RESULT)
def test_redacted_result_is_redacted_to_itself(result: Any) -> None:
    redacted = redact([result])
    assert redact(redacted) == redacted
    Table(result)._repr_html_().encode()
