"""What people and programs read about an error: what is wrong, and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import attrs
import click

from bitfount_api import exceptions
from bitfount_api.cli.error_json import error_document
from bitfount_api.cli.exit_codes import Exit, Failure, causes, exit_code

if TYPE_CHECKING:
    from collections.abc import Sequence

_HINTS: Final = {
    Exit.NOT_AUTHENTICATED: (
        "Log in with 'bitfount-api login', or set BITFOUNT_API_KEY_ID, BITFOUNT_API_KEY and "
        "BITFOUNT_USERNAME."
    ),
    Exit.UNREACHABLE: "Run 'bitfount-api doctor' to find the cause.",
    Exit.INVALID_DATA: "Run 'bitfount-api doctor' to check that the right service answers.",
}
_ERRNO: Final = re.compile(r"\[Errno -?\d+\] ")
"""How Python shows the number of a system's error, before its text."""
_CAPITALISED: Final = frozenset({"the", "this", "these", "there", "you", "your"})
"""First words of the library's texts that get a capital letter. Others may be names, of files."""

_FOR_PROGRAMS: Final = {
    ", or was read to its end: call seek(0) first": "",
    "auth_domain must": "the authorization server must",
    "csr_pem must": "the signing request must",
    "model_description cannot": "the description cannot",
    "pass allow_insecure=True to BitfountSession, or set": "set",
    "the file object cannot be written": "standard output cannot be written",
    "serialized_protocol must": "the protocol must",
    "verify: ": "--ca: ",
}
"""Parts of the library's texts that only help programs, and what the command line says instead."""


@attrs.frozen
class Problem:
    """What is wrong, and what to do.

    Args:
        code: Exit code.
        message: What is wrong, as a sentence.
        hint: What to do, as a sentence; None if the message says it.
        status: HTTP status with which a service refused; None if none did.
        request_id: The service's id of the request; None if it sent none.
    """

    code: Exit
    message: str
    hint: str | None = None
    status: int | None = None
    request_id: str | None = None

    @property
    def line(self) -> str:
        """The problem in one line, for people."""
        number = f"(request id {self.request_id})" if self.request_id else None
        return " ".join(filter(None, (self.message, self.hint, number)))

    @property
    def document(self) -> dict[str, Any]:
        """The problem as a JSON object, for programs."""
        return error_document(
            self.code.error,
            self.message,
            hint=self.hint,
            status=self.status,
            request_id=self.request_id,
        )


def describe(error: BaseException) -> Problem:
    """Return what an error is about."""
    code = exit_code(error)
    if isinstance(error, OSError) and error.strerror:
        name = f"{error.filename}: " if error.filename else ""
        return Problem(code, f"{name}{error.strerror}.")
    if isinstance(error, click.ClickException):
        return _describe_usage(error, code)
    if code is Exit.INTERNAL_ERROR:
        # The error's text could contain a secret, so it is only shown with --debug.
        return Problem(
            code,
            f"Unexpected error ({type(error).__name__}).",
            "Run the command again with --debug, and report its output.",
        )
    refusals = [cause for cause in causes(error) if isinstance(cause, exceptions.HTTPError)]
    status, number = next(
        ((refusal.status_code, refusal.request_id) for refusal in refusals), (None, None)
    )
    if isinstance(error, Failure):
        text = _with_full_stop(_capitalised(str(error)))
        return Problem(code, text, error.hint, status, number)
    advice = next((refusal.advice for refusal in refusals), None)
    if code is Exit.NOT_AUTHENTICATED or advice is None:
        advice = _HINTS.get(code)
    text = _capitalised(_without_details(error) or type(error).__name__)
    return Problem(code, _with_full_stop(text), advice, status, number)


def _describe_usage(error: click.ClickException, code: Exit) -> Problem:
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"See '{context.command_path if context else 'bitfount-api'} --help'."
    text = error.format_message()
    similar: Sequence[str] | None = getattr(error, "possibilities", None)
    if similar:
        text = error.message
        names = " or ".join(f"'{name}'" for name in similar)
        hint = f"Did you mean {names}? {hint}"
    return Problem(code, _with_full_stop(text), hint)


def _without_details(error: BaseException) -> str:
    """Return an error's text without what is shown apart from it, and without Python's names."""
    text = str(error)
    for cause in causes(error):
        if isinstance(cause, exceptions.HTTPError):
            text = text.replace(f" (request id {cause.request_id})", "")
            if cause.advice:
                text = text.replace(f" {cause.advice}", "")
        if isinstance(cause, exceptions.RequestException) and cause.operation:
            text = text.replace(f"{cause.operation}: ", "")
    for python, command in _FOR_PROGRAMS.items():
        text = text.replace(python, command)
    return _ERRNO.sub("", text)


def _capitalised(text: str) -> str:
    first = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first in _CAPITALISED else text


def _with_full_stop(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
