"""The certificates that connections trust, each loaded once in a process."""

from __future__ import annotations

import os
import re
import ssl
from pathlib import Path
from typing import Any

import attrs

from bitfount_api._internal.key_text import looks_like_key
from bitfount_api._internal.locks import InterruptibleLock
from bitfount_api._internal.validation import check_path

_BUNDLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""The environment variables that name certificates, the first one that is set counts."""

_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
_CERTIFICATE = b"-----BEGIN "

_lock = InterruptibleLock()
_contexts: dict[Trust, ssl.SSLContext] = {}


@attrs.frozen
class Trust:
    """Where the trusted certificates come from.

    Args:
        kind: ``default`` for those of the environment variables, or else of the HTTP library;
            ``system`` for those of the operating system; ``paths`` for files and folders.
        paths: The files and folders, each with its time of modification.
    """

    kind: str
    paths: tuple[tuple[str, int], ...] = ()

    @classmethod
    def in_paths(cls, paths: list[str], argument: str) -> Trust:
        """Trust the certificates of files and folders.

        Args:
            paths: The files and folders.
            argument: The argument, or the environment variable, that names them; for errors.

        Raises:
            ValueError: A file has no certificates, a folder is not hashed, or a path is the text of
                a certificate.
            FileNotFoundError: A file or folder does not exist.
        """
        found = []
        for path in paths:
            if looks_like_key(path):
                raise ValueError(f"{argument} must be a path, not the text of a certificate or key")
            check_path(argument, path)
            try:
                found.append(_checked(Path(path), argument))
            except FileNotFoundError:
                # A list may name folders that only other systems have.
                if len(paths) == 1:
                    raise
        if not found:
            raise FileNotFoundError(f"{argument}: none of its folders exists")
        return cls("paths", tuple(found))

    def context(self) -> ssl.SSLContext:
        """Return the TLS settings with these certificates. May take a third of a second.

        Raises:
            ValueError: A file or an environment variable cannot be used.
        """
        trust = self._resolved()
        with _lock:
            if trust not in _contexts:
                _contexts[trust] = trust._load()
            return _contexts[trust]

    def places(self) -> list[str]:
        """Return the files and folders that :meth:`context` reads; ``"system"`` for the system's.

        Raises:
            ValueError: A file or an environment variable cannot be used.
        """
        trust = self._resolved()
        if trust.kind == "default":
            import certifi

            return [certifi.where()]
        return ["system"] if trust.kind == "system" else [path for path, _ in trust.paths]

    def _resolved(self) -> Trust:
        """Return what the environment makes of this now."""
        if self.kind == "default":
            return _from_env()
        if self.kind == "system":
            # OpenSSL reads these variables too. The names only tell one setting from another.
            names = (os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))
            return Trust("system", tuple((name, 0) for name in names))
        return self

    def _load(self) -> ssl.SSLContext:
        if self.kind == "system":
            return ssl.create_default_context()
        if self.kind == "default":
            import certifi

            return ssl.create_default_context(cafile=certifi.where())
        context: ssl.SSLContext | None = None
        for path, _ in self.paths:
            where: dict[str, Any] = {"capath" if os.path.isdir(path) else "cafile": path}
            try:
                if context is None:
                    context = ssl.create_default_context(**where)
                else:
                    context.load_verify_locations(**where)
            except (ssl.SSLError, OSError) as error:
                raise ValueError(f"{path} contains no valid PEM certificates") from error
        assert context is not None  # noqa: S101 - there is at least one path
        return context


def _from_env() -> Trust:
    for name in _BUNDLES:
        value = os.environ.get(name, "")
        paths = value.split(os.pathsep) if name == "SSL_CERT_DIR" else [value]
        if any(paths):
            try:
                return Trust.in_paths([path for path in paths if path], name)
            except FileNotFoundError as error:
                raise ValueError(str(error)) from None
    return Trust("default")


def _checked(path: Path, argument: str) -> tuple[str, int]:
    try:
        status = path.stat()
        if path.is_dir():
            if not any(_HASHED.fullmatch(entry.name) for entry in path.iterdir()):
                raise ValueError(
                    f"{argument}: the folder {path} has no certificates under the hashes of their "
                    f"subjects; run: openssl rehash {path}"
                )
        elif _CERTIFICATE not in path.read_bytes():
            raise ValueError(f"{argument}: {path} contains no PEM certificates")
    except FileNotFoundError:
        raise FileNotFoundError(f"{argument}: there is no file or folder {path}") from None
    except OSError as error:
        raise ValueError(f"{argument}: {path} cannot be read: {error.strerror}") from None
    return str(path), status.st_mtime_ns
