"""One failure at a time during an apply: nothing is duplicated or lost, and unmanaged resources are not touched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from galleryctl.engine.site import PlanResult
from galleryctl.model.address import Address
from galleryctl.model.desired import Desired
from galleryctl.model.errors import Refused
from galleryctl.model.outcome import Outcome, OutcomeStatus
from galleryctl.plan.changes import Refusal
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.wix.transport import Attempt
from tests.support.engine_harness import (
    Crash,
    EngineHarness,
    kinds_and_titles,
    make_desired,
    make_gallery,
    text_item,
    video_item,
)
from tests.support.person import Person

CREATE_ITEM = "POST /galleries/{id}/items"
UPLOAD = "PUT /upload"


def crash(phase: str, name: str, nth: int = 1) -> Callable[[Attempt], None]:
    """End the process before or after the nth request with that name."""
    seen = 0

    def watch(exchange: Attempt) -> None:
        nonlocal seen
        if exchange.phase == phase and exchange.name == name:
            seen += 1
            if seen == nth:
                raise Crash

    return watch


def crashed(world: EngineHarness, watch: Callable[[Attempt], None], run: Callable[[], object]) -> None:
    world.on_attempt = watch
    with pytest.raises(Crash):
        run()
    world.on_attempt = lambda _exchange: None


def outcome(outcomes: tuple[Outcome, ...], key: str) -> Outcome:
    (found,) = [o for o in outcomes if o.address == Address("weddings", key)]
    return found


def settled(world: EngineHarness, desired: Any) -> None:
    world.faults()
    plan = world.plan(desired)
    assert plan.is_empty, plan.changes


@pytest.mark.parametrize("kind", ["drop_after", "cut"])
def test_a_create_whose_response_is_lost_takes_effect_once(world: EngineHarness, kind: str) -> None:
    world.apply(make_desired(text_item("a")))
    desired = make_desired(text_item("a"), text_item("b"), text_item("c"))
    world.faults(script=[{"fault": kind, "method": "POST", "path": "items$", "times": 2}])
    assert world.apply(desired).report.exit_code == 0
    assert world.titles() == ["a", "b", "c"]
    settled(world, desired)


def test_an_unconfirmed_create_that_reads_do_not_show_takes_effect_once(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a")))
    desired = make_desired(text_item("a"), text_item("b"))
    world.faults(
        script=[
            {"fault": "drop_after", "method": "POST", "path": "items$"},
            {"fault": "stale", "method": "GET", "path": "galleries/.+", "nth": 2, "times": 4},
        ]
    )
    assert world.apply(desired).report.exit_code == 0
    assert world.titles() == ["a", "b"]
    settled(world, desired)


def asked(world: EngineHarness, desired: Desired, *keys: str) -> tuple[Refusal, ...]:
    """Assert that an apply changes nothing and asks about these keys; return the questions."""
    before = world.items()
    with pytest.raises(Refused, match="an earlier run may have created it"):
        world.apply(desired)
    assert world.items() == before
    refusals = world.plan(desired).refusals
    assert [refusal.address for refusal in refusals] == [Address("weddings", key) for key in keys]
    return refusals


def test_an_unconfirmed_create_that_was_moved_is_asked_about(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a"), text_item("z")))
    desired = make_desired(text_item("a"), text_item("b"), text_item("z"))
    world.faults(script=[{"fault": "drop_after", "method": "POST", "path": "items$"}])

    def move(exchange: Attempt) -> None:
        if exchange.phase == "after" and exchange.name == CREATE_ITEM:
            gallery, made = world.galleries()[0]["id"], world.items()[1]
            world.edit({"gallery": gallery, "item": made["id"], "set": {"sortOrder": 77.5}})

    world.on_attempt = move
    (failed,) = world.apply(desired).report.outcomes
    world.on_attempt = lambda _exchange: None
    assert "plan again" in failed.reason
    assert sorted(world.titles()) == ["a", "b", "z"]
    (refusal,) = asked(world, desired, "b")
    made = next(item["id"] for item in world.items() if item["title"] == "b")
    assert made in refusal.why
    assert f"adopt: {{b: {made}}}" in refusal.allow
    assert f"foreign: [{made}]" in refusal.allow
    desired = Person(foreign=()).answer(desired, [refusal])
    assert world.apply(desired).report.exit_code == 0
    assert world.titles() == ["a", "b", "z"]
    settled(world, desired)


def test_what_was_made_and_moved_since_the_kill_is_asked_about(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a"), text_item("b"), text_item("z")))
    desired = make_desired(text_item("a"), video_item("b", 7), text_item("z"))
    crashed(world, crash("after", CREATE_ITEM), lambda: world.apply(desired))
    (made,) = [item for item in world.items() if item["type"] == "VIDEO"]
    world.edit({"gallery": world.galleries()[0]["id"], "item": made["id"], "set": {"sortOrder": 77.5}})
    desired = Person(foreign=()).answer(desired, asked(world, desired, "b"))
    assert world.apply(desired).report.exit_code == 0
    assert kinds_and_titles(world.items()) == [("TEXT", "a"), ("VIDEO", "b"), ("TEXT", "z")]
    settled(world, desired)


def test_an_image_that_was_moved_and_given_another_photo_is_the_person_s(world: EngineHarness) -> None:
    world.upload("theirs.jpg", 99)
    world.apply(make_desired(text_item("a"), text_item("z")))
    desired = make_desired(text_item("a"), world.photo_item("p", 1), text_item("z"))
    crashed(world, crash("after", CREATE_ITEM), lambda: world.apply(desired))
    (made,) = [item for item in world.items() if item["type"] == "IMAGE"]
    (photo,) = [file for file in world.files() if not file["labels"]]
    image = {**made["image"], "imageInfo": {**made["image"]["imageInfo"], "id": photo["id"]}}
    gallery = world.galleries()[0]["id"]
    (theirs,) = world.edit(
        {"gallery": gallery, "item": made["id"], "set": {"sortOrder": 77.5, "image": image, "title": "Theirs"}}
    )
    assert world.apply(desired).report.exit_code == 0
    assert sorted(world.titles()) == ["Theirs", "a", "p", "z"]
    assert theirs["item"] in world.items()
    settled(world, desired)


def test_a_copy_of_a_created_item_is_asked_about(world: EngineHarness) -> None:
    """Which of the two is the created one: somebody may have moved that, and put a copy in its place."""
    world.apply(make_desired(text_item("a")))
    desired = make_desired(text_item("a"), world.photo_item("p", 1))
    crashed(world, crash("after", CREATE_ITEM), lambda: world.apply(desired))
    (made,) = [item for item in world.items() if item["type"] == "IMAGE"]
    copied = {name: value for name, value in made.items() if name != "id"}
    gallery = world.galleries()[0]["id"]
    (theirs,) = world.edit({"gallery": gallery, "item": None, "set": {**copied, "sortOrder": 99.5}})
    refusals = asked(world, desired, "p")
    assert "more than one new item could be it" in refusals[0].why
    desired = Person(foreign=(theirs["item"]["id"],)).answer(desired, refusals)
    assert world.apply(desired).report.exit_code == 0
    assert len(world.items()) == 3
    assert theirs["item"] in world.items()
    settled(world, desired)


@pytest.mark.parametrize("phase", ["before", "after"])
def test_killed_around_a_create_it_is_made_once(world: EngineHarness, phase: str) -> None:
    world.apply(make_desired(text_item("a")))
    desired = make_desired(text_item("a"), text_item("b"), video_item("f", 7), text_item("c"))
    crashed(world, crash(phase, CREATE_ITEM, 2), lambda: world.apply(desired))
    assert world.apply(desired).report.exit_code == 0
    assert world.titles() == ["a", "b", "f", "c"]
    settled(world, desired)


@pytest.mark.parametrize("other", ["b", "other"])
def test_killed_after_a_create_that_reads_do_not_show_it_is_made_once(world: EngineHarness, other: str) -> None:
    world.apply(make_desired(text_item("a")))
    crashed(world, crash("after", CREATE_ITEM), lambda: world.apply(make_desired(text_item("a"), text_item("b"))))
    desired = make_desired(text_item("b", title=other), text_item("a"))
    world.faults(script=[{"fault": "stale", "method": "GET", "times": 4}])
    assert world.apply(desired).report.exit_code == 0
    assert world.titles() == [other, "a"]
    settled(world, desired)


def test_a_create_stays_unconfirmed_until_a_read_shows_it(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a")))
    desired = make_desired(text_item("a"), text_item("b"))
    crashed(world, crash("after", CREATE_ITEM), lambda: world.apply(desired))
    world.faults(rates={"stale": 1.0}, methods=["GET"])
    for _ in range(2):
        assert world.apply(desired).report.exit_code == 1
        assert world.titles() == ["a", "b"]
    world.faults()
    assert world.apply(desired).report.exit_code == 0
    assert world.titles() == ["a", "b"]
    settled(world, desired)


def test_a_create_of_a_killed_run_that_is_no_longer_declared_is_deleted(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a")))
    crashed(world, crash("after", CREATE_ITEM), lambda: world.apply(make_desired(text_item("a"), text_item("b"))))
    assert world.titles() == ["a", "b"]
    world.apply(make_desired(text_item("a")))
    assert world.titles() == ["a"]


def add_text(world: EngineHarness, order: float) -> dict[str, Any]:
    """Add an item as the Editor does, and return it."""
    new = {"type": "TEXT", "title": "By hand", "sortOrder": order, "text": {"html": "x"}}
    (made,) = world.edit({"gallery": world.galleries()[0]["id"], "item": None, "set": new})
    item: dict[str, Any] = made["item"]
    return item


def test_an_item_of_another_kind_at_the_sort_order_of_a_create_is_not_mistaken_for_it(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a"), text_item("z")))
    desired = make_desired(text_item("a"), video_item("f", 7), text_item("z"))
    sent: list[float | None] = []
    world.after_plan = lambda planned: sent.extend(change.sort_order for change in planned.plan.changes)
    crashed(world, crash("before", CREATE_ITEM), lambda: world.apply(desired))
    (order,) = sent
    assert order is not None
    theirs = add_text(world, order)
    assert world.apply(desired).report.exit_code == 0
    assert sorted(world.titles()) == ["By hand", "a", "f", "z"]
    assert theirs in world.items()
    settled(world, desired)


def test_an_item_at_the_mean_of_two_neighbours_is_not_mistaken_for_the_create_between_them(
    world: EngineHarness,
) -> None:
    world.apply(make_desired(text_item("a"), text_item("z")))
    first, last = (item["sortOrder"] for item in world.items())
    desired = make_desired(text_item("a"), text_item("f"), text_item("z"))
    crashed(world, crash("before", CREATE_ITEM), lambda: world.apply(desired))
    theirs = add_text(world, (first + last) / 2)
    refusals = asked(world, desired, "f")
    desired = Person(foreign=(theirs["id"],)).answer(desired, refusals)
    assert world.apply(desired).report.exit_code == 0
    assert sorted(world.titles()) == ["By hand", "a", "f", "z"]
    assert theirs in world.items()
    settled(world, desired)


def test_a_gallery_that_could_not_be_read_back_is_not_made_again(world: EngineHarness) -> None:
    desired = make_desired(text_item("a"), text_item("b"))
    world.faults(
        script=[
            {"fault": "error_500", "method": "GET", "path": "items$", "times": 100},
        ]
    )
    failed = world.apply(desired)
    assert failed.report.exit_code == 3
    assert "read back" in failed.report.outcomes[0].reason
    world.faults()
    world.edit({"gallery": world.galleries()[0]["id"], "set": {"name": "Renamed by hand"}})
    assert world.apply(desired).report.exit_code == 0
    assert len(world.galleries()) == 1
    assert world.titles() == ["a", "b"]
    settled(world, desired)


def test_reads_may_lag_behind_a_create_that_had_to_wait_before_the_kill(world: EngineHarness) -> None:
    desired = make_desired(text_item("a"))
    world.faults(script=[{"fault": "throttle", "method": "POST", "path": "galleries$", "retry_after": 30}])
    crashed(world, crash("after", "POST /galleries", 2), lambda: world.apply(desired))
    made = world.clock.now
    world.faults(rates={"stale": 1.0}, methods=["GET"])

    def catch_up(_exchange: Attempt) -> None:
        if world.clock.now > made + 4:
            world.faults()

    world.on_attempt = catch_up
    assert world.apply(desired).report.exit_code == 0
    assert len(world.galleries()) == 1
    settled(world, desired)


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("name", ["POST /galleries", "GET /galleries/{id}/items"])
def test_killed_around_a_new_gallery_it_is_made_once(world: EngineHarness, phase: str, name: str) -> None:
    desired = make_desired(text_item("a"), text_item("b"))
    crashed(world, crash(phase, name), lambda: world.apply(desired))
    assert world.apply(desired).report.exit_code == 0
    assert len(world.galleries()) == 1
    assert world.titles() == ["a", "b"]
    settled(world, desired)


def test_killed_after_a_new_gallery_that_reads_do_not_show_it_is_made_once(world: EngineHarness) -> None:
    desired = make_desired(text_item("a"), text_item("b"))
    crashed(world, crash("after", "POST /galleries"), lambda: world.apply(desired))
    world.faults(rates={"stale": 1.0}, methods=["GET"])
    world.apply(desired)
    world.faults()
    assert world.apply(desired).report.exit_code == 0
    assert len(world.galleries()) == 1
    assert world.titles() == ["a", "b"]


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("reads", [0, 3])
def test_killed_around_an_upload_the_file_is_uploaded_once(world: EngineHarness, phase: str, reads: int) -> None:
    world.settings(upload_pending_reads=reads)
    desired = make_desired(world.photo_item("p", 1), world.photo_item("q", 1), world.photo_item("r", 2))
    crashed(world, crash(phase, UPLOAD, 2), lambda: world.apply(desired))
    assert world.apply(desired).report.exit_code == 0
    assert len(world.files()) == 2
    assert world.titles() == ["p", "q", "r"]
    settled(world, desired)


def test_a_file_whose_readiness_was_not_heard_of_is_not_uploaded_again(world: EngineHarness) -> None:
    world.settings(upload_pending_reads=2)
    desired = make_desired(world.photo_item("p", 1))
    world.faults(script=[{"fault": "error_500", "path": "get-files$", "times": 100}])
    assert world.apply(desired).report.exit_code == 3
    world.faults()
    assert world.apply(desired).report.exit_code == 0
    assert len(world.files()) == 1


def test_an_item_whose_upload_failed_has_failed_and_says_why(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a")))
    desired = make_desired(text_item("a"), world.photo_item("p", 1), text_item("b"))
    world.faults(script=[{"fault": "error_500", "path": "generate-upload-url", "times": 100}])
    report = world.apply(desired).report
    assert report.exit_code == 3
    assert outcome(report.outcomes, "b").status is OutcomeStatus.DONE
    failed = outcome(report.outcomes, "p")
    assert failed.status is OutcomeStatus.FAILED
    assert "upload photos/p.jpg failed" in failed.reason
    assert "500" in failed.reason


def test_a_stale_listing_does_not_recreate_what_is_in_state(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a")))
    desired = make_desired(text_item("a"), text_item("b"))
    world.apply(desired)
    world.faults(script=[{"fault": "stale", "method": "GET", "times": 3}])
    assert world.plan(desired).is_empty
    world.faults(script=[{"fault": "stale", "method": "GET", "times": 3}])
    world.apply(desired)
    assert world.titles() == ["a", "b"]


def test_a_gallery_that_a_stale_listing_omits_does_not_count_as_deleted(world: EngineHarness) -> None:
    desired = make_desired(text_item("a"))
    world.apply(desired)
    world.faults(script=[{"fault": "stale", "method": "GET", "times": 2}])
    world.apply(desired)
    assert len(world.galleries()) == 1


def test_a_missing_item_fails_alone_and_is_recreated_by_the_next_apply(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a"), text_item("b"), text_item("c")))
    desired = make_desired(text_item("a", title="A"), text_item("b", title="B"), text_item("c", title="C"))

    def delete(_planned: PlanResult) -> None:
        gallery, gone = world.galleries()[0]["id"], world.items()[1]["id"]
        world.edit({"gallery": gallery, "item": gone, "delete": True})

    world.after_plan = delete
    report = world.apply(desired).report
    world.after_plan = lambda _planned: None
    assert report.exit_code == 3
    failed = outcome(report.outcomes, "b")
    assert failed.status is OutcomeStatus.FAILED
    assert "404" in failed.reason
    assert world.titles() == ["A", "C"]
    assert world.apply(desired).report.exit_code == 0
    assert world.titles() == ["A", "B", "C"]
    settled(world, desired)


def test_what_is_to_be_deleted_and_is_gone_is_done(world: EngineHarness) -> None:
    world.apply(
        make_desired(
            text_item("a"), text_item("b"), others=[make_gallery(text_item("x"), gallery="other", name="Other")]
        )
    )

    def delete(_planned: PlanResult) -> None:
        first, other = world.galleries()
        world.edit({"gallery": first["id"], "item": world.items()[1]["id"], "delete": True})
        world.edit({"gallery": other["id"], "delete": True})

    world.after_plan = delete
    assert world.apply(make_desired(text_item("a"))).report.exit_code == 0
    world.after_plan = lambda _planned: None
    assert world.titles() == ["a"]
    settled(world, make_desired(text_item("a")))


def test_a_gallery_that_is_filled_before_its_deletion_is_kept(world: EngineHarness) -> None:
    other = make_gallery(text_item("x"), gallery="other", name="Other")
    world.apply(make_desired(text_item("a"), others=[other]))

    def fill(_planned: PlanResult) -> None:
        new = {"type": "TEXT", "title": "By hand", "sortOrder": 99999.5, "text": {"html": "x"}}
        world.edit({"gallery": world.galleries()[1]["id"], "item": None, "set": new})

    world.after_plan = fill
    report = world.apply(make_desired(text_item("a", title="A"))).report
    world.after_plan = lambda _planned: None
    assert report.exit_code == 3
    (failed,) = [o for o in report.outcomes if o.status is OutcomeStatus.FAILED]
    assert failed.address == Address("other")
    assert "2 items instead of 1" in failed.reason
    assert world.titles("Other") == ["x", "By hand"]
    assert world.titles() == ["A"]


def test_a_file_deleted_before_its_item_is_made_is_uploaded_again(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a")))
    desired = make_desired(text_item("a"), world.photo_item("p", 1))

    def trash(exchange: Attempt) -> None:
        if exchange.phase == "after" and exchange.name == UPLOAD:
            site = world.emulator.pipeline.site
            site.store.db.execute("DELETE FROM files")

    world.on_attempt = trash
    report = world.apply(desired).report
    world.on_attempt = lambda _exchange: None
    assert outcome(report.outcomes, "p").status is OutcomeStatus.FAILED
    assert world.apply(desired).report.exit_code == 0
    assert kinds_and_titles(world.items()) == [("TEXT", "a"), ("IMAGE", "p")]
    settled(world, desired)


def test_a_gallery_deleted_during_the_apply_fails_what_lies_in_it_and_nothing_else(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a"), others=[make_gallery(text_item("x"), gallery="other", name="Other")]))
    others = [make_gallery(text_item("x", title="X"), gallery="other", name="Other")]
    desired = make_desired(text_item("a", title="A"), text_item("b"), others=others)

    def delete(_planned: PlanResult) -> None:
        world.edit({"gallery": world.galleries()[0]["id"], "delete": True})

    world.after_plan = delete
    report = world.apply(desired).report
    assert report.exit_code == 3
    assert {o.address.item: o.status for o in report.outcomes} == {
        "a": OutcomeStatus.FAILED,
        "b": OutcomeStatus.FAILED,
        "x": OutcomeStatus.DONE,
    }
    assert world.titles("Other") == ["X"]


def test_a_sort_order_that_was_used_meanwhile_fails_one_create(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a"), text_item("z")))
    desired = make_desired(text_item("a"), text_item("b"), text_item("z"))

    def take(planned: PlanResult) -> None:
        (change,) = planned.plan.changes
        gallery = world.galleries()[0]["id"]
        new = {"type": "TEXT", "title": "By hand", "sortOrder": change.sort_order, "text": {"html": "x"}}
        world.edit({"gallery": gallery, "item": None, "set": new})

    world.after_plan = take
    report = world.apply(desired).report
    world.after_plan = lambda _planned: None
    assert outcome(report.outcomes, "b").status is OutcomeStatus.FAILED
    assert world.apply(desired).report.exit_code == 0
    assert sorted(world.titles()) == ["By hand", "a", "b", "z"]
    settled(world, desired)


def test_a_site_of_32_bit_floats_loses_no_create(world: EngineHarness) -> None:
    """Where the gap becomes so narrow that somebody else could come upon the value, a person is asked."""
    world.settings(sort_order_precision="float32")
    keys = [f"k{n:02}" for n in range(14)]
    world.apply(make_desired(text_item("a"), text_item("z")))
    desired, person = make_desired(), Person(foreign=())
    for n in range(len(keys)):
        desired = make_desired(text_item("a"), *(text_item(key) for key in reversed(keys[: n + 1])), text_item("z"))
        world.faults(script=[{"fault": "drop_after", "method": "POST", "path": "items$"}])
        if world.apply(desired).report.exit_code:
            refusals = asked(world, desired, keys[n])
            assert "few others are free" in refusals[0].why
            assert world.apply(person.answer(desired, refusals)).report.exit_code == 0
        assert n > 5 or not person.answers
    assert world.titles() == ["a", *reversed(keys), "z"]
    settled(world, desired)


def test_killed_after_the_old_half_of_a_replacement_went_state_forgets_it(world: EngineHarness) -> None:
    world.apply(make_desired(text_item("a"), text_item("b")))
    desired = make_desired(text_item("a"), video_item("b", 7))
    crashed(world, crash("after", "POST /galleries/{id}/items/delete"), lambda: world.apply(desired))
    world.apply(desired)
    state = FileStateBackend(world.root / "state.json").read()
    assert state is not None
    assert state.bindings.deposed == {}
    assert kinds_and_titles(world.items()) == [("TEXT", "a"), ("VIDEO", "b")]


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("phase", ["before", "after"])
def test_of_several_that_show_the_same_each_is_made_once(world: EngineHarness, phase: str, nth: int) -> None:
    world.apply(make_desired(text_item("a")))
    desired = make_desired(text_item("a"), *(world.photo_item(f"p{n}", 1) for n in range(4)))
    crashed(world, crash(phase, CREATE_ITEM, nth), lambda: world.apply(desired))
    assert world.apply(desired).report.exit_code == 0
    assert world.titles() == ["a", "p0", "p1", "p2", "p3"]
    settled(world, desired)
