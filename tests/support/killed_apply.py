"""An apply that a test kills, in a workspace and on a site that can both be put back to the state before it.

The site rewrites what it stores, and ignores some of what is written, as a draw of the emulator's switches says.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from galleryctl.emulator import Emulator, create_emulator
from galleryctl.emulator.faults.injection import Faults, parse_faults
from galleryctl.emulator.traffic import Traffic
from galleryctl.http import httpx
from galleryctl.model.address import Address
from galleryctl.model.fields import FIELDS, is_empty
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.state.journal import read_journal
from galleryctl.state.state_file import decode_state
from tests.support.crash_manifests import AnsweringPerson, key_of, write_first_manifests, write_second_manifests
from tests.support.e2e_harness import WORKSPACE_YAML, RunningCommand, ServedWorkspace
from tests.support.engine_harness import emulator_credentials
from tests.support.person import Person
from tests.support.processes import TIMEOUT
from tests.support.rewriting_switches import draw_switches
from tests.support.site_contents import describe_site, is_foreign

Doc = dict[str, Any]


_MAX_ROUNDS = 5
"""The maximum number of times that one apply asks, and is answered."""


@dataclass(slots=True)
class Crashes:
    """A workspace and a site in the state before the apply, to which both can be put back."""

    served: ServedWorkspace
    emulator: Emulator
    switches: Doc
    before: sqlite3.Connection
    kept: Path
    goal: Doc = field(default_factory=dict)
    ignored: set[tuple[str, str]] = field(default_factory=set)
    """The fields that the site ignores, which each later plan would write."""
    foreign: frozenset[str] = frozenset()
    requests: int = 0
    steps: int = 0
    seconds: float = 0.0
    kills: int = 0
    answers: int = 0
    """The number of questions that the person answered."""

    def keep(self) -> None:
        """Keep site and workspace as they are, to be put back."""
        self.emulator.pipeline.site.store.db.backup(self.before)
        for folder in self.folders:
            shutil.copytree(self.served.root / folder, self.kept / folder)

    def restore(self) -> None:
        """Put site and workspace back; nothing is under way."""
        self.before.backup(self.emulator.pipeline.site.store.db)
        self.emulator.pipeline.faults, self.emulator.pipeline.traffic = Faults(), Traffic()
        for folder in self.folders:
            shutil.rmtree(self.served.root / folder)
            shutil.copytree(self.kept / folder, self.served.root / folder)

    @property
    def folders(self) -> tuple[str, str]:
        """The folders that a run or an answer changes."""
        return (".galleryctl", "galleries")

    @property
    def inner(self) -> Path:
        """The workspace's own folder."""
        return self.served.root / ".galleryctl"

    def kill_at(self, when: str, nth: int) -> None:
        """Put all back, kill an apply whose n-th request is held before or after it is carried out, and recover."""
        self.restore()
        gate = self.emulator.pipeline
        gate.faults = parse_faults({"script": [{"fault": "hold", "when": when, "nth": nth}]})
        command = self.served.start(*self.command, "-q")
        wait_until(lambda: bool(gate.holds.held) or not command.process.is_alive())
        self.kill(command)
        gate.faults = Faults()
        self.served.release(drop=True)
        self.recover()

    def kill_after(self, seconds: float) -> None:
        """Put all back, kill an apply that many seconds after its start, and recover; it may be over by then."""
        self.restore()
        command = self.served.start(*self.command, "-q")
        command.process.join(seconds)
        self.kill(command)
        self.recover()

    def kill(self, command: RunningCommand) -> None:
        """Kill the apply."""
        command.kill()
        assert command.wait() in (-signal.SIGKILL, *self.done_codes), command.out + command.err
        self.kills += 1

    @property
    def command(self) -> tuple[str, ...]:
        """The command line of an apply.

        A site that ignores a write and yet answers with it looks as if a person had changed the value back: the person
        confirms that the manifests win.
        """
        confirmed = ("--overwrite-conflicts",) if self.switches["echo_writes"] and 3 in self.done_codes else ()
        return ("apply", "--auto-approve", "--format", "json", *confirmed)

    @property
    def done_codes(self) -> tuple[int, ...]:
        """The exit codes of an apply that did all that the site takes."""
        return (0, 3) if self.switches["ignore_clears"] or self.switches["ignore_writes"] else (0,)

    def recover(self) -> None:
        """Check that what was left is readable, and that one more apply reaches the goal."""
        wait_until(lambda: self.emulator.pipeline.traffic.running == 0)
        state = FileStateBackend(self.inner / "state.json")
        known = state.read()
        assert known is not None
        read_journal(state.journal(self.inner / "journal-main.jsonl"), known)
        self.served.age_journal()
        report = self.apply()
        assert {each["status"] for each in report["outcomes"]} <= {"done", "not taken"}, report["outcomes"]
        self.check_site()
        self.check_ignored(report)

    def apply(self) -> Doc:
        """Apply, with answers of the person if the plan asks, and return the report."""
        person = AnsweringPerson(self.served.root / "galleries", Person(self.foreign, self.owners()))
        for _ in range(_MAX_ROUNDS):
            ran = self.served.run(*self.command, "-q")
            if ran.wait() in self.done_codes:
                self.answers += person.person.answers
                report: Doc = json.loads(ran.out)
                return report
            planned = self.served.run("plan", "--format", "json")
            refusals = json.loads(planned.out)["refusals"]
            assert refusals, ran.out + ran.err
            person.answer(refusals)
        raise AssertionError("the person is asked again and again")

    def owners(self) -> dict[str, Address]:
        """Return the addresses of the managed items on the site, by id; the only gallery to create is `portraits`."""
        store = self.emulator.pipeline.site.store
        state = decode_state(json.loads((self.inner / "state.json").read_text()))
        known = {id_: address.gallery for address, id_ in state.bindings.ids.items() if address.item is None}
        return {
            item["id"]: Address(known.get(gallery["id"], "portraits"), key_of(item["title"]))
            for gallery in store.fetch_documents("SELECT doc FROM galleries")
            for item in store.fetch_documents("SELECT doc FROM items WHERE gallery = ?", gallery["id"])
            if not is_foreign(item)
        }

    def check_ignored(self, report: Doc) -> None:
        """Check that the next plan is empty but for what the site ignored, and that the apply named that.

        If the site answers with what was sent, the apply cannot know it.
        """
        planned = self.served.run("plan", "--detailed-exitcode", "--format", "json")
        ignored = self.ignored_fields(json.loads(planned.out))
        assert planned.wait() == (2 if ignored else 0), planned.out + planned.err
        self.ignored = self.ignored or ignored
        assert ignored == self.ignored, ignored ^ self.ignored
        not_taken = {each["address"]: each["reason"] for each in report["outcomes"] if each["status"] == "not taken"}
        if self.switches["echo_writes"]:
            ignored = {(a, path) for a, path in ignored if path.partition(".")[0] in not_taken.get(a, "")}
        assert not_taken.keys() == {address for address, _ in ignored}, (not_taken, ignored)
        assert all(path.partition(".")[0] in not_taken[address] for address, path in ignored), (not_taken, ignored)
        assert report["exit_code"] == (3 if ignored else 0)

    def ignored_fields(self, plan: Doc) -> set[tuple[str, str]]:
        """Return the addresses and fields that the plan would write, each of which the site ignores."""
        named = {
            f.name
            for f in FIELDS
            if ".".join(("item" if f.kinds else "gallery", *f.path)) in self.switches["ignore_writes"]
        }
        assert plan["state_changes"] == []
        for change in plan["changes"]:
            assert (change["action"], change["media"], change["sort_order"]) == ("update", None, None)
            for part in change["fields"]:
                assert part["path"] in named or (self.switches["ignore_clears"] and is_empty(part["after"])), change
        return {(change["address"], part["path"]) for change in plan["changes"] for part in change["fields"]}

    def check_site(self) -> None:
        """Check that all that the goal has is on the site, once, and nothing else."""
        site = self.site()
        for name, found in site.items():
            assert found == self.goal[name], f"{name}: {found}\nshould be {self.goal[name]}"

    def site(self) -> Doc:
        """Return all that is on the site and that two runs make equal; nothing may be left to delete."""
        known = json.loads((self.inner / "state.json").read_text())
        assert decode_state(known).bindings.deposed == {}
        return describe_site(self.emulator.pipeline.site.store, known["media"].values())


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + TIMEOUT
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@contextmanager
def before_the_apply(folder: Path, scale: int, seed: str) -> Iterator[Crashes]:
    """Start a server in a thread, and bring everything to the state before the apply; the seed draws the switches."""
    with closing(socket.socket()) as listener, closing(sqlite3.connect(":memory:")) as before:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        emulator = create_emulator(None, base_url=url, keys=emulator_credentials())
        # What is held and dropped has no client any more, and uvicorn would tell of each.
        config = uvicorn.Config(emulator.app, http="h11", ws="none", lifespan="off", log_level="critical")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with httpx.Client(base_url=url, timeout=TIMEOUT) as http:
                served = ServedWorkspace(folder / "workspace", asdict(emulator.ready), http)
                switches: Doc = dict(draw_switches(random.Random(seed)))  # noqa: S311 - repeatable on purpose
                crashes = Crashes(served, emulator, switches, before, folder / "before")
                prepare(crashes, scale)
                yield crashes
        finally:
            server.should_exit = True
            thread.join(TIMEOUT)
            emulator.close()


def prepare(crashes: Crashes, scale: int) -> None:
    """Bring the site to the state before the apply, and learn from an undisturbed apply what it shall come to."""
    served = crashes.served
    served.call_control("settings", crashes.switches)
    served.write("galleryctl.yaml", WORKSPACE_YAML.replace("concurrency: 4", "concurrency: 10"))
    write_first_manifests(served, scale)
    ran = served.run("apply", "--auto-approve")
    assert ran.wait() in crashes.done_codes, ran.out + ran.err
    state = decode_state(json.loads((crashes.inner / "state.json").read_text()))
    by_hand = {
        "type": "TEXT",
        "title": "By hand",
        "sortOrder": 7 if crashes.switches["sort_order_precision"] == "whole" else 7.25,
        "text": {"html": "x"},
        "later": {"a": 1},
    }
    edit = {"gallery": state.bindings.ids[Address("weddings")], "item": None, "set": by_hand}
    (made,) = served.call_control("edit", {"edits": [edit]})["results"]
    crashes.foreign = frozenset([made["item"]["id"]])
    write_second_manifests(served, scale)
    crashes.keep()
    crashes.restore()
    began = time.monotonic()
    ran = served.run(*crashes.command, "-v")
    assert ran.wait() in crashes.done_codes, ran.out + ran.err
    crashes.seconds = time.monotonic() - began
    crashes.requests = crashes.emulator.pipeline.traffic.total
    crashes.steps = int(ran.err.split(" steps")[0])
    crashes.goal = crashes.site()
    assert crashes.goal["leaked"] == []
    crashes.check_ignored(json.loads(ran.out))
