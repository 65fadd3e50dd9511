"""Which live gallery each manifest is, with state and without."""

from __future__ import annotations

from dataclasses import replace

import pytest

from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Bind, Desired, DesiredGallery
from galleryctl.model.errors import MatchError
from galleryctl.model.last_applied import LastApplied, Origin
from galleryctl.model.live import LiveGallery
from galleryctl.plan.changes import Action, MatchedBy, Plan
from galleryctl.plan.identity.galleries import GalleryIdentity, gallery_names, identify_galleries
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
    plan_snapshot,
    snapshot,
)


def named(key: str, name: str = "", *, create: bool = False, id_: str | None = None) -> DesiredGallery:
    bind = Bind(id=id_, name=name or None, create=create)
    return DesiredGallery(address=at(key), bind=bind, fields={}, items=(), at=MANIFEST_POSITION)


def identified(
    *galleries: DesiredGallery, site: tuple[LiveGallery, ...], known: dict[str, str] | None = None
) -> GalleryIdentity:
    bindings = Bindings(ids={at(key): id_ for key, id_ in (known or {}).items()})
    return identify_galleries(Desired(galleries=galleries), site, bindings)


def bound(*galleries: DesiredGallery, site: tuple[LiveGallery, ...], known: dict[str, str] | None = None) -> object:
    found = identified(*galleries, site=site, known=known)
    return {str(address): (id_, found.matched_by[address]) for address, id_ in found.ids.items()}


ONE = live_gallery(id_="1", name="One")
TWO = live_gallery(id_="2", name="Two")


def test_the_bound_id_comes_before_state_and_state_before_the_name() -> None:
    assert bound(named("g", id_="2"), site=(ONE, TWO), known={"g": "1"}) == {"g": ("2", MatchedBy.BOUND_ID)}
    assert bound(named("g", "Two"), site=(ONE, TWO), known={"g": "1"}) == {"g": ("1", MatchedBy.STATE)}
    assert bound(named("g", "Two"), site=(ONE, TWO)) == {"g": ("2", MatchedBy.BOUND_NAME)}


def test_a_name_counts_only_among_galleries_that_no_id_has_claimed() -> None:
    twin = replace(ONE, id="3")
    assert bound(named("g", id_="1"), named("h", "One"), site=(ONE, twin)) == {
        "g": ("1", MatchedBy.BOUND_ID),
        "h": ("3", MatchedBy.BOUND_NAME),
    }


def test_the_name_to_bind_by_comes_before_the_name_to_have() -> None:
    wanted = replace(named("g", "One"), fields={"name": "Two"})
    assert bound(wanted, site=(ONE, TWO)) == {"g": ("1", MatchedBy.BOUND_NAME)}
    assert gallery_names(wanted) == ("Two", "One")
    assert gallery_names(named("g", create=True)) == ("g",)


def test_two_galleries_of_one_name_are_not_distinguished() -> None:
    with pytest.raises(MatchError, match="2 galleries on the site are named 'One'") as caught:
        bound(named("g", "One"), site=(ONE, replace(ONE, id="3")))
    assert "1, 3" in caught.value.why
    assert "bind: {id: …}" in caught.value.do


def test_two_manifests_cannot_be_one_gallery() -> None:
    with pytest.raises(MatchError, match="2 manifests are bound to the same gallery, 1"):
        bound(named("g", id_="1"), named("h", id_="1"), site=(ONE,))
    with pytest.raises(MatchError, match="2 manifests are bound to the same gallery, 1"):
        bound(named("g", "One"), named("h", "One"), site=(ONE,))


def test_a_gallery_that_is_not_found_is_created_only_if_the_manifest_allows_it() -> None:
    with pytest.raises(MatchError, match="gallery g is not on the site"):
        identified(named("g", "Three"), site=(ONE,))
    new = identified(named("g", create=True), site=(ONE,))
    assert (new.ids, new.missing) == ({}, {})
    gone = identified(named("g", create=True), site=(ONE,), known={"g": "0"})
    assert (gone.ids, gone.missing) == ({}, {G: "0"})


def test_a_gallery_is_known_if_state_has_the_id_that_its_manifest_binds_now() -> None:
    assert identified(named("g", id_="1"), site=(ONE, TWO), known={"g": "1"}).new == frozenset()
    assert identified(named("g", id_="2"), site=(ONE, TWO), known={"g": "1"}).new == {G}
    assert identified(named("g", "One"), site=(ONE, TWO), known={"g": "0"}).new == {G}
    assert identified(named("g", id_="1"), site=(ONE, TWO)).new == {G}
    assert identified(named("new", id_="1"), site=(ONE, TWO), known={"old": "1"}).new == frozenset()


def test_only_galleries_of_manifests_and_orphaned_ones_are_read() -> None:
    site = tuple(live_gallery(id_=id_, name=id_) for id_ in "1234")
    found = identified(named("g", id_="1"), site=site, known={"g": "1", "orphaned": "2", "gone": "9"})
    assert found.orphaned == {at("orphaned"): "2"}
    assert found.ids_to_read == {"1", "2"}


def test_a_gallery_that_lags_behind_is_looked_up_again() -> None:
    known = {"g": "1"}
    assert identified(named("g", create=True), site=(TWO,), known=known).missing_from((TWO,))
    twin = replace(ONE, id="3")
    assert identified(named("g", "One"), site=(twin,), known=known).missing_from((twin,))
    assert not identified(named("g", "One"), site=(ONE,), known=known).missing_from((ONE,))


# Galleries whose management ends

OTHER = Bindings(ids={at("other"): "O", at("other/x"): "X"})
OTHER_SITE = snapshot(live_gallery(live_item("X", 1.0, html="x"), id_="O", name="Other"))


def plan_without_other(known: Bindings, *removed: str) -> Plan:
    desired = Desired(galleries=(), removed=frozenset(map(at, removed)))
    return plan_snapshot(desired, OTHER_SITE, known, options=ALLOW_ALL)


def test_a_gallery_in_removed_is_forgotten_with_its_items_and_not_deleted() -> None:
    plan = plan_without_other(OTHER, "other")
    assert (plan.changes, plan.refusals) == ((), ())
    assert plan.forget == {at("other"), at("other/x")}
    assert plan.released == {at("other"): "O"}
    assert "removed: in galleryctl.yaml; gallery O stays on the site" in plan.state_changes[0].detail
    assert plan_without_other(OTHER).count(Action.DELETE) == 1


def test_a_gallery_that_state_has_twice_is_not_deleted_under_its_other_key() -> None:
    """Somebody edited the state."""
    twice = replace(OTHER, ids={**OTHER.ids, at("copy"): "O"})
    plan = plan_without_other(twice, "other")
    assert plan.changes == ()
    assert plan.forget == {at("copy"), at("other"), at("other/x")}
    assert plan.released == {at("other"): "O"}


def test_a_gallery_in_removed_is_not_read() -> None:
    desired = Desired(galleries=(), removed=frozenset({at("other")}))
    assert identify_galleries(desired, OTHER_SITE.galleries, OTHER).ids_to_read == frozenset()


def test_an_unknown_gallery_in_removed_is_refused_while_another_one_would_be_deleted() -> None:
    """It may be `other` under a new key."""
    (refusal,) = plan_without_other(OTHER, "another").refusals
    assert refusal.why == (
        "removed: names another, which is not in state, and other would be deleted: is it the same, renamed?"
    )
    assert "moved: [{from: other, to: another}]" in refusal.allow
    released = replace(OTHER, released={at("another"): "A"})
    assert plan_without_other(released, "another").refusals == ()


def test_a_restored_gallery_that_no_manifest_declares_is_forgotten() -> None:
    restored = replace(OTHER, records={at("other"): LastApplied(origin=Origin.RESTORED)})
    plan = plan_without_other(restored)
    assert plan.changes == ()
    assert plan.forget == {at("other"), at("other/x")}
    assert plan.released == {}


def test_a_gallery_is_not_deleted_with_restored_items() -> None:
    restored = replace(OTHER, records={at("other/x"): LastApplied(origin=Origin.RESTORED)})
    (refusal,) = plan_without_other(restored).refusals
    assert refusal.why == "it would be deleted together with 1 unmanaged item"


def test_a_gallery_bound_to_another_id_forgets_the_items_of_the_former_one() -> None:
    site = snapshot(
        live_gallery(live_item("A", 1.0, html="a"), id_="G"), live_gallery(live_item("B", 1.0, html="a"), id_="H")
    )
    desired = Desired(galleries=(gallery(item("a", None, html="a"), item("new", None, html="n"), bind="H"),))
    plan = plan_snapshot(desired, site, Bindings(ids=known_ids(a="A", new="N", gone="C")), options=ALLOW_ALL)
    assert plan.ids == {G: "H", at("g/a"): "B"}
    assert [(str(c.address), c.action, c.reason) for c in plan.changes] == [("g/new", Action.CREATE, "")]
    assert plan.forget == {at("g/a"), at("g/new"), at("g/gone")}
