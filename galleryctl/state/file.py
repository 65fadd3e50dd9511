"""State in a file of this machine: whole or not there, the version before kept, locked by one run at a time."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path

from galleryctl.model.errors import StateError
from galleryctl.state.backend import LockInfo
from galleryctl.state.disk import replace_file, trouble_with
from galleryctl.state.document import State, decode, encode
from galleryctl.state.journal_file import FileJournal, JournalPlace
from galleryctl.state.lock import FileLock


class FileState:
    """A StateBackend on `path`; beside it lie `PATH.backup`, the version before, and `PATH.lock`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._backup = path.with_name(f"{path.name}.backup")
        self._lock = FileLock(path.with_name(f"{path.name}.lock"))

    @property
    def location(self) -> str:
        """The file's path."""
        return str(self._path)

    def read(self) -> State | None:
        """The state, None when there is no file. Raises StateError when it is no state, naming the backup."""
        content = self._content()
        return None if content is None else self._state(content)

    def write(self, state: State) -> None:
        """Replace the file in one step, durably. Raises StateError when another run wrote it since; it is intact then."""
        before = self._content()
        if before is not None:
            self._check_follows(before, state)
        text = json.dumps(encode(state), indent=2) + "\n"
        with trouble_with(self._path, "the state cannot be written"):
            if before is not None:
                replace_file(self._backup, before)
            replace_file(self._path, text.encode())

    def journal(self, local: Path) -> JournalPlace:
        """The file `local`."""
        return FileJournal(local)

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
        with trouble_with(self._path, "the state cannot be read"):
            try:
                return self._path.read_bytes()
            except FileNotFoundError:
                return None

    def _state(self, content: bytes) -> State:
        do = "make it anew from the site: galleryctl state rebuild"
        if self._backup.exists():
            do = f"put the version before back ({self._backup}), or {do}"
        try:
            document = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise StateError("the state is no JSON", where=self._path, why=str(error), do=do) from error
        return decode(document, where=self._path, do=do)

    def _check_follows(self, before: bytes, state: State) -> None:
        """A run whose lock was broken must not write over what came after it."""
        try:
            found = self._state(before)
        except StateError:
            return  # what cannot be read is replaced by a rebuild, and stays as the backup
        if found.lineage == state.lineage and found.serial >= state.serial:
            raise StateError(
                "another run wrote the state meanwhile",
                where=self._path,
                why=f"its serial is {found.serial}, this run would write {state.serial}",
                do="run the same command again",
            )
