"""Execute one step of a plan: journal the intent, call the API, journal the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import assert_never

from galleryctl.engine.apply.answers import AppliedValues, applied_values
from galleryctl.engine.apply.creates import ItemCreate, create_gallery_once, create_item_once
from galleryctl.engine.apply.deletes import check_unchanged, delete_items
from galleryctl.engine.apply.intents import completion_intent, intent_of, sent_item
from galleryctl.engine.apply.payloads import live_id, media_to_send, new_item, planned_sort_order
from galleryctl.engine.apply.uploads import UploadTarget, failed_for_its_file, upload_media
from galleryctl.engine.apply.working_state import WorkingState
from galleryctl.engine.refresh.lookup import match_inline_items
from galleryctl.engine.refresh.pending import UnconfirmedCreate
from galleryctl.engine.refresh.recovered_values import recovered_record
from galleryctl.model.address import Address
from galleryctl.model.errors import GalleryctlError, StateError, UnexpectedError
from galleryctl.model.last_applied import LastApplied, Origin, SortOrderFormat
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import HostedVideo, Kind, LocalFile, MediaFile, RemoteFile, WixFile
from galleryctl.model.partial_upload import PartialUpload
from galleryctl.plan import steps
from galleryctl.plan.changes import Change
from galleryctl.plan.ordering.floats import stored_format
from galleryctl.state.journal import Journal
from galleryctl.state.journal_records import Intent, StepResult
from galleryctl.wix.client import WixClient
from galleryctl.wix.endpoints import CREATE_GALLERY
from galleryctl.wix.errors import ApiError, ResponseLost
from galleryctl.wix.items import NewItem
from galleryctl.wix.upload_errors import may_have_created_file


@dataclass(slots=True, kw_only=True)
class StepExecutor:
    """Executes the steps of an apply and records their results in `state`.

    `root` is the workspace, `folder` the target of uploads in the Media Manager; `created_orders` are the sort orders of
    all items that the run creates, by gallery; `unconfirmed` are the creates that an earlier run may have sent, and
    `partial_uploads` the uploads that were begun and not completed, by source.
    """

    client: WixClient
    journal: Journal
    state: WorkingState
    root: Path
    folder: str
    created_orders: Mapping[Address, frozenset[float]]
    unconfirmed: Mapping[Address, UnconfirmedCreate]
    partial_uploads: dict[str, PartialUpload]
    deviations: dict[Address, AppliedValues] = field(default_factory=dict)
    """The resources with values that the site did not take, or that it stores in another form."""
    _created: dict[str, tuple[Address, ItemCreate]] = field(default_factory=dict)
    """The creates of this run, by the live ids that the responses named."""
    has_unconfirmed_steps: bool = False
    """True once a step failed that may nevertheless have taken effect."""
    has_written: bool = False
    """True once a step was done, or a request may have taken effect."""

    async def run(self, step: steps.Step) -> None:
        """Execute `step`. Raises GalleryctlError if it fails."""
        await self._begin(step, intent_of(step, self.state, self.unconfirmed))
        try:
            self._record(step, await self._execute(step))
        except StateError:
            # An upload sends several requests, and the lock may have been lost between two of them.
            self.has_written = self.has_written or isinstance(step.action, steps.Upload)
            raise
        except GalleryctlError as error:
            unconfirmed = self._may_have_taken_effect(step, error)
            self.has_unconfirmed_steps = self.has_unconfirmed_steps or unconfirmed
            self.has_written = self.has_written or _has_unknown_effect(error)
            self.journal.failed(step.id, error.what, unconfirmed=unconfirmed)
            raise
        except Exception as error:
            # Not recorded in the journal: nobody knows how far the step got. The next run finds out.
            self.has_unconfirmed_steps = self.has_written = True
            raise UnexpectedError.of(error) from error

    async def _begin(self, step: steps.Step, intent: Intent) -> None:
        partial = self.partial_uploads.get(intent.source)
        await self.journal.begin(step.id, replace(intent, started_at=self.client.now(), partial=partial))

    def _may_have_taken_effect(self, step: steps.Step, error: GalleryctlError) -> bool:
        """Return True if the failed `step`, or the same create of an earlier run, may have taken effect."""
        if isinstance(step.action, steps.Upload):
            # The next run looks the file up by its label, or continues the upload.
            is_partial = step.action.source.source in self.partial_uploads
            return isinstance(error, ApiError) and (is_partial or may_have_created_file(error))
        return _has_unknown_effect(error) or _created_address(step) in self.unconfirmed

    def _record(self, step: steps.Step, result: StepResult) -> None:
        self.has_written = True
        self.state.add_result(result)
        self.journal.done(step.id, result)

    async def _execute(self, step: steps.Step) -> StepResult:
        match step.action:
            case steps.Upload(source=source, kind=kind):
                return await self._upload(step, source, kind)
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

    async def _upload(self, step: steps.Step, source: LocalFile | RemoteFile, kind: Kind) -> StepResult:
        async def on_begin(partial: PartialUpload) -> None:
            await self.journal.upload_begun(step.id, partial)
            self.partial_uploads[source.source] = partial

        target = UploadTarget(root=self.root, folder=self.folder, kind=kind)
        partial = self.partial_uploads.get(source.source)
        try:
            file = await upload_media(self.client, source, target, partial=partial, on_begin=on_begin)
        except GalleryctlError as error:
            if failed_for_its_file(error):
                self.partial_uploads.pop(source.source, None)
            raise
        self.partial_uploads.pop(source.source, None)
        self.state.add_file(source, file)
        return StepResult(media=dict.fromkeys(source.sources, file.id))

    async def _create_gallery(self, change: Change, items: tuple[Change, ...]) -> StepResult:
        earlier = self.unconfirmed.get(change.address)
        gallery = await create_gallery_once(
            self.client,
            str(change.write.get("name") or ""),
            earlier.sort_order if earlier else planned_sort_order(change),
            [new_item(item, self.state) for item in items],
            known_ids=self.state.existing_ids,
            maybe_sent=earlier is not None,
        )
        self.state.add_gallery(change.address, gallery)
        sent = {item.address: planned_sort_order(item) for item in items}
        found, stored_as = match_inline_items(sent, gallery.items or ())
        if missing := sorted(str(address) for address in sent.keys() - found.keys()):
            what = f"gallery {gallery.id} was created, but somebody changed it meanwhile: {missing[0]} was not found"
            raise ResponseLost(what, call=CREATE_GALLERY.name, do="apply again: the plan asks which item it is")
        records = {
            item.address: self._applied(item, None, found[item.address], media_to_send(item, self.state))
            for item in items
        }
        return StepResult(
            ids={change.address: gallery.id, **{address: item.id for address, item in found.items()}},
            records={change.address: self._applied(change, None, gallery), **records},
            sort_order_formats=_to_record(change.address, stored_as),
        )

    async def _create_item(self, step: steps.Step, change: Change) -> StepResult:
        address, earlier = change.address, self.unconfirmed.get(change.address)
        new = new_item(change, self.state)
        create = self._item_create(change, new, earlier)
        item, was_found = await create_item_once(self.client, create, maybe_sent=earlier is not None)
        result = StepResult(
            ids={address: item.id, **await self._correct_rival(item)},
            sort_order_formats=_to_record(address.parent, stored_format(create.new.sort_order, item.sort_order)),
        )
        self.state.add_item(item)
        self._created[item.id] = address, create
        if earlier and was_found:
            return await self._complete_earlier(step, change, new, item, result)
        record = self._applied(change, None, item, media_to_send(change, self.state), was_read=was_found)
        result = replace(result, records={address: record})
        if create.new.sort_order == new.sort_order:
            return result
        # Recorded before the sort order changes that a recovery would find it by.
        self._record(step, result)
        await self._begin(step, completion_intent(address, item, replace(new, fields={})))
        item = await self.client.update_item(create.gallery_id, item, {}, sort_order=new.sort_order)
        record = self._applied(change, None, item, media_to_send(change, self.state), was_read=was_found)
        return replace(result, records={address: record})

    def _item_create(self, change: Change, new: NewItem, earlier: UnconfirmedCreate | None) -> ItemCreate:
        address = change.address
        sent = replace(new, sort_order=earlier.sort_order) if earlier else new
        return ItemCreate(
            gallery_id=self.state.gallery_id(address),
            new=sent,
            shown={sent_item(change, self.state), *(earlier.shown(address) if earlier else ())},
            others=self.created_orders[address.parent] - {sent.sort_order},
            listed_ids=self.state.former_ids,
            known_ids=self.state.existing_ids,
            recorded=self.state.sort_order_format(address.parent),
        )

    async def _correct_rival(self, item: LiveItem) -> Mapping[Address, str]:
        """Return the right id of another create of this run whose response named `item`, before its own response came."""
        if item.id not in self._created:
            return {}
        address, create = self._created[item.id]
        what = f"{item.id} was named in the responses to two creates, also to that of {address}"
        try:
            found = (await create.look_up(self.client)).found
        except GalleryctlError as error:
            raise ResponseLost(f"{what}; looking it up failed: {error.what}", call=f"create {address}") from error
        if found is None:
            raise ResponseLost(what, call=f"create {address}")
        self.state.add_item(found)
        self._created[found.id] = address, create
        return {address: found.id}

    async def _complete_earlier(
        self, step: steps.Step, change: Change, new: NewItem, item: LiveItem, result: StepResult
    ) -> StepResult:
        """Bring an item up to date that one of several tries created: they may have sent other values."""
        tries = (*self.unconfirmed[change.address].tries, intent_of(step, self.state, self.unconfirmed))
        record = recovered_record(change.address, tries, item, Origin.CREATED)
        record = replace(record, xmp_sidecar=self.state.record(change.address).xmp_sidecar)
        self._record(step, replace(result, records={change.address: record}))
        await self._begin(step, completion_intent(change.address, item, new))
        gallery_id = self.state.gallery_id(change.address)
        answer = await self.client.update_item(gallery_id, item, new.fields, file=new.file, sort_order=new.sort_order)
        _check_same_resource(item.id, answer.id, change)
        return replace(result, records={change.address: self._applied(change, item, answer, new.file, record)})

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
        stored_as = None if change.sort_order is None else stored_format(change.sort_order, answer.sort_order)
        return StepResult(
            records={change.address: self._applied(change, before, answer, file)},
            sort_order_formats=_to_record(change.address.parent, stored_as),
        )

    def _applied(
        self,
        change: Change,
        before: LiveItem | LiveGallery | None,
        answer: LiveItem | LiveGallery,
        file: MediaFile | WixFile | HostedVideo | None = None,
        record: LastApplied | None = None,
        *,
        was_read: bool = False,
    ) -> LastApplied:
        """Return the last applied values of the resource after `answer`, and keep what it shows for the report.

        `record` are those before; by default those in state, or none for a resource that was created. `was_read` is True
        if the answer was lost and read later.
        """
        if record is None:
            record = self.state.record(change.address)
            if before is None:
                record = LastApplied(origin=Origin.CREATED, xmp_sidecar=record.xmp_sidecar)
        applied = applied_values(change, record, before, answer, file, was_read=was_read)
        if applied.not_taken or applied.other_form:
            self.deviations[change.address] = applied
        return applied.record


def _to_record(gallery: Address, stored_as: SortOrderFormat | None) -> Mapping[Address, SortOrderFormat]:
    """Return the format of a gallery's sort orders for the state, if the site turned out to round one."""
    return {} if stored_as in (None, SortOrderFormat.DOUBLE) else {gallery: stored_as}


def _has_unknown_effect(error: GalleryctlError) -> bool:
    """Return True if the request that failed may have taken effect."""
    return isinstance(error, ApiError) and error.effect_unknown


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
