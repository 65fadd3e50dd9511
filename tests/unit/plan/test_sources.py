"""Plans know where manifests declare what they show."""

from __future__ import annotations

from dataclasses import replace

from galleryctl.model.desired import Bind, DesiredGallery, DesiredItem
from galleryctl.model.media import Kind
from galleryctl.model.position import SourcePosition
from galleryctl.plan.changes import Action, Change, HeldItem, Notice, Plan, Refusal
from galleryctl.plan.sources import with_source_positions
from tests.unit.plan.memory_site import at


def gallery(key: str, *items: str) -> DesiredGallery:
    """Return a manifest with an item on each line from the third."""
    return DesiredGallery(
        address=at(key),
        bind=Bind(name=key),
        fields={},
        items=tuple(
            DesiredItem(address=at(f"{key}/{item}"), kind=Kind.TEXT, media=None, fields={}, at=place(key, line))
            for line, item in enumerate(items, 3)
        ),
        at=place(key, 1),
    )


def place(key: str, line: int) -> SourcePosition:
    return SourcePosition(f"galleries/{key}.yaml", line, 5)


GALLERIES = (gallery("a", "new", "same", "guessed", "kept"), gallery("b", "x", "held"))
PLAN = Plan(
    site_id="s",
    changes=(
        Change(address=at("a/new"), action=Action.CREATE, kind=Kind.TEXT),
        Change(address=at("a/gone"), action=Action.DELETE, kind=Kind.TEXT),
    ),
    notices=(Notice(address=at("a/guessed"), message="guess"), Notice(address=None, message="all")),
    held=(HeldItem(address=at("b/held"), why="empty"),),
    refusals=(Refusal(address=at("a/kept"), why="protected", allow="x"),),
)


def test_galleries_and_the_items_that_a_plan_names_have_a_position() -> None:
    assert with_source_positions(PLAN, GALLERIES).positions == {
        at("a"): place("a", 1), at("a/new"): place("a", 3), at("a/guessed"): place("a", 5), at("a/kept"): place("a", 6),
        at("b"): place("b", 1), at("b/held"): place("b", 4),
    }  # fmt: skip


def test_galleries_without_a_target_have_none() -> None:
    targeted = with_source_positions(replace(PLAN, held=(), targets=(at("b/x"),)), GALLERIES)
    assert targeted.positions == {at("b"): place("b", 1)}
