"""A sandbox that is killed during uploads contains exactly what was committed."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import socket
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from support.sandbox_api import Api, done
from support.sandbox_process import Running, sandbox_process
from support.sandbox_seeds import project_body

from bitfount_api.sandbox import Sandbox

MEBIBYTE = 1024 * 1024
Ticket = dict[str, Any]


class Modeller:
    """Alice as a client of a sandbox in another process."""

    def __init__(self, running: Running) -> None:
        self._hub = running.url("Hub")
        self._http = httpx.Client(headers=running.key("alice"), trust_env=False, timeout=30)

    def close(self) -> None:
        self._http.close()

    def publish(self, name: str, code: bytes) -> Ticket:
        """Announce a model's code and return the response with the upload destination."""
        digest = hashlib.sha256(code).hexdigest()
        body = {"modelName": name, "modelSize": len(code), "modelHash": digest}
        url = f"{self._hub}/api/models"
        ticket: Ticket = done(self._http.post(url, json={**body, "privateModel": False}))
        return ticket

    def announce_weights(self, name: str, size: int) -> Ticket:
        """Announce weights for version 1 of a model, for a multipart upload."""
        body = {"modelName": name, "modelVersion": 1, "weightSize": size}
        url = f"{self._hub}/api/models?multipartUpload=true"
        ticket: Ticket = done(self._http.put(url, json=body))
        return ticket

    def create_project(self, name: str) -> str:
        url = f"{self._hub}/api/projects"
        project: str = done(self._http.post(url, json=project_body(name)), 201)["projectId"]
        return project


def form(ticket: Ticket, content: bytes) -> httpx.Request:
    return httpx.Request(
        "POST", ticket["uploadUrl"], data=ticket["uploadFields"], files={"file": ("f", content)}
    )


def send(request: httpx.Request, share: float = 1.0) -> socket.socket:
    """Send only the beginning of a request."""
    where = urlsplit(str(request.url))
    connection = socket.create_connection((where.hostname or "", where.port or 0))
    head = f"{request.method} {request.url.raw_path.decode()} HTTP/1.1\r\n"
    for name, value in request.headers.items():
        head += f"{name}: {value}\r\n"
    body = request.read()
    connection.sendall(head.encode() + b"\r\n" + body[: int(len(body) * share)])
    return connection


def arrived(data: Path, least: int) -> None:
    """Wait until a file in the folder has at least that many bytes."""
    pause = threading.Event()
    for _ in range(1000):
        sizes = [path.stat().st_size for path in data.rglob("*") if path.is_file()]
        if any(size >= least for size in sizes):
            return
        pause.wait(0.01)
    pytest.fail("nothing arrived")


def test_kill_loses_no_commit_and_shows_no_partial_write(tmp_path: Path) -> None:
    code, large = b"first", os.urandom(2 * MEBIBYTE)
    first = os.urandom(5 * MEBIBYTE)
    with sandbox_process("--free-ports", "--data", str(tmp_path)) as running:
        alice = Modeller(running)
        project = alice.create_project("kept")
        with httpx.Client(trust_env=False) as client:
            assert client.send(form(alice.publish("M", code), code)).is_success
            weights = alice.announce_weights("M", 6 * MEBIBYTE)
            etag = client.put(weights["uploadUrls"][0], content=first).headers["etag"]
            # During the upload of a new version, and of the second part:
            half_form = send(form(alice.publish("M", large), large), 0.75)
            part = httpx.Request("PUT", weights["uploadUrls"][1], content=bytes(MEBIBYTE))
            half_part = send(part, 0.5)
            arrived(tmp_path, MEBIBYTE)
            assert running.end(signal.SIGKILL)[0] == -signal.SIGKILL
        half_form.close()
        half_part.close()
        alice.close()

    with Sandbox(tmp_path) as sandbox:
        assert sandbox.objects == ["models/alice/M/1"]
        assert sandbox.state.store.read("models/alice/M/1") == code
        api = Api(sandbox, "alice")
        page = done(api.hub("GET", "/api/projects"))
        assert [found["id"] for found in page["projects"]] == [project]
        found = done(api.hub("GET", "/api/models?modellerName=alice&modelName=M"))
        assert (found["modelVersion"], "weightsDownloadUrl" in found) == (1, False)
        assert api.get(found["modelDownloadUrl"]).content == code

        # The interrupted uploads can be resumed: the version without code, and the second part.
        again = {"modelName": "M", "modelSize": len(large), "privateModel": False}
        again["modelHash"] = hashlib.sha256(large).hexdigest()
        ticket = done(api.hub("POST", "/api/models", again))
        assert (ticket["version"], ticket["alreadyExisted"]) == (2, False)
        assert api.store(ticket, large).is_success
        url = sandbox.state.presigner.put_part(weights["key"], weights["uploadId"], 2)
        last = api.put(url, bytes(MEBIBYTE)).headers["etag"]
        body = {"objectType": "Model", "key": weights["key"], "uploadId": weights["uploadId"]}
        tags = [{"ETag": tag.strip('"'), "PartNumber": n} for n, tag in enumerate((etag, last), 1)]
        done(api.hub("POST", "/api/upload", {**body, "parts": tags}))
        assert sandbox.state.store.read(weights["key"]) == first + bytes(MEBIBYTE)
        api.close()


@pytest.mark.slow
def test_sandbox_survives_a_kill_at_any_moment(tmp_path: Path) -> None:
    content = {f"M{n}": os.urandom(200_000) for n in range(200)}
    confirmed: set[str] = set()
    names = iter(content)
    for after in (3, 10, 25):
        with sandbox_process("--free-ports", "--data", str(tmp_path)) as running:
            alice, client = Modeller(running), httpx.Client(trust_env=False)
            delay = random.uniform(0, 0.01)
            for count, name in enumerate(names):
                if count == after:
                    threading.Timer(delay, running.process.kill).start()
                try:
                    ticket = alice.publish(name, content[name])
                    if client.send(form(ticket, content[name])).is_success:
                        confirmed.add(f"models/alice/{name}/1")
                except httpx.TransportError:
                    break
            running.process.wait(timeout=30)
            client.close()
            alice.close()
        assert len(confirmed) >= after
    Sandbox(tmp_path).stop()
    sandbox = Sandbox(tmp_path)
    stored = set(sandbox.objects)
    assert confirmed <= stored
    for key in stored:
        assert sandbox.state.store.read(key) == content[key.split("/")[2]]
    sandbox.stop()
    used = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert used < 200_000 * len(stored) + MEBIBYTE
