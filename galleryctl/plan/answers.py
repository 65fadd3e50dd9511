"""The last applied values of a resource after the site's answer to a write, or after a lost answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from galleryctl.model.fields import Fields, Json, is_empty
from galleryctl.model.last_applied import FieldBase, SentValue, value_digest
from galleryctl.plan.leaves import value_at
from galleryctl.plan.three_way import (
    Answer,
    answered_base,
    classify_answer,
    cleared_base,
    loose_form,
    with_doubt,
    with_value_before,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredFields:
    """The bases after an answer, the paths that the site did not take, and those that it stores in another form."""

    bases: Mapping[str, FieldBase]
    not_taken: tuple[str, ...] = ()
    other_form: tuple[str, ...] = ()


def answered_fields(
    bases: Mapping[str, FieldBase],
    *,
    named: Iterable[str],
    cleared: Iterable[str],
    write: Fields,
    before: Fields,
    answer: Fields,
    was_read: bool = False,
) -> AnsweredFields:
    """Return the bases after the site answered the write of `named` and `cleared` paths with `answer`.

    `bases` are those of the resource before the write, `before` its fields then. A value that was not taken keeps its
    base, so that the next plan writes it again. A cleared path keeps one that tells of the clear: reads may show that the
    site did not take it. `was_read` is True if the answer was lost
    and `answer` was read later: a person may have changed it in between, so only a similar value counts as the site's
    form, and any other is in doubt.
    """
    after = dict(bases)
    not_taken: list[str] = []
    other_form: list[str] = []
    for path in named:
        sent, old, new = value_at(write, path), value_at(before, path), value_at(answer, path)
        outcome, base = _after_write(bases.get(path), sent, old, new, was_read=was_read)
        if base is None:
            not_taken.append(path)
            continue
        if outcome is Answer.OTHER_FORM and not base.doubt:
            other_form.append(path)
        after[path] = base if path != "tags" else _with_our_tags(base, bases.get(path), _added_tags(old, new), new)
    for path in cleared:
        sent, old, new = value_at(write, path), value_at(before, path), value_at(answer, path)
        outcome, base = classify_answer(sent, old, new), bases.get(path)
        if outcome is Answer.NOT_TAKEN or (base is not None and base.ignored and base.sent == value_digest(sent)):
            not_taken.append(path)
        elif outcome is Answer.TAKEN and is_empty(sent) and not was_read:
            after[path] = cleared_base(sent=value_digest(sent), before=value_digest(old), earlier=base)
        else:
            after.pop(path, None)
    return AnsweredFields(bases=after, not_taken=tuple(not_taken), other_form=tuple(other_form))


def _after_write(
    base: FieldBase | None, sent: Json, before: Json, answer: Json, *, was_read: bool
) -> tuple[Answer, FieldBase | None]:
    """Return the meaning of the answer to a write, and the base after it, None if the value was not taken.

    A write that repeats one in doubt, and one that the site ignored, are special:

        sent "a b" and killed; the site shows "a_b"; sent again, it still does    its form of "a b"
        sent "b", answered "b", and the site kept "a"; sent again, answered "b"   not taken: the answer shows nothing
    """
    outcome = classify_answer(sent, before, answer)
    digest, old = value_digest(sent), value_digest(before)
    after = answered_base(base, sent=digest, before=old, answered=value_digest(answer))
    is_same = base is not None and base.sent == digest
    if outcome is Answer.TAKEN:
        if base is not None and base.ignored and is_same:
            return outcome, None
        return outcome, after if is_empty(before) else with_value_before(after, base, old)
    if base is not None and base.doubt and is_same and after.answered == old and not is_empty(sent):
        return Answer.OTHER_FORM, replace(after, wrote=True)
    if outcome is Answer.NOT_TAKEN:
        return outcome, None
    if was_read and loose_form(answer) != loose_form(sent):
        return outcome, with_doubt(base, sent=digest, before=old)
    return outcome, after


def recovered_bases(
    bases: Mapping[str, FieldBase], sent: Mapping[str, SentValue], live: Fields
) -> Mapping[str, FieldBase]:
    """Return the bases after a write whose answer was lost, from what the site shows now.

    A live value equal to the one sent is the answer; one equal to the one before shows that the write had no effect, or
    that it arrives later; any other is in doubt.
    """
    after = dict(bases)
    for path, value in sent.items():
        found = value_at(live, path)
        now, base = value_digest(found), bases.get(path)
        if now == value.sent:
            after[path] = answered_base(base, sent=value.sent, before=value.before, answered=now)
        elif now != value.before:
            after[path] = with_doubt(base, sent=value.sent, before=value.before)
        else:
            continue
        if path == "tags":
            after[path] = _with_our_tags(after[path], base, value.added, found)
    return after


def sent_values(named: Iterable[str], cleared: Iterable[str], write: Fields, before: Fields) -> dict[str, SentValue]:
    """Return what a write sends, for the journal."""
    sent: dict[str, SentValue] = {}
    for path in (*named, *cleared):
        new, old = value_at(write, path), value_at(before, path)
        added = _added_tags(old, new) if path == "tags" else ()
        sent[path] = SentValue(sent=value_digest(new), before=value_digest(old), added=added)
    return sent


def _with_our_tags(base: FieldBase, before: FieldBase | None, added: Iterable[str], live: Json) -> FieldBase:
    """Return `base` with the digests of the live tags that are there because of us: `added` now, or ours before."""
    tags = set(map(value_digest, live)) if isinstance(live, tuple) else set()
    ours = tags.intersection({*added, *(before.ours if before is not None else ())})
    return replace(base, ours=tuple(sorted(ours)))


def _added_tags(before: Json, after: Json) -> tuple[str, ...]:
    old = set(before) if isinstance(before, tuple) else set()
    return tuple(sorted(value_digest(tag) for tag in after if tag not in old)) if isinstance(after, tuple) else ()
