"""Conclusions about what a site stores of a write; pure: documents of the API in, conclusions out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from galleryctl.model.fields import Json, float32, is_empty
from galleryctl.model.probe import Conclusion, FactStatus
from galleryctl.wix.errors import ApiError

_MAX_SHOWN = 60
"""Characters of a value that the evidence shows."""
_NFC = "Caf\u00e9"
_DECOMPOSED = "Cafe\u0301"
_TAGS = ("Dance", "dance", "Cake")
_FRACTION = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeWrite:
    """An update of an item: the whole item before, as sent, as answered, and as a read shows it afterwards."""

    before: Mapping[str, Json]
    sent: Mapping[str, Json]
    answered: Mapping[str, Json]
    stored: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRule:
    """A rewriting that a site may make: the paths to try, the value to send, and the test of what is stored."""

    name: str
    switch: str
    result: str
    paths: Sequence[str]
    sent: Json
    is_rewritten: Callable[[Json], bool]


def member_at(document: Json, path: str) -> Json:
    """Return the value at a path such as `link.url`; None if there is none."""
    for name in path.split("."):
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


def with_member(document: Mapping[str, Json], path: str, value: Json) -> Mapping[str, Json]:
    """Return the document with another value at a path: {"a": {"b": 1}} with a.c 2 is {"a": {"b": 1, "c": 2}}."""
    name, _, rest = path.partition(".")
    if not rest:
        return {**document, name: value}
    inner = document.get(name)
    return {**document, name: with_member(inner if isinstance(inner, Mapping) else {}, rest, value)}


def form_rules(mark: str) -> tuple[FormRule, ...]:
    """Return the rules to try; `mark` is part of each HTML, so that the text stays recognizable."""
    plain = ("title", "description")
    return (
        FormRule(
            name="HTML of texts",
            switch="add_html_class",
            result="paragraphs get a class",
            paths=("text.html",),
            sent=f"<p>{mark}</p>",
            is_rewritten=lambda stored: isinstance(stored, str) and "class=" in stored,
        ),
        FormRule(
            name="HTML in titles",
            switch="strip_html_tags",
            result="tags are removed",
            paths=plain,
            sent="<b>Cake</b> 1",
            is_rewritten=lambda stored: stored == "Cake 1",
        ),
        FormRule(
            name="spaces at both ends",
            switch="trim_texts",
            result="removed",
            paths=(*plain, "image.imageInfo.altText"),
            sent=" Rings ",
            is_rewritten=lambda stored: stored == "Rings",
        ),
        FormRule(
            name="Unicode",
            switch="normalize_unicode",
            result="stored in NFC",
            paths=(*plain, "image.imageInfo.altText"),
            sent=_DECOMPOSED,
            is_rewritten=lambda stored: stored == _NFC,
        ),
        FormRule(
            name="tags",
            switch="normalize_tags",
            result="stored in lower case, each once",
            paths=("tags.values",),
            sent=_TAGS,
            is_rewritten=lambda stored: _texts(stored) == sorted({tag.lower() for tag in _TAGS}),
        ),
        FormRule(
            name="URLs",
            switch="normalize_urls",
            result="host in lower case, empty path as /",
            paths=("link.url",),
            sent="https://Example.COM",
            is_rewritten=lambda stored: stored == "https://example.com/",
        ),
        FormRule(
            name="numbers",
            switch="round_numbers",
            result="rounded to 32 bits",
            paths=("image.focalPoint.x", "image.unsharpMasking.amount"),
            sent=_FRACTION,
            is_rewritten=lambda stored: stored == float32(_FRACTION),
        ),
    )


def conclude_form(rule: FormRule, path: str, write: ProbeWrite) -> Conclusion:
    """Return the conclusion about a rule, from a write of its value at `path`."""
    sent, stored = member_at(write.sent, path), member_at(write.stored, path)
    evidence = show_stored(path, sent, stored)
    if same_json(sent, stored):
        return Conclusion(result="stored as sent", evidence=evidence, switches={rule.switch: False})
    if rule.is_rewritten(stored):
        return Conclusion(result=rule.result, evidence=evidence, switches={rule.switch: True})
    if same_json(stored, member_at(write.before, path)):
        return unknown("the write was not taken", evidence)
    return Conclusion(result="stored in another form", evidence=evidence)


def not_taken(before: Mapping[str, Json], sent: Mapping[str, Json], stored: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the paths of the values in `sent` that differ from `before`, and that the site did not store at all."""
    return tuple(
        path
        for path, value in leaves(sent)
        if not same_json(value, member_at(before, path)) and same_json(member_at(stored, path), member_at(before, path))
    )


def leaves(document: Mapping[str, Json], prefix: str = "") -> Iterable[tuple[str, Json]]:
    """Yield the path and the value of everything in a document that is not an object."""
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def conclude_clears(write: ProbeWrite, paths: Sequence[str]) -> Conclusion:
    """Return whether values were cleared, by null, by an empty text and by an empty list."""
    tried = [path for path in paths if not is_empty(member_at(write.before, path))]
    kept = [path for path in tried if not is_empty(member_at(write.stored, path))]
    evidence = "; ".join(
        show_stored(path, member_at(write.sent, path), member_at(write.stored, path)) for path in tried
    )
    if not tried:
        return unknown("the item had no value to clear")
    if not kept:
        return Conclusion(result="taken", evidence=evidence, switches={"ignore_clears": False})
    if len(kept) == len(tried):
        return Conclusion(result="ignored", evidence=evidence, switches={"ignore_clears": True})
    return Conclusion(result=f"ignored for {', '.join(kept)}", evidence=evidence)


def conclude_nested(write: ProbeWrite, changed: str, left_out: str) -> Conclusion:
    """Return whether a nested object that is sent in part is merged or replaced."""
    before, stored = member_at(write.before, left_out), member_at(write.stored, left_out)
    evidence = f"sent {changed} without {left_out}, which was {show(before)} and is {show(stored)}"
    if not same_json(member_at(write.stored, changed), member_at(write.sent, changed)):
        return unknown("the write was not taken", evidence)
    if same_json(before, stored):
        return Conclusion(result="merged", evidence=evidence, switches={"nested_patch": "merge"})
    if is_empty(stored):
        return Conclusion(result="replaced", evidence=evidence, switches={"nested_patch": "replace"})
    return Conclusion(result="changed in another way", evidence=evidence)


def conclude_answers(writes: Iterable[ProbeWrite]) -> Conclusion:
    """Return whether responses to writes show what is stored, from all writes that were stored in another form."""
    echoed, true = list[str](), list[str]()
    for write in writes:
        for path, sent in leaves(write.sent):
            stored, answered = member_at(write.stored, path), member_at(write.answered, path)
            if same_json(sent, stored):
                continue
            if same_json(answered, stored):
                true.append(f"{path}: answered {show(answered)}, as stored")
            elif same_json(answered, sent):
                echoed.append(f"{path}: answered {show(answered)}, stored {show(stored)}")
    if echoed and not true:
        return Conclusion(result="what was sent", evidence=echoed[0], switches={"echo_writes": True})
    if true and not echoed:
        return Conclusion(result="what is stored", evidence=true[0], switches={"echo_writes": False})
    if echoed:
        return Conclusion(result="what was sent, for some fields", evidence="; ".join((echoed[0], true[0])))
    return unknown("no difference between what was sent and what is stored was seen")


def unknown(result: str, evidence: str = "") -> Conclusion:
    """Return the conclusion that the probe cannot decide."""
    return Conclusion(result=result, evidence=evidence, status=FactStatus.UNKNOWN)


def show_stored(path: str, sent: Json, stored: Json) -> str:
    """Return the evidence of one write: `title: " Rings " → "Rings"`."""
    return f"{path}: {show(sent)} → {show(stored)}"


def describe_error(error: ApiError) -> str:
    """Return the evidence of a rejection: status, message, fields and the API's code, if there is one."""
    parts = [error.what, *(str(each) for each in error.violations if each.description not in error.what)]
    return "; ".join(parts) + (f" ({error.code})" if error.code else "")


def show(value: Json) -> str:
    """Return a value as short JSON, with characters that are not ASCII as escapes."""
    text = json.dumps(value, default=list)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 1]}…"


def same_json(one: Json, other: Json) -> bool:
    """Return True for equal JSON values; a tuple is a list, and 1 is not true."""
    return json.dumps(_comparable(one), sort_keys=True) == json.dumps(_comparable(other), sort_keys=True)


def _comparable(value: Json) -> object:
    if isinstance(value, Mapping):
        return {name: _comparable(part) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_comparable(part) for part in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return value


def _texts(value: Json) -> list[str]:
    values = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return sorted(each for each in values if isinstance(each, str))
