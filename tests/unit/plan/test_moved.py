"""`moved` entries, and galleries under a new key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from galleryctl.engine.staleness import apply_findings
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Bind, Desired, DesiredGallery, DesiredItem, Moved
from galleryctl.plan.identity.moved import AddressMoves, apply_moved
from tests.unit.plan.memory_site import (
    ALLOW_ALL,
    MANIFEST_POSITION,
    at,
    item,
    live_gallery,
    live_item,
    plan_snapshot,
    snapshot,
)


def wanted(*addresses: str, moved: tuple[tuple[str, str], ...]) -> Desired:
    """Manifests that name these items; their galleries are all bound to G."""
    items = [item_at(at(address)) for address in addresses]
    galleries = tuple(
        DesiredGallery(
            address=Address(key),
            bind=Bind(id="G"),
            fields={},
            items=tuple(i for i in items if i.address.gallery == key),
            at=MANIFEST_POSITION,
            protect=False,
        )
        for key in dict.fromkeys(i.address.gallery for i in items)
    )
    entries = tuple(Moved(source=at(source), target=at(target), at=MANIFEST_POSITION) for source, target in moved)
    return Desired(galleries=galleries, moved=entries)


def item_at(address: Address) -> DesiredItem:
    return replace(item("x", None, html=str(address)), address=address)


def known(**ids: str) -> Bindings:
    return Bindings(ids={at(address.replace("_", "/")): id_ for address, id_ in ids.items()})


def moved_state(desired: Desired, bindings: Bindings) -> Bindings:
    return apply_moved(desired, bindings.ids)[0].renamed(bindings)


def renamed(desired: Desired, bindings: Bindings) -> dict[str, str]:
    return {str(address): id_ for address, id_ in moved_state(desired, bindings).ids.items()}


def test_an_item_gets_its_new_key_with_all_that_is_known_of_it() -> None:
    bindings = Bindings(ids={at("g/a"): "1"}, protected=frozenset({at("g/a")}), deposed={"0": at("g/a")})
    desired = wanted("g/b", moved=(("g/a", "g/b"),))
    moves, _ = apply_moved(desired, bindings.ids)
    assert moves.addresses == {at("g/a"): at("g/b")}
    state = moves.renamed(bindings)
    assert state == Bindings(ids={at("g/b"): "1"}, protected=frozenset({at("g/b")}), deposed={"0": at("g/b")})
    assert apply_moved(desired, state.ids) == (AddressMoves(), ())


def test_a_gallery_takes_its_items_along() -> None:
    bindings = Bindings(ids={at("g"): "G", at("g/a"): "1"}, protected=frozenset({at("g/never-made")}))
    state = moved_state(wanted("h/a", moved=(("g", "h"),)), bindings)
    assert state.ids == {at("h"): "G", at("h/a"): "1"}
    assert state.protected == {at("h/never-made")}


@pytest.mark.parametrize("moved", [(("g/a", "g/b"), ("g/b", "g/c")), (("g/b", "g/c"), ("g/a", "g/b"))])
def test_a_name_is_handed_on_whatever_the_order_of_the_entries(moved: tuple[tuple[str, str], ...]) -> None:
    desired = wanted("g/b", "g/c", moved=moved)
    state = moved_state(desired, known(g_a="1", g_b="2"))
    assert {str(a): i for a, i in state.ids.items()} == {"g/b": "1", "g/c": "2"}
    assert apply_moved(desired, state.ids) == (AddressMoves(), ())


def test_what_got_a_name_keeps_it_though_state_forgets_who_had_it() -> None:
    row = (("g/a", "g/b"), ("g/b", "g/c"), ("g/c", "g/d"))
    for left in (("g_b", "g_c"), ("g_b",), ("g_c",)):
        bindings = known(**{key: key for key in left})
        assert apply_moved(wanted("g/b", "g/c", "g/d", moved=row), bindings.ids) == (AddressMoves(), ())


def test_one_thing_may_be_renamed_twice() -> None:
    assert renamed(wanted("g/c", moved=(("g/a", "g/b"), ("g/b", "g/c"))), known(g_a="1")) == {"g/c": "1"}


def test_when_the_last_name_is_given_up_nothing_slips_along() -> None:
    desired = wanted("g/b", "g/c", moved=(("g/a", "g/b"), ("g/b", "g/c"), ("g/c", "g/d")))
    assert renamed(desired, known(g_b="1", g_c="2")) == {"g/b": "1", "g/c": "2"}


@pytest.mark.parametrize(
    ("names", "moved", "obstacle"),
    [
        (("g/a", "g/b"), (("g/a", "g/b"),), "a manifest still declares g/a"),
        (("g/b",), (("g/a", "g/b"),), "state has another resource at g/b"),
        (("h/a",), (("g/a", "h/a"),), "the API cannot move items between galleries"),
        (("h/a",), (("g", "h/a"),), "one is a gallery, the other is an item"),
    ],
)
def test_what_cannot_be_renamed_is_said(
    names: tuple[str, ...], moved: tuple[tuple[str, str], ...], obstacle: str
) -> None:
    bindings = known(g="G", g_a="1", g_b="2")
    moves, (notice,) = apply_moved(wanted(*names, moved=moved), bindings.ids)
    assert moves == AddressMoves()
    assert obstacle in notice.message
    assert notice.message.startswith("galleries/g.yaml:1:1: not moved from g")


@pytest.mark.parametrize(
    ("moved", "state"),
    [
        # The whole row was applied before; then g/a was used again, and its management ends.
        ((("g/a", "g/b"), ("g/b", "g/c")), {"g/a": "2", "g/c": "1"}),
        ((("g/a", "g/b"),), {"g/a": "2"}),
    ],
)
def test_an_item_whose_management_ends_is_not_moved(moved: tuple[tuple[str, str], ...], state: dict[str, str]) -> None:
    desired = wanted("g/c", moved=moved)
    (gallery,) = desired.galleries
    desired = replace(desired, galleries=(replace(gallery, removed=frozenset({at("g/a")})),))
    live = [live_item(id_, float(id_), html="g/c") for id_ in state.values()]
    bindings = Bindings(ids={at("g"): "G", **{at(address): id_ for address, id_ in state.items()}})
    plan = plan_snapshot(desired, snapshot(live_gallery(*live)), bindings, options=ALLOW_ALL)
    assert [change.action.value for change in plan.changes if change.address != at("g/c")] == []
    assert at("g/a") in plan.forget


@pytest.mark.parametrize("moved", [(("old", "new"),), ()])
def test_the_items_of_a_gallery_whose_management_ends_are_not_deleted_under_its_new_key(
    moved: tuple[tuple[str, str], ...],
) -> None:
    site = snapshot(live_gallery(live_item("1", 1.0, html="new/a"), live_item("2", 2.0, html="old/b")))
    bindings = Bindings(ids={at("old"): "G", at("old/a"): "1", at("old/b"): "2"})
    desired = replace(wanted("new/a", moved=moved), removed=frozenset({at("old")}))
    plan = plan_snapshot(desired, site, bindings, options=ALLOW_ALL)
    assert not plan.changes
    assert plan.ids == {at("new"): "G", at("new/a"): "1"}
    assert plan.forget == {at("old"), at("old/a"), at("old/b")}
    assert not plan.moves


def test_a_gallery_bound_under_a_new_key_is_renamed_without_a_moved_entry() -> None:
    site = snapshot(live_gallery(live_item("1", 1.0, html="new/a"), live_item("2", 2.0, html="theirs")))
    bindings = Bindings(ids={at("old"): "G", at("old/a"): "1"}, protected=frozenset({at("old"), at("old/a")}))
    plan = plan_snapshot(wanted("new/a", moved=()), site, bindings, options=ALLOW_ALL)
    assert not plan.changes
    assert [(str(c.address), c.action.value, c.detail) for c in plan.state_changes] == [
        ("new", "move", "old"),
        ("new/a", "move", "old/a"),
        ("new", "unprotect", ""),
        ("new/a", "unprotect", ""),
    ]
    assert plan.moves == {at("old"): at("new"), at("old/a"): at("new/a")}
    assert (plan.ids, plan.forget) == ({}, frozenset())


def test_what_is_gone_gives_way_to_a_recognized_item_also_under_the_new_key_of_its_gallery() -> None:
    """The text of `a` has the key `b` now, which an item had that is gone from the site."""
    site = snapshot(live_gallery(live_item("1", 1.0, html="new/b")))
    bindings = Bindings(
        ids={at("old"): "G", at("old/a"): "1", at("old/b"): "2"}, deposed={"0": at("old/b"), "9": at("old/a")}
    )
    plan = plan_snapshot(wanted("new/b", moved=()), site, bindings, options=ALLOW_ALL)
    assert not plan.changes
    assert plan.moves == {at("old"): at("new"), at("old/a"): at("new/b")}
    state = apply_findings(bindings, plan)
    assert state.ids == {at("new"): "G", at("new/b"): "1"}
    assert state.deposed == {"0": at("new/b"), "9": at("new/b")}


def test_a_thousand_entries_are_no_work_to_speak_of() -> None:
    moved = tuple((f"g/old{i}", f"g/new{i}") for i in range(1000))
    bindings = Bindings(ids={at(f"g/{'old' if i < 1000 else 'x'}{i}"): str(i) for i in range(10_000)})
    moves, _ = apply_moved(wanted(*(target for _, target in moved), moved=moved), bindings.ids)
    assert len(moves.addresses) == 1000


@pytest.mark.parametrize(
    ("names", "moved", "state", "expected"),
    [
        # An item by the new key of its gallery, in both orders; by the former key; both keys in one chain.
        (("h/b",), (("h/a", "h/b"), ("g", "h")), {"g/a": "1"}, {"h/b": "1"}),
        (("h/b",), (("g", "h"), ("h/a", "h/b")), {"g/a": "1"}, {"h/b": "1"}),
        (("h/b",), (("g/a", "g/b"), ("g", "h")), {"g/a": "1"}, {"h/b": "1"}),
        (("h/b",), (("g", "h"), ("g/a", "g/b")), {"g/a": "1"}, {"h/b": "1"}),
        (
            ("h/b", "h/c"),
            (("h/a", "h/b"), ("h/b", "h/c"), ("g", "h")),
            {"g/a": "1", "g/b": "2"},
            {"h/b": "1", "h/c": "2"},
        ),
        (
            ("h/b", "h/c"),
            (("g/a", "g/b"), ("g/b", "g/c"), ("g", "h")),
            {"g/a": "1", "g/b": "2"},
            {"h/b": "1", "h/c": "2"},
        ),
    ],
)
def test_items_may_be_named_by_either_key_of_a_gallery_that_moves(
    names: tuple[str, ...], moved: tuple[tuple[str, str], ...], state: dict[str, str], expected: dict[str, str]
) -> None:
    bindings = Bindings(ids={at("g"): "G", **{at(address): id_ for address, id_ in state.items()}})
    desired = wanted(*names, moved=moved)
    found = moved_state(desired, bindings)
    assert {str(a): id_ for a, id_ in found.ids.items()} == {"h": "G", **expected}
    assert apply_moved(desired, found.ids) == (AddressMoves(), ())


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        ((("new/a", "new/b"),), {"new/b": "1", "new/c": "2"}),
        ((("old/a", "old/b"),), {"new/b": "1", "new/c": "2"}),
    ],
)
def test_an_item_is_moved_in_a_gallery_that_is_recognized_under_a_new_key(
    moved: tuple[tuple[str, str], ...], expected: dict[str, str]
) -> None:
    site = snapshot(live_gallery(live_item("1", 1.0, html="old text"), live_item("2", 2.0, html="new/c")))
    bindings = Bindings(ids={at("old"): "G", at("old/a"): "1", at("old/c"): "2"})
    plan = plan_snapshot(wanted(*expected, moved=moved), site, bindings, options=ALLOW_ALL)
    assert [(str(c.address), c.action.value, c.id) for c in plan.changes] == [("new/b", "update", "1")]
    assert plan.moves == {at("old"): at("new"), at("old/a"): at("new/b"), at("old/c"): at("new/c")}
