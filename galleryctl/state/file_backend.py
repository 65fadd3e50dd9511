"""State in a local file: replaced atomically, previous versions kept, locked by one run at a time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from galleryctl.state.backend import StateBackend
from galleryctl.state.durable_files import io_errors, read_file, replace_file
from galleryctl.state.encryption import NO_ENCRYPTION, Encryption
from galleryctl.state.journal_encrypted import EncryptedJournal
from galleryctl.state.journal_file import FileJournal, JournalStore
from galleryctl.state.lock import FileLock
from galleryctl.state.serialize import deserialize_state, read_replaced_state, serialize_state
from galleryctl.state.state_file import State
from galleryctl.state.versions import VersionArchive, missing_version_error


class FileStateBackend(StateBackend):
    """A StateBackend on `path`; previous versions are in `PATH.versions`, the lock is `PATH.lock`."""

    def __init__(self, path: Path, *, max_versions: int = 10, encryption: Encryption = NO_ENCRYPTION) -> None:
        store = _FileVersionStore(path.with_name(f"{path.name}.versions"))
        self._file_lock = FileLock(path.with_name(f"{path.name}.lock"))
        super().__init__(VersionArchive(store, limit=max_versions, encryption=encryption), self._file_lock)
        self._path = path
        self._encryption = encryption

    @property
    def location(self) -> str:
        """The file's path."""
        return str(self._path)

    def read(self) -> State | None:
        """Return the state, None if there is no file. Raise StateError with repair advice if it is not a state."""
        content = self._read_content()
        return None if content is None else deserialize_state(content, self._encryption, where=self._path)

    def write(self, state: State) -> None:
        """Replace the file atomically. Raise StateError, and leave the file intact, if another run wrote it since."""
        self._file_lock.check_held()
        content = self._read_content()
        if content is not None:
            self._versions.archive(content, read_replaced_state(content, state, self._encryption, where=self._path))
        with io_errors(self._path, "the state cannot be written"):
            replace_file(self._path, serialize_state(state, self._encryption))

    def journal(self, local: Path) -> JournalStore:
        """Return the journal in the file `local`."""
        return EncryptedJournal(FileJournal(local), self._encryption)

    def _read_content(self) -> bytes | None:
        return read_file(self._path, "the state cannot be read")


class _FileVersionStore:
    """A VersionStore in a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> Iterable[str]:
        with io_errors(self._path, "the previous versions of the state cannot be listed"):
            return [path.name for path in self._path.iterdir()] if self._path.exists() else []

    def get(self, name: str) -> bytes:
        content = read_file(self._path / name, "the previous version of the state cannot be read")
        if content is None:
            raise missing_version_error(self.location(name))
        return content

    def put(self, name: str, content: bytes) -> None:
        with io_errors(self._path / name, "the state cannot be written"):
            replace_file(self._path / name, content)

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            with io_errors(self._path / name, "the previous version of the state cannot be removed"):
                (self._path / name).unlink(missing_ok=True)

    def location(self, name: str) -> str:
        return str(self._path / name)
