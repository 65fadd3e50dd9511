"""A lock on a file of this machine: the operating system lets go of it when its process ends, however it ends.

Two files: `X.lock` is what the system locks, and is left lying; `X.lock.json` says who holds it, for the others to read.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from galleryctl.model.errors import LockedError, StateError
from galleryctl.state.backend import LockInfo
from galleryctl.state.disk import replace_file, trouble_with

POLL = 0.1
"""Seconds between two tries for a lock that is taken."""
GRACE = 0.5
"""Seconds that a lock without a name is waited for at least: its holder is just signing, or only looks."""


class FileLock:
    """The lock at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._info_path = path.with_name(f"{path.name}.json")

    @contextmanager
    def hold(self, owner: LockInfo, wait_seconds: float) -> Iterator[None]:
        """Hold it for the length of a `with`. Raises LockedError when it is taken for longer than `wait_seconds`."""
        descriptor = self._wait(wait_seconds)
        try:
            with trouble_with(self._info_path, "the lock cannot be signed"):
                replace_file(self._info_path, json.dumps(asdict(owner)).encode() + b"\n")
            yield
        finally:
            if self._signature() == owner:  # a run that broke the lock may have signed since
                self._info_path.unlink(missing_ok=True)
            os.close(descriptor)

    def holder(self) -> LockInfo | None:
        """Who holds it now, None when nobody does."""
        return self._signature() if self._held() else None

    def release(self, run_id: str) -> None:
        """Break the lock of that run. Raises StateError when it holds none, or when its process still lives."""
        info = self._signature()
        held = self._held()
        if info is None or info.run != run_id:
            holder = f"it is held by {info}" if held and info else "it is held" if held else "it is free"
            raise StateError(f"run {run_id} does not hold the lock", where=self._path, why=holder)
        if held and _is_here(info) and _lives(info.pid):
            raise StateError(
                f"run {run_id} is still at work",
                where=self._path,
                why=f"it is held by {info}",
                do=f"stop that process (kill {info.pid}); its lock goes with it",
            )
        with trouble_with(self._path, "the lock cannot be broken"):
            self._info_path.unlink(missing_ok=True)
            if held:  # by a machine that cannot be asked: whoever comes next locks a file of its own
                self._path.unlink(missing_ok=True)

    def _wait(self, seconds: float) -> int:
        """The descriptor that holds the lock."""
        start = time.monotonic()
        while True:
            descriptor = self._try()
            if descriptor is not None:
                return descriptor
            info = self._signature()
            if time.monotonic() - start >= (seconds if info else max(seconds, GRACE)):
                raise LockedError(
                    f"the state is locked by {info or 'another process'}",
                    where=self._path,
                    do=f"wait with --lock-timeout SECONDS, or break it: galleryctl state unlock {info.run if info else ''}".rstrip(),
                )
            time.sleep(POLL)

    def _try(self) -> int | None:
        """The descriptor that holds the lock now, None when another has it."""
        with trouble_with(self._path, "the lock cannot be made"):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # A lock on a file that was unlinked meanwhile (the lock was broken) keeps nobody out.
                if os.path.samestat(os.fstat(descriptor), self._path.stat()):
                    return descriptor
            except (BlockingIOError, FileNotFoundError):
                pass
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)
            return None

    def _held(self) -> bool:
        """Whether some process has the lock; looking takes it for an instant."""
        if not self._path.exists():
            return False
        descriptor = self._try()
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is None

    def _signature(self) -> LockInfo | None:
        """Who signed last, None when nobody did or it cannot be read."""
        try:
            return LockInfo(**json.loads(self._info_path.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None


def _is_here(info: LockInfo) -> bool:
    return info.who.rpartition("@")[2] == socket.gethostname()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
