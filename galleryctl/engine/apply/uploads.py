"""Upload media to the site's Media Manager: each content once, and READY before an item shows it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable
from io import BufferedReader
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles, normalize_path
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import StaleError
from galleryctl.model.media import Kind, LocalFile, MediaFile, RemoteFile, WixFile, content_label, content_labels
from galleryctl.plan.changes import Plan
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import MediaFailed

_CHUNK_BYTES = 1 << 20


async def upload_media(
    client: WixClient, source: LocalFile | RemoteFile, kind: Kind, *, root: Path, folder: str
) -> MediaFile:
    """Upload `source`, wait until it is READY and return the file; the label of its content makes it recoverable.

    Raises StaleError if a local file changed since the plan or is outside `root`, ApiError if the Media Manager rejects
    it.
    """
    if isinstance(source, RemoteFile):
        name = unquote(PurePosixPath(urlsplit(source.url).path).name)
        labels = content_labels(source)
        file = await client.import_url(source.url, kind, name=name, folder=folder, labels=labels)
    else:
        file = await _upload_local(client, source, root=root, folder=folder)
    (ready,) = await client.wait_ready((file,))
    return ready


async def fetch_media_files(client: WixClient, plan: Plan, bindings: Bindings) -> dict[str, MediaFile]:
    """Return the uploaded files that the plan's changes show, by id: items are sent with the pixel sizes.

    Waits for files in processing. Files that no longer exist in the Media Manager, or failed there, are left out.
    """
    media = {**bindings.media, **plan.media}
    ids: list[str] = []
    for change in plan.changes:
        if isinstance(change.media, LocalFile | RemoteFile) and change.media.source in media:
            ids.append(media[change.media.source])
        elif isinstance(change.media, WixFile):
            ids.append(change.media.id)
    files = await client.get_files(tuple(dict.fromkeys(ids))) if ids else ()
    usable = [file for file in files if not file.failed]
    try:
        return {file.id: file for file in await client.wait_ready(usable)}
    except MediaFailed:
        return {file.id: file for file in usable if file.ready}


async def recover_uploads(client: WixClient, sources: Iterable[str]) -> dict[str, str]:
    """Return source → file id of the uploads that an interrupted run had finished, found by their labels."""
    found: dict[str, str] = {}
    for source in sources:
        file = await client.find_by_label(content_label(source))
        if file is not None and not file.failed:
            found[source] = file.id
    return found


async def _upload_local(client: WixClient, source: LocalFile, *, root: Path, folder: str) -> MediaFile:
    """Upload the bytes of `source`. Its path may come from an edited plan: it must be inside the workspace."""
    try:
        with WorkspaceFiles(root).open(normalize_path(source.path)) as stream:
            content = _PlannedContent(stream, source)
            return await client.upload(
                name=PurePosixPath(source.path).name,
                mime=source.mime_type,
                size=source.size,
                open_bytes=content.read,
                folder=folder,
                labels=content_labels(source),
            )
    except WorkspaceFileError as error:
        raise StaleError(str(error), do="create a new plan") from error


class _PlannedContent:
    """The planned bytes of an open file. Raises StaleError before the last block if another program changed it."""

    def __init__(self, stream: BufferedReader, source: LocalFile) -> None:
        self._stream = stream
        self._source = source
        self._sent_digests: dict[int, bytes] = {}

    async def read(self) -> AsyncIterator[bytes]:
        """Yield all bytes from the start; each block must equal what an earlier attempt sent."""
        digest = hashlib.sha256()
        for start in range(0, self._source.size, _CHUNK_BYTES):
            length = min(_CHUNK_BYTES, self._source.size - start)
            block = await asyncio.to_thread(self._read_block, start, length)
            digest.update(block)
            so_far = digest.digest()
            last = start + length == self._source.size
            if (
                len(block) < length
                or self._sent_digests.setdefault(start, so_far) != so_far
                or (last and digest.hexdigest() != self._source.sha256)
            ):
                message = "the file changed since the plan was made"
                raise StaleError(message, where=self._source.path, do="create a new plan")
            yield block

    def _read_block(self, start: int, length: int) -> bytes:
        self._stream.seek(start)
        return self._stream.read(length)
