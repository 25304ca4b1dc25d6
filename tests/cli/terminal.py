"""A real terminal (a pty) in which a command runs, and its screen."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import IO

import attrs
from cli.console import Console

_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


_TAKE = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
_TAKING_TERMINAL = (sys.executable, "-c", _TAKE)
"""Makes the terminal on standard input the one whose Ctrl-C ends the command."""


@attrs.define
class Terminal:
    """A terminal with a command in it.

    Args:
        process: The command.
        descriptor: The terminal's other end: what is written there is typed.
    """

    process: subprocess.Popen[bytes]
    descriptor: int
    _seen: bytes = b""

    @property
    def raw(self) -> str:
        """Everything that was written, as it came."""
        return self._seen.decode("utf-8", "replace")

    @property
    def text(self) -> str:
        """Everything that was written, without the terminal's own sequences."""
        return _SEQUENCE.sub("", self.raw).replace("\r\n", "\n")

    @property
    def coloured(self) -> bool:
        """Whether anything had a colour, or was bold."""
        return bool(_COLOUR.search(self.raw.replace("\x1b[0m", "")))

    def until(self, wanted: str, seconds: float = 30) -> str:
        """Read until that has been written; gives all there is.

        Raises:
            AssertionError: It is not written.
        """
        end = time.monotonic() + seconds
        while not re.search(wanted, self.text):
            assert self._read(end - time.monotonic()), f"{wanted!r} is not in {self.text!r}"
        return self.text

    def type(self, text: str) -> None:
        """Type on the keyboard; ``\\x03`` is Ctrl-C."""
        os.write(self.descriptor, text.encode())

    def interrupt(self, wanted: str, times: int = 10) -> None:
        """Press Ctrl-C until that is written.

        Python misses the signal if it arrives after a prompt, just before it waits for the line.

        Raises:
            AssertionError: It is not written.
        """
        for _ in range(times - 1):
            self.type("\x03")
            with contextlib.suppress(AssertionError):
                self.until(wanted, 3)
                return
        self.type("\x03")
        self.until(wanted)

    def end(self, seconds: float = 30) -> int:
        """Read until the command ends; gives its exit code."""
        end = time.monotonic() + seconds
        while self._read(end - time.monotonic()):
            pass
        return self.process.wait(timeout=seconds)

    @property
    def screen(self) -> list[str]:
        """What stands there in the end, a line each: as far as ours moves the cursor about."""
        lines, row, column = [""], 0, 0
        for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", self.raw):
            if part == "\r":
                column = 0
            elif part == "\n":
                row, column = row + 1, 0
                if row == len(lines):
                    lines.append("")
            elif found := re.fullmatch(r"\x1b\[(\d*)A", part):
                row -= int(found[1] or 1)
            elif part == "\x1b[2K":
                lines[row] = ""
            elif not part.startswith("\x1b"):
                line = lines[row].ljust(column)
                lines[row] = line[:column] + part + line[column + len(part) :]
                column += len(part)
        return [line.rstrip() for line in lines]

    def _read(self, seconds: float) -> bool:
        """Read the available output; False at the end, or when the time is up."""
        ready, _, _ = select.select([self.descriptor], [], [], max(0.0, seconds))
        if not ready:
            return False
        try:
            found = os.read(self.descriptor, 65536)
        except OSError:  # on Linux: no process has the terminal open any more
            return False
        self._seen += found
        return bool(found)


@contextlib.contextmanager
def terminal(
    console: Console,
    *arguments: object,
    columns: int = 80,
    variables: Mapping[str, str] = MappingProxyType({}),
    stdout: IO[bytes] | None = None,
) -> Iterator[Terminal]:
    """A command in a terminal of that width; it is killed if it has not ended in the end.

    Args:
        console: Who types it.
        arguments: The command.
        columns: The terminal's width.
        variables: Variables to set, besides the console's.
        stdout: Where standard output goes instead.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {**console.all_variables(), "TERM": "xterm-256color", **variables}
    for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CI"):
        if name not in variables:
            environment.pop(name, None)

    process = console.start(
        *arguments,
        stdin=theirs,
        stdout=stdout or theirs,
        stderr=theirs,
        env=environment,
        through=_TAKING_TERMINAL,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=10)
        os.close(ours)
