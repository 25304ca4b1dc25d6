"""What people type: names, checked before anything is sent, files, and secrets."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from bitfount_api import identifiers
from bitfount_api.cli.exit_codes import Exit, Failure
from bitfount_api.files import read_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType  # older versions of click cannot be subscripted

STANDARD_INPUT: Final = "-"
MAX_SECRET_BYTES: Final = 64 * 1024


class Checked(ParamType):
    """An argument that one of our own checks takes apart.

    Args:
        name: What to call it in the help.
        check: Gives the value, or raises ``ValueError``.
    """

    def __init__(self, name: str, check: Callable[[str], Any]) -> None:
        self.name = name
        self._check = check

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The argument, taken apart."""
        if not isinstance(value, str):
            return value
        try:
            return self._check(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _version_wanted(text: str) -> identifiers.ModelIdentifier:
    model = identifiers.ModelIdentifier.parse(text)
    if model.version in (None, "latest"):
        raise ValueError("weights belong to one version: owner/ModelName:3, say")
    return model


def _own_version(text: str) -> identifiers.ModelIdentifier:
    if "/" in text:
        raise ValueError("you can only send weights for models of your own: ModelName:3, say")
    return _version_wanted(f"me/{text}")


POD: Final = Checked("pod", identifiers.PodIdentifier.parse)
POD_NAME: Final = Checked("name", identifiers.pod_name)
USER: Final = Checked("user", identifiers.user_name)
MODEL: Final = Checked("model", identifiers.ModelIdentifier.parse)
MODEL_VERSION: Final = Checked("model", _version_wanted)
OWN_MODEL_VERSION: Final = Checked("model", _own_version)
PROJECT: Final = Checked("id", lambda text: identifiers.path_part(text, "project id"))
KEY_ID: Final = Checked("id", lambda text: identifiers.path_part(text, "key id"))
FILE: Final = click.Path(path_type=Path)

project_option = click.option(
    "--project", metavar="ID", type=PROJECT, help="The project through which you have access."
)


def contents(path: Path, limit: int) -> bytes:
    """What is in a file, or comes by standard input for ``-``.

    Raises:
        ValueError: It is more than ``limit`` bytes.
        OSError: It cannot be read.
    """
    if str(path) != STANDARD_INPUT:
        return read_file(path, limit)
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"standard input has more than {limit} bytes")
    return data


def public_key(file: Path) -> RSAPublicKey:
    """The public key in a file, or from standard input.

    Raises:
        Failure: There is none in it.
        OSError: It cannot be read.
    """
    from bitfount_api import keys

    try:
        return keys.parse_public_key(contents(file, keys.MAX_KEY_BYTES))
    except ValueError as error:
        raise Failure(f"{file}: {error}.", Exit.INVALID_INPUT) from None


def check_targets(*paths: Path | None, force: bool) -> None:
    """See, before anything is sent, that files can be written, and nothing is replaced by mistake.

    Raises:
        Failure: A file is there already, it is a folder, or there is no folder for it.
    """
    for path in paths:
        if path is None:
            continue
        problem = None
        if path.is_dir():
            problem = f"{path} is a folder. Say which file to write."
        elif path.exists() and not force:
            problem = f"{path} exists already. Choose another name, or replace it with --force."
        elif not path.parent.is_dir():
            problem = f"There is no folder {path.parent}. Make it first."
        if problem:
            raise Failure(problem, Exit.INVALID_INPUT)


def secret(what: str, variable: str, file: Path | None = None, *, confirm: bool = False) -> str:
    """A secret: from a file, the environment, or a person. Never from the command line.

    Args:
        what: What to call it, such as ``"password"``.
        variable: The environment variable that may hold it.
        file: The file that holds it; ``-`` for standard input.
        confirm: Have the person type it twice.

    Raises:
        Failure: It is nowhere, and there is nobody to ask; or it is empty.
    """
    if file is not None:
        try:
            found = contents(file, MAX_SECRET_BYTES).decode("utf-8")
        except UnicodeDecodeError:
            raise Failure(
                f"{file} does not hold a {what}: it is not text.", Exit.INVALID_INPUT
            ) from None
    elif variable in os.environ:
        found = os.environ[variable]
    elif sys.stdin is not None and sys.stdin.isatty():
        found = click.prompt(
            what.capitalize(), hide_input=True, err=True, confirmation_prompt=confirm
        )
    else:
        raise Failure(f"There is no {what}: set {variable}.", Exit.INVALID_INPUT)
    # Files and variables often end in a newline that nobody meant.
    found = found.strip("\r\n")
    if not found:
        raise Failure(f"The {what} is empty.", Exit.INVALID_INPUT)
    return found
