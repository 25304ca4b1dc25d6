"""What is done with an object's bytes, in their order, while more of them still arrive."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_STEP_BYTES = 1024 * 1024
_SAVE_SECONDS = 1.0
"""What a killed process loses is what came in so much time. Saving waits for the disk, and hashing
for that: oftener than this, it is the hash that a fast download would wait for in the end."""


class Follower:
    """Reads a file from its beginning while it is still written to, in a thread of its own.

    Hashing and unpacking so happen beside the network, in order, wherever the bytes arrive.

    Args:
        path: The file.
        take: Given all its bytes, in order. The view is good for this one call.
        save: Called now and then, when there is something new that could be lost.
    """

    def __init__(
        self, path: Path, take: Callable[[memoryview], None], save: Callable[[], None]
    ) -> None:
        self._path = path
        self._take = take
        self._save = save
        self._prefix = 0
        self._total = 0
        self._told = 0
        self._position = 0
        self._ended = False
        self._stopped = False
        self._failure: Exception | None = None
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None

    def reached(self, prefix: int, total: int) -> None:
        """So many bytes are there without a gap from the beginning, and so many altogether.

        Raises:
            Exception: Reading on has failed before.
        """
        if total - self._told < _STEP_BYTES and self._failure is None:
            return  # not worth waking anybody
        with self._news:
            if self._failure is not None:
                raise self._failure
            self._prefix, self._total, self._told = prefix, total, total
            self._start()
            self._news.notify_all()

    def settle(self, size: int, seconds: float) -> bool:
        """The file is whole: wait until it has been read to its end.

        Args:
            size: Its bytes.
            seconds: How long to wait.

        Returns:
            Whether it has.

        Raises:
            Exception: Reading it has failed.
        """
        with self._news:
            self._prefix = self._total = size
            self._ended = True
            thread = self._start()
            self._news.notify_all()
        thread.join(seconds)
        if self._failure is not None:
            raise self._failure
        return not thread.is_alive()

    def stop(self) -> None:
        """Read no further, and wait until the file has been let go of."""
        with self._news:
            self._stopped = True
            self._news.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> threading.Thread:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, name="bitfount-api-follower", daemon=True
            )
            self._thread.start()
        return self._thread

    def _run(self) -> None:
        try:
            self._follow()
        except Exception as error:  # noqa: BLE001 - raised again where it can be answered
            with self._news:
                self._failure = error

    def _follow(self) -> None:
        view = memoryview(bytearray(_STEP_BYTES))
        saved, saved_at = 0, time.monotonic()
        with self._path.open("rb", buffering=0) as file:
            while True:
                with self._news:
                    self._news.wait_for(self._worth_waking, _SAVE_SECONDS)
                    prefix, total, ended = self._prefix, self._total, self._ended
                    if self._stopped:
                        return
                missing = prefix - self._position
                # A whole step, unless no more will come.
                if missing >= _STEP_BYTES or (ended and missing):
                    count = file.readinto(view[: min(_STEP_BYTES, missing)])
                    self._take(view[:count])
                    self._position += count
                elif ended:
                    return
                due = time.monotonic() - saved_at >= _SAVE_SECONDS
                if total > saved and due and not ended:
                    self._save()
                    saved, saved_at = total, time.monotonic()

    def _worth_waking(self) -> bool:
        return self._stopped or self._ended or self._prefix - self._position >= _STEP_BYTES
