"""The values from which rows make their arguments."""

from __future__ import annotations

import abc
import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
from support.rsa_keys import key_pair

from bitfount_api import hash_contents, sign

SCHEMA = json.loads((Path(__file__).parents[2] / "data/pod-schema-v4.json").read_text())
CODE = "from bitfount_api import BitfountModel\n\n\nclass {}(BitfountModel):\n    number = {}\n"
WEIGHTS = bytes(range(256)) * 8
TASK = b"the task"
AFTER_SEEDING = 1000
"""The first number, and the number of the first id, that is not used for the seeding.

So another step of the seeding does not change the recordings of the rows that do not need it."""


@attrs.define(eq=False, kw_only=True)
class Given(abc.ABC):
    """Values of a seeded sandbox, and files to send.

    Args:
        folder: Folder for files.
        project: Id of alice's project.
        key_id: Id of alice's public key.
        cluster: Id of alice's compute cluster.
        compute: Id of alice's compute instance that has a certificate.
        numbers: Numbers for unique names.
    """

    folder: Path
    project: str = ""
    key_id: str = ""
    cluster: str = ""
    compute: str = ""
    numbers: Iterator[int] = attrs.field(factory=lambda: itertools.count(AFTER_SEEDING))

    def number(self) -> int:
        return next(self.numbers)

    def model_file(self, name: str = "Sent") -> Path:
        """Create a file with a unique model."""
        path = self.folder / f"{name}.py"
        path.write_text(CODE.format(name, 0 if name == "Net" else self.number()))
        return path

    def weights_file(self, size: int = len(WEIGHTS)) -> Path:
        path = self.folder / f"weights-{size}.pt"
        if not path.exists():
            path.write_bytes((WEIGHTS * (size // len(WEIGHTS) + 1))[:size])
        return path

    def target(self) -> Path:
        """Return a file to download to, in a new folder."""
        folder = self.folder / f"target-{self.number()}"
        folder.mkdir()
        return folder / "file"

    def model_hash(self) -> str:
        return hash_contents(CODE.format("Net", 0))

    def signature(self) -> bytes:
        return sign(key_pair().private_key, TASK)

    @abc.abstractmethod
    def uncertified(self) -> tuple[str, str]:
        """Return a compute instance, and a signing request for its certificate."""

    @abc.abstractmethod
    def model_url(self) -> str:
        """Return a presigned URL of the code of alice's model."""

    @abc.abstractmethod
    def weights_url(self) -> str:
        """Return a presigned URL of the weights of alice's model."""

    @abc.abstractmethod
    def token(self) -> str:
        """Return bob's access token."""


@attrs.define(eq=False, kw_only=True)
class Fixed(Given):
    """Values without a sandbox: recorded ones, or invented ones."""

    _uncertified: Sequence[str]
    _model_url: str
    _weights_url: str
    _token: str

    def uncertified(self) -> tuple[str, str]:
        compute, request = self._uncertified
        return compute, request

    def model_url(self) -> str:
        return self._model_url

    def weights_url(self) -> str:
        return self._weights_url

    def token(self) -> str:
        return self._token


def values(given: Given) -> dict[str, Any]:
    """Return the arguments of :class:`Fixed` that have the values of a sandbox, as JSON."""
    names = [each.alias for each in attrs.fields(Fixed) if each.name not in ("folder", "numbers")]
    found = {name: getattr(given, str(name)) for name in sorted(map(str, names))}
    called = {name: value() if callable(value) else value for name, value in found.items()}
    return dict(json.loads(json.dumps(called)))
