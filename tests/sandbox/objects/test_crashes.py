"""A store that is killed loses no committed data and shows no uncommitted data."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import secrets
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from support.object_server import OtherProcess

from bitfount_api.sandbox.objects.signing import Presigner
from bitfount_api.sandbox.objects.store import MIN_PART_BYTES, ObjectStore

pytestmark = pytest.mark.slow

MIB = 1024 * 1024


def post(http: httpx.Client, presigner: Presigner, key: str, content: bytes) -> bool:
    url, fields = presigner.post(key, max_bytes=len(content))
    return http.post(url, data=fields, files={"file": ("f", content)}).status_code == 204


@contextlib.contextmanager
def half(method: str, url: str, kind: str, begin: bytes) -> Iterator[None]:
    """Start an upload, and send only the beginning of its body."""
    parts = urlsplit(url)
    head = (
        f"{method} {parts.path}?{parts.query} HTTP/1.1\r\nhost: {parts.netloc}\r\n"
        f"content-type: {kind}\r\ncontent-length: {len(begin) * 2}\r\n\r\n"
    )
    assert parts.hostname
    with socket.create_connection((parts.hostname, parts.port or 0), timeout=20) as connection:
        connection.sendall(head.encode() + begin)
        yield


def half_a_form(
    presigner: Presigner, key: str, size: int
) -> contextlib.AbstractContextManager[None]:
    url, fields = presigner.post(key, max_bytes=size * 2)
    begin = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in {**fields, "file": "x" * size}.items()
    )
    kind = "multipart/form-data; boundary=b"
    return half("POST", url, kind, begin.encode())


def test_killed_in_the_middle_of_uploads(tmp_path: Path) -> None:
    content = secrets.token_bytes(3 * MIB)
    part = secrets.token_bytes(MIN_PART_BYTES)
    with OtherProcess(tmp_path) as server, httpx.Client(trust_env=False) as http:
        presigner = server.presigner()
        assert post(http, presigner, "whole", content)
        assert post(http, presigner, "replaced", b"old")
        with (
            half_a_form(presigner, "new", 4 * MIB),
            half_a_form(presigner, "replaced", 4 * MIB),
        ):
            incoming = tmp_path / "incoming"
            end = time.monotonic() + 20
            while sum(path.stat().st_size for path in incoming.iterdir()) < 4 * MIB:
                assert time.monotonic() < end
                time.sleep(0.005)
            server.kill()
    assert len(list(incoming.iterdir())) == 2
    with ObjectStore(tmp_path) as store:
        assert store.keys() == ["replaced", "whole"]
        assert store.read("whole") == content
        assert store.read("replaced") == b"old"
        assert not any(incoming.iterdir())
        assert len(list((tmp_path / "blobs").iterdir())) == 2
        upload = store.create_upload("parts")
        etag = store.put_part("parts", upload, 1, part).etag
    with OtherProcess(tmp_path) as server, httpx.Client(trust_env=False) as http:
        url = server.presigner().put_part("parts", upload, 2)
        assert http.put(url, content=b"last").status_code == 200
        with half("PUT", url, "x", b"x" * 2 * MIB):
            server.kill()
    with ObjectStore(tmp_path) as store:
        last = store.parts("parts", upload)[1].etag
        store.complete_upload("parts", upload, [(1, etag), (2, last)])
        assert store.read("parts") == part + b"last"
        assert store.read("whole") == content


@pytest.mark.parametrize("seconds", [0.05, 0.15, 0.3])
def test_killed_at_any_moment(tmp_path: Path, seconds: float) -> None:
    answered: dict[str, str] = {}
    with OtherProcess(tmp_path) as server:
        presigner = server.presigner()

        def work(name: str) -> None:
            with httpx.Client(trust_env=False) as http, contextlib.suppress(httpx.TransportError):
                for number in itertools.count():
                    content = secrets.token_bytes(1 + (number * 7919) % 200_000)
                    key = f"{name}/{number % 20}"
                    if not post(http, presigner, key, content):
                        answered["refused"] = key
                    answered[key] = hashlib.md5(content).hexdigest()

        threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        while len(answered) < 3:
            time.sleep(0.001)
        time.sleep(seconds)
        server.kill()
        for thread in threads:
            thread.join()
    assert "refused" not in answered
    with ObjectStore(tmp_path) as store:
        every = store.listing()
        assert set(answered) <= {stored.key for stored in every}
        different = 0
        for stored in every:
            assert stored.etag == hashlib.md5(store.read(stored.key)).hexdigest()
            different += stored.etag != answered.get(stored.key)
        assert different <= 3  # one for each thread: stored, but killed before the response
        assert len(list((tmp_path / "blobs").iterdir())) == len(every)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not report the peak memory")
def test_objects_of_any_size_need_little_memory(tmp_path: Path) -> None:
    size = 200 * MIB
    block = secrets.token_bytes(MIB)
    digest = hashlib.md5(usedforsecurity=False)
    with OtherProcess(tmp_path) as server, httpx.Client(trust_env=False, timeout=60) as http:
        presigner = server.presigner()
        assert post(http, presigner, "small", b"x" * 2 * MIB)
        assert http.get(presigner.get("small")).status_code == 200
        before = server.peak()

        url, fields = presigner.post("large", max_bytes=size)
        head = "".join(
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        head += '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        pieces = [head.encode(), *([block] * (size // MIB)), b"\r\n--b--\r\n"]
        headers = {
            "content-type": "multipart/form-data; boundary=b",
            "content-length": str(sum(map(len, pieces))),
        }
        answer = http.post(url, content=iter(pieces), headers=headers)
        assert answer.status_code == 204
        read = 0
        with http.stream("GET", presigner.get("large")) as answer:
            for piece in answer.iter_raw():
                read += len(piece)
                digest.update(piece)
        assert read == size
        assert answer.headers["etag"] == f'"{digest.hexdigest()}"'
        assert server.peak() - before < 32 * MIB
