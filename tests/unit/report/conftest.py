"""A plan with every kind of change and hostile text, a report, and failures."""

from __future__ import annotations

import pytest

from galleryctl.model.address import Address
from galleryctl.model.errors import InvalidInput, Problem, Refused
from galleryctl.model.media import HostedVideo, Kind, LocalFile, VideoHost
from galleryctl.model.outcome import Outcome, OutcomeStatus, Report
from galleryctl.model.position import SourcePosition
from galleryctl.plan.changes import (
    Action,
    Cause,
    Change,
    FieldChange,
    Notice,
    Plan,
    Refusal,
    StateAction,
    StateChange,
)


def at(text: str) -> Address:
    return Address.parse(text)


@pytest.fixture
def plan() -> Plan:
    dance = LocalFile(path="photos/first-dance.jpg", sha256="ab" * 32, size=1, mime_type="image/jpeg")
    film = HostedVideo(host=VideoHost.VIMEO, url="https://vimeo.com/378840916")
    return Plan(
        site_id="site-1",
        unchanged=42,
        changes=(
            Change(
                address=at("weddings"),
                action=Action.UPDATE,
                id="g",
                name="Weddings 2026",
                fields=(FieldChange(path="name", before="Weddings", after="Weddings 2026"),),
            ),
            Change(
                address=at("weddings/film"),
                action=Action.CREATE,
                kind=Kind.VIDEO,
                name="Film",
                media=film,
                position=(0, 2),
                sort_order=2.0,
                fields=(
                    FieldChange(path="title", before=None, after="Film"),
                    FieldChange(path="tags", before=None, after=("dance", "night")),
                ),
            ),
            Change(
                address=at("weddings/first-dance"),
                action=Action.UPDATE,
                kind=Kind.IMAGE,
                id="i-1",
                name="First dance",
                media=dance,
                media_before="f_1~mv2.jpg",
                position=(5, 1),
                changed_at="2026-05-01T12:00:00.000Z",
                fields=(
                    FieldChange(path="title", before="Dance\x1b[31m\n<script>1</script>", after="First | `dance`"),
                    FieldChange(path="tags.day", before="day", after=None),
                    FieldChange(path="tags.night", before=None, after="night"),
                    FieldChange(path="focal_point.x", before=0.25, after=0.5, cause=Cause.CONFLICT),
                    FieldChange(path="description", before="Lorem ipsum " * 40, after="", cause=Cause.CLEARED),
                ),
            ),
            Change(
                address=at("weddings/cake"),
                action=Action.UPDATE,
                kind=Kind.IMAGE,
                id="i-2",
                name="Cake",
                position=(3, 1),
            ),
            Change(
                address=at("weddings/words"),
                action=Action.REPLACE,
                kind=Kind.TEXT,
                id="i-3",
                name="Thank you @anna #12",
                reason="its kind changes from image to text",
                fields=(FieldChange(path="html", before=None, after="<p>Thank you</p>"),),
            ),
            Change(
                address=at("studio/old"),
                action=Action.DELETE,
                kind=Kind.IMAGE,
                id="i-4",
                name="Old",
                reason="no longer declared in a manifest",
            ),
        ),
        state_changes=(
            StateChange(address=at("weddings/song"), action=StateAction.ADOPT, detail="i-5"),
            StateChange(address=at("weddings/toast"), action=StateAction.RELEASE, detail="title, link.url"),
        ),
        unmanaged=3,
        refusals=(Refusal(address=None, why="5 of 10 would be deleted: 50 %", allow="--max-delete-percent 50"),),
        notices=(
            Notice(address=at("weddings/cake"), message="matched 'Cake' by title and kind (guess): please verify"),
        ),
    )


@pytest.fixture
def report() -> Report:
    return Report(
        outcomes=(
            Outcome(address=at("weddings/film"), action="create", status=OutcomeStatus.DONE, id="i-9"),
            Outcome(
                address=at("weddings/cake"),
                action="update",
                status=OutcomeStatus.FAILED,
                reason="quality 20 is below 30\nrequest id 1-2",
            ),
            Outcome(
                address=at("weddings/words"),
                action="replace",
                status=OutcomeStatus.SKIPPED,
                reason="interrupted before it started",
            ),
        ),
        requests={"POST /progallery/v2/galleries": 1, "GET /progallery/v2/galleries": 2},
        uploaded=1,
        seconds=3.4,
    )


@pytest.fixture
def invalid() -> InvalidInput:
    return InvalidInput(
        (
            Problem(SourcePosition("galleries/weddings.yaml", 14, 7), "quality 20 is below 30"),
            Problem(SourcePosition("galleries/a,b:c.yaml", 1, 1), "50% <script>\nof what"),
            Problem(None, "the workspace has no site"),
        ),
        do="correct the manifests",
    )


@pytest.fixture
def refused() -> Refused:
    return Refused(
        "a safety check rejected the plan; nothing was applied",
        why="weddings: protected\n  studio: empty",
        do="--allow-empty",
    )
