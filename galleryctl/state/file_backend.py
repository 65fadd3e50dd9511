"""State in a file of this machine: whole or not there, former versions kept, locked by one run at a time."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from galleryctl.state.backend import LockInfo
from galleryctl.state.durable_files import io_errors, read_file, replace_file
from galleryctl.state.encryption import NO_ENCRYPTION, Encryption
from galleryctl.state.journal_encrypted import EncryptedJournal
from galleryctl.state.journal_file import FileJournal, JournalStore
from galleryctl.state.lock import FileLock
from galleryctl.state.serialize import deserialize_state, read_replaced_state, serialize_state
from galleryctl.state.state_file import State
from galleryctl.state.versions import Version, VersionArchive, missing_version_error


class FileStateBackend:
    """A StateBackend on `path`; beside it lie `PATH.versions`, the former versions, and `PATH.lock`."""

    def __init__(self, path: Path, *, max_versions: int = 10, encryption: Encryption = NO_ENCRYPTION) -> None:
        self._path = path
        self._encryption = encryption
        self._versions = VersionArchive(
            _FileVersionStore(path.with_name(f"{path.name}.versions")), limit=max_versions, encryption=encryption
        )
        self._lock = FileLock(path.with_name(f"{path.name}.lock"))

    @property
    def location(self) -> str:
        """The file's path."""
        return str(self._path)

    def read(self) -> State | None:
        """The state, None when there is no file. Raises StateError when it is no state, saying how to get one back."""
        content = self._read_content()
        return None if content is None else deserialize_state(content, self._encryption, where=self._path)

    def write(self, state: State) -> None:
        """Replace the file in one step, durably. Raises StateError when another run wrote it since; it is intact then."""
        self._lock.check_held()
        content = self._read_content()
        if content is not None:
            self._versions.archive(content, read_replaced_state(content, state, self._encryption, where=self._path))
        with io_errors(self._path, "the state cannot be written"):
            replace_file(self._path, serialize_state(state, self._encryption))

    def versions(self) -> tuple[Version, ...]:
        """The former versions that are kept, the newest first."""
        return self._versions.newest_first()

    def read_version(self, serial: int) -> State:
        """The newest former version with that serial. Raises StateError when it is not kept or cannot be read."""
        return self._versions.read(serial)

    def journal(self, local: Path) -> JournalStore:
        """The file `local`."""
        return EncryptedJournal(FileJournal(local), self._encryption)

    def lock(self, owner: LockInfo, wait_seconds: float) -> AbstractContextManager[None]:
        """Hold the lock for the length of a `with`. Raises LockedError when it is taken for longer than the wait."""
        return self._lock.hold(owner, wait_seconds)

    def lock_holder(self) -> LockInfo | None:
        """Who holds the lock now, None when nobody does."""
        return self._lock.holder()

    def force_unlock(self, run_id: str) -> None:
        """Break the lock of that run. Raises StateError when another run holds it, or its process still lives."""
        self._lock.force_unlock(run_id)

    def _read_content(self) -> bytes | None:
        return read_file(self._path, "the state cannot be read")


class _FileVersionStore:
    """A Shelf in a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> Iterable[str]:
        with io_errors(self._path, "the former versions of the state cannot be listed"):
            return [path.name for path in self._path.iterdir()] if self._path.exists() else []

    def get(self, name: str) -> bytes:
        content = read_file(self._path / name, "the former version of the state cannot be read")
        if content is None:
            raise missing_version_error(self.location(name))
        return content

    def put(self, name: str, content: bytes) -> None:
        with io_errors(self._path / name, "the state cannot be written"):
            replace_file(self._path / name, content)

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            with io_errors(self._path / name, "the former version of the state cannot be removed"):
                (self._path / name).unlink(missing_ok=True)

    def location(self, name: str) -> str:
        return str(self._path / name)
