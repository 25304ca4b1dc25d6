"""Transfers stay within their memory limits, whatever the size of the object."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.store import Act, Store, running_store

from bitfount_api._transfer.zstd import Compressor

MIB = 1024 * 1024
SIZE = 128 * MIB
ALLOWED = 32 * MIB
CHILD = """
import asyncio, re, subprocess, sys
from pathlib import Path
from support.transfers import Caller
import bitfount_api.hub, httpx
from bitfount_api import APIKeysHandler, AsyncBitfountHub, BitfountHub, BitfountSession

def peak():
    # Not ru_maxrss: that begins with what the process had that started this one.
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

async def streamed():
    async with BitfountSession(APIKeysHandler("id", "key", "alice")) as session:
        if kind == "sync":
            return sum(map(len, BitfountHub(session, url).stream_weights("bob", "Net", 1)))
        stream = await AsyncBitfountHub(session, url).stream_weights("bob", "Net", 1)
        return sum([len(chunk) async for chunk in stream])

name, kind, url, path = sys.argv[1:]
call = Caller(url, asynchronous=kind == "async")
before = peak()
if name == "get":
    call("get_weights", "bob", "Net", 1)
elif name == "download":
    call("download_weights", "bob", "Net", 1, Path(path))
elif name.startswith("stream"):
    assert asyncio.run(streamed()) == 128 * 1024 * 1024
elif name == "download to a file object":
    with open(path, "wb") as file:
        call("download_weights", "bob", "Net", 1, file)
elif name == "send a file object":
    with open(path, "rb") as file:
        call("send_weights", "Net", 1, file)
elif name == "send a pipe":
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
        call("send_weights", "Net", 1, cat.stdout)
else:
    call("send_weights", "Net", 1, Path(path), compress=name == "send packed")
print(peak() - before)
"""


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path("/proc/self/status").exists(),
        reason="only Linux reports the peak memory of a process",
    ),
]


@pytest.fixture(scope="module")
def weights() -> bytes:
    return os.urandom(SIZE // 2) + bytes(SIZE // 2)


@pytest.fixture
def store(weights: bytes) -> Iterator[Store]:
    with running_store() as store:
        store.weights = weights
        store.chunk_size = 16 * MIB
        yield store


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("get", False),
        ("get", True),
        ("download", False),
        ("download", True),
        ("send", False),
        ("send packed", False),
        ("download to a file object", False),
        ("send a file object", False),
        ("send a pipe", False),
        ("stream", False),
        ("stream", True),
        ("stream without ranges", False),
    ],
)
def test_transfer_peak_memory_is_limited(
    store: Store, tmp_path: Path, weights: bytes, name: str, packed: bool, kind: str
) -> None:
    if packed:
        packer = Compressor(SIZE)
        store.weights = packer.feed(weights) + packer.finish()
    if name == "stream without ranges":
        store.plan = lambda seen: Act(whole=True) if seen.kind == "get" else None
    path = tmp_path / "w.pt"
    if name.startswith("send"):
        path.write_bytes(weights)
    run = subprocess.run(
        [sys.executable, "-c", CHILD, name, kind, store.url, path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    allowed = ALLOWED + (int(1.1 * SIZE) if name == "get" else 0)
    assert int(run.stdout) <= allowed, f"{int(run.stdout) / MIB:.0f} MiB"
    if name.startswith("download"):
        assert path.stat().st_size == SIZE
