"""The steps of a plan and their dependencies.

    Upload ──┬──► CreateGallery  (with its items) ──┐
             ├──► CreateItem ───────────────────────┼──► DeleteItems, DeleteGallery
             ├──► UpdateItem                        │
             └── all of the plan's uploads ─────────┘
      (UpdateGallery waits for nothing)

All media is uploaded, and everything is created, before anything is deleted, also in other galleries: what is deleted in
one may be what is created in another. A photo that is exported again when it moves has another content, so no comparison
tells which create belongs to which delete; and only a delete cannot be repeated. If an upload or a create fails, the
deletes are skipped, and the next apply does them. No step waits for a sort order to become free, because no new value is
in use.

One bad file costs one item (`Step.needed_by`): a new gallery is created without the items whose uploads failed. A file that
is rejected for itself may never be uploaded, and must not keep everything else from being deleted: then only the deletes
under the key of such an item are left out, because it replaces them, or may be the same photo in another gallery:

    upload photos/a.jpg rejected (too large), plan: replace g/a, delete h/a, delete h/b
    → g/a fails and keeps its photo, h/a is left out, h/b is deleted
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

from galleryctl.model.address import Address
from galleryctl.model.media import Kind, LocalFile, RemoteFile
from galleryctl.plan.changes import Action, Change, Plan

MAX_DELETES_PER_STEP = 1000
"""The most ids that the API's Bulk Delete Gallery Items accepts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Upload or import one content to the Media Manager, for an item of `kind`."""

    source: LocalFile | RemoteFile
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateGallery:
    """Create a gallery with its items, in one request."""

    change: Change
    items: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateGallery:
    """Update a gallery's own fields."""

    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateItem:
    """Create one item; for a replacement, the new one."""

    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateItem:
    """Update the fields, the media or the sort order of one item."""

    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteItems:
    """Delete up to 1000 items of one gallery; for a replacement, the old one."""

    gallery: Address
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteGallery:
    """Delete a gallery with all its items."""

    change: Change


StepAction = Upload | CreateGallery | UpdateGallery | CreateItem | UpdateItem | DeleteItems | DeleteGallery


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step, its readable id, which does not depend on the order of the plan, and the ids of the steps it waits for."""

    id: str
    action: StepAction
    depends_on: frozenset[str] = frozenset()
    needed_by: Mapping[str, frozenset[Address]] = field(default_factory=dict)
    """The dependencies that only these of its changes need: if one fails, the step is done without them."""

    @property
    def is_delete(self) -> bool:
        """True if the step deletes something."""
        return isinstance(self.action, DeleteItems | DeleteGallery)

    def without(self, left_out: Container[Address]) -> Step | None:
        """Return the step without some of its changes, None if nothing is left to do: no empty gallery is created."""
        match self.action:
            case CreateGallery(items=items) as action if items:
                kept = tuple(item for item in items if item.address not in left_out)
                return replace(self, action=replace(action, items=kept)) if kept else None
            case DeleteItems(changes=changes) as action:
                kept = tuple(change for change in changes if change.address not in left_out)
                return replace(self, action=replace(action, changes=kept)) if kept else None
            case _:
                return self

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes of which this step is a part; none for an upload."""
        match self.action:
            case Upload():
                return ()
            case CreateGallery(change=change, items=items):
                return (change, *items)
            case DeleteItems(changes=changes):
                return changes
            case UpdateGallery() | CreateItem() | UpdateItem() | DeleteGallery() as action:
                return (action.change,)


def plan_steps(plan: Plan) -> tuple[Step, ...]:
    """Return the steps of a plan, each after its dependencies; one upload for each content not in `plan.media`."""
    uploads = _upload_steps(plan)
    upload_ids = {source: step.id for source, step in uploads.items()}
    new_galleries = frozenset(c.address for c in plan.changes if c.action is Action.CREATE and c.address.item is None)
    writes = (_write_step(change, plan, new_galleries, upload_ids) for change in plan.changes)
    steps = [*uploads.values(), *(step for step in writes if step)]
    before_deletes = frozenset(
        step.id for step in steps if isinstance(step.action, Upload | CreateGallery | CreateItem)
    )
    deletes = _delete_steps(plan, before_deletes)
    keys = _keys_of_uploads(steps)
    return (*steps, *(replace(step, needed_by=_same_key(step, keys)) for step in deletes))


def _keys_of_uploads(steps: Sequence[Step]) -> Mapping[str, frozenset[str]]:
    """Return the keys of the items that an upload is for, or that a step creates for an upload."""
    keys: defaultdict[str, set[str]] = defaultdict(set)
    for step in steps:
        for upload, addresses in _uploads_of(step).items():
            named = {address.item for address in addresses if address.item}
            keys[upload] |= named
            keys[step.id] |= named
    return {id_: frozenset(names) for id_, names in keys.items()}


def _uploads_of(step: Step) -> Mapping[str, frozenset[Address]]:
    """Return the uploads that a create or an update waits for, and for which items."""
    match step.action:
        case CreateItem(change=change) | UpdateItem(change=change):
            return dict.fromkeys(step.depends_on, frozenset((change.address,)))
        case _:
            return step.needed_by


def _same_key(step: Step, keys: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[Address]]:
    """Return the deletes that a failed upload leaves out: those under the key of an item that it is for."""
    if not isinstance(step.action, DeleteItems):
        return {}  # it may have such an item
    changes = step.changes
    return {
        id_: frozenset(change.address for change in changes if change.address.item in names)
        for id_, names in keys.items()
        if id_ in step.depends_on
    }


def _upload_steps(plan: Plan) -> Mapping[str, Step]:
    steps: dict[str, Step] = {}
    for change in plan.changes:
        media = change.media
        if isinstance(media, LocalFile | RemoteFile) and change.kind and media.source not in plan.media:
            name = f"upload {media.path}" if isinstance(media, LocalFile) else f"import {media.url}"
            steps.setdefault(media.source, Step(id=name, action=Upload(source=media, kind=change.kind)))
    return steps


def _write_step(
    change: Change, plan: Plan, new_galleries: frozenset[Address], upload_ids: Mapping[str, str]
) -> Step | None:
    """Return the step of a create, an update or the create of a replacement; None if there is no such step."""
    is_gallery = change.address.item is None
    items: tuple[Change, ...] = ()
    action: StepAction
    match change.action:
        case Action.CREATE if is_gallery:
            items = tuple(c for c in plan.changes if c.address.item is not None and c.address.parent == change.address)
            action = CreateGallery(change=change, items=items)
        case Action.CREATE | Action.REPLACE if change.address.parent not in new_galleries:
            action = CreateItem(change=change)
        case Action.UPDATE:
            action = UpdateGallery(change=change) if is_gallery else UpdateItem(change=change)
        case _:
            return None
    verb = "update" if change.action is Action.UPDATE else "create"
    needed_by: defaultdict[str, frozenset[Address]] = defaultdict(frozenset)
    for each in (change, *items):
        if isinstance(each.media, LocalFile | RemoteFile) and each.media.source in upload_ids:
            needed_by[upload_ids[each.media.source]] |= {each.address}
    return Step(
        id=f"{verb} {change.address}",
        action=action,
        depends_on=frozenset(needed_by),
        needed_by=needed_by if isinstance(action, CreateGallery) else {},
    )


def _delete_steps(plan: Plan, depends_on: frozenset[str]) -> list[Step]:
    items: dict[Address, list[Change]] = defaultdict(list)
    deletes = [change for change in plan.changes if change.action in (Action.DELETE, Action.REPLACE)]
    for change in deletes:
        if change.address.item is not None:
            items[change.address.parent].append(change)
    steps: list[Step] = []
    for gallery, changes in items.items():
        for start in range(0, len(changes), MAX_DELETES_PER_STEP):
            part = tuple(changes[start : start + MAX_DELETES_PER_STEP])
            number = f" ({start // MAX_DELETES_PER_STEP + 1})" if start else ""
            action = DeleteItems(gallery=gallery, changes=part)
            steps.append(Step(id=f"delete items of {gallery}{number}", action=action, depends_on=depends_on))
    steps += [
        Step(id=f"delete {change.address}", action=DeleteGallery(change=change), depends_on=depends_on)
        for change in deletes
        if change.address.item is None
    ]
    return steps
