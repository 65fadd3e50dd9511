"""A lock on a file of this machine: the operating system lets go of it when its process ends, however it ends.

Two files: `X.lock` is what the system locks, and is left lying; `X.lock.json` says who holds it, for the others to read.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from galleryctl.model.errors import LockedError, StateError
from galleryctl.state.backend import LockInfo, decode_lock
from galleryctl.state.durable_files import io_errors, read_file, replace_file
from galleryctl.state.process import is_local, process_exists

_POLL_SECONDS = 0.1
"""Seconds between two tries for a lock that is taken."""
_UNNAMED_HOLDER_WAIT = 0.5
"""Seconds that a lock without a name is waited for at least: its holder is just signing, or only looks."""


class FileLock:
    """The lock at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._info_path = path.with_name(f"{path.name}.json")
        self._descriptor: int | None = None

    @contextmanager
    def hold(self, owner: LockInfo, wait_seconds: float) -> Iterator[None]:
        """Hold it for the length of a `with`. Raises LockedError when it is taken for longer than `wait_seconds`."""
        descriptor = self._acquire(wait_seconds)
        self._descriptor = descriptor
        try:
            with io_errors(self._info_path, "the lock cannot be signed"):
                replace_file(self._info_path, owner.encode())
            yield
        finally:
            if self._read_holder() == owner:  # a run that broke the lock may have signed since
                with suppress(OSError):  # without the lock, a signature left behind means nothing
                    self._info_path.unlink(missing_ok=True)
            self._descriptor = None
            os.close(descriptor)

    def check_held(self) -> None:
        """Raise StateError when this holds the lock and it was broken meanwhile."""
        if self._descriptor is None or self._is_locked(self._descriptor):
            return
        raise StateError(
            "the lock of this run was broken; it writes nothing more",
            where=self._path,
            why=f"the lock is held by {self._read_holder() or 'another run, or by none'}",
            do="run the same command again, once no other run is under way",
        )

    def holder(self) -> LockInfo | None:
        """Who holds it now, None when nobody does."""
        return self._read_holder() if self._is_held() else None

    def force_unlock(self, run_id: str) -> None:
        """Break the lock of that run. Raises StateError when it holds none, or when its process still lives."""
        info = self._read_holder()
        held = self._is_held()
        if info is None or info.run != run_id:
            holder = f"it is held by {info}" if held and info else "it is held" if held else "it is free"
            raise StateError(
                f"run {run_id} does not hold the lock",
                where=self._path,
                why=holder,
                do="" if info is None or not held else f"if that run is over: galleryctl state unlock {info.run}",
            )
        if held and is_local(info) and process_exists(info.pid):
            raise StateError(
                f"run {run_id} is still at work",
                where=self._path,
                why=f"it is held by {info}",
                do=f"stop that process (kill {info.pid}); its lock goes with it",
            )
        with io_errors(self._path, "the lock cannot be broken"):
            self._info_path.unlink(missing_ok=True)
            if held:  # by a machine that cannot be asked: whoever comes next locks a file of its own
                self._path.unlink(missing_ok=True)

    def _acquire(self, seconds: float) -> int:
        """The descriptor that holds the lock."""
        start = time.monotonic()
        while True:
            descriptor = self._try_acquire()
            if descriptor is not None:
                return descriptor
            info = self._read_holder()
            if time.monotonic() - start >= (seconds if info else max(seconds, _UNNAMED_HOLDER_WAIT)):
                raise LockedError(
                    f"the state is locked by {info or 'another process'}",
                    where=self._path,
                    do=f"wait with --lock-timeout SECONDS, or break it: galleryctl state unlock {info.run if info else ''}".rstrip(),
                )
            time.sleep(_POLL_SECONDS)

    def _try_acquire(self) -> int | None:
        """The descriptor that holds the lock now, None when another has it."""
        with io_errors(self._path, "the lock cannot be made"):
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
        """Whether a lock on `descriptor` keeps others out: not on a file that was unlinked, since the lock was broken."""
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except FileNotFoundError:
            return False

    def _is_held(self) -> bool:
        """Whether some process has the lock; looking takes it for an instant."""
        if not self._path.exists():
            return False
        descriptor = self._try_acquire()
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is None

    def _read_holder(self) -> LockInfo | None:
        """Who signed last, None when nobody did or it cannot be read."""
        try:
            content = read_file(self._info_path, "the lock cannot be read")
            return None if content is None else decode_lock(content)
        except (StateError, ValueError):
            return None
