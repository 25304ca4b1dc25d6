"""Process a file sequentially while it is still being downloaded."""

from __future__ import annotations

import errno
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_STEP_BYTES = 1024 * 1024
_SAVE_SECONDS = 1.0
"""The interval between two saves. A killed process loses at most the bytes received in that time.
Saving waits for the disk, and hashing waits for saving: with a shorter interval, a fast download
would wait for its hash at the end."""


class TailReader:
    """Reads a file from its beginning in a separate thread while it is still being written.

    Hashing and decompression therefore run in order, in parallel with the network, although the
    bytes may be received in any order.

    Args:
        path: Path of the file.
        process: Function called with all bytes, in order. The view is valid only during the call.
        save: Function called about every second while new bytes are received.
    """

    def __init__(
        self, path: Path, process: Callable[[memoryview], None], save: Callable[[], None]
    ) -> None:
        self._path = path
        self._process = process
        self._save = save
        self._prefix = 0
        self._total = 0
        self._announced = 0
        self._position = 0
        self._ended = False
        self._stopped = False
        self._failure: Exception | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def advance(self, prefix: int, total: int) -> None:
        """Report the bytes written so far.

        Args:
            prefix: Number of bytes without a gap from the beginning.
            total: Number of bytes altogether.

        Raises:
            Exception: If processing has failed before.
        """
        if total - self._announced < _STEP_BYTES and self._failure is None:
            return  # not worth waking the thread
        with self._changed:
            if self._failure is not None:
                raise self._failure
            self._prefix, self._total, self._announced = prefix, total, total
            self._start()
            self._changed.notify_all()

    def wait_finished(self, size: int, seconds: float) -> bool:
        """Wait until the file, which is now complete, has been processed to its end.

        Args:
            size: Size of the file in bytes.
            seconds: Maximum number of seconds to wait.

        Returns:
            Whether the file has been processed.

        Raises:
            Exception: If processing the file has failed.
        """
        with self._changed:
            self._prefix = self._total = size
            self._ended = True
            thread = self._start()
            self._changed.notify_all()
        thread.join(seconds)
        if self._failure is not None:
            raise self._failure
        return not thread.is_alive()

    def stop(self) -> None:
        """Stop reading, and wait until the file has been closed."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> threading.Thread:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, name="bitfount-api-tail-reader", daemon=True
            )
            self._thread.start()
        return self._thread

    def _run(self) -> None:
        try:
            self._read()
        except Exception as error:  # noqa: BLE001 - raised again by advance() and wait_finished()
            with self._changed:
                self._failure = error

    def _read(self) -> None:
        view = memoryview(bytearray(_STEP_BYTES))
        saved, saved_at = 0, time.monotonic()
        with self._path.open("rb", buffering=0) as file:
            while True:
                with self._changed:
                    self._changed.wait_for(self._has_work, _SAVE_SECONDS)
                    prefix, total, ended = self._prefix, self._total, self._ended
                    if self._stopped:
                        return
                missing = prefix - self._position
                # Process whole steps only, except at the end of the file.
                if missing >= _STEP_BYTES or (ended and missing):
                    count = file.readinto(view[: min(_STEP_BYTES, missing)])
                    if not count:
                        raise OSError(errno.EIO, "another process has cut the incomplete download")
                    self._process(view[:count])
                    self._position += count
                elif ended:
                    return
                due = time.monotonic() - saved_at >= _SAVE_SECONDS
                if total > saved and due and not ended:
                    self._save()
                    saved, saved_at = total, time.monotonic()

    def _has_work(self) -> bool:
        return self._stopped or self._ended or self._prefix - self._position >= _STEP_BYTES
