"""What a plan never takes, and what it gives up: the rules of ownership, as changes and refusals of plans."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, DesiredGallery, DesiredItem, Moved, UnmanagedPolicy
from galleryctl.model.last_applied import LastApplied, Origin
from galleryctl.model.live import LiveItem
from galleryctl.model.media import WixFile
from galleryctl.plan.changes import Action, MatchedBy, Plan
from galleryctl.plan.make import PlanOptions
from tests.unit.plan.memory_site import (
    ALLOW_ALL,
    MANIFEST_POSITION,
    G,
    MemorySite,
    at,
    gallery,
    item,
    known_ids,
    live_gallery,
    live_item,
    local_photo,
    plan_memory_site,
    plan_snapshot,
    snapshot,
)

STRICT = replace(ALLOW_ALL, adopt_guesses=False)


def text(key: str, html: str, **fields: str) -> DesiredItem:
    return item(key, None, html=html, **fields)


def live_text(id_: str, order: float, html: str, **fields: str) -> LiveItem:
    return replace(live_item(id_, order), fields={"html": html, **fields})


def wanted(
    *items: DesiredItem,
    adopt: dict[str, str] | None = None,
    removed: tuple[str, ...] = (),
    foreign: tuple[str, ...] = (),
    unmanaged: UnmanagedPolicy = UnmanagedPolicy.KEEP,
) -> Desired:
    made: DesiredGallery = replace(
        gallery(*items, unmanaged=unmanaged),
        adopt={Address("g", key): id_ for key, id_ in (adopt or {}).items()},
        removed=frozenset(Address("g", key) for key in removed),
        foreign=frozenset(foreign),
    )
    return Desired(galleries=(made,))


def plan_of(desired: Desired, *items: LiveItem, known: Bindings | None = None, options: PlanOptions = STRICT) -> Plan:
    return plan_snapshot(desired, snapshot(live_gallery(*items)), known or Bindings(), options=options)


def actions(plan: Plan) -> list[tuple[str, Action, str | None]]:
    return [(str(change.address), change.action, change.id) for change in plan.changes]


def whys(plan: Plan) -> list[tuple[str, str]]:
    return [(str(refusal.address), refusal.why) for refusal in plan.refusals]


# Persons' items


def test_an_item_of_equal_title_is_neither_updated_nor_deleted_later() -> None:
    """Five entries "Untitled" were added, and five such items of a person are in the gallery."""
    theirs = [live_item(f"T{n}", float(n), WixFile(id=f"theirs-{n}"), title="Untitled") for n in range(5)]
    entries = [item(f"k{n}", local_photo(f"p{n}"), title="Untitled") for n in range(5)]
    site = MemorySite(galleries={"G": live_gallery(*theirs, live_text("1", 9.0, "ours"))})
    known = Bindings(ids=known_ids(first="1"))
    first = text("first", "ours")
    plan = plan_memory_site(site, wanted(first, *entries), known, STRICT)
    assert plan.refusals == ()
    assert {action for _, action, _ in actions(plan)} == {Action.CREATE}
    known = site.apply(plan, known, random.Random(0))  # noqa: S311 - any order
    removed = plan_memory_site(site, wanted(first), known, STRICT)
    assert {action for _, action, _ in actions(removed)} == {Action.DELETE}
    assert not {id_ for *_, id_ in actions(removed)} & {each.id for each in theirs}
    site.apply(removed, known, random.Random(0))  # noqa: S311 - any order
    left = {each.id: each for each in site.galleries["G"].loaded_items}
    assert [left[each.id] for each in theirs] == theirs


def test_a_person_who_shows_our_file_keeps_the_item_until_the_manifest_decides() -> None:
    ours = local_photo("p")
    theirs = live_item("T", 1.0, WixFile(id="f"), title="Hers", description="Her words")
    known = Bindings(ids=known_ids(), media={ours.source: "f"})
    entry = item("k", ours, title="Mine", description="My words")
    asked = plan_of(wanted(entry), theirs, known=known)
    assert actions(asked) == [("g/k", Action.CREATE, None)]
    assert [address for address, _ in whys(asked)] == ["g/k"]
    foreign = plan_of(wanted(entry, foreign=("T",)), theirs, known=known)
    assert (actions(foreign), foreign.refusals) == ([("g/k", Action.CREATE, None)], ())
    adopted = plan_of(wanted(entry, adopt={"k": "T"}), theirs, known=known)
    assert (actions(adopted), adopted.refusals) == ([("g/k", Action.UPDATE, "T")], ())
    assert adopted.changes[0].matched_by is MatchedBy.ADOPT
    assert adopted.ids == {at("g/k"): "T"}


def test_a_foreign_item_is_never_touched() -> None:
    theirs = live_text("T", 1.0, "x")
    known = Bindings(ids=known_ids(k="T", gone="T2"), deposed={"T3": at("g/k")})
    site = (theirs, live_text("T2", 2.0, "y"), live_text("T3", 3.0, "z"))
    desired = wanted(text("k", "x2"), foreign=("T", "T2", "T3"), unmanaged=UnmanagedPolicy.DELETE)
    plan = plan_of(desired, *site, known=known)
    assert actions(plan) == [("g/k", Action.CREATE, None)]
    assert {at("g/k"), at("g/gone")} <= plan.forget
    assert plan.unmanaged == 0
    destroy = plan_of(desired, *site, options=PlanOptions(destroy=True))
    assert whys(destroy) == [("g", "it would be deleted together with 3 unmanaged items")]


# Keys in `removed`


def test_a_key_in_removed_is_forgotten_and_its_item_stays() -> None:
    known = Bindings(ids=known_ids(a="1", b="2"), protected=frozenset({at("g/b")}))
    plan = plan_of(
        wanted(text("a", "a"), removed=("b",)), live_text("1", 1.0, "a"), live_text("2", 2.0, "b"), known=known
    )
    assert (plan.changes, plan.refusals) == ((), ())
    assert plan.forget == {at("g/b")}
    assert plan.released == {at("g/b"): "2"}
    assert plan.protected == frozenset()
    assert [(str(c.address), c.action.value, c.detail) for c in plan.state_changes] == [
        ("g/b", "forget", "removed: in its manifest; item 2 stays on the site")
    ]


def test_a_key_that_was_moved_onto_one_in_removed_is_forgotten() -> None:
    moved = Moved(source=at("g/old"), target=at("g/b"), at=MANIFEST_POSITION)
    desired = replace(wanted(text("a", "a"), removed=("b",)), moved=(moved,))
    known = Bindings(ids=known_ids(a="1", old="2"))
    plan = plan_of(desired, live_text("1", 1.0, "a"), live_text("2", 2.0, "b"), known=known)
    assert (plan.changes, plan.refusals) == ((), ())
    assert plan.moves == {at("g/old"): at("g/b")}
    assert (plan.forget, plan.released) == (frozenset({at("g/b")}), {at("g/b"): "2"})


def test_an_item_that_state_has_twice_is_not_deleted_under_its_other_key() -> None:
    """Somebody edited the state."""
    known = Bindings(ids=known_ids(a="1", b="2", copy="2"))
    plan = plan_of(
        wanted(text("a", "a"), removed=("b",)), live_text("1", 1.0, "a"), live_text("2", 2.0, "b"), known=known
    )
    assert plan.changes == ()
    assert plan.forget == {at("g/b"), at("g/copy")}
    assert plan.released == {at("g/b"): "2"}


def test_an_unknown_key_in_removed_is_refused_while_an_item_would_be_deleted() -> None:
    """The entry was renamed and removed in one change: state has it as `old`."""
    site = (live_text("1", 1.0, "a"), live_text("2", 2.0, "b"))
    known = Bindings(ids=known_ids(a="1", old="2"))
    desired = wanted(text("a", "a"), removed=("b",))
    plan = plan_of(desired, *site, known=known)
    assert whys(plan) == [
        ("g", "removed: names b, which is not in state, and g/old would be deleted: is it the same, renamed?")
    ]
    assert "moved: [{from: g/old, to: g/b}]" in plan.refusals[0].allow
    assert plan_of(desired, *site, known=replace(known, released={at("g/b"): "9"})).refusals == ()
    target = replace(STRICT, targets=(at("g/a"),))
    assert plan_of(desired, *site, known=known, options=target).refusals == ()
    assert plan_of(desired, site[0], known=Bindings(ids=known_ids(a="1"))).refusals == ()


def test_a_new_gallery_records_that_its_keys_in_removed_have_ended() -> None:
    """The state was lost: a later delete is not refused because of the line, which stays."""
    site = (live_text("1", 1.0, "a"), live_text("2", 2.0, "b"), live_text("3", 3.0, "c"))
    plan = plan_of(wanted(text("a", "a"), text("c", "c"), removed=("b",)), *site)
    assert (plan.changes, plan.refusals) == ((), ())
    assert plan.released == {at("g/b"): None}
    known = Bindings(ids=known_ids(a="1", c="3"), released=plan.released)
    later = plan_of(wanted(text("a", "a"), removed=("b",)), *site, known=known)
    assert (actions(later), later.refusals) == ([("g/c", Action.DELETE, "3")], ())
    pruned = plan_of(wanted(text("a", "a"), removed=("b",), unmanaged=UnmanagedPolicy.DELETE), *site)
    assert "removed: names b, which is not in state" in pruned.refusals[0].why


def test_what_unmanaged_delete_would_delete_is_not_released_by_removed() -> None:
    known = Bindings(ids=known_ids(a="1", b="2"))
    site = (live_text("1", 1.0, "a"), live_text("2", 2.0, "b"))
    desired = wanted(text("a", "a"), removed=("b",), unmanaged=UnmanagedPolicy.DELETE)
    plan = plan_of(desired, *site, known=known)
    assert plan.changes == ()
    (refusal,) = plan.refusals
    assert "unmanaged: delete" in refusal.why
    assert "foreign: [2]" in refusal.allow
    kept = wanted(text("a", "a"), removed=("b",), foreign=("2",), unmanaged=UnmanagedPolicy.DELETE)
    plan = plan_of(kept, *site, known=known)
    assert (plan.changes, plan.refusals) == ((), ())


def test_a_released_item_is_not_taken_by_a_new_entry() -> None:
    known = Bindings(ids=known_ids(a="1"))
    plan = plan_of(wanted(text("b", "x"), removed=("a",)), live_text("1", 1.0, "x"), known=known)
    assert [address for address, _ in whys(plan)] == ["g/b"]


# Entries that are gone


@pytest.mark.parametrize("origin", [Origin.CREATED, Origin.ADOPTED, Origin.UNKNOWN])
def test_an_item_of_ours_that_is_no_longer_named_is_deleted(origin: Origin) -> None:
    known = Bindings(ids=known_ids(a="1"), records={at("g/a"): LastApplied(origin=origin)})
    plan = plan_of(wanted(text("b", "b")), live_text("1", 1.0, "x"), known=known)
    assert actions(plan) == [("g/b", Action.CREATE, None), ("g/a", Action.DELETE, "1")]
    assert plan.changes[1].reason.startswith("adopted, and ") is (origin is Origin.ADOPTED)


@pytest.mark.parametrize("policy", UnmanagedPolicy)
def test_a_restored_item_that_is_no_longer_named_is_forgotten(policy: UnmanagedPolicy) -> None:
    known = Bindings(ids=known_ids(a="1"), records={at("g/a"): LastApplied(origin=Origin.RESTORED)})
    plan = plan_of(wanted(text("b", "b"), unmanaged=policy), live_text("1", 1.0, "x"), known=known)
    assert actions(plan) == [("g/b", Action.CREATE, None)]
    assert plan.forget == {at("g/a")}
    assert "known only from a restored state" in plan.state_changes[0].detail


def test_a_restored_item_is_not_renamed_by_its_content() -> None:
    """It is unknown why a later version no longer had it: somebody else may own it by now."""
    known = Bindings(ids=known_ids(a="1"), records={at("g/a"): LastApplied(origin=Origin.RESTORED)})
    plan = plan_of(wanted(text("b", "x")), live_text("1", 1.0, "x"), known=known)
    assert [address for address, _ in whys(plan)] == ["g/b"]


def test_an_adopted_item_replaces_one_of_another_kind_which_is_deleted() -> None:
    known = Bindings(ids=known_ids(k="1"))
    photo, words = live_item("1", 1.0, WixFile(id="f")), live_text("2", 2.0, "x")
    desired = wanted(text("k", "x"), adopt={"k": "2"})
    plan = plan_of(desired, photo, words, known=known)
    assert actions(plan) == [("g/k", Action.DELETE, "1")]
    assert plan.changes[0].reason == "replaced by 2, see adopt:"
    protected = plan_of(desired, photo, words, known=replace(known, protected=frozenset({at("g/k")})))
    assert whys(protected) == [("g/k", "it is protected and would be deleted")]
    site = MemorySite(galleries={"G": live_gallery(photo, words)})
    known = site.apply(plan, known, random.Random(0))  # noqa: S311 - any order
    assert (known.ids, known.deposed) == (known_ids(k="2"), {})
    assert plan_memory_site(site, desired, known, STRICT).is_empty


# Guesses


def test_a_plan_with_guesses_is_refused_unless_they_are_accepted() -> None:
    desired = wanted(item("a", WixFile(id="new"), title="A"), text("b", "<p>B</p>"))
    site = (live_item("1", 1.0, WixFile(id="old"), title="A"), live_text("2", 2.0, "<b>b</b>"))
    plan = plan_of(desired, *site)
    (refusal,) = plan.refusals
    assert refusal.address == G
    assert refusal.why == "2 matches are guesses: a is 'A' (id 1) by title and kind, b is 2 by similar text"
    assert refusal.allow == (
        "check them, then adopt: {a: 1, b: 2} for those that are right and foreign: [ID] for those that are not; "
        "or accept all with --adopt-guesses"
    )
    accepted = plan_of(desired, *site, options=ALLOW_ALL)
    assert accepted.refusals == ()
    assert accepted.ids == {G: "G", at("g/a"): "1", at("g/b"): "2"}
    assert [notice.message for notice in accepted.notices] == [
        "matched 2 by similar text (guess): please verify",
        "matched 'A' (id 1) by title and kind (guess): please verify",
    ]
    answered = wanted(item("a", WixFile(id="new"), title="A"), text("b", "<p>B</p>"), adopt={"a": "1"}, foreign=("2",))
    assert plan_of(answered, *site).refusals == ()


def test_guesses_are_refused_for_any_target_in_a_new_gallery() -> None:
    """Afterwards the gallery is known, and the entry would be created next to its item."""
    desired = wanted(text("a", "a"), item("b", WixFile(id="new"), title="B"))
    site = (live_text("1", 1.0, "a"), live_item("2", 2.0, WixFile(id="old"), title="B"))
    options = replace(STRICT, targets=(at("g/a"),))
    assert [address for address, _ in whys(plan_of(desired, *site, options=options))] == ["g"]


def test_destroy_deletes_no_guessed_item() -> None:
    desired = wanted(text("a", "a"), item("b", WixFile(id="new"), title="B"))
    site = (live_text("1", 1.0, "a"), live_item("2", 2.0, WixFile(id="old"), title="B"))
    destroy = PlanOptions(destroy=True)
    assert whys(plan_of(desired, *site, options=destroy)) == [
        ("g", "it would be deleted together with 1 unmanaged item")
    ]
    items = plan_of(desired, *site, options=replace(destroy, targets=(at("g/a"), at("g/b"))))
    assert actions(items) == [("g/a", Action.DELETE, "1")]


def test_a_lookalike_elsewhere_does_not_concern_a_target() -> None:
    known = Bindings(ids=known_ids(a="1"))
    desired = wanted(text("a", "a2"), text("b", "b"))
    site = (live_text("1", 1.0, "a"), live_text("T", 2.0, "b"))
    assert [address for address, _ in whys(plan_of(desired, *site, known=known))] == ["g/b"]
    plan = plan_of(desired, *site, known=known, options=replace(STRICT, targets=(at("g/a"),)))
    assert (actions(plan), plan.refusals) == ([("g/a", Action.UPDATE, "1")], ())


# Other states


def test_two_states_of_one_gallery_create_nothing_twice() -> None:
    """Two checkouts with a state each: the second one asks, and offers ways out."""
    site = MemorySite(galleries={"G": live_gallery(live_text("0", 1.0, "first"))})
    both = Bindings(ids=known_ids(first="0"))
    first, photo, words = text("first", "first"), item("photo", local_photo("p"), title="P"), text("words", "w")
    site.apply(plan_memory_site(site, wanted(first, photo, words), both, STRICT), both, random.Random(0))  # noqa: S311
    other = plan_memory_site(site, wanted(first, photo, words), both, STRICT)
    assert {action for _, action, _ in actions(other)} == {Action.CREATE}
    assert [address for address, _ in whys(other)] == ["g/photo", "g/words"]
    ids = {
        str(each.fields.get("title") or each.fields.get("html")): each.id for each in site.galleries["G"].loaded_items
    }
    answered = wanted(first, photo, words, adopt={"photo": ids["P"], "words": ids["w"]})
    plan = plan_memory_site(site, answered, both, STRICT)
    assert (plan.changes, plan.refusals) == ((), ())
    assert plan.ids == {at("g/photo"): ids["P"], at("g/words"): ids["w"]}
