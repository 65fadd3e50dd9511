from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galleryctl.forge.comments import CommentResult, CommentTarget, WrittenComment, write_section
from galleryctl.forge.errors import ForgeError
from galleryctl.forge.job import ForgeKind
from galleryctl.forge.rest import ForgeTiming
from galleryctl.forge.sections import Section, comment_body, new_section, parse_sections
from galleryctl.waits import Waits
from tests.support.forge_client import ask, no_sleep, with_forge
from tests.support.forge_stand_in import TOKEN, ForgeStandIn, error, no_wait
from tests.support.legs import Legs

KINDS = list(ForgeKind)
TARGET = CommentTarget(pull=5, key="galleries", more="[the job](https://forge/run/12)")


def section(name: str, run: int = 12, attempt: int = 1, text: str = "### galleryctl plan\n\n1 to create") -> Section:
    return new_section(name=name, run=run, attempt=attempt, title=name, summary=f"Plan of {name}", text=text)


def write(stand_in: ForgeStandIn, own: Section, target: CommentTarget = TARGET) -> WrittenComment:
    times = itertools.count(step=10)
    timing = ForgeTiming(waits=Waits(sleep=no_sleep), clock=lambda: next(times), random=lambda: 0.0)
    return ask(stand_in, lambda forge: write_section(forge, target, own, timing))


def names(body: str, key: str = "galleries") -> list[str]:
    return [each.name for each in parse_sections(body, key) or ()]


@pytest.mark.parametrize("kind", KINDS)
def test_the_comment_is_created_once_and_then_updated_in_place(kind: ForgeKind) -> None:
    forge = ForgeStandIn(kind=kind)
    assert write(forge, section("north")).result is CommentResult.CREATED
    assert write(forge, section("north")).result is CommentResult.UNCHANGED
    assert write(forge, section("north", run=13, text="2 to delete")).result is CommentResult.UPDATED
    (body,) = forge.bodies()
    assert "2 to delete" in body
    assert "1 to create" not in body
    assert forge.marks == {}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_found_on_the_last_of_many_pages_and_only_if_it_is_ours(kind: ForgeKind) -> None:
    forge = ForgeStandIn(kind=kind)
    for number in range(120):
        forge.add_comment(f"comment {number}", "somebody")
    forge.add_comment(comment_body("galleries", [section("north")], more=""), "somebody")
    forge.add_comment(comment_body("other", [section("north")], more=""))
    ours = forge.add_comment(comment_body("galleries", [section("north", run=11)], more=""))
    assert write(forge, section("north")).result is CommentResult.UPDATED
    assert len(forge.comments) == 123
    assert parse_sections(forge.comments[ours]["body"], "galleries") == (section("north"),)


def test_sections_of_an_earlier_run_are_dropped_and_an_earlier_run_changes_nothing() -> None:
    forge = ForgeStandIn()
    write(forge, section("north", run=12))
    write(forge, section("south", run=13))
    assert names(*forge.bodies()) == ["south"]
    assert write(forge, section("north", run=12)).result is CommentResult.SUPERSEDED
    assert names(*forge.bodies()) == ["south"]


def test_a_repeated_leg_replaces_its_section_only() -> None:
    forge = ForgeStandIn()
    write(forge, section("north"))
    write(forge, section("south"))
    write(forge, section("south", attempt=2, text="fixed"))
    assert write(forge, section("south", attempt=1, text="late")).result is CommentResult.UNCHANGED
    (body,) = forge.bodies()
    assert names(body) == ["north", "south"]
    assert "fixed" in body


def test_duplicates_are_merged_into_the_one_with_the_lowest_id() -> None:
    forge = ForgeStandIn()
    first = forge.add_comment(comment_body("galleries", [section("a")], more=""))
    forge.add_comment(comment_body("galleries", [section("b"), section("c")], more=""))
    write(forge, section("d"))
    assert list(forge.comments) == [first]
    assert names(*forge.bodies()) == ["a", "b", "c", "d"]


def test_without_changes_no_comment_is_created_but_one_that_exists_is_updated() -> None:
    forge = ForgeStandIn()
    target = CommentTarget(pull=5, key="galleries", more="", may_create=False)
    assert write(forge, section("north"), target).result is CommentResult.SKIPPED
    assert forge.comments == {}
    write(forge, section("north", run=11))
    assert write(forge, section("north"), target).result is CommentResult.UPDATED


@pytest.mark.parametrize("was_created", [False, True])
def test_a_create_whose_response_is_lost_is_repeated_only_if_it_had_no_effect(was_created: bool) -> None:
    forge = ForgeStandIn()
    forge.answers = [None, None, error(502, "Bad Gateway")]
    forge.serve_before_answer = was_created
    written = write(forge, section("north"))
    assert written.result is (CommentResult.UNCHANGED if was_created else CommentResult.CREATED)
    assert len(forge.comments) == 1


def test_a_forge_that_takes_less_gets_a_shorter_text() -> None:
    forge = ForgeStandIn()
    too_long = error(422, "Validation Failed", errors=["body is too long (maximum is 30000 characters)"])
    forge.answers = [None, None, too_long]
    long = "\n".join(f"- item {number}" for number in range(8_000))
    assert write(forge, section("north", text=long)).result is CommentResult.CREATED
    (body,) = forge.bodies()
    assert 25_000 < len(body) <= 30_000
    assert "[the job](https://forge/run/12)" in body


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("racy", [False, True])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_racing_legs_end_with_one_comment_that_has_all_sections(
    kind: ForgeKind, racy: bool, data: st.DataObject
) -> None:
    forge = ForgeStandIn(kind=kind, racy_marks=racy)
    if data.draw(st.booleans(), label="an earlier run has commented"):
        forge.add_comment(comment_body("galleries", [section("north", run=11)], more=""))
    count = data.draw(st.integers(2, 4), label="legs")
    results = race(forge, count, lambda waiting: (data.draw(st.sampled_from(waiting)), False))
    assert all(isinstance(result, WrittenComment) for result in results), results
    assert names(*forge.bodies()) == [f"leg{number}" for number in range(count)]
    assert forge.marks == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("killed_at", range(1, 14))
def test_a_killed_leg_stops_no_other_one_and_the_next_one_tidies_up(kind: ForgeKind, killed_at: int) -> None:
    forge = ForgeStandIn(kind=kind)
    served = iter(range(1, 1_000))

    def choose(waiting: Sequence[int]) -> tuple[int, bool]:
        number = next(served)
        return (0, number == killed_at) if 0 in waiting and number % 2 else (waiting[-1], False)

    results = race(forge, 3, choose)
    assert all(isinstance(result, WrittenComment) for result in results[1:]), results
    write(forge, section("late"))
    (body,) = forge.bodies()
    assert {"leg1", "leg2", "late"} <= set(names(body))


@pytest.mark.parametrize("kind", KINDS)
def test_the_reaction_of_a_leg_that_was_killed_in_an_earlier_run_holds_up_nobody(kind: ForgeKind) -> None:
    now = 1_000_000.0
    forge = ForgeStandIn(kind=kind, clock=lambda: now)
    write(forge, section("north", run=11))
    (comment,) = forge.comments
    made = datetime.fromtimestamp(now - 151, UTC).isoformat()
    forge.marks[99] = {"id": 99, "login": "galleries-bot", "comment": comment, "created_at": made}
    sleeps: list[float] = []

    async def sleep(seconds: float) -> None:
        sleeps.append(seconds)

    timing = ForgeTiming(waits=Waits(sleep=sleep), clock=lambda: 0.0, random=lambda: 1.0)
    written = ask(forge, lambda client: write_section(client, TARGET, section("north"), timing))
    assert (written.result, sleeps, forge.marks) == (CommentResult.UPDATED, [], {})


@pytest.mark.parametrize("kind", KINDS)
def test_many_legs_write_few_reactions(kind: ForgeKind) -> None:
    forge = ForgeStandIn(kind=kind)
    write(forge, section("leg0", run=11))
    turns = itertools.count()
    results = race(forge, 16, lambda waiting: (waiting[next(turns) % len(waiting)], False))
    assert all(isinstance(result, WrittenComment) for result in results), results
    assert len(names(*forge.bodies())) == 16
    added = [call for call in forge.calls if call.startswith("POST") and call.endswith(("reactions", "award_emoji"))]
    assert len(added) <= 4 * 16


def test_a_lock_that_is_never_released_ends_the_wait() -> None:
    forge = ForgeStandIn(clock=lambda: 0.0)
    write(forge, section("north", run=11))
    (comment,) = forge.comments
    forge.marks[99] = {"id": 99, "login": "galleries-bot", "comment": comment, "created_at": "1970-01-01T00:00:00Z"}
    with pytest.raises(ForgeError, match="other jobs kept the comment locked"):
        write(forge, section("north"))
    assert list(forge.marks) == [99]


def test_the_account_of_an_app_is_asked_of_graphql() -> None:
    forge = ForgeStandIn(viewer="our-app[bot]", logins={TOKEN: "our-app[bot]"})
    write(forge, section("north", run=11))
    assert write(forge, section("north")).result is CommentResult.UPDATED
    assert len(forge.comments) == 1
    assert forge.calls.count("POST /graphql") == 2


def race(
    forge: ForgeStandIn, count: int, choose: Callable[[Sequence[int]], tuple[int, bool]]
) -> list[WrittenComment | BaseException]:
    """Let legs write their sections; `choose` gets those whose request waits, and returns one, and True to kill it."""
    legs = Legs(choose)
    forge.turn = legs.turn
    timing = ForgeTiming(waits=Waits(sleep=legs.sleep), clock=legs.clock, random=lambda: 0.5)

    def leg(number: int) -> Callable[[], Awaitable[WrittenComment]]:
        own = section(f"leg{number}")
        return lambda: with_forge(forge, lambda client: write_section(client, TARGET, own, timing), timing=timing)

    results = asyncio.run(legs.run(*map(leg, range(count))))
    forge.turn = no_wait
    return results
