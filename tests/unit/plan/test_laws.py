"""Laws of every plan, on generated sites: a site in memory is edited, planned, applied and planned again."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from math import isfinite

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Bind, Desired, DesiredGallery, DesiredItem, ItemOrder, Moved, UnmanagedPolicy
from galleryctl.model.fields import Json, canonical
from galleryctl.model.json_document import parse_json
from galleryctl.model.last_applied import NEVER_APPLIED
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import HostedVideo, Kind, LocalFile, Media, RemoteFile, VideoHost, WixFile
from galleryctl.plan.changes import Action, Plan, StateAction
from galleryctl.plan.diff import diff
from galleryctl.plan.file.codec import decode_plan, encode_plan
from galleryctl.plan.identity.evidence import same_content
from galleryctl.plan.leaves import field_of
from tests.unit.plan.memory_site import (
    ALLOW_ALL,
    MANIFEST_POSITION,
    MemorySite,
    live_gallery,
    plan_memory_site,
    plan_snapshot,
)

CHANCE = st.randoms(use_true_random=False)
TITLES = st.sampled_from(["", "Cake", "Dance", "Rings"])
KEYS = ("a", "b", "c", "d", "e", "f", "h")
GALLERIES = ("one", "two")
THOROUGH = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
FRACTIONS = st.sampled_from([0.0, 0.1, 0.25, 1 / 3, 0.123456789, 1.0])
POINTS = st.fixed_dictionaries({"x": FRACTIONS, "y": FRACTIONS})
EXIF = st.none() | st.dictionaries(
    st.sampled_from(["iso", "lens"]),
    st.integers(1, 3) | st.just("50mm") | st.dictionaries(st.just("k"), st.integers(1, 2), min_size=1),
    min_size=1,
)
SORT_ORDERS = st.one_of(
    st.integers(-3, 3).map(float),
    st.integers(1_600_000_000, 1_600_000_009).map(float),
    st.floats(1.0, 1.0000000000000009),
    st.floats(-1e300, 1e300),
    st.sampled_from([1.7e12, 0.1, 0.3, 16777217.0, 5e-324, -5e-324]),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A site that was there before, and how it behaves."""

    site: MemorySite
    item_order: ItemOrder


@st.composite
def media(draw: st.DrawFn, kind: Kind) -> Media:
    content = draw(st.sampled_from(["1", "2", "3"]))
    match kind:
        case Kind.IMAGE:
            local = LocalFile(path=f"p/{content}.jpg", sha256=content, size=int(content), mime_type="image/jpeg")
            remote = RemoteFile(url=f"https://pictures.example/{content}.jpg")
            choices: list[Media] = [local, remote, WixFile(id=f"theirs-{content}")]
            return draw(st.sampled_from(choices))
        case Kind.VIDEO:
            return HostedVideo(host=VideoHost.VIMEO, url=f"https://vimeo.com/{content}")
        case Kind.TEXT:
            return None


@st.composite
def fields(draw: st.DrawFn, kind: Kind, html: str) -> Mapping[str, Json]:
    optional: dict[str, st.SearchStrategy[Json]] = {
        "title": TITLES,
        "description": st.sampled_from(["", "words"]),
        "tags": st.lists(st.sampled_from(["x", "y"])).map(lambda tags: canonical("tags", tags)),
    }
    required: dict[str, st.SearchStrategy[Json]] = {}
    if kind is Kind.IMAGE:
        optional |= {
            "focal_point": st.none() | POINTS,
            "quality": st.none() | st.integers(30, 100),
            "exif": EXIF,
        }
    if kind is Kind.TEXT:
        required["html"] = st.just(f"<p>{html}</p>")
    named: Mapping[str, Json] = draw(st.fixed_dictionaries(required, optional=optional))
    return named


@st.composite
def wanted_items(draw: st.DrawFn, gallery: str) -> tuple[DesiredItem, ...]:
    keys = draw(st.permutations(KEYS))[: draw(st.integers(0, len(KEYS)))]
    items = []
    for key in keys:
        kind = draw(st.sampled_from(Kind))
        items.append(
            DesiredItem(
                address=Address(gallery, key),
                kind=kind,
                media=draw(media(kind)),
                fields=draw(fields(kind, key)),
                at=MANIFEST_POSITION,
                ignore=frozenset(draw(st.sets(st.sampled_from(["title", "focal_point"]), max_size=1))),
            )
        )
    return tuple(items)


@st.composite
def manifests(draw: st.DrawFn, item_order: ItemOrder, *, both: bool = False) -> Desired:
    """One or two galleries: the first is bound to one that is there, the second is to be made."""
    count = 2 if both else draw(st.integers(1, 2))
    galleries = tuple(
        DesiredGallery(
            address=Address(name),
            bind=Bind(id="there") if name == "one" else Bind(create=True),
            fields=draw(st.fixed_dictionaries({}, optional={"name": st.sampled_from([f"{name} 1", f"{name} 2"])})),
            items=draw(wanted_items(name)),
            at=MANIFEST_POSITION,
            protect=False,
            unmanaged=draw(st.sampled_from([UnmanagedPolicy.KEEP, UnmanagedPolicy.REPORT])),
        )
        for name in GALLERIES[:count]
    )
    return Desired(galleries=galleries, item_order=item_order)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A site with a gallery of strangers, with all that was seen in real data."""
    site = MemorySite(uses_float32=draw(st.booleans()), shortest_digits=draw(st.booleans()))
    orders = draw(st.lists(SORT_ORDERS, max_size=5).map(lambda values: list(map(site.stored_order, values))))
    site.galleries["there"] = live_gallery(id_="there", name=draw(st.sampled_from(["", "Old"])), sort_order=None)
    for i, order_ in enumerate(dict.fromkeys(filter(isfinite, orders))):
        kind = draw(st.sampled_from(Kind))
        shown = draw(media(kind))
        stranger = LiveItem(
            id=f"stranger-{i}",
            kind=kind,
            media=shown if not isinstance(shown, LocalFile | RemoteFile) else WixFile(id=f"theirs-{i}"),
            fields={**draw(fields(kind, f"s{i}")), "title": f"Stranger {i}"},
            sort_order=order_,
            raw={"future": {"unknown": i}, "title": None, "tags": {"values": ["_fileOrigin_uploaded"]}},
        )
        site.edit_items("there", stranger)
    return World(site=site, item_order=draw(st.sampled_from(ItemOrder)))


def check_site(site: MemorySite, desired: Desired, bindings: Bindings) -> None:
    """The site shows what is wanted, in that order."""
    for gallery in desired.galleries:
        shown = site.displayed_items(bindings.ids[gallery.address], desired.item_order)
        by_id = {item.id: item for item in shown}
        mine = [bindings.ids[item.address] for item in gallery.items]
        assert [item.id for item in shown if item.id in mine] == mine
        for item in gallery.items:
            found = by_id[bindings.ids[item.address]]
            assert found.kind is item.kind
            assert same_content(item, found, bindings.media, site.files)
            for name, value in item.fields.items():
                has = canonical(name, found.fields.get(name))
                assert name in item.ignore or not diff({name: value}, {name: has}).write, (name, has, value)


def answered(site: MemorySite, desired: Desired, bindings: Bindings, ours: Collection[str] = ()) -> Desired:
    """The manifests with the answers of a person who knows which items are not ours, if the plan asks."""
    if not plan_memory_site(site, desired, bindings).refusals:
        return desired
    known = {*bindings.ids.values(), *ours}
    live = {item.id for gallery in site.galleries.values() for item in gallery.loaded_items}
    return replace(desired, galleries=tuple(replace(g, foreign=frozenset(live - known)) for g in desired.galleries))


def edit(site: MemorySite, chance: random.Random) -> None:
    """Somebody works in the Editor."""
    for gallery in site.galleries.values():
        items = [item for item in gallery.loaded_items if not item.id.startswith("stranger")]
        if items and chance.random() < 0.5:
            site.delete_items(gallery.id, chance.choice(items).id)
        for one in [item for item in items if item in site.galleries[gallery.id].loaded_items]:
            if chance.random() < 0.3:
                extra: dict[str, Json] = {
                    "title": "Edited",
                    "tags": ("_fileOrigin_x",),
                    "focal_point": {"x": 0.5, "y": 0.5, "z": 1},
                }
                kept = {name: extra[name] for name in extra if name in one.fields or chance.random() < 0.5}
                site.edit_items(gallery.id, replace(one, fields={**one.fields, **kept}, raw={"link": {"type": "t"}}))


@THOROUGH
@given(st.data(), worlds(), CHANCE)
def test_an_applied_plan_gives_what_is_wanted_and_the_next_plan_is_empty(
    data: st.DataObject, world: World, chance: random.Random
) -> None:
    site, bindings = world.site, Bindings()
    for _ in range(3):
        desired = answered(site, data.draw(manifests(world.item_order)), bindings)
        plan = plan_memory_site(site, desired, bindings)
        ours = set(bindings.ids.values())
        before = {i.id: i for g in site.galleries.values() for i in g.loaded_items}
        assert not plan.refusals
        last_applied = bindings
        bindings = site.apply(plan, bindings, chance)
        after = {i.id: i for g in site.galleries.values() for i in g.loaded_items}
        check_site(site, desired, bindings)
        ours |= set(bindings.ids.values())
        assert {id_: after.get(id_) for id_ in before if id_ not in ours} == {
            id_: item for id_, item in before.items() if id_ not in ours
        }
        check_only_ours(desired, last_applied, bindings, before, after)
        again = plan_memory_site(site, desired, bindings)
        assert again.is_empty
        assert not again.ids
        assert not again.media
        assert again.protected == bindings.protected
        assert not again.forget
        edit(site, chance)


def check_only_ours(
    desired: Desired,
    last_applied: Bindings,
    bindings: Bindings,
    before: Mapping[str, LiveItem],
    after: Mapping[str, LiveItem],
) -> None:
    """Fields and parts of structures that are not named, or are ignored, stay, but for those we wrote; all raw stays."""
    records = {id_: last_applied.records.get(address, NEVER_APPLIED) for address, id_ in last_applied.ids.items()}
    for gallery in desired.galleries:
        for item in gallery.items:
            id_ = bindings.ids[item.address]
            if id_ not in before:
                continue
            old, new = before[id_], after[id_]
            assert new.raw == old.raw
            ours = records.get(id_, NEVER_APPLIED).fields  # by id: the item may have a new key
            for name in old.fields:
                if name not in item.fields and any(field_of(path) == name for path in ours):
                    continue  # cleared or released
                if name not in item.fields or name in item.ignore:
                    assert new.fields[name] == old.fields[name]
                elif isinstance(was := old.fields[name], Mapping) and isinstance(item.fields[name], Mapping):
                    now, named = new.fields[name], item.fields[name]
                    assert isinstance(now, Mapping)
                    assert isinstance(named, Mapping)
                    others = [part for part in was if part not in named and f"{name}.{part}" not in " ".join(ours)]
                    assert {part: now.get(part) for part in others} == {part: was[part] for part in others}


@THOROUGH
@given(st.data(), worlds(), CHANCE)
def test_a_plan_for_targets_touches_only_those_and_comes_to_rest(
    data: st.DataObject, world: World, chance: random.Random
) -> None:
    site, bindings = world.site, Bindings()
    first = answered(site, data.draw(manifests(world.item_order, both=True)), bindings)
    bindings = site.apply(plan_memory_site(site, first, bindings), bindings, chance)
    desired = answered(site, data.draw(manifests(world.item_order, both=True)), bindings)
    addresses = [g.address for g in desired.galleries] + [i.address for g in desired.galleries for i in g.items]
    target = data.draw(st.sampled_from(addresses))
    options = replace(ALLOW_ALL, targets=(target,))
    plan = plan_memory_site(site, desired, bindings, options)
    assert all(target.covers(change.address) for change in plan.changes)
    bindings = site.apply(plan, bindings, chance)
    if target.item is None:
        again = plan_memory_site(site, desired, bindings, options)
        assert (again.changes, again.state_changes) == ((), ())
    else:
        left = plan_memory_site(site, desired, bindings, options).changes
        assert all(change.write == {} and change.action is Action.UPDATE for change in left)


@THOROUGH
@given(st.data(), worlds(), CHANCE)
def test_without_state_the_same_pairs_are_found(data: st.DataObject, world: World, chance: random.Random) -> None:
    desired = answered(world.site, data.draw(manifests(world.item_order)), Bindings())
    bindings = world.site.apply(plan_memory_site(world.site, desired, Bindings()), Bindings(), chance)
    desired = answered(world.site, desired, Bindings(), ours=bindings.ids.values())
    lost = plan_memory_site(world.site, desired, Bindings())
    assert not lost.refusals
    assert not {Action.CREATE, Action.DELETE, Action.REPLACE} & {change.action for change in lost.changes}
    assert lost.ids.keys() == bindings.ids.keys()
    rebuilt = world.site.apply(lost, Bindings(), chance)
    assert plan_memory_site(world.site, desired, rebuilt).is_empty


@THOROUGH
@given(st.data(), worlds(), CHANCE)
def test_new_keys_with_moved_entries_change_nothing(data: st.DataObject, world: World, chance: random.Random) -> None:
    desired = answered(world.site, data.draw(manifests(world.item_order, both=True)), Bindings())
    bindings = world.site.apply(plan_memory_site(world.site, desired, Bindings()), Bindings(), chance)
    # Each key becomes the next one's, so that most entries wait for another.
    new_key: dict[str, str] = dict(zip(KEYS, (*KEYS[1:], "last"), strict=True))
    galleries = tuple(
        replace(
            gallery,
            items=tuple(
                replace(item, address=Address(item.address.gallery, new_key[str(item.address.item)]))
                for item in gallery.items
            ),
        )
        for gallery in desired.galleries
    )
    moved = tuple(
        Moved(source=old.address, target=new.address, at=MANIFEST_POSITION)
        for before, after in zip(desired.galleries, galleries, strict=True)
        for old, new in zip(before.items, after.items, strict=True)
    )
    renamed = replace(desired, galleries=galleries, moved=tuple(chance.sample(moved, len(moved))))
    plan = plan_memory_site(world.site, renamed, bindings)
    assert not plan.changes
    assert {change.action for change in plan.state_changes} <= {StateAction.MOVE}
    assert not [notice for notice in plan.notices if "not moved" in notice.message]
    bindings = world.site.apply(plan, bindings, chance)
    again = plan_memory_site(world.site, renamed, bindings)
    assert again.is_empty
    assert again.ids == {}
    assert not again.forget
    assert not [notice for notice in again.notices if "not moved" in notice.message]


@THOROUGH
@given(st.data(), worlds(), CHANCE)
def test_the_order_in_which_things_are_read_does_not_show(
    data: st.DataObject, world: World, chance: random.Random
) -> None:
    site, bindings = world.site, Bindings()
    for round_ in range(2):
        desired = answered(site, data.draw(manifests(world.item_order)), bindings)
        seen = site.snapshot(desired, bindings)
        galleries = [replace(g, items=_shuffled(g, chance)) for g in seen.galleries]
        chance.shuffle(galleries)
        other = replace(seen, galleries=tuple(galleries))
        entries = list(bindings.ids.items())
        chance.shuffle(entries)
        shuffled = replace(bindings, ids=dict(entries))
        plan = plan_snapshot(desired, seen, bindings, options=ALLOW_ALL)
        twin = plan_snapshot(desired, other, shuffled, options=ALLOW_ALL)
        assert json.dumps(encode_plan(twin)) == json.dumps(encode_plan(plan))
        if not round_:
            bindings = site.apply(plan, bindings, chance)


def _shuffled(gallery: LiveGallery, chance: random.Random) -> tuple[LiveItem, ...]:
    return tuple(chance.sample(gallery.loaded_items, len(gallery.loaded_items)))


@THOROUGH
@given(st.data(), worlds(), CHANCE)
def test_a_plan_comes_back_from_its_document(data: st.DataObject, world: World, chance: random.Random) -> None:
    bindings = Bindings()
    for _ in range(2):
        desired = answered(world.site, data.draw(manifests(world.item_order)), bindings)
        plan: Plan = plan_memory_site(world.site, desired, bindings)
        assert decode_plan(parse_json(json.dumps(encode_plan(plan)))) == plan
        bindings = world.site.apply(plan, bindings, chance)
        edit(world.site, chance)
