"""The questions of a probe, in the order in which later ones build on earlier ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from galleryctl.engine.probe import fields, files, gallery
from galleryctl.engine.probe.conclusions import form_rules
from galleryctl.engine.probe.probed_site import ProbedSite
from galleryctl.model.desired import ItemOrder
from galleryctl.model.probe import Conclusion, Fact, FactStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A fact to find out, and the function that does; `needs_gallery` is False for questions about files."""

    name: str
    ask: Callable[[ProbedSite], Awaitable[Conclusion]]
    needs_gallery: bool = True


_FILE_QUESTIONS = (
    Question(name="uploads", ask=files.probe_upload, needs_gallery=False),
    Question(name="hash of a file", ask=files.probe_hash, needs_gallery=False),
    Question(name="imports", ask=files.probe_import, needs_gallery=False),
    Question(name="location data of a photo", ask=files.probe_location, needs_gallery=False),
    Question(name="file name of another type", ask=files.probe_file_names, needs_gallery=False),
    Question(name="size of a file", ask=files.probe_file_sizes, needs_gallery=False),
    Question(name="types of images", ask=files.probe_file_types, needs_gallery=False),
)
_GALLERY_QUESTIONS = (
    Question(name="read lag", ask=gallery.probe_read_lag),
    Question(name="order of listed items", ask=gallery.probe_listed_order),
    Question(name="repeated sort order", ask=gallery.probe_repeated_order),
    Question(name="precision of sort orders", ask=gallery.probe_sort_orders),
    Question(name="fields of a new item", ask=fields.probe_creates),
    Question(name="fields of an update", ask=fields.probe_updates),
)
_LAST_QUESTIONS = (
    Question(name="clears", ask=fields.probe_clears),
    Question(name="nested objects in an update", ask=fields.probe_nested),
    Question(name="long texts", ask=fields.probe_long_text),
    Question(name="change of an item's kind", ask=gallery.probe_kind_change),
    Question(name="largest itemLimit", ask=gallery.probe_item_limit),
    Question(name="bulk delete of an unknown id", ask=gallery.probe_bulk_delete),
    Question(name="responses to updates", ask=fields.probe_answers),
)
_DISPLAY = "direction of display"
_NOT_PROBED = (
    ("rate limit", "a test of it would slow down everyone who uses the site"),
    ("webhooks", "they need an app with a public address: see `galleryctl events`"),
    ("update of a gallery with items", "it could delete items: galleryctl never sends it"),
    (_DISPLAY, "only a page of the site shows it: set `item_order`, or give --item-order"),
)


def all_questions(mark: str) -> tuple[Question, ...]:
    """Return the questions of one run; `mark` is part of what they write."""
    forms = (Question(name=rule.name, ask=partial(fields.probe_form, rule=rule)) for rule in form_rules(mark))
    return (*_FILE_QUESTIONS, *_GALLERY_QUESTIONS, *forms, *_LAST_QUESTIONS)


def facts_not_probed() -> tuple[Fact, ...]:
    """Return the rows of what a probe does not find out, with the reasons."""
    return tuple(
        Fact(name=name, conclusion=Conclusion(result="cannot be probed", evidence=why, status=FactStatus.NOT_PROBED))
        for name, why in _NOT_PROBED
    )


def with_item_order(facts: Sequence[Fact], item_order: ItemOrder) -> tuple[Fact, ...]:
    """Return the rows with the user's answer about the direction of display."""
    evidence = f"only a page of the site shows it; --item-order says {item_order}"
    return tuple(
        replace(fact, conclusion=replace(fact.conclusion, evidence=evidence)) if fact.name == _DISPLAY else fact
        for fact in facts
    )
