"""Validate the names of users, pods and models before they become part of a URL.

An invalid name could address another endpoint: a project id of ``../../keys`` changes the path.
Everything here raises ``ValueError`` before anything is sent.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import attrs

from bitfount_api._internal.pydantic_fields import TextField
from bitfount_api._internal.validation import (
    is_whole_number,
    number_of_text,
    plain_integer,
    quote,
    whole_number,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_PART_LENGTH: Final = 255
"""The maximum length of a path segment, in characters; real ones have 36 (UUIDs) or fewer."""

MAX_VERSION: Final = 999_999_999
"""The maximum version of a model."""

_USER: Final = re.compile(r"[a-z0-9](?:[a-z0-9]|[-_](?=[a-z0-9])){0,38}")
_POD: Final = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_VERSION: Final = re.compile(r"0|[1-9][0-9]{0,8}")
# Printable ASCII without the characters that end a segment, start an escape, or look like either.
_PART: Final = re.compile(r"""[!"$&'()*+,\-.0-9:;<=>@A-Z\[\]^_`a-z{|}~]+""")


@attrs.frozen
class PodIdentifier(TextField):
    """A pod's full name: its owner and its name.

    Args:
        namespace: The owner's user name.
        name: The pod's name.

    Raises:
        ValueError: The owner's or the pod's name is not valid.
    """

    namespace: str
    name: str

    def __attrs_post_init__(self) -> None:
        user_name(self.namespace, "pod namespace")
        pod_name(self.name)

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @classmethod
    def parse(cls, text: str | PodIdentifier) -> PodIdentifier:
        """Parse a pod identifier, ``namespace/name``; return one that is parsed already.

        Raises:
            ValueError: The identifier is not of that form.
        """
        if isinstance(text, PodIdentifier):
            return text
        if not isinstance(text, str) or text.count("/") != 1:
            raise ValueError(f"a pod identifier has the form namespace/name, not {quote(text)}")
        namespace, name = text.split("/")
        return cls(namespace, name)

    @classmethod
    def resolve(
        cls,
        pod_identifier: str | PodIdentifier | None = None,
        pod_namespace: str | None = None,
        pod_name: str | None = None,
        *,
        stacklevel: int = 2,
    ) -> PodIdentifier:
        """Return the pod that the three documented arguments refer to.

        Args:
            pod_identifier: ``namespace/name``, or a ``PodIdentifier``.
            pod_namespace: The part before the slash; only together with ``pod_name``.
            pod_name: The part after the slash; only together with ``pod_namespace``.
            stacklevel: The caller that the deprecation warning points to: 1 is the function that
                calls this one, 2 is that function's caller.

        Raises:
            ValueError: No argument is given, only one of namespace and name is, they contradict
                the identifier, or a name is not valid.

        Warns:
            DeprecationWarning: Namespace and name are given without an identifier.
        """
        if bool(pod_namespace) != bool(pod_name):
            given, missing = "pod_namespace", "pod_name"
            if pod_name:
                given, missing = missing, given
            raise ValueError(
                f"{given} is given without {missing}: give pod_identifier ('namespace/name')"
            )
        if pod_identifier:
            pod = cls.parse(pod_identifier)
            if pod_namespace and pod_name and cls(pod_namespace, pod_name) != pod:
                raise ValueError(
                    f"pod_identifier says {str(pod)!r}, "
                    f"but pod_namespace and pod_name say {quote(f'{pod_namespace}/{pod_name}')}"
                )
            return pod
        if not (pod_namespace and pod_name):
            raise ValueError("no pod is given: give pod_identifier ('namespace/name')")
        pod = cls(pod_namespace, pod_name)
        warnings.warn(
            f"pod_namespace and pod_name are deprecated: give pod_identifier={str(pod)!r} instead",
            DeprecationWarning,
            stacklevel=stacklevel + 1,
        )
        return pod


_Version: TypeAlias = int | Literal["latest"] | None


def _plain_version(version: _Version) -> _Version:
    plain: _Version = plain_integer(version)
    return plain


@attrs.frozen
class ModelIdentifier(TextField):
    """A model's full name, ``owner/ModelName:version``, as in projects' usage limits.

    Args:
        owner: The owner's user name.
        name: The model's name: that of its class and of its file.
        version: The version, ``"latest"``, or None for no version.

    Raises:
        ValueError: An argument is not valid.
    """

    owner: str
    name: str
    version: _Version = attrs.field(default=None, converter=_plain_version)

    def __attrs_post_init__(self) -> None:
        user_name(self.owner, "model owner")
        model_name(self.name)
        if self.version is not None and self.version != "latest":
            whole_number(self.version, "the model version", 0, MAX_VERSION)

    def __str__(self) -> str:
        return f"{self.owner}/{self.model}"

    @property
    def model(self) -> str:
        """The part after the slash: ``ModelName:version``, or ``ModelName`` without a version."""
        return self.name if self.version is None else f"{self.name}:{self.version}"

    @classmethod
    def parse(cls, text: str) -> ModelIdentifier:
        """Parse a model id: ``owner/ModelName:version``, the version optional or ``latest``.

        Raises:
            ValueError: The id is not of that form.
        """
        if not isinstance(text, str) or text.count("/") != 1:
            raise ValueError(f"a model id has the form owner/ModelName:version, not {quote(text)}")
        owner, model = text.split("/")
        name, colon, version = model.partition(":")
        if not colon:
            return cls(owner, name)
        if version == "latest":
            return cls(owner, name, "latest")
        if not _VERSION.fullmatch(version):
            raise ValueError(
                f"a model's version is a whole number or 'latest', not {quote(version)}"
            )
        return cls(owner, name, int(version))


def user_name(value: str, what: str = "user name") -> str:
    """Validate a user name, which is also a pod's namespace and a model's owner.

    Args:
        value: The name: lower-case letters and digits, with single ``-`` or ``_`` between them;
            at most 39 characters.
        what: The name's label in the error.

    Raises:
        ValueError: The name is not valid.
    """
    if not isinstance(value, str) or not _USER.fullmatch(value):
        raise ValueError(
            f"the {what} is {quote(value)}, not 1 to 39 lower-case letters and digits "
            "with single '-' or '_' between them"
        )
    return value


def pod_name(value: str, what: str = "pod name") -> str:
    """Validate a pod's name (in a project, a data set's name).

    Args:
        value: The name: lower-case letters and digits, with single ``-`` or ``_`` between them;
            at most 255 characters.
        what: The name's label in the error.

    Raises:
        ValueError: The name is not valid.
    """
    if not isinstance(value, str) or len(value) > MAX_PART_LENGTH or not _POD.fullmatch(value):
        raise ValueError(
            f"the {what} is {quote(value)}, not 1 to {MAX_PART_LENGTH} lower-case letters and "
            "digits with single '-' or '_' between them"
        )
    return value


def pod_names(values: Iterable[str], argument: str, what: str = "pod name") -> list[str]:
    """Validate several names, see :func:`pod_name`.

    Args:
        values: The names, in a list or the like.
        argument: The name of the argument in the error.
        what: The label of one name in the error.

    Raises:
        ValueError: ``values`` is a string, or a name is not valid.
    """
    if isinstance(values, str):
        raise ValueError(f"{argument} must be a list of names, not a string")
    return [pod_name(value, what) for value in values]


def model_name(value: str, what: str = "model name") -> str:
    """Validate a model's name, which is the name of a Python class.

    Raises:
        ValueError: The name is not valid.
    """
    if not isinstance(value, str) or len(value) > MAX_PART_LENGTH or not value.isidentifier():
        raise ValueError(
            f"the {what} is {quote(value)}, not the name of a Python class "
            f"of at most {MAX_PART_LENGTH} characters"
        )
    return value


def model_version(value: int | str, what: str = "model version") -> int:
    """Validate a model's version, which the Hub counts up.

    Args:
        value: The version, as a number or as text.
        what: The version's label in the error.

    Raises:
        ValueError: The version is not a whole number from 0 to 999999999.
    """
    return whole_number(number_of_text(value), f"the {what}", 0, MAX_VERSION)


def path_part(value: str | int, what: str) -> str:
    """Validate an id from a service that becomes one segment of a path.

    Args:
        value: The id, as text or, as for keys, a whole number.
        what: The id's label in the error, such as ``"project id"``.

    Returns:
        The id as text.

    Raises:
        ValueError: The id is empty, ``.``, ``..``, longer than 255 characters, or contains anything
            but printable ASCII, or a space, slash, backslash, ``%``, ``?`` or ``#``.
    """
    value = plain_integer(value)
    if is_whole_number(value, 0, 2**63 - 1):
        return str(value)
    if not isinstance(value, str):
        raise ValueError(f"the {what} is {quote(value)}, not text")
    if not value:
        raise ValueError(f"the {what} is empty")
    if len(value) > MAX_PART_LENGTH:
        raise ValueError(f"the {what} is longer than {MAX_PART_LENGTH} characters")
    if value in {".", ".."} or not _PART.fullmatch(value):
        raise ValueError(
            f"the {what} is {quote(value)}: an id is printable ASCII without spaces "
            r"and / \ % ? #, and not '.' or '..'"
        )
    return value
