"""Find and delete uploaded files that no gallery shows and no manifest references."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import unquote

from galleryctl.engine.gather import gather_all
from galleryctl.engine.refresh.listing import read_galleries, read_item_pages
from galleryctl.engine.site import LoadedState, Site, save_state
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.fields import Json
from galleryctl.model.live import LiveGallery
from galleryctl.model.media import CONTENT_LABEL_PREFIX, LocalFile, RemoteFile, UploadedFile, WixFile, content_label
from galleryctl.wix.errors import ApiError, is_rejection


async def list_uploaded_files(site: Site, desired: Desired, bindings: Bindings) -> tuple[UploadedFile, ...]:
    """Return the files of the Media Manager with the label of an upload, in any folder.

    A file is in use if its id occurs anywhere in an item of any gallery, also of an unmanaged gallery or an unsupported
    kind. Raises ApiError, and IncompleteListing: files cannot be called unused after an incomplete listing.
    """
    files = await site.client.find_by_label_prefix(CONTENT_LABEL_PREFIX)
    galleries = await read_galleries(site.client)
    raw_texts = await gather_all(_gallery_text(site, gallery) for gallery in galleries)
    texts = {gallery.id: text for gallery, text in zip(galleries, raw_texts, strict=True)}
    in_state = set(bindings.media.values())
    labels, ids, manifests = _referenced_media(desired, bindings)
    return tuple(
        UploadedFile(
            file=file,
            in_state=file.id in in_state,
            referenced=not labels.isdisjoint(file.labels) or file.id in ids or file.id in manifests,
            shown_in=tuple(gallery for gallery, text in texts.items() if file.id in text),
        )
        for file in sorted(files, key=lambda file: (file.display_name, file.id))
    )


def unused_files(files: Iterable[UploadedFile]) -> tuple[UploadedFile, ...]:
    """Return the files that no gallery shows and no manifest references."""
    return tuple(each for each in files if not each.shown_in and not each.referenced)


async def delete_unused_files(
    site: Site, desired: Desired, loaded: LoadedState, confirmed: Sequence[UploadedFile], *, permanent: bool
) -> tuple[UploadedFile, ...]:
    """Delete the confirmed files that are still unused, also from state, and return them; the caller holds the lock.

    The site is read again first: someone may have used a file since the confirmation was requested.
    """
    ids = {each.file.id for each in confirmed}
    unused = unused_files(await list_uploaded_files(site, desired, loaded.bindings))
    deleted = tuple(each for each in unused if each.file.id in ids)
    deleted_ids = {each.file.id for each in deleted}
    media = {source: id_ for source, id_ in loaded.bindings.media.items() if id_ not in deleted_ids}
    bindings = replace(loaded.bindings, media=media)
    try:
        if deleted_ids:
            await site.client.delete_files(sorted(deleted_ids), permanent=permanent)
        if bindings != loaded.state.bindings:
            save_state(site, loaded.state, bindings)
    except GalleryctlError as error:
        error.exit_code = 1 if isinstance(error, ApiError) and is_rejection(error) else 3
        raise
    return deleted


async def _gallery_text(site: Site, gallery: LiveGallery) -> str:
    """Return all strings of the gallery and its items, raw and with percent-encoding decoded."""
    now, pages = await read_item_pages(site.client, gallery)
    text = "\n".join(_iter_strings([now.raw, *(page.raw for page in pages)]))
    return f"{text}\n{unquote(text)}"


def _iter_strings(value: Json | Sequence[Json]) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _iter_strings(part)
    elif isinstance(value, Sequence):
        for part in value:
            yield from _iter_strings(part)


def _referenced_media(desired: Desired, bindings: Bindings) -> tuple[frozenset[str], frozenset[str], str]:
    """Return what the manifests reference: content labels, file ids, and all text that may contain a file id."""
    items = [item for gallery in desired.galleries for item in gallery.items]
    sources = [name for item in items if isinstance(item.media, LocalFile | RemoteFile) for name in item.media.sources]
    ids = {item.media.id for item in items if isinstance(item.media, WixFile)}
    ids |= {bindings.media[source] for source in sources if source in bindings.media}
    text = "\n".join(text for item in items for text in _iter_strings(list(item.fields.values())))
    return frozenset(map(content_label, sources)), frozenset(ids), f"{text}\n{unquote(text)}"
