"""Recognise text that could be a key or a certificate, which errors must not quote as a path."""

from __future__ import annotations

import os
import re
from itertools import pairwise
from pathlib import Path

_CERTAIN = re.compile(r"-----BEGIN |-----END |(?:ssh|ecdsa)-[\w@.-]+\s|[\r\n]")
_MARKS = re.compile(
    r"-----BEGIN |-----END |PRIVATE KEY|PUBLIC KEY"
    r"|(?:ssh|ecdsa)-[\w@.-]+\s"
    # The beginnings of DER and OpenSSH structures in base64, whose next byte is small.
    r"|\b(?:MII|AAAA)[A-P][0-9A-Za-z+/]{11}|b3BlbnNzaC1rZXkt"
)
_BLOCK = re.compile(r"-----BEGIN [^-]*-----.*?(?:-----END [^-]*-----|\Z)", re.DOTALL)
# A fingerprint, which is public, and the name of a file with an extension are such runs, too.
_BASE64 = re.compile(
    r"(?<![0-9A-Za-z+/])(?<!SHA256:)[0-9A-Za-z+/]{40,}+={0,2}+"
    r"(?!(?:\.\w{1,12}){1,3}(?![\w.]))"
)
_DIGEST = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-f]{32,}|[0-9A-F]{32,})(?![0-9A-Za-z])")
_MAX_NEW_LENGTH = 255


def looks_like_key(path: str | os.PathLike[str]) -> bool:
    """Whether a path could be the text of a key or a certificate, or a part of one.

    Files have random names, too, such as those of object stores and caches. So it is a path if it
    exists, or if one of the folders that it names exists.
    """
    text = str(path)
    return has_key(text) and not _exists(path) and not _is_path_of_new_file(text)


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
        and not _has_words(run)
        for run in _BASE64.findall(_DIGEST.sub("-", text))
    )


def _has_words(run: str) -> bool:
    """Whether a run has words in camel case: more lower-case letters, and fewer changes of kind.

    Of random lines of 64 characters, 3 in 100,000 count as words.
    """
    kinds = [(letter.islower(), letter.isupper(), letter.isdigit()) for letter in run]
    changes = sum(one != other for one, other in pairwise(kinds))
    return sum(map(str.islower, run)) >= 0.6 * len(run) and changes <= 0.45 * len(run)


def _is_path_of_new_file(text: str) -> bool:
    """Whether one of the folders that a path names exists, and the rest is shorter than a key."""
    text = os.path.expanduser(text)
    folder = os.path.dirname(text)
    # Not the root, since base64 may begin with a slash.
    while folder != os.path.dirname(folder):
        if _exists(folder):
            return len(text) - len(folder) <= _MAX_NEW_LENGTH and not _CERTAIN.search(text)
        folder = os.path.dirname(folder)
    return False


def _exists(path: str | os.PathLike[str]) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
