"""The exit codes of the command line, and the mapping from errors to exit codes.

``bitfount-api --help`` shows this table, and scripts may rely on it.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

import click

from bitfount_api import exceptions

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNAVAILABLE: Final = frozenset({429, 502, 503, 504})
_WITHOUT_CREDENTIALS: Final = frozenset({"download_object", "upload_object", "upload_part"})
"""The operations of object storage, to which no credentials are sent."""


class Exit(enum.IntEnum):
    """An exit code and its meaning."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Exit:  # noqa: D102
        self = int.__new__(cls, code)
        self._value_ = code
        self.meaning = meaning
        return self

    OK = 0, "done"
    FAILED = 1, "refused, or another failure without its own code"
    USAGE = 2, "invalid command line"
    NOT_AUTHENTICATED = 3, "no credentials, or the service refused them"
    NOT_FOUND = 4, "not found, or not visible with these credentials"
    UNREACHABLE = 5, "the service cannot be reached, or is temporarily unavailable"
    INVALID_INPUT = 6, "a local file or setting is invalid or cannot be used"
    INVALID_DATA = 7, "the received data is damaged, or not in the expected format"
    OUTPUT_LOST = 8, "done, but the result could not be written: do not run it again"
    INTERNAL_ERROR = 70, "a bug in this program: please report it"
    INTERRUPTED = 130, "interrupted with Ctrl-C"
    BROKEN_PIPE = 141, "the reader of the output closed the pipe"
    TERMINATED = 143, "terminated with SIGTERM"


class Failure(Exception):
    """A command failed.

    Args:
        message: One sentence that says what is wrong, and one that says what to do.
        code: Exit code.
    """

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code


class BrokenPipe(Exception):
    """The reader of standard output has closed the pipe."""


class OutputLost(Failure):
    """A command has changed something, but could not write its result.

    Args:
        message: What has been done, and why its result is not on standard output.
        result: The result, to be written to standard error.
    """

    def __init__(self, message: str, result: str) -> None:
        super().__init__(message, Exit.OUTPUT_LOST)
        self.result = result


class Terminated(BaseException):
    """The process received SIGTERM."""


def exit_code(error: BaseException) -> Exit:
    """Return the exit code for an error.

    The most specific error in the chain of causes decides: an upload that failed because there was
    no connection exits with the code for connection errors.
    """
    if isinstance(error, Failure):
        return error.code
    chain = list(_chain(error))
    if isinstance(chain[-1], exceptions.TransferError) and len(chain) > 1:
        return Exit.INVALID_INPUT  # an upload: the local file is the cause
    for code in (_connection_code, _credentials_code, _response_code, _input_code):
        for current in chain:
            if (found := code(current)) is not None:
                return found
    known = (exceptions.BitfountError, click.ClickException)
    return Exit.FAILED if isinstance(error, known) else Exit.INTERNAL_ERROR


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        # Errors of other libraries add nothing to the error raised from them.
        cause = current.__cause__
        current = cause if isinstance(cause, exceptions.BitfountError) else None


def _connection_code(error: BaseException) -> Exit | None:
    if isinstance(error, (exceptions.ConnectError, exceptions.RequestTimeout)):
        return Exit.UNREACHABLE
    return None


def _credentials_code(error: BaseException) -> Exit | None:
    refused = (
        isinstance(error, exceptions.HTTPError)
        and error.status_code == 401
        and error.operation not in _WITHOUT_CREDENTIALS
    )
    if refused or isinstance(error, exceptions.AuthenticationError):
        return Exit.NOT_AUTHENTICATED
    return None


def _response_code(error: BaseException) -> Exit | None:
    if isinstance(error, (exceptions.PodDoesNotExistError, exceptions.SMARTOnFHIRError)):
        return Exit.NOT_FOUND
    if isinstance(error, exceptions.HTTPError):
        if error.status_code in _UNAVAILABLE:
            return Exit.UNREACHABLE
        return Exit.NOT_FOUND if error.status_code == 404 else Exit.FAILED
    return None


def _input_code(error: BaseException) -> Exit | None:
    if isinstance(error, click.UsageError):
        return Exit.USAGE
    if isinstance(error, exceptions.InvalidJSONError):
        return Exit.INVALID_DATA
    if isinstance(error, exceptions.TransferError):
        local = isinstance(error.__cause__ or error.__context__, OSError)
        return Exit.INVALID_INPUT if local else Exit.INVALID_DATA
    if isinstance(error, (exceptions.ModelValidationError, ValueError, OSError)):
        return Exit.INVALID_INPUT
    return None


_ADVICE: Final = {
    Exit.NOT_AUTHENTICATED: (
        "Log in with 'bitfount-api login', or set BITFOUNT_API_KEY_ID, BITFOUNT_API_KEY and "
        "BITFOUNT_USERNAME."
    ),
    Exit.UNREACHABLE: "Run 'bitfount-api doctor' to find the cause.",
    Exit.INVALID_DATA: "Run 'bitfount-api doctor' to check that the right service answers.",
}


def error_message(error: BaseException) -> str:
    """Return one line that says what went wrong and what to do."""
    if isinstance(error, OSError) and error.strerror:
        name = f"{error.filename}: " if error.filename else ""
        return f"{name}{error.strerror}."
    if isinstance(error, click.ClickException):
        text = error.format_message()
        context = error.ctx if isinstance(error, click.UsageError) else None
        where = context.command_path if context else "bitfount-api"
        return f"{_with_full_stop(text)} See '{where} --help'."
    code = exit_code(error)
    if code is Exit.INTERNAL_ERROR:
        # The error's text could contain a secret, so it is only shown with --debug.
        return (
            f"Unexpected error ({type(error).__name__}). Run the command again with --debug, and "
            "report its output."
        )
    if isinstance(error, Failure):
        return _with_full_stop(str(error))
    text = _with_full_stop(_capitalised(str(error) or type(error).__name__))
    return f"{text} {_ADVICE[code]}" if code in _ADVICE else text


def _capitalised(text: str) -> str:
    """Capitalise the first word, unless it is a name such as a file's."""
    first = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text


def _with_full_stop(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?", ")", "…")) else f"{text}."
