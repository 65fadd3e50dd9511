"""Tolerated drift in plans: left out exactly, with the last applied values kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.engine.staleness import apply_findings
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.fields import Json
from galleryctl.model.last_applied import FieldBase, LastApplied, Origin, value_digest
from galleryctl.model.live import SiteSnapshot
from galleryctl.model.media import WixFile
from galleryctl.model.tolerated import Toleration, TolerationStatus, missing_digest, position_digest
from galleryctl.plan.changes import Plan
from galleryctl.plan.identity.evidence import media_digest
from galleryctl.plan.identity.galleries import identify_galleries
from galleryctl.plan.identity.identify import identify_site
from galleryctl.plan.identity.known import match_known_items
from galleryctl.plan.leaves import all_leaves, shows_leaf, value_at, without_path
from galleryctl.plan.make import PlanOptions, make_plan
from galleryctl.plan.tolerable import tolerable_drift
from tests.unit.plan.memory_site import (
    ALLOW_ALL,
    MANIFEST_POSITION,
    G,
    at,
    gallery,
    item,
    known_ids,
    live_gallery,
    live_item,
    local_photo,
    snapshot,
)

TODAY = date(2026, 11, 28)
A = at("g/a")


def base(value: Json) -> FieldBase:
    return FieldBase(sent=value_digest(value), answered=value_digest(value), wrote=True)


def entry(address: Address, field: str, value: Json, *, days: int = 0, digest: str = "") -> Toleration:
    return Toleration(
        address=address,
        field=field,
        value=value,
        digest=digest or value_digest(value),
        until=TODAY + timedelta(days=days),
        reason="why",
        at=MANIFEST_POSITION,
    )


class World:
    """Gallery g of images with these fields in the manifest; on the site they may have others, and other places."""

    def __init__(self, wanted: Mapping[str, Mapping[str, Json]], live: Mapping[str, tuple[float, Any]]) -> None:
        self.items = [item(key, local_photo(key), **fields) for key, fields in wanted.items()]
        shown = [live_item(f"id-{key}", order, WixFile(id=f"f-{key}"), **now) for key, (order, now) in live.items()]
        self.site: SiteSnapshot = snapshot(live_gallery(*shown))
        self.state = Bindings(
            ids=known_ids(**{key: f"id-{key}" for key in wanted}),
            media={local_photo(key).source: f"f-{key}" for key in wanted},
            records={
                Address("g", key): LastApplied(
                    origin=Origin.CREATED,
                    sort_order=place + 0.5,
                    fields={
                        **{path: base(value) for path, value in all_leaves(fields).items()},
                        "media": FieldBase(
                            sent=media_digest(local_photo(key)),
                            answered=media_digest(WixFile(id=f"f-{key}")),
                            wrote=True,
                        ),
                    },
                )
                for place, (key, fields) in enumerate(wanted.items())
            }
            | {G: LastApplied(origin=Origin.CREATED)},
        )

        self.text = f"{wanted} {live}"

    def __repr__(self) -> str:
        return self.text

    def plan(self, *entries: Toleration, today: date = TODAY, options: PlanOptions = ALLOW_ALL, **changes: Any) -> Plan:
        items = [replace(each, fields=changes.get(each.address.item or "", each.fields)) for each in self.items]
        desired = Desired(galleries=(gallery(*items),), tolerated=entries)
        identity = identify_site(desired, self.site, self.state)
        return make_plan(desired, self.site, identity, options=options, today=today)

    def tolerate_all(self, plan: Plan) -> tuple[Toleration, ...]:
        found = tolerable_drift(plan, self.site, self.state)
        assert found.others == ()
        return tuple(entry(v.address, v.field, v.value, digest=v.digest) for v in found.values)


def statuses(plan: Plan) -> dict[str, str]:
    return {f"{each.address} {each.field}": each.status.value for each in plan.tolerated}


VALUES: dict[str, st.SearchStrategy[Json]] = {
    "title": st.sampled_from(["", "Rings", "rings ", "R" * 200, "<b>"]),
    "tags": st.sampled_from([(), ("sea",), ("sea", "sun")]),
    "quality": st.sampled_from([None, 70, 90]),
    "focal_point": st.sampled_from([None, {"x": 0.5, "y": 0.5}, {"x": 0.25, "y": 0.5}, {"x": 0.5, "y": 0.25}]),
    "exif": st.sampled_from([None, {"a.b": 1}, {"lens": {"mm": 50}}, {"lens": {"mm": 35}, "iso": 100}]),
}
FIELDS = st.fixed_dictionaries({}, optional=VALUES)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    keys = draw(st.lists(st.sampled_from("abcdef"), unique=True, min_size=1, max_size=5))
    wanted = {key: draw(FIELDS) for key in keys}
    kept = [key for key in keys if draw(st.integers(0, 4))]
    orders = draw(st.lists(st.integers(0, 20), unique=True, min_size=len(kept), max_size=len(kept)))
    places = {key: place + 0.5 for place, key in enumerate(keys)}
    live = {
        key: (places[key] if draw(st.booleans()) else order / 2 + 0.125, {**wanted[key], **draw(FIELDS)})
        for key, order in zip(kept, orders, strict=True)
    }
    return World(wanted, live)


@given(worlds())
def test_what_is_recorded_is_left_out_until_the_date_and_drift_afterwards(world: World) -> None:
    before = world.plan()
    entries = world.tolerate_all(before)
    during = world.plan(*entries)
    assert during.changes == ()
    assert during.state_changes == ()
    assert all(each.status is TolerationStatus.TOLERATED for each in during.tolerated)
    afterwards = world.plan(*entries, today=TODAY + timedelta(days=1))
    assert [each.fields for each in afterwards.changes] == [each.fields for each in before.changes]
    assert afterwards.drift == before.drift
    assert afterwards.records == before.records
    world.state = apply_findings(world.state, during)
    assert world.plan(*entries, today=TODAY + timedelta(days=1)).drift == before.drift


@given(worlds())
def test_the_last_applied_values_of_what_is_tolerated_are_kept(world: World) -> None:
    entries = world.tolerate_all(world.plan())
    records = world.plan(*entries).records
    for each in entries:
        record, known = records.get(each.address), world.state.records[each.address]
        if record is not None and each.field == "position":
            assert record.sort_order == known.sort_order
        elif record is not None:
            assert record.fields[each.field] == known.fields[each.field]


@given(worlds(), st.data())
def test_each_entry_leaves_out_its_own_difference_only(world: World, data: st.DataObject) -> None:
    before = world.plan()
    entries = [each for each in world.tolerate_all(before) if each.field not in ("position", "item")]
    chosen = data.draw(st.lists(st.sampled_from(entries), unique=True)) if entries else []
    after = world.plan(*chosen)

    def parts(plan: Plan) -> set[tuple[Address, str]]:
        return {(change.address, part.path) for change in plan.changes for part in change.fields}

    left_out = parts(before) - parts(after)
    assert parts(after) <= parts(before)
    assert left_out == {
        (address, path)
        for address, path in parts(before)
        if any(each.address == address and shows_leaf(path, each.field) for each in chosen)
    }
    for change in after.changes:
        live = {each.id: each for each in world.site.galleries[0].loaded_items}.get(change.id or "")
        for each in chosen:
            if each.address == change.address and live is not None:
                assert each.field not in change.named
                if any(shows_leaf(each.field, name) for name in change.write):
                    assert value_at(change.write, each.field) == value_at(live.fields, each.field)


@given(worlds(), st.randoms())
def test_a_new_order_in_the_manifest_moves_only_what_is_not_tolerated(world: World, random: Random) -> None:
    entries = world.tolerate_all(world.plan())
    random.shuffle(world.items)
    plan = world.plan(*entries)
    tolerated = {each.address for each in plan.tolerated if each.status is TolerationStatus.TOLERATED}
    kept = {each.address for each in entries if each.field in ("position", "item")} & tolerated
    assert all(change.position is not None and not change.fields for change in plan.changes)
    assert kept.isdisjoint(change.address for change in plan.changes)
    orders = {change.id: change.sort_order for change in plan.changes}
    (live,) = world.site.galleries
    items = [replace(each, sort_order=orders.get(each.id, each.sort_order)) for each in live.loaded_items]
    world.state = apply_findings(world.state, plan)
    world.site = snapshot(replace(live, items=tuple(items)))
    records = {
        a: replace(r, sort_order=orders.get(world.state.ids[a], r.sort_order)) for a, r in world.state.records.items()
    }
    world.state = replace(world.state, records=records)
    assert world.plan(*entries).is_empty


@given(st.dictionaries(st.sampled_from(["a", "b.c"]), st.integers() | st.just({"d": 1, "e": 2})))
def test_a_field_without_all_of_its_leaves_is_left_out(exif: Json) -> None:
    fields: dict[str, Json] = {"exif": exif, "title": "T"}
    for path in all_leaves({"exif": exif}):
        before = set(all_leaves(fields))
        fields = without_path(fields, path)
        assert set(all_leaves(fields)) == before - {path}
    assert fields == {"title": "T"} if exif else {"exif": {}, "title": "T"}


def one(live: Mapping[str, Json], wanted: Mapping[str, Json]) -> World:
    return World({"a": wanted}, {"a": (0.5, live)})


@pytest.mark.parametrize(
    ("live", "wanted", "status", "why", "causes"),
    [
        ("Rings", "The rings", "tolerated", "", set()),
        ("Gold", "The rings", "obsolete", "the site has changed again since", {"drift"}),
        ("The rings", "The rings", "obsolete", "the site and the manifest no longer differ there", set()),
        ("Rings", "Ring", "obsolete", "the manifest has changed as well", {"conflict"}),
        ("Gold", "Ring", "obsolete", "the site has changed again since", {"conflict"}),
        ("Rings", "Rings", "obsolete", "the site and the manifest no longer differ there", set()),
        ("The rings", "Ring", "obsolete", "the site has changed again since", {"manifest"}),
    ],
)
def test_the_effect_of_an_entry(live: str, wanted: str, status: str, why: str, causes: set[str]) -> None:
    plan = one({"title": live}, {"title": "The rings"}).plan(entry(A, "title", "Rings"), a={"title": wanted})
    (found,) = plan.tolerated
    assert (found.status.value, found.why) == (status, why)
    assert {cause.value for change in plan.changes for cause in change.causes} == causes


def test_the_last_day_counts() -> None:
    world = one({"title": "Rings"}, {"title": "The rings"})
    until = entry(A, "title", "Rings")
    assert statuses(world.plan(until)) == {"g/a title": "tolerated"}
    late = world.plan(until, today=TODAY + timedelta(days=1))
    assert statuses(late) == {"g/a title": "expired"}
    (notice,) = late.notices
    assert notice.message == (
        'no longer tolerated, expired on 2026-11-28: title "Rings": why; accept it (drift --accept), apply the manifest, '
        "or tolerate it longer (drift --tolerate-until)"
    )


def test_a_value_without_a_last_applied_one_is_not_tolerated() -> None:
    world = one({"title": "Rings"}, {"title": "The rings"})
    world.state = replace(world.state, records={})
    plan = world.plan(entry(A, "title", "Rings"))
    assert statuses(plan) == {"g/a title": "obsolete"}
    assert len(plan.drift) == 1
    found = tolerable_drift(plan, world.site, world.state)
    assert found.values == ()
    assert [other.message for other in found.others] == [
        "title cannot be tolerated: the state has no last applied value of it; apply once first"
    ]


def test_a_moved_item_stays_where_it_is_and_others_are_ordered() -> None:
    world = World({"a": {}, "b": {}, "c": {}}, {"a": (0.5, {}), "b": (1.5, {}), "c": (0.25, {})})
    assert [change.address for change in world.plan().drift] == [at("g/c")]
    moved = entry(at("g/c"), "position", "first", digest=position_digest(0.25))
    assert world.plan(moved).is_empty
    world.items.reverse()
    assert [(str(change.address), change.is_drift) for change in world.plan(moved).changes] in (
        [("g/a", False)],
        [("g/b", False)],
    )


def test_two_neighbours_that_changed_places() -> None:
    world = World({"a": {}, "b": {}}, {"a": (2.5, {}), "b": (1.5, {})})
    found = tolerable_drift(world.plan(), world.site, world.state).values
    assert [(str(each.address), each.field, each.value) for each in found] == [("g/a", "position", "after b")]


def test_a_missing_item_is_tolerated_by_its_former_id() -> None:
    world = World({"a": {}, "b": {}}, {"b": (1.5, {})})
    gone = entry(A, "item", "missing", digest=missing_digest("id-a"))
    assert world.plan(gone).is_empty
    world.state = replace(world.state, ids={**world.state.ids, A: "id-2"})
    plan = world.plan(gone)
    assert statuses(plan) == {"g/a item": "obsolete"}
    assert [change.address for change in plan.drift] == [A]


def test_a_gallery_is_not_read_again_for_an_item_that_is_tolerated_as_missing() -> None:
    world = World({"a": {}, "b": {}}, {"b": (1.5, {})})

    def incomplete(*entries: Toleration) -> set[str]:
        desired = Desired(galleries=(gallery(*world.items),), tolerated=entries)
        galleries = identify_galleries(desired, world.site.galleries, world.state)
        return match_known_items(desired, world.site.galleries, world.state, galleries).incomplete_galleries

    assert incomplete() == {"G"}
    assert incomplete(entry(A, "item", "missing", digest=missing_digest("another"))) == {"G"}
    assert incomplete(entry(A, "item", "missing", digest=missing_digest("id-a"))) == set()


def test_targets_limit_the_entries() -> None:
    world = World({"a": {"title": "1"}, "b": {"title": "2"}}, {"a": (0.5, {"title": "x"}), "b": (1.5, {"title": "y"})})
    entries = entry(A, "title", "x"), entry(at("g/b"), "title", "y")
    plan = world.plan(*entries, options=replace(ALLOW_ALL, targets=(A,)))
    assert statuses(plan) == {"g/a title": "tolerated"}
    assert plan.is_empty


def test_nothing_is_tolerated_when_all_is_deleted() -> None:
    world = one({"title": "Rings"}, {"title": "The rings"})
    plan = world.plan(entry(A, "title", "Rings"), options=replace(ALLOW_ALL, destroy=True))
    assert plan.tolerated == ()
