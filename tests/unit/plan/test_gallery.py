"""The plan of one gallery: what is said of what differs, is missing, or is too much."""

from __future__ import annotations

from dataclasses import replace

import pytest

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, DesiredItem, ItemOrder, UnmanagedPolicy
from galleryctl.model.live import LiveItem
from galleryctl.model.media import HostedVideo, MediaFile, VideoHost, WixFile
from galleryctl.plan.changes import Action, Cause, Change, MatchedBy, Plan
from galleryctl.plan.gallery import match_media
from galleryctl.plan.identity.items import ItemMatch
from galleryctl.plan.ordering.display import in_display_order
from galleryctl.plan.resources import item_title
from galleryctl.plan.unmanaged import unmanaged_address
from tests.unit.plan.memory_site import (
    ALLOW_ALL,
    G,
    at,
    gallery,
    item,
    known_ids,
    live_gallery,
    live_item,
    local_photo,
    make_desired,
    plan_snapshot,
    snapshot,
)


def plan_of(
    desired: Desired, *items: LiveItem, known: Bindings | None = None, files: tuple[MediaFile, ...] = ()
) -> Plan:
    return plan_snapshot(desired, snapshot(live_gallery(*items), files=files), known or Bindings(), options=ALLOW_ALL)


def only(plan: Plan) -> Change:
    (change,) = plan.changes
    return change


def test_one_changed_field_is_one_update_with_that_field() -> None:
    shown = live_item("1", 1.0, WixFile(id="f"), title="Old", description="theirs")
    change = only(
        plan_of(make_desired(item("a", WixFile(id="f"), title="New")), shown, known=Bindings(ids=known_ids(a="1")))
    )
    assert (change.action, change.id, change.matched_by) == (Action.UPDATE, "1", MatchedBy.STATE)
    assert change.write == {"title": "New"}
    assert (change.media, change.sort_order, change.position) == (None, None, None)


@pytest.mark.parametrize(("known", "cause"), [(None, Cause.FIRST_MANAGED), ({G: "G"}, Cause.DRIFT)])
def test_another_name_of_a_gallery_is_drift_only_if_it_was_managed(
    known: dict[Address, str] | None, cause: Cause
) -> None:
    desired = Desired(galleries=(replace(gallery(), fields={"name": "Weddings"}),))
    plan = plan_snapshot(desired, snapshot(live_gallery(name="Wedding")), Bindings(ids=known or {}), options=ALLOW_ALL)
    assert [part.cause for part in only(plan).fields] == [cause]


@pytest.mark.parametrize("item_order", ItemOrder)
def test_one_item_moved_in_a_thousand_is_one_update_with_one_sort_order(item_order: ItemOrder) -> None:
    count = 1000
    shown = [live_item(f"i{i}", float(i), WixFile(id=f"f{i}")) for i in range(count)]
    keys = list(range(count)) if item_order is ItemOrder.ASCENDING else list(range(count))[::-1]
    keys.insert(3, keys.pop(800))
    desired = make_desired(*(item(f"k{i}", WixFile(id=f"f{i}")) for i in keys), item_order=item_order)
    known = Bindings(ids=known_ids(**{f"k{i}": f"i{i}" for i in range(count)}))
    change = only(plan_of(desired, *shown, known=known))
    assert (change.action, change.write, change.media) == (Action.UPDATE, {}, None)
    assert change.sort_order is not None
    assert change.position == (801, 4)


def test_another_file_is_repointed_and_the_old_one_named() -> None:
    known = Bindings(ids=known_ids(a="1"), media={local_photo("a").source: "f1"})
    change = only(
        plan_of(make_desired(item("a", local_photo("a"))), live_item("1", 1.0, WixFile(id="f0")), known=known)
    )
    assert (change.write, change.media, change.media_before) == ({}, local_photo("a"), "f0")
    assert plan_of(
        make_desired(item("a", local_photo("a"))), live_item("1", 1.0, WixFile(id="f0")), known=known
    ).media == {local_photo("a").source: "f1"}
    ignored = make_desired(replace(item("a", local_photo("a")), ignore=frozenset({"media"})))
    assert plan_of(ignored, live_item("1", 1.0, WixFile(id="f0")), known=known).is_empty


def test_another_kind_is_a_replacement_at_a_new_sort_order() -> None:
    film = HostedVideo(host=VideoHost.VIMEO, url="https://vimeo.com/1")
    change = only(
        plan_of(
            make_desired(item("a", film)), live_item("1", 1.0, WixFile(id="f")), known=Bindings(ids=known_ids(a="1"))
        )
    )
    assert (change.action, change.id, change.media) == (Action.REPLACE, "1", film)
    assert change.reason == "its kind changes from image to video"
    assert change.sort_order not in (None, 1.0)


def test_what_is_gone_is_made_again_and_what_no_manifest_names_goes() -> None:
    plan = plan_of(
        make_desired(item("a", None, html="x")),
        live_item("2", 2.0, None, html="y"),
        known=Bindings(ids=known_ids(a="1", b="2")),
    )
    assert [(str(c.address), c.action, c.reason) for c in plan.changes] == [
        ("g/a", Action.CREATE, "gone from the site"),
        ("g/b", Action.DELETE, "no longer declared in a manifest"),
    ]


def test_what_was_never_ours_stays_unless_asked_for() -> None:
    stranger = live_item("S 1", 1.0, WixFile(id="f", filename="s.jpg"))
    mine = live_item("1", 2.0, None, html="x")
    known = Bindings(ids=known_ids(a="1"))
    wanted = item("a", None, html="x")
    for unmanaged in (UnmanagedPolicy.KEEP, UnmanagedPolicy.REPORT):
        plan = plan_of(Desired(galleries=(gallery(wanted, unmanaged=unmanaged),)), stranger, mine, known=known)
        assert plan.is_empty
        said = [notice.message for notice in plan.notices]
        assert said == (["unmanaged image: s.jpg (id S 1)"] if unmanaged is UnmanagedPolicy.REPORT else [])
    gone = only(
        plan_of(Desired(galleries=(gallery(wanted, unmanaged=UnmanagedPolicy.DELETE),)), stranger, mine, known=known)
    )
    assert (str(gone.address), gone.action, gone.id) == ("g/unmanaged.S-1", Action.DELETE, "S 1")
    assert at(str(unmanaged_address(G, live_item("x" * 300, 1.0)))).item


def test_an_item_of_another_gallery_in_state_is_no_item_of_this_one() -> None:
    """Its manifest was bound to another gallery; the item it left behind is nobody's."""
    known = Bindings(ids={**known_ids(a="1"), at("h"): "H", at("h/x"): "2"})
    plan = plan_of(
        make_desired(item("a", None, html="x")),
        live_item("1", 1.0, None, html="x"),
        live_item("2", 2.0, None, html="y"),
        known=known,
    )
    assert not [change for change in plan.changes if change.id == "2"]


def test_what_a_replacement_left_behind_goes() -> None:
    known = Bindings(ids=known_ids(a="1"), deposed={"0": at("g/a")})
    shown = (live_item("1", 1.0, None, html="x"), live_item("0", 2.0, WixFile(id="f")))
    change = only(plan_of(make_desired(item("a", None, html="x")), *shown, known=known))
    assert (change.action, change.id, change.matched_by) == (Action.DELETE, "0", MatchedBy.JOURNAL)


def test_a_guess_is_told_with_its_evidence() -> None:
    file = MediaFile(id="f", display_name="a.jpg", ready=True, failed=False, size=9)
    plan = plan_of(
        make_desired(item("a", local_photo("a")), item("b", WixFile(id="new"), title="B")),
        live_item("1", 1.0, WixFile(id="f", filename="a.jpg")),
        live_item("2", 2.0, WixFile(id="old"), title="B"),
        files=(file,),
    )
    assert {str(n.address): n.message for n in plan.notices} == {
        "g/a": "matched 'a.jpg' (id 1) by file name and size (guess): please verify",
        "g/b": "matched 'B' (id 2) by title and kind (guess): please verify",
    }
    assert plan.media == {local_photo("a").source: "f"}
    assert [str(change.address) for change in plan.changes] == ["g/b"]


def test_a_file_that_state_knows_and_an_item_shows_stays_the_one_for_its_content() -> None:
    wanted = (item("a", local_photo("a")), item("b", local_photo("a")))
    file = MediaFile(id="f2", display_name="a.jpg", ready=True, failed=False, size=9)
    pairs = {
        one.address: ItemMatch(live=live_item(str(i), float(i), WixFile(id=f"f{i}")), matched_by=MatchedBy.STATE)
        for i, one in enumerate(wanted, 1)
    }
    known = Bindings(media={local_photo("a").source: "f1"})
    assert match_media(wanted, pairs, known, {"f2": file}) == {}
    assert match_media(wanted[1:], {wanted[1].address: pairs[wanted[1].address]}, known, {"f2": file}) == {
        local_photo("a").source: "f2"
    }


def test_a_gallery_is_made_with_its_items_and_with_warnings() -> None:
    wanted = replace(gallery(item("a", local_photo("a")), item("b", None, html="x"), bind=None), fields={"name": "New"})
    linked = replace(wanted.items[0], fields={"link.text": "Book"})
    desired = Desired(galleries=(replace(wanted, items=(linked, wanted.items[1])),))
    plan = plan_snapshot(desired, snapshot(live_gallery(sort_order=7.0)), Bindings(), options=ALLOW_ALL)
    assert [(str(c.address), c.action) for c in plan.changes] == [
        ("g", Action.CREATE),
        ("g/a", Action.CREATE),
        ("g/b", Action.CREATE),
    ]
    order, first, second = (c.sort_order or 0.0 for c in plan.changes)
    assert order > 7.0
    assert first < second
    assert [str(notice.address) for notice in plan.notices] == ["g", "g/a", "g/b"]
    assert "velo" in plan.notices[0].message


def test_people_call_an_item_by_its_title_else_by_its_file() -> None:
    assert item_title(item("a", local_photo("a"), title="T")) == "T"
    assert item_title(item("a", local_photo("a"))) == "a.jpg"
    assert item_title(item("a", HostedVideo(host=VideoHost.VIMEO, url="https://v"))) == "https://v"
    assert item_title(item("a", None, html="x")) == ""
    assert item_title(live_item("1", 1.0, WixFile(id="f"), title=None)) == "f"


@pytest.mark.parametrize(("order", "shown"), [(ItemOrder.ASCENDING, "abcde"), (ItemOrder.DESCENDING, "bcade")])
def test_those_without_a_sort_order_are_shown_last(order: ItemOrder, shown: str) -> None:
    items = [live_item("e", None), live_item("c", 2.0), live_item("b", 2.0), live_item("d", None), live_item("a", -1.0)]
    assert "".join(one.id for one in in_display_order(items, order)) == shown


@pytest.mark.parametrize("order", ItemOrder)
def test_an_item_without_a_sort_order_moves_only_if_something_is_to_come_after_it(order: ItemOrder) -> None:
    live = [live_item("1", 1.0), live_item("2", None), live_item("3", None)]
    known = Bindings(ids=known_ids(a="1", b="2", c="3"))
    a, b, c, new = (item(key, None, html=html) for key, html in (("a", ""), ("b", ""), ("c", ""), ("new", "new")))

    def moves(*items: DesiredItem) -> list[tuple[str, str]]:
        desired = Desired(galleries=(gallery(*items),), item_order=order)
        plan = plan_snapshot(desired, snapshot(live_gallery(*live)), known, options=ALLOW_ALL)
        return [(str(c.address), c.reason) for c in plan.changes if c.action is Action.UPDATE and c.position]

    reason = "it has no sort order yet, so it would be shown after all that have one"
    assert moves(a, new, b, c) == []
    assert moves(a, b, new, c) == [("g/b", reason)]
    assert moves(a, c, b) == [("g/c", reason)]
