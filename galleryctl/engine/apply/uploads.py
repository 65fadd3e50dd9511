"""Upload media to the site's Media Manager: each content once, and READY before an item shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from galleryctl.engine.apply.upload_content import open_upload
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import GalleryctlError, StaleError
from galleryctl.model.media import Kind, LocalFile, MediaFile, RemoteFile, WixFile, content_label, content_labels
from galleryctl.model.partial_upload import PartialUpload
from galleryctl.model.upload_formats import upload_name
from galleryctl.plan.changes import Plan
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import ApiError, MediaFailed
from galleryctl.wix.tus import OnBegin
from galleryctl.wix.upload_errors import is_file_rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadTarget:
    """The workspace of local files at `root`, the folder of the Media Manager, and the kind of the items."""

    root: Path
    folder: str
    kind: Kind


async def upload_media(
    client: WixClient,
    source: LocalFile | RemoteFile,
    target: UploadTarget,
    *,
    partial: PartialUpload | None,
    on_begin: OnBegin,
) -> MediaFile:
    """Upload `source`, wait until it is READY and return the file; the label of its content makes it recoverable.

    `partial` is an upload of this content that an earlier run began, `on_begin` is called if one is begun now. Raises
    StaleError if a local file changed since the plan or is outside the workspace, ApiError if the Media Manager rejects
    it.
    """
    if isinstance(source, RemoteFile):
        name = unquote(PurePosixPath(urlsplit(source.url).path).name)
        labels = content_labels(source)
        file = await client.import_url(source.url, target.kind, name=name, folder=target.folder, labels=labels)
    else:
        file = await _upload_local(client, source, target, partial, on_begin)
    (ready,) = await client.wait_ready((file,))
    return ready


def failed_for_its_file(error: GalleryctlError) -> bool:
    """Return True if an upload failed because of its file alone, which may never be uploaded."""
    return isinstance(error, StaleError) or (isinstance(error, ApiError) and is_file_rejected(error))


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


async def _upload_local(
    client: WixClient, source: LocalFile, target: UploadTarget, partial: PartialUpload | None, on_begin: OnBegin
) -> MediaFile:
    async with open_upload(source, target.root) as content:
        return await client.upload(
            name=upload_name(source.path, source.mime_type),
            mime=source.mime_type,
            size=content.size,
            digest=content.digest,
            open_bytes=content.read,
            folder=target.folder,
            labels=content_labels(source),
            partial=partial,
            on_begin=on_begin,
        )
