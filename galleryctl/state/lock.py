"""A lock on a local file: the operating system releases it when its process ends, however it ends.

Two files: `X.lock` is locked by the system and never removed; `X.lock.json` records the holder, for other runs to read.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from galleryctl.model.command import command_line
from galleryctl.model.errors import LockedError, StateError
from galleryctl.state.backend import LockInfo, check_unlock, decode_lock, lost_lock_error
from galleryctl.state.durable_files import io_errors, read_file, replace_file
from galleryctl.state.process import HolderStatus, holder_status

_POLL_SECONDS = 0.1
"""Seconds between two attempts to acquire a lock that is taken."""
_UNNAMED_HOLDER_WAIT = 0.5
"""Minimum wait in seconds for a lock without a recorded holder: it is being recorded, or `_is_held` is testing it."""


class FileLock:
    """The lock at `path`. It is never taken over: when its process ends, it is free."""

    default_wait = 0.0

    def __init__(self, path: Path) -> None:
        self._path = path
        self._info_path = path.with_name(f"{path.name}.json")
        self._descriptor: int | None = None

    @contextmanager
    def hold(self, owner: LockInfo) -> Iterator[None]:
        """Hold the lock for the length of a `with`. Raise LockedError if another run holds it."""
        descriptor = self._acquire()
        self._descriptor = descriptor
        try:
            with io_errors(self._info_path, "the lock's holder cannot be recorded"):
                replace_file(self._info_path, owner.encode())
            yield
        finally:
            if self._read_holder() == owner:  # after a force-unlock, another run may hold it
                with suppress(OSError):  # without the lock, a recorded holder has no effect
                    self._info_path.unlink(missing_ok=True)
            self._descriptor = None
            os.close(descriptor)

    def is_fresh(self) -> bool:
        """Return True unless this object acquired the lock and it was force-unlocked since."""
        return self._descriptor is None or self._is_locked(self._descriptor)

    def ensure_fresh(self) -> None:
        """Raise StateError if this object acquired the lock and it was force-unlocked since."""
        if not self.is_fresh():
            raise lost_lock_error(self._path, f"the lock is held by {self._read_holder() or 'another run, or is free'}")

    check_held = ensure_fresh

    def holder(self) -> LockInfo | None:
        """Return the current holder, None if the lock is free."""
        return self._read_holder() if self._is_held() else None

    def force_unlock(self, run_id: str) -> None:
        """Force-unlock that run. Raise StateError if it does not hold the lock, or its process is still running."""
        info = self._read_holder()
        held = self._is_held()
        running = held and info is not None and holder_status(info) is HolderStatus.RUNNING
        check_unlock(run_id, info, held=held, running=running, where=self._path)
        with io_errors(self._path, "the lock cannot be removed"):
            self._info_path.unlink(missing_ok=True)
            if held:  # by another machine, whose process cannot be examined: the next run locks a new file
                self._path.unlink(missing_ok=True)

    def _acquire(self) -> int:
        """Return the descriptor that holds the lock."""
        start = time.monotonic()
        while True:
            descriptor = self._try_acquire()
            if descriptor is not None:
                return descriptor
            info = self._read_holder()
            if info or time.monotonic() - start >= _UNNAMED_HOLDER_WAIT:
                unlock = command_line("state", "unlock", *((info.run,) if info else ()))
                raise LockedError(
                    f"the state is locked by {info or 'another process'}",
                    where=self._path,
                    do="wait with --lock-timeout SECONDS, or, if that run has ended, force-unlock: " + unlock,
                )
            time.sleep(_POLL_SECONDS)

    def _try_acquire(self) -> int | None:
        """Return the descriptor that now holds the lock, None if another process has it."""
        with io_errors(self._path, "the lock cannot be created"):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self._is_locked(descriptor):
                    return descriptor
            except BlockingIOError:
                pass
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)
            return None

    def _is_locked(self, descriptor: int) -> bool:
        """Return True if a lock on `descriptor` excludes other runs: a force-unlock removes its file from the path."""
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except FileNotFoundError:
            return False

    def _is_held(self) -> bool:
        """Return True if some process has the lock; the test takes it for an instant."""
        if not self._path.exists():
            return False
        descriptor = self._try_acquire()
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is None

    def _read_holder(self) -> LockInfo | None:
        """Return the last recorded holder, None if there is none or it cannot be read."""
        try:
            content = read_file(self._info_path, "the lock cannot be read")
            return None if content is None else decode_lock(content)
        except (StateError, ValueError):
            return None
