"""Execute one step of a plan: journal the intent, call the API, journal the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from galleryctl.engine.apply.creates import create_gallery_once, create_item_once
from galleryctl.engine.apply.deletes import check_unchanged, delete_items
from galleryctl.engine.apply.intents import intent_of
from galleryctl.engine.apply.lookalikes import OrdersByContent, lookalike_orders
from galleryctl.engine.apply.payloads import live_id, media_to_send, new_item, planned_sort_order
from galleryctl.engine.apply.uploads import upload_media
from galleryctl.engine.apply.working_state import WorkingState
from galleryctl.engine.refresh.recover import UnconfirmedCreate, with_sort_order
from galleryctl.model.address import Address
from galleryctl.model.errors import GalleryctlError, StateError
from galleryctl.model.media import Kind, LocalFile, RemoteFile
from galleryctl.plan import steps
from galleryctl.plan.changes import Change
from galleryctl.state.journal import Journal
from galleryctl.state.journal_records import StepResult
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import ApiError, ResponseLost, Unavailable


@dataclass(slots=True, kw_only=True)
class StepExecutor:
    """Executes the steps of an apply and records their results in `state`.

    `root` is the workspace, `folder` the target of uploads in the Media Manager; `unconfirmed` are the creates that an
    earlier run may have sent.
    """

    client: WixClient
    journal: Journal
    state: WorkingState
    root: Path
    folder: str
    orders_by_content: OrdersByContent
    unconfirmed: Mapping[Address, UnconfirmedCreate]
    has_unconfirmed_steps: bool = False
    """True once a step failed that may nevertheless have taken effect."""

    async def run(self, step: steps.Step) -> None:
        """Execute `step`. Raises GalleryctlError if it fails."""
        intent = intent_of(step, self.state, self.unconfirmed)
        await self.journal.begin(step.id, replace(intent, started_at=self.client.now()))
        try:
            self._record(step, await self._execute(step))
        except StateError:
            raise
        except GalleryctlError as error:
            unconfirmed = self._may_have_taken_effect(step, error)
            self.has_unconfirmed_steps = self.has_unconfirmed_steps or unconfirmed
            self.journal.failed(step.id, error.what, unconfirmed=unconfirmed)
            raise

    def _may_have_taken_effect(self, step: steps.Step, error: GalleryctlError) -> bool:
        """Return True if the failed `step`, or the same create of an earlier run, may have taken effect."""
        if isinstance(step.action, steps.Upload):
            # The file may exist after any of its calls; the next run looks it up by its label.
            return isinstance(error, ApiError)
        return isinstance(error, ResponseLost | Unavailable) or _created_address(step) in self.unconfirmed

    def _record(self, step: steps.Step, result: StepResult) -> None:
        self.state.add_result(result)
        self.journal.done(step.id, result)

    async def _execute(self, step: steps.Step) -> StepResult:
        match step.action:
            case steps.Upload(source=source, kind=kind):
                return await self._upload(source, kind)
            case steps.CreateGallery(change=change, items=items):
                return await self._create_gallery(change, items)
            case steps.CreateItem(change=change):
                return await self._create_item(step, change)
            case steps.UpdateGallery(change=change):
                await self.client.update_gallery(live_id(change), change.write)
            case steps.UpdateItem(change=change):
                await self._update_item(change)
            case steps.DeleteItems(gallery=gallery, changes=changes):
                ids = tuple(live_id(change) for change in changes)
                await delete_items(self.client, self.state.gallery_id(gallery), ids)
                return StepResult(removed=ids)
            case steps.DeleteGallery(change=change):
                planned = self.state.galleries.get(live_id(change))
                await check_unchanged(self.client, live_id(change), change, planned.item_count if planned else 0)
                await self.client.delete_gallery(live_id(change))
                return StepResult(removed=(live_id(change),))
            case _:
                assert_never(step.action)
        return StepResult()

    async def _upload(self, source: LocalFile | RemoteFile, kind: Kind) -> StepResult:
        file = await upload_media(self.client, source, kind, root=self.root, folder=self.folder)
        self.state.add_file(source, file)
        return StepResult(media={source.source: file.id})

    async def _create_gallery(self, change: Change, items: tuple[Change, ...]) -> StepResult:
        gallery = await create_gallery_once(
            self.client,
            str(change.write.get("name") or ""),
            planned_sort_order(change),
            [new_item(item, self.state) for item in items],
            known_ids=self.state.existing_ids,
            unconfirmed=self.unconfirmed.get(change.address),
        )
        self.state.add_gallery(change.address, gallery)
        live = {item.address: with_sort_order(gallery.items or (), planned_sort_order(item)) for item in items}
        ids = {address: item.id for address, item in live.items() if item is not None}
        return StepResult(ids={change.address: gallery.id, **ids})

    async def _create_item(self, step: steps.Step, change: Change) -> StepResult:
        gallery = self.state.galleries[self.state.gallery_id(change.address)]
        new = new_item(change, self.state)
        item, matches = await create_item_once(
            self.client,
            gallery,
            new,
            known_ids=self.state.existing_ids,
            lookalike_orders=lookalike_orders(change, self.orders_by_content),
            unconfirmed=self.unconfirmed.get(change.address),
        )
        self.state.add_item(item)
        result = StepResult(ids={change.address: item.id})
        if not matches:
            self._record(step, result)  # before the sort order changes that a recovery would find it by
            await self.client.update_item(gallery.id, item, new.fields, file=new.file, sort_order=new.sort_order)
        return result

    async def _update_item(self, change: Change) -> None:
        await self.client.update_item(
            self.state.gallery_id(change.address),
            self.state.items[live_id(change)],
            change.write,
            file=media_to_send(change, self.state),
            sort_order=change.sort_order,
        )


def _created_address(step: steps.Step) -> Address | None:
    """Return the address that `step` creates something at."""
    match step.action:
        case steps.CreateGallery(change=change) | steps.CreateItem(change=change):
            return change.address
        case _:
            return None
