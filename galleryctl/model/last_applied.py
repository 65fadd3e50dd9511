"""The last applied values of a resource, as digests: what an apply sent, and what the site answered.

A digest stands for a canonical value: values that `values_equal` does not distinguish have one digest. Six bytes suffice,
because a digest is only compared with those of one field of one resource.
"""

from __future__ import annotations

import json
import re
from binascii import b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b

from galleryctl.model.fields import Json, float32
from galleryctl.model.variable_text import VariableText

_DIGEST_BYTES = 6
_DIGEST = r"[A-Za-z0-9+/]{8}"
_BASE = re.compile(
    rf"(?P<doubt>\?)?(?P<ignored>!)?(?P<equal>=)?(?P<sent>{_DIGEST})(?:>(?P<answered>{_DIGEST}))?"
    rf"(?:<(?P<before_equal>=)?(?P<before>{_DIGEST}))?(?P<ours>(?:\|{_DIGEST})*)"
)
DIGEST_PATTERN = re.compile(_DIGEST)


class Origin(StrEnum):
    """The way in which a resource became managed."""

    CREATED = "created"
    ADOPTED = "adopted"
    RESTORED = "restored"
    """Known only from a restored version of the state: forgotten, and not deleted, if no manifest names it."""
    UNKNOWN = "unknown"
    """Recorded in state format 1, which had no origins."""


class SortOrderFormat(StrEnum):
    """The format in which a site stores sort orders."""

    DOUBLE = "double"
    FLOAT32 = "32 bits"
    SIX_DIGITS = "6 digits"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldBase:
    """The last applied value of one field, or of one leaf of a structure, as digests.

    `wrote` is True if our write changed the site, False if the value was found equal. `doubt` is True if the answer to
    the write was lost, and the site shows something else than was sent. `ignored` is True if the site answered the write
    as if it took it, and kept the value `answered`. `before` is the value before the write, "" if it was empty, and
    `wrote_before` is `wrote` of that value. A field that was cleared because the manifest no longer names it has a base
    with `before`, and not `wrote`, until it is known that the site took that. `ours` are the digests of the tags that were
    not on the item before we wrote them.
    """

    sent: str
    answered: str
    wrote: bool = False
    doubt: bool = False
    ignored: bool = False
    before: str = ""
    wrote_before: bool = False
    ours: tuple[str, ...] = ()

    @property
    def was_cleared(self) -> bool:
        """True if it only tells of a clear, which the site seems to have taken: otherwise there would be no base."""
        # A value that was found equal, and written again with others of its structure, is as it was before.
        is_other = self.before not in ("", self.answered)
        return is_other and not (self.wrote or self.ignored or self.doubt)

    @classmethod
    def parse(cls, text: str) -> FieldBase:
        """Return the base that `str` wrote. Raises ValueError if it is not one."""
        found = _BASE.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not the base of a field")
        doubt, ignored, equal, sent, answered, before_equal, before, ours = found.groups()
        return cls(
            sent=sent,
            answered=answered or sent,
            wrote=not equal,
            doubt=bool(doubt),
            ignored=bool(ignored),
            before=before or "",
            wrote_before=bool(before) and not before_equal,
            ours=tuple(ours.split("|")[1:]) if ours else (),
        )

    def __str__(self) -> str:
        """Return `[?][!][=]SENT[>ANSWERED][<[=]BEFORE][|TAG…]`.

        `?` is for doubt, `!` for an ignored write, `=` for a value that we did not write; ANSWERED is left out if equal.
        """
        answered = "" if self.answered == self.sent else f">{self.answered}"
        before = f"<{'' if self.wrote_before else '='}{self.before}" if self.before else ""
        flags = ("?" if self.doubt else "") + ("!" if self.ignored else "") + ("" if self.wrote else "=")
        return flags + self.sent + answered + before + "".join(f"|{tag}" for tag in self.ours)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentValue:
    """A value that a write sends, the value before it, and the tags that it adds, as digests."""

    sent: str
    before: str
    added: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LastApplied:
    """The record of one resource in state: its origin, and a base for each field named at the last apply.

    `sort_order` is the answered one of an item. `revision` is the digest of the item's `updatedDate` in the last
    answer, "" if it is unknown. `xmp_sidecar` is True if an .xmp sidecar was beside the file of the item.
    """

    origin: Origin = Origin.UNKNOWN
    fields: Mapping[str, FieldBase] = field(default_factory=dict)
    sort_order: float | None = None
    revision: str = ""
    xmp_sidecar: bool = False


NEVER_APPLIED = LastApplied()
_TEXT_TYPES = frozenset({str, VariableText})


def value_digest(value: Json) -> str:
    """Return the digest of a canonical value, 8 characters of base64."""
    # A plan of 10,000 items needs 50,000 digests, most of them of texts and of tags, which need no escapes.
    if type(value) in _TEXT_TYPES:
        text = f'"{value}'
    elif type(value) is tuple and set(map(type, value)) <= _TEXT_TYPES:
        text = "\x1f".join(("[", *value))
    else:
        text = json.dumps(_normalize(value), sort_keys=True, separators=(",", ":"))
    digest = blake2b(text.encode(errors="surrogatepass"), digest_size=_DIGEST_BYTES).digest()
    return b2a_base64(digest, newline=False).decode()


def _normalize(value: Json) -> Json:
    """Return `value` with numbers as 32-bit floats and without null members, as `values_equal` compares them."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return float32(value) + 0.0  # -0.0 is 0.0
    if isinstance(value, Mapping):
        return {name: _normalize(part) for name, part in value.items() if part is not None}
    return [_normalize(part) for part in value]
