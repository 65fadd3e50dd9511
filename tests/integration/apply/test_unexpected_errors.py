"""Exceptions that nobody expected, after the first write: the apply ends with its report, and the next one converges."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from galleryctl.engine.apply.run import ApplyResult
from galleryctl.engine.progress import Progress, SilentProgress, StepOutcome
from galleryctl.model.errors import UnexpectedError
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.plan.make import PlanOptions
from galleryctl.plan.steps import Step
from galleryctl.session.api import open_workspace
from galleryctl.session.open import select_site
from galleryctl.session.run import ApplyHooks, apply_workspace
from galleryctl.wix.transport import Attempt, Observer, Phase
from tests.support.cli_harness import CliHarness
from tests.support.e2e_harness import text_items

COUNT = 12


@pytest.fixture
def begun(studio: CliHarness) -> CliHarness:
    """One item is there, and more are to be made."""
    studio.write_gallery(text_items(1))
    studio.apply()
    studio.write_gallery(text_items(COUNT))
    return studio


def apply(studio: CliHarness, hooks: ApplyHooks | None = None, on_request: Observer | None = None) -> ApplyResult:
    workspace = select_site(studio.root, None, {}, on_request=on_request)
    applied = asyncio.run(apply_workspace(workspace, PlanOptions(), hooks=hooks or ApplyHooks()))
    assert applied is not None
    return applied


def statuses(applied: ApplyResult) -> Sequence[OutcomeStatus]:
    return [outcome.status for outcome in applied.report.outcomes]


def next_run_finishes(studio: CliHarness) -> None:
    studio.apply()
    assert studio.titles() == [f"T{n:02}" for n in range(COUNT)]
    studio.assert_no_changes()


class FailingProgress(SilentProgress):
    """An observer with a bug, from the third step on."""

    def __init__(self) -> None:
        self.ended = 0

    def on_step_end(self, step: Step, outcome: StepOutcome) -> None:
        self.ended += 1
        if self.ended >= 3:
            raise ValueError(f"cannot draw {step.id}: {outcome.status}")


@pytest.mark.parametrize("phase", Phase)
def test_an_exception_in_a_step_ends_the_apply_with_its_report(begun: CliHarness, phase: Phase) -> None:
    creates = 0

    def fail_at_the_third_create(attempt: Attempt) -> None:
        nonlocal creates
        creates += attempt.phase is phase and attempt.name.startswith("POST") and "items" in attempt.name
        if creates == 3:
            raise ZeroDivisionError("by nothing")

    applied = apply(begun, on_request=fail_at_the_third_create)
    assert applied.exit_code == 3
    assert [str(error).splitlines()[0] for error in applied.errors] == [
        "this is a bug in galleryctl: ZeroDivisionError: by nothing"
    ]
    assert OutcomeStatus.DONE in statuses(applied)
    assert statuses(applied).count(OutcomeStatus.FAILED) >= 1
    assert "the run stopped: this is a bug in galleryctl" in applied.report.outcomes[-1].reason
    next_run_finishes(begun)


def test_an_exception_of_an_observer_ends_the_apply_with_its_report(begun: CliHarness) -> None:
    applied = apply(begun, ApplyHooks(FailingProgress()))
    assert applied.exit_code == 3
    assert "cannot draw" in str(applied.errors[0])
    assert OutcomeStatus.DONE in statuses(applied)
    assert OutcomeStatus.FAILED not in statuses(applied)
    assert len(begun.items()) == 1 + statuses(applied).count(OutcomeStatus.DONE)
    next_run_finishes(begun)


def test_the_python_api_raises_it_after_what_was_done_is_saved(begun: CliHarness) -> None:
    with pytest.raises(UnexpectedError, match="cannot draw") as caught:
        open_workspace(begun.root).apply(progress=FailingProgress())
    assert isinstance(caught.value.__cause__, ValueError)
    assert len(begun.state()["galleries"]["weddings"]["items"]) == len(begun.items()) > 1
    next_run_finishes(begun)


class FailingEnd(ApplyHooks):
    """Hooks that fail at the very end, when everything is saved."""

    @contextmanager
    def writing(self, stop: asyncio.Event) -> Iterator[Progress]:  # noqa: ARG002 - the interface
        yield SilentProgress()
        raise OSError(5, "Input/output error")


def test_an_error_at_the_very_end_does_not_lose_the_report(begun: CliHarness) -> None:
    applied = apply(begun, FailingEnd())
    assert applied.exit_code == 3
    assert set(statuses(applied)) == {OutcomeStatus.DONE}
    assert [error.what for error in applied.errors] == ["Input/output error"]
    begun.assert_no_changes()
