"""Bring a workspace's media into the site's Media Manager: once per content, READY before anything shows it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import StaleError
from galleryctl.model.media import Kind, LocalFile, MediaFile, RemoteFile, WixFile, content_label
from galleryctl.plan.changes import Plan
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import MediaFailed

CHUNK = 1 << 20


async def upload(
    client: WixClient, source: LocalFile | RemoteFile, kind: Kind, *, root: Path, folder: str
) -> MediaFile:
    """The READY file that `source` became; it carries the label of its content, so that it can be found again.

    Raises StaleError when a local file is not the one that was planned, ApiError when the Media Manager refuses it.
    """
    labels = (content_label(source.source),)
    if isinstance(source, RemoteFile):
        name = unquote(PurePosixPath(urlsplit(source.url).path).name)
        file = await client.import_url(source.url, kind, name=name, folder=folder, labels=labels)
    else:
        path = root / source.path
        await asyncio.to_thread(_check_content, path, source)
        file = await client.upload(
            name=PurePosixPath(source.path).name,
            mime=source.mime_type,
            size=source.size,
            open_bytes=lambda: _read(path),
            folder=folder,
            labels=labels,
        )
    (ready,) = await client.wait_ready((file,))
    return ready


async def describe_files(client: WixClient, plan: Plan, bindings: Bindings) -> dict[str, MediaFile]:
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


def _check_content(path: Path, source: LocalFile) -> None:
    try:
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise StaleError(
            "the file cannot be read any more", where=source.path, why=str(error), do="make a new plan"
        ) from error
    if digest != source.sha256:
        raise StaleError("the file changed since the plan was made", where=source.path, do="make a new plan")


async def _read(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as content:
        while chunk := await asyncio.to_thread(content.read, CHUNK):
            yield chunk
