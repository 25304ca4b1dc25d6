"""Recognise text that could be a key or a certificate, which errors must not quote as a path."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

_MARKS = re.compile(
    r"-----BEGIN |-----END |PRIVATE KEY|PUBLIC KEY"
    r"|(?:ssh|ecdsa)-[\w@.-]+\s"
    # The beginnings of DER and OpenSSH structures in base64.
    r"|\b(?:MII|AAAA)[0-9A-Za-z+/]{12}|b3BlbnNzaC1rZXkt"
)
_BLOCK = re.compile(r"-----BEGIN [^-]*-----.*?(?:-----END [^-]*-----|\Z)", re.DOTALL)
# A fingerprint, which is public, is such a run, too.
_BASE64 = re.compile(r"(?<![0-9A-Za-z+/])(?<!SHA256:)[0-9A-Za-z+/]{40,}={0,2}")


def looks_like_key(path: str | os.PathLike[str]) -> bool:
    """Whether a path could be the text of a key or a certificate, or a part of one.

    The path of a file or folder that exists is a path, whatever its name.
    """
    return has_key(str(path)) and not _exists(path)


def has_key(text: str) -> bool:
    """Whether a text could be a key or a certificate, or have a part of one."""
    return bool(_MARKS.search(text)) or _has_key_material(text)


def hide_keys(text: str) -> str:
    """Return a text without the keys, the certificates and the parts of them that it quotes."""
    text = _BLOCK.sub("[hidden]", text)
    return _BASE64.sub(lambda run: "[hidden]" if _has_key_material(run[0]) else run[0], text)


def _has_key_material(text: str) -> bool:
    """Whether a text has a long run of base64. Paths have more slashes and fewer kinds of letters.

    Such a run has about one slash in 64 characters.
    """
    return any(
        run.count("/") <= len(run) // 16
        and any(letter.isupper() for letter in run)
        and any(letter.islower() for letter in run)
        and any(letter.isdigit() for letter in run)
        for run in _BASE64.findall(text)
    )


def _exists(path: str | os.PathLike[str]) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
