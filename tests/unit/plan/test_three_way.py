"""The decision for a field: desired, last applied, live."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.model.fields import Fields, Json
from galleryctl.model.last_applied import FieldBase, LastApplied, Origin, value_digest
from galleryctl.plan.answers import answered_fields, recovered_bases, sent_values
from galleryctl.plan.changes import Cause
from galleryctl.plan.diff import Difference, diff
from galleryctl.plan.three_way import Answer, classify_answer, loose_form


def base(sent: Json, answered: Json = None, *, wrote: bool = True, doubt: bool = False) -> FieldBase:
    """The base of a field: what was sent, and the answer if it was another one."""
    answer = sent if answered is None else answered
    return FieldBase(sent=value_digest(sent), answered=value_digest(answer), wrote=wrote, doubt=doubt)


def compare(desired: Fields, live: Fields, **bases: FieldBase) -> Difference:
    return diff(desired, live, LastApplied(origin=Origin.CREATED, fields=bases))


def summary(found: Difference) -> tuple[dict[str, Json], list[str], list[str], list[str]]:
    """What is written, the causes, and the paths whose base changes or is dropped."""
    return dict(found.write), [part.cause.value for part in found.fields], list(found.rebased), list(found.released)


T = "title"


@pytest.mark.parametrize(
    ("desired", "live", "last", "expected"),
    [
        pytest.param({}, {T: "L"}, None, ({}, [], [], []), id="3: not named, no base"),
        pytest.param({}, {T: "S"}, base("S", "A", doubt=True), ({T: ""}, ["cleared"], [], []), id="5: doubt, as sent"),
        pytest.param({}, {T: "A"}, base("S", "A", doubt=True), ({}, [], [], [T]), id="6: doubt, not as sent"),
        pytest.param({}, {T: "L"}, base("S"), ({}, [], [], [T]), id="6: changed by a person"),
        pytest.param({}, {T: ""}, base("", wrote=True), ({}, [], [], [T]), id="6: empty"),
        pytest.param({}, {T: "S"}, base("S", wrote=False), ({}, [], [], [T]), id="6: found equal"),
        pytest.param({}, {T: "A"}, base("S", "A"), ({T: ""}, ["cleared"], [], []), id="7: ours"),
        pytest.param({T: "D"}, {T: "D"}, None, ({}, [], [], []), id="8: equal, no base"),
        pytest.param({T: "D"}, {T: "D"}, base("S"), ({}, [], [T], []), id="9: equal, another base"),
        pytest.param({T: "D"}, {T: "D"}, base("D", doubt=True), ({}, [], [T], []), id="9: equal, doubt"),
        pytest.param({T: "D"}, {T: "L"}, None, ({T: "D"}, ["first managed"], [], []), id="10: first managed"),
        pytest.param({T: "D"}, {T: "L"}, base("D", "A", doubt=True), ({T: "D"}, ["interrupted"], [], []), id="11"),
        pytest.param({T: " D "}, {T: "D"}, base(" D ", "D"), ({}, [], [], []), id="12: the site's form"),
        pytest.param({T: "D"}, {T: "L"}, base("D"), ({T: "D"}, ["drift"], [], []), id="13: drift"),
        pytest.param(
            {T: "D"}, {T: "A"}, base("S", "A"), ({T: "D"}, ["manifest"], [], []), id="14: the manifest changed"
        ),
        pytest.param({T: "D"}, {T: "L"}, base("S"), ({T: "D"}, ["conflict"], [], []), id="15: both changed"),
        pytest.param({T: ""}, {T: "S"}, base("S"), ({T: ""}, ["manifest"], [], []), id="null is named"),
    ],
)
def test_each_row_of_the_table(
    desired: Fields,
    live: Fields,
    last: FieldBase | None,
    expected: tuple[dict[str, Json], list[str], list[str], list[str]],
) -> None:
    bases = {} if last is None else {T: last}
    assert summary(compare(desired, live, **bases)) == expected


def test_an_ignored_field_is_released_and_not_cleared() -> None:
    found = diff({}, {T: "S"}, LastApplied(fields={T: base("S")}), frozenset({T}))
    assert summary(found) == ({}, [], [], [T])
    assert found.bases == {}


def test_an_equal_value_gets_a_base_that_says_it_is_not_ours() -> None:
    assert compare({T: "D"}, {T: "D"}).bases == {T: base("D", wrote=False)}
    assert compare({T: "D"}, {T: "D"}, title=base("S")).bases == {T: base("D", wrote=False)}
    assert compare({T: "D"}, {T: "D"}, title=base("S", "D")).bases == {T: base("D", wrote=True)}


def tags_base(*tags: str, ours: tuple[str, ...]) -> FieldBase:
    digest = value_digest(tags)
    return FieldBase(sent=digest, answered=digest, wrote=True, ours=tuple(sorted(map(value_digest, ours))))


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (("a", "b"), ({"tags": ("a",)}, ["cleared"], [], [])),
        (("a", "b", "theirs"), ({"tags": ("a", "theirs")}, ["conflict"], [], [])),
        (("a",), ({}, [], [], ["tags"])),
    ],
)
def test_only_our_tags_are_cleared(live: tuple[str, ...], expected: object) -> None:
    """`a` was on the item before we wrote a and b."""
    assert summary(compare({}, {"tags": live}, tags=tags_base("a", "b", ours=("b",)))) == expected


def test_a_leaf_that_is_no_longer_named_is_cleared_and_the_others_stay() -> None:
    bases = {"focal_point.x": base(0.5), "focal_point.y": base(0.25)}
    live: Fields = {"focal_point": {"x": 0.5, "y": 0.25, "z": 1}}
    record = LastApplied(fields=bases)
    found = diff({"focal_point": {"x": 0.5}}, live, record)
    assert found.write == {"focal_point": {"x": 0.5, "y": None, "z": 1}}
    assert (found.named, found.cleared) == (("focal_point.x",), ("focal_point.y",))
    whole = diff({}, {"focal_point": {"x": 0.5, "y": 0.25}}, record)
    assert whole.write == {"focal_point": None}


def test_a_leaf_that_a_person_changed_stays_when_it_is_no_longer_named() -> None:
    record = LastApplied(fields={"exif.iso": base(100), "exif.lens.mm": base(50)})
    found = diff({}, {"exif": {"iso": 100, "lens": {"mm": 35, "name": "L"}}}, record)
    assert found.write == {"exif": {"iso": None, "lens": {"mm": 35, "name": "L"}}}
    assert found.released == ("exif.lens.mm",)


@pytest.mark.parametrize(
    ("before", "desired", "live"),
    [
        ("exif.lens", {"exif": {"lens": {"mm": 50}}}, {"exif": {"lens": "50mm"}}),
        ("exif.lens.mm", {"exif": {"lens": "50mm"}}, {"exif": {"lens": {"mm": 50}}}),
        ("exif.lens.mm", {"exif": None}, {"exif": {"lens": {"mm": 50}}}),
    ],
)
def test_a_leaf_that_becomes_a_structure_or_the_reverse_is_not_cleared(
    before: str, desired: Fields, live: Fields
) -> None:
    value = "50mm" if before == "exif.lens" else 50
    found = diff(desired, live, LastApplied(origin=Origin.CREATED, fields={before: base(value)}))
    assert found.write == desired
    assert (found.cleared, found.released, dict(found.bases)) == ((), (), {})


def test_the_name_of_a_gallery_is_released() -> None:
    assert summary(compare({}, {"name": "Party"}, name=base("Party"))) == ({}, [], [], ["name"])


@pytest.mark.parametrize(
    ("sent", "before", "answer", "expected"),
    [
        ("New", "Old", "New", Answer.TAKEN),
        ("New", "Old", "Old", Answer.NOT_TAKEN),
        ("", "Old", "Old", Answer.NOT_TAKEN),
        (" Rings ", "Rings", "Rings", Answer.OTHER_FORM),
        ("<p>New</p>", "", '<p class="f">New</p>', Answer.OTHER_FORM),
        (("A", "b"), (), ("a", "b"), Answer.OTHER_FORM),
        (("A",), ("a",), ("a",), Answer.OTHER_FORM),
        (0.123456789, None, 0.12345679, Answer.TAKEN),
        ("https://a.example", "", "https://a.example/", Answer.OTHER_FORM),
    ],
)
def test_answers(sent: Json, before: Json, answer: Json, expected: Answer) -> None:
    assert classify_answer(sent, before, answer) is expected


def written(bases: dict[str, FieldBase], found: Difference, live: Fields, answer: Fields) -> LastApplied:
    after = answered_fields(
        bases, named=found.named, cleared=found.cleared, write=found.write, before=live, answer=answer
    )
    return LastApplied(fields=after.bases)


def test_a_site_that_rewrites_is_quiet_after_one_write_and_a_revert_clears() -> None:
    desired: Fields = {"description": "<p>New</p>"}
    stored: Fields = {"description": '<p class="f">New</p>'}
    first = compare(desired, {"description": ""})
    record = written({}, first, {"description": ""}, stored)
    assert diff(desired, stored, record).write == {}
    reverted = diff({}, stored, record)
    assert reverted.write == {"description": ""}
    (left,) = written(dict(record.fields), reverted, stored, {"description": ""}).fields.values()
    assert left.was_cleared


def test_an_ignored_write_keeps_the_base_and_is_written_again() -> None:
    live: Fields = {T: "Old"}
    found = compare({T: ""}, live, title=base("Old"))
    after = answered_fields(
        {T: base("Old")}, named=found.named, cleared=(), write=found.write, before=live, answer=live
    )
    assert after.not_taken == (T,)
    assert after.bases == {T: base("Old")}


def test_a_value_in_doubt_that_is_sent_again_and_stays_is_the_form_of_the_site() -> None:
    desired: Fields = {T: "a b"}
    live: Fields = {T: "a_b"}
    doubt = replace(base("a b", "Old"), doubt=True)
    found = compare(desired, live, title=doubt)
    assert [part.cause for part in found.fields] == [Cause.INTERRUPTED]
    after = answered_fields({T: doubt}, named=found.named, cleared=(), write=found.write, before=live, answer=live)
    assert (after.not_taken, after.other_form) == ((), (T,))
    record = LastApplied(fields=after.bases)
    assert diff(desired, live, record).write == {}
    assert diff({}, live, record).cleared == (T,)


def test_only_a_clear_leaves_a_base_that_tells_of_one() -> None:
    """A leaf that is written again with the others of its structure was found equal, and is as it was."""
    path, x, y = "focal_point", "focal_point.x", "focal_point.y"
    live, write = {path: {"x": 0.5, "y": 0.25}}, {path: {"x": 0.75, "y": 0.25}}
    bases = {x: base(0.5, wrote=False), y: base(0.25, wrote=False)}
    after = answered_fields(bases, named=(x, y), cleared=(), write=write, before=live, answer=write).bases
    assert not any(each.was_cleared for each in after.values())
    cleared = answered_fields(after, named=(), cleared=(x,), write={path: {"x": None}}, before=write, answer={}).bases
    assert [each for each in cleared if cleared[each].was_cleared] == [x]
    assert FieldBase.parse(str(cleared[x])).was_cleared


def test_overwriting_an_equal_value_does_not_make_it_ours() -> None:
    """The site trims: what we sent changed nothing."""
    found = compare({T: " Rings "}, {T: "Rings"})
    record = written({}, found, {T: "Rings"}, {T: "Rings"})
    assert record.fields[T].wrote is False
    assert diff({}, {T: "Rings"}, record).released == (T,)


@pytest.mark.parametrize(
    ("now", "cause"),
    [("New", None), ("Old", Cause.MANIFEST), ("Else", Cause.INTERRUPTED)],
)
def test_a_lost_answer(now: str, cause: Cause | None) -> None:
    live: Fields = {T: "Old"}
    bases = {T: base("Old")}
    found = compare({T: "New"}, live, **bases)
    sent = sent_values(found.named, found.cleared, found.write, live)
    after = LastApplied(fields=recovered_bases(bases, sent, {T: now}))
    changes = diff({T: "New"}, {T: now}, after).fields
    assert [part.cause for part in changes] == ([] if cause is None else [cause])


def test_tags_of_a_lost_answer_are_ours() -> None:
    found = compare({"tags": ("a", "b")}, {"tags": ("a",)})
    sent = sent_values(found.named, found.cleared, found.write, {"tags": ("a",)})
    after = LastApplied(fields=recovered_bases({}, sent, {"tags": ("a", "b")}))
    assert diff({}, {"tags": ("a", "b")}, after).write == {"tags": ("a",)}


def test_loose_forms() -> None:
    assert loose_form(" <p class='x'>Cafe\u0301 ") == loose_form("<p>CAFÉ</p>")
    assert loose_form("https://A.example/") == loose_form("https://a.example")
    assert loose_form("https://A.example/?x=1#y") == loose_form("https://a.example?x=1#y")
    assert loose_form("Tom &amp; Ann") == loose_form("Tom & Ann")
    assert loose_form(("B", "b", "a", " ")) == loose_form(("a", "B"))
    assert loose_form("cat") != loose_form("dog")


BASES = st.builds(
    FieldBase,
    sent=st.just("AAAAAAAA") | st.just("A+/Z09aa"),
    answered=st.just("AAAAAAAA") | st.just("BBBBBBBB"),
    wrote=st.booleans(),
    doubt=st.booleans(),
    ignored=st.booleans(),
    ours=st.just(()) | st.just(("CCCCCCCC", "DDDDDDDD")),
)


@given(BASES, st.booleans())
def test_a_base_is_read_as_it_was_written(value: FieldBase, wrote_before: bool) -> None:
    assert FieldBase.parse(str(value)) == value
    with_before = replace(value, before="EEEEEEEE", wrote_before=wrote_before)
    assert FieldBase.parse(str(with_before)) == with_before


@pytest.mark.parametrize(
    "text", ["", "AAAA", "AAAAAAAA>", "==AAAAAAAA", "AAAAAAAA|x", "AAAAAAAA\n", "?AAAAAAAA>BBBBBBBB>"]
)
def test_another_text_is_not_a_base(text: str) -> None:
    with pytest.raises(ValueError, match="is not the base of a field"):
        FieldBase.parse(text)


def test_equal_values_have_one_digest() -> None:
    assert value_digest(1) == value_digest(1.0) == value_digest(1.00000000001)
    assert value_digest({"x": 1, "y": None}) == value_digest({"x": 1.0})
    assert value_digest("1") != value_digest(1)
    assert value_digest((True,)) != value_digest((1,))
