"""Files that are whole or not there: atomic replacement, durable writes, and disk trouble told to people."""

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
"""Bytes of a state, a journal or a version: what several hundred thousand items take."""

_DISK_FULL_ADVICE = "free some space and run the same command again; nothing that was saved is lost"
_PERMISSION_ADVICE = (
    "let this user read and write there, and run the same command again; nothing that was saved is lost"
)
_DEFAULT_ADVICE = "put that right and run the same command again; nothing that was saved is lost"


@contextmanager
def io_errors(path: Path, what: str) -> Iterator[None]:
    """Turns an OSError into a StateError that says `what` failed for `path`, why, and what to do."""
    try:
        yield
    except OSError as error:
        match error.errno:
            case errno.ENOSPC | errno.EDQUOT:
                raise StateError(f"{what}: the disk is full", where=path, do=_DISK_FULL_ADVICE) from error
            case errno.EFBIG:
                why = "this user's files may not grow further (ulimit -f)"
                raise StateError(what, where=path, why=why, do=_DEFAULT_ADVICE) from error
            case errno.EACCES | errno.EPERM | errno.EROFS:
                raise StateError(what, where=path, why=str(error.strerror), do=_PERMISSION_ADVICE) from error
        raise StateError(what, where=path, why=error.strerror or str(error), do=_DEFAULT_ADVICE) from error


def read_file(path: Path, what: str) -> bytes | None:
    """The content of `path`, None when there is no file. Raises StateError, which says `what` failed.

    A pipe or a device, put there by whomever, may never end; it is not read, nor is what is too large.
    """
    with io_errors(path, what):
        try:
            status = path.stat()
            readable = stat.S_ISREG(status.st_mode) and status.st_size <= MAX_STATE_BYTES
            content = path.read_bytes() if readable else b""
        except FileNotFoundError:
            return None
    if not readable:
        why = too_large_reason(status.st_size) if stat.S_ISREG(status.st_mode) else "it is no regular file"
        raise StateError(what, where=path, why=why, do=_DEFAULT_ADVICE)
    return content


def too_large_reason(size: int) -> str:
    """Why something of so many bytes is not read."""
    return f"it has {size:,} bytes; at most {MAX_STATE_BYTES:,} are read"


def replace_file(path: Path, content: bytes) -> None:
    """Make `content` what `path` holds, durably and readable by its owner only; on failure the old file stays.

    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".new")
    try:
        with os.fdopen(descriptor, "wb") as new:  # mkstemp made it 0600
            new.write(content)
            new.flush()
            os.fsync(new.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable: a rename is lost with the power until its folder is synced."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
