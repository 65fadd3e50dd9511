"""The steps of a plan, and what each of them waits for.

    Upload ───► CreateGallery ───► CreateItem ──┐
      │ │             (its items' media)        ├──► DeleteItems  (same gallery)
      │ ├───────────────► CreateItem ───────────┘        ▲
      │ ├───────────────► UpdateItem                     │
      │ └── all of the plan's uploads ───────────────────┴──► DeleteGallery
      (UpdateGallery waits for nothing)

Media is there before anything is deleted or repointed, and what replaces is there before what it replaces goes. No
step waits for a sort order to become free, because none repeats one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from galleryctl.model.address import Address
from galleryctl.model.media import Kind, LocalFile, RemoteFile
from galleryctl.plan.changes import Action, Change, Plan

MAX_DELETES_PER_STEP = 1000
"""Bulk Delete Gallery Items takes 1 to 1000 ids (wix-api)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Bring one content into the Media Manager, for an item of `kind`."""

    source: LocalFile | RemoteFile
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateGallery:
    """Make a gallery together with its items, in one call."""

    change: Change
    items: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateGallery:
    """Change a gallery's own fields."""

    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateItem:
    """Make one item; for a replacement, the new one."""

    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateItem:
    """Change one item: its fields, its media, its sort order."""

    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteItems:
    """Delete up to 1000 items of one gallery; for a replacement, the old one."""

    gallery: Address
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteGallery:
    """Delete a gallery with all that is in it."""

    change: Change


StepAction = Upload | CreateGallery | UpdateGallery | CreateItem | UpdateItem | DeleteItems | DeleteGallery


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: a readable id, the same in every ordering of one plan, and the ids of the steps it waits for."""

    id: str
    action: StepAction
    depends_on: frozenset[str] = frozenset()

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes that are done when this and their other steps are; none for an upload."""
        match self.action:
            case Upload():
                return ()
            case CreateGallery(change=change, items=items):
                return (change, *items)
            case DeleteItems(changes=changes):
                return changes
            case (
                UpdateGallery(change=change)
                | CreateItem(change=change)
                | UpdateItem(change=change)
                | DeleteGallery(change=change)
            ):
                return (change,)


def plan_steps(plan: Plan) -> tuple[Step, ...]:
    """The steps of `plan`, each after all that it waits for; one upload for each content not in `plan.media`."""
    uploads = _upload_steps(plan)
    by_source = {step.action.source.source: step.id for step in uploads if isinstance(step.action, Upload)}
    new_galleries = frozenset(c.address for c in plan.changes if c.action is Action.CREATE and c.address.item is None)
    steps = [*uploads]
    creates: dict[Address, set[str]] = defaultdict(set)
    for change in plan.changes:
        step = _build_step(change, plan, new_galleries, by_source)
        if step is None:
            continue
        steps.append(step)
        if isinstance(step.action, CreateItem):
            creates[change.address.parent].add(step.id)
    return (*steps, *_delete_steps(plan, frozenset(by_source.values()), creates))


def _upload_steps(plan: Plan) -> list[Step]:
    steps: dict[str, Step] = {}
    for change in plan.changes:
        media = change.media
        if not isinstance(media, LocalFile | RemoteFile) or change.kind is None:
            continue
        if media.source in plan.media or media.source in steps:
            continue
        name = f"upload {media.path}" if isinstance(media, LocalFile) else f"import {media.url}"
        steps[media.source] = Step(id=name, action=Upload(source=media, kind=change.kind))
    return list(steps.values())


def _build_step(
    change: Change, plan: Plan, new_galleries: frozenset[Address], uploads: Mapping[str, str]
) -> Step | None:
    """The step of a create, an update or the first half of a replacement; None for what belongs to another step."""
    gallery = change.address.item is None
    match change.action:
        case Action.CREATE if gallery:
            items = _inline_items(change, plan)
            after = _upload_dependencies((change, *items), uploads)
            return Step(
                id=f"create {change.address}", action=CreateGallery(change=change, items=items), depends_on=after
            )
        case Action.CREATE | Action.REPLACE:
            if change.address.parent in new_galleries:
                return None
            return Step(
                id=f"create {change.address}",
                action=CreateItem(change=change),
                depends_on=_upload_dependencies((change,), uploads),
            )
        case Action.UPDATE:
            action = UpdateGallery(change=change) if gallery else UpdateItem(change=change)
            return Step(
                id=f"update {change.address}", action=action, depends_on=_upload_dependencies((change,), uploads)
            )
        case _:
            return None


def _inline_items(gallery: Change, plan: Plan) -> tuple[Change, ...]:
    return tuple(c for c in plan.changes if c.address.item is not None and c.address.parent == gallery.address)


def _upload_dependencies(changes: Sequence[Change], uploads: Mapping[str, str]) -> frozenset[str]:
    sources = (c.media.source for c in changes if isinstance(c.media, LocalFile | RemoteFile))
    return frozenset(uploads[source] for source in sources if source in uploads)


def _delete_steps(plan: Plan, uploads: frozenset[str], creates: Mapping[Address, set[str]]) -> list[Step]:
    galleries: list[Change] = []
    items: dict[Address, list[Change]] = defaultdict(list)
    for change in plan.changes:
        if change.action is Action.DELETE and change.address.item is None:
            galleries.append(change)
        elif change.action in (Action.DELETE, Action.REPLACE):
            items[change.address.parent].append(change)
    steps: list[Step] = []
    for gallery, changes in items.items():
        after = uploads | frozenset(creates.get(gallery, ()))
        for start in range(0, len(changes), MAX_DELETES_PER_STEP):
            part = tuple(changes[start : start + MAX_DELETES_PER_STEP])
            number = f" ({start // MAX_DELETES_PER_STEP + 1})" if start else ""
            action = DeleteItems(gallery=gallery, changes=part)
            steps.append(Step(id=f"delete items of {gallery}{number}", action=action, depends_on=after))
    steps += [
        Step(id=f"delete {change.address}", action=DeleteGallery(change=change), depends_on=uploads)
        for change in galleries
    ]
    return steps
