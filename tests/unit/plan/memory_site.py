"""A site in memory that is as strict as the API, and short ways to say what is wanted of it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from galleryctl.engine.apply.answers import applied_values
from galleryctl.engine.staleness import apply_findings
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Bind, Desired, DesiredGallery, DesiredItem, ItemOrder, UnmanagedPolicy
from galleryctl.model.fields import Json, float32
from galleryctl.model.last_applied import NEVER_APPLIED, LastApplied, Origin
from galleryctl.model.live import LiveGallery, LiveItem, SiteSnapshot
from galleryctl.model.media import (
    HeldFile,
    HostedVideo,
    Kind,
    LocalFile,
    Media,
    MediaFile,
    RemoteFile,
    WixFile,
    content_label,
)
from galleryctl.model.position import SourcePosition
from galleryctl.plan.changes import Change, Plan
from galleryctl.plan.context import DEFAULT_PLAN_OPTIONS
from galleryctl.plan.identity.galleries import identify_galleries
from galleryctl.plan.identity.identify import identify_site
from galleryctl.plan.identity.known import files_to_look_up, match_known_items
from galleryctl.plan.make import PlanOptions, make_plan
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
from galleryctl.plan.steps import (
    plan_steps as steps_of,
)
from galleryctl.state.journal import apply_result
from galleryctl.state.journal_records import StepResult

MANIFEST_POSITION = SourcePosition("galleries/g.yaml", 1, 1)
ALLOW_ALL = PlanOptions(max_delete_percent=100, allow_empty=True, allow_recreate=True, adopt_guesses=True)
G = Address("g")


def at(text: str) -> Address:
    return Address.parse(text)


def local_photo(name: str, content: str = "", size: int = 9) -> LocalFile:
    return LocalFile(path=f"photos/{name}.jpg", sha256=content or name, size=size, mime_type="image/jpeg")


def item(key: str, media: Media = None, **fields: Json) -> DesiredItem:
    """An item of gallery g; the fields that are named."""
    kind = Kind.VIDEO if isinstance(media, HostedVideo) else Kind.TEXT if media is None else Kind.IMAGE
    return DesiredItem(address=Address("g", key), kind=kind, media=media, fields=fields, at=MANIFEST_POSITION)


def held_item(key: str, name: str) -> DesiredItem:
    """An image of gallery g whose file, photos/NAME.jpg, cannot be used."""
    path = f"photos/{name}.jpg"
    return DesiredItem(
        address=Address("g", key),
        kind=Kind.IMAGE,
        media=None,
        fields={"title": "x"},
        at=MANIFEST_POSITION,
        held=HeldFile(path=path, why=f"{path} is empty", at=MANIFEST_POSITION),
    )


def gallery(
    *items: DesiredItem, bind: str | None = "G", unmanaged: UnmanagedPolicy = UnmanagedPolicy.KEEP
) -> DesiredGallery:
    """Gallery g, not protected; without `bind` it is to be made."""
    return DesiredGallery(
        address=G,
        bind=Bind(id=bind, create=bind is None),
        fields={},
        items=items,
        at=MANIFEST_POSITION,
        protect=False,
        unmanaged=unmanaged,
    )


def make_desired(*items: DesiredItem, item_order: ItemOrder = ItemOrder.ASCENDING) -> Desired:
    """Gallery g with these items."""
    return Desired(galleries=(gallery(*items),), item_order=item_order)


def live_item(
    id_: str,
    sort_order: float | None,
    media: WixFile | HostedVideo | None = None,
    *,
    raw: Mapping[str, Json] | None = None,
    **fields: Json,
) -> LiveItem:
    """A live item; the fields that the site has."""
    kind = Kind.VIDEO if isinstance(media, HostedVideo) else Kind.TEXT if media is None else Kind.IMAGE
    return LiveItem(id=id_, kind=kind, media=media, fields=fields, sort_order=sort_order, raw=raw or {})


def live_gallery(*items: LiveItem, id_: str = "G", name: str = "", sort_order: float | None = 1.0) -> LiveGallery:
    return LiveGallery(
        id=id_,
        fields={"name": name},
        sort_order=sort_order,
        total_items=len(items),
        items=items,
        raw={},
    )


def snapshot(*galleries: LiveGallery, files: Sequence[MediaFile] = ()) -> SiteSnapshot:
    return SiteSnapshot(site_id="site", galleries=galleries, files={file.id: file for file in files})


def known_ids(**known: str) -> dict[Address, str]:
    """Return the ids in state of gallery g, whose id is G, and of these items."""
    return {G: "G", **{Address("g", key): id_ for key, id_ in known.items()}}


@dataclass(slots=True, kw_only=True)
class MemorySite:
    """Galleries by id. Refuses two equal sort orders, as the API does, and may keep 32 bits of every number."""

    galleries: dict[str, LiveGallery] = field(default_factory=dict)
    files: dict[str, MediaFile] = field(default_factory=dict)
    uses_float32: bool = False
    shortest_digits: bool = False
    """True if 32-bit floats are returned with the fewest digits that identify them."""
    created_count: int = 0

    def snapshot(self, desired: Desired, bindings: Bindings) -> SiteSnapshot:
        """The site as the engine reads it: descriptors only of what state does not know."""
        seen = snapshot(*self.galleries.values())
        identified = identify_galleries(desired, seen.galleries, bindings)
        wanted = files_to_look_up(match_known_items(desired, seen.galleries, bindings, identified))
        return replace(seen, files={id_: self.files[id_] for id_ in wanted if id_ in self.files})

    def apply(self, plan: Plan, bindings: Bindings, rng: random.Random) -> Bindings:
        """Return the state after all steps, done in any order that the steps allow."""
        bindings = apply_findings(bindings, plan)
        waiting = list(steps_of(plan))
        done: set[str] = set()
        while waiting:
            step = rng.choice([step for step in waiting if step.depends_on <= done])
            waiting.remove(step)
            bindings = apply_result(bindings, self._execute(step, bindings))
            done.add(step.id)
            self._check_unique_orders()
        return bindings

    def displayed_items(self, gallery_id: str, item_order: ItemOrder) -> list[LiveItem]:
        """Return the items in display order."""
        items = self.galleries[gallery_id].loaded_items
        return sorted(items, key=lambda i: i.sort_order or 0.0, reverse=item_order is ItemOrder.DESCENDING)

    def edit_items(self, gallery_id: str, *items: LiveItem) -> None:
        """Make, or change by id, items in the Editor."""
        found = {item.id: item for item in self.galleries[gallery_id].loaded_items}
        found.update({item.id: item for item in items})
        self._set_items(gallery_id, found)

    def delete_items(self, gallery_id: str, *gone: str) -> None:
        """Delete items in the Editor."""
        kept = {item.id: item for item in self.galleries[gallery_id].loaded_items if item.id not in gone}
        self._set_items(gallery_id, kept)

    def stored_value(self, value: Json) -> Json:
        """`value` as the site gives it back."""
        if isinstance(value, Mapping):
            return {name: self.stored_value(part) for name, part in value.items()}
        if not self.uses_float32 or isinstance(value, bool) or not isinstance(value, int | float):
            return value
        number = float32(value)
        short = (float(f"{number:.{digits}g}") for digits in range(1, 10))
        return next(s for s in short if float32(s) == number) if self.shortest_digits else number

    def stored_order(self, value: float | None) -> float:
        """A sort order as the site keeps it."""
        kept = self.stored_value(value)
        assert isinstance(kept, float)
        return kept

    def _check_unique_orders(self) -> None:
        galleries = [gallery.sort_order for gallery in self.galleries.values()]
        items = [[item.sort_order for item in gallery.loaded_items] for gallery in self.galleries.values()]
        for orders in (galleries, *items):
            values = [value for value in orders if value is not None]
            assert len(set(map(self.stored_order, values))) == len(values), f"a sort order is repeated: {values}"

    def _set_items(self, gallery_id: str, items: Mapping[str, LiveItem]) -> None:
        self.galleries[gallery_id] = replace(
            self.galleries[gallery_id], items=tuple(items.values()), total_items=len(items)
        )
        self._check_unique_orders()

    def _execute(self, step: Step, bindings: Bindings) -> StepResult:  # noqa: PLR0911 - one for each action
        match step.action:
            case Upload(source=source):
                file = self._create_file(source)
                return StepResult(media={source.source: file})
            case CreateGallery(change=change, items=items):
                id_ = self._new_id("gallery")
                empty = live_gallery(id_=id_, name=str(change.write["name"]))
                self.galleries[id_] = replace(empty, sort_order=self.stored_order(change.sort_order))
                records = {change.address: self._created_record(change, self.galleries[id_])}
                made = {item.address: self._create(id_, item, bindings) for item in items}
                records |= {item.address: self._created_record(item, made[item.address]) for item in items}
                ids = {address: new.id for address, new in made.items()}
                return StepResult(ids={change.address: id_, **ids}, records=records)
            case UpdateGallery(change=change):
                before = self.galleries[str(change.id)]
                self.galleries[before.id] = after = replace(before, fields={**before.fields, **change.write})
                return StepResult(records={change.address: _record_after(change, bindings, before, after)})
            case CreateItem(change=change):
                new = self._create(bindings.ids[change.address.parent], change, bindings)
                return StepResult(
                    ids={change.address: new.id}, records={change.address: self._created_record(change, new)}
                )
            case UpdateItem(change=change):
                old, new = self._update(bindings.ids[change.address.parent], change, bindings)
                return StepResult(records={change.address: _record_after(change, bindings, old, new)})
            case DeleteItems(gallery=address, changes=changes):
                gone = tuple(str(change.id) for change in changes)
                self.delete_items(bindings.ids[address], *gone)
                return StepResult(removed=gone)
            case DeleteGallery(change=change):
                del self.galleries[str(change.id)]
                return StepResult(removed=(str(change.id),))

    def _new_id(self, kind: str) -> str:
        self.created_count += 1
        return f"made-{kind}-{self.created_count}"

    def _create_file(self, source: LocalFile | RemoteFile) -> str:
        file = MediaFile(
            id=self._new_id("file"),
            display_name=source.path.rpartition("/")[2] if isinstance(source, LocalFile) else "",
            ready=True,
            failed=False,
            size=source.size if isinstance(source, LocalFile) else 9,
            labels=(content_label(source.source),),
        )
        self.files[file.id] = file
        return file.id

    def _created_record(self, change: Change, new: LiveItem | LiveGallery) -> LastApplied:
        file = new.media if isinstance(new, LiveItem) else None
        return applied_values(change, LastApplied(origin=Origin.CREATED), None, new, file).record

    def _create(self, gallery_id: str, change: Change, bindings: Bindings) -> LiveItem:
        assert change.kind is not None
        made = LiveItem(
            id=self._new_id("item"),
            kind=change.kind,
            media=self._media(change.media, bindings),
            fields={name: self.stored_value(value) for name, value in change.write.items()},
            sort_order=self.stored_order(change.sort_order),
            raw={},
        )
        self.edit_items(gallery_id, made)
        return made

    def _update(self, gallery_id: str, change: Change, bindings: Bindings) -> tuple[LiveItem, LiveItem]:
        """Return the item before and after."""
        (before,) = (item for item in self.galleries[gallery_id].loaded_items if item.id == change.id)
        media = before.media if change.media is None else self._media(change.media, bindings)
        fields = {**before.fields, **{name: self.stored_value(value) for name, value in change.write.items()}}
        moved = before.sort_order if change.sort_order is None else self.stored_order(change.sort_order)
        after = replace(before, media=media, fields=fields, sort_order=moved)
        self.edit_items(gallery_id, after)
        return before, after

    def _media(self, media: Media, bindings: Bindings) -> WixFile | HostedVideo | None:
        if isinstance(media, LocalFile | RemoteFile):
            return WixFile(id=bindings.media[media.source])
        return media


def _record_after(
    change: Change, bindings: Bindings, before: LiveItem | LiveGallery, after: LiveItem | LiveGallery
) -> LastApplied:
    file = after.media if isinstance(after, LiveItem) else None
    return applied_values(change, bindings.records.get(change.address, NEVER_APPLIED), before, after, file).record


def plan_snapshot(
    desired: Desired,
    site: SiteSnapshot,
    bindings: Bindings,
    *,
    options: PlanOptions = DEFAULT_PLAN_OPTIONS,
    lineage: str = "",
    serial: int = 0,
) -> Plan:
    """The plan of a site that was read completely."""
    identity = identify_site(desired, site, bindings)
    return make_plan(desired, site, identity, options=options, lineage=lineage, serial=serial)


def plan_memory_site(site: MemorySite, desired: Desired, bindings: Bindings, options: PlanOptions = ALLOW_ALL) -> Plan:
    """The plan of the site as it is."""
    return plan_snapshot(desired, site.snapshot(desired, bindings), bindings, options=options)
