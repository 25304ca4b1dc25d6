"""The sandbox's object store on a real socket, for tests."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

import uvicorn

from bitfount_api.sandbox.objects.app import create_app
from bitfount_api.sandbox.objects.signing import ALGORITHM, Presigner, Scope, SignedRequest
from bitfount_api.sandbox.objects.store import ObjectStore

BUCKET = "sandbox"
ACCESS_KEY = "AKIASANDBOX"
SECRET_KEY = "marked/secret+key"


class Clock:
    """The real time plus an offset that a test sets, in seconds."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class ObjectServer:
    """A running object store: its URL, its objects and its clock."""

    def __init__(self, url: str, store: ObjectStore, clock: Clock) -> None:
        self.url = url
        self.store = store
        self.clock = clock

    def presigner(self, **changes: Any) -> Presigner:
        """Return a presigner that the store accepts, unless ``changes`` prevent it."""
        values: dict[str, Any] = {
            "base_url": self.url,
            "bucket": BUCKET,
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "region": "us-east-1",
        }
        return Presigner(**{**values, **changes})

    def boto3(self, **changes: Any) -> Any:
        """Return a boto3 client for the store."""
        import boto3
        from botocore.config import Config

        values: dict[str, Any] = {
            "endpoint_url": self.url,
            "aws_access_key_id": ACCESS_KEY,
            "aws_secret_access_key": SECRET_KEY,
            "region_name": "us-east-1",
            "config": Config(
                s3={"addressing_style": "path"},
                signature_version="s3v4",
                retries={"total_max_attempts": 1},
            ),
        }
        return boto3.client("s3", **{**values, **changes})


@contextlib.contextmanager
def object_server(folder: Path, **ssl: Any) -> Iterator[ObjectServer]:
    """Run a store in this process, on a free port."""
    clock = Clock()
    with ObjectStore(folder) as store, socket.create_server(("127.0.0.1", 0)) as listening:
        app = create_app(
            store, bucket=BUCKET, access_key=ACCESS_KEY, secret_key=SECRET_KEY, clock=clock
        )
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, **ssl))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server has ended"
                time.sleep(0.005)
            scheme = "https" if ssl else "http"
            yield ObjectServer(f"{scheme}://127.0.0.1:{listening.getsockname()[1]}", store, clock)
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


def signed_headers(
    url: str, method: str = "GET", payload: str = "UNSIGNED-PAYLOAD", **more: str
) -> dict[str, str]:
    """Return the headers of a request that is signed in its headers, as SDKs do.

    Args:
        url: Complete URL, without a fragment.
        method: HTTP method.
        payload: Signed payload hash, or S3's placeholder for it.
        more: Additional headers to sign, with ``_`` for ``-``.
    """
    parts = urlsplit(url)
    timestamp = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}"
    scope = Scope(timestamp[:8], "us-east-1")
    headers = {
        "host": parts.netloc,
        "x-amz-content-sha256": payload,
        "x-amz-date": timestamp,
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    headers = dict(sorted(headers.items()))
    query = parse_qsl(parts.query, keep_blank_values=True)
    request = SignedRequest(method, unquote_to_bytes(parts.path), query, headers, payload)
    signature = scope.sign(SECRET_KEY, request.text_to_sign(timestamp, scope))
    headers["authorization"] = (
        f"{ALGORITHM} Credential={ACCESS_KEY}/{scope}, SignedHeaders={';'.join(headers)}, "
        f"Signature={signature}"
    )
    return headers


class OtherProcess:
    """An object store in a separate process, to be killed or to measure its memory."""

    def __init__(self, folder: Path) -> None:
        # Started as a file, so that the process contains nothing but the server.
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = self._ask("url")

    def presigner(self) -> Presigner:
        """Return a presigner that the store accepts."""
        return Presigner(self.url, BUCKET, ACCESS_KEY, SECRET_KEY)

    def peak(self) -> int:
        """Return the process's peak memory, in bytes."""
        return int(self._ask("peak"))

    def kill(self) -> None:
        """Kill the process without any cleanup (SIGKILL)."""
        self._process.kill()
        self._process.communicate(timeout=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _ask(self, what: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        assert answer, "the server has ended"
        return answer


def _main(folder: Path) -> None:
    import resource

    with object_server(folder) as server:
        for line in sys.stdin:
            if line.strip() == "peak":
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                print(peak * (1 if sys.platform == "darwin" else 1024), flush=True)
            else:
                print(server.url, flush=True)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
