"""Items that are created with their gallery, and a run that is killed then: each is found, or asked about."""

from __future__ import annotations

import pytest

from galleryctl.model.address import Address
from galleryctl.model.fields import Json
from galleryctl.plan.changes import Cause
from galleryctl.plan.make import PlanOptions
from galleryctl.wix.transport import Attempt
from tests.integration.faults.test_recovery import add_text, asked, crash, crashed, settled
from tests.support.engine_harness import EngineHarness, make_desired, make_gallery, text_item
from tests.support.person import Person

CREATE_GALLERY = "POST /galleries"
URL = "https://a.example?utm=1"
"""A site that normalizes URLs stores it with a slash in the middle."""


@pytest.fixture
def killed(world: EngineHarness) -> EngineHarness:
    """A site on which a run was killed after it created a gallery of a, b and c; then a person moved a after b."""
    desired = make_desired(*map(text_item, "abc"))
    crashed(world, crash("after", CREATE_GALLERY), lambda: world.apply(desired))
    first, second, _ = world.items()
    world.edit({"gallery": world.galleries()[0]["id"], "item": first["id"], "after": second["id"]})
    return world


def test_an_item_that_was_moved_and_whose_text_changes_is_asked_about(killed: EngineHarness) -> None:
    desired = make_desired(text_item("a", html="<p>other</p>"), text_item("b"), text_item("c"))
    desired = Person(foreign=()).answer(desired, asked(killed, desired, "a"))
    assert killed.apply(desired).report.exit_code == 0
    assert killed.titles() == ["a", "b", "c"]
    settled(killed, desired)


def test_an_item_that_was_moved_and_is_no_longer_declared_is_asked_about(killed: EngineHarness) -> None:
    desired = make_desired(text_item("b"), text_item("c"))
    (refusal,) = asked(killed, desired, "a")
    made = next(item["id"] for item in killed.items() if item["title"] == "a")
    assert f"adopt: {{a: {made}}} with an entry a" in refusal.allow
    desired = Person(foreign=(made,)).answer(desired, [refusal])
    assert killed.apply(desired).report.exit_code == 0
    assert killed.titles() == ["b", "a", "c"]
    settled(killed, desired)


def test_an_item_that_a_person_deleted_is_created_again(world: EngineHarness) -> None:
    desired = make_desired(*map(text_item, "abc"))
    crashed(world, crash("after", CREATE_GALLERY), lambda: world.apply(desired))
    world.edit({"gallery": world.galleries()[0]["id"], "item": world.items()[0]["id"], "delete": True})
    assert world.apply(desired).report.exit_code == 0
    assert world.titles() == ["a", "b", "c"]
    settled(world, desired)


def test_the_question_waits_while_another_gallery_is_applied(killed: EngineHarness) -> None:
    other = make_gallery(text_item("x"), gallery="party", name="Party")
    desired = make_desired(text_item("a", html="<p>other</p>"), text_item("b"), text_item("c"), others=[other])
    options = PlanOptions(targets=frozenset({Address("party")}), max_delete_percent=100)
    assert killed.apply(desired, options).report.exit_code == 0
    refusals = killed.plan(desired).refusals
    assert [refusal.address for refusal in refusals] == [Address("weddings", "a")]
    desired = Person(foreign=()).answer(desired, refusals)
    assert killed.apply(desired).report.exit_code == 0
    assert killed.titles() == ["a", "b", "c"]
    settled(killed, desired)


def test_an_item_of_a_person_is_not_asked_about_if_all_are_found(world: EngineHarness) -> None:
    desired = make_desired(*map(text_item, "abc"))
    crashed(world, crash("after", CREATE_GALLERY), lambda: world.apply(desired))
    theirs = add_text(world, 3.25)
    assert world.apply(desired).report.exit_code == 0
    assert theirs in world.items()
    settled(world, desired)


def test_a_try_that_created_nothing_is_not_asked_about(world: EngineHarness) -> None:
    crashed(world, crash("before", CREATE_GALLERY), lambda: world.apply(make_desired(*map(text_item, "ab"))))
    desired = make_desired(*map(text_item, "ac"))
    crashed(world, crash("after", CREATE_GALLERY), lambda: world.apply(desired))
    theirs = add_text(world, 3.25)
    assert world.apply(desired).report.exit_code == 0
    assert sorted(world.titles()) == ["By hand", "a", "c"]
    assert theirs in world.items()
    settled(world, desired)


def test_an_item_that_is_moved_before_the_gallery_is_read_back_is_asked_about(world: EngineHarness) -> None:
    desired = make_desired(*map(text_item, "abc"))

    def move(attempt: Attempt) -> None:
        if attempt.phase == "after" and attempt.name == CREATE_GALLERY:
            first, second, _ = world.items()
            world.edit({"gallery": world.galleries()[0]["id"], "item": first["id"], "after": second["id"]})

    world.on_attempt = move
    report = world.apply(desired).report
    world.on_attempt = lambda _attempt: None
    assert report.exit_code == 3
    assert "somebody changed it meanwhile" in report.outcomes[0].reason
    desired = Person(foreign=()).answer(desired, asked(world, desired, "a"))
    assert world.apply(desired).report.exit_code == 0
    assert world.titles() == ["a", "b", "c"]
    settled(world, desired)


@pytest.mark.parametrize("with_gallery", [True, False])
@pytest.mark.parametrize("is_killed", [True, False])
def test_a_form_that_the_site_makes_of_a_value_is_not_written_for_ever(
    world: EngineHarness, with_gallery: bool, is_killed: bool
) -> None:
    world.settings(normalize_urls=True)
    if not with_gallery:
        world.apply(make_desired(text_item("z")))
    kept = () if with_gallery else (text_item("z"),)
    values: dict[str, Json] = {"link.url": URL}
    desired = make_desired(*kept, text_item("a", **values))
    if is_killed:
        name = CREATE_GALLERY if with_gallery else "POST /galleries/{id}/items"
        crashed(world, crash("after", name), lambda: world.apply(desired))
    assert world.apply(desired).report.exit_code == 0
    settled(world, desired)
    bare = make_desired(*kept, text_item("a"))
    (change,) = world.plan(bare).changes
    assert [part.cause for part in change.fields] == [Cause.CLEARED]
    assert world.apply(bare).report.exit_code == 0
    settled(world, bare)
