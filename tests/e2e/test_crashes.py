"""An apply of more than 200 steps, killed by SIGKILL: one more apply reaches what was wanted, nothing twice, nothing lost.

The emulator holds the n-th request before or after it is carried out, the process that sent it is killed, and what was
in flight ends. A sample of these points is in the suite; all of them, and 500 random moments, run with `-m slow`.
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

import pytest
import uvicorn

from galleryctl.emulator import Emulator, create_emulator
from galleryctl.emulator.faults.injection import Faults, parse_faults
from galleryctl.emulator.traffic import Traffic
from galleryctl.http import httpx
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.state.journal import read_journal
from galleryctl.state.state_file import decode_state
from tests.support.e2e_harness import WORKSPACE_YAML, ServedWorkspace
from tests.support.engine_harness import emulator_credentials
from tests.support.processes import TIMEOUT

Doc = dict[str, Any]
PARTS = 10
"""The slow campaigns come in parts, so that they can run beside each other."""
MOMENTS = 500
STEPS = 200


@dataclass(slots=True)
class Crashes:
    """A workspace and a site in the state before the apply, to which both can be put back."""

    served: ServedWorkspace
    emulator: Emulator
    before: sqlite3.Connection
    kept: Path
    goal: Doc = field(default_factory=dict)
    requests: int = 0
    steps: int = 0
    seconds: float = 0.0

    def restore(self) -> None:
        """Put site and workspace back; nothing is under way."""
        self.before.backup(self.emulator.pipeline.site.store.db)
        self.emulator.pipeline.faults, self.emulator.pipeline.traffic = Faults(), Traffic()
        shutil.rmtree(self.inner)
        shutil.copytree(self.kept, self.inner)

    @property
    def inner(self) -> Path:
        """The workspace's own folder."""
        return self.served.root / ".galleryctl"

    def killed_at(self, when: str, nth: int) -> None:
        """Kill an apply whose n-th request is held before or after it is carried out."""
        gate = self.emulator.pipeline
        gate.faults = parse_faults({"script": [{"fault": "hold", "when": when, "nth": nth}]})
        command = self.served.start("apply", "--auto-approve", "-q")
        wait_until(lambda: bool(gate.holds.held) or not command.process.is_alive())
        command.kill()
        assert command.wait() in (-signal.SIGKILL, 0), command.out + command.err
        gate.faults = Faults()
        self.served.release(drop=True)

    def killed_after(self, seconds: float) -> None:
        """Kill an apply that many seconds after its start; it may be over by then."""
        command = self.served.start("apply", "--auto-approve", "-q")
        command.process.join(seconds)
        command.kill()
        assert command.wait() in (-signal.SIGKILL, 0), command.out + command.err

    def recovers(self) -> None:
        """What was left is readable, and one more apply reaches the goal."""
        wait_until(lambda: self.emulator.pipeline.traffic.running == 0)
        state = FileStateBackend(self.inner / "state.json")
        known = state.read()
        assert known is not None
        read_journal(state.journal(self.inner / "journal-main.jsonl"), known)
        self.served.age_journal()
        ran = self.served.start_all(["apply", "--auto-approve", "-q"], ["plan", "--detailed-exitcode"])
        assert ran.wait() == 0, ran.out + ran.err
        assert self.site() == self.goal

    def site(self) -> Doc:
        """All that is on the site and that two runs make equal; what nobody uses and state does not know is `leaked`."""
        store = self.emulator.pipeline.site.store
        files = {f["id"]: f for f in store.fetch_documents("SELECT doc FROM files ORDER BY seq")}
        known = json.loads((self.inner / "state.json").read_text())
        assert decode_state(known).bindings.deposed == {}
        galleries = store.fetch_documents("SELECT doc FROM galleries ORDER BY sort_order")
        items = {
            g["id"]: store.fetch_documents("SELECT doc FROM items WHERE gallery = ? ORDER BY sort_order", g["id"])
            for g in galleries
        }
        used = {image_id(item) for listed in items.values() for item in listed}
        # The place of an unmanaged item between the others depends on their sort orders, which are random.
        ours = {id_: [item for item in listed if item["title"] != "By hand"] for id_, listed in items.items()}
        return {
            "galleries": [[g["name"], [look(item, files) for item in ours[g["id"]]]] for g in galleries],
            "foreign": [item for listed in items.values() for item in listed if item["title"] == "By hand"],
            "files": sorted(f["labels"] for f in files.values()),
            "leaked": [id_ for id_ in files if id_ not in used and id_ not in known["media"].values()],
        }


def image_id(item: Doc) -> str:
    return str(item.get("image", {}).get("imageInfo", {}).get("id", ""))


def look(item: Doc, files: dict[str, Doc]) -> Doc:
    """What a visitor sees of an item: all but ids, dates and the number that gives its place."""
    shown = {k: v for k, v in item.items() if k not in ("id", "sortOrder", "createdDate", "updatedDate")}
    if ident := image_id(item):
        shown["image"] = files[ident]["labels"] if ident in files else ident
    return shown


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crashes]:
    with before_the_apply(tmp_path_factory.mktemp("small"), scale=1) as crashes:
        yield crashes


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crashes]:
    with before_the_apply(tmp_path_factory.mktemp("large"), scale=6) as crashes:
        assert crashes.steps >= STEPS
        yield crashes


@contextmanager
def before_the_apply(folder: Path, scale: int) -> Iterator[Crashes]:
    """A server in a thread, and everything brought to the state before the apply."""
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
                crashes = Crashes(served, emulator, before, folder / "before")
                prepare(crashes, scale)
                yield crashes
        finally:
            server.should_exit = True
            thread.join(TIMEOUT)
            emulator.close()


def prepare(crashes: Crashes, scale: int) -> None:
    """Bring the site to the state before the apply, and learn from an undisturbed apply what it shall come to."""
    served, store = crashes.served, crashes.emulator.pipeline.site.store
    served.write("galleryctl.yaml", WORKSPACE_YAML.replace("concurrency: 4", "concurrency: 10"))
    first_manifests(served, scale)
    assert served.run("apply", "--auto-approve").wait() == 0
    listed = served.call_api("GET", "/progallery/v2/galleries")["galleries"]
    (gallery,) = [entry["id"] for entry in listed if entry["name"] == "Weddings"]
    by_hand = {
        "type": "TEXT",
        "title": "By hand",
        "sortOrder": 7.25,
        "text": {"html": "x"},
        "later": {"a": 1},
    }
    served.call_control("edit", {"edits": [{"gallery": gallery, "item": None, "set": by_hand}]})
    second_manifests(served, scale)
    store.db.backup(crashes.before)
    shutil.copytree(crashes.inner, crashes.kept)
    crashes.restore()
    began = time.monotonic()
    ran = served.run("apply", "--auto-approve", "-v")
    assert ran.wait() == 0, ran.out + ran.err
    crashes.seconds = time.monotonic() - began
    crashes.requests = crashes.emulator.pipeline.traffic.total
    crashes.steps = int(ran.err.split(" steps")[0])
    crashes.goal = crashes.site()
    assert crashes.goal["leaked"] == []


def text(n: int, title: str) -> str:
    return f"{{key: t{n:03}, title: {title} {n}, text: '<p>{n}</p>', tags: [words]}}"


def photo(name: str) -> str:
    return f"{{image: photos/{name}.jpg, title: {name}, link: {{url: 'https://example.com/{name}'}}}}"


def first_manifests(served: ServedWorkspace, scale: int) -> None:
    for n in range(2 * scale):
        served.write_photo(f"p{n}", n)
    photos = [photo(f"p{n}") for n in range(2 * scale)]
    served.write_gallery([*(text(n, "First") for n in range(18 * scale)), *photos])
    served.write_gallery([text(n, "Farewell") for n in range(scale)], "farewell")


def second_manifests(served: ServedWorkspace, scale: int) -> None:
    """Items made, changed, moved, replaced, repointed and deleted; a gallery made, one renamed, one deleted."""
    for n in range(scale):
        served.write_photo(f"p{n}", 100 + n)
        served.write_photo(f"portrait{n}", 300 + n)
    for n in range(3 * scale):
        served.write_photo(f"new{n}", 200 + n)
    kept = [text(n, "Second" if n % 2 else "First") for n in range(3 * scale, 17 * scale)]
    replaced = [
        f"{{key: t{n:03}, title: Film {n}, video: 'https://vimeo.com/{n}'}}" for n in range(17 * scale, 18 * scale)
    ]
    made = [text(n, "New") for n in range(200, 200 + 12 * scale)]
    old, new = [photo(f"p{n}") for n in range(2 * scale)], [photo(f"new{n}") for n in range(3 * scale)]
    served.write_gallery([*made[: 4 * scale], *new, *kept[::-1], *old, *made[4 * scale :], *replaced])
    manifest = served.root / "galleries/weddings.yaml"
    manifest.write_text(manifest.read_text().replace("name: Weddings\nprotect", "name: Weddings 2026\nprotect"))
    portraits = [photo(f"portrait{n}") for n in range(scale)]
    served.write_gallery([*portraits, *(text(n, "Portrait") for n in range(3 * scale))], "portraits")
    (served.root / "galleries/farewell.yaml").unlink()


def killed(crashes: Crashes, when: str, nth: int) -> None:
    crashes.restore()
    crashes.killed_at(when, nth)
    crashes.recovers()


def killed_at_random(crashes: Crashes, seed: int) -> None:
    crashes.restore()
    dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
    crashes.killed_after(dice.uniform(0, crashes.seconds))
    crashes.recovers()


@pytest.mark.parametrize("eighth", range(8))
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_a_request_one_more_apply_reaches_the_goal(small: Crashes, when: str, eighth: int) -> None:
    killed(small, when, 1 + eighth * (small.requests - 1) // 7)


@pytest.mark.parametrize("seed", range(5))
def test_killed_at_some_moment_one_more_apply_reaches_the_goal(small: Crashes, seed: int) -> None:
    killed_at_random(small, seed)


@pytest.mark.slow
@pytest.mark.timeout(14400)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_every_request_of_a_long_run(large: Crashes, when: str, part: int) -> None:
    for nth in range(1 + part, large.requests + 1, PARTS):
        killed(large, when, nth)


@pytest.mark.slow
@pytest.mark.timeout(14400)
@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_many_moments_of_a_long_run(large: Crashes, part: int) -> None:
    for seed in range(part, MOMENTS, PARTS):
        killed_at_random(large, seed)
