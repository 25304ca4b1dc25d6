"""Redact credentials and the queries of presigned URLs from errors and logs."""

from __future__ import annotations

import enum
import json
import logging
import re
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, quote_plus

import httpx

from bitfount_api._internal.validation import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET_HEADERS = frozenset(
    {
        *("authorization", "x-api-key", "x-api-key-id", "proxy-authorization"),
        "x-amz-security-token",
    }
)
"""The headers that carry credentials, in lower case."""

FORM_FIELDS = "bitfount_form_fields"
"""The extension of a request with the fields of its streamed form."""

REDACTED = "[hidden]"
"""The replacement for a secret."""
_HTTPCORE_LOGGERS = ("connection", "http11", "http2", "proxy", "socks")

# Patterns are texts, which `re` compiles on their first use: together that takes 2 ms, and most
# programs use none of them.
_WORD = r"[^\s\"'<>]+"
_SCHEME = r"(?i)[a-z][a-z0-9+.-]{0,20}://"
_QUERY = r"[?#]"
_AUTHORITY = r"[^/?#]*"
# A user name and a password, even with blanks, quotes and slashes, but not a host and a port, nor a
# host at the end of a clause.
_LOGIN = (
    r"://[^\s/?#@:\[\"'<>]{0,100}:(?!\s|\d{1,5}[^\w\s/?#@\"'<>]{0,3}(?:[\s/?#\"'<>]|\Z))"
    r"([^@\n]{0,100}@(?:[^\s@\"'<>]*@)*)"
)
_SEPARATOR = r"[\s/?#\"'<>]"
_MAX_TEXT = 100_000
"""The number of characters of a text that are searched for URLs."""
_HIDDEN_PARAMETER = r"(?i:sig|token|credential|key|secret|policy|password|device_?code|jwt)"
# The XML of object storage quotes what a signature was computed from.
_SIGNATURE_ELEMENT = (
    r"(<(?:SignatureProvided|StringToSign|CanonicalRequest|AWSAccessKeyId|AccessKeyId|[\w-]*Token"
    r"|Token-0|StringToSignBytes|CanonicalRequestBytes)>)[^<]+<"
)
# What follows is found in the forms of JSON (\u0026, \/) and of URLs within URLs (%26, %2526), too.
_ESCAPED_WORD = r"(?i)(?:[^\s\"'<>\\]|\\{1,8}(?:/|u00[0-9a-f]{2}))+"
_TWO_SLASHES = r":(?:\\{0,8}/){2}"
_EQUALS = r"(?:=|%(?:25){0,3}3D|\\{1,8}u003d|&#(?:x3d|61);)"
_ESCAPED_QUERY = r"(?i)[?#]|%(?:25){0,3}(?:3F|23)|\\{1,8}u00(?:3f|23)"
_SIGNED = rf"(?i){_HIDDEN_PARAMETER}[\w.-]{{0,40}}{_EQUALS}"
_QUOTES = r"(?:[\"'\s\\\[]|&quot;|&#(?:3[49]|x2[27]);|%(?:25){0,3}2[27]|b(?=[\"'])){0,10}"
_SEPARATED = rf"(?:{_EQUALS}>?|->|:=?|%(?:25){{0,3}}3A|&(?:equals|colon|\#58|\#x3a);)"
_VALUE = (  # one character
    r"(?:(?!%(?:25){0,3}(?:22|26))[^\s\"'<>\\&;,{}]|\\{1,8}(?:/|u00(?:2b|2f|3d))"
    r"|&#(?:x2[bf]|x3d|43|47|61);)"
)
# Capitalised or joined, as in SignatureDoesNotMatch and read-only.
_WORDS = rf"(?-i:(?:[A-Z]?[a-z]++|[_-])++)(?!{_VALUE})"
_SIGNED_FIELD = (
    r"(?i)((?:(x[-_]?(?:amz|goog)[-_]?(?:signature|credential|security[-_]?token)|awsaccesskeyid)"
    r"|(?:(?<![\w-])|(?<=%22|%26|026))"
    r"(?:signature|policy|(?:access|refresh|id|security|session)[-_]?token|device[-_]?code))"
    rf"(?:{_QUOTES}{_SEPARATED}{_QUOTES}"
    r"|[\"'](?:\s{1,8}value=[\"']|\r?\n\r?\n)"  # HTML and multipart forms
    r"|[\"']\s?,\s?b?[\"'](?=[^\s\"']{1,4096}[\"']\s?\))"  # Python's pairs
    r"|\\{0,8}[\"']\s{0,8},\s{0,8}\\{0,8}[\"']value\\{0,8}[\"']\s{0,8}:\s{0,8}\\{0,8}[\"']"
    r"|>))"  # XML
    # Shorter values, and those of words, may belong to a sentence.
    rf"(?(2){_VALUE}+|(?!{_WORDS}){_VALUE}{{16,}})"
)
# What each text has from which anything is removed: searching it for that is much faster.
_SUSPECT = r"(?i)[@?#%\\]|signature|policy|token|credential|device[-_]?code|accesskeyid"
# The names of fields in answers whose texts grant access, but not of public keys and storage keys.
_HIDDEN_FIELD = (
    r"(?i)signature|token(?!i[sz])|credential|secret|password|authorization|device_?code|jwt"
    r"|(?:access|api|private)[-_]?key|upload_?fields|\A(?:sig|policy)\Z"
)
_TEXTS = (str, bytes, bytearray, memoryview)
_SECRET_OR_COOKIE = SECRET_HEADERS | {"cookie", "set-cookie", "set-cookie2"}
_MAX_DEPTH = 100
"""The number of levels of a result that are searched; deeper ones are replaced."""
_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")

_in_own_call: ContextVar[bool] = ContextVar("bitfount_api_call", default=False)


class SecretDict(dict[str, Any]):
    """A dict that holds secrets: its repr shows the keys only."""

    def __repr__(self) -> str:
        return f"<hidden: {', '.join(map(str, self))}>"


def strip_query(url: httpx.URL | str) -> str:
    """Return a URL without its query, fragment, user name and password, for errors and logs."""
    try:
        text = str(httpx.URL(url))
        if "@" in text and (stripped := _strip_url(text)).count(REDACTED):
            return stripped  # a password may have a slash, so that another host was found in it
        return str(httpx.URL(url).copy_with(query=None, fragment=None, userinfo=b""))
    except (httpx.InvalidURL, TypeError, ValueError):
        return "an invalid URL"


def redact(text: str, request: httpx.Request | None = None, *, limit: int = 500) -> str:
    """Redact text from a service for errors and logs: one line, bounded, without secrets.

    Args:
        text: The text.
        request: The request that it answers; a service may have quoted its credentials.
        limit: The maximum length in characters.
    """
    for secret in () if request is None else _secrets_in(request):
        text = text.replace(secret, REDACTED)
    if len(text) > _MAX_TEXT:
        # Without the last word, which may be the first half of a password.
        text = text[: max(0, *map(text[:_MAX_TEXT].rfind, " \n\t\"'<>"))]
    text = _strip_urls(text)[: 10 * limit]
    if not text.isprintable():
        # Control characters, those that change the writing direction, and lone surrogates.
        shown = "".join(c if c.isprintable() else "\n" for c in text)
        text = " ".join(part for part in shown.split("\n") if part)
    text = text.strip()
    return shorten(text, limit)


def redact_result(value: Any) -> Any:
    """Return a copy of a result without secrets: JSON, and objects, which are not copied.

    The texts keep their length and their lines, unlike those of :func:`redact`.
    """
    return _redact_value(value, 0, secret=False)


def _redact_value(value: Any, depth: int, *, secret: bool) -> Any:
    if isinstance(value, dict | list | tuple) and depth == _MAX_DEPTH:
        return REDACTED
    if isinstance(value, dict):
        result: dict[Any, Any] = {}
        for key, item in value.items():
            hidden = secret or (isinstance(key, str) and re.search(_HIDDEN_FIELD, key) is not None)
            shown = _redact_value(key, depth + 1, secret=False)
            if shown in result:  # two URLs that differed in their queries
                shown = f"{shown} ({len(result) + 1})"
            result[shown] = _redact_value(item, depth + 1, secret=hidden)
        return result
    if isinstance(value, list | tuple):
        items = [_redact_value(item, depth + 1, secret=secret) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if not isinstance(value, _TEXTS) or not value or isinstance(value, enum.Enum):
        return value
    if secret:
        return REDACTED
    return _strip_urls(value) if isinstance(value, str) else value


def _strip_urls(text: str) -> str:
    """Remove the queries, user names and passwords of URLs, and the fields of presigned forms."""
    if not re.search(_SUSPECT, text):
        return text
    text = _hide_signatures(re.sub(_LOGIN, _strip_login, text))
    return re.sub(_WORD, lambda word: _strip_url(word[0]), text)


def _strip_login(login: re.Match[str]) -> str:
    """Remove a user name and a password; show that they were there if the end is uncertain."""
    return f"://{REDACTED}@" if re.search(_SEPARATOR, login[1]) else "://"


def _strip_url(word: str) -> str:
    """Remove the query, the user name and the password from a word that is a URL."""
    scheme = re.search(_SCHEME, word) if "://" in word else None
    if scheme is None:
        last = word.rfind("@")
        return REDACTED + word[last:] if -1 < word.find(":") < last else word
    start, rest = word[: scheme.end()], word[scheme.end() :]
    authority, last = re.match(_AUTHORITY, rest), rest.rfind("@")
    assert authority is not None  # noqa: S101 - it may be empty
    if rest.startswith(f"{REDACTED}@") and last == len(REDACTED):
        pass  # done before
    elif 0 <= last < authority.end():
        rest = rest[last + 1 :]
    elif last >= 0 and ":" in authority[0] and not authority[0].startswith(REDACTED):
        rest = f"{REDACTED}@{rest[last + 1 :]}"  # or a host, a port and an "@" in the path
    elif "@" in authority[0] and not authority[0].startswith(REDACTED):
        rest = rest[authority[0].rfind("@") + 1 :]
    query = re.search(_QUERY, rest)
    return start + (rest if query is None else rest[: query.start()])


def redact_header(name: str, value: bytes, request: httpx.Request) -> bytes:
    """Redact a header of a response: all of it if its name says that it is a secret.

    Args:
        name: The name.
        value: The value.
        request: The request that it answers.
    """
    name = name.lower()
    named = re.search(_HIDDEN_FIELD, name) and not name.startswith("access-control-")
    if named or name in _SECRET_OR_COOKIE:
        return REDACTED.encode()
    return redact_content(value, request)


def redact_content(content: bytes, request: httpx.Request) -> bytes:
    """Redact a header or a body of a response, which may quote its request: only the secrets.

    Args:
        content: The header or body, in UTF-16, UTF-32, or an encoding that extends ASCII.
        request: The request that it answers.
    """
    secrets = _secrets_in(request)
    if b"\0" in content:
        for encoding in _WIDE:  # as the others, it shows as garbage, in which nothing is found
            whole = len(content) // 4 * 4 if "32" in encoding else len(content) // 2 * 2
            with suppress(UnicodeDecodeError):
                text = content[:whole].decode(encoding, "surrogatepass")
                hidden = _hide_all(text, secrets)
                if hidden != text:
                    content = hidden.encode(encoding, "surrogatepass") + content[whole:]
    # Every byte is a character of latin-1, so that the rest stays as it is.
    secrets = [secret.encode().decode("latin-1") for secret in secrets]
    return _hide_all(content.decode("latin-1"), secrets).encode("latin-1")


def _hide_all(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, REDACTED)
    return _hide_signatures(re.sub(_SIGNATURE_ELEMENT, rf"\1{REDACTED}<", text))


def _hide_signatures(text: str) -> str:
    """Remove the logins and signed queries of URLs, and the fields of presigned forms."""
    text = re.sub(_ESCAPED_WORD, _without_secrets, text)
    return re.sub(_SIGNED_FIELD, rf"\1{REDACTED}", text)


def _without_secrets(url: re.Match[str]) -> str:
    """Remove the login of a URL, and its query if that is signed. It may be relative."""
    word = url[0]
    absolute = ":" in word and re.search(_TWO_SLASHES, word) is not None
    query = re.search(_ESCAPED_QUERY, word)
    secret = _HIDDEN_PARAMETER if absolute else _SIGNED
    if query is not None and re.search(secret, word[query.end() :]):
        if "://" in word:
            return _strip_url(word)
        return REDACTED if "@" in word else word[: query.start()]  # a password may have a "?"
    return _strip_url(word) if absolute and "@" in word else word


def _secrets_in(request: httpx.Request) -> list[str]:
    """Return the secrets of a request, in the forms in which a response may quote them.

    The longest are the first, since one may be a part of another.
    """
    import html  # its table of entities takes 1 ms to import, and only failures need it

    found: set[str] = set()
    for name in SECRET_HEADERS:
        value = request.headers.get(name, "")
        found |= {value, *value.split(" ")[1:], *value.split(":")}
    for name, value in (*request.url.params.multi_items(), *_fields(request)):
        if re.search(_HIDDEN_PARAMETER, name):
            found |= {value, quote(value, safe=""), quote_plus(value)}
    found |= {json.dumps(secret)[1:-1] for secret in found} | set(map(html.escape, found))
    return sorted((secret for secret in found if len(secret) > 3), key=len, reverse=True)


def _fields(request: httpx.Request) -> Iterator[tuple[str, str]]:
    """Yield the text fields of a presigned form, and of a small body, JSON or a form."""
    yield from request.extensions.get(FORM_FIELDS, {}).items()
    try:
        content = request.content
    except httpx.RequestNotRead:
        return
    kind = request.headers.get("content-type", "")
    if not content or len(content) > _MAX_TEXT:
        return
    try:
        if "json" in kind:
            document = json.loads(content)
            fields = document.items() if isinstance(document, dict) else ()
            yield from ((name, value) for name, value in fields if isinstance(value, str))
        elif "x-www-form-urlencoded" in kind:
            yield from parse_qsl(content.decode("ascii"))
    except (ValueError, RecursionError):
        return


@contextmanager
def redact_logs() -> Iterator[None]:
    """Redact the log records of requests that are sent inside the block."""
    token = _in_own_call.set(True)
    try:
        yield
    finally:
        _in_own_call.reset(token)


class _RedactingFilter(logging.Filter):
    """Redacts httpx's and httpcore's log records of this library's calls."""

    def filter(self, record: logging.LogRecord) -> bool:
        if _in_own_call.get():
            if isinstance(record.args, tuple):
                record.args = tuple(_redact_argument(value) for value in record.args)
            if record.name.startswith("httpcore"):
                record.msg, record.args = _event_name(record), ()
        return True


def _redact_argument(value: Any) -> Any:
    return strip_query(value) if isinstance(value, httpx.URL) else value


def _event_name(record: logging.LogRecord) -> str:
    """Return only the name of an httpcore event; the rest of its record quotes the headers."""
    return record.getMessage().split(" ", 1)[0]


def install_log_filters() -> None:
    """Add the redacting filter to the loggers of httpx and httpcore. May be called repeatedly."""
    for name in ("httpx", *(f"httpcore.{part}" for part in _HTTPCORE_LOGGERS)):
        logger = logging.getLogger(name)
        if not any(isinstance(known, _RedactingFilter) for known in logger.filters):
            logger.addFilter(_RedactingFilter())
