"""Items of a kind that this version does not know: their places are taken, and they stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import Doc, World, wanted, words


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def sounds(world: World, *orders: float) -> list[Doc]:
    """Make items with audio at these sort orders, as a future Editor might."""
    gallery = next(g["id"] for g in world.galleries() if g["name"] == "Weddings")
    made = world.edit(
        *(
            {
                "gallery": gallery,
                "item": None,
                "set": {"type": "AUDIO", "audio": {"id": "a"}, "sortOrder": order, "title": "Sound"},
            }
            for order in orders
        )
    )
    return [each["item"] for each in made]


def orders(world: World) -> dict[str, float]:
    return {item["title"]: item["sortOrder"] for item in world.items() if item["title"] != "Sound"}


@pytest.mark.parametrize("place", ["between", "after"])
def test_a_new_item_does_not_take_the_place_of_a_sound(world: World, place: str) -> None:
    """What the planner would choose first is taken by items that it cannot read."""
    assert world.apply(wanted(words("a"), words("b"))).report.exit_code == 0
    items = [words("a"), words("new"), words("b")] if place == "between" else [words("a"), words("b"), words("new")]
    (create,) = world.plan(wanted(*items)).changes
    assert create.sort_order is not None
    made = sounds(world, create.sort_order)
    assert world.apply(wanted(*items)).report.exit_code == 0
    assert world.plan(wanted(*items)).is_empty
    assert [title for title in world.titles() if title != "Sound"] == [item.fields["title"] for item in items]
    assert made[0] in world.items()
    assert made[0]["sortOrder"] not in orders(world).values()


def test_a_gallery_of_sounds_only_is_filled_around_them(world: World) -> None:
    world.apply(wanted(words("a")))
    world.apply(wanted())
    made = sounds(world, 1.0, 2.0)
    assert world.apply(wanted(words("b"), words("c"))).report.exit_code == 0
    assert world.plan(wanted(words("b"), words("c"))).is_empty
    assert all(sound in world.items() for sound in made)
