"""The names by which a probe recognizes what a probe has created; pure.

The gallery's name, a label of each file and the HTML of each text contain the mark of one run: a fixed word and 64 random
bits. It is all lower-case ASCII without spaces, so that no rewriting changes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence

from galleryctl.model.fields import Json

MARK_PREFIX = "galleryctl-probe-"
_MARK = re.compile(rf"{MARK_PREFIX}[0-9a-f]{{16}}")
_NAME = re.compile(rf"{_MARK.pattern}(?:-renamed)?")


def is_mark(label: str) -> bool:
    """Return True if a label is the mark of a run."""
    return _MARK.fullmatch(label) is not None


def renamed(mark: str) -> str:
    """Return the second name of the gallery, which is recognized as well."""
    return f"{mark}-renamed"


def contains_mark(document: Json, mark: str) -> bool:
    """Return True if a gallery or an item contains the mark of this run."""
    return mark in _text(document)


def may_be_own(document: Json, files: Collection[str]) -> bool:
    """Return True if a gallery or an item contains the mark of a run, or shows one of the `files` of probes."""
    text = _text(document)
    return _MARK.search(text) is not None or any(id_ in text for id_ in files)


def is_own_gallery(name: str, items: Sequence[Json], files: Collection[str]) -> bool:
    """Return True if a probe has created the gallery and every item in it; `files` are the ids of probes' files.

    A gallery of another name is a probe's only if one of its texts has a mark: the site may ignore names.
    """
    has_name = _NAME.fullmatch(name) is not None
    return all(may_be_own(item, files) for item in items) and (has_name or any(may_be_own(each, ()) for each in items))


def _text(document: Json) -> str:
    return json.dumps(document, default=list)
