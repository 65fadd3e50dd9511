"""The thread that prints lines about waits, whatever the other threads do; no test waits for a line to be due."""

from __future__ import annotations

import queue
import threading

from galleryctl.cli.wait_lines import FIRST_LINE, WaitLines, WaitPrinter
from galleryctl.model.waiting import Waiting, WaitKind
from tests.support.processes import TIMEOUT


def due(kind: WaitKind) -> Waiting:
    """Return a wait that has lasted for three seconds already."""
    return Waiting(kind=kind, what=kind.value, before=FIRST_LINE)


def test_a_line_is_printed_while_this_thread_is_blocked() -> None:
    lines = queue.SimpleQueue[str]()
    observe = WaitPrinter(WaitLines(), lines.put).observe
    with observe(Waiting(kind=WaitKind.QUOTA, what="the quota", seconds=600)), observe(due(WaitKind.STORE)):
        assert lines.get(timeout=TIMEOUT).startswith("Waiting for store, since ")


def test_the_thread_ends_with_the_waits_and_the_next_wait_starts_another() -> None:
    lines = queue.SimpleQueue[str]()
    printer = WaitPrinter(WaitLines(), lines.put)
    for kind in (WaitKind.STORE, WaitKind.LOCK):
        with printer.observe(due(kind)):
            assert lines.get(timeout=TIMEOUT).startswith(f"Waiting for {kind}")
        with printer.observe(Waiting(kind=WaitKind.MEDIA, what="short", before=1.0)):
            pass  # wakes the thread
    for thread in threading.enumerate():
        if thread.name == "waits":
            thread.join(TIMEOUT)
            assert not thread.is_alive()
