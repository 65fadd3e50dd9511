"""Limits of deletes and clears, and the approvals that lift them once."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Approval, Desired, DesiredGallery, DesiredItem, Limits
from galleryctl.model.last_applied import FieldBase, LastApplied, Origin, value_digest
from galleryctl.model.live import LiveItem
from galleryctl.model.media import WixFile
from galleryctl.plan.changes import Plan
from galleryctl.plan.file.review import review_digest
from galleryctl.plan.limits import Losses, limits_exceeded
from tests.unit.plan.memory_site import (
    MANIFEST_POSITION,
    at,
    gallery,
    item,
    known_ids,
    live_gallery,
    live_item,
    plan_snapshot,
    snapshot,
)


def addresses(gallery_key: str, count: int) -> frozenset[Address]:
    return frozenset(Address(gallery_key, f"k{n}") for n in range(count))


def losses(removed: int = 0, cleared: int = 0, of: int = 100, others: int = 0) -> Losses:
    return Losses(
        managed=addresses("g", of) | addresses("other", others),
        removed=addresses("g", removed),
        cleared=frozenset(Address("g", f"k{n}") for n in range(50, 50 + cleared)),
    )


@pytest.mark.parametrize(
    ("found", "whys"),
    [
        (losses(removed=30), []),
        (
            losses(removed=31),
            [
                "31 of 100 managed resources would be deleted or replaced: 31 %",
                "31 of 100 managed items would be deleted or replaced: 31 %",
            ],
        ),
        (losses(cleared=31), ["31 of 100 managed resources would be cleared of values: 31 %"]),
        (losses(cleared=5, of=0), []),
        (losses(cleared=6, of=0), ["6 of 6 managed resources would be cleared of values"]),
        (
            losses(removed=20, cleared=11),
            ["31 of 100 managed resources would be deleted or replaced or cleared of values"],
        ),
        (losses(removed=5, of=10, others=90), []),
        (losses(removed=6, of=10, others=90), ["6 of 10 managed items would be deleted or replaced: 60 %"]),
        (losses(removed=6, of=20, others=90), []),
        (losses(removed=2, of=2, others=90), ["2 of 2 managed items would be deleted or replaced: 100 %"]),
    ],
)
def test_limits_per_workspace_and_per_gallery(found: Losses, whys: list[str]) -> None:
    found = replace(found, managed={*found.managed, *found.cleared})
    refusals = list(limits_exceeded(found, 30))
    assert len(refusals) == len(whys)
    assert all(refusal.why.startswith(why) for refusal, why in zip(refusals, whys, strict=True))
    assert list(limits_exceeded(found, 100)) == []


def test_the_advised_percentage_allows_every_limit() -> None:
    found = losses(removed=12, of=20, others=14)
    refusals = list(limits_exceeded(found, 30))
    assert [refusal.address for refusal in refusals] == [None, Address("g")]
    assert {refusal.allow for refusal in refusals} == {"--max-delete-percent 60"}
    assert list(limits_exceeded(found, 60)) == []


LIVE = [live_item(f"I{n}", float(n), WixFile(id=f"f{n}"), title="T") for n in range(4)]
WANTED = [item(f"k{n}", WixFile(id=f"f{n}")) for n in range(4)]
KNOWN = Bindings(ids=known_ids(**{f"k{n}": f"I{n}" for n in range(4)}))


def plan_with(*approvals: Approval, state: Bindings = KNOWN, kept: int = 1) -> Plan:
    galleries = (gallery(*WANTED[:kept]),)
    desired = Desired(galleries=galleries, limits=Limits(max_delete_percent=30), approvals=approvals)
    return plan_snapshot(desired, snapshot(live_gallery(*LIVE)), state)


def approval(digest: str, deletes: int = 3) -> Approval:
    return Approval(digest=digest, deletes=deletes, reason="season over", at=MANIFEST_POSITION)


def test_an_approval_lifts_the_limit_of_one_plan_once() -> None:
    refused = plan_with()
    digest = review_digest(refused)
    refusal = refused.refusals[-1]
    pasted = yaml.safe_load(refusal.allow.partition("galleryctl.yaml: ")[2])
    assert pasted == {"approvals": [{"digest": digest[:16], "deletes": 3, "reason": "why this is intended"}]}
    approved = plan_with(approval(digest[:16]))
    assert (approved.refusals, approved.approval) == ((), digest)
    assert any("season over" in notice.message for notice in approved.notices)
    used = plan_with(approval(digest[:16]), state=replace(KNOWN, approvals=frozenset({digest})))
    assert len(used.refusals) == len(refused.refusals)
    assert any("was used: remove it" in notice.message for notice in used.notices)


def test_an_approval_of_another_plan_or_number_lifts_nothing() -> None:
    digest = review_digest(plan_with())
    for unfit, why in (
        (approval(digest[:16], deletes=2), "the approval has deletes: 2, but this plan has 3"),
        (approval("0" * 16), f"the approval is for another plan: its digest is {'0' * 16}, not {digest[:16]}"),
    ):
        plan = plan_with(unfit)
        assert plan.refusals
        assert f"{unfit.at}: {why}" in [notice.message for notice in plan.notices]
    assert plan_with(approval(digest[:16]), kept=2).refusals


def test_the_review_digest_is_that_of_what_a_reviewer_sees() -> None:
    plan = plan_with()
    later = replace(plan, serial=9, lineage="other", ids={at("g/new"): "x"}, notices=())
    assert review_digest(later) == review_digest(plan)
    assert review_digest(plan_with(kept=2)) != review_digest(plan)


OLD = Address("old")
OLD_ITEMS = [live_item(f"O{n}", float(n), title=f"T{n}", html="x") for n in range(3)]


def without_old(*items: LiveItem, approvals: tuple[Approval, ...] = ()) -> Plan:
    """Return the plan that deletes gallery `old`, which has these items."""
    old = {OLD: "OLD", **{Address("old", item.id.lower()): item.id for item in items}}
    live = snapshot(live_gallery(*LIVE), live_gallery(*items, id_="OLD", name="Old", sort_order=2.0))
    desired = Desired(galleries=(gallery(*WANTED),), limits=Limits(max_delete_percent=10), approvals=approvals)
    return plan_snapshot(desired, live, replace(KNOWN, ids={**KNOWN.ids, **old}))


def test_an_approval_of_a_deleted_gallery_is_for_its_items() -> None:
    one = without_old(OLD_ITEMS[0])
    assert (one.deletes, "deletes: 2," in one.refusals[-1].allow) == (2, True)
    approved = approval(review_digest(one)[:16], deletes=2)
    assert without_old(OLD_ITEMS[0], approvals=(approved,)).refusals == ()
    three = without_old(*OLD_ITEMS, approvals=(approved,))
    assert three.deletes == 4
    assert three.refusals
    edited = replace(OLD_ITEMS[0], fields={"title": "Theirs", "html": "x"})
    assert without_old(edited, approvals=(approved,)).refusals


@pytest.mark.parametrize("wanted", [WANTED[:3], [*WANTED[:3], item("k3", html="x")]], ids=["delete", "replace"])
def test_the_review_digest_covers_what_is_deleted(wanted: list[DesiredItem]) -> None:
    def digest_with(last: LiveItem) -> str:
        desired = Desired(galleries=(gallery(*wanted),))
        return review_digest(plan_snapshot(desired, snapshot(live_gallery(*LIVE[:3], last)), KNOWN))

    reviewed = digest_with(LIVE[3])
    raw = {"updatedDate": "2026-01-02T03:04:05Z"}
    assert digest_with(replace(LIVE[3], sort_order=3.5, raw=raw)) == reviewed
    assert digest_with(replace(LIVE[3], fields={"title": "Theirs"})) != reviewed
    assert digest_with(replace(LIVE[3], media=WixFile(id="theirs"))) != reviewed


def test_what_is_gone_from_the_site_is_not_a_share_of_the_rest() -> None:
    others = [live_item(f"O{n}", float(n), WixFile(id=f"o{n}")) for n in range(40)]
    wanted_others = [replace(item(f"o{n}", WixFile(id=f"o{n}")), address=Address("h", f"o{n}")) for n in range(40)]
    other = replace(gallery(*wanted_others, bind="H"), address=Address("h"))
    in_other = {Address("h"): "H", **{each.address: f"O{n}" for n, each in enumerate(wanted_others)}}
    known = replace(KNOWN, ids={**KNOWN.ids, **in_other})

    def whys(left: list[LiveItem], here: DesiredGallery) -> list[str]:
        live = snapshot(live_gallery(*left), live_gallery(*others, id_="H", name="H", sort_order=2.0))
        plan = plan_snapshot(Desired(galleries=(here, other), limits=Limits(max_delete_percent=30)), live, known)
        return [refusal.why for refusal in plan.refusals]

    (gone,) = whys(LIVE[2:], gallery(WANTED[0]))
    assert gone.startswith("2 of 2 managed items would be deleted or replaced: 100 %")
    removed = frozenset({at("g/k0"), at("g/k1")})
    (ended,) = whys(LIVE, replace(gallery(item("new", html="x")), removed=removed))
    assert ended.startswith("2 of 2 managed items would be deleted or replaced: 100 %")


def test_clears_of_a_few_items_are_no_question_and_of_many_are() -> None:
    digest = value_digest("T")
    record = LastApplied(origin=Origin.CREATED, fields={"title": FieldBase(sent=digest, answered=digest, wrote=True)})
    live = [live_item(f"I{n}", float(n), WixFile(id=f"f{n}"), title="T") for n in range(8)]
    for count, refusals in ((5, 0), (8, 1)):
        known = Bindings(
            ids=known_ids(**{f"k{n}": f"I{n}" for n in range(count)}),
            records={at(f"g/k{n}"): record for n in range(count)},
        )
        wanted = [item(f"k{n}", WixFile(id=f"f{n}")) for n in range(count)]
        plan = plan_snapshot(Desired(galleries=(gallery(*wanted),)), snapshot(live_gallery(*live[:count])), known)
        assert [change.cleared for change in plan.changes] == [("title",)] * count
        assert len(plan.refusals) == refusals
