"""Execute one step of a plan: journal the intent, call the API, journal the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import assert_never

from galleryctl.engine.apply.answers import AppliedValues, applied_values
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
from galleryctl.model.last_applied import LastApplied, Origin
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import HostedVideo, Kind, LocalFile, MediaFile, RemoteFile
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
    deviations: dict[Address, AppliedValues] = field(default_factory=dict)
    """The resources with values that the site did not take, or that it stores in another form."""
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
            case steps.UpdateGallery(change=change) | steps.UpdateItem(change=change):
                is_gallery = change.address.item is None
                return await (self._update_gallery(change) if is_gallery else self._update_item(change))
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
        found = {item.address: (item, answer) for item in items if (answer := live[item.address]) is not None}
        records = {
            a: self._applied(item, None, answer, media_to_send(item, self.state)) for a, (item, answer) in found.items()
        }
        return StepResult(
            ids={change.address: gallery.id, **{address: answer.id for address, (_, answer) in found.items()}},
            records={change.address: self._applied(change, None, gallery), **records},
        )

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
        if not matches:
            # Before the sort order changes that a recovery would find it by.
            self._record(step, StepResult(ids={change.address: item.id}))
            item = await self.client.update_item(gallery.id, item, new.fields, file=new.file, sort_order=new.sort_order)
        record = self._applied(change, None, item, media_to_send(change, self.state))
        return StepResult(ids={change.address: item.id}, records={change.address: record})

    async def _update_gallery(self, change: Change) -> StepResult:
        before = self.state.galleries[live_id(change)]
        answer = await self.client.update_gallery(before.id, change.write)
        _check_same_resource(before.id, answer.id, change)
        return StepResult(records={change.address: self._applied(change, before, answer)})

    async def _update_item(self, change: Change) -> StepResult:
        before = self.state.items[live_id(change)]
        file = media_to_send(change, self.state)
        answer = await self.client.update_item(
            self.state.gallery_id(change.address), before, change.write, file=file, sort_order=change.sort_order
        )
        _check_same_resource(before.id, answer.id, change)
        return StepResult(records={change.address: self._applied(change, before, answer, file)})

    def _applied(
        self,
        change: Change,
        before: LiveItem | LiveGallery | None,
        answer: LiveItem | LiveGallery,
        file: MediaFile | HostedVideo | None = None,
    ) -> LastApplied:
        """Return the last applied values of the resource after `answer`, and keep what it shows for the report."""
        record = self.state.record(change.address) if before is not None else LastApplied(origin=Origin.CREATED)
        applied = applied_values(change, record, before, answer, file)
        if applied.not_taken or applied.other_form:
            self.deviations[change.address] = applied
        return applied.record


def _check_same_resource(sent_id: str, answered_id: str, change: Change) -> None:
    """Raise ResponseLost if the answer to an update is about another resource: its outcome is unknown."""
    if sent_id != answered_id:
        what = f"the response is about {answered_id} instead of {sent_id}; the change may have taken effect"
        raise ResponseLost(what, call=f"update {change.address}", do="apply again: the next plan compares the fields")


def _created_address(step: steps.Step) -> Address | None:
    """Return the address that `step` creates something at."""
    match step.action:
        case steps.CreateGallery(change=change) | steps.CreateItem(change=change):
            return change.address
        case _:
            return None
