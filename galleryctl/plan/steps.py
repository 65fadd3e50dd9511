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
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

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
    return (*steps, *_delete_steps(plan, before_deletes))


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
    sources = (c.media.source for c in (change, *items) if isinstance(c.media, LocalFile | RemoteFile))
    depends_on = frozenset(upload_ids[source] for source in sources if source in upload_ids)
    return Step(id=f"{verb} {change.address}", action=action, depends_on=depends_on)


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
