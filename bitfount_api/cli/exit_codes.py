"""What the command line ends with: the exit codes, and which error means which.

The one table of exit codes. The help of ``bitfount-api`` shows it, and scripts may rely on it.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

import click

from bitfount_api import exceptions

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNAVAILABLE: Final = frozenset({429, 502, 503, 504})


class Exit(enum.IntEnum):
    """An exit code, with what it means."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Exit:  # noqa: D102
        self = int.__new__(cls, code)
        self._value_ = code
        self.meaning = meaning
        return self

    OK = 0, "done"
    FAILED = 1, "refused, or failed for a reason without a code of its own"
    USAGE = 2, "the command line was not understood"
    NOT_AUTHENTICATED = 3, "no credentials, or they were refused"
    NOT_FOUND = 4, "there is no such thing, or these credentials may not see it"
    UNREACHABLE = 5, "the service could not be reached, or is not available now"
    INVALID_INPUT = 6, "a local file or setting is not what it has to be"
    NOT_AS_PROMISED = 7, "what came is not what was promised: damaged, or of another shape"
    DEFECT = 70, "a defect of this program: please report it"
    INTERRUPTED = 130, "interrupted, with Ctrl-C"
    READER_GONE = 141, "whoever read the output stopped reading"
    TERMINATED = 143, "told to stop, with SIGTERM"


class Failure(Exception):
    """A command cannot do what it was asked for.

    Args:
        message: One sentence on what is wrong, and one on what to do.
        code: What to end with.
    """

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code


class BrokenPipe(Exception):
    """Nobody reads standard output any more."""


class Terminated(BaseException):
    """The process was told to stop."""


def exit_code(error: BaseException) -> Exit:
    """What to end with after an error.

    The most telling of the error and those it was raised from decides: an upload that failed
    because there was no connection is a matter of the connection.
    """
    if isinstance(error, Failure):
        return error.code
    chain = list(_chain(error))
    if isinstance(chain[-1], exceptions.TransferError) and len(chain) > 1:
        return Exit.INVALID_INPUT  # an upload, so what is wrong is the file here
    for code in (_connection_code, _credentials_code, _response_code, _input_code):
        for link in chain:
            if (found := code(link)) is not None:
                return found
    known = (exceptions.BitfountError, click.ClickException)
    return Exit.FAILED if isinstance(error, known) else Exit.DEFECT


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        # What a library below ours raised says nothing that our own error does not.
        following = link.__cause__
        link = following if isinstance(following, exceptions.BitfountError) else None


def _connection_code(error: BaseException) -> Exit | None:
    if isinstance(error, (exceptions.ConnectError, exceptions.RequestTimeout)):
        return Exit.UNREACHABLE
    return None


def _credentials_code(error: BaseException) -> Exit | None:
    refused = isinstance(error, exceptions.HTTPError) and error.status_code == 401
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
        return Exit.NOT_AS_PROMISED
    if isinstance(error, exceptions.TransferError):
        local = isinstance(error.__cause__ or error.__context__, OSError)
        return Exit.INVALID_INPUT if local else Exit.NOT_AS_PROMISED
    if isinstance(error, (exceptions.ModelValidationError, ValueError, OSError)):
        return Exit.INVALID_INPUT
    return None


_ADVICE: Final = {
    Exit.NOT_AUTHENTICATED: (
        "Log in with 'bitfount-api login', or set BITFOUNT_API_KEY_ID, BITFOUNT_API_KEY and "
        "BITFOUNT_USERNAME."
    ),
    Exit.UNREACHABLE: "'bitfount-api doctor' looks where it breaks.",
    Exit.NOT_AS_PROMISED: "'bitfount-api doctor' tells whether the right service answers.",
}


def error_message(error: BaseException) -> str:
    """What went wrong and what to do, in one line."""
    if isinstance(error, OSError) and error.strerror:
        name = f"{error.filename}: " if error.filename else ""
        return f"{name}{error.strerror}."
    if isinstance(error, click.ClickException):
        text = error.format_message()
        context = error.ctx if isinstance(error, click.UsageError) else None
        where = context.command_path if context else "bitfount-api"
        return f"{_ended(text)} See '{where} --help'."
    code = exit_code(error)
    if code is Exit.DEFECT:
        # Its text could be anything, even secret; whoever wants it asks for it.
        return (
            f"Something unexpected went wrong ({type(error).__name__}). Run it again with --debug, "
            "and report what it shows."
        )
    if isinstance(error, Failure):
        return _ended(str(error))
    text = _ended(_capitalised(str(error) or type(error).__name__))
    return f"{text} {_ADVICE[code]}" if code in _ADVICE else text


def _capitalised(text: str) -> str:
    """The library's errors begin as part of a sentence; names, of files say, stay as they are."""
    first = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text


def _ended(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?", ")", "…")) else f"{text}."
