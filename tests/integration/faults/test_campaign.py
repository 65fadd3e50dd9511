"""Runs under all faults at once, 10 % each, on sites that rewrite, with edits in the Editor: they converge.

They touch only managed resources.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from galleryctl.model.desired import Desired, DesiredItem
from galleryctl.model.errors import GalleryctlError, Refused
from galleryctl.model.fields import Json
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.wix.transport import Attempt
from tests.integration.faults.editor import Editor
from tests.support.engine_harness import EngineHarness, make_desired, make_gallery, text_item, video_item
from tests.support.person import Person
from tests.support.rewriting_switches import draw_switches, is_not_taken

KINDS = ("error_500", "error_503", "throttle", "drop_after", "drop_before", "cut", "stale", "latency")
RATE = 0.1
DESCRIPTIONS: tuple[dict[str, str], ...] = ({}, {"description": " <b>Sweet</b> "}, {"description": ""})
APPLIES = 25
"""The maximum number of applies per run. 6 of 10 requests fail, and each is tried at most six times."""
EDITED = 3
"""The number of applies with edits in the Editor."""


def items(world: EngineHarness, dice: random.Random, n: int) -> DesiredItem:
    """Return an item with the key `k<n>`, and a random kind, content, title and description."""
    key, fields = f"k{n}", {"title": f"k{n} {dice.randrange(3)}", **dice.choice(DESCRIPTIONS)}
    match dice.randrange(4):
        case 0:
            return video_item(key, n, **fields)
        case 1:
            return text_item(key, **fields)
        case _:
            return world.photo_item(key, dice.randrange(8), **fields)


def manifests(world: EngineHarness, dice: random.Random) -> Desired:
    """Return two galleries with some of twelve items, in random order."""
    here = [items(world, dice, n) for n in dice.sample(range(12), dice.randrange(5, 11))]
    return make_desired(
        *here, others=[make_gallery(text_item("x"), video_item("y", 99), gallery="other", name="Other")]
    )


def converge(world: EngineHarness, editor: Editor, desired: Desired, switches: Mapping[str, Json]) -> tuple[int, int]:
    """Return the number of applies until all is done, and that of the answers of a person to what a plan asks.

    Each apply ends with a report or a GalleryctlError. What the site ignores is left, and named.
    """
    person = Person(editor.items)
    for number in range(1, APPLIES + 1):
        editing = number <= EDITED

        def edit(exchange: Attempt, *, editing: bool = editing) -> None:
            if editing and exchange.phase == "after" and editor.rng.random() < RATE:
                editor.make_random_edit()

        world.on_attempt = edit
        retry_after = editor.rng.choice([None, 1, 30])
        world.faults(rates=dict.fromkeys(KINDS, RATE), seed=number, retry_after=retry_after, latency_ms=1)
        asked = False
        try:
            done = world.apply(desired).report.exit_code in (0, 3)
        except GalleryctlError as error:
            done, asked = False, isinstance(error, Refused)
        editor.assert_own_resources_unchanged()
        world.on_attempt = lambda _exchange: None
        world.faults()
        if asked:
            desired = person.answer(desired, world.plan(desired).refusals)
        if done and not editing:
            plan = world.plan(desired)
            if plan.is_empty or is_not_taken(plan, switches):
                return number, person.answers
    raise AssertionError(f"{APPLIES} applies did not reach what was wanted")


def check(world: EngineHarness, editor: Editor, desired: Desired) -> None:
    """Assert that the site has each declared item once, in order, and that state has each uploaded file once."""
    for gallery, name in zip(desired.galleries, ("Weddings", "Other"), strict=True):
        ours = [item for item in world.items(name) if item["id"] not in editor.items]
        assert [item["title"] for item in ours] == [item.fields["title"] for item in gallery.items]
    assert len(world.galleries()) == 3
    labels = Counter(label for file in world.files() for label in file["labels"])
    assert set(labels.values()) <= {1}
    state = FileStateBackend(world.root / "state.json").read()
    assert state is not None
    assert {f["id"] for f in world.files() if f["labels"]} == set(state.bindings.media.values())


def rewriting(seed: int) -> dict[str, Json]:
    """Return how the site rewrites what it stores, and which writes it ignores: not names, by which galleries are found."""
    switches = draw_switches(random.Random(seed))  # noqa: S311 - repeatable
    ignored = switches["ignore_writes"]
    assert isinstance(ignored, list)
    return {**switches, "ignore_writes": [name for name in ignored if name != "gallery.name"]}


def run(folder: Path, seed: int) -> tuple[int, int]:
    """Return the number of applies of one seeded run, and that of the answers."""
    world, dice = EngineHarness(folder), random.Random(seed)  # noqa: S311 - repeatable on purpose
    try:
        switches = rewriting(seed)
        world.settings(**switches)
        world.upload("by-hand.jpg", 999)
        world.apply(manifests(world, dice))
        editor = Editor(world, dice)
        editor.add_own_resources()
        desired = manifests(world, dice)
        applies, answers = converge(world, editor, desired, switches)
        check(world, editor, desired)
        return applies, answers
    finally:
        world.close()


@pytest.mark.parametrize("seed", range(30))
def test_under_all_faults_a_run_converges_and_touches_only_managed_resources(tmp_path: Path, seed: int) -> None:
    run(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("ten", range(10, 60))
def test_under_all_faults_hundreds_of_runs_converge(
    tmp_path: Path, ten: int, record_property: Callable[[str, int], None]
) -> None:
    """Record the most applies of a run, and the answers of all runs, for `--junit-xml`."""
    counts = [run(tmp_path / str(seed), seed) for seed in range(10 * ten, 10 * ten + 10)]
    record_property("most applies", max(applies for applies, _ in counts))
    record_property("answers", sum(answers for _, answers in counts))
