"""All output: data goes to standard output, everything else to standard error."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import sys
import traceback
from typing import TYPE_CHECKING, Any, Final

import attrs
import click

from bitfount_api.cli import views
from bitfount_api.cli.errors import Problem
from bitfount_api.cli.exit_codes import BrokenPipe, Exit, OutputLost
from bitfount_api.cli.streams import sanitize, supports_unicode, write, write_error
from bitfount_api.redaction import INVISIBLE, hide_keys, redact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from rich.console import Console

_REPORTED_BY_COMMANDS: Final = "bitfount_api.models"
"""Logger whose warnings repeat the error that the command exits with."""

_NOT_IN_JSON: Final = re.compile(rf"[\x7f-\x9f\ud800-\udfff{INVISIBLE}]")


@attrs.define
class Output:
    """The output of a command.

    Args:
        as_json: Whether to write data and errors as JSON, and neither notes nor progress.
        colour: Whether to use colours if the terminal has them; ``NO_COLOR`` also turns them off.
        debug: Whether to show tracebacks and all log messages of the library.
        quiet: Whether to suppress notes and progress.
        live: Console on which progress is being drawn; messages have to be written through it.
    """

    as_json: bool = False
    colour: bool = True
    debug: bool = False
    quiet: bool = False
    live: Console | None = None

    # --- Data ------------------------------------------------------------------------------------

    def data(self, value: Any, view: views.View) -> None:
        """Write the result of a command that has changed nothing.

        Args:
            value: Result as a JSON value.
            view: Result for people.

        Raises:
            BrokenPipe: If the reader has closed the pipe.
        """
        if self.as_json:
            write(sys.stdout, self._json(value, sys.stdout))
        elif isinstance(view, views.Rows) and not view.rows:
            self.note(view.empty)
        elif sys.stdout.isatty():
            views.draw(view, self.console(sys.stdout))
        else:
            write(sys.stdout, views.plain(view))

    def result(self, value: Any, view: views.View) -> None:
        """Write the result of a command that has changed something, here or on a service.

        Args:
            value: Result as a JSON value.
            view: Result for people.

        Raises:
            OutputLost: If it cannot be written. A job that took this for a failure would run the
                command again.
        """
        try:
            self.data(value, view)
        except (OSError, BrokenPipe) as error:
            reason = getattr(error, "strerror", None) or "its reader has closed the pipe"
            raise OutputLost(
                f"'{click.get_current_context().command_path}' has done its work, but its result "
                f"cannot be written to standard output ({reason}); do not run it again. "
                "The result follows.",
                {"result": value},
                views.plain(view),
            ) from error

    def raw(self, text: str) -> None:
        """Write a text unchanged, such as a script; escape control characters on a terminal."""
        write(sys.stdout, sanitize(text) if sys.stdout.isatty() else text)

    def _json(self, value: Any, stream: TextIO, indent: int | None = 2) -> str:
        text = json.dumps(value, indent=indent, ensure_ascii=not supports_unicode(stream))
        return _NOT_IN_JSON.sub(lambda found: json.dumps(found[0])[1:-1], text) + "\n"

    # --- Everything else -------------------------------------------------------------------------

    @property
    def silent(self) -> bool:
        """Whether notes and progress are suppressed."""
        return self.quiet or self.as_json

    def note(self, text: str) -> None:
        """Write a note about a completed or planned action, unless ``silent``."""
        if not self.silent:
            self._print("", "", text)

    def instruct(self, text: str) -> None:
        """Write an instruction to the user, even if ``silent``."""
        self._print("", "", text)

    def warn(self, text: str) -> None:
        """Write a warning."""
        if self.as_json:
            self._print_json({"warning": {"message": hide_keys(text)}})
        else:
            self._print("Warning", "bold yellow", text)

    def error(self, text: str) -> None:
        """Write that a command has found something, because of which it exits with 1."""
        self.report(Problem(Exit.FAILED, text))

    def report(self, problem: Problem, lost: OutputLost | None = None) -> None:
        """Write why the command ends, and the result if it could not be written."""
        # A key pasted in place of an argument is quoted by click, too.
        problem = attrs.evolve(problem, message=hide_keys(problem.message))
        if self.as_json:
            self._print_json(problem.document | (lost.value if lost else {}))
            return
        self._print("Error", "bold red", problem.line)
        if lost:
            write_error(lost.text)

    def trace(self, error: BaseException) -> None:
        """Write an error's traceback, with secrets redacted."""
        for line in hide_keys("".join(traceback.format_exception(error))).splitlines():
            indent = line[: len(line) - len(line.lstrip())]
            write_error(f"{indent}{sanitize(redact(line, limit=2000))}\n")

    def log(self, text: str) -> None:
        """Write a log message of the library, unless ``quiet``."""
        if not self.quiet:
            self._print("", "", text)

    def _print_json(self, value: Any) -> None:
        if sys.stderr is not None:
            write_error(self._json(value, sys.stderr, indent=None))

    def _print(self, label: str, style: str, text: str) -> None:
        text = sanitize(hide_keys(text))
        if sys.stderr is None:
            return
        if not sys.stderr.isatty():
            write_error(f"{label}: {text}\n" if label else f"{text}\n")
            return
        from rich.text import Text

        line = Text.assemble((f"{label}: ", style) if label else "", text)
        # Not wrapped, so that it can be copied as one line.
        console = self.live or self.console(sys.stderr)
        console.print(line, soft_wrap=True)

    def console(self, stream: TextIO) -> Console:
        """Return a rich console for a stream."""
        from rich.console import Console

        return Console(
            file=stream,
            no_color=None if self.colour else True,
            highlight=False,
            markup=False,
            emoji=False,
        )

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Write the library's warnings to standard error, and all its log messages if ``debug``."""
        logger = logging.getLogger("bitfount_api")
        before = (logger.handlers, logger.propagate, logger.level)
        logger.handlers, logger.propagate = [_LogHandler(self)], False
        logger.setLevel(logging.DEBUG)
        try:
            yield
        finally:
            logger.handlers, logger.propagate = before[:2]
            logger.setLevel(before[2])


class _LogHandler(logging.Handler):
    """Write log records as warnings and notes."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING and record.name != _REPORTED_BY_COMMANDS:
            self._output.warn(record.getMessage())
        elif self._output.debug:
            self._output.log(f"{record.levelname.lower()}: {record.getMessage()}")
