"""After any history of manifests, edits, kills and lost files, an undisturbed apply brings the site to the manifests.

The site rewrites what it stores, differently in each history, and a person edits it, adds look-alikes, and answers what a
plan asks. A crash is an exception out of the observer at the n-th request, which nothing catches: what is in flight ends
there, and nothing is journalled or saved any more, as after a kill.
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
from typing import Any

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
from galleryctl.model.desired import DesiredItem
from galleryctl.model.errors import MatchError, Refused, StaleError, StateError
from galleryctl.model.fields import Fields, Json
from galleryctl.plan.changes import Action, Plan
from galleryctl.wix.transport import Attempt
from tests.integration.faults.editor import Editor
from tests.integration.machine.manifests import MAIN, Manifests
from tests.support.engine_harness import ALLOW_ALL, Crash, EngineHarness, text_item, video_item
from tests.support.person import Person
from tests.support.rewriting_switches import ITEM_SWITCHES, is_not_taken

KEYS = st.sampled_from([f"k{n}" for n in range(8)])
KINDS = st.sampled_from(["photo", "film", "text"])
NUMBERS = st.integers(0, 5)
PLACES = st.integers(0, 7)
IN_MAIN = st.integers(0, 2).map(bool)
"""False for the second gallery, if a manifest declares it."""
FIELDS: st.SearchStrategy[Fields] = st.sampled_from(
    [
        {},
        {"description": " <b>Sweet</b> "},
        {"description": "plain"},
        {"description": ""},
        {"tags": ("B", "b", "c")},
        {"tags": ("c",), "link.url": "https://A.example"},
    ]
)
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
        self.manifests = Manifests({})
        self.switches: dict[str, Json] = {}
        self.saved: Plan | None = None
        self.person = Person(self.editor.items)

    @initialize(seed=st.integers(0, 1000), switches=ITEM_SWITCHES, rewrites=st.booleans())
    def begin(self, seed: int, switches: dict[str, Json], rewrites: bool) -> None:
        self.editor.rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
        if rewrites:
            self.switches = switches
            self.world.settings(**self.switches)
        self.manifests.items = {
            MAIN: [text_item("k0"), self.world.photo_item("k1", 1), video_item("k2", 2)],
            "other": [text_item("k0")],
        }
        self.world.upload("by-hand.jpg", 999)
        self.apply()
        self.editor.add_own_resources()

    def made(self, key: str, kind: str, number: int, fields: Fields) -> DesiredItem:
        fields = {"title": f"{key} {number}", **fields}
        match kind:
            case "photo":
                # One file per content: a file per key would change when an item is renamed.
                photo = self.world.photo_item(f"photo{number}", number, **fields)
                return replace(photo, address=Address(MAIN, key))
            case "film":
                return video_item(key, number, **fields)
            case _:
                return text_item(key, **fields)

    def gallery(self, in_main: bool) -> str:
        other = self.manifests.other
        return MAIN if in_main or other not in self.manifests.items else other

    @rule(in_main=IN_MAIN, key=KEYS, kind=KINDS, number=NUMBERS, place=PLACES, fields=FIELDS)
    def add_or_change(self, in_main: bool, key: str, kind: str, number: int, place: int, fields: Fields) -> None:
        """Add an item, or change the kind, content or fields of an existing one."""
        item = self.made(key, kind, number, fields)
        name = self.gallery(in_main)
        items, keys = self.manifests.items[name], self.manifests.keys(name)
        if key in keys:
            items[keys.index(key)] = item
        else:
            self.manifests.add(name, place, item)

    @rule(in_main=IN_MAIN, place=PLACES, protect=st.booleans())
    def protect(self, in_main: bool, place: int, protect: bool) -> None:
        """Protect an item, or lift the protection."""
        items = self.manifests.items[self.gallery(in_main)]
        place %= len(items)
        items[place] = replace(items[place], protect=protect)

    @rule(in_main=IN_MAIN, place=PLACES)
    def remove(self, in_main: bool, place: int) -> None:
        items = self.manifests.items[name := self.gallery(in_main)]
        if len(items) > 1:
            self.manifests.remove(name, place % len(items))

    @rule(in_main=IN_MAIN, place=PLACES)
    def remove_protected(self, in_main: bool, place: int) -> None:
        """Remove an item that state has as protected: the person ends its management, and it stays on the site."""
        self.protect(in_main, place, protect=True)
        self.apply()
        self.remove(in_main, place)
        self.apply()

    @rule(in_main=IN_MAIN, place=PLACES)
    def release(self, in_main: bool, place: int) -> None:
        """End the management of an item, which stays on the site."""
        name = self.gallery(in_main)
        items = self.manifests.items[name]
        if len(items) > 1:
            self.apply()
            self.manifests.release(name, place % len(items), self.world, self.editor)
            self.apply()

    @rule(in_main=IN_MAIN, order=st.randoms(use_true_random=False))
    def reorder(self, in_main: bool, order: random.Random) -> None:
        order.shuffle(self.manifests.items[self.gallery(in_main)])

    @rule(in_main=IN_MAIN, place=PLACES, key=KEYS)
    def rename(self, in_main: bool, place: int, key: str) -> None:
        """Rename a key with a `moved` entry, which stays in the manifest."""
        name = self.gallery(in_main)
        items, new = self.manifests.items[name], Address(name, key)
        place %= len(items)
        old = Address(name, items[place].address.item)
        if key not in self.manifests.keys(name) and new not in self.manifests.moved_addresses():
            self.manifests.rename(name, place, key)
            self.manifests.moved.append((str(old), str(new)))

    @rule(number=NUMBERS, more=st.booleans())
    def declare_other(self, number: int, more: bool) -> None:
        """Declare the second gallery, with photos that the first may show, too."""
        photos = [self.made(f"k{n}", "photo", n, {}) for n in range(number if more else 0)]
        self.manifests.declare(self.manifests.other, [*photos, text_item("x")])

    @rule()
    def drop_other(self) -> None:
        """Remove the manifest of the second gallery; if somebody added items to it, it stays on the site."""
        self.manifests.drop(self.manifests.other)

    @rule(times=st.integers(1, 3))
    def edit(self, times: int) -> None:
        for _ in range(times):
            self.editor.make_random_edit()

    @rule(nth=st.integers(1, 40), after=st.booleans(), edited=st.booleans())
    def crash(self, nth: int, after: bool, edited: bool) -> None:
        """Kill an apply at its nth request, sometimes during edits in the Editor."""
        seen = 0
        # Items added between the last read of a gallery and its deletion are deleted with it.
        edited = edited and self.manifests.other in self.manifests.items

        def watch(exchange: Attempt) -> None:
            nonlocal seen
            if (exchange.phase == "after") is after:
                seen += 1
                if seen >= nth:
                    raise Crash
            if edited and exchange.phase == "after" and self.editor.rng.random() < 0.1:
                self.editor.make_random_edit()

        self.disturbed(watch, lambda: self.world.apply(self.manifests.desired()))

    def disturbed(self, watch: Callable[[Attempt], None], run: Callable[[], object]) -> None:
        """Run `run` until `watch` ends it, or until it is rejected."""
        self.world.on_attempt = watch
        with suppress(Crash, Refused, MatchError, StaleError):
            run()
        self.world.on_attempt = lambda _exchange: None

    @rule(in_main=IN_MAIN, key=KEYS, nth=st.integers(1, 12))
    def crash_with_target(self, in_main: bool, key: str, nth: int) -> None:
        """Apply to one target; the apply may be killed."""
        target = replace(ALLOW_ALL, targets=(Address(self.gallery(in_main), key),))
        self.disturbed(nth_request(nth), lambda: self.world.apply(self.manifests.desired(), target))

    @rule()
    def save_plan(self) -> None:
        self.saved = self.world.plan(self.manifests.desired())

    @rule(nth=st.integers(1, 25))
    def apply_saved(self, nth: int) -> None:
        """Apply the plan that was saved last, whatever happened since; the apply may be killed."""
        saved = self.saved
        if saved is not None and not saved.refusals:
            self.disturbed(nth_request(nth), lambda: self.world.apply_saved(saved))

    @rule(in_main=IN_MAIN, place=PLACES, key=KEYS)
    def rename_in_state(self, in_main: bool, place: int, key: str) -> None:
        """Rename a key with `state mv`, which fails while an interrupted run is not reconciled."""
        name = self.gallery(in_main)
        items, new = self.manifests.items[name], Address(name, key)
        place %= len(items)
        old = Address(name, items[place].address.item)
        if key not in self.manifests.keys(name) and not {old, new} & self.manifests.moved_addresses():
            with suppress(StateError, Refused, MatchError):
                asyncio.run(self.in_state(lambda bindings: rename_address(bindings, old, new)))
                self.manifests.rename(name, place, key)

    @rule(in_main=IN_MAIN, place=PLACES)
    def forget(self, in_main: bool, place: int) -> None:
        """Remove a declared, existing resource from state with `state rm`: the person adopts it again."""
        self.apply()
        keys = self.manifests.keys(name := self.gallery(in_main))
        address = Address(name, keys[place % len(keys)])
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
        if not (self.folder / "journal.jsonl").exists() and self.world.plan(self.manifests.desired()).is_empty:
            before = self.shown()
            (self.folder / "state.json").unlink(missing_ok=True)
            self.manifests.moved.clear()
            self.apply()
            assert self.shown() == before

    def shown(self) -> list[dict[str, Any]]:
        """Return the managed items as they are on the site, without the times of changes.

        A site that rewrites gets values again that the state no longer knows.
        """
        items = [item for name in self.manifests.items for item in self.world.items(name.title())]
        return [{name: value for name, value in item.items() if name != "updatedDate"} for item in items]

    @rule(nth=st.integers(1, 25), after=st.booleans())
    def lose_journal(self, nth: int, after: bool) -> None:
        """Delete the journal: the person adopts created items, but cannot do so for the new item of a replacement."""
        plan = self.world.plan(self.manifests.desired())
        if not (self.folder / "journal.jsonl").exists() and not plan.count(Action.REPLACE):
            self.crash(nth=nth, after=after, edited=False)
            (self.folder / "journal.jsonl").unlink(missing_ok=True)
            self.apply()

    @rule()
    def apply(self) -> None:
        """Apply undisturbed: the site matches the manifests, and the next plan is empty but for writes not taken."""
        for _ in range(MAX_QUESTIONS):
            try:
                applied = self.world.apply(self.manifests.desired())
                break
            except Refused:
                self.answer()
        else:
            raise AssertionError(self.world.plan(self.manifests.desired()).refusals)
        for name, items in self.manifests.items.items():
            ours = [item for item in self.world.items(name.title()) if item["id"] not in self.editor.items]
            assert [item["title"] for item in ours] == [item.fields["title"] for item in items]
            assert [item["type"].lower() for item in ours] == [item.kind.value for item in items]
        assert len(self.world.galleries()) == len(self.editor.galleries) + len(self.manifests.items)
        plan = self.world.plan(self.manifests.desired())
        not_taken = is_not_taken(plan, self.switches)
        assert plan.is_empty or not_taken, (plan.changes, plan.state_changes, plan.refusals)
        assert applied.report.exit_code in ((0, 3) if not_taken else (0,)), applied.report
        assert not (self.folder / "journal.jsonl").exists()

    def answer(self) -> None:
        """Answer in the manifests what the plan asks, and lift the protection of items that change their kind."""
        plan = self.world.plan(self.manifests.desired())
        self.manifests.answer(plan, self.world, self.editor, self.person)
        for address in (each.address for each in plan.refusals if each.why == "it is protected and would be replaced"):
            assert address is not None
            items = self.manifests.items[address.gallery]
            place = self.manifests.keys(address.gallery).index(str(address.item))
            wanted = items[place]
            kinds = {item["id"]: item["type"] for item in self.world.items(address.gallery.title())}
            kind = {"IMAGE": "photo", "VIDEO": "film", "TEXT": "text"}[kinds[self.world.state_ids()[address]]]
            items[place] = self.made(str(address.item), kind, 0, {})
            self.apply()
            items[place] = replace(wanted, protect=False)

    @invariant()
    def nobody_touched_what_is_not_ours(self) -> None:
        self.editor.assert_own_resources_unchanged()

    @invariant()
    def no_two_items_share_a_sort_order(self) -> None:
        for gallery in self.world.galleries():
            orders = [item["sortOrder"] for item in self.world.items(gallery.get("name", ""))]
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
