"""What was written is remembered: reverted commits undo it, what people write stays, and a site that rewrites is quiet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from galleryctl.model.desired import DesiredItem
from galleryctl.model.fields import Fields, Json
from galleryctl.model.last_applied import Origin
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.plan.changes import Cause, Plan
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.wix.transport import Attempt
from tests.support.engine_harness import Crash, EngineHarness, make_desired, text_item
from tests.support.rewriting_switches import CHOICES

FULL: Fields = {
    "title": " Rings ",
    "description": "<p>Cafe\u0301 for <b>two</b></p>",
    "link.url": "https://EXAMPLE.com",
    "link.text": " more ",
    "tags": ("Gold", "gold ring"),
    "alt_text": " two rings",
    "focal_point": {"x": 0.123456789, "y": 0.5},
    "quality": 80,
    "sharpen": {"amount": 1.23456789, "radius": 0.5, "threshold": 0.1},
    "exif": {"iso": 100, "lens": {"mm": 50}},
}
"""A value for each kind of field of an image."""


FIELD_ON_SITE = {
    "title": "item.title",
    "description": "item.description",
    "tags": "item.tags.values",
    "quality": "item.image.quality",
    "focal_point": "item.image.focalPoint",
}
OTHER: Fields = {
    "title": "other",
    "description": "other",
    "tags": ("other",),
    "quality": 70,
    "focal_point": {"x": 0.75, "y": 0.5},
}


def field_on_site(site: EngineHarness, field: str) -> object:
    """Return the value of the field in the only item, as the API stores it."""
    _, member, *rest = FIELD_ON_SITE[field].split(".")
    value = site.items()[0].get(member)
    return value[rest[0]] if rest and value else value


@pytest.fixture
def site(tmp_path: Path) -> Iterator[EngineHarness]:
    harness = EngineHarness(tmp_path)
    yield harness
    harness.close()


def photo(site: EngineHarness, **fields: Json) -> DesiredItem:
    """The item `a` with these fields only."""
    return replace(site.photo_item("a", 1), fields=fields)


def shown(site: EngineHarness) -> dict[str, Any]:
    (item,) = site.items()
    return {name: item.get(name) for name in ("title", "description", "link", "tags", "image")}


def has_changed(plan: Plan) -> bool:
    return not plan.is_empty


@pytest.mark.parametrize("name", FULL)
def test_a_reverted_commit_puts_the_site_back(site: EngineHarness, name: str) -> None:
    bare = make_desired(photo(site))
    site.apply(bare)
    before = shown(site)
    site.apply(make_desired(photo(site, **{name: FULL[name]})))
    assert shown(site) != before
    reverted = site.plan(bare)
    assert {part.cause for change in reverted.changes for part in change.fields} == {Cause.CLEARED}
    assert site.apply(bare).report.exit_code == 0
    after = shown(site)
    empty: tuple[Any, ...] = (None, "", [], {}, {"values": []}, {"url": None}, {"text": None})
    assert {key: value for key, value in after.items() if value not in empty and key != "image"} == {}
    assert {k: v for k, v in after["image"].items() if k != "imageInfo" and v not in empty} == {}
    assert not after["image"]["imageInfo"].get("altText")
    assert site.plan(bare).is_empty


def test_what_a_person_changed_since_stays_when_the_commit_is_reverted(site: EngineHarness) -> None:
    bare = make_desired(photo(site))
    site.apply(make_desired(photo(site, title="Ours", tags=("ours",))))
    site.edit(
        {
            "item": {"title": "Ours"},
            "gallery": {"name": "Weddings"},
            "set": {"title": "Theirs", "tags": {"values": ["ours", "theirs"]}},
        }
    )
    site.apply(bare)
    (item,) = site.items()
    assert (item["title"], item["tags"]) == ("Theirs", {"values": ["theirs"]})
    assert site.plan(bare).is_empty
    site.edit({"item": {"title": "Theirs"}, "gallery": {"name": "Weddings"}, "set": {"title": "Ours"}})
    assert site.plan(bare).is_empty, "a released value is the person's, also if it is the one we wrote once"


def test_a_value_that_was_there_before_is_not_ours(site: EngineHarness) -> None:
    bare = make_desired(photo(site))
    site.apply(bare)
    (item,) = site.items()
    site.edit({"gallery": {"name": "Weddings"}, "item": item["id"], "set": {"title": "Theirs"}})
    site.apply(make_desired(photo(site, title="Theirs")))
    site.apply(bare)
    assert site.titles() == ["Theirs"]


SWITCHES = [(name, value) for name, values in CHOICES.items() for value in values[1:] if name != "ignore_writes"]


@pytest.mark.parametrize("echo", [False, True], ids=["stored", "echo"])
@pytest.mark.parametrize(("switch", "value"), SWITCHES, ids=[f"{name} {value}" for name, value in SWITCHES])
def test_a_site_that_rewrites_is_quiet_and_reverts(site: EngineHarness, switch: str, value: Json, echo: bool) -> None:
    site.settings(**{switch: value, "echo_writes": echo})
    texts = text_item("t", title=" Words ", html="<p>Words</p>")
    bare = make_desired(photo(site), replace(texts, fields={"html": "<p>Words</p>"}))
    desired = make_desired(photo(site, **FULL), texts)
    site.apply(bare)
    site.apply(desired)
    again = site.plan(desired)
    assert again.changes == (), again.changes
    assert not site.apply(desired).report.outcomes
    quiet = site.plan(desired)
    assert quiet.is_empty
    assert not quiet.notices
    if switch != "ignore_clears":
        site.apply(bare)
        assert site.plan(bare).is_empty
        assert not any(item.get("title") or item.get("description") for item in site.items())


@pytest.mark.parametrize("name", ["title", "description", "tags", "focal_point", "quality"])
def test_a_clear_that_the_site_ignores_is_reported_each_time_and_never_as_done(site: EngineHarness, name: str) -> None:
    site.apply(make_desired(photo(site, **{name: FULL[name]})))
    site.settings(ignore_clears=True)
    bare = make_desired(photo(site))
    for _ in range(2):
        report = site.apply(bare).report
        (outcome,) = report.outcomes
        assert (outcome.status, report.exit_code) == (OutcomeStatus.NOT_TAKEN, 3)
        assert name in outcome.reason
    site.settings(ignore_clears=False)
    assert site.apply(bare).report.exit_code == 0
    assert site.plan(bare).is_empty


@pytest.mark.parametrize("name", ["title", "description", "tags", "focal_point", "quality"])
def test_a_clear_that_is_answered_and_ignored_is_not_taken_from_the_next_apply_on(
    site: EngineHarness, name: str
) -> None:
    """The first answer looks as if the site had taken it."""
    bare = make_desired(photo(site))
    site.apply(make_desired(photo(site, **{name: FULL[name]})))
    site.settings(echo_writes=True, ignore_clears=True)
    assert site.apply(bare).report.exit_code == 0
    for _ in range(2):
        plan = site.plan(bare)
        assert not plan.drift
        assert [change.cleared[0].partition(".")[0] for change in plan.changes] == [name]
        assert name in plan.notices[0].message
        report = site.apply(bare).report
        assert (report.exit_code, report.outcomes[0].status) == (3, OutcomeStatus.NOT_TAKEN)
    site.settings(echo_writes=False, ignore_clears=False)
    site.apply(bare)
    assert not field_on_site(site, name)
    site.apply(bare)
    assert site.plan(bare).is_empty


def test_a_value_that_a_person_writes_after_a_clear_is_theirs(site: EngineHarness) -> None:
    bare = make_desired(photo(site, alt_text="Rings"))
    site.apply(make_desired(photo(site, alt_text="Rings", description="Text")))
    site.settings(echo_writes=True)
    site.apply(bare)
    assert site.plan(bare).is_empty
    site.edit({"gallery": site.galleries()[0]["id"], "item": site.items()[0]["id"], "set": {"description": "Text"}})
    assert site.plan(bare).is_empty
    (change,) = site.plan(make_desired(photo(site, alt_text="Rings", description="New"))).changes
    assert change.causes == {Cause.FIRST_MANAGED}
    site.apply(make_desired(photo(site, alt_text="Ring")))
    assert site.items()[0]["description"] == "Text"
    assert site.plan(make_desired(photo(site, alt_text="Ring"))).is_empty


def test_a_write_that_the_site_ignores_is_not_reported_as_done(site: EngineHarness) -> None:
    site.settings(ignore_writes=["item.description"])
    desired = make_desired(photo(site, description="new"))
    first = site.apply(desired).report
    assert (first.exit_code, first.outcomes[-1].status) == (3, OutcomeStatus.NOT_TAKEN)
    assert [change.write for change in site.plan(desired).changes] == [{"description": "new"}]


def test_drift_pending_changes_and_conflicts_are_told_apart(site: EngineHarness) -> None:
    site.apply(make_desired(photo(site, title="One", description="Text", alt_text="Alt")))
    site.edit(
        {"gallery": {"name": "Weddings"}, "item": {"title": "One"}, "set": {"title": "Two", "description": "Person"}}
    )
    (change,) = site.plan(make_desired(photo(site, title="One", description="Manifest", alt_text="New"))).changes
    assert {part.path: part.cause for part in change.fields} == {
        "title": Cause.DRIFT,
        "description": Cause.CONFLICT,
        "alt_text": Cause.MANIFEST,
    }
    assert change.changed_at == site.items()[0]["updatedDate"]


def test_moves_on_the_site_are_drift_and_those_in_the_manifest_are_not(site: EngineHarness) -> None:
    items = [text_item(key) for key in "abc"]
    site.apply(make_desired(*items))
    reordered = site.plan(make_desired(*reversed(items)))
    assert reordered.changes
    assert not reordered.drift
    site.edit({"gallery": {"name": "Weddings"}, "item": {"title": "a"}, "after": {"title": "c"}})
    assert [str(change.address) for change in site.plan(make_desired(*items)).drift] == ["weddings/a"]


def test_a_missing_item_is_drift_and_a_new_one_is_not(site: EngineHarness) -> None:
    site.apply(make_desired(text_item("a")))
    site.edit({"gallery": {"name": "Weddings"}, "item": {"title": "a"}, "delete": True})
    plan = site.plan(make_desired(text_item("a"), text_item("b")))
    assert [str(change.address) for change in plan.drift] == ["weddings/a"]
    assert len(plan.changes) == 2


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("edited", [False, True])
def test_an_update_that_was_killed_is_in_doubt_only_if_a_person_edited(
    site: EngineHarness, phase: str, edited: bool
) -> None:
    site.apply(make_desired(photo(site, title="Old")))

    def kill(attempt: Attempt) -> None:
        if attempt.phase == phase and attempt.call.startswith("PATCH"):
            raise Crash

    site.on_attempt = kill
    desired = make_desired(photo(site, title="New"))
    with pytest.raises(Crash):
        site.apply(desired)
    site.on_attempt = lambda _attempt: None
    if edited:
        site.edit({"gallery": {"name": "Weddings"}, "item": site.items()[0]["id"], "set": {"title": "Person"}})
    plan = site.plan(desired)
    causes = [part.cause for change in plan.changes for part in change.fields]
    expected = {(False, "before"): [Cause.MANIFEST], (False, "after"): []}
    assert causes == expected.get((edited, phase), [Cause.INTERRUPTED])
    site.apply(desired)
    assert site.titles() == ["New"]
    assert site.plan(desired).is_empty
    site.apply(make_desired(photo(site)))
    assert site.titles() == [""]


def test_the_first_plan_after_an_upgrade_is_empty_and_nothing_is_cleared(site: EngineHarness) -> None:
    desired = make_desired(photo(site, **FULL), text_item("t"))
    site.apply(desired)
    backend = FileStateBackend(site.root / "state.json")
    state = backend.read()
    assert state is not None
    backend.write(replace(state, serial=state.serial + 1, bindings=replace(state.bindings, records={})))
    upgraded = site.plan(desired)
    assert upgraded.is_empty
    assert {record.origin for record in upgraded.records.values()} == {Origin.UNKNOWN}
    bare = make_desired(photo(site), text_item("t"))
    assert site.plan(bare).is_empty


ECHOED_NAMES = [("trim_texts", " Weddings "), ("normalize_unicode", "Cafe\u0301"), ("trim_texts", " Summer")]


@pytest.mark.parametrize(("switch", "name"), ECHOED_NAMES)
def test_the_name_of_a_gallery_that_the_site_stores_in_another_form_is_quiet(
    site: EngineHarness, switch: str, name: str
) -> None:
    site.settings(**{switch: True, "echo_writes": True})
    site.apply(make_desired(text_item("a"), name=name))
    for desired in (make_desired(text_item("a"), name=name), make_desired(text_item("a"), name=f"{name}2 e\u0301 ")):
        site.apply(desired)
        again = site.plan(desired)
        assert again.is_empty, again.changes
        assert not site.apply(desired).report.outcomes
        assert not site.plan(desired).notices
    site.edit({"gallery": site.galleries()[0]["id"], "set": {"name": "Theirs"}})
    assert site.plan(desired).drift


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", " "),
        ("description", "<b></b>"),
        ("tags", (" ",)),
        ("link.url", "https://a.example?utm=1"),
    ],
)
@pytest.mark.parametrize("with_gallery", [True, False])
def test_a_value_that_the_site_reduces_is_quiet_although_the_answer_repeats_it(
    site: EngineHarness, field: str, value: Json, with_gallery: bool
) -> None:
    switches = ("trim_texts", "strip_html_tags", "normalize_tags", "normalize_urls", "echo_writes")
    site.settings(**dict.fromkeys(switches, True))
    bare, desired = make_desired(photo(site)), make_desired(photo(site, **{field: value}))
    if not with_gallery:
        site.apply(bare)
    site.apply(desired)
    again = site.plan(desired)
    assert again.changes == (), again.changes
    assert not site.apply(desired).report.outcomes
    assert site.plan(desired).is_empty


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("description", None, "new"),
        ("description", "old", "new"),
        ("title", "old", ""),
        ("tags", ("old",), ("new",)),
        ("quality", 80, 90),
        ("focal_point", {"x": 0.5, "y": 0.5}, {"x": 0.25, "y": 0.5}),
    ],
)
def test_a_write_that_is_answered_and_ignored_is_not_taken_from_the_next_apply_on(
    site: EngineHarness, field: str, old: Json, new: Json
) -> None:
    before = make_desired(photo(site, **({} if old is None else {field: old})))
    site.apply(before)
    original = field_on_site(site, field)
    desired = make_desired(photo(site, **{field: new}))
    site.settings(echo_writes=True, ignore_clears=True, ignore_writes=[FIELD_ON_SITE[field]])
    site.apply(desired)
    for _ in range(2):
        plan = site.plan(desired)
        assert not plan.drift
        assert not plan.conflicts
        assert field in plan.notices[0].message
        report = site.apply(desired).report
        assert (report.exit_code, report.outcomes[0].status) == (3, OutcomeStatus.NOT_TAKEN)
        assert field in report.outcomes[0].reason
    other = make_desired(photo(site, **{field: OTHER[field]}))
    assert not site.plan(other).conflicts
    site.apply(before)
    assert field_on_site(site, field) == original
    assert site.plan(before).is_empty
    site.settings(echo_writes=False, ignore_clears=False, ignore_writes=[])
    site.apply(desired)
    assert site.plan(desired).is_empty
    site.apply(before)
    assert site.plan(before).is_empty


def test_a_site_that_takes_the_ignored_write_later_is_quiet_and_reverts(site: EngineHarness) -> None:
    bare, desired = make_desired(photo(site)), make_desired(photo(site, description="new"))
    site.apply(bare)
    site.settings(echo_writes=True, ignore_writes=["item.description"])
    site.apply(desired)
    site.settings(ignore_writes=[])
    assert site.apply(desired).report.exit_code == 3, "its answer cannot be told from the one before"
    assert site.plan(desired).is_empty
    assert site.apply(desired).report.exit_code == 0
    site.apply(bare)
    assert not site.items()[0].get("description")
    assert site.plan(bare).is_empty
