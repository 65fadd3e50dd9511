"""Bring a workspace's media into the site's Media Manager: once per content, READY before anything shows it."""

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
from galleryctl.model.media import Kind, LocalFile, MediaFile, RemoteFile, WixFile, content_label
from galleryctl.plan.changes import Plan
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import MediaFailed

_CHUNK_BYTES = 1 << 20


async def upload_media(
    client: WixClient, source: LocalFile | RemoteFile, kind: Kind, *, root: Path, folder: str
) -> MediaFile:
    """The READY file that `source` became; it carries the label of its content, so that it can be found again.

    Raises StaleError when a local file is not the one that was planned or lies outside of `root`, ApiError when the
    Media Manager refuses it.
    """
    if isinstance(source, RemoteFile):
        name = unquote(PurePosixPath(urlsplit(source.url).path).name)
        labels = (content_label(source.source),)
        file = await client.import_url(source.url, kind, name=name, folder=folder, labels=labels)
    else:
        file = await _upload_local(client, source, root=root, folder=folder)
    (ready,) = await client.wait_ready((file,))
    return ready


async def fetch_media_files(client: WixClient, plan: Plan, bindings: Bindings) -> dict[str, MediaFile]:
    """The usable files, by id, that the plan's changes show without uploading: their pixel sizes must be sent along.

    One that is still being processed is waited for. A file that is gone from the Media Manager, or failed there, is not
    among them.
    """
    media = {**bindings.media, **plan.media}
    wanted: list[str] = []
    for change in plan.changes:
        if isinstance(change.media, LocalFile | RemoteFile) and change.media.source in media:
            wanted.append(media[change.media.source])
        elif isinstance(change.media, WixFile):
            wanted.append(change.media.id)
    files = await client.get_files(tuple(dict.fromkeys(wanted))) if wanted else ()
    usable = [file for file in files if not file.failed]
    try:
        return {file.id: file for file in await client.wait_ready(usable)}
    except MediaFailed:
        return {file.id: file for file in usable if file.ready}


async def recover_uploads(client: WixClient, sources: Iterable[str]) -> dict[str, str]:
    """Source → file id of the uploads that a broken-off run had finished without hearing of it, by their labels."""
    found: dict[str, str] = {}
    for source in sources:
        file = await client.find_by_label(content_label(source))
        if file is not None and not file.failed:
            found[source] = file.id
    return found


async def _upload_local(client: WixClient, source: LocalFile, *, root: Path, folder: str) -> MediaFile:
    """The file that the bytes of `source` became; the path may come from a plan, so it is held to the workspace."""
    try:
        with WorkspaceFiles(root).open(normalize_path(source.path)) as stream:
            content = _PlannedContent(stream, source)
            return await client.upload(
                name=PurePosixPath(source.path).name,
                mime=source.mime_type,
                size=source.size,
                open_bytes=content.read,
                folder=folder,
                labels=(content_label(source.source),),
            )
    except WorkspaceFileError as error:
        raise StaleError(str(error), do="make a new plan") from error


class _PlannedContent:
    """The planned bytes of an open file, or StaleError before the last of them: it may be written to meanwhile."""

    def __init__(self, stream: BufferedReader, source: LocalFile) -> None:
        self._stream = stream
        self._source = source
        self._sent_digests: dict[int, bytes] = {}

    async def read(self) -> AsyncIterator[bytes]:
        """All bytes from the first on; those that an earlier try sent must be the same again."""
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
                raise StaleError(
                    "the file changed since the plan was made", where=self._source.path, do="make a new plan"
                )
            yield block

    def _read_block(self, start: int, length: int) -> bytes:
        self._stream.seek(start)
        return self._stream.read(length)
