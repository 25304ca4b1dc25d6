"""Parse forms (multipart/form-data) as streams: fields first, then one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from bitfount_api.sandbox.objects.errors import S3Error

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FIELDS_BYTES: Final = 20 * 1024
"""The maximum total size of the fields before the file, in bytes."""


@dataclass(frozen=True, slots=True)
class FileBegins:
    """The field ``file`` begins; all fields before it are complete."""

    name: str


@dataclass(frozen=True, slots=True)
class FileData:
    """Bytes of the file."""

    data: bytes


class Form:
    """An incremental parser of a form that accepts pieces of any size.

    Args:
        content_type: Content-Type of the request.

    Raises:
        S3Error: ``PreconditionFailed``, if the Content-Type is not that of a form.
    """

    def __init__(self, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise S3Error(
                "PreconditionFailed",
                "Bucket POST must be of the enclosure-type multipart/form-data.",
            )
        self.fields: dict[str, str] = {}
        """Fields before the file, by lower-case name."""
        self.ended: bool = False
        self._events: list[FileBegins | FileData] = []
        self._size = 0
        self._in_file = False
        self._had_file = False
        self._header = (bytearray(), bytearray())
        self._headers: dict[str, str] = {}
        self._name = ""
        self._value = bytearray()
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_end": self._on_end,
                },
            )
        except FormParserError:
            raise _malformed() from None

    def feed(self, piece: bytes) -> Iterator[FileBegins | FileData]:
        """Parse a piece of the body and yield its events.

        Raises:
            S3Error: If the form is malformed, or exceeds a limit.
        """
        try:
            self._parser.write(piece)
        except FormParserError:
            raise _malformed() from None
        events, self._events = self._events, []
        yield from events

    def finish(self) -> None:
        """Check that the form is complete.

        Raises:
            S3Error: If the form has no end or no file.
        """
        if not self.ended:
            raise _malformed()
        if not self._had_file:
            raise S3Error("InvalidArgument", "POST requires exactly one file upload per request.")

    # --- Callbacks of the parser -----------------------------------------------------------------

    def _on_part_begin(self) -> None:
        if self._had_file:
            raise S3Error(
                "IncorrectNumberOfFilesInPostRequest",
                "POST requires exactly one file upload per request, as the last field.",
            )
        self._headers = {}
        self._value = bytearray()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._header[0].extend(data[start:end])

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._header[1].extend(data[start:end])

    def _on_header_end(self) -> None:
        name, value = self._header
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")
        self._header = (bytearray(), bytearray())

    def _on_headers_finished(self) -> None:
        kind, options = parse_options_header(self._headers.get("content-disposition"))
        name = _text(options.get(b"name", b"")).lower()
        if kind != b"form-data" or not name:
            raise _malformed()
        self._name = name
        self._in_file = name == "file"
        if self._in_file:
            self._events.append(FileBegins(_text(options.get(b"filename", b""))))
        elif name in self.fields:
            raise S3Error("InvalidArgument", f"The field {name} is repeated.")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._events.append(FileData(data[start:end]))
        else:
            self._count(end - start)
            self._value.extend(data[start:end])

    def _on_part_end(self) -> None:
        if self._in_file:
            self._in_file, self._had_file = False, True
        else:
            self.fields[self._name] = _text(bytes(self._value))

    def _on_end(self) -> None:
        self.ended = True

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > MAX_FIELDS_BYTES:
            raise S3Error(
                "MaxPostPreDataLengthExceeded",
                f"All fields before the file may have at most {MAX_FIELDS_BYTES} bytes.",
            )


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _malformed() from None


def _malformed() -> S3Error:
    return S3Error(
        "MalformedPOSTRequest",
        "The body of your POST request is not well-formed multipart/form-data.",
    )
