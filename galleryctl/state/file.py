"""State in a file of this machine: whole or not there, former versions kept, locked by one run at a time."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from galleryctl.state.backend import LockInfo
from galleryctl.state.content import read_content, read_former, write_content
from galleryctl.state.disk import read_file, replace_file, trouble_with
from galleryctl.state.document import State
from galleryctl.state.journal_file import FileJournal, JournalPlace
from galleryctl.state.journal_sealed import SealedJournal
from galleryctl.state.lock import FileLock
from galleryctl.state.seal import READABLE, Cipher
from galleryctl.state.versions import Version, Versions, gone


class FileState:
    """A StateBackend on `path`; beside it lie `PATH.versions`, the former versions, and `PATH.lock`."""

    def __init__(self, path: Path, *, versions: int = 10, cipher: Cipher = READABLE) -> None:
        self._path = path
        self._cipher = cipher
        self._versions = Versions(_Folder(path.with_name(f"{path.name}.versions")), number=versions, cipher=cipher)
        self._lock = FileLock(path.with_name(f"{path.name}.lock"))

    @property
    def location(self) -> str:
        """The file's path."""
        return str(self._path)

    def read(self) -> State | None:
        """The state, None when there is no file. Raises StateError when it is no state, saying how to get one back."""
        content = self._content()
        return None if content is None else read_content(content, self._cipher, where=self._path)

    def write(self, state: State) -> None:
        """Replace the file in one step, durably. Raises StateError when another run wrote it since; it is intact then."""
        self._lock.check()
        content = self._content()
        if content is not None:
            self._versions.keep(content, read_former(content, state, self._cipher, where=self._path))
        with trouble_with(self._path, "the state cannot be written"):
            replace_file(self._path, write_content(state, self._cipher))

    def versions(self) -> tuple[Version, ...]:
        """The former versions that are kept, the newest first."""
        return self._versions.all()

    def read_version(self, serial: int) -> State:
        """The newest former version with that serial. Raises StateError when it is not kept or cannot be read."""
        return self._versions.read(serial)

    def journal(self, local: Path) -> JournalPlace:
        """The file `local`."""
        return SealedJournal(FileJournal(local), self._cipher)

    def lock(self, owner: LockInfo, wait_seconds: float) -> AbstractContextManager[None]:
        """Hold the lock for the length of a `with`. Raises LockedError when it is taken for longer than the wait."""
        return self._lock.hold(owner, wait_seconds)

    def lock_info(self) -> LockInfo | None:
        """Who holds the lock now, None when nobody does."""
        return self._lock.holder()

    def unlock(self, run_id: str) -> None:
        """Break the lock of that run. Raises StateError when another run holds it, or its process still lives."""
        self._lock.release(run_id)

    def _content(self) -> bytes | None:
        return read_file(self._path, "the state cannot be read")


class _Folder:
    """A Shelf in a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> Iterable[str]:
        with trouble_with(self._path, "the former versions of the state cannot be listed"):
            return [path.name for path in self._path.iterdir()] if self._path.exists() else []

    def get(self, name: str) -> bytes:
        content = read_file(self._path / name, "the former version of the state cannot be read")
        if content is None:
            raise gone(self.location(name))
        return content

    def put(self, name: str, content: bytes) -> None:
        with trouble_with(self._path / name, "the state cannot be written"):
            replace_file(self._path / name, content)

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            with trouble_with(self._path / name, "the former version of the state cannot be removed"):
                (self._path / name).unlink(missing_ok=True)

    def location(self, name: str) -> str:
        return str(self._path / name)
