"""Locks on files, which the operating system releases whenever the process ends."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import lock_descriptor

from phylohub.core.errors import PhylohubError


class BusyError(PhylohubError):
    """Another process holds the lock."""


@contextmanager
def held_lock(path: Path) -> Iterator[int]:
    """Hold the lock of a file, which is created if it is missing. Yields its descriptor.

    The content of the file is never touched, and a link is not followed: it could lead to a file of somebody else.
    Raises BusyError if another process holds the lock, and PhylohubError if the path is not a regular file.
    """
    descriptor = open_lock(path)
    try:
        if not lock_descriptor(descriptor, blocking=False):
            raise BusyError(f"{path} is locked by another process. Wait until it ends.")
        yield descriptor
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether a process holds the lock of an existing file. Raises as held_lock does."""
    try:
        with held_lock(path):
            return False
    except BusyError:
        return True


def open_lock(path: Path) -> int:
    """Open a lock file without following links and without truncating it; return its descriptor.

    Raises PhylohubError if the path is a link or not a regular file.
    """
    # O_NONBLOCK: opening a named pipe would wait for its other end. Windows has neither flag.
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        if path.is_symlink():
            raise OSError("it is a link")
        descriptor = os.open(path, flags, 0o644)
    except OSError as error:
        raise PhylohubError(
            f"{path} cannot be used as a lock file ({error.strerror or error}), and was not touched. Remove it, and "
            "run the same command again."
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise PhylohubError(
            f"{path} cannot be used as a lock file (it is no regular file), and was not touched. Remove it, and run "
            "the same command again."
        )
    return descriptor
