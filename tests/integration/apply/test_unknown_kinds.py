"""Items of an unsupported kind: their sort orders count as used, and they are left unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engine_harness import Doc, EngineHarness, make_desired, text_item


@pytest.fixture
def world(tmp_path: Path) -> Iterator[EngineHarness]:
    made = EngineHarness(tmp_path)
    yield made
    made.close()


def sounds(world: EngineHarness, *orders: float) -> list[Doc]:
    """Create audio items with these sort orders, as a future Editor might."""
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


def orders(world: EngineHarness) -> dict[str, float]:
    return {item["title"]: item["sortOrder"] for item in world.items() if item["title"] != "Sound"}


@pytest.mark.parametrize("place", ["between", "after"])
def test_a_new_item_does_not_take_the_place_of_a_sound(world: EngineHarness, place: str) -> None:
    """The sort orders that the planner would choose first belong to unsupported items."""
    assert world.apply(make_desired(text_item("a"), text_item("b"))).report.exit_code == 0
    items = (
        [text_item("a"), text_item("new"), text_item("b")]
        if place == "between"
        else [text_item("a"), text_item("b"), text_item("new")]
    )
    (create,) = world.plan(make_desired(*items)).changes
    assert create.sort_order is not None
    made = sounds(world, create.sort_order)
    assert world.apply(make_desired(*items)).report.exit_code == 0
    assert world.plan(make_desired(*items)).is_empty
    assert [title for title in world.titles() if title != "Sound"] == [item.fields["title"] for item in items]
    assert made[0] in world.items()
    assert made[0]["sortOrder"] not in orders(world).values()


def test_a_gallery_of_sounds_only_is_filled_around_them(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a")))
    world.apply(make_desired())
    made = sounds(world, 1.0, 2.0)
    assert world.apply(make_desired(text_item("b"), text_item("c"))).report.exit_code == 0
    assert world.plan(make_desired(text_item("b"), text_item("c"))).is_empty
    assert all(sound in world.items() for sound in made)
