"""The rules of `lint`: functions from the declared items, and what their files say of themselves, to findings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

from galleryctl.manifest.files.search import composed
from galleryctl.model.desired import Desired, DesiredGallery, DesiredItem
from galleryctl.model.errors import Problem
from galleryctl.model.lint import LintFinding, LintRule, Severity
from galleryctl.model.media import Kind, LocalFile, RemoteFile, WixFile
from galleryctl.model.position import SourcePosition
from galleryctl.model.upload_formats import MAX_IMAGE_BYTES
from galleryctl.photo.facts import NO_FACTS, PhotoFacts

TINY_SIDE = 1_280
"""Pixels of the longer side. The vendor names no minimum; its guides for galleries recommend 1,280 by 960 or more."""
HUGE_SIDE = 16_383
"""Pixels of the longer side: no WebP is larger, which is the format that the vendor's servers send to most browsers."""
_SEPARATORS = re.compile(r"[\W_]+")

Severities = Mapping[LintRule, Severity]
"""The severity of each rule that is on."""
Facts = Mapping[str, PhotoFacts]
"""The metadata of the files of the workspace, by path."""


class _Finding(NamedTuple):
    """A finding of a rule about an item."""

    message: str
    at: SourcePosition


def lint(desired: Desired, facts: Facts, severities: Severities) -> tuple[LintFinding, ...]:
    """Return the findings about the items of all manifests, in the order of the files and of their lines."""
    findings = [
        LintFinding(
            rule=rule,
            severity=severities[rule],
            message=found.message,
            at=found.at,
            address=str(item.address),
            path=_path_of(item),
        )
        for gallery in desired.galleries
        for rule, item, found in _findings_in(gallery, facts)
        if rule in severities
    ]
    return _sorted(findings)


def problem_findings(problems: Iterable[Problem], severities: Severities) -> tuple[LintFinding, ...]:
    """Return the problems of manifests that cannot be read as a whole as findings."""
    found = ((_rule_of(problem), problem) for problem in problems)
    return _sorted(
        LintFinding(rule=rule, severity=severities.get(rule, Severity.ERROR), message=problem.message, at=problem.at)
        for rule, problem in found
    )


def _rule_of(problem: Problem) -> LintRule:
    is_focal_point = problem.message.startswith("focal_point.") or ".focal_point." in problem.message
    return LintRule.FOCAL_POINT_OUTSIDE if is_focal_point else LintRule.INVALID_MANIFEST


def _findings_in(gallery: DesiredGallery, facts: Facts) -> Iterator[tuple[LintRule, DesiredItem, _Finding]]:
    for item in gallery.items:
        if item.held is not None:
            yield LintRule.UNUSABLE_FILE, item, _Finding(item.held.why, item.held.at)
            continue
        own = facts.get(_path_of(item), NO_FACTS)
        for rule, check in _ITEM_RULES.items():
            if message := check(item, own):
                name = "alt_text" if rule is LintRule.ALT_TEXT_IS_FILE_NAME else ""
                yield rule, item, _Finding(message, item.field_positions.get(name, item.at))
    yield from ((LintRule.REPEATED_PHOTO, item, found) for item, found in _repeated(gallery))


def _missing_alt_text(item: DesiredItem, _facts: PhotoFacts) -> str:
    if item.kind is not Kind.IMAGE or "alt_text" in item.ignore | item.unknown or item.fields.get("alt_text"):
        return ""
    return f"{_name_of(item)} has no alt_text: a screen reader has nothing to say about it"


def _alt_text_is_file_name(item: DesiredItem, _facts: PhotoFacts) -> str:
    alt_text, path = item.fields.get("alt_text"), PurePosixPath(_name_of(item))
    if not isinstance(alt_text, str) or "alt_text" in item.unknown:
        return ""
    names = {_words(path.name), _words(path.stem)}
    return f"the alt_text {alt_text!r} is the name of the file" if _words(alt_text) in names - {""} else ""


def _tiny_picture(item: DesiredItem, facts: PhotoFacts) -> str:
    width, height = facts.displayed_size
    if item.kind is not Kind.IMAGE or not 0 < max(width, height) < TINY_SIDE:
        return ""
    return f"{_name_of(item)} has {width:,} by {height:,} pixels: it is blurred where it is shown larger"


def _huge_picture(item: DesiredItem, facts: PhotoFacts) -> str:
    if item.kind is not Kind.IMAGE or not isinstance(item.media, LocalFile):
        return ""
    width, height = facts.displayed_size
    if max(width, height) > HUGE_SIDE:
        return f"{_name_of(item)} has {width:,} by {height:,} pixels, more than the {HUGE_SIDE:,} of a WebP"
    if item.media.size > MAX_IMAGE_BYTES:
        megabytes = f"{item.media.size / 1_000_000:,.1f} MB"
        return f"{_name_of(item)} has {megabytes}; the site may reject more than {MAX_IMAGE_BYTES // 1_000_000} MB"
    return ""


def _location_data(item: DesiredItem, _facts: PhotoFacts) -> str:
    is_published = isinstance(item.media, LocalFile) and item.media.located
    return f"{_name_of(item)} says where it was taken, and its original is public" if is_published else ""


_ITEM_RULES: Mapping[LintRule, Callable[[DesiredItem, PhotoFacts], str]] = {
    LintRule.MISSING_ALT_TEXT: _missing_alt_text,
    LintRule.ALT_TEXT_IS_FILE_NAME: _alt_text_is_file_name,
    LintRule.TINY_PICTURE: _tiny_picture,
    LintRule.HUGE_PICTURE: _huge_picture,
    LintRule.LOCATION_DATA: _location_data,
}


def _repeated(gallery: DesiredGallery) -> Iterator[tuple[DesiredItem, _Finding]]:
    """Yield the items that show the photo or video of an earlier one in the same gallery."""
    first: dict[str, DesiredItem] = {}
    for item in gallery.items:
        if isinstance(item.media, LocalFile):
            content = item.media.content or item.media.sha256
        elif isinstance(item.media, RemoteFile):
            content = item.media.url
        elif isinstance(item.media, WixFile):
            content = item.media.id
        else:
            continue
        earlier = first.setdefault(content, item)
        if earlier is not item:
            same = f"{_name_of(earlier)} ({earlier.address} at {earlier.at})"
            yield item, _Finding(f"{_name_of(item)} has the content of {same}", item.at)


def _path_of(item: DesiredItem) -> str:
    return item.media.path if isinstance(item.media, LocalFile) else item.held.path if item.held else ""


def _name_of(item: DesiredItem) -> str:
    """Return the path of the item's file, the name of its file in the Media Manager, or its key."""
    name = item.media.filename if isinstance(item.media, WixFile) else ""
    return _path_of(item) or name or str(item.address.item)


def _words(text: str) -> str:
    """Return a text in the form in which `IMG_0001.jpg` and `img 0001 jpg` are equal."""
    return _SEPARATORS.sub(" ", composed(text).casefold()).strip()


def _sorted(findings: Iterable[LintFinding]) -> tuple[LintFinding, ...]:
    def key(finding: LintFinding) -> tuple[str, int, int, str, str]:
        at = finding.at or SourcePosition("", 0, 0)
        return at.file, at.line, at.column, finding.path, finding.rule

    return tuple(sorted(findings, key=key))
