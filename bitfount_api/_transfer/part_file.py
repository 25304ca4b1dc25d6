"""The file that holds an incomplete download: ``<name>.part``."""

from __future__ import annotations

import errno
import os
import secrets
from typing import TYPE_CHECKING

from bitfount_api._internal.files import fsync_dir, sibling
from bitfount_api._internal.open_files import (
    NoLocksError,
    is_same,
    open_locked,
    preallocate,
    take_mode,
    write_at,
)
from bitfount_api._transfer.byte_ranges import ByteRanges
from bitfount_api._transfer.checkpoint import SLOT_BYTES, STATE_BYTES, Checkpoint, latest
from bitfount_api._transfer.destinations import Destination
from bitfount_api._transfer.hashing import ObjectHasher
from bitfount_api._transfer.own_files import (
    MARK,
    REPLACED,
    create_own,
    delete,
    delete_own,
    is_marked,
    is_own,
    write_marked,
)
from bitfount_api._transfer.tail_reader import TailReader
from bitfount_api._transfer.targets import check_target
from bitfount_api.exceptions import TransferError
from bitfount_api.transfers import Download

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bitfount_api.progress import ProgressReporter

_MAX_PARTS = 100
_SYNC_EARLY_BYTES = 16 * 1024 * 1024
"""The size from which hashing takes longer than a flush to disk costs."""

_sync_data = getattr(os, "fdatasync", os.fsync)


class PartFile(Destination):
    """A part file next to the target file: the object's bytes, then the state needed to resume.

    A part file belongs to one download at a time; concurrent downloads to the same target use
    different part files. After :meth:`open`, call one of :meth:`finish`, :meth:`keep` and
    :meth:`discard`.

    Args:
        target: Path of the file to download to.
        progress: Reporter of the number of bytes received, now and earlier.
        limit: Maximum size of the object in bytes, compressed and decompressed.
    """

    def __init__(self, target: Path, progress: ProgressReporter, limit: int) -> None:
        super().__init__(progress, limit)
        self._target = self._path = target
        self._file = target
        self._descriptor: int | None = None
        self._resumable = True
        self._saves = 0
        self._hasher: ObjectHasher | None = None
        self._tail_reader: TailReader | None = None

    def open(self) -> None:
        """Open the part file, to resume an earlier download or begin a new one.

        Raises:
            TransferError: If the target cannot be written.
            OSError: If the part file cannot be written.
        """
        self._file = check_target(self._target)
        self._open()
        assert self._descriptor is not None  # noqa: S101 - just opened
        take_mode(self._descriptor, self._file)
        state = self._read_state()
        if state is None or state.size > self._limit:
            self._reset(None)
            return
        done = ByteRanges(state.done)
        if done.total == state.size:
            # Request at least one byte, to find out whether the object is still the same.
            done = ByteRanges([(0, state.size - 1)])
        self.etag, self.size, self.done, self._saves = state.etag, state.size, done, state.number
        self._progress.total = state.size
        self._progress.add(done.total)
        self._start_reading()

    def wait_finished(self, seconds: float) -> bool:
        """Wait until the object, which is now complete, has been hashed and decompressed.

        Args:
            seconds: Maximum number of seconds to wait.

        Returns:
            Whether the object has been hashed.

        Raises:
            TransferError: If the object is damaged, or too large when decompressed.
            OSError: If the decompressed bytes cannot be written.
        """
        assert self._tail_reader is not None  # noqa: S101 - open() was called
        assert self.size is not None  # noqa: S101 - the object is complete
        assert self._descriptor is not None  # noqa: S101
        if self._tail_reader.wait_finished(self.size, 0):
            return True
        if self.size >= _SYNC_EARLY_BYTES:
            # Flush to disk while the rest is hashed, so that finish() has little to wait for.
            _sync_data(self._descriptor)
        return self._tail_reader.wait_finished(self.size, seconds)

    def finish(self) -> Download:
        """Move the downloaded file to the target.

        Raises:
            TransferError: If the object is compressed and incomplete.
            OSError: If the file cannot be written.
        """
        hasher, size = self._hasher, self.size
        assert hasher is not None  # noqa: S101 - as in wait_finished()
        assert size is not None  # noqa: S101
        assert self._descriptor is not None  # noqa: S101
        if not is_same(self._path, self._descriptor):
            raise OSError(errno.ESTALE, REPLACED)
        sha256 = hasher.finish()
        if hasher.unpacked is not None:
            os.replace(hasher.unpacked, self._file)
            hasher.unpacked = None
            hasher.discard()
            delete(self._path)
        else:
            # The mark is removed after the flush, which takes long: a process that is killed before
            # leaves a file that is recognised. The folder's flush includes the new length. One that
            # is killed between the next two calls leaves the complete object, which nobody deletes:
            # after the rename, the target would for a moment have wrong bytes at its end, and by
            # anything but its contents, a copy that a user has made could be taken for ours.
            hasher.discard()  # left by a killed process that downloaded a compressed object
            os.fsync(self._descriptor)
            os.ftruncate(self._descriptor, size)
            if os.name == "nt":  # pragma: no cover - Windows cannot rename an open file
                self._close()
            os.replace(self._path, self._file)
        self._close()
        fsync_dir(self._file.parent)
        delete_own(self._left_behind())
        return Download(self._target, hasher.size, sha256)

    def keep(self) -> None:
        """Keep the part file for a later process, or delete it if it is not resumable."""
        self._stop()
        resumable = self._resumable and self.done.total and self.etag is not None and self.size
        if self._descriptor is None or not resumable:
            self.discard()
            return
        try:
            self._save()
        except OSError:
            self.discard()
            return
        self._discard_unpacked()
        self._close()

    def discard(self) -> None:
        """Delete the part file. May be called at any time, and more than once."""
        self._stop()
        if self._descriptor is not None:
            self._discard_unpacked()
            own = is_same(self._path, self._descriptor)
            self._close()  # before it is deleted, which Windows requires
            if own:
                delete(self._path)

    # --- Methods of Destination ------------------------------------------------------------------

    def _begin(self) -> None:
        self._reset(self.size)

    def _store(self, offset: int, chunk: bytes) -> None:
        assert self._descriptor is not None  # noqa: S101 - the file is open
        if self.size is None:
            write_marked(self._descriptor, offset, chunk)
        else:
            write_at(self._descriptor, offset, chunk)

    def _stored(self) -> None:
        assert self._tail_reader is not None  # noqa: S101 - open() was called
        self._tail_reader.advance(self.done.prefix, self.done.total)

    # --- Helpers ---------------------------------------------------------------------------------

    def _open(self) -> None:
        for number in range(1, _MAX_PARTS):
            self._path = self._numbered(str(number))
            try:
                self._descriptor = _create_or_resume(self._path)
            except NoLocksError:
                # Without locks, another process may be using the file. Create a unique one, which
                # is not kept for a later process.
                self._path = self._numbered(secrets.token_hex(8))
                self._descriptor = create_own(self._path)
                self._resumable = False
            if self._descriptor is not None:
                return
        raise TransferError(f"{self._target} has too many concurrent downloads")

    def _numbered(self, number: str) -> Path:
        return sibling(self._file, ".part" if number == "1" else f".{number}.part")

    def _left_behind(self) -> Iterator[Path]:
        """Yield the part files of concurrent downloads, which may have been killed."""
        for number in range(2, _MAX_PARTS):
            path = self._numbered(str(number))
            if not os.path.lexists(path):
                return
            yield path

    def _read_state(self) -> Checkpoint | None:
        assert self._descriptor is not None  # noqa: S101 - the file is open
        size = os.fstat(self._descriptor).st_size
        if size < STATE_BYTES:
            return None
        with open(self._descriptor, "rb", closefd=False) as file:
            file.seek(size - STATE_BYTES)
            return latest([file.read(SLOT_BYTES), file.read(SLOT_BYTES)], size)

    def _reset(self, size: int | None) -> None:
        assert self._descriptor is not None  # noqa: S101 - the file is open
        self._stop()
        self._discard_unpacked()
        write_at(self._descriptor, 0, MARK)  # the file ends with the mark at every moment
        os.ftruncate(self._descriptor, len(MARK))
        if size is not None:
            write_at(self._descriptor, size + STATE_BYTES - len(MARK), MARK)
            preallocate(self._descriptor, size + STATE_BYTES)
        self._start_reading()

    def _start_reading(self) -> None:
        self._hasher = ObjectHasher(self._path, self._limit)
        self._tail_reader = TailReader(self._path, self._hasher.update, self._save)
        self._tail_reader.advance(self.done.prefix, self.done.total)

    def _save(self) -> None:
        with self._lock:
            etag, size, done = self.etag, self.size, tuple(self.done)
        if etag is None or size is None or self._descriptor is None:
            return
        # Flush the bytes before the state that lists them: the power may fail between the two.
        _sync_data(self._descriptor)
        self._saves += 1
        state = Checkpoint(etag, size, done, self._saves)
        write_at(self._descriptor, state.offset, state.slot())

    def _stop(self) -> None:
        if self._tail_reader is not None:
            self._tail_reader.stop()
            self._tail_reader = None
        if self._hasher is not None:
            self._hasher.close()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _discard_unpacked(self) -> None:
        if self._hasher is not None:
            self._hasher.discard()


def _create_or_resume(path: Path) -> int | None:
    """Open and lock a part file, which is created if nothing has its name.

    Returns:
        The descriptor; None if the file belongs to another download, or to somebody else.

    Raises:
        OSError: If the file cannot be created or locked.
    """
    while True:
        created = False
        try:
            os.close(create_own(path))
            created = True
        except FileExistsError:
            if not is_own(path):
                return None
        try:
            descriptor = open_locked(path, create=False)
        except FileNotFoundError:
            continue  # another download has just finished with it
        except OSError as error:
            if created:
                delete(path)
            elif not isinstance(error, NoLocksError):
                return None  # somebody else's, which this user may not write
            raise
        if descriptor is not None and not is_marked(descriptor):
            os.close(descriptor)
            return None
        return descriptor
