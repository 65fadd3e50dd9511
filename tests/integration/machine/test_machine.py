"""After any history of manifests, edits, kills and lost files, an undisturbed apply brings the site to the manifests.

A crash is an exception out of the observer at the n-th request, which nothing catches: what is in flight ends there, and
nothing is journalled or saved any more, as after a kill.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from galleryctl.engine.site import save_state
from galleryctl.engine.state.load import load_complete_state
from galleryctl.engine.state.rename import forget_addresses, rename_address
from galleryctl.engine.state.restore import restore_version
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, DesiredGallery, DesiredItem
from galleryctl.model.errors import MatchError, Refused, StaleError, StateError
from galleryctl.plan.changes import Action, Plan
from galleryctl.wix.transport import Attempt
from tests.integration.faults.editor import Editor
from tests.support.engine_harness import (
    ALLOW_ALL,
    Crash,
    EngineHarness,
    make_desired,
    make_gallery,
    text_item,
    video_item,
)
from tests.support.person import Person

KEYS = st.sampled_from([f"k{n}" for n in range(8)])
KINDS = st.sampled_from(["photo", "film", "text"])
NUMBERS = st.integers(0, 5)
MAX_QUESTIONS = 5
"""The most plans in a row that a person has to answer."""


def nth_request(nth: int) -> Callable[[Attempt], None]:
    """Ends the process after its nth request."""
    seen = count(1)

    def watch(exchange: Attempt) -> None:
        if exchange.phase == "after" and next(seen) >= nth:
            raise Crash

    return watch


class Machine(RuleBasedStateMachine):
    """The current manifests, and the site."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.world = EngineHarness(self.folder)
        self.editor = Editor(self.world, random.Random(0))  # noqa: S311 - repeatable on purpose
        self.items: list[DesiredItem] = []
        self.other: list[DesiredItem] = []
        """The desired items of the second gallery; empty if no manifest declares it."""
        self.saved: Plan | None = None
        self.moved: list[tuple[str, str]] = []
        self.person = Person(self.editor.items)
        self.adopt: dict[Address, str] = {}
        self.foreign: dict[Address, frozenset[str]] = {}
        """What the person answered, by gallery."""

    @initialize(seed=st.integers(0, 1000))
    def begin(self, seed: int) -> None:
        self.editor.rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.items = [text_item("k0"), self.world.photo_item("k1", 1), video_item("k2", 2)]
        self.other = [text_item("x")]
        self.world.upload("by-hand.jpg", 999)
        self.world.apply(self.desired())
        self.editor.add_own_resources()

    def desired(self) -> Desired:
        others = [make_gallery(*self.other, gallery="other", name="Other")] if self.other else []
        desired = make_desired(*self.items, moved=self.moved, others=others)
        return replace(desired, galleries=tuple(map(self.with_answers, desired.galleries)))

    def with_answers(self, gallery: DesiredGallery) -> DesiredGallery:
        declared = {item.address for item in gallery.items}
        adopt = {address: id_ for address, id_ in self.adopt.items() if address in declared}
        return replace(gallery, adopt=adopt, foreign=self.foreign.get(gallery.address, frozenset()))

    def answer(self) -> None:
        """Answer in the manifests what the plan asks; put the second gallery back if somebody added items to it."""
        desired = self.desired()
        answered = self.person.answer(desired, self.world.plan(desired).refusals)
        if answered == desired:
            assert not self.other
            assert [item for item in self.world.items("Other") if item["id"] in self.editor.items]
            self.other = [text_item("x")]
        declared = {item.address for gallery in answered.galleries for item in gallery.items}
        self.adopt = {address: id_ for address, id_ in self.adopt.items() if address not in declared}
        for gallery in answered.galleries:
            self.adopt |= gallery.adopt
            self.foreign[gallery.address] = gallery.foreign

    def made(self, key: str, kind: str, number: int) -> DesiredItem:
        match kind:
            case "photo":
                # One file per content: a file per key would change when an item is renamed.
                photo = self.world.photo_item(f"photo{number}", number, title=f"{key} {number}")
                return replace(photo, address=Address("weddings", key))
            case "film":
                return video_item(key, number, title=f"{key} {number}")
            case _:
                return text_item(key, title=f"{key} {number}")

    @rule(key=KEYS, kind=KINDS, number=NUMBERS, place=st.integers(0, 8))
    def add_or_change(self, key: str, kind: str, number: int, place: int) -> None:
        """Add an item, or change the kind, content or title of an existing one."""
        item = self.made(key, kind, number)
        keys = [i.address.item for i in self.items]
        if key in keys:
            self.items[keys.index(key)] = item
        else:
            self.items.insert(place, item)

    @rule(place=st.integers(0, 7))
    def remove(self, place: int) -> None:
        if len(self.items) > 1:
            del self.items[place % len(self.items)]

    @rule(order=st.randoms(use_true_random=False))
    def reorder(self, order: random.Random) -> None:
        order.shuffle(self.items)

    @rule(place=st.integers(0, 7), key=KEYS)
    def rename(self, place: int, key: str) -> None:
        """Rename a key with a `moved` entry, which stays in the manifest."""
        names = {i.address.item for i in self.items} | {name for pair in self.moved for name in pair}
        if f"weddings/{key}" in names or key in names or not self.items:
            return
        old = self.items[place % len(self.items)]
        new = replace(old, address=Address("weddings", key))
        self.items[place % len(self.items)] = new
        self.moved.append((str(old.address), str(new.address)))

    @rule(shade=NUMBERS, more=st.booleans())
    def change_other(self, shade: int, more: bool) -> None:
        """Declare the second gallery, with photos that the first may show, too."""
        photos = [self.world.photo_item(f"o{n}", n) for n in range(shade if more else 0)]
        self.other = [*photos, text_item("x")]

    @rule()
    def drop_other(self) -> None:
        """Remove the manifest of the second gallery; if someone added items to it, it is not deleted."""
        self.other = []

    @rule(times=st.integers(1, 3))
    def edit(self, times: int) -> None:
        for _ in range(times):
            self.editor.make_random_edit()

    @rule(nth=st.integers(1, 25), after=st.booleans(), edited=st.booleans())
    def crash(self, nth: int, after: bool, edited: bool) -> None:
        """Kill an apply at its nth request, sometimes during edits in the Editor."""
        seen = 0

        def watch(exchange: Attempt) -> None:
            nonlocal seen
            if (exchange.phase == "after") is after:
                seen += 1
                if seen >= nth:
                    raise Crash
            # Items added between the last read of a gallery and its deletion are deleted with it.
            if edited and self.other and exchange.phase == "after" and self.editor.rng.random() < 0.1:
                self.editor.make_random_edit()

        self.disturbed(watch, lambda: self.world.apply(self.desired()))

    def disturbed(self, watch: Callable[[Attempt], None], run: Callable[[], object]) -> None:
        """Run `run` until `watch` ends it, or until it is rejected."""
        self.world.on_attempt = watch
        with suppress(Crash, Refused, MatchError, StaleError):
            run()
        self.world.on_attempt = lambda _exchange: None

    @rule(key=KEYS, nth=st.integers(1, 12))
    def crash_with_target(self, key: str, nth: int) -> None:
        """Apply to one target; the apply may be killed."""
        target = replace(ALLOW_ALL, targets=(Address("weddings", key),))
        self.disturbed(nth_request(nth), lambda: self.world.apply(self.desired(), target))

    @rule()
    def save_plan(self) -> None:
        self.saved = self.world.plan(self.desired())

    @rule(nth=st.integers(1, 25))
    def apply_saved(self, nth: int) -> None:
        """Apply the plan that was saved last, whatever happened since; the apply may be killed."""
        saved = self.saved
        if saved is not None and not saved.refusals:
            self.disturbed(nth_request(nth), lambda: self.world.apply_saved(saved))

    @rule(place=st.integers(0, 7), key=KEYS)
    def rename_in_state(self, place: int, key: str) -> None:
        """Rename a key with `state mv`, which fails while an interrupted run is not reconciled."""
        old = self.items[place % len(self.items)].address
        new = Address("weddings", key)
        taken = {i.address for i in self.items} | {Address.parse(name) for pair in self.moved for name in pair}
        if new not in taken and old not in taken - {i.address for i in self.items}:
            with suppress(StateError, Refused, MatchError):
                asyncio.run(self.in_state(lambda bindings: rename_address(bindings, old, new)))
                self.items = [replace(i, address=new) if i.address == old else i for i in self.items]

    @rule(place=st.integers(0, 7))
    def forget(self, place: int) -> None:
        """Remove a declared, existing resource from state with `state rm`: the person adopts it again."""
        self.apply()
        address = self.items[place % len(self.items)].address
        asyncio.run(self.in_state(lambda bindings: forget_addresses(bindings, [address])))
        self.apply()

    async def in_state(self, how: Callable[[Bindings], Bindings]) -> None:
        """Change the state as the `state` commands do."""
        async with self.world.open_site() as site:
            known = await load_complete_state(site)
            save_state(site, known.state, how(known.bindings))

    @rule(back=st.integers(1, 3))
    def restore_state(self, back: int) -> None:
        """Restore a previous version of the state, if nothing is left to do and no item was renamed since.

        What it says is believed: a key that is another item's by now would be changed into what is wanted of it.
        """
        self.apply()
        asyncio.run(self.restored(back))
        self.apply()

    async def restored(self, back: int) -> None:
        async with self.world.open_site() as site:
            versions = site.backend.versions()
            current = site.backend.read()
            if len(versions) < back or current is None:
                return
            serial = versions[back - 1].serial
            now = {id_: address for address, id_ in current.bindings.ids.items()}
            then = site.backend.read_version(serial).bindings.ids
            if all(now.get(id_, address) == address for address, id_ in then.items()):
                restore_version(site, serial)

    @rule()
    def lose_state(self) -> None:
        """Delete the state: the same matches are found again, except for orphaned items, which only the state records."""
        if not (self.folder / "journal.jsonl").exists() and self.world.plan(self.desired()).is_empty:
            before = self.world.items()
            (self.folder / "state.json").unlink(missing_ok=True)
            self.moved.clear()
            self.apply()
            assert self.world.items() == before

    @rule(nth=st.integers(1, 25), after=st.booleans())
    def lose_journal(self, nth: int, after: bool) -> None:
        """Delete the journal: the person adopts created items, but cannot do so for the new item of a replacement."""
        plan = self.world.plan(self.desired())
        if not (self.folder / "journal.jsonl").exists() and not plan.count(Action.REPLACE):
            self.crash(nth=nth, after=after, edited=False)
            (self.folder / "journal.jsonl").unlink(missing_ok=True)
            self.apply()

    @rule()
    def apply(self) -> None:
        """Apply undisturbed: the site matches the manifests, and the next plan is empty."""
        for _ in range(MAX_QUESTIONS):
            try:
                applied = self.world.apply(self.desired())
                break
            except Refused:
                self.answer()
        else:
            raise AssertionError(self.world.plan(self.desired()).refusals)
        desired = self.desired()
        assert applied.report.exit_code == 0, applied.report
        titles = [item.fields["title"] for item in self.items]
        ours = [item for item in self.world.items() if item["id"] not in self.editor.items]
        assert [item["title"] for item in ours] == titles
        assert [item["type"].lower() for item in ours] == [item.kind.value for item in self.items]
        others = [item for item in self.world.items("Other") if item["id"] not in self.editor.items]
        assert [item["title"] for item in others] == [item.fields["title"] for item in self.other]
        assert len(self.world.galleries()) == 2 + bool(self.other)
        plan = self.world.plan(desired)
        assert plan.is_empty, plan.changes
        assert not (self.folder / "journal.jsonl").exists()

    @invariant()
    def nobody_touched_what_is_not_ours(self) -> None:
        self.editor.assert_own_resources_unchanged()

    @invariant()
    def no_two_items_share_a_sort_order(self) -> None:
        orders = [item["sortOrder"] for item in self.world.items()]
        assert len(set(orders)) == len(orders)

    def teardown(self) -> None:
        self.world.close()
        shutil.rmtree(self.folder)


class LongMachine(Machine):
    """The same for hundreds of longer histories."""


BOUNDS = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
TestMachine = Machine.TestCase
TestMachine.settings = settings(BOUNDS, max_examples=20, stateful_step_count=20)
TestLongMachine = pytest.mark.slow(pytest.mark.timeout(7200)(LongMachine.TestCase))
TestLongMachine.settings = settings(BOUNDS, max_examples=500, stateful_step_count=40)
