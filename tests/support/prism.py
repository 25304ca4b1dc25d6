"""Mock servers that Prism makes from the specs, and calls that they answer."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

import attrs
import httpx
import openapi_tools
from contract import specs
from support.faults.legs import Row
from support.fuzzed import FuzzedServices, with_good_values
from support.spec_examples import for_examples, for_file

_LISTENING = re.compile(r"Prism is listening on (http://\S+)")


@attrs.frozen
class Answer:
    """An answer of a mock server, with what is wrong with the request according to the spec."""

    status: int
    body: Any
    violations: str | None


class Prism:
    """A mock server that rejects requests which violate its spec.

    Args:
        spec: File of the spec.
    """

    def __init__(self, spec: Path) -> None:
        self._spec = spec
        self._network = httpx.HTTPTransport(verify=False)
        self.url = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            openapi_tools.command("prism", "mock", "--errors", "--port", "0", self._spec),
            env={**os.environ, **openapi_tools.ENVIRONMENT},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if found := _LISTENING.search(line):
                self.url = found[1]
                break
        else:
            self.__exit__()
            raise RuntimeError("Prism has not started: " + "".join(said))
        # Prism waits when nobody reads what it writes.
        self._reader = threading.Thread(target=self._process.stdout.read)
        self._reader.start()
        return self

    def receives(self, request: httpx.Request) -> bool:
        return str(request.url).startswith(f"{self.url}/")

    def answer(self, request: httpx.Request, prefer: str | None = None) -> Answer:
        """Send a request to the server; ``prefer`` is the status and the example to answer with."""
        if prefer is not None:
            request.headers["prefer"] = prefer
        response = self._network.handle_request(request)
        response.read()
        violations = response.headers.get("sl-violations")
        return Answer(response.status_code, response.json(), violations)

    def __exit__(self, *exception: object) -> None:
        self._network.close()
        self._process.terminate()
        self._process.wait()
        if self.url:
            self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


class PrismServices(FuzzedServices):
    """A row's client that calls mock servers; object storage is in memory.

    Args:
        row: Operation to call.
        folder: Folder for files.
        servers: Mock server of each service.
        prefer: Header ``Prefer``, which selects the example to answer with, by operation.
    """

    def __init__(
        self,
        row: Row,
        folder: Path,
        servers: Mapping[str, Prism],
        prefer: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(for_examples(row), folder)
        self._servers = servers
        self._prefer = {**self._parts(), **(prefer or {})}
        self.answers: dict[str, Answer] = {}
        self.violations: list[str] = []

    def _parts(self) -> dict[str, str]:
        if "parts" not in self.row.name:
            return {}
        name = self.row.legs[0].operation.name
        found = successes(name).items()
        return {name: next(prefer for prefer, example in found if "uploadUrls" in example)}

    def url(self, service: str) -> str:
        return self._servers[service].url

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = unquote(request.url.path)
        for leg in self.row.legs:
            server = self._servers.get(leg.service)
            if server is None or not server.receives(request) or leg.method != request.method:
                continue
            if fnmatchcase(path, leg.path):
                name = leg.operation.name
                answer = server.answer(request, self._prefer.get(name))
                body = for_file(self.row, with_good_values(answer.body))
                self.answers[name] = attrs.evolve(answer, body=body)
                self.violations += [answer.violations] if answer.violations else []
                return httpx.Response(answer.status, json=body)
        return super().__call__(request)


def successes(operation: str) -> dict[str, Any]:
    """Return the successful examples of an operation, by the header ``Prefer`` for each."""
    return {
        f"code={status.replace('XX', '00')}" + (f", example={name}" if name else ""): value
        for spec in map(specs.load, specs.PACKAGES)
        for place in specs.operations(spec)
        if place.operation["operationId"] == operation
        for status, response in specs.responses(spec, place).items()
        if status.startswith("2")
        for media in response.get("content", {}).values()
        for name, value in _examples(media)
    }


def _examples(media: dict[str, Any]) -> Iterator[tuple[str | None, Any]]:
    if "example" in media:
        yield None, media["example"]
    for name, example in media.get("examples", {}).items():
        yield name, example["value"]
