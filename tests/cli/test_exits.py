"""Every error ends in its code, and in one line that says what to do."""

from __future__ import annotations

import threading

import click
import pytest

from bitfount_api import exceptions
from bitfount_api.cli import root
from bitfount_api.cli.errors import describe
from bitfount_api.cli.exit_codes import Exit, Failure, exit_code

CODES: list[tuple[BaseException, Exit]] = [
    (exceptions.ConnectError("the Hub: no connection"), Exit.UNREACHABLE),
    (exceptions.RequestTimeout("the Hub did not answer"), Exit.UNREACHABLE),
    (exceptions.HTTPError("no", status_code=503), Exit.UNREACHABLE),
    (exceptions.HTTPError("no", status_code=429), Exit.UNREACHABLE),
    (exceptions.HTTPError("no", status_code=500), Exit.FAILED),
    (exceptions.HTTPError("no", status_code=401), Exit.NOT_AUTHENTICATED),
    (exceptions.HTTPError("no", status_code=401, operation="download_object"), Exit.FAILED),
    (exceptions.HTTPError("no", status_code=403), Exit.FAILED),
    (exceptions.HTTPError("no", status_code=404), Exit.NOT_FOUND),
    (exceptions.RequestException("the session is closed"), Exit.FAILED),
    (exceptions.InvalidJSONError("not JSON"), Exit.INVALID_DATA),
    (exceptions.AuthenticationError("no"), Exit.NOT_AUTHENTICATED),
    (exceptions.AuthenticatedUserError("bob"), Exit.NOT_AUTHENTICATED),
    (exceptions.ModelUploadError("no"), Exit.FAILED),
    (exceptions.ModelValidationError("no"), Exit.INVALID_INPUT),
    (exceptions.ModelTooLargeError("no"), Exit.INVALID_INPUT),
    (exceptions.SchemaUploadError("no"), Exit.INVALID_INPUT),
    (exceptions.MultiPartUploadError("no"), Exit.FAILED),
    (exceptions.TransferError("damaged"), Exit.INVALID_DATA),
    (exceptions.NoModelCodeError("spent"), Exit.FAILED),
    (exceptions.PodDoesNotExistError("no", status_code=404), Exit.NOT_FOUND),
    (exceptions.SMARTOnFHIRError("not paired"), Exit.NOT_FOUND),
    (exceptions.BitfountError("no"), Exit.FAILED),
    (ValueError("no number"), Exit.INVALID_INPUT),
    (FileNotFoundError(2, "No such file or directory", "x"), Exit.INVALID_INPUT),
    (click.UsageError("no"), Exit.USAGE),
    (click.ClickException("no"), Exit.FAILED),
    (Failure("no", Exit.NOT_FOUND), Exit.NOT_FOUND),
    (KeyError("planted"), Exit.INTERNAL_ERROR),
]


@pytest.mark.parametrize(("error", "code"), CODES, ids=lambda value: type(value).__name__)
def test_each_error_has_its_exit_code(error: BaseException, code: Exit) -> None:
    assert exit_code(error) is code
    text = describe(error).line
    assert "\n" not in text
    assert text.endswith((".", "!", "?", ")"))


def test_every_public_exception_has_an_exit_code() -> None:
    assert {type(error).__name__ for error, _ in CODES} >= set(exceptions.__all__)


def caused(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (exceptions.ConnectError("no"), Exit.UNREACHABLE),
        (exceptions.HTTPError("no", status_code=401), Exit.NOT_AUTHENTICATED),
        (exceptions.HTTPError("no", status_code=404), Exit.NOT_FOUND),
        (exceptions.TransferError("x is empty"), Exit.INVALID_INPUT),
        (KeyError("x"), Exit.FAILED),
    ],
)
def test_cause_of_an_error_determines_the_exit_code(cause: BaseException, code: Exit) -> None:
    assert exit_code(caused(exceptions.ModelUploadError("no"), cause)) is code


def test_login_without_a_network_exits_as_connection_error() -> None:
    error = exceptions.AuthenticationError("no")
    assert exit_code(caused(error, exceptions.RequestTimeout("no"))) is Exit.UNREACHABLE


def test_full_disk_exits_as_local_error() -> None:
    error = exceptions.TransferError("x cannot be written")
    assert exit_code(caused(error, OSError(28, "No space left on device"))) is Exit.INVALID_INPUT


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Failure("alice.pem is there"), "alice.pem is there."),
        (ValueError("the pod name is x"), "The pod name is x."),
        (ValueError("alice.yaml: no\n  schema"), "alice.yaml: no schema."),
        (exceptions.NoModelCodeError("get_model: no"), "get_model: no."),
        (PermissionError(13, "Permission denied", "x"), "x: Permission denied."),
    ],
)
def test_messages_are_sentences(error: BaseException, expected: str) -> None:
    assert describe(error).line == expected


def test_unexpected_error_shows_only_its_type() -> None:
    assert "planted" not in describe(KeyError("planted")).line
    assert "--debug" in describe(KeyError("planted")).line


def test_messages_advise_on_credentials_and_connections() -> None:
    assert "bitfount-api login" in describe(exceptions.AuthenticationError("no")).line
    assert "bitfount-api doctor" in describe(exceptions.ConnectError("no")).line


def test_exit_codes_are_the_documented_ones() -> None:
    assert {code.name: int(code) for code in Exit} == {
        "OK": 0,
        "FAILED": 1,
        "USAGE": 2,
        "NOT_AUTHENTICATED": 3,
        "NOT_FOUND": 4,
        "UNREACHABLE": 5,
        "INVALID_INPUT": 6,
        "INVALID_DATA": 7,
        "OUTPUT_LOST": 8,
        "INTERNAL_ERROR": 70,
        "HANGUP": 129,
        "INTERRUPTED": 130,
        "BROKEN_PIPE": 141,
        "TERMINATED": 143,
    }


def test_cleanup_error_after_ctrl_c_exits_as_interrupted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            threading.Lock().release()  # as a condition does whose wait was interrupted

    monkeypatch.setattr(click.Group, "main", interrupted)
    assert root.run([]) == Exit.INTERRUPTED
    assert capsys.readouterr().err == "Error: Interrupted.\n"
