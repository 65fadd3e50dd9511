"""The three-way decision for one field: desired, last applied, live.

Values are compared by their digests. D is the desired value, L the live one, and the base holds the last value sent and
the site's answer to it:

    sent "  Rings ", answered "Rings"; D and L are still these           no change: the site trims
    the manifest now says "Ring"                                         D ≠ sent: a change from the manifest
    a person wrote "Gold" in the Editor                                  L ≠ answered: drift
    both                                                                 conflict
    the manifest no longer names the field; we wrote it, L = answered    cleared
    the same, but a person wrote "Gold"                                  released: the value is the person's now
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum, auto
from html import unescape

from galleryctl.model.fields import Json, is_empty, values_equal
from galleryctl.model.last_applied import FieldBase, value_digest

_TAG = re.compile(r"<[^>]*>")
_END_OF_PATH = re.compile(r"/+(?=[?#]|\s*$)")
_DIGITS = 5
"""Digits of a number that every observed storage format keeps."""


class Decision(Enum):
    """The plan for one field."""

    NO_CHANGE = auto()
    RECORD = auto()
    """Equal without a base: recorded with the next write of the state, and not shown."""
    REBASE = auto()
    """Equal, but with another base: only the state changes."""
    FIRST_MANAGED = auto()
    UPDATE = auto()
    DRIFT = auto()
    CONFLICT = auto()
    INTERRUPTED = auto()
    """The answer to the last write was lost, and the site shows something else."""
    CLEAR = auto()
    RELEASE = auto()


def decide_named(desired: str, live: str, base: FieldBase | None, *, equal: bool) -> Decision:
    """Return the decision for a field that the manifest names; `equal` says if the live value is the desired one."""
    if equal:
        if base is None:
            return Decision.RECORD
        same = (base.sent, base.answered, base.doubt or base.ignored) == (desired, live, False)
        return Decision.NO_CHANGE if same else Decision.REBASE
    if base is None:
        return Decision.FIRST_MANAGED
    if base.doubt:
        return Decision.INTERRUPTED
    from_manifest, from_site = base.ignored or desired != base.sent, live != base.answered
    if from_manifest:
        return Decision.CONFLICT if from_site else Decision.UPDATE
    return Decision.DRIFT if from_site else Decision.NO_CHANGE


def decide_unnamed(live: str, base: FieldBase, *, live_is_empty: bool) -> Decision:
    """Return the decision for a field that the manifest no longer names: CLEAR if the value is ours, else RELEASE."""
    is_ours = live == base.sent if base.doubt else live == base.answered and base.wrote
    return Decision.CLEAR if is_ours and not live_is_empty else Decision.RELEASE


def rebased(base: FieldBase | None, desired: str, live: str) -> FieldBase:
    """Return the base of a field whose live value was found equal to the desired one."""
    wrote = base is not None and base.wrote and live == base.answered
    ours = base.ours if base is not None and live == base.answered else ()
    return FieldBase(sent=desired, answered=live, wrote=wrote, ours=ours)


class Answer(Enum):
    """The meaning of the site's answer to a write."""

    TAKEN = auto()
    NOT_TAKEN = auto()
    OTHER_FORM = auto()
    """The site stores another form of the value than was sent."""


def classify_answer(sent: Json, before: Json, answer: Json) -> Answer:
    """Return the meaning of an answer; `before` is the value before the write.

    An ignored write leaves the value as it was. So does one that the site stores in the form it already had, such as
    " Rings " for "Rings": that is told apart by `loose_form`.
    """
    if values_equal(answer, sent):
        return Answer.TAKEN
    if values_equal(answer, before) and (is_empty(sent) or loose_form(answer) != loose_form(sent)):
        return Answer.NOT_TAKEN
    return Answer.OTHER_FORM


def with_value_before(base: FieldBase, earlier: FieldBase | None, before: str) -> FieldBase:
    """Return `base` with the digest of the value before the write: the site may keep it although it answers otherwise.

    `earlier` is the base before the write.
    """
    wrote = earlier is not None and earlier.wrote and earlier.answered == before
    return replace(base, before=before, wrote_before=wrote)


def cleared_base(*, sent: str, before: str, earlier: FieldBase | None) -> FieldBase:
    """Return the base of a cleared field that the manifest does not name; it was ours, with the value `before`."""
    ours = earlier.ours if earlier is not None else ()
    return FieldBase(sent=sent, answered=sent, before=before, wrote_before=True, ours=ours)


def ignored_base(base: FieldBase, live: Json) -> FieldBase | None:
    """Return the base of a write that was answered, if the site still has the value from before; None if it does not.

    Nobody has changed the resource since the answer:

        sent "b" where "a" was, answered "b"; the site has "a"    not taken: written again, and neither drift nor conflict
        the same; after another such write the site has "b"       taken
    """
    if not (base.ignored or base.before or is_empty(live)):
        return None  # the most frequent case
    found = value_digest(live)
    if base.ignored and found == base.sent:
        return FieldBase(sent=found, answered=found, wrote=True, ours=base.ours)
    was_kept = found == base.before if base.before else is_empty(live)
    if base.doubt or base.sent != base.answered or found == base.answered or not was_kept:
        return None
    return FieldBase(sent=base.sent, answered=found, wrote=base.wrote_before, ignored=True, ours=base.ours)


def answered_base(base: FieldBase | None, *, sent: str, before: str, answered: str) -> FieldBase:
    """Return the base after an answer; all values are digests."""
    wrote = answered != before or (base is not None and base.wrote and before == base.answered)
    return FieldBase(sent=sent, answered=answered, wrote=wrote)


def with_doubt(base: FieldBase | None, *, sent: str, before: str) -> FieldBase:
    """Return the base of a field whose write has no known answer; `before` is the digest before the write."""
    if base is None:
        return FieldBase(sent=sent, answered=before, wrote=False, doubt=True)
    return replace(base, sent=sent, doubt=True, ignored=False, before="", wrote_before=False)


def loose_form(value: Json) -> Json:
    """Return a form in which a value and what a site may make of it are equal; it only classifies answers.

    Texts are normalized to NFC and case-folded, without HTML tags, character references, surrounding spaces and a slash
    at the end of a path; numbers are rounded to 5 digits; lists have no order, no duplicates and no empty texts:

        "<p class='x'>The Rings &amp; more </p>"  →  "the rings & more"
        "HTTPS://A.example/?x=1"                  →  "https://a.example?x=1"
    """
    if isinstance(value, str):
        plain = unescape(_TAG.sub("", value))
        text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", plain).casefold())
        return _END_OF_PATH.sub("", text.strip()).rstrip()
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, Mapping):
        return {name: loose_form(part) for name, part in value.items() if part is not None}
    return sorted({str(loose_form(part)) for part in value} - {""})


def looks_same(value: Json, other: Json) -> bool:
    """Return True if a person cannot see a difference: texts that differ in outer spaces or in their Unicode form."""
    if isinstance(value, str) and isinstance(other, str):
        return unicodedata.normalize("NFC", value.strip()) == unicodedata.normalize("NFC", other.strip())
    return values_equal(value, other)
