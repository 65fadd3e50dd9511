"""Find the live items that an import leaves out, and those that have a key already.

With state {a: 1, b: 2}, from which `removed` released the item 6 before, and the manifest

    adopt: {c: 3}
    foreign: [4]
    removed: [b]
    items: [{key: a, …}, {key: c, …}]

and the live items 1 to 6, an import knows 1 as a and 3 as c, adds 5, and leaves out 2, 4 and 6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from galleryctl.manifest.problems import sort_problems
from galleryctl.manifest.workspace import WORKSPACE_FILE
from galleryctl.manifest.write.placement import KnownKeys
from galleryctl.manifest.write.representable import source_problem
from galleryctl.manifest.write.update import ManifestText
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.command import command_line
from galleryctl.model.desired import Bind, DesiredGallery
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.live import LiveItem
from galleryctl.model.position import SourcePosition
from galleryctl.plan.resources import item_title


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A live resource that an import leaves out, and why; `title` is "" if it has none."""

    id: str
    title: str
    why: str

    @classmethod
    def item(cls, item: LiveItem, why: str) -> Skipped:
        """Return the entry of an item."""
        return cls(id=item.id, title=item_title(item), why=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undeclarable:
    """The live items that a manifest cannot declare, such as an image without a file.

    `left_out` have no entry; `lost` are the keys of those that state has: the next apply deletes them. `entries` are those
    of the other managed items, which stay as they are: key → why.
    """

    left_out: tuple[Skipped, ...] = ()
    lost: tuple[str, ...] = ()
    entries: Mapping[str, str] = field(default_factory=dict)


NOTHING_UNDECLARABLE = Undeclarable()


def undeclarable_items(items: Sequence[LiveItem], known: KnownKeys, rendered: ManifestText) -> Undeclarable:
    """Return those of the items that the manifest cannot declare."""
    problems = {item.id: source_problem(item) for item in items}
    left_out = [item for item in items if not rendered.mentions(item.id)]
    return Undeclarable(
        left_out=tuple(Skipped.item(item, problems[item.id]) for item in left_out),
        lost=tuple(known.by_id[item.id] for item in left_out if item.id in known.in_state),
        entries={key: problems[id_] for id_, key in rendered.undeclarable.items()},
    )


def no_manifest(key: str) -> DesiredGallery:
    """Return the empty manifest of a gallery that has none."""
    return DesiredGallery(
        address=Address(key), bind=Bind(), fields={}, items=(), at=SourcePosition("", 1, 1), protect=False
    )


def with_adopted(bindings: Bindings, gallery: DesiredGallery, live: Sequence[LiveItem]) -> Bindings:
    """Return the state as it is after the manifest's `adopt` lines are applied; `live` are the gallery's items.

    The live item that state has for a key comes before the one in its line, unless its kind has to change.
    """
    kinds = {item.id: item.kind for item in live}
    desired_kinds = {item.address: item.kind for item in gallery.items}
    adopted = {
        address: id_
        for address, id_ in gallery.adopt.items()
        if id_ in kinds and kinds.get(bindings.ids.get(address, "")) is not desired_kinds[address]
    }
    return replace(bindings, ids={**bindings.ids, **adopted}) if adopted else bindings


def check_adopt_lines(bindings: Bindings, gallery: DesiredGallery, live: Sequence[LiveItem]) -> None:
    """Raise InvalidInput with each `adopt` line whose live item its entry cannot have."""
    if problems := tuple(_adopt_problems(bindings, gallery, live)):
        raise InvalidInput(sort_problems(problems))


def _adopt_problems(bindings: Bindings, gallery: DesiredGallery, live: Sequence[LiveItem]) -> Iterator[Problem]:
    kinds = {item.id: item.kind for item in live}
    owners = {id_: address for address, id_ in bindings.ids.items() if address not in gallery.removed}
    for item in gallery.items:
        id_, known_id = gallery.adopt.get(item.address), bindings.ids.get(item.address, "")
        if id_ in (None, known_id) or kinds.get(known_id) is item.kind:
            continue  # state has the key
        why = ""
        if id_ in bindings.deposed:
            why = "which was replaced and is still to be deleted; remove the line"
        elif owners.get(id_, item.address) != item.address:
            rename = f"moved: [{{from: {owners[id_]}, to: {item.address}}}]"
            why = f"which state has as {owners[id_]}; correct or remove the line, or rename that item with {rename}"
        elif kinds.get(id_, item.kind) is not item.kind:
            why = f"which is of kind {kinds[id_]}, but the entry is of kind {item.kind}; correct the line or the entry"
        if why:
            yield Problem(gallery.adopt_positions.get(item.address, item.at), f"adopt names {id_}, {why}")


def skipped_items(bindings: Bindings, gallery: DesiredGallery, live: Sequence[LiveItem]) -> tuple[Skipped, ...]:
    """Return the live items that the manifest must not declare."""
    reasons = _reasons_to_skip(bindings, gallery, live)
    return tuple(Skipped.item(item, reasons[item.id]) for item in live if item.id in reasons)


def _reasons_to_skip(bindings: Bindings, gallery: DesiredGallery, live: Sequence[LiveItem]) -> Mapping[str, str]:
    """Return live id → why the item is left out."""
    after = with_adopted(bindings, gallery, live).ids
    claimed = {after[address] for address in gallery.adopt if address in after}
    # What a restored state knows again is managed as soon as a manifest names it.
    named = {after[item.address] for item in gallery.items if item.address in after}
    reasons = {
        id_: ended_reason(
            address.item or "", id_, is_listed=address in gallery.removed, is_free=after.get(address, id_) == id_
        )
        for address, id_ in bindings.released.items()
        if id_ and id_ not in named
    }
    reasons |= dict.fromkeys(bindings.deposed, "it was replaced, and the next apply deletes it")
    for address, id_ in bindings.ids.items():
        if id_ in claimed:
            continue
        if address in gallery.removed:
            reasons[id_] = ended_reason(address.item or "", id_)
        elif after[address] != id_:
            reasons[id_] = f"adopt: gives its key {address.item} to {after[address]}, and the next apply deletes it"
        elif address.gallery != gallery.address.gallery:
            reasons[id_] = f"state has it as {address}"
    return {**reasons, **dict.fromkeys(gallery.foreign, "foreign: has its id")}


def released_gallery(bindings: Bindings, id_: str) -> Address | None:
    """Return the former address of the live gallery if its management ended, else None."""
    return next((a for a, released in bindings.released.items() if released == id_ and a.item is None), None)


def ended_reason(key: str, id_: str, *, is_listed: bool = True, is_free: bool = True) -> str:
    """Return why an item is left out whose management ended under this key.

    `is_listed` if `removed` still names the key, `is_free` if no other item has it now.
    """
    way_back = f"declare it with adopt: {{{key if is_free else 'KEY'}: {id_}}}"
    if is_listed:
        way_back = f"take {key} out of removed:, and {way_back}"
    return f"the management of {key} ended with removed:; to manage it again, {way_back}"


def gallery_ended_reason(key: str, id_: str, *, is_listed: bool, is_free: bool) -> str:
    """Return why a gallery is left out whose management ended under this key, as `ended_reason` does for items."""
    way_back = "run " + command_line("import", key if is_free else "KEY", "--id", id_)
    if is_listed:
        way_back = f"take {key} out of removed:, and " + way_back
    why = f"the management of gallery {key} ended with removed: in {WORKSPACE_FILE}; to manage it again, "
    return why + way_back


def known_keys(
    bindings: Bindings, gallery: DesiredGallery, live: Sequence[LiveItem], matched: Mapping[str, str]
) -> KnownKeys:
    """Return the known keys of the gallery; `matched` is live id → key of the items that are entries of the manifest.

    An item that state has, and whose entry is gone from the manifest, gets its key back.
    """
    declared = {item.address.item or "" for item in gallery.items}
    ids = {**bindings.released, **bindings.ids}
    ended = {a for a in (*gallery.removed, *bindings.released) if a.gallery == gallery.address.gallery}
    in_state = {a: id_ for a, id_ in bindings.ids.items() if a.gallery == gallery.address.gallery and a.item}
    live_ids = {item.id for item in live}
    former = {
        id_: a.item or ""
        for a, id_ in in_state.items()
        if id_ in live_ids and id_ not in matched and a.item not in declared and a not in gallery.removed
    }
    return KnownKeys(
        by_id={**former, **matched},
        undeclared=frozenset(former.values()),
        in_state={id_ for address, id_ in bindings.ids.items() if address not in gallery.removed},
        declared=declared,
        # An entry whose live item is foreign has none, and waits for the apply that creates one.
        applied={a.item or "" for a, id_ in {**gallery.adopt, **in_state}.items() if id_ not in gallery.foreign},
        ended={a.item or "" for a in ended if not ids.get(a)},
        reserved={a.item or "" for a in ended if ids.get(a)},
        values={item.address.item or "": item.fields for item in gallery.items},
    )
