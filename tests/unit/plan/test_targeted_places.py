"""A target that needs a place between two others: it gets one that lasts, or the plan says what is in its way."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import ItemOrder
from galleryctl.plan.changes import Action
from galleryctl.plan.context import PlanOptions
from tests.unit.plan.memory_site import (
    ALLOW_ALL,
    MemorySite,
    at,
    item,
    known_ids,
    live_gallery,
    live_item,
    make_desired,
    plan_memory_site,
)

NEXT = math.nextafter(1.1, 2)


def site(**orders: float) -> MemorySite:
    items = [live_item(key.upper(), order, title=key) for key, order in orders.items()]
    return MemorySite(galleries={"G": live_gallery(*items)})


def options(*targets: str) -> PlanOptions:
    return PlanOptions(targets=tuple(map(at, targets)), max_delete_percent=100, allow_empty=True)


def test_a_full_gap_is_refused_naming_what_would_have_to_move() -> None:
    crowded = site(a=1.1, b=NEXT, c=5.3)
    known = Bindings(ids=known_ids(a="A", b="B", c="C"))
    desired = make_desired(*(item(key, None, title=key) for key in ("a", "n", "b", "c")))
    plan = plan_memory_site(crowded, desired, known, options("g/n"))
    (refusal,) = plan.refusals
    assert refusal.address == at("g/b")
    assert refusal.why == "it would have to move to make room for a target but is not targeted"
    assert refusal.allow == "add --target g/b, or plan without --target"
    both = plan_memory_site(crowded, desired, known, options("g/n", "g/b"))
    assert both.refusals == ()
    known = crowded.apply(both, known, random.Random(0))  # noqa: S311 - any order
    assert [i.fields["title"] for i in crowded.displayed_items("G", ItemOrder.ASCENDING)] == ["a", "n", "b", "c"]
    assert plan_memory_site(crowded, desired, known, ALLOW_ALL).is_empty


def test_what_is_no_target_leaves_no_room_for_itself() -> None:
    """Two new ones between `a` and `b`, with room for one only: one of them as a target has it."""
    crowded = site(a=1.1, b=math.nextafter(NEXT, 2), c=5.3)
    known = Bindings(ids=known_ids(a="A", b="B", c="C"))
    desired = make_desired(*(item(key, None, title=key) for key in ("a", "m", "n", "b", "c")))
    plan = plan_memory_site(crowded, desired, known, options("g/n"))
    assert plan.refusals == ()
    assert [(change.action, change.sort_order) for change in plan.changes] == [(Action.CREATE, NEXT)]


def test_a_target_that_makes_room_does_not_put_another_target_out_of_order() -> None:
    """Once `b` has made room for `n`, the longest run is `x y n b s`: `f` has to be moved with them."""
    crowded = site(f=1.1, b=NEXT, x=1.2, y=1.3, s=5.3)
    known = Bindings(ids=known_ids(f="F", b="B", x="X", y="Y", s="S"))
    desired = make_desired(*(item(key, None, title=key) for key in "xyfnbs"))
    targets = options("g/f", "g/n", "g/b")
    plan = plan_memory_site(crowded, desired, known, targets)
    assert plan.refusals == ()
    known = crowded.apply(plan, known, random.Random(0))  # noqa: S311 - any order
    assert plan_memory_site(crowded, desired, known, targets).is_empty


def test_a_target_that_could_only_make_room_until_the_next_plan_is_refused() -> None:
    """If `a` made room for `f`, the longest run would be `b e d a c`, and the next plan would move `f` again."""
    crowded = site(a=NEXT, b=-4.1, c=2.7, d=math.nextafter(NEXT, 2), e=1.1)
    known = Bindings(ids=known_ids(a="A", b="B", c="C", d="D", e="E"))
    desired = make_desired(*(item(key, None, title=key) for key in "befdac"))
    plan = plan_memory_site(crowded, desired, known, options("g/a", "g/b", "g/f"))
    assert [refusal.allow for refusal in plan.refusals] == ["add --target g/d, or plan without --target"]
    targets = options("g/a", "g/b", "g/d", "g/f")
    plan = plan_memory_site(crowded, desired, known, targets)
    assert plan.refusals == ()
    known = crowded.apply(plan, known, random.Random(0))  # noqa: S311 - any order
    assert plan_memory_site(crowded, desired, known, targets).is_empty


ORDERS = st.integers(0, 6).map(lambda steps: 1.1 + steps * (NEXT - 1.1)) | st.sampled_from([2.7, 3.3, -4.1])
KEYS = ("a", "b", "c", "d", "e", "f")


@settings(max_examples=200, deadline=None)
@given(data=st.data(), item_order=st.sampled_from(ItemOrder))
def test_after_targets_are_applied_the_same_targets_have_nothing_to_do(
    data: st.DataObject, item_order: ItemOrder
) -> None:
    orders = data.draw(st.lists(ORDERS, unique=True, max_size=5))
    crowded = site(**dict(zip(KEYS, orders, strict=False)))
    known = Bindings(ids=known_ids(**{key: key.upper() for key in KEYS[: len(orders)]}))
    keys = data.draw(st.permutations(KEYS))
    desired = make_desired(*(item(key, None, title=key) for key in keys), item_order=item_order)
    targets = options(*(f"g/{key}" for key in data.draw(st.sets(st.sampled_from(KEYS), min_size=1))))
    while (plan := plan_memory_site(crowded, desired, known, targets)).refusals:
        refused = [refusal.address for refusal in plan.refusals if refusal.address]
        assert not set(refused) & set(targets.targets)
        targets = replace(targets, targets=(*targets.targets, *refused))
    assert all(change.address in targets.targets for change in plan.changes)
    known = crowded.apply(plan, known, data.draw(st.randoms(use_true_random=False)))
    assert plan_memory_site(crowded, desired, known, targets).is_empty
    known = crowded.apply(plan_memory_site(crowded, desired, known, ALLOW_ALL), known, random.Random(0))  # noqa: S311 - any order
    assert [i.fields["title"] for i in crowded.displayed_items("G", item_order)] == list(keys)
