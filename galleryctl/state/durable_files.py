"""Atomic, durable replacement of files, and messages for disk errors."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from galleryctl.model.errors import StateError

MAX_STATE_BYTES = 100_000_000
"""Maximum size of a state, a journal or a version: enough for several hundred thousand items."""

_DISK_FULL_ADVICE = "free some space and run the same command again; nothing that was saved is lost"
_PERMISSION_ADVICE = (
    "grant this user read and write access and run the same command again; nothing that was saved is lost"
)
_DEFAULT_ADVICE = "correct this and run the same command again; nothing that was saved is lost"


@contextmanager
def io_errors(path: Path, what: str) -> Iterator[None]:
    """Turn an OSError within the `with` into a StateError with the message `what`, the reason and advice."""
    try:
        yield
    except OSError as error:
        match error.errno:
            case errno.ENOSPC | errno.EDQUOT:
                raise StateError(f"{what}: the disk is full", where=path, do=_DISK_FULL_ADVICE) from error
            case errno.EFBIG:
                why = "this user's file size limit is reached (ulimit -f)"
                raise StateError(what, where=path, why=why, do=_DEFAULT_ADVICE) from error
            case errno.EACCES | errno.EPERM | errno.EROFS:
                raise StateError(what, where=path, why=str(error.strerror), do=_PERMISSION_ADVICE) from error
        raise StateError(what, where=path, why=error.strerror or str(error), do=_DEFAULT_ADVICE) from error


def read_file(path: Path, what: str) -> bytes | None:
    """Return the content of `path`, None if there is no file. Raise StateError with the message `what`.

    Pipes and devices, which may never end, and files that are too large are not read.
    """
    with io_errors(path, what):
        try:
            status = path.stat()
            readable = stat.S_ISREG(status.st_mode) and status.st_size <= MAX_STATE_BYTES
            content = path.read_bytes() if readable else b""
        except FileNotFoundError:
            return None
    if not readable:
        why = too_large_reason(status.st_size) if stat.S_ISREG(status.st_mode) else "it is not a regular file"
        raise StateError(what, where=path, why=why, do=_DEFAULT_ADVICE)
    return content


def too_large_reason(size: int) -> str:
    """Return the reason for not reading a state of `size` bytes."""
    return f"it has {size:,} bytes; the limit is {MAX_STATE_BYTES:,}"


def replace_file(path: Path, content: bytes) -> None:
    """Replace `path` atomically and durably, with access for its owner only. Raise OSError; the old file then stays.

    If `path` is a link, its target is replaced.
    """
    path = follow_link(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".new")
    try:
        with os.fdopen(descriptor, "wb") as new:  # created by mkstemp with mode 0600
            new.write(content)
            new.flush()
            os.fsync(new.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    sync_folder(path.parent)


def follow_link(path: Path) -> Path:
    """Return the target of a link, and any other path unchanged: a file with two names is one file, with one lock."""
    return path.resolve() if path.is_symlink() else path


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` durable: until its folder is synced, a rename can be lost in a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
