"""Plant marked secrets in everything that is secret, and search all output for them."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import ssl
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import unquote, urlsplit

import attrs
from support import results
from support.faults.legs import Leg, Row
from support.fuzzed import STORAGE, FuzzedServices
from support.http_server import Answer, ReceivedRequest, serving

import bitfount_api
from bitfount_api import (
    APIKeysHandler,
    BitfountError,
    BitfountSession,
    ExternallyManagedJWTHandler,
    RetryPolicy,
    async_hub,
    hub,
    redact,
)
from bitfount_api.auth.anonymous import AnonymousHandler
from bitfount_api.notebook import Table

MARK = "MARKED"
"""The mark that every secret here contains, and nothing else."""

QUERY = f"X-Amz-Signature={MARK}-sig&X-Amz-Credential={MARK}%2Fscope&X-Amz-Security-Token={MARK}-t"
KEYS = APIKeysHandler(f"{MARK}-id:{MARK}-am-id", f"{MARK}-key:{MARK}-am-key", "alice")
_TOKEN = (f"{MARK}-jwt", datetime.now(UTC) + timedelta(hours=1))


def tokens() -> ExternallyManagedJWTHandler:
    return ExternallyManagedJWTHandler(*_TOKEN, lambda: _TOKEN, "alice")


PACKAGE = str(Path(bitfount_api.__file__).parent)


def with_canaries(answer: Any, url: str) -> Any:
    """Return a successful answer with marked secrets, whose object URLs lead to ``url``."""
    if isinstance(answer, list):
        return [with_canaries(each, url) for each in answer]
    if not isinstance(answer, dict):
        return answer
    found = {name: with_canaries(value, url) for name, value in answer.items()}
    for name, value in found.items():
        if isinstance(value, str) and value.startswith(STORAGE):
            found[name] = f"{value.partition('?')[0].replace(STORAGE, url)}?{QUERY}"
    if isinstance(found.get("uploadUrls"), list):
        found["uploadUrls"] = [
            f"{each.partition('?')[0].replace(STORAGE, url)}?{QUERY}&partNumber={number}"
            for number, each in enumerate(found["uploadUrls"], 1)
        ]
    if isinstance(found.get("uploadFields"), dict):
        found["uploadFields"] = {name: f"{MARK}-{name}" for name in found["uploadFields"]}
    if "accessToken" in found:
        found["accessToken"] = f"{MARK}-clinical"
    return found


Spoil = Callable[[ReceivedRequest], Answer | None]
"""A function that returns the answer to a request; None for the regular answer."""


@attrs.define
class Output:
    """All output of a call: logs, errors, tracebacks, pickles and reprs."""

    texts: dict[str, str] = attrs.field(factory=dict)

    def leaks(self) -> dict[str, str]:
        return {
            name: text[max(0, text.index(MARK) - 80) :][:200]
            for name, text in self.texts.items()
            if MARK in text
        }


class Listener(logging.Handler):
    """Keeps all log records, with everything a formatter could show of them."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        shown = f"{record.name} {record.getMessage()} {record.args!r} {record.msg!r}"
        if record.exc_info:
            shown += "".join(traceback.format_exception(*record.exc_info))
        self.lines.append(shown)


class CanaryService:
    """A service that receives and returns marked secrets.

    Args:
        folder: Folder for files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self._tls = ssl.create_default_context()
        self._answer: Callable[[ReceivedRequest], Answer] = lambda _: (404, {}, b"")

    @contextmanager
    def running(self) -> Iterator[CanaryService]:
        with serving(lambda request: self._answer(request)) as self.url:
            yield self

    def call(self, row: Row, index: int, spoil: Spoil, *, asynchronous: bool) -> Output:
        """Call an operation with one request spoiled, and collect all output of the call."""
        services = FuzzedServices(row, Path(tempfile.mkdtemp(dir=self.folder)))

        def answer(request: ReceivedRequest) -> Answer:
            for number, leg in enumerate(row.legs):
                if _is(leg, request):
                    if number == index and (spoiled := spoil(request)):
                        return spoiled
                    status, good = services._good[number]
                    if isinstance(good, bytes):
                        return status, {"etag": '"e"'}, good
                    return status, {}, json.dumps(with_canaries(good, self.url)).encode()
            return 404, {}, b""

        self._answer = answer
        output, listener = Output(), Listener()
        root = logging.getLogger()
        before = root.level
        root.addHandler(listener)
        root.setLevel(logging.DEBUG)
        try:
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                self._call(services, output, asynchronous=asynchronous)
        finally:
            root.removeHandler(listener)
            root.setLevel(before)
        output.texts["log"] = "\n".join(listener.lines)
        output.texts["warnings"] = "\n".join(str(each.message) for each in warned)
        assert any("httpcore" in line for line in listener.lines)
        return output

    def _call(self, services: FuzzedServices, output: Output, *, asynchronous: bool) -> None:
        retry = RetryPolicy(retries=1, backoff=0, max_backoff=0)
        settings: dict[str, Any] = {"retry": retry, "timeout": 5, "deadline": 20}
        settings["verify"] = self._tls
        handler = tokens() if asynchronous else KEYS
        session = BitfountSession(handler, **settings)
        anonymous = BitfountSession(AnonymousHandler(), **settings)
        client = getattr(bitfount_api, ("Async" if asynchronous else "") + services.row.kind)
        client = client(session, self.url)
        method = getattr(client, services.row.method)
        arguments = _arguments(services, self.url)
        try:
            module = async_hub if asynchronous else hub
            with mock.patch.object(module, "_anonymous", return_value=anonymous):
                if asynchronous:
                    result = asyncio.run(_async(session, anonymous, method, arguments))
                else:
                    result = method(**arguments)
                    result = results.read(result)
            if not isinstance(result, (bytes, str)):  # those are the service's own data
                output.texts["the result"] = repr(redact(result))
                output.texts["the table"] = f"{Table(result)!r} {Table(result)._repr_html_()}"
        except BitfountError as error:
            output.texts |= _output_of(error)
        finally:
            session.close()
            anonymous.close()
        output.texts["reprs"] = repr((session, client, handler, client._remote, client._timing))


def _is(leg: Leg, request: ReceivedRequest) -> bool:
    path = unquote(urlsplit(request.target).path)
    return leg.method == request.method and fnmatchcase(path, leg.path)


async def _async(session: Any, anonymous: Any, method: Any, arguments: Any) -> Any:
    async with session, anonymous:
        result = method(**arguments)
        return await results.aread(result)


def _arguments(services: FuzzedServices, url: str) -> dict[str, Any]:
    arguments = dict(services.row.arguments(services.given))
    for name in ("model_url", "weights_url"):
        if name in arguments:
            arguments[name] = f"{arguments[name].partition('?')[0].replace(STORAGE, url)}?{QUERY}"
    if "modeller_access_token" in arguments:
        arguments["modeller_access_token"] = f"{MARK}-modeller-token"
    return arguments


def _output_of(error: BaseException) -> dict[str, str]:
    found: dict[str, str] = {"the error": f"{error} {error!r} {error.args!r} {error.__dict__!r}"}
    found["the traceback"] = "".join(traceback.format_exception(error))
    found["the pickle"] = repr(pickle.dumps(error))
    found["the pickled error"] = repr(pickle.loads(pickle.dumps(error)).__dict__)
    response = getattr(error, "response", None)
    if response is not None:
        request = response.request
        found["its request"] = f"{request!r} {request.url} {request.headers.raw} {request.content}"
        found["the response"] = f"{response.headers.raw} {response.content}"
    found |= dict(_locals(traceback.TracebackException.from_exception(error, capture_locals=True)))
    return found


def _locals(trace: traceback.TracebackException | None) -> Iterator[tuple[str, str]]:
    """Yield the local variables of the package's frames, as error reporting tools collect them."""
    while trace is not None:
        for frame in trace.stack:
            path = Path(frame.filename)
            # Skip the public methods: their frames hold what callers passed, as do the callers'.
            public = path.name.removeprefix("async_") in ("hub.py", "am.py")
            if frame.filename.startswith(PACKAGE) and not public:
                where = f"{path.name}:{frame.name}"
                yield f"the variables of {where}", repr(frame.locals)
        trace = trace.__cause__ or (None if trace.__suppress_context__ else trace.__context__)
