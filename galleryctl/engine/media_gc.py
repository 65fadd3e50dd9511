"""The files that galleryctl uploaded, and which of them nothing shows and nothing wants any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import unquote

from galleryctl.engine.gather import gather_all
from galleryctl.engine.refresh.fetch import read_galleries, read_item_pages
from galleryctl.engine.site import LoadedState, Site, save_state
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.fields import Json
from galleryctl.model.live import LiveGallery
from galleryctl.model.media import CONTENT_LABEL_PREFIX, LocalFile, RemoteFile, UploadedFile, WixFile, content_label


async def list_uploaded_files(site: Site, desired: Desired, bindings: Bindings) -> tuple[UploadedFile, ...]:
    """The files of the Media Manager that bear our label, in whatever folder.

    A file counts as shown when its id stands anywhere in an item of a gallery, managed or not, of a kind known to us or
    not. Raises ApiError and IncompleteListing: half a listing tells nothing.
    """
    files = await site.client.find_by_label_prefix(CONTENT_LABEL_PREFIX)
    galleries = await read_galleries(site.client)
    words = await gather_all(_gallery_text(site, gallery) for gallery in galleries)
    texts = {gallery.id: text for gallery, text in zip(galleries, words, strict=True)}
    known = set(bindings.media.values())
    labels, ids, manifests = _referenced_media(desired, bindings)
    return tuple(
        UploadedFile(
            file=file,
            in_state=file.id in known,
            referenced=not labels.isdisjoint(file.labels) or file.id in ids or file.id in manifests,
            shown_in=tuple(gallery for gallery, text in texts.items() if file.id in text),
        )
        for file in sorted(files, key=lambda file: (file.display_name, file.id))
    )


def unused_files(files: Iterable[UploadedFile]) -> tuple[UploadedFile, ...]:
    """Those that no gallery shows and no manifest wants."""
    return tuple(each for each in files if not each.shown_in and not each.referenced)


async def delete_unused_files(
    site: Site, desired: Desired, loaded: LoadedState, confirmed: Sequence[UploadedFile], *, permanent: bool
) -> tuple[UploadedFile, ...]:
    """Delete, of the files that were agreed to, those that are still unused; state forgets them. The caller holds the lock.

    The site is read again first: somebody may have put one to use while the question stood.
    """
    ids = {each.file.id for each in confirmed}
    now = unused_files(await list_uploaded_files(site, desired, loaded.bindings))
    gone = tuple(each for each in now if each.file.id in ids)
    deleted = {each.file.id for each in gone}
    if deleted:
        await site.client.delete_files(sorted(deleted), permanent=permanent)
    left = {source: id_ for source, id_ in loaded.bindings.media.items() if id_ not in deleted}
    bindings = replace(loaded.bindings, media=left)
    if bindings != loaded.state.bindings:
        save_state(site, loaded.state, bindings)
    return gone


async def _gallery_text(site: Site, gallery: LiveGallery) -> str:
    """All that is said in the gallery and its items, as it was sent and with its URLs read."""
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
    """What the manifests want: labels of contents, ids of files, and all the words in which an id may stand."""
    items = [item for gallery in desired.galleries for item in gallery.items]
    sources = [item.media.source for item in items if isinstance(item.media, LocalFile | RemoteFile)]
    ids = {item.media.id for item in items if isinstance(item.media, WixFile)}
    ids |= {bindings.media[source] for source in sources if source in bindings.media}
    words = "\n".join(text for item in items for text in _iter_strings(list(item.fields.values())))
    return frozenset(map(content_label, sources)), frozenset(ids), f"{words}\n{unquote(words)}"
