"""Upload media to the site's Media Manager: each content once, and READY before an item shows it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from galleryctl.engine.apply.upload_content import open_upload
from galleryctl.model.bindings import Bindings
from galleryctl.model.media import Kind, LocalFile, MediaFile, RemoteFile, WixFile, content_label
from galleryctl.plan.changes import Plan
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import MediaFailed


async def upload_media(
    client: WixClient, source: LocalFile | RemoteFile, kind: Kind, *, root: Path, folder: str
) -> MediaFile:
    """Upload `source`, wait until it is READY and return the file; the label of its content makes it recoverable.

    Raises StaleError if a local file changed since the plan or is outside `root`, ApiError if the Media Manager rejects
    it.
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
    async with open_upload(source, root) as content:
        return await client.upload(
            name=PurePosixPath(source.path).name,
            mime=source.mime_type,
            size=content.size,
            open_bytes=content.read,
            folder=folder,
            labels=(content_label(source.source),),
        )
