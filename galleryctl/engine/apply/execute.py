"""One step of a plan at a time: journal it, make the call, journal the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import assert_never

from galleryctl.engine.apply.creates import create_gallery_once, create_item_once
from galleryctl.engine.apply.deletes import check_unchanged, delete_items
from galleryctl.engine.apply.intents import intent_of
from galleryctl.engine.apply.lookalikes import OrdersByContent, lookalike_orders
from galleryctl.engine.apply.payloads import live_id, media_to_send, new_item, planned_sort_order
from galleryctl.engine.apply.uploads import upload_media
from galleryctl.engine.apply.working_state import WorkingState
from galleryctl.engine.refresh.recover import UnconfirmedCreate, item_with_sort_order
from galleryctl.model.address import Address
from galleryctl.model.errors import GalleryctlError, StateError
from galleryctl.model.media import Kind, LocalFile, RemoteFile
from galleryctl.plan.changes import Change
from galleryctl.plan.steps import (
    CreateGallery,
    CreateItem,
    DeleteGallery,
    DeleteItems,
    Step,
    UpdateGallery,
    UpdateItem,
    Upload,
)
from galleryctl.state.journal import Journal
from galleryctl.state.journal_records import StepResult
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import ApiError, ResponseLost, Unavailable


class StepExecutor:
    """Executes the steps of an apply and records their results in `state`.

    `root` is the workspace, `folder` where uploads go in the Media Manager; `places` and `lost` are what creates look
    out for: items alike that this run makes, and what an earlier run may have made.
    """

    def __init__(
        self,
        *,
        client: WixClient,
        journal: Journal,
        state: WorkingState,
        root: Path,
        folder: str,
        orders_by_content: OrdersByContent,
        unconfirmed: Mapping[Address, UnconfirmedCreate],
    ) -> None:
        self._client = client
        self._journal = journal
        self._state = state
        self._root = root
        self._folder = folder
        self._orders_by_content = orders_by_content
        self._unconfirmed = unconfirmed
        self.has_unconfirmed_steps = False
        """True once a step failed that may have taken effect nevertheless."""

    async def run(self, step: Step) -> None:
        """Execute `step`. Raises GalleryctlError when it failed."""
        intent = intent_of(step, self._state, self._unconfirmed)
        await self._journal.begin(step.id, replace(intent, started_at=self._client.now()))
        try:
            self._record(step, await self._execute(step))
        except StateError:
            raise
        except GalleryctlError as error:
            unknown = self._may_have_taken_effect(step, error)
            self.has_unconfirmed_steps = self.has_unconfirmed_steps or unknown
            self._journal.failed(step.id, error.what, unconfirmed=unknown)
            raise

    def _may_have_taken_effect(self, step: Step, error: GalleryctlError) -> bool:
        """Return True if `step` may have taken effect although it failed, or what an earlier run sent for it may have."""
        if isinstance(step.action, Upload):
            # The file may be there after any of its calls, and is looked for again.
            return isinstance(error, ApiError)
        return isinstance(error, ResponseLost | Unavailable) or _created_address(step) in self._unconfirmed

    def _record(self, step: Step, result: StepResult) -> None:
        self._state.add_result(result)
        self._journal.done(step.id, result)

    async def _execute(self, step: Step) -> StepResult:
        match step.action:
            case Upload(source=source, kind=kind):
                return await self._upload(source, kind)
            case CreateGallery(change=change, items=items):
                return await self._create_gallery(change, items)
            case CreateItem(change=change):
                return await self._create_item(step, change)
            case UpdateGallery(change=change):
                await self._client.update_gallery(live_id(change), change.write)
            case UpdateItem(change=change):
                await self._update_item(change)
            case DeleteItems(gallery=gallery, changes=changes):
                ids = tuple(live_id(change) for change in changes)
                await delete_items(self._client, self._state.gallery_id(gallery), ids)
                return StepResult(removed=ids)
            case DeleteGallery(change=change):
                planned = self._state.galleries.get(live_id(change))
                await check_unchanged(self._client, live_id(change), change, planned.item_count if planned else 0)
                await self._client.delete_gallery(live_id(change))
                return StepResult(removed=(live_id(change),))
            case _:
                assert_never(step.action)
        return StepResult()

    async def _upload(self, source: LocalFile | RemoteFile, kind: Kind) -> StepResult:
        file = await upload_media(self._client, source, kind, root=self._root, folder=self._folder)
        self._state.add_file(source, file)
        return StepResult(media={source.source: file.id})

    async def _create_gallery(self, change: Change, items: tuple[Change, ...]) -> StepResult:
        made = await create_gallery_once(
            self._client,
            str(change.write.get("name") or ""),
            planned_sort_order(change),
            [new_item(item, self._state) for item in items],
            known_ids=self._state.existing_ids,
            unconfirmed=self._unconfirmed.get(change.address),
        )
        self._state.add_gallery(change.address, made)
        live = {item.address: item_with_sort_order(made.items or (), planned_sort_order(item)) for item in items}
        ids = {address: item.id for address, item in live.items() if item is not None}
        return StepResult(ids={change.address: made.id, **ids})

    async def _create_item(self, step: Step, change: Change) -> StepResult:
        gallery = self._state.galleries[self._state.gallery_id(change.address)]
        new = new_item(change, self._state)
        made, exact = await create_item_once(
            self._client,
            gallery,
            new,
            known_ids=self._state.existing_ids,
            lookalike_orders=lookalike_orders(change, self._orders_by_content),
            unconfirmed=self._unconfirmed.get(change.address),
        )
        self._state.add_item(made)
        result = StepResult(ids={change.address: made.id})
        if not exact:
            self._record(step, result)  # before it leaves the sort order that it would be looked for by
            await self._client.update_item(gallery.id, made, new.fields, file=new.file, sort_order=new.sort_order)
        return result

    async def _update_item(self, change: Change) -> None:
        await self._client.update_item(
            self._state.gallery_id(change.address),
            self._state.items[live_id(change)],
            change.write,
            file=media_to_send(change, self._state),
            sort_order=change.sort_order,
        )


def _created_address(step: Step) -> Address | None:
    """Return the address that `step` creates something at."""
    match step.action:
        case CreateGallery(change=change) | CreateItem(change=change):
            return change.address
        case _:
            return None
