"""Run the command line in tests: in this process, in a separate process, in a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
from click.testing import CliRunner

from bitfount_api.cli.root import root
from bitfount_api.sandbox import Sandbox

REPOSITORY = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "bitfount_api.cli")


@attrs.frozen
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@attrs.define
class Console:
    """A shell of one user.

    Args:
        sandbox: The services to use.
        folder: The working folder.
        environment: The variables that are set.
        options: What stands before every command; by default, where the services are.
    """

    sandbox: Sandbox
    folder: Path
    environment: dict[str, str] = attrs.field(factory=dict, repr=False)
    options: list[str] | None = None

    def be(self, username: str | None) -> None:
        """Use this user's API keys from now on; no API keys if None."""
        for name in ("BITFOUNT_API_KEY_ID", "BITFOUNT_API_KEY", "BITFOUNT_USERNAME"):
            self.environment.pop(name, None)
        if username is not None:
            self.environment |= self.sandbox.user(username).environment()

    @property
    def services(self) -> list[str]:
        if self.options is not None:
            return self.options
        return [
            *("--hub-url", self.sandbox.hub_url, "--auth-domain", self.sandbox.hub_url),
            *("--access-manager-url", self.sandbox.access_manager_url),
            *("--smart-on-fhir-url", self.sandbox.smart_on_fhir_url),
        ]

    def run(self, *arguments: object, typed: str | bytes | None = None) -> Outcome:
        """Run a command in this process."""
        words = [*self.services, *(str(argument) for argument in arguments)]
        result = CliRunner().invoke(root, words, input=typed, env=dict(self.environment))
        outcome = Outcome(result.exit_code, result.stdout, result.stderr)
        assert result.exception is None or isinstance(result.exception, SystemExit), outcome
        return outcome

    def ok(self, *arguments: object, typed: str | bytes | None = None) -> Outcome:
        """Run a command that has to succeed."""
        outcome = self.run(*arguments, typed=typed)
        assert outcome.code == 0, outcome
        return outcome

    def json(self, *arguments: object, typed: str | bytes | None = None) -> Any:
        """Run a command that has to succeed, and give its data."""
        return self.ok(*arguments, "--json", typed=typed).json

    def start(
        self, *arguments: object, through: Sequence[str] = (), **more: Any
    ) -> subprocess.Popen[bytes]:
        """Run a command in a separate process, by another command if one is given."""
        words = [*through, *COMMAND, *self.services, *(str(argument) for argument in arguments)]
        environment = self.all_variables()
        more = {"stdin": subprocess.DEVNULL, "cwd": self.folder, "env": environment, **more}
        return subprocess.Popen(words, **more)

    def all_variables(self) -> dict[str, str]:
        """The process's own variables and these."""
        # Subprocesses find the sources as pytest does.
        path = os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "generated")])
        return {**os.environ, "PYTHONPATH": path, **self.environment}

    def spawn(self, *arguments: object, **more: Any) -> Outcome:
        """Run a command in a separate process, to its end; everything is UTF-8."""
        more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        with self.start(*arguments, **more) as process:
            out, err = process.communicate(timeout=60)
        return Outcome(process.returncode, (out or b"").decode(), (err or b"").decode())
