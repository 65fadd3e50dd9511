"""Plans and reports of any size, for tests and a benchmark of how long reports are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from galleryctl.model.address import Address
from galleryctl.model.checkup import Validation, ValidGallery
from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.model.lint import LintFinding, LintReport, LintRule, Severity
from galleryctl.model.media import Kind
from galleryctl.model.outcome import Outcome, OutcomeStatus, Report
from galleryctl.model.position import SourcePosition
from galleryctl.plan.changes import Action, Cause, Change, FieldChange, HeldItem, Notice, Plan, Refusal

SIZES = (1, 50, 1_000, 10_000)
ALL_ACTIONS = (Action.DELETE, Action.REPLACE, Action.UPDATE, Action.CREATE)


def address_of(number: int, galleries: int) -> Address:
    """Return the address of one of many items, which are spread over the galleries."""
    return Address(f"gallery-{number % galleries:04}", f"photo-{number:05}")


def plan_of(
    count: int, *actions: Action, galleries: int = 1, cause: Cause = Cause.MANIFEST, notices: int = 0, refusals: int = 0
) -> Plan:
    """Return a plan of `count` changes, with these actions in turn."""
    changes = tuple(islice(_changes(count, actions or (Action.CREATE,), galleries, cause), count))
    positions = {
        Address(f"gallery-{number:04}"): SourcePosition(f"galleries/gallery-{number:04}.yaml", 1, 1)
        for number in range(galleries)
    }
    positions |= {
        change.address: SourcePosition(f"galleries/{change.address.gallery}.yaml", number + 7, 5)
        for number, change in enumerate(changes)
        if change.action is not Action.DELETE
    }
    return Plan(
        site_id="site-1",
        changes=changes,
        positions=positions,
        notices=tuple(
            Notice(address=address_of(number, galleries), message=f"matched 'Photo {number}' by title and kind (guess)")
            for number in range(notices)
        ),
        refusals=tuple(
            Refusal(
                address=address_of(number, galleries),
                why="it is protected and would be deleted",
                allow="protect: false",
            )
            for number in range(refusals)
        ),
    )


def _changes(count: int, actions: tuple[Action, ...], galleries: int, cause: Cause) -> Iterator[Change]:
    for number in range(count):
        action = actions[number % len(actions)]
        is_new = action in (Action.CREATE, Action.REPLACE)
        yield Change(
            address=address_of(number, galleries),
            action=action,
            kind=Kind.IMAGE,
            id=None if action is Action.CREATE else f"id-{number}",
            name=f"Photo {number}",
            fields=()
            if action is Action.DELETE
            else (
                FieldChange(path="title", before=None if is_new else "A title", after=f"Photo {number}", cause=cause),
                FieldChange(path="description", before=None, after="Some words about it, " * 5, cause=cause),
            ),
            sort_order=float(number) if is_new else None,
            position=(0, number + 1) if is_new else None,
            fingerprint=None if action is Action.CREATE else "0" * 32,
            deleted_content="1" * 32 if action in (Action.DELETE, Action.REPLACE) else None,
            reason="no longer declared in a manifest" if action is Action.DELETE else "",
            cause=cause,
            position_cause=cause,
        )


def report_of(count: int, status: OutcomeStatus, *, galleries: int = 1) -> Report:
    """Return the report of an apply of `count` deletes with this outcome."""
    reason = "" if status is OutcomeStatus.DONE else "the API answered 503: try again later, request id " + "a" * 36
    return Report(
        outcomes=tuple(
            Outcome(address=address_of(number, galleries), action="delete", status=status, reason=reason)
            for number in range(count)
        )
    )


def failure_of(count: int) -> InvalidInput:
    """Return an error with `count` problems."""
    return InvalidInput(
        tuple(
            Problem(SourcePosition(f"galleries/gallery-{number:04}.yaml", 3, 5), "quality 20 is below 30, the lowest")
            for number in range(count)
        ),
        do="correct the manifests",
    )


def held_of(count: int, galleries: int = 1) -> tuple[HeldItem, ...]:
    """Return items that a plan holds."""
    why = "photos/photo.jpg is a Git LFS pointer, not the file itself; fetch it: git lfs pull"
    return tuple(HeldItem(address=address_of(number, galleries), why=why) for number in range(count))


def validation_of(count: int) -> Validation:
    """Return a valid workspace with as many galleries, and a warning and a note about each."""
    files = [f"galleries/gallery-{number:04}.yaml" for number in range(count)]
    return Validation(
        sites=("main",),
        galleries=tuple(ValidGallery(key=file[10:-5], file=file, items_by_kind={Kind.IMAGE: 1}) for file in files),
        media_files=0,
        media_bytes=0,
        warnings=tuple(Problem(SourcePosition(file, 3, 5), 'this publishes "No.": quote the text') for file in files),
        notes=tuple(Problem(SourcePosition(file, 4, 5), "2 RAW photos are skipped") for file in files),
    )


def lint_of(count: int) -> LintReport:
    """Return as many findings, of each severity in turn."""
    return LintReport(
        findings=tuple(
            LintFinding(
                rule=LintRule.MISSING_ALT_TEXT,
                severity=list(Severity)[number % len(Severity)],
                message=f"photos/photo-{number:05}.jpg has no alt_text: a screen reader has nothing to say about it",
                at=SourcePosition("galleries/weddings.yaml", number + 1, 5),
                address=str(address_of(number, 1)),
                path=f"photos/photo-{number:05}.jpg",
            )
            for number in range(count)
        ),
        items=count,
    )


BIG: dict[str, Callable[[], Plan | Report | Validation | LintReport | GalleryctlError]] = {
    "10,000 creates": lambda: plan_of(10_000),
    "10,000 updates": lambda: plan_of(10_000, Action.UPDATE),
    "10,000 deletes": lambda: plan_of(10_000, Action.DELETE),
    "10,000 changes of all kinds": lambda: plan_of(10_000, *ALL_ACTIONS),
    "3,000 galleries with a create each": lambda: plan_of(3_000, galleries=3_000),
    "3,000 galleries with a delete each": lambda: plan_of(3_000, Action.DELETE, galleries=3_000),
    "10,000 conflicts": lambda: plan_of(10_000, Action.UPDATE, cause=Cause.CONFLICT),
    "10,000 drifted": lambda: plan_of(10_000, *ALL_ACTIONS, cause=Cause.DRIFT),
    "10,000 notices and refusals": lambda: plan_of(1, notices=10_000, refusals=10_000),
    "600 creates and 3 deletes": lambda: plan_of(603, Action.DELETE, *[Action.CREATE] * 200),
    "10,000 failed": lambda: report_of(10_000, OutcomeStatus.FAILED),
    "10,000 done": lambda: report_of(10_000, OutcomeStatus.DONE, galleries=3_000),
    "10,000 problems": lambda: failure_of(10_000),
    "10,000 held items": lambda: replace(plan_of(10, Action.DELETE), held=held_of(10_000)),
    "10,000 held in an apply": lambda: report_of(10_000, OutcomeStatus.HELD),
    "10,000 warnings": lambda: validation_of(10_000),
    "10,000 findings": lambda: lint_of(10_000),
}
"""The largest results of each kind."""
