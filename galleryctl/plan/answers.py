"""The last applied values of a resource after the site's answer to a write, or after a lost answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from galleryctl.model.fields import Fields, Json, is_empty
from galleryctl.model.last_applied import FieldBase, SentValue, value_digest
from galleryctl.plan.leaves import value_at
from galleryctl.plan.three_way import Answer, answered_base, classify_answer, loose_form, with_doubt, with_value_before


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
    base, so that the next plan writes it again. A cleared path loses its base. `was_read` is True if the answer was lost
    and `answer` was read later: a person may have changed it in between, so only a similar value counts as the site's
    form, and any other is in doubt.
    """
    after = dict(bases)
    not_taken: list[str] = []
    other_form: list[str] = []
    for path in named:
        sent, old, new = value_at(write, path), value_at(before, path), value_at(answer, path)
        outcome = classify_answer(sent, old, new)
        repeats = outcome is Answer.NOT_TAKEN and _repeats_write_in_doubt(bases.get(path), sent)
        if repeats:
            outcome = Answer.OTHER_FORM
        if outcome is Answer.NOT_TAKEN or (outcome is Answer.TAKEN and _was_ignored(bases.get(path), sent)):
            not_taken.append(path)
            continue
        if outcome is Answer.OTHER_FORM:
            if was_read and loose_form(new) != loose_form(sent):
                after[path] = with_doubt(bases.get(path), sent=value_digest(sent), before=value_digest(old))
                continue
            other_form.append(path)
        base = answered_base(
            bases.get(path), sent=value_digest(sent), before=value_digest(old), answered=value_digest(new)
        )
        if repeats:
            base = replace(base, wrote=True)
        elif outcome is Answer.TAKEN and not is_empty(old):
            base = with_value_before(base, bases.get(path), value_digest(old))
        after[path] = base if path != "tags" else _with_our_tags(base, bases.get(path), _added_tags(old, new), new)
    for path in cleared:
        sent, old, new = value_at(write, path), value_at(before, path), value_at(answer, path)
        if classify_answer(sent, old, new) is Answer.NOT_TAKEN:
            not_taken.append(path)
        else:
            after.pop(path, None)
    return AnsweredFields(bases=after, not_taken=tuple(not_taken), other_form=tuple(other_form))


def _repeats_write_in_doubt(base: FieldBase | None, sent: Json) -> bool:
    """Return True if the write of the same value is in doubt: what both left on the site is its form of that value.

    sent "https://a.example?x" and killed; the site shows "https://a.example/?x", sent again: it still does
    """
    return base is not None and base.doubt and base.sent == value_digest(sent) and not is_empty(sent)


def _was_ignored(base: FieldBase | None, sent: Json) -> bool:
    """Return True if the site ignored the last write of the same value: an answer that repeats it shows nothing."""
    return base is not None and base.ignored and base.sent == value_digest(sent)


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
