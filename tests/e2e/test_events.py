"""`galleryctl events` as a process, with events of an emulator process: its output, and that a kill loses nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from galleryctl.http import httpx
from galleryctl.manifest.schema import load_schema
from tests.support import needs
from tests.support.e2e_harness import Doc, ServedWorkspace
from tests.support.processes import TIMEOUT, start_server
from tests.support.signed_events import event_claim, item_updated, trusted_app

SCHEMA = Draft202012Validator(load_schema("event"))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, "timeout"
        time.sleep(0.01)


@dataclass(frozen=True, slots=True)
class Site:
    """A workspace with an applied item, and the public key of its site's webhooks."""

    served: ServedWorkspace

    @contextmanager
    def receiver(self, *args: str, out: int | None = None) -> Iterator[subprocess.Popen[str]]:
        """Start a receiver and let the site send its events to it."""
        options = ["--public-key", "app.pem", "--instance-id", str(self.served.ready["instance_id"])]
        with start_server(
            self.served.root / "ready.json", "-C", str(self.served.root), "events", *options, *args,
            environment=self.served.environment, out=subprocess.PIPE if out is None else out,
        ) as receiver:  # fmt: skip
            self.served.call_control("webhooks", {"url": receiver.ready["url"]})
            yield receiver.process

    def rename(self, title: str) -> None:
        """Rename the item, as in the Editor."""
        self.served.call_control(
            "edit", {"edits": [{"gallery": self.gallery, "item": self.item, "set": {"title": title}}]}
        )

    @property
    def gallery(self) -> str:
        """The gallery's live id."""
        return str(self._state["id"])

    @property
    def item(self) -> str:
        """The item's live id."""
        return str(self._state["items"]["t"]["id"])

    @property
    def _state(self) -> Doc:
        state: Doc = json.loads((self.served.root / ".galleryctl/state.json").read_text())["galleries"]["weddings"]
        return state

    def delivered(self) -> int:
        """Return the number of deliveries that got a 200."""
        deliveries = self.served.http.get("/_emulator/webhooks").json()["deliveries"]
        return sum(delivery["state"] == "delivered" for delivery in deliveries)


@pytest.fixture
def site(served: ServedWorkspace) -> Site:
    served.write_gallery(["{key: t, title: T, text: '<p>t</p>'}"])
    assert served.run("apply", "--auto-approve").wait() == 0
    served.write("app.pem", str(served.ready["public_key"]))
    return Site(served)


def test_an_edit_is_printed_and_its_drift_shown(site: Site) -> None:
    with site.receiver("--drift", "--settle", "0", "--max", "1") as process:
        site.rename("Changed")
        out, err = process.communicate(timeout=TIMEOUT)
    first, rest = out.split("\n", 1)
    assert first.endswith(f'Z item updated "Changed" {site.item} in gallery {site.gallery}')
    assert 'title: "T" → "Changed"' in rest
    assert rest.rstrip().endswith("Drift: 0 missing, 1 changed, 0 replaced, 0 unmanaged (1 in sync).")
    assert process.returncode == 2, err
    assert not (site.served.root / "ready.json").exists()


def test_lines_of_json_follow_their_schemas(site: Site) -> None:
    site.served.call_control("settings", {"webhook_repeats": 2, "webhook_bodies": "json"})
    with site.receiver("--format", "json", "--max", "2", "--drift", "--settle", "0") as process:
        site.rename("One")
        site.rename("T")
        out, err = process.communicate(timeout=TIMEOUT)
    lines = [json.loads(line) for line in out.splitlines()]
    events = [line for line in lines if "kind" in line]
    for line in events:
        SCHEMA.validate(line)
    assert [line["raw"]["slug"] for line in events] == ["gallery_item_updated"] * 2
    plan = Draft202012Validator(load_schema("plan"))
    assert [plan.is_valid(line) for line in lines if line not in events] in ([True], [True, True])
    assert process.returncode in (0, 2), err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_the_normal_end(site: Site, number: int) -> None:
    with site.receiver() as process:
        site.rename("Changed")
        assert process.stdout is not None
        assert "item updated" in process.stdout.readline()
        process.send_signal(number)
        out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out) == (0, ""), err


def test_an_event_that_was_answered_before_a_kill_is_printed_once(site: Site) -> None:
    # This pipe is full and not read: the event is answered but cannot be printed.
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    while _filled(writing):
        pass
    os.set_blocking(writing, True)
    with site.receiver(out=writing) as process:
        site.rename("First")
        site.rename("Second")
        until(lambda: site.delivered() == 2)
        process.kill()
        process.wait()
    os.close(reading)
    os.close(writing)
    with site.receiver("--max", "3") as process:
        site.rename("Third")
        out, _ = process.communicate(timeout=TIMEOUT)
    assert [line.split('"')[1] for line in out.splitlines()] == ["First", "Second", "Third"]


def _filled(descriptor: int) -> bool:
    try:
        return os.write(descriptor, b"." * 4096) > 0
    except BlockingIOError:
        return False


def test_killed_before_its_check_a_gallery_is_checked_and_the_event_not_told_again(site: Site) -> None:
    with site.receiver("--drift", "--settle", "600") as process:
        site.rename("First")
        assert process.stdout is not None
        assert "First" in process.stdout.readline()
        # A line is printed before that is recorded, and recorded before the next event is answered and printed.
        site.rename("Second")
        assert "Second" in process.stdout.readline()
        process.kill()
        process.wait()
    with site.receiver("--drift", "--settle", "0") as process:
        assert process.stdout is not None
        shown = list(takewhile(lambda line: '"T" → "Second"' not in line, process.stdout))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=TIMEOUT)
    assert "Drift on site" in "".join(shown)
    assert '"First"' not in "".join(shown)


def test_strangers_are_refused_and_counted(site: Site) -> None:
    with site.receiver("-v") as process:
        url = json.loads((site.served.root / "ready.json").read_text())["url"]
        instance = str(site.served.ready["instance_id"])
        bodies = [
            b"x.y",
            trusted_app().sign(item_updated()),
            trusted_app().sign(event_claim("deleted", {}, instance=instance)),
        ]
        answers = [httpx.post(url, content=body) for body in bodies]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=TIMEOUT)
    assert [(answer.status_code, answer.content) for answer in answers] == [
        (400, b""),
        (401, b""),
        (401, b""),
    ]
    assert out == ""
    assert "Ignored deliveries: malformed 1, signature 2." in err


def test_a_second_receiver_of_a_site_is_refused(site: Site) -> None:
    with site.receiver():
        ran = site.served.run("events", "--public-key", "app.pem", "--instance-id", "x")
        assert ran.wait() == 1
    assert "another `galleryctl events` process uses this inbox" in ran.err


def test_it_listens_on_this_machine_only(site: Site) -> None:
    needs.linux("/proc/self/net/tcp")
    with site.receiver() as process:
        rows = Path(f"/proc/{process.pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        url = json.loads((site.served.root / "ready.json").read_text())["url"]
        port = f"{httpx.URL(url).port:04X}"
        listening = [row.split()[1] for row in rows if row.split()[1].endswith(f":{port}") and row.split()[3] == "0A"]
    assert listening == [f"0100007F:{port}"]
