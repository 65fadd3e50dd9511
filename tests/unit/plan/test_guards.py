"""Guards act from one object on, and say what allows what they refuse."""

from __future__ import annotations

import random
from dataclasses import replace
from math import nan

import pytest

from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Bind, Desired, DesiredItem, Limits, UnmanagedPolicy
from galleryctl.model.live import SiteSnapshot
from galleryctl.model.media import WixFile
from galleryctl.plan.changes import Action, Plan, StateAction, StateChange
from galleryctl.plan.context import DEFAULT_PLAN_OPTIONS
from galleryctl.plan.make import PlanOptions
from tests.unit.plan.memory_site import (
    G,
    MemorySite,
    at,
    gallery,
    item,
    known_ids,
    live_gallery,
    live_item,
    plan_snapshot,
    snapshot,
)

A, B = live_item("A", 1.0, WixFile(id="fa")), live_item("B", 2.0, WixFile(id="fb"))
WANT_A, WANT_B = item("a", WixFile(id="fa")), item("b", WixFile(id="fb"))
SITE = snapshot(live_gallery(A, B))
KNOWN = Bindings(ids=known_ids(a="A", b="B"))
LENIENT = Limits(max_delete_percent=100)
DESTROY = PlanOptions(destroy=True)


def plan_of(
    desired: Desired,
    site: SiteSnapshot = SITE,
    known: Bindings = KNOWN,
    options: PlanOptions = DEFAULT_PLAN_OPTIONS,
) -> Plan:
    return plan_snapshot(desired, site, known, options=options)


def refused(plan: Plan) -> list[tuple[str, str]]:
    return [(str(refusal.address or ""), refusal.why) for refusal in plan.refusals]


def one_gallery(
    *items: DesiredItem, limits: Limits = LENIENT, unmanaged: UnmanagedPolicy = UnmanagedPolicy.KEEP
) -> Desired:
    return Desired(galleries=(gallery(*items, unmanaged=unmanaged),), limits=limits)


def test_nothing_is_refused_that_takes_nothing_away() -> None:
    assert refused(plan_of(one_gallery(WANT_A, WANT_B, limits=Limits(max_delete_percent=0)))) == []


def test_what_state_protects_is_not_deleted_though_no_manifest_says_so_any_more() -> None:
    known = replace(KNOWN, protected=frozenset({at("g/b")}))
    plan = plan_of(one_gallery(WANT_A), known=known)
    assert refused(plan) == [("g/b", "it is protected and would be deleted")]
    assert plan.refusals[0].allow.startswith("to keep it on the site: add removed: [b] to its gallery's manifest")
    assert "protect: false" in plan.refusals[0].allow
    assert at("g/b") in plan.protected


def test_lifting_a_protection_is_its_own_step() -> None:
    known = replace(KNOWN, protected=frozenset({at("g/b")}))
    other_kind = item("b", None, html="words")
    at_once = plan_of(one_gallery(WANT_A, other_kind), known=known)
    assert refused(at_once) == [("g/b", "it is protected and would be replaced")]
    lifting = plan_of(one_gallery(WANT_A, WANT_B), known=known)
    assert (lifting.changes, lifting.refusals, lifting.protected) == ((), (), frozenset())
    assert lifting.state_changes == (StateChange(address=at("g/b"), action=StateAction.UNPROTECT),)
    lifted = plan_of(one_gallery(WANT_A, other_kind), known=replace(known, protected=lifting.protected))
    assert refused(lifted) == []


def test_a_protected_gallery_or_item_goes_with_no_gallery() -> None:
    known = replace(KNOWN, protected=frozenset({G, at("g/b")}))
    orphaned = plan_of(Desired(galleries=(), limits=LENIENT), known=known, options=PlanOptions(allow_empty=True))
    assert refused(orphaned) == [
        ("g", "it is protected and would be deleted"),
        ("g/b", "it is protected and would be deleted with gallery g"),
    ]
    destroyed = plan_of(one_gallery(WANT_A, replace(WANT_B, protect=True)), options=DESTROY)
    assert [address for address, _ in refused(destroyed)] == ["g/b"]


@pytest.mark.parametrize(
    ("limit", "allowed"), [(30, False), (33, False), (100 / 3, True), (34, True), (100, True), (nan, False)]
)
def test_one_of_three_is_a_third(limit: float, allowed: bool) -> None:
    by_manifest = plan_of(one_gallery(WANT_A, limits=Limits(max_delete_percent=limit)))
    by_option = plan_of(one_gallery(WANT_A), options=PlanOptions(max_delete_percent=limit))
    for plan in (by_manifest, by_option):
        assert (not plan.refusals) is allowed
    if not allowed:
        (refusal,) = by_option.refusals
        assert refusal.why.startswith("1 of 3 managed resources would be deleted or replaced: 33.3 %")
        assert refusal.allow.startswith("--max-delete-percent 34; or, to approve exactly this plan once")


def test_the_only_one_is_all() -> None:
    one = Bindings(ids={at("g/b"): "B"})
    plan = plan_of(Desired(galleries=(gallery(item("n", None, html="n")),)), known=one)
    assert any("would be deleted or replaced" in why for _, why in refused(plan))


@pytest.mark.parametrize("known", [KNOWN, Bindings(ids=known_ids(a="A"))], ids=["two", "one"])
def test_a_manifest_that_lists_nothing_any_more_is_refused(known: Bindings) -> None:
    plan = plan_of(one_gallery(), known=known)
    assert refused(plan) == [("g", "its manifest lists no items, but state has items")]
    assert "--allow-empty" in plan.refusals[0].allow
    assert refused(plan_of(one_gallery(), known=known, options=PlanOptions(allow_empty=True))) == []


def test_nor_does_unmanaged_delete_empty_a_gallery_unasked() -> None:
    plan = plan_of(one_gallery(unmanaged=UnmanagedPolicy.DELETE), known=Bindings())
    assert refused(plan) == [("g", "its manifest lists no items, but unmanaged: delete would empty the gallery")]


def test_no_manifest_at_all_is_refused() -> None:
    plan = plan_of(Desired(galleries=(), limits=LENIENT))
    assert ("", "the workspace has no manifests, but state has resources") in refused(plan)
    assert plan.count(Action.DELETE) == 1


def test_a_gallery_that_vanished_is_not_made_anew_unasked() -> None:
    plan = plan_of(one_gallery(WANT_A, WANT_B), site=snapshot())
    assert refused(plan) == [("g", "its gallery G is gone from the site, and no page would show a new one")]
    assert "--allow-recreate" in plan.refusals[0].allow
    anew = plan_of(one_gallery(WANT_A, WANT_B), site=snapshot(), options=PlanOptions(allow_recreate=True))
    assert refused(anew) == []
    assert anew.count(Action.CREATE) == 3
    targeted = PlanOptions(targets=(at("other"),))
    other = replace(gallery(), address=at("other"), bind=Bind(create=True))
    both = Desired(galleries=(gallery(WANT_A), other), limits=LENIENT)
    assert refused(plan_of(both, site=snapshot(), options=targeted)) == []


STRANGER = live_item("S", 3.0, WixFile(id="fs"))


def test_a_gallery_with_what_is_not_ours_is_not_destroyed() -> None:
    site = snapshot(live_gallery(A, B, STRANGER))
    plan = plan_of(one_gallery(WANT_A, WANT_B), site=site, options=DESTROY)
    assert refused(plan) == [("g", "it would be deleted together with 1 unmanaged item")]
    assert refused(plan_of(one_gallery(WANT_A, WANT_B), options=DESTROY)) == []
    asked = one_gallery(WANT_A, WANT_B, unmanaged=UnmanagedPolicy.DELETE)
    assert refused(plan_of(asked, site=site, options=DESTROY)) == []


def test_items_alone_are_destroyed_by_target_and_what_is_not_ours_stays() -> None:
    site = snapshot(live_gallery(A, B, STRANGER))
    options = PlanOptions(destroy=True, targets=(at("g/a"),))
    plan = plan_of(one_gallery(WANT_A, WANT_B), site=site, options=options)
    assert [(str(c.address), c.action) for c in plan.changes] == [("g/a", Action.DELETE)]
    assert plan.refusals == ()


def test_nor_is_a_gallery_without_a_manifest_deleted_with_what_is_not_ours() -> None:
    options = PlanOptions(allow_empty=True)
    for site in (snapshot(live_gallery(A, B, STRANGER)), snapshot(live_gallery(A, STRANGER))):
        plan = plan_of(Desired(galleries=(), limits=LENIENT), site=site, options=options)
        assert refused(plan) == [("g", "it would be deleted together with 1 unmanaged item")]
    assert refused(plan_of(Desired(galleries=(), limits=LENIENT), options=options)) == []


def test_destroy_takes_all_that_is_managed_and_the_next_plan_knows_nothing() -> None:
    plan = plan_of(one_gallery(WANT_A, WANT_B), options=DESTROY)
    assert [(str(c.address), c.action) for c in plan.changes] == [("g", Action.DELETE)]
    site = MemorySite(galleries={"G": live_gallery(A, B)})
    assert site.apply(plan, KNOWN, random.Random(1)) == Bindings()  # noqa: S311 - any order
    assert site.galleries == {}


def test_what_an_earlier_replacement_left_counts_for_no_guard() -> None:
    known = Bindings(ids=known_ids(a="A"), deposed={"B": at("g/a")})
    plan = plan_of(one_gallery(WANT_A, limits=Limits(max_delete_percent=0)), known=known)
    assert [(c.action, c.id) for c in plan.changes] == [(Action.DELETE, "B")]
    assert plan.refusals == ()


def test_every_refusal_says_what_allows_it() -> None:
    known = replace(KNOWN, protected=frozenset({at("g/a")}))
    plan = plan_of(Desired(galleries=(gallery(),)), known=known)
    assert len(plan.refusals) == 4
    assert all(refusal.allow for refusal in plan.refusals)
