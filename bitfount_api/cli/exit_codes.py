"""The exit codes of the command line, and the mapping from errors to exit codes.

``bitfount-api --help`` shows this table, and scripts may rely on it, as on the names of the codes,
which errors have in JSON.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final

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

    @property
    def error(self) -> str:
        """The code of such an error in JSON."""
        return self.name.lower()

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
    HANGUP = 129, "the terminal was closed (SIGHUP)"
    INTERRUPTED = 130, "interrupted with Ctrl-C"
    BROKEN_PIPE = 141, "the reader of the output closed the pipe"
    TERMINATED = 143, "terminated with SIGTERM"


class Failure(Exception):
    """A command failed.

    Args:
        message: One sentence that says what is wrong.
        code: Exit code.
        hint: One sentence that says what to do; None if there is nothing to do.
    """

    def __init__(self, message: str, code: Exit = Exit.FAILED, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


class BrokenPipe(Exception):
    """The reader of standard output has closed the pipe."""


class OutputLost(Failure):
    """A command has changed something, but could not write its result.

    Args:
        message: What has been done, and why its result is not on standard output.
        value: Result as a JSON object, to be written to standard error.
        text: Result for people.
    """

    def __init__(self, message: str, value: dict[str, Any], text: str) -> None:
        super().__init__(message, Exit.OUTPUT_LOST)
        self.value = value
        self.text = text


class Terminated(BaseException):
    """The process received a signal to end.

    Args:
        code: Exit code.
    """

    def __init__(self, code: Exit) -> None:
        super().__init__()
        self.code = code


def exit_code(error: BaseException) -> Exit:
    """Return the exit code for an error.

    The most specific error in the chain of causes decides: an upload that failed because there was
    no connection exits with the code for connection errors.
    """
    if isinstance(error, Failure):
        return error.code
    chain = list(causes(error))
    if isinstance(chain[-1], exceptions.TransferError) and len(chain) > 1:
        return Exit.INVALID_INPUT  # an upload: the local file is the cause
    for code in (_connection_code, _credentials_code, _response_code, _input_code):
        for current in chain:
            if (found := code(current)) is not None:
                return found
    known = (exceptions.BitfountError, click.ClickException)
    return Exit.FAILED if isinstance(error, known) else Exit.INTERNAL_ERROR


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and the library's errors that caused it, from the last to the first."""
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
