"""Waits for work on this machine are announced: for the steps in progress after a request to stop, and for manifests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from galleryctl.engine.progress import Progress, SilentProgress
from galleryctl.engine.stop import Stop
from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.plan.make import PlanOptions
from galleryctl.session.open import select_site
from galleryctl.session.run import ApplyHooks, accept_workspace_drift, apply_workspace, undo_workspace_run
from tests.support.cli_harness import CliHarness
from tests.support.e2e_harness import text_items
from tests.support.wait_lines import PrintedWaits


class StoppingHooks(ApplyHooks):
    """Hooks that end the apply before its first step."""

    def __init__(self, end: Callable[[Stop], None]) -> None:
        super().__init__()
        self.end = end

    @contextmanager
    def writing(self, stop: Stop) -> Iterator[Progress]:
        self.end(stop)
        yield SilentProgress()


@pytest.mark.parametrize(
    ("end", "seconds"), [(Stop.set, None), (lambda stop: stop.set_by_deadline(60.0), 60.0)], ids=["signal", "deadline"]
)
def test_the_steps_in_progress(studio: CliHarness, end: Callable[[Stop], None], seconds: float | None) -> None:
    studio.write_gallery(text_items(2))
    printed = PrintedWaits(clock=lambda: 0.0)
    workspace = select_site(studio.root, None, {}, on_wait=printed.observe)
    applied = asyncio.run(apply_workspace(workspace, PlanOptions(), hooks=StoppingHooks(end)))
    assert applied is not None
    assert [each for each in printed.observed if each.kind is WaitKind.STEPS] == [
        Waiting(kind=WaitKind.STEPS, what="the steps in progress", seconds=seconds, at_most=True)
    ]
    assert printed.current == []


def test_manifests_that_are_read_and_written(studio: CliHarness) -> None:
    studio.write_gallery(text_items(2))
    studio.apply()
    printed = PrintedWaits(clock=lambda: 0.0)
    workspace = select_site(studio.root, None, {}, on_wait=printed.observe)
    asyncio.run(accept_workspace_drift(workspace))
    asyncio.run(undo_workspace_run(workspace, 1))
    manifests = [each.what for each in printed.observed if each.kind is WaitKind.MANIFESTS]
    assert manifests == 2 * ["the manifests to be read", "the new texts of the manifests"]
    assert printed.current == []
