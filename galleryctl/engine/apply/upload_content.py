"""The bytes that an upload sends: those of the planned file, or none.

Before the first byte is sent, the file is read once and compared with the plan. Each block that is read later must be
equal to that first reading, so that no upload, whole or in part, has bytes that the plan does not know.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles, normalize_path
from galleryctl.model.errors import StaleError
from galleryctl.model.media import LocalFile
from galleryctl.photo.privacy.strip import find_private
from galleryctl.photo.source import MalformedError
from galleryctl.photo.splice import Splice, read_spliced, spliced_size

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadContent:
    """The bytes that are sent for a file: its own with `splices`. Reading them raises StaleError if the file changes meanwhile."""

    file: BinaryIO
    """The planned file; see `_PlannedBytes`."""
    sha256: str
    """The digest of the planned file."""
    size: int
    splices: Sequence[Splice] = ()

    @property
    def digest(self) -> str:
        """The digest of the file and the splices, which names exactly the bytes that are sent."""
        spliced = f"{self.sha256} {[tuple(splice) for splice in self.splices]}"
        return hashlib.sha256(spliced.encode()).hexdigest() if self.splices else self.sha256

    async def read(self) -> AsyncIterator[bytes]:
        """Yield all bytes from the start."""
        blocks = read_spliced(self.file, self.splices)
        while block := await asyncio.to_thread(next, blocks, b""):
            yield block


@asynccontextmanager
async def open_upload(source: LocalFile, root: Path) -> AsyncIterator[UploadContent]:
    """Open what is sent for `source`, a file of the workspace at `root`.

    Its path may come from an edited plan: it must be inside the workspace. Raises StaleError, which names the file, if
    the file is not the planned one or cannot be read.
    """
    try:
        with WorkspaceFiles(root).open(normalize_path(source.path)) as stream:
            file = io.BufferedReader(await asyncio.to_thread(_PlannedBytes, stream, source), _BLOCK_BYTES)
            splices = await asyncio.to_thread(_find_splices, file, source)
            yield UploadContent(
                file=file, sha256=source.sha256, size=spliced_size(source.size, splices), splices=splices
            )
    except WorkspaceFileError as error:
        raise StaleError(str(error), do="create a new plan") from error


def _find_splices(file: BinaryIO, source: LocalFile) -> Sequence[Splice]:
    """Return the splices that remove what the uploaded copy does not have. Raises StaleError if they are not planned."""
    if not source.without:
        return ()
    try:
        found = find_private(file, source.without)
    except MalformedError as error:
        raise StaleError(
            f"private data cannot be removed: {error}", where=source.path, do="create a new plan"
        ) from error
    if found.kinds != source.without:
        raise StaleError("its private data are not the planned ones", where=source.path, do="create a new plan")
    return found.splices


class _PlannedBytes(io.RawIOBase):
    """The bytes of an open file, which must be the planned ones whenever they are read."""

    def __init__(self, stream: BinaryIO, source: LocalFile) -> None:
        """Read the file once. Raises StaleError if it is not the planned one."""
        self._stream, self._source, self._at = stream, source, 0
        self._digests: list[bytes] = []
        whole = hashlib.sha256()
        stream.seek(0)
        while block := stream.read(_BLOCK_BYTES):
            whole.update(block)
            self._digests.append(_digest(block))
            if len(self._digests) * _BLOCK_BYTES > source.size + _BLOCK_BYTES:
                break  # it grew, and may grow faster than it is read
        if whole.hexdigest() != source.sha256:
            raise self._changed_error()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # the base class takes any buffer
        number, start = divmod(self._at, _BLOCK_BYTES)
        part = self._read_block(number)[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _read_block(self, number: int) -> bytes:
        self._stream.seek(number * _BLOCK_BYTES)
        block = self._stream.read(_BLOCK_BYTES)
        planned = self._digests[number] if number < len(self._digests) else _digest(b"")
        if _digest(block) != planned:
            raise self._changed_error()
        return block

    def _changed_error(self) -> StaleError:
        return StaleError("the file changed since the plan was made", where=self._source.path, do="create a new plan")


def _digest(block: bytes) -> bytes:
    return hashlib.blake2b(block, digest_size=16).digest()
