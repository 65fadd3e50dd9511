"""The whole plan: several galleries, targets, what state learns and forgets."""

from __future__ import annotations

from dataclasses import replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Bind, Desired, Moved
from galleryctl.model.media import WixFile
from galleryctl.plan.changes import Action
from galleryctl.plan.make import PlanOptions
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
    make_desired,
    plan_snapshot,
    snapshot,
)

A, B = live_item("A", 1.0, WixFile(id="fa")), live_item("B", 2.0, WixFile(id="fb"))
SITE = snapshot(live_gallery(A, B))


def test_new_galleries_get_sort_orders_that_no_gallery_has() -> None:
    new = [replace(gallery(bind=None), address=at(f"new{i}")) for i in range(3)]
    site = snapshot(*(live_gallery(id_=str(i), sort_order=float(i)) for i in range(4)))
    plan = plan_snapshot(Desired(galleries=tuple(new)), site, Bindings())
    orders = [change.sort_order for change in plan.changes]
    assert orders == sorted(set(orders), key=lambda value: value or 0.0)
    assert not set(orders) & {0.0, 1.0, 2.0, 3.0}


def test_a_plan_learns_pairs_and_forgets_what_is_gone() -> None:
    known = Bindings(ids=known_ids(a="A", gone="Z") | {at("old"): "O", at("old/x"): "X"})
    wanted = gallery(item("a", WixFile(id="fa")), item("b", WixFile(id="fb")))
    desired = Desired(galleries=(replace(wanted, adopt={at("g/b"): "B"}),))
    plan = plan_snapshot(desired, SITE, known)
    assert not plan.changes
    assert [(str(c.address), c.action.value) for c in plan.state_changes] == [
        ("g/gone", "forget"),
        ("old", "forget"),
        ("old/x", "forget"),
        ("g/b", "adopt"),
    ]
    assert plan.unchanged == 3
    assert plan.ids == {at("g/b"): "B"}
    assert plan.forget == {at("g/gone"), at("old"), at("old/x")}


def test_a_target_learns_and_forgets_only_what_it_covers() -> None:
    known = Bindings(ids=known_ids(gone="Z"))
    wanted = gallery(item("a", WixFile(id="fa")), item("b", WixFile(id="fb"), title="T"))
    desired = Desired(galleries=(replace(wanted, adopt={at("g/a"): "A", at("g/b"): "B"}),))
    plan = plan_snapshot(desired, SITE, known, options=PlanOptions(targets=(at("g/a"),)))
    assert not plan.changes
    assert plan.unchanged == 1
    assert plan.ids == {at("g/a"): "A"}
    assert plan.forget == frozenset()
    assert plan.targets == (at("g/a"),)


def test_a_pattern_becomes_the_addresses_that_manifests_and_state_have() -> None:
    known = Bindings(ids={at("g/gone"): "Z"})
    desired = make_desired(item("a", WixFile(id="fa")), item("b", WixFile(id="fb")))
    options = replace(ALLOW_ALL, targets=(Address("g", "*"),))
    plan = plan_snapshot(desired, SITE, known, options=options)
    assert plan.targets == (at("g/a"), at("g/b"), at("g/gone"))


def test_a_target_in_a_new_gallery_records_all_its_adoptions() -> None:
    """Once state knows the gallery, no evidence would show that B is g/b."""
    wanted = gallery(item("a", WixFile(id="fa")), replace(item("b", WixFile(id="fb"), title="T"), protect=True))
    known = Bindings(ids={at("g/gone"): "Z"})
    plan = plan_snapshot(Desired(galleries=(wanted,)), SITE, known, options=PlanOptions(targets=(at("g/a"),)))
    assert not plan.changes
    assert plan.ids == {G: "G", at("g/a"): "A", at("g/b"): "B"}
    assert plan.protected == {at("g/b")}
    assert plan.forget == {at("g/gone")}


def test_a_target_in_a_gallery_without_manifest_says_what_to_name() -> None:
    known = Bindings(ids={at("old"): "G", at("old/x"): "A"})
    options = replace(ALLOW_ALL, targets=(at("old/x"),))
    plan = plan_snapshot(Desired(galleries=()), SITE, known, options=options)
    assert plan.is_empty
    assert [notice.message for notice in plan.notices] == [
        "no manifest declares its gallery, so only the gallery can be deleted: --target old"
    ]


def test_protection_is_what_manifests_say_and_said_last() -> None:
    desired = Desired(galleries=(replace(gallery(item("a", WixFile(id="fa"))), protect=True),))
    known = Bindings(
        ids=known_ids(a="A", b="B"), protected=frozenset({at("g/a"), at("g/b"), at("g/never-made"), at("old")})
    )
    plan = plan_snapshot(desired, SITE, known, options=ALLOW_ALL)
    assert plan.protected == {G, at("g/b")}
    targeted = plan_snapshot(desired, SITE, known, options=replace(ALLOW_ALL, targets=(at("g/a"),)))
    assert targeted.protected == {at("g/b")}


def test_protection_moves_with_its_item() -> None:
    moved = (Moved(source=at("g/b"), target=at("g/c"), at=MANIFEST_POSITION),)
    known = Bindings(ids=known_ids(a="A", b="B"), protected=frozenset({at("g/b")}))
    desired = replace(make_desired(item("a", WixFile(id="fa"))), moved=moved)
    plan = plan_snapshot(desired, SITE, known, options=ALLOW_ALL)
    assert [(str(c.address), c.action) for c in plan.changes] == [("g/c", Action.DELETE)]
    assert [str(refusal.address) for refusal in plan.refusals] == ["g/c"]


def test_files_of_what_changes_and_what_was_recognised_are_told() -> None:
    desired = make_desired(item("a", local_photo("a")), item("b", WixFile(id="fb")))
    known = Bindings(ids=known_ids(a="A", b="B"), media={local_photo("a").source: "f9", "sha256:other": "f8"})
    plan = plan_snapshot(desired, SITE, known)
    assert plan.media == {local_photo("a").source: "f9"}


def test_a_gallery_found_otherwise_than_told_is_told() -> None:
    site = snapshot(live_gallery(id_="1", name="One"))
    stale = Desired(galleries=(replace(gallery(), bind=Bind(id="0")),))
    (notice,) = plan_snapshot(stale, site, Bindings(ids={G: "1"})).notices
    assert notice.message == "the site has no gallery 0; matched 1 by state: correct bind.id"
    named = Desired(galleries=(replace(gallery(), bind=Bind(name="One")),))
    (notice,) = plan_snapshot(named, site, Bindings(ids={G: "0"})).notices
    assert notice.message == "matched 1 by bound name; state had 0"


def test_a_plan_knows_the_state_it_was_made_from() -> None:
    plan = plan_snapshot(make_desired(), SITE, Bindings(), lineage="l", serial=7)
    assert (plan.site_id, plan.lineage, plan.serial) == ("site", "l", 7)
