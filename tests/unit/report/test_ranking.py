"""One order for all formats: the dangerous first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from galleryctl.model.address import Address
from galleryctl.model.media import Kind
from galleryctl.plan.changes import (
    Action,
    Cause,
    Change,
    FieldChange,
    HeldItem,
    Notice,
    Plan,
    Refusal,
    StateAction,
    StateChange,
)
from galleryctl.report.ranking import Rank, rank_of, rank_title
from galleryctl.report.render import render


def change(key: str, action: Action = Action.UPDATE, *, cause: Cause = Cause.MANIFEST, move: bool = False) -> Change:
    fields = () if move or action is Action.DELETE else (FieldChange(path="title", before="a", after="b", cause=cause),)
    position = (3, 1) if move else None
    return Change(
        address=Address("weddings", key), action=action, kind=Kind.TEXT, fields=fields, position=position, cause=cause
    )


CHANGES = {
    Rank.CREATE: change("new", Action.CREATE),
    Rank.UPDATE: change("edited"),
    Rank.MOVE: change("moved", move=True),
    Rank.DRIFT: change("theirs", cause=Cause.DRIFT),
    Rank.CONFLICT: change("both", cause=Cause.CONFLICT),
    Rank.REPLACE: change("another", Action.REPLACE),
    Rank.DELETE: change("gone", Action.DELETE),
}
PLAN = Plan(
    site_id="s",
    changes=(change("emptied", cause=Cause.CLEARED), *CHANGES.values()),
    refusals=(Refusal(address=None, why="too many", allow="less"),),
    held=(HeldItem(address=Address("weddings", "broken"), why="photos/broken.jpg is empty"),),
    state_changes=(StateChange(address=Address("weddings"), action=StateAction.PROTECT),),
    notices=(Notice(address=None, message="a remark"),),
)
ORDER = ("gone", "emptied", "another", "both", "theirs", "edited", "moved", "new")


@pytest.mark.parametrize("rank", CHANGES)
def test_each_change_has_its_rank(rank: Rank) -> None:
    assert rank_of(CHANGES[rank]) is rank


@pytest.mark.parametrize(
    ("dangerous", "action", "cause"),
    [
        (Rank.DELETE, Action.DELETE, Cause.DRIFT),
        (Rank.DELETE, Action.DELETE, Cause.CONFLICT),
        (Rank.REPLACE, Action.REPLACE, Cause.CONFLICT),
        (Rank.DRIFT, Action.CREATE, Cause.DRIFT),
        (Rank.CONFLICT, Action.UPDATE, Cause.CONFLICT),
    ],
)
def test_the_more_dangerous_rank_counts(dangerous: Rank, action: Action, cause: Cause) -> None:
    assert rank_of(change("x", action, cause=cause)) is dangerous


def test_as_drift_a_change_has_the_rank_of_its_kind() -> None:
    assert rank_of(change("x", Action.CREATE, cause=Cause.DRIFT), drift=True) is Rank.CREATE
    assert rank_of(change("x", cause=Cause.DRIFT), drift=True) is Rank.UPDATE
    assert rank_of(change("x", cause=Cause.CONFLICT), drift=True) is Rank.CONFLICT


@pytest.mark.parametrize("format_", ["text", "markdown", "html"])
def test_all_formats_have_the_same_order(format_: str) -> None:
    text = render(PLAN, format_)
    headings = [rank_title(rank) for rank in Rank if rank is not Rank.FAILURE]
    places = [text.index(heading) for heading in headings]
    assert places == sorted(places)
    items = [text.index(key, places[2]) for key in ORDER]
    assert items == sorted(items)


def test_annotations_have_it_too() -> None:
    lines = render(PLAN, "github").splitlines()
    keys = [line.partition("title=weddings/")[2].partition("::")[0] for line in lines]
    assert [key for key in keys if key] == ["broken held", *ORDER]


def test_a_plan_of_one_rank_has_no_heading() -> None:
    assert "Creates" not in render(replace(PLAN, changes=(CHANGES[Rank.CREATE],)), "text")
