"""Creates on a site that rewrites what it stores: nothing is created twice, and what is not certain is asked about."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from galleryctl.model.desired import Desired
from galleryctl.model.errors import Refused
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.plan.changes import Cause
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.wix.transport import Attempt
from tests.integration.faults.test_recovery import CREATE_ITEM, add_text, crash, crashed, outcome
from tests.support.engine_harness import Crash, EngineHarness, make_desired, make_gallery, text_item, video_item
from tests.support.person import Person

REWRITING = {
    "add_html_class": True,
    "strip_html_tags": True,
    "trim_texts": True,
    "normalize_unicode": True,
    "normalize_tags": True,
    "normalize_urls": True,
    "round_numbers": True,
}
CREATE_PATH = "/progallery/v2/galleries/{}/items"
KEYS = [f"k{n}" for n in range(6)]


def six(world: EngineHarness) -> Desired:
    """Return two items that exist, and six to create between them, all of which the site rewrites."""
    fields: dict[str, Any] = {"description": " <b>sweet</b> ", "tags": ("B", "b"), "link.url": "https://A.example"}
    texts = (text_item(key, **fields) for key in KEYS[:3])
    others = (world.photo_item("k3", 1, **fields), world.photo_item("k4", 1, **fields), video_item("k5", 7, **fields))
    return make_desired(text_item("a"), *texts, *others, text_item("z"))


def killed_at(number: int, phase: str) -> Callable[[Attempt], None]:
    """End the process before or after the create with that number."""
    return crash(phase, CREATE_ITEM, number)


def finished(world: EngineHarness, desired: Desired, person: Person | None = None) -> Desired:
    """Apply until all is done, with the person's answers; assert that every item is there once, and in order."""
    world.faults()
    for _ in range(9):
        try:
            if world.apply(desired).report.exit_code == 0:
                break
        except Refused:
            assert person is not None, world.plan(desired).refusals
            desired = person.answer(desired, world.plan(desired).refusals)
    foreign = person.foreign if person else ()
    ours = [item for item in world.items() if item["id"] not in foreign]
    assert [item["title"] for item in ours] == [str(item.address.item) for item in desired.galleries[0].items]
    state = FileStateBackend(world.root / "state.json").read()
    assert state is not None
    assert {item["id"] for item in ours} <= set(state.bindings.ids.values())
    assert not (world.root / "journal.jsonl").exists()
    return desired


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("number", [1, 3, 6])
def test_a_run_killed_during_six_creates_leaves_no_duplicates(world: EngineHarness, number: int, phase: str) -> None:
    world.settings(**REWRITING)
    world.apply(make_desired(text_item("a"), text_item("z")))
    desired = six(world)
    crashed(world, killed_at(number, phase), lambda: world.apply(desired))
    finished(world, desired)


def test_a_run_that_is_killed_again_and_again_leaves_no_duplicates(world: EngineHarness) -> None:
    world.settings(**REWRITING)
    world.apply(make_desired(text_item("a"), text_item("z")))
    desired = six(world)
    kills = 0
    for _ in range(6):
        world.on_attempt = killed_at(1, "after")
        try:
            world.apply(desired)
        except Crash:
            kills += 1
        world.on_attempt = lambda _exchange: None
    assert kills > 1
    finished(world, desired)


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "cut"])
def test_two_lost_answers_leave_no_duplicates(world: EngineHarness, kind: str) -> None:
    world.settings(**REWRITING)
    world.apply(make_desired(text_item("a"), text_item("z")))
    desired = six(world)
    world.faults(script=[{"fault": kind, "method": "POST", "path": "items$", "nth": 2, "times": 2}])
    assert world.apply(desired).report.exit_code == 0
    finished(world, desired)


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("workers", [1, 6])
def test_a_response_that_names_another_item_is_not_believed(world: EngineHarness, nth: int, workers: int) -> None:
    world.workers = workers
    world.apply(make_desired(text_item("a"), text_item("z")))
    first, last = world.items()
    desired = six(world)
    world.faults(seed=nth, script=[{"fault": "wrong_id", "method": "POST", "path": "items$", "nth": nth}])
    assert world.apply(desired).report.exit_code == 0
    assert (world.items()[0], world.items()[-1]) == (first, last)
    assert world.requests.count(f"POST {CREATE_PATH.format(world.galleries()[0]['id'])}") == 6
    finished(world, desired)


@pytest.mark.parametrize("workers", [1, 6])
def test_responses_that_all_name_other_items_are_not_believed(world: EngineHarness, workers: int) -> None:
    world.workers = workers
    world.apply(make_desired(text_item("a"), text_item("z")))
    desired = six(world)
    world.faults(script=[{"fault": "wrong_id", "method": "POST", "path": "items$", "times": 6}])
    world.apply(desired)
    finished(world, desired)


@pytest.mark.parametrize("seed", range(8))
def test_a_response_that_names_the_item_of_another_create_is_kept_if_the_look_up_fails(
    world: EngineHarness, seed: int
) -> None:
    world.workers = 6
    world.apply(make_desired(text_item("a")))
    desired = make_desired(*map(text_item, "abcdefg"))
    world.faults(
        seed=seed,
        script=[
            {"fault": "wrong_id", "method": "POST", "path": "items$", "times": 3},
            {"fault": "throttle", "method": "GET", "path": "items$", "nth": 2, "times": 200},
        ],
    )
    world.apply(desired)
    world.faults()
    corrected = make_desired(*(text_item(key, html="<p>better</p>") for key in "abcdefg"))
    finished(world, corrected, Person(foreign=()))
    assert world.titles() == list("abcdefg")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["another kind", "the same kind"])
def test_a_response_that_names_an_item_that_was_just_added_is_corrected(
    world: EngineHarness, seed: int, kind: str
) -> None:
    world.apply(make_desired(text_item("a")))
    desired = make_desired(text_item("a"), video_item("b", 7) if kind == "another kind" else text_item("b"))
    theirs: list[dict[str, Any]] = []

    def add(exchange: Attempt) -> None:
        if exchange.phase == "before" and exchange.name == CREATE_ITEM:
            theirs.append(add_text(world, 99999.5))

    world.on_attempt = add
    world.faults(seed=seed, script=[{"fault": "wrong_id", "method": "POST", "path": "items$"}])
    world.apply(desired)
    world.on_attempt = lambda _exchange: None
    finished(world, desired, Person([item["id"] for item in theirs]))
    assert world.titles() == ["a", "b", "By hand"]
    assert world.items()[2:] == theirs
    removed = make_desired(text_item("a"))
    assert world.apply(removed).report.exit_code == 0
    assert world.items()[1:] == theirs


@pytest.mark.parametrize("nth", [1, 2])
def test_a_response_that_names_another_gallery_is_not_believed(world: EngineHarness, nth: int) -> None:
    world.apply(make_desired(text_item("a")))
    before = world.items()
    others = [make_gallery(text_item("x"), gallery=key, name=key) for key in ("one", "two")]
    desired = make_desired(text_item("a"), others=others)
    world.faults(script=[{"fault": "wrong_id", "method": "POST", "path": "galleries$", "nth": nth}])
    world.apply(desired)
    world.faults()
    assert world.apply(desired).report.exit_code == 0
    assert sorted(gallery["name"] for gallery in world.galleries()) == ["Weddings", "one", "two"]
    assert (world.titles("one"), world.titles("two"), world.items()) == (["x"], ["x"], before)
    assert world.plan(desired).is_empty


@pytest.mark.parametrize("precision", ["float32", "six_digits", "whole"])
@pytest.mark.parametrize("echo", [False, True])
def test_a_site_that_rounds_sort_orders_gets_no_duplicates(world: EngineHarness, precision: str, *, echo: bool) -> None:
    """Values that are exact on this site are believed, others are asked about."""
    world.settings(sort_order_precision=precision, echo_writes=echo, **REWRITING)
    world.apply(make_desired(text_item("a"), text_item("z")))
    desired, person = six(world), Person(foreign=())
    crashed(world, killed_at(3, "after"), lambda: world.apply(desired))
    desired = finished(world, desired, person)
    assert (person.answers == 0) or precision != "float32"
    assert world.plan(desired).is_empty


@pytest.mark.parametrize("precision", ["six_digits", "whole"])
def test_once_the_site_has_shown_how_it_rounds_values_are_exact(world: EngineHarness, precision: str) -> None:
    """Whole numbers may then leave too few values for certainty, so that there is a question still."""
    world.settings(sort_order_precision=precision)
    world.apply(make_desired(text_item("a"), text_item("z")))
    world.apply(make_desired(text_item("a"), text_item("b"), text_item("z")))
    desired = make_desired(text_item("a"), text_item("c"), text_item("b"), text_item("d"), text_item("z"))
    sent: list[float | None] = []
    world.after_plan = lambda planned: sent.extend(change.sort_order for change in planned.plan.changes)
    world.faults(script=[{"fault": "drop_after", "method": "POST", "path": "items$", "times": 2}])
    world.apply(desired)
    assert set(sent) < {item["sortOrder"] for item in world.items()}
    person = Person(foreign=())
    finished(world, desired, person)
    assert precision == "whole" or not person.answers


def test_a_person_who_works_during_a_killed_run_keeps_all_items(world: EngineHarness) -> None:
    world.settings(**REWRITING)
    world.apply(make_desired(text_item("a"), text_item("z")))
    gallery, (first, last) = world.galleries()[0]["id"], world.items()
    theirs: dict[str, dict[str, Any]] = {}
    numbers = count()

    def add(exchange: Attempt) -> None:
        if exchange.phase == "after" and exchange.name == CREATE_ITEM:
            number = next(numbers)
            new = {"type": "TEXT", "title": f"hand {number}", "sortOrder": -number, "text": {"html": "x"}}
            copy = {"copy": {"type": "TEXT"}} if number == 1 else {}
            order = {"sortOrder": (first["sortOrder"] + last["sortOrder"]) / 2 + number}
            (made,) = world.edit({"gallery": gallery, "item": None, **copy, "set": {**new, **order}})
            theirs[made["item"]["id"]] = made["item"]
            if number == 2:
                raise Crash

    desired, person = six(world), Person(theirs)
    world.on_attempt = add
    with pytest.raises(Crash):
        world.apply(desired)
    world.on_attempt = lambda _exchange: None
    finished(world, desired, person)
    assert person.answers > 0
    assert {item["id"]: item for item in world.items() if item["id"] in theirs} == theirs


@pytest.mark.parametrize("rewriting", [{}, REWRITING], ids=["as sent", "rewritten"])
def test_an_edit_between_a_create_and_its_look_up_is_no_form_of_what_was_sent(
    world: EngineHarness, rewriting: dict[str, bool]
) -> None:
    world.settings(**rewriting)
    world.apply(make_desired(text_item("a")))
    desired = make_desired(text_item("a"), world.photo_item("p", 1, description=" sweet "))
    world.faults(script=[{"fault": "drop_after", "method": "POST", "path": "items$"}])

    def edit(exchange: Attempt) -> None:
        if exchange.phase == "after" and exchange.name == CREATE_ITEM:
            gallery, made = world.galleries()[0]["id"], world.items()[1]
            world.edit({"gallery": gallery, "item": made["id"], "set": {"title": "By hand"}})

    world.on_attempt = edit
    world.apply(desired)
    world.on_attempt = lambda _exchange: None
    (change,) = world.plan(desired).changes
    assert [(part.path, part.cause) for part in change.fields] == [("title", Cause.INTERRUPTED)]
    finished(world, desired)


def test_a_create_that_cannot_be_told_apart_fails_and_the_next_plan_asks(world: EngineHarness) -> None:
    world.settings(sort_order_precision="whole")
    world.apply(make_desired(text_item("a"), text_item("z")))
    world.edit({"gallery": world.galleries()[0]["id"], "item": world.items()[0]["id"], "set": {"sortOrder": 1.25}})
    desired = make_desired(text_item("a"), text_item("b"), text_item("z"))
    world.faults(script=[{"fault": "drop_after", "method": "POST", "path": "items$"}])
    failed = outcome(world.apply(desired).report.outcomes, "b")
    assert failed.status is OutcomeStatus.FAILED
    assert "plan again" in failed.reason
    finished(world, desired, Person(foreign=()))
