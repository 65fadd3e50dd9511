"""Conclusions of a probe from documents of the API, and the marks by which it recognizes its own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galleryctl.engine.probe.conclusions import (
    FormRule,
    ProbeWrite,
    conclude_answers,
    conclude_clears,
    conclude_form,
    conclude_nested,
    form_rules,
    member_at,
    not_taken,
    with_member,
)
from galleryctl.engine.probe.marks import is_mark, is_own_gallery, may_be_own, renamed
from galleryctl.model.fields import Json
from galleryctl.model.probe import FactStatus

MARK = "galleryctl-probe-0123456789abcdef"
RULES = {rule.switch: rule for rule in form_rules(MARK)}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def write(before: dict[str, Any], sent: dict[str, Any], stored: dict[str, Any], answered: Any = None) -> ProbeWrite:
    return ProbeWrite(before=before, sent=sent, stored=stored, answered=stored if answered is None else answered)


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
@settings(max_examples=30)
@given(stored=JSON, before=JSON)
def test_a_switch_is_concluded_only_from_the_value_or_its_rewriting(rule: FormRule, stored: Json, before: Json) -> None:
    path = rule.paths[0]
    done = write(*({**with_member({}, path, value)} for value in (before, rule.sent, stored)))
    switches = conclude_form(rule, path, done).switches
    if switches:
        assert switches == {rule.switch: stored != rule.sent and list(rule.sent) != stored}  # type: ignore[arg-type]  # a sequence in the rules with lists
    assert conclude_form(rule, path, write({}, dict(done.sent), dict(done.sent))).switches == {rule.switch: False}


def test_a_write_without_effect_decides_nothing() -> None:
    kept = conclude_form(RULES["trim_texts"], "title", write({"title": "old"}, {"title": " Rings "}, {"title": "old"}))
    assert (kept.status, kept.switches) == (FactStatus.UNKNOWN, {})


def test_an_unknown_form_gives_no_switch() -> None:
    other = conclude_form(RULES["trim_texts"], "title", write({}, {"title": " Rings "}, {"title": "RINGS"}))
    assert (other.result, other.switches) == ("stored in another form", {})
    assert other.evidence == 'title: " Rings " → "RINGS"'


def test_fields_are_not_taken_only_if_they_keep_the_old_value() -> None:
    before: dict[str, Any] = {"title": "a", "link": {"url": "u", "text": "t"}, "quality": 80}
    sent: dict[str, Any] = {"title": "b", "link": {"url": "v", "text": "t"}, "quality": 90.0}
    assert not_taken(before, sent, {"title": "B", "link": {"url": "u", "text": "t"}, "quality": 90}) == ("link.url",)


@pytest.mark.parametrize(
    ("stored", "result", "switches"),
    [
        ({}, "taken", {"ignore_clears": False}),
        ({"title": "t", "description": "d"}, "ignored", {"ignore_clears": True}),
        ({"description": "d"}, "ignored for description", {}),
    ],
)
def test_clears(stored: dict[str, Any], result: str, switches: dict[str, Any]) -> None:
    full = {"title": "t", "description": "d"}
    found = conclude_clears(write(full, {"title": "", "description": None}, stored), ["title", "description"])
    assert (found.result, found.switches) == (result, switches)


@pytest.mark.parametrize(
    ("link", "switches"),
    [
        ({"url": "v", "text": "t"}, {"nested_patch": "merge"}),
        ({"url": "v"}, {"nested_patch": "replace"}),
        ({"url": "v", "text": None}, {"nested_patch": "replace"}),
        ({"url": "u", "text": "t"}, {}),
    ],
)
def test_nested_objects(link: dict[str, Any], switches: dict[str, Any]) -> None:
    done = write({"link": {"url": "u", "text": "t"}}, {"link": {"url": "v"}}, {"link": link})
    assert conclude_nested(done, "link.url", "link.text").switches == switches


def test_answers_that_echo() -> None:
    def answers(*values: str) -> dict[str, Json]:
        writes = [write({}, {"title": " a "}, {"title": "a"}, {"title": value}) for value in values]
        return dict(conclude_answers(writes).switches)

    assert answers(" a ", " a ") == {"echo_writes": True}
    assert answers("a") == {"echo_writes": False}
    assert answers("a", " a ") == answers() == {}


@given(document=st.dictionaries(st.sampled_from("abc"), JSON), value=JSON)
def test_a_changed_value_is_read_at_its_path(document: dict[str, Json], value: Json) -> None:
    assert member_at(with_member(document, "a.b.c", value), "a.b.c") == value
    assert {k: v for k, v in with_member(document, "a", value).items() if k != "a"} == {
        k: v for k, v in document.items() if k != "a"
    }


@pytest.mark.parametrize("label", ["galleryctl-probe-", f"{MARK}0", f"x{MARK}", MARK.upper(), "galleryctl:sha256:0"])
def test_other_labels_are_not_marks(label: str) -> None:
    assert not is_mark(label)
    assert is_mark(MARK)


TEXT = {"text": {"html": f"<p>{MARK}</p>"}}
PHOTO = {"image": {"imageInfo": {"id": "f1"}}}


@pytest.mark.parametrize(
    ("name", "items", "is_own"),
    [
        (MARK, [], True),
        (renamed(MARK), [TEXT, PHOTO], True),
        (MARK, [TEXT, {"title": "Ada"}], False),
        ("", [TEXT], True),
        ("Weddings", [PHOTO], False),
        ("", [], False),
        (f"{MARK} copy", [], False),
    ],
)
def test_a_gallery_is_a_probe_s_only_with_all_its_items(name: str, items: list[Json], is_own: bool) -> None:
    assert is_own_gallery(name, items, ["f1"]) is is_own
    assert may_be_own({"name": name, "items": items}, ["f1"]) or not is_own
