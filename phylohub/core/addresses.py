"""Folders at any address that fsspec knows: s3://bucket/folder, gs://, az://, memory://, file:///folder."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
from fsspec.core import url_to_fs

from phylohub.core.errors import PhylohubError

# A scheme, or several of them chained (simplecache::s3://).
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*(::[a-z][a-z0-9+.-]*)*://", re.IGNORECASE)
_PASSWORD = re.compile(r"(?<=://)[^/@]*@")


def is_address(text: str) -> bool:
    """Whether the text is an address with a scheme, and not the path of a local file or folder."""
    return _ADDRESS.match(text) is not None


@dataclass(frozen=True)
class Store:
    """A folder of a filesystem. `shown` is its address as messages show it, without a password."""

    filesystem: Any
    path: str
    shown: str

    def __truediv__(self, name: str) -> "Store":
        return Store(self.filesystem, f"{self.path.rstrip('/')}/{name}", f"{self.shown.rstrip('/')}/{name}")

    def read(self) -> bytes | None:
        """The bytes of the file at this address, or None if there is none."""
        with self._telling("read"):
            try:
                return bytes(self.filesystem.cat_file(self.path))
            except FileNotFoundError:
                return None

    def write(self, content: bytes) -> None:
        """Write a file, or replace it, so that a reader sees either the old or the new content.

        Object stores replace a file atomically. A local one is written beside it and renamed.
        """
        with self._telling("write"):
            if not self._is_local():
                self.filesystem.pipe_file(self.path, content)
                return
            self.filesystem.makedirs(self.path.rpartition("/")[0], exist_ok=True)
            self.filesystem.pipe_file(f"{self.path}.part", content)
            Path(f"{self.path}.part").replace(self.path)

    def put(self, file: Path) -> None:
        """Copy a local file to this address."""
        with self._telling("write"):
            if self._is_local():
                self.filesystem.makedirs(self.path.rpartition("/")[0], exist_ok=True)
            self.filesystem.put_file(str(file), self.path)

    def delete(self) -> None:
        """Delete the file at this address, if there is one."""
        with self._telling("delete"):
            try:
                self.filesystem.rm_file(self.path)
            except FileNotFoundError:
                return

    def names(self) -> list[str]:
        """The sorted names of the files and folders in this folder; empty if there is no such folder."""
        with self._telling("list"):
            self.filesystem.invalidate_cache()
            try:
                listed = self.filesystem.ls(self.path, detail=False)
            except FileNotFoundError:
                return []
        return sorted({str(path).rstrip("/").rpartition("/")[2] for path in listed} - {""})

    def _is_local(self) -> bool:
        protocols = self.filesystem.protocol
        return "file" in ((protocols,) if isinstance(protocols, str) else protocols)

    @contextmanager
    def _telling(self, doing: str) -> Iterator[None]:
        """Turn the errors of a filesystem into a PhylohubError with the address."""
        try:
            yield
        except (OSError, ImportError, ValueError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and str(error) == "Query interrupted":
                raise
            reason = " ".join(str(error).split()) or type(error).__name__
            raise PhylohubError(
                f"Cannot {doing} {self.shown} ({reason}). Check the address and the credentials of this store, then "
                "run the same command again."
            ) from error


def open_store(address: str) -> Store:
    """The folder at an address. Nothing is read or written yet.

    Raises PhylohubError if no filesystem has the scheme, or if its package is not installed.
    """
    shown = _PASSWORD.sub("", address).rstrip("/")
    scheme = address.partition("://")[0].rpartition("::")[2]
    try:
        filesystem, path = url_to_fs(address)
    except ImportError as error:
        raise PhylohubError(f"{shown}: {error}. Install it, then run the same command again.") from error
    except ValueError as error:
        known = scheme in fsspec.available_protocols()
        reason = str(error) if known else f"no filesystem of fsspec has the scheme {scheme}"
        raise PhylohubError(
            f"{shown} is not a valid address: {reason}. Use one such as s3://bucket/folder or file:///folder."
        ) from error
    return Store(filesystem, str(path), shown)
