"""State in a local file: replaced atomically, previous versions kept, locked by one run at a time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from galleryctl.state.backend import StateBackend
from galleryctl.state.durable_files import follow_link, io_errors, read_file, replace_file
from galleryctl.state.journal_file import FileJournal, JournalStore
from galleryctl.state.lock import FileLock
from galleryctl.state.versions import missing_content_error


class FileStateBackend(StateBackend):
    """A StateBackend on `path`; previous versions are in `PATH.versions`, the lock is `PATH.lock`.

    The records of runs are in `PATH.history`. All are beside the target of a link.
    """

    def __init__(self, path: Path, *, max_versions: int = 10) -> None:
        path = follow_link(path)
        lock = FileLock(path.with_name(f"{path.name}.lock"))
        versions = _Folder(path.with_name(f"{path.name}.versions"), "previous versions of the state")
        history = _Folder(path.with_name(f"{path.name}.history"), "records of earlier runs")
        super().__init__(str(path), lock, versions, max_versions, history)
        self._path = path
        self._loaded: bytes | None = None

    def load(self, *, for_update: bool = False) -> bytes | None:  # noqa: ARG002 - the lock excludes other writers
        """Return the content of the file, None if there is none."""
        self._loaded = read_file(self._path, "the state cannot be read")
        return self._loaded

    def replace(self, content: bytes, archive_as: str | None) -> None:
        """Replace the file atomically, after storing its content as a version."""
        if self._loaded is not None and archive_as is not None:
            self.version_store.put(archive_as, self._loaded)
        with io_errors(self._path, "the state cannot be written"):
            replace_file(self._path, content)

    def journal(self, local: Path) -> JournalStore:
        """Return the journal in the file `local`."""
        return FileJournal(local)


class _Folder:
    """NamedContents in a folder; `what` they are is for messages."""

    def __init__(self, path: Path, what: str) -> None:
        self._path = path
        self._what = what

    def names(self) -> Iterable[str]:
        with io_errors(self._path, f"the {self._what} cannot be listed"):
            return [path.name for path in self._path.iterdir()] if self._path.exists() else []

    def get(self, name: str) -> bytes:
        content = read_file(self._path / name, f"one of the {self._what} cannot be read")
        if content is None:
            raise missing_content_error(self.location(name))
        return content

    def put(self, name: str, content: bytes) -> None:
        with io_errors(self._path / name, f"one of the {self._what} cannot be written"):
            replace_file(self._path / name, content)

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            with io_errors(self._path / name, f"one of the {self._what} cannot be removed"):
                (self._path / name).unlink(missing_ok=True)

    def location(self, name: str) -> str:
        return str(self._path / name)
