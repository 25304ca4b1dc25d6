"""The file that an object is downloaded into until it is whole: ``<name>.part``."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from typing import TYPE_CHECKING

from bitfount_api._disk import open_own, reserve, sync_folder, write_at
from bitfount_api._transfer.contents import Contents
from bitfount_api._transfer.follower import Follower
from bitfount_api._transfer.part_state import SLOT_BYTES, STATE_BYTES, PartState, latest
from bitfount_api._transfer.ranges import Ranges
from bitfount_api._transfer.vessel import Vessel
from bitfount_api.exceptions import TransferError
from bitfount_api.transfers import Download

if TYPE_CHECKING:
    from pathlib import Path

    from bitfount_api.progress import Meter

_MOST_PARTS = 100
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)

_sync_data = getattr(os, "fdatasync", os.fsync)


class PartFile(Vessel):
    """Beside the file that is wanted, with what a later process needs to go on behind its bytes.

    It belongs to one download at a time; one to the same file at the same time gets its own. After
    :meth:`open`, one of :meth:`finish`, :meth:`keep` and :meth:`discard` must follow.

    Args:
        target: The file that is wanted.
        meter: Told what has come, before and now.
        most: The most bytes the object may have, packed and unpacked.
    """

    def __init__(self, target: Path, meter: Meter, most: int) -> None:
        super().__init__(meter, most)
        self._target = target
        self._limit = most
        self._path = target
        self._descriptor: int | None = None
        self._lasting = True
        self._saves = 0
        self._contents: Contents | None = None
        self._follower: Follower | None = None

    def open(self) -> None:
        """Take over what is left of an earlier download, or begin.

        Raises:
            TransferError: The target is a folder, or its folder is not there.
            OSError: It cannot be written there.
        """
        if self._target.is_dir():
            raise TransferError(f"{self._target} is a folder; say which file to write")
        if not self._target.parent.is_dir():
            raise TransferError(f"there is no folder {self._target.parent} to write to")
        self._open()
        state = self._read_state()
        if state is None or state.size > self._limit:
            self._reset(None)
            return
        done = Ranges(state.done)
        if done.total == state.size:
            # One byte is asked for in any case, to hear whether the object still is the same.
            done = Ranges([(0, state.size - 1)])
        self.etag, self.size, self.done, self._saves = state.etag, state.size, done, state.number
        self._meter.total = state.size
        self._meter.add(done.total)
        self._follow()

    def settle(self, seconds: float) -> bool:
        """Everything has come: wait until it has been hashed, and unpacked where it is packed.

        Args:
            seconds: How long to wait, at most.

        Returns:
            Whether it has been.

        Raises:
            TransferError: It is damaged, or holds too much.
            OSError: What is in it cannot be written.
        """
        assert self._follower is not None  # noqa: S101 - there is an object
        assert self.size is not None  # noqa: S101 - and it is whole
        assert self._descriptor is not None  # noqa: S101
        if self._follower.settle(self.size, 0):
            return True
        # The disk writes while the rest is hashed: finish() has little to wait for then.
        _sync_data(self._descriptor)
        return self._follower.settle(self.size, seconds)

    def finish(self) -> Download:
        """Give the file its name.

        Raises:
            TransferError: It is incomplete.
            OSError: It cannot be written.
        """
        contents, size = self._contents, self.size
        assert contents is not None  # noqa: S101 - as in settle()
        assert size is not None  # noqa: S101
        assert self._descriptor is not None  # noqa: S101
        sha256 = contents.end()
        if contents.packed:
            os.replace(self._unpacked, self._target)
            _remove(self._path)
        else:
            os.ftruncate(self._descriptor, size)
            os.fsync(self._descriptor)
            if os.name == "nt":  # pragma: no cover - cannot rename what is open
                self._close()
            os.replace(self._path, self._target)
            _remove(self._unpacked)  # of a killed process, and of an object that was packed
        self._close()
        sync_folder(self._target.parent)
        self._sweep()
        return Download(self._target, contents.size, sha256)

    def keep(self) -> None:
        """Leave what has come for a later process, or nothing if that could not use it."""
        self._stop()
        useful = self._lasting and self.done.total and self.etag is not None and self.size
        if self._descriptor is None or not useful:
            self.discard()
            return
        try:
            self._save()
        except OSError:
            self.discard()
            return
        _remove(self._unpacked)
        self._close()

    def discard(self) -> None:
        """Leave nothing. May be called at any time, and again."""
        self._stop()
        if self._descriptor is not None:
            _remove(self._unpacked)
            if os.name == "nt":  # pragma: no cover - cannot delete what is open
                self._close()
            _remove(self._path)
            self._close()

    # --- As a vessel -----------------------------------------------------------------------------

    def _begin(self) -> None:
        self._reset(self.size)

    def _store(self, offset: int, chunk: bytes) -> None:
        assert self._descriptor is not None  # noqa: S101 - it is open
        write_at(self._descriptor, offset, chunk)

    def _stored(self) -> None:
        assert self._follower is not None  # noqa: S101 - there is an object
        self._follower.reached(self.done.prefix, self.done.total)

    # --- Of its own ------------------------------------------------------------------------------

    def _open(self) -> None:
        for number in range(1, _MOST_PARTS):
            self._path = self._numbered(str(number))
            try:
                self._descriptor = open_own(self._path)
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise
                # Without locks there is no telling whose a file is: one of its own, for this once.
                with contextlib.suppress(OSError):
                    if self._path.stat().st_size == 0:
                        self._path.unlink()
                self._path = self._numbered(secrets.token_hex(8))
                flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
                self._descriptor = os.open(self._path, flags, 0o666)
                self._lasting = False
            if self._descriptor is not None:
                return
        raise TransferError(f"too many downloads to {self._target} at the same time")

    def _numbered(self, number: str) -> Path:
        suffix = ".part" if number == "1" else f".{number}.part"
        return self._target.with_name(self._target.name + suffix)

    @property
    def _unpacked(self) -> Path:
        return self._path.with_name(self._path.name + ".unpacked")

    def _read_state(self) -> PartState | None:
        assert self._descriptor is not None  # noqa: S101 - it is open
        size = os.fstat(self._descriptor).st_size
        if size < STATE_BYTES:
            return None
        with open(self._descriptor, "rb", closefd=False) as file:
            file.seek(size - STATE_BYTES)
            return latest([file.read(SLOT_BYTES), file.read(SLOT_BYTES)], size)

    def _reset(self, size: int | None) -> None:
        assert self._descriptor is not None  # noqa: S101 - it is open
        self._stop()
        os.ftruncate(self._descriptor, 0)
        if size is not None:
            reserve(self._descriptor, size + STATE_BYTES)
        self._follow()

    def _follow(self) -> None:
        self._contents = Contents(self._unpacked, self._limit)
        self._follower = Follower(self._path, self._contents.take, self._save)
        self._follower.reached(self.done.prefix, self.done.total)

    def _save(self) -> None:
        with self._lock:
            etag, size, done = self.etag, self.size, tuple(self.done)
        if etag is None or size is None or self._descriptor is None:
            return
        # First the bytes, then the word that they are there: the power may fail between the two.
        _sync_data(self._descriptor)
        self._saves += 1
        state = PartState(etag, size, done, self._saves)
        write_at(self._descriptor, state.offset, state.slot())

    def _stop(self) -> None:
        if self._follower is not None:
            self._follower.stop()
            self._follower = None
        if self._contents is not None:
            self._contents.close()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _sweep(self) -> None:
        """Delete what downloads beside others have left, if their process was killed."""
        for number in range(2, _MOST_PARTS):
            path = self._numbered(str(number))
            if not path.exists():
                return
            with contextlib.suppress(OSError):
                if (descriptor := open_own(path)) is not None:
                    _remove(path)
                    os.close(descriptor)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
