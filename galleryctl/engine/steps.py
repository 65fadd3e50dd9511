"""One step of a plan at a time: journal it, make the call, journal what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import assert_never

from galleryctl.engine.creates import create_gallery, create_item
from galleryctl.engine.deletes import check_unchanged, delete_items
from galleryctl.engine.recover import Lost, item_at, signs
from galleryctl.engine.twins import Places, twins
from galleryctl.engine.uploads import upload
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import GalleryctlError, StaleError, StateError
from galleryctl.model.live import SiteSnapshot
from galleryctl.model.media import HostedVideo, Kind, LocalFile, MediaFile, RemoteFile, WixFile
from galleryctl.plan.changes import Change
from galleryctl.plan.order import (
    CreateGallery,
    CreateItem,
    DeleteGallery,
    DeleteItems,
    Step,
    UpdateGallery,
    UpdateItem,
    Upload,
)
from galleryctl.state.journal import Journal, learn, merge
from galleryctl.state.records import Intent, Result
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import AnswerLost, ApiError, Unavailable
from galleryctl.wix.items import NewItem


class StepRunner:
    """Runs steps, and remembers what they taught: the ids of what was made, the files of what was uploaded."""

    def __init__(
        self,
        *,
        client: WixClient,
        journal: Journal,
        root: Path,
        folder: str,
        snapshot: SiteSnapshot,
        bindings: Bindings,
        known: frozenset[str],
        files: Mapping[str, MediaFile],
        places: Places,
        lost: Mapping[Address, Lost],
    ) -> None:
        self._client = client
        self._journal = journal
        self._root = root
        self._folder = folder
        self._bindings = bindings
        self._galleries = {gallery.id: gallery for gallery in snapshot.galleries}
        self._items = {item.id: item for gallery in snapshot.galleries for item in gallery.items or ()}
        # What a lost create made has none of these ids, though a read that lags behind may still show what is gone.
        self._before = {*known, *self._galleries, *self._items}
        self._gallery_ids = {address: id_ for address, id_ in bindings.ids.items() if address.item is None}
        self._media = dict(bindings.media)
        self._files = dict(files)
        self._places = places
        self._lost = lost
        self._results: list[Result] = []
        self.unknown = False
        """Whether a step failed without our knowing that it did nothing."""

    def learnt(self) -> Bindings:
        """The bindings as they are after the steps run so far."""
        return learn(self._bindings, merge(self._results))

    async def run(self, step: Step) -> None:
        """Do `step`; raises GalleryctlError when it failed."""
        await self._journal.begin(step.id, replace(self._intent(step), at=self._client.now()))
        try:
            self._learn(step, await self._do(step))
        except StateError:
            raise
        except GalleryctlError as error:
            unknown = self._in_doubt(step, error)
            self.unknown = self.unknown or unknown
            self._journal.failed(step.id, error.what, unknown=unknown)
            raise

    def _in_doubt(self, step: Step, error: GalleryctlError) -> bool:
        """Whether `step` may have taken effect although it failed, or what an earlier run sent for it may have."""
        if isinstance(step.action, Upload):
            # The file may be there after any of its calls, and is looked for again.
            return isinstance(error, ApiError)
        return isinstance(error, AnswerLost | Unavailable) or _creates(step) in self._lost

    def _learn(self, step: Step, result: Result) -> None:
        self._results.append(result)
        self._journal.done(step.id, result)

    async def _do(self, step: Step) -> Result:
        match step.action:
            case Upload(source=source, kind=kind):
                return await self._upload(source, kind)
            case CreateGallery(change=change, items=items):
                return await self._create_gallery(change, items)
            case CreateItem(change=change):
                return await self._create_item(step, change)
            case UpdateGallery(change=change):
                await self._client.update_gallery(_id(change), change.write)
            case UpdateItem(change=change):
                await self._update_item(change)
            case DeleteItems(gallery=gallery, changes=changes):
                ids = tuple(_id(change) for change in changes)
                await delete_items(self._client, self._gallery_ids[gallery], ids)
                return Result(removed=ids)
            case DeleteGallery(change=change):
                planned = self._galleries.get(_id(change))
                await check_unchanged(self._client, _id(change), change, planned.count if planned else 0)
                await self._client.delete_gallery(_id(change))
                return Result(removed=(_id(change),))
            case _:
                assert_never(step.action)
        return Result()

    async def _upload(self, source: LocalFile | RemoteFile, kind: Kind) -> Result:
        file = await upload(self._client, source, kind, root=self._root, folder=self._folder)
        self._files[file.id] = file
        self._media[source.source] = file.id
        return Result(media={source.source: file.id})

    async def _create_gallery(self, change: Change, items: tuple[Change, ...]) -> Result:
        new = [self._new_item(item) for item in items]
        name = str(change.write.get("name") or "")
        made = await create_gallery(
            self._client,
            name,
            _sort_order(change),
            new,
            before=self._before,
            lost=self._lost.get(change.address),
        )
        self._galleries[made.id] = made
        self._before.add(made.id)
        self._gallery_ids[change.address] = made.id
        live = {item.address: item_at(made.items or (), _sort_order(item)) for item in items}
        ids = {address: item.id for address, item in live.items() if item is not None}
        return Result(ids={change.address: made.id, **ids})

    async def _create_item(self, step: Step, change: Change) -> Result:
        gallery = self._galleries[self._gallery_ids[change.address.parent]]
        new = self._new_item(change)
        made, exact = await create_item(
            self._client,
            gallery,
            new,
            before=self._before,
            twins=twins(change, self._places),
            lost=self._lost.get(change.address),
        )
        self._items[made.id] = made
        self._before.add(made.id)
        result = Result(ids={change.address: made.id})
        if not exact:
            self._learn(step, result)  # before it leaves the sort order that it would be looked for by
            await self._client.update_item(
                gallery.id, made, new.fields, file=new.file, sort_order=new.sort_order
            )
        return result

    async def _update_item(self, change: Change) -> None:
        await self._client.update_item(
            self._gallery_ids[change.address.parent],
            self._items[_id(change)],
            change.write,
            file=self._file(change),
            sort_order=change.sort_order,
        )

    def _new_item(self, change: Change) -> NewItem:
        if change.kind is None:
            raise AssertionError(f"{change.address} is no item")
        return NewItem(
            kind=change.kind, fields=change.write, file=self._file(change), sort_order=_sort_order(change)
        )

    def _file(self, change: Change) -> MediaFile | HostedVideo | None:
        """What to send as the item's media: the uploaded file, or the hosted video."""
        match change.media:
            case LocalFile() | RemoteFile():
                return self._files[self._media[change.media.source]]
            case WixFile():
                if change.media.id not in self._files:
                    raise StaleError(
                        f"the Media Manager has no usable file {change.media.id}",
                        where=change.address,
                        do="correct the wix: reference, or name the photo itself",
                    )
                return self._files[change.media.id]
            case HostedVideo() | None:
                return change.media
            case _:
                assert_never(change.media)

    def _intent(self, step: Step) -> Intent:
        """What the journal must know to find out, after a crash, whether `step` was done."""
        match step.action:
            case Upload(source=source):
                return Intent(kind="upload", source=source.source)
            case CreateGallery(change=change, items=items):
                orders = {c.address: _sort_order(c) for c in items}
                sent = self._sent(change)
                return Intent(kind="create-gallery", sort_orders={change.address: sent, **orders})
            case CreateItem(change=change):
                new = self._new_item(change)
                return Intent(
                    kind="create-item",
                    gallery_id=self._gallery_ids[change.address.parent],
                    sort_orders={change.address: self._sent(change)},
                    signs={change.address: signs(new.kind, new.file, new.fields)},
                )
            case UpdateGallery(change=change) | UpdateItem(change=change):
                return Intent(kind="update", ids=(_id(change),))
            case DeleteItems(changes=changes):
                return Intent(kind="delete", ids=tuple(map(_id, changes)))
            case DeleteGallery(change=change):
                return Intent(kind="delete", ids=(_id(change),))
            case _:
                assert_never(step.action)

    def _sent(self, change: Change) -> float:
        """The sort order that a create is sent with."""
        lost = self._lost.get(change.address)
        return lost.sort_order if lost else _sort_order(change)


def _creates(step: Step) -> Address | None:
    """The address that `step` creates something at."""
    match step.action:
        case CreateGallery(change=change) | CreateItem(change=change):
            return change.address
        case _:
            return None


def _id(change: Change) -> str:
    if change.id is None:
        raise AssertionError(f"{change.action} of {change.address} has no id")
    return change.id


def _sort_order(change: Change) -> float:
    if change.sort_order is None:
        raise AssertionError(f"{change.action} of {change.address} has no sort order")
    return change.sort_order
