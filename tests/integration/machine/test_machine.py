"""Any history of manifests, edits, kills and losses: an undisturbed apply makes the site what the manifests say.

A crash is an exception out of the observer at the n-th request, which nothing catches: what is in flight ends there, and
nothing is journalled or saved any more, as after a kill.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from galleryctl.model.address import Address
from galleryctl.model.desired import Desired, DesiredItem
from galleryctl.plan.changes import Action
from galleryctl.wix.transport import Exchange
from tests.integration.faults.editor import Editor
from tests.world import Crash, World, film, one, wanted, words

KEYS = st.sampled_from([f"k{n}" for n in range(8)])
KINDS = st.sampled_from(["photo", "film", "text"])
NUMBERS = st.integers(0, 5)


class Machine(RuleBasedStateMachine):
    """The manifests as they are now, and the site."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.world = World(self.folder)
        self.editor = Editor(self.world, random.Random(0))  # noqa: S311 - repeatable on purpose
        self.items: list[DesiredItem] = []
        self.moved: list[tuple[str, str]] = []

    @initialize(seed=st.integers(0, 1000))
    def begin(self, seed: int) -> None:
        self.editor.dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.items = [words("k0"), self.world.photo("k1", 1), film("k2", 2)]
        self.world.upload("by-hand.jpg", 999)
        self.world.apply(self.desired())
        self.editor.settle_in()

    def desired(self) -> Desired:
        others = [one(words("x"), gallery="other", name="Other")]
        return wanted(*self.items, moved=self.moved, others=others)

    def made(self, key: str, kind: str, number: int) -> DesiredItem:
        match kind:
            case "photo":
                return self.world.photo(key, number, title=f"{key} {number}")
            case "film":
                return film(key, number, title=f"{key} {number}")
            case _:
                return words(key, title=f"{key} {number}")

    @rule(key=KEYS, kind=KINDS, number=NUMBERS, place=st.integers(0, 8))
    def add_or_change(self, key: str, kind: str, number: int, place: int) -> None:
        """A new item, or another kind, content or title of one that is there."""
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
        """A new key with `moved`, which stands in the manifest from then on."""
        names = {i.address.item for i in self.items} | {name for pair in self.moved for name in pair}
        if f"weddings/{key}" in names or key in names or not self.items:
            return
        old = self.items[place % len(self.items)]
        new = replace(old, address=Address("weddings", key))
        self.items[place % len(self.items)] = new
        self.moved.append((str(old.address), str(new.address)))

    @rule(times=st.integers(1, 3))
    def edit(self, times: int) -> None:
        for _ in range(times):
            self.editor.act()

    @rule(nth=st.integers(1, 25), after=st.booleans(), edited=st.booleans())
    def crash(self, nth: int, after: bool, edited: bool) -> None:
        """An apply that ends at its n-th request, should it come to that; sometimes while the Editor is at work."""
        seen = 0

        def watch(exchange: Exchange) -> None:
            nonlocal seen
            if (exchange.phase == "after") is after:
                seen += 1
                if seen >= nth:
                    raise Crash
            if edited and exchange.phase == "after" and self.editor.dice.random() < 0.1:
                self.editor.act()

        self.world.watch = watch
        try:
            self.world.apply(self.desired())
        except Crash:
            pass
        finally:
            self.world.watch = lambda _exchange: None

    @rule()
    def lose_state(self) -> None:
        """The same pairs are found again. What only state told, that an item no longer wanted was ours, is lost with it."""
        if not (self.folder / "journal.jsonl").exists() and self.world.plan(self.desired()).empty:
            before = self.world.items()
            (self.folder / "state.json").unlink(missing_ok=True)
            self.moved.clear()
            self.apply()
            assert self.world.items() == before

    @rule(nth=st.integers(1, 25), after=st.booleans())
    def lose_journal(self, nth: int, after: bool) -> None:
        """What a killed run had made is recognised by what it shows; but not the new half of a replacement."""
        plan = self.world.plan(self.desired())
        if not (self.folder / "journal.jsonl").exists() and not plan.count(Action.REPLACE):
            self.crash(nth=nth, after=after, edited=False)
            (self.folder / "journal.jsonl").unlink(missing_ok=True)
            self.apply()

    @rule()
    def apply(self) -> None:
        """Undisturbed: the site is what the manifests say, and there is nothing more to do."""
        desired = self.desired()
        applied = self.world.apply(desired)
        assert applied.report.exit_code == 0, applied.report
        titles = [item.fields["title"] for item in self.items]
        ours = [item for item in self.world.items() if item["id"] not in self.editor.items]
        assert [item["title"] for item in ours] == titles
        assert [item["type"].lower() for item in ours] == [item.kind.value for item in self.items]
        plan = self.world.plan(desired)
        assert plan.empty, plan.changes
        assert not (self.folder / "journal.jsonl").exists()

    @invariant()
    def nobody_touched_what_is_not_ours(self) -> None:
        self.editor.check_nobody_touched()

    @invariant()
    def no_two_items_share_a_sort_order(self) -> None:
        orders = [item["sortOrder"] for item in self.world.items()]
        assert len(set(orders)) == len(orders)

    def teardown(self) -> None:
        self.world.close()
        shutil.rmtree(self.folder)


class LongMachine(Machine):
    """The same, for hundreds of longer histories."""


BOUNDS = settings(deadline=None, suppress_health_check=list(HealthCheck))
TestMachine = Machine.TestCase
TestMachine.settings = settings(BOUNDS, max_examples=20, stateful_step_count=20)
TestLongMachine = pytest.mark.slow(pytest.mark.timeout(7200)(LongMachine.TestCase))
TestLongMachine.settings = settings(BOUNDS, max_examples=500, stateful_step_count=40)
