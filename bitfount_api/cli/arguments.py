"""Command-line arguments: names, validated before a request is sent, files and secrets."""

from __future__ import annotations

import errno
import json
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar

import click

from bitfount_api import config, identifiers
from bitfount_api.cli.exit_codes import Exit, Failure
from bitfount_api.files import final_target, read_file
from bitfount_api.profiles import profile_name
from bitfount_api.redaction import looks_like_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType  # not subscriptable in older versions of click

_F = TypeVar("_F", bound="Callable[..., Any]")

STANDARD_INPUT: Final = "-"
MAX_SECRET_BYTES: Final = 64 * 1024


class Checked(ParamType):
    """An argument that is parsed by one of the library's own functions.

    Args:
        name: Name of the type in the help.
        check: Function that returns the parsed value, or raises ``ValueError``.
    """

    def __init__(self, name: str, check: Callable[[str], Any]) -> None:
        self.name = name
        self._check = check

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse and return the argument."""
        if not isinstance(value, str):
            return value
        try:
            return self._check(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _FilePath(click.Path):
    """The path of a file or folder, which the shell completes."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        if value == "":  # pathlib would take it for the working folder
            self.fail("the path is empty", param, ctx)
        return super().convert(value, param, ctx)


class WholeNumber(click.IntRange):
    """A whole number in a range."""

    name = "whole number"


class Seconds(click.FloatRange):
    """A number of seconds in a range."""

    name = "number of seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse and return the number."""
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):  # neither too small nor too large
            self.fail(f"{value!r} is not a valid {self.name}.", param, ctx)
        return seconds


def _version_wanted(text: str, example: str = "owner/ModelName:3") -> identifiers.ModelIdentifier:
    model = identifiers.ModelIdentifier.parse(text)
    if model.version in (None, "latest"):
        raise ValueError(f"the model must include a version number, such as {example}")
    return model


def _own_version(text: str) -> identifiers.ModelIdentifier:
    if "/" in text:
        raise ValueError("the model must be your own, without an owner, such as ModelName:3")
    return _version_wanted(f"me/{text}", "ModelName:3")


def _id(what: str) -> Checked:
    return Checked("id", lambda text: identifiers.path_part(text, what))


def _not_empty(text: str) -> str:
    if not text.strip():
        raise ValueError("the value is empty")
    return text


TEXT: Final = Checked("text", _not_empty)
URL: Final = Checked("url", config.service_url)
POD: Final = Checked("pod", identifiers.PodIdentifier.parse)
POD_NAME: Final = Checked("name", identifiers.pod_name)
USER: Final = Checked("user", identifiers.user_name)
PROFILE: Final = Checked("name", profile_name)
MODEL: Final = Checked("model", identifiers.ModelIdentifier.parse)
MODEL_VERSION: Final = Checked("model", _version_wanted)
OWN_MODEL_VERSION: Final = Checked("model", _own_version)
PROJECT: Final = _id("project id")
KEY_ID: Final = _id("key id")
INSTANCE_ID: Final = _id("instance id")
COMPUTE_ID: Final = _id("compute id")
CLUSTER_ID: Final = _id("cluster id")
FILE: Final = _FilePath(path_type=Path)


def shown(path: Path) -> str:
    """Return how messages name a file to read."""
    return "standard input" if str(path) == STANDARD_INPUT else str(path)


def project_option(command: _F) -> _F:
    """Add the option ``--project`` to a command."""
    return click.option(
        "--project", metavar="ID", type=PROJECT, help="The project through which you have access."
    )(command)


def check_is_path(path: Path) -> None:
    """Check that a path is not the text of a key, which errors would quote.

    Raises:
        Failure: If it is.
    """
    if looks_like_key(path):
        raise Failure(
            "This is not the path of a file. It looks like the text of a key, which others could "
            "read on the command line.",
            Exit.INVALID_INPUT,
            hint="Save it to a file, or pass it to standard input with '-'.",
        )


def contents(path: Path, limit: int) -> bytes:
    """Read a file, or standard input for ``-``.

    Raises:
        Failure: If the path is the text of a key.
        ValueError: If there are more than ``limit`` bytes.
        OSError: If the file cannot be read.
    """
    check_is_path(path)
    if str(path) != STANDARD_INPUT:
        return read_file(path, limit)
    data = standard_input().read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"standard input has more than {limit} bytes")
    return data


def standard_input() -> BinaryIO:
    """Return standard input, for bytes.

    Raises:
        OSError: If it is closed.
    """
    if sys.stdin is None:
        raise OSError(errno.EBADF, "it is closed", "standard input")
    return sys.stdin.buffer


def public_key(file: Path) -> RSAPublicKey:
    """Read a public key from a file, or from standard input for ``-``.

    Raises:
        Failure: If the file does not contain a valid public key.
        ValueError: If it is too large.
        OSError: If the file cannot be read.
    """
    from bitfount_api import keys

    data = contents(file, keys.MAX_KEY_BYTES)
    try:
        return keys.parse_public_key(data)
    except ValueError as error:
        raise Failure(f"{shown(file)}: {error}.", Exit.INVALID_INPUT) from None


def json_object(file: Path, limit: int) -> dict[str, Any]:
    """Read a JSON object from a file, or from standard input for ``-``.

    Raises:
        Failure: If it is not a JSON object.
        ValueError: If it has more than ``limit`` bytes.
        OSError: If the file cannot be read.
    """
    data = contents(file, limit)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Failure(f"{shown(file)} is not JSON: {error}.", Exit.INVALID_INPUT) from None
    if not isinstance(found, dict):
        raise Failure(f"{shown(file)} is not a JSON object.", Exit.INVALID_INPUT)
    return found


def check_targets(
    *paths: Path | None, force: bool, otherwise: str = "replace it with --force"
) -> None:
    """Check, before a request is sent, that files can be written and would not be overwritten.

    Args:
        *paths: The files; None for one that is not to be written.
        force: Whether to replace files that exist.
        otherwise: What else the user can do than choose another name.

    Raises:
        Failure: If a file exists and ``force`` is false, a path is a folder, or a parent folder
            does not exist; if something else than a file would be replaced; or if a path is ``-``.
    """
    for path in paths:
        if path is None:
            continue
        check_is_path(path)
        if str(path) == STANDARD_INPUT:  # commands that can write there have done so
            raise Failure(
                "'-' is standard output, to which this command cannot write a file.",
                Exit.INVALID_INPUT,
                hint="Give the path of a file.",
            )
        try:
            parent = final_target(path).parent
        except OSError as error:
            if path.is_dir():
                raise Failure(
                    f"{path} is a folder.", Exit.INVALID_INPUT, hint="Give the path of a file."
                ) from None
            reason = error.strerror or str(error)
            raise Failure(f"{path} cannot be written: {reason}.", Exit.INVALID_INPUT) from None
        if os.path.lexists(path) and not force:
            raise Failure(
                f"{path} already exists.",
                Exit.INVALID_INPUT,
                hint=f"Choose another name, or {otherwise}.",
            )
        if not parent.is_dir():
            raise Failure(
                f"The folder {parent} does not exist.",
                Exit.INVALID_INPUT,
                hint="Create it first.",
            )


def confirm(question: str, *, yes: bool) -> None:
    """Ask the user before something disappears.

    Args:
        question: The question, with a name and what will disappear.
        yes: Whether ``--yes`` was given, which answers the question.

    Raises:
        Failure: If the user does not agree.
        click.UsageError: If ``--yes`` was not given, and standard input is not a terminal.
    """
    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        context = click.get_current_context()
        raise click.UsageError(
            "Standard input is not a terminal, so you cannot be asked: give --yes.", context
        )
    if not click.confirm(question, err=True):
        raise Failure("Not confirmed, so nothing was changed.")


def secret(what: str, variable: str, file: Path | None = None, *, confirm: bool = False) -> str:
    """Read a secret from a file, the environment or a prompt, but never from the command line.

    Args:
        what: Name of the secret in messages, such as ``"password"``.
        variable: Environment variable that may contain the secret.
        file: File that contains the secret; ``-`` for standard input.
        confirm: Whether the prompt asks for the secret twice.

    Raises:
        Failure: If the secret is empty, or is not given and standard input is not a terminal.
    """
    if file is not None:
        try:
            found = contents(file, MAX_SECRET_BYTES).decode("utf-8")
        except UnicodeDecodeError:
            raise Failure(
                f"{shown(file)} does not contain a {what}: it is not UTF-8 text.",
                Exit.INVALID_INPUT,
            ) from None
    elif variable in os.environ:
        found = os.environ[variable]
    elif sys.stdin is not None and sys.stdin.isatty():
        found = click.prompt(
            what.capitalize(), hide_input=True, err=True, confirmation_prompt=confirm
        )
    else:
        raise Failure(f"The {what} is missing.", Exit.INVALID_INPUT, hint=f"Set {variable}.")
    # Files and variables often end with a newline that is not part of the secret.
    found = found.strip("\r\n")
    if any("\ud800" <= character <= "\udfff" for character in found):
        raise Failure(f"The {what} is not UTF-8 text.", Exit.INVALID_INPUT)
    if not found:
        raise Failure(f"The {what} is empty.", Exit.INVALID_INPUT)
    return found
