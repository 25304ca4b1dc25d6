"""The token file: read and written in the official format; private, atomic, locked, validated."""

from __future__ import annotations

import errno
import json
import logging
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitfount_api.auth import token_store
from bitfount_api.auth.token_store import MAX_FILE_BYTES, Issuer, Token, TokenFile

OFFICIAL = (Path(__file__).parents[2] / "data/official-token.json").read_bytes()
FIELDS: dict[str, Any] = json.loads(OFFICIAL)
ISSUER = Issuer(
    "auth.bitfount.com",
    "8iCJ33Kp6hc9ofrXTzr5GLxMRHWrlzZO",
    "profile openid offline_access",
    "https://hub.bitfount.com/api",
)
TOKEN = Token(
    FIELDS["access_token"],
    FIELDS["id_token"],
    FIELDS["access_token_expires_at"],
    FIELDS["refresh_token"],
)


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path, "alice", ISSUER)


@pytest.fixture
def odd_umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def place(file: TokenFile, content: bytes) -> None:
    file.path.parent.mkdir(parents=True, exist_ok=True)
    file.path.write_bytes(content)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


# --- The official format -------------------------------------------------------------------------


def test_file_of_the_official_sdk_is_read(file: TokenFile) -> None:
    place(file, OFFICIAL)
    assert file.read() == TOKEN


def test_written_file_equals_that_of_the_official_sdk(file: TokenFile) -> None:
    file.write(TOKEN)
    assert file.path.read_bytes() == OFFICIAL
    assert list(FIELDS) == [
        "access_token", "refresh_token", "id_token", "access_token_expires_at",
        "auth_domain", "client_id", "scopes", "audience",
    ]  # fmt: skip


def test_the_expiry_is_always_written_as_a_float(file: TokenFile) -> None:
    file.write(attrs.evolve(TOKEN, expires_at=4102444800))
    assert b'"access_token_expires_at": 4102444800.0,' in file.path.read_bytes()


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token_expires_at": 4102444800},
        {"more": {"of": ["the", "future"]}},
    ],
)
def test_compatible_variations_are_read(file: TokenFile, changes: dict[str, Any]) -> None:
    place(file, json.dumps({**FIELDS, **changes}, indent=2).encode())
    found = file.read()
    assert found is not None
    assert found.access_token == TOKEN.access_token


@pytest.mark.parametrize("refresh", [None, "", ...])
def test_a_token_may_have_no_refresh_token(file: TokenFile, refresh: Any) -> None:
    fields = {**FIELDS, "refresh_token": refresh}
    if refresh is ...:
        del fields["refresh_token"]
    place(file, json.dumps(fields).encode())
    found = file.read()
    assert found is not None
    assert found.refresh_token is None
    file.write(found)
    assert file.read() == found


@pytest.mark.parametrize(
    ("username", "folder"), [("alice", "alice"), ("a-b_c9", "a-b_c9"), (None, "_default")]
)
def test_each_user_has_a_folder(tmp_path: Path, username: str | None, folder: str) -> None:
    assert TokenFile(tmp_path, username, ISSUER).path == tmp_path / folder / ".token"


@pytest.mark.parametrize(
    "username",
    ["", ".", "..", "../bob", "a/b", "a\\b", "/etc", "a\0b", "a b", "A", "_default", "a" * 41, 7],
)
def test_a_user_name_cannot_name_another_folder(tmp_path: Path, username: Any) -> None:
    with pytest.raises(ValueError, match="user name"):
        TokenFile(tmp_path, username, ISSUER)


@pytest.mark.parametrize("field", ["auth_domain", "client_id", "scopes", "audience"])
def test_token_of_another_issuer_is_ignored(
    tmp_path: Path, file: TokenFile, field: str, caplog: pytest.LogCaptureFixture
) -> None:
    file.write(TOKEN)
    other = TokenFile(tmp_path, "alice", attrs.evolve(ISSUER, **{field: "another"}))
    assert other.read() is None
    assert file.read() == TOKEN
    assert warnings(caplog) == []


def test_missing_file_gives_no_token_and_no_warning(
    file: TokenFile, caplog: pytest.LogCaptureFixture
) -> None:
    assert file.read() is None
    assert warnings(caplog) == []


def test_token_repr_has_no_secrets(file: TokenFile) -> None:
    shown = f"{TOKEN!r} {file!r}"
    for secret in ("access_token", "refresh_token", "id_token"):
        assert FIELDS[secret] not in shown


# --- Private and atomic --------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such modes")
@pytest.mark.parametrize("odd_umask", [0, 0o002, 0o022, 0o077, 0o277, 0o777], indirect=True)
@pytest.mark.usefixtures("odd_umask")
def test_file_and_folders_are_private_whatever_the_umask(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "made" / "too", "alice", ISSUER)
    lock = file.try_lock()
    assert lock is not None
    file.write(TOKEN)
    lock.release()
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "made").rglob("*")} | {
        tmp_path / "made": stat.S_IMODE((tmp_path / "made").stat().st_mode)
    }
    assert len(modes) == 5
    for path, mode in modes.items():
        assert mode == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such modes")
def test_loose_permissions_are_tightened(file: TokenFile) -> None:
    place(file, OFFICIAL)
    file.path.chmod(0o666)
    file.path.parent.chmod(0o775)
    file.write(TOKEN)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such modes")
@pytest.mark.parametrize(
    ("mode", "folder_mode"),
    [(0o644, 0o700), (0o666, 0o755), (0o620, 0o711), (0o600, 0o777), (0o604, 0o720)],
)
def test_reading_ends_the_access_of_others(
    file: TokenFile, mode: int, folder_mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    place(file, OFFICIAL)
    file.path.chmod(mode)
    file.path.parent.chmod(folder_mode)
    assert [file.read(), file.read()] == [TOKEN, TOKEN]
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    (warning,) = warnings(caplog)
    assert "could be accessed by other users" in warning
    assert "log in again" in warning
    assert TokenFile(file.path.parents[1], "alice", ISSUER).read() == TOKEN
    assert len(warnings(caplog)) == 1


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such modes")
@pytest.mark.parametrize("fails", [False, True], ids=["ignored", "refused"])
@pytest.mark.parametrize("folders", [False, True], ids=["file", "folder"])
def test_access_that_cannot_be_ended_is_reported(
    file: TokenFile,
    folders: bool,
    fails: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    place(file, OFFICIAL)
    (file.path.parent if folders else file.path).chmod(0o755)

    def chmod(*_: Any, **__: Any) -> None:
        """Do nothing, as on file systems without modes, or fail."""
        if fails:
            raise PermissionError

    monkeypatch.setattr(os, "chmod", chmod)
    assert [file.read(), file.read()] == [TOKEN, TOKEN]
    lock = file.try_lock()
    assert lock is not None
    lock.release()
    (warning,) = warnings(caplog)
    assert "can be accessed by other users" in warning
    assert "BITFOUNT_STORAGE_PATH" in warning
    assert "from now on" not in warning


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such modes")
def test_reading_can_leave_modes_unchanged(
    file: TokenFile, caplog: pytest.LogCaptureFixture
) -> None:
    place(file, OFFICIAL)
    file.path.chmod(0o644)
    file.path.parent.chmod(0o755)
    assert file.read(change=False) == TOKEN
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o644
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o755
    assert warnings(caplog) == []


def _owned_by_another(monkeypatch: pytest.MonkeyPatch, *, folders: bool) -> None:
    real = os.stat

    def with_another_owner(path: Any, **more: Any) -> os.stat_result:
        status = real(path, **more)
        if stat.S_ISDIR(status.st_mode) is not folders:
            return status
        return os.stat_result((*status[:4], os.geteuid() + 4711, *status[5:10]))

    monkeypatch.setattr(os, "stat", with_another_owner)


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such owners")
@pytest.mark.parametrize("folders", [False, True], ids=["file", "folder"])
@pytest.mark.parametrize("mode", [0o600, 0o666])
def test_token_of_another_account_is_refused(
    file: TokenFile,
    folders: bool,
    mode: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place(file, OFFICIAL)
    file.path.chmod(mode)
    _owned_by_another(monkeypatch, folders=folders)
    assert [file.read(), file.read()] == [None, None]
    (warning,) = warnings(caplog)
    assert "it belongs to another user" in warning
    assert stat.S_IMODE(file.path.stat().st_mode) == mode


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such owners")
def test_no_token_is_written_to_the_folder_of_another_account(
    file: TokenFile, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.path.parent.mkdir()
    _owned_by_another(monkeypatch, folders=True)
    file.write(TOKEN)
    assert list(file.path.parent.iterdir()) == []
    (warning,) = warnings(caplog)
    assert "its folder is not yours: it belongs to another user" in warning
    with pytest.raises(PermissionError, match="belongs to another user"):
        file.try_lock()


KILLED_WRITE = """
import os, signal, sys
from pathlib import Path

os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from bitfount_api.auth.token_store import Issuer, Token, TokenFile

TokenFile(Path(sys.argv[1]), "alice", Issuer(*"abcd")).write(Token("t", "i", 9e9, "r-SECRET"))
"""


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such signal")
@pytest.mark.parametrize("ending", ["write", "remove", "delete"])
def test_copy_of_a_killed_write_is_removed(tmp_path: Path, file: TokenFile, ending: str) -> None:
    file.write(TOKEN)
    folder = file.path.parent
    subprocess.run([sys.executable, "-c", KILLED_WRITE, tmp_path], check=False)
    assert sum(b"r-SECRET" in path.read_bytes() for path in folder.iterdir()) == 1
    others = [folder / ".token.lock", folder / "..token.note", folder / f"..token.{'0' * 15}"]
    for path in others:
        path.touch()
    (folder / f"..token.{'a' * 16}").symlink_to(file.path)
    getattr(file, ending)(*([TOKEN] if ending == "write" else []))
    assert not any(b"r-SECRET" in path.read_bytes() for path in folder.iterdir() if path.is_file())
    assert all(path.exists() for path in others)
    assert file.read() == (TOKEN if ending == "write" else None)


def test_link_is_replaced_and_its_target_unchanged(tmp_path: Path, file: TokenFile) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"data")
    file.path.parent.mkdir()
    file.path.symlink_to(precious)
    file.write(TOKEN)
    assert precious.read_bytes() == b"data"
    assert not file.path.is_symlink()
    assert file.read() == TOKEN


def test_readers_never_see_a_partial_token(file: TokenFile) -> None:
    tokens = [attrs.evolve(TOKEN, access_token=letter * 9000) for letter in "ab"]
    file.write(tokens[0])
    ended = threading.Event()
    seen = []

    def read() -> None:
        while not ended.is_set():
            seen.append(file.read())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(60):
        file.write(tokens[number % 2])
    ended.set()
    reader.join()
    assert seen
    assert all(token in tokens for token in seen)
    assert [path.name for path in file.path.parent.iterdir()] == [".token"]


def test_failed_write_warns_once_and_removes_the_old_token(
    file: TokenFile, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write(TOKEN)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(token_store, "atomic_write", full)
    file.write(attrs.evolve(TOKEN, refresh_token="next"))
    file.write(attrs.evolve(TOKEN, refresh_token="next but one"))
    assert not file.path.exists()
    (warning,) = warnings(caplog)
    assert "cannot be written" in warning
    assert "No space left" in warning


# --- Invalid contents ----------------------------------------------------------------------------

HOSTILE = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"7",
    b"not JSON",
    OFFICIAL[:-1],
    OFFICIAL + b"}",
    b"\xff\xfe" + OFFICIAL,
    OFFICIAL.decode().encode("utf-16"),
    b"[" * 100_000,
    b'{"a":' * 30_000,
    b'{"access_token": "\\ud800"}',
    b'{"more": ' + b"[" * 50_000,
    b" " * MAX_FILE_BYTES + OFFICIAL,
    *(
        json.dumps({**FIELDS, name: value}).encode()
        for name in FIELDS
        for value in (7, True, [], {}, [FIELDS[name]], {"a": 1})
        if not (name == "access_token_expires_at" and value == 7 and value is not True)
    ),
    *(json.dumps({**FIELDS, name: None}).encode() for name in FIELDS if name != "refresh_token"),
    *(
        json.dumps({key: value for key, value in FIELDS.items() if key != name}).encode()
        for name in FIELDS
        if name != "refresh_token"
    ),
    *(
        json.dumps({**FIELDS, "access_token_expires_at": value}).encode()
        for value in (float("nan"), float("inf"), 1e300, 10**400, -1, "4102444800")
    ),
    *(
        json.dumps({**FIELDS, "access_token": value}).encode()
        for value in ("", " ", "a b", "a\r\nx-evil: 1", "é", "\0", "a" * 100_000)
    ),
]


@pytest.mark.parametrize("content", HOSTILE, ids=lambda content: repr(content[:40]))
def test_malicious_content_is_ignored_with_one_warning(
    file: TokenFile, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    place(file, content)
    assert [file.read() for _ in range(3)] == [None] * 3
    (warning,) = warnings(caplog)
    assert str(file.path) in warning
    for secret in ("access_token", "refresh_token", "id_token"):
        assert FIELDS[secret] not in caplog.text
    file.write(TOKEN)
    assert file.read() == TOKEN


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(list(FIELDS)), JSON_VALUES), st.binary(max_size=20))
def test_any_content_is_a_token_or_ignored(changes: dict[str, Any], tail: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = TokenFile(Path(folder), None, ISSUER)
        place(file, json.dumps({**FIELDS, **changes}).encode() + tail)
        found = file.read()
        assert found is None or isinstance(found.access_token, str)


def _link(path: Path) -> None:
    target = path.parent.parent / "elsewhere"
    target.write_bytes(OFFICIAL)
    path.symlink_to(target)


@pytest.mark.skipif(os.name != "posix", reason="other systems have none of these")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_link, "it is a symbolic link"),
        (lambda path: path.symlink_to(path), "it is a symbolic link"),
        (os.mkfifo, "not a regular file"),
        (os.mkdir, "not a regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "it is a symbolic link"),
    ],
)
def test_special_files_are_ignored(
    file: TokenFile, make: Any, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    file.path.parent.mkdir()
    make(file.path)
    assert [file.read(), file.read()] == [None, None]
    (warning,) = warnings(caplog)
    assert words in warning


def test_file_in_place_of_the_folder_is_reported(
    file: TokenFile, caplog: pytest.LogCaptureFixture
) -> None:
    file.path.parent.write_bytes(b"")
    assert file.read() is None
    file.write(TOKEN)
    assert len(warnings(caplog)) == 2
    with pytest.raises(NotADirectoryError):
        file.try_lock()


# --- The lock ------------------------------------------------------------------------------------

TRY_LOCK = """
import sys
from pathlib import Path
from bitfount_api.auth.token_store import Issuer, TokenFile
lock = TokenFile(Path(sys.argv[1]), "alice", Issuer("d", "c", "s", "a")).try_lock()
print("held elsewhere" if lock is None else "taken")
"""


def try_in_another_process(folder: Path) -> str:
    run = subprocess.run(
        [sys.executable, "-c", TRY_LOCK, str(folder)], capture_output=True, text=True, check=True
    )
    return run.stdout.strip()


def test_lock_excludes_processes_threads_and_sessions(tmp_path: Path, file: TokenFile) -> None:
    lock = file.try_lock()
    assert lock is not None
    assert file.try_lock() is None
    assert TokenFile(tmp_path, "alice", ISSUER).try_lock() is None
    assert try_in_another_process(tmp_path) == "held elsewhere"
    elsewhere: list[Any] = []

    def in_a_thread() -> None:
        elsewhere.append(file.try_lock())
        lock.release()

    thread = threading.Thread(target=in_a_thread)
    thread.start()
    thread.join()
    assert elsewhere == [None]
    assert try_in_another_process(tmp_path) == "taken"
    again = file.try_lock()
    assert again is not None
    again.release()


def test_each_user_has_a_lock(tmp_path: Path, file: TokenFile) -> None:
    locks = [file.try_lock(), TokenFile(tmp_path, "bob", ISSUER).try_lock()]
    for lock in locks:
        assert lock is not None
        lock.release()


def test_file_system_without_locks_raises_os_error(
    file: TokenFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    import filelock

    def none(*_: Any, **__: Any) -> None:
        raise NotImplementedError

    monkeypatch.setattr(filelock.FileLock, "acquire", none)
    with pytest.raises(OSError, match="does not support locks"):
        file.try_lock()


def test_unwritable_folder_cannot_be_locked(
    file: TokenFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = file.try_lock()
    assert lock is not None
    lock.release()
    monkeypatch.setattr(os, "access", lambda _, mode: mode != os.W_OK)  # root may write anywhere
    with pytest.raises(PermissionError):
        file.try_lock()


def fail_without_the_token(file: TokenFile, written: Token | None) -> None:
    with file.set_aside():
        assert file.read() is None
        if written is not None:
            file.write(written)
        raise KeyboardInterrupt


def test_set_aside_restores_the_token_after_an_error(file: TokenFile) -> None:
    place(file, OFFICIAL)
    with pytest.raises(KeyboardInterrupt):
        fail_without_the_token(file, None)
    assert file.path.read_bytes() == OFFICIAL
    if os.name != "nt":
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_set_aside_keeps_the_token_written_meanwhile(file: TokenFile) -> None:
    place(file, OFFICIAL)
    other = attrs.evolve(TOKEN, access_token="other")
    with pytest.raises(KeyboardInterrupt):
        fail_without_the_token(file, other)
    assert file.read() == other


def test_set_aside_without_a_token_creates_no_file(file: TokenFile) -> None:
    with file.set_aside():
        pass
    assert not file.path.exists()


@pytest.mark.skipif(os.name != "posix", reason="Windows cannot rename an open file")
def test_concurrent_writes_keep_each_others_token(
    file: TokenFile, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = TokenFile(file.path.parents[1], "alice", ISSUER)
    replace = os.replace

    def late(*paths: Any) -> None:
        monkeypatch.setattr(os, "replace", replace)
        other.write(attrs.evolve(TOKEN, access_token="other"))
        assert other.delete()
        replace(*paths)

    monkeypatch.setattr(os, "replace", late)
    file.write(TOKEN)
    assert warnings(caplog) == []
    assert file.read() == TOKEN
    assert list(file.path.parent.iterdir()) == [file.path]


def test_token_is_written_without_locks(
    file: TokenFile, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    file.write(TOKEN)
    file.write(TOKEN)
    assert warnings(caplog) == []
    assert list(file.path.parent.iterdir()) == [file.path]
