"""Differences between a write and what the site stores of it: rewritten values, and fields that are not written.

Pure: the item or gallery of a request in, the stored one out. To rewrite a rewritten value changes nothing.
"""

from __future__ import annotations

import json
import re
import struct
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from galleryctl.emulator.faults.settings import EmulatorSettings

_Doc = dict[str, Any]
_Path = tuple[str, ...]
_PLAIN_TEXTS: tuple[_Path, ...] = (("title",), ("description",))
_OTHER_TEXTS: tuple[_Path, ...] = (("name",), ("link", "text"), ("image", "imageInfo", "altText"), ("text", "html"))
_URLS: tuple[_Path, ...] = (("link", "url"), ("video", "videoInfo", "url"))
# What the API requires of a new item; a create cannot leave it out.
_REQUIRED = ("image.imageInfo.id", "image.imageInfo.width", "image.imageInfo.height", "video.videoInfo.id",
             "video.videoInfo.url", "text.html")  # fmt: skip
# The members that identify a file.
_FILE_MEMBERS = {"imageInfo": ("id",), "videoInfo": ("id", "url")}
_VENDOR_TAG_PREFIX = "_fileOrigin_"
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_PARAGRAPH = re.compile(r"<p((?:\s[^>]*)?)>", re.IGNORECASE)
_CLASS = re.compile(r"\bclass\s*=", re.IGNORECASE)
_WEB_URL = re.compile(r"(https?://)([^/?#]*@)?([^/?#@]*)([^?#]*)(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenDocument:
    """An item or a gallery after a write: as stored, and as the response shows it."""

    stored: _Doc
    answered: _Doc


def answer_write(settings: EmulatorSettings, stored: _Doc, sent: _Doc, read_only: tuple[str, ...]) -> WrittenDocument:
    """Return the result of a write; `sent` is the whole document as it would be without rewriting.

    With `echo_writes`: stored {"id": "1", "title": "a"}, sent {"title": " a "} → answered {"title": " a ", "id": "1"}.
    """
    if not settings.echo_writes:
        return WrittenDocument(stored=stored, answered=stored)
    assigned = [*read_only, *(() if "sortOrder" in sent else ("sortOrder",))]
    return WrittenDocument(stored=stored, answered=sent | {name: stored[name] for name in assigned if name in stored})


def rewrite_document(doc: _Doc, settings: EmulatorSettings) -> _Doc:
    """Return the item or gallery of a request, whole or in part, with its values as the site stores them.

    | switch | sent | stored |
    | --- | --- | --- |
    | `add_html_class` | html `<p>a</p><P id="b">c</P>` | `<p class="font_8">a</p><P class="font_8" id="b">c</P>` |
    | `strip_html_tags` | title `<b>Cake</b> 1 < 2` | `Cake 1 < 2` |
    | `trim_texts` | title ` Rings `, tags [` a`] | `Rings`, [`a`] |
    | `normalize_unicode` | `e` and U+0301, in texts and tags | `é` |
    | `normalize_tags` | tags [`Dance`, `dance`, `_fileOrigin_x`] | [`dance`, `_fileOrigin_x`] |
    | `normalize_urls` | link.url `https://Example.COM` | `https://example.com/` |
    | `round_numbers` | focalPoint.x 0.1 | 0.10000000149011612 |

    The sort order is not rewritten here: see `rewrite_sort_order`.
    """
    for path in _PLAIN_TEXTS:
        doc = _rewrite_at(doc, path, partial(_rewrite_text, settings, strip_tags=settings.strip_html_tags))
    for path in _OTHER_TEXTS:
        doc = _rewrite_at(doc, path, partial(_rewrite_text, settings))
    doc = _rewrite_at(doc, ("tags", "values"), partial(_rewrite_tags, settings), kind=list)
    if settings.add_html_class:
        doc = _rewrite_at(doc, ("text", "html"), _add_html_class)
    for path in _URLS if settings.normalize_urls else ():
        doc = _rewrite_at(doc, path, _normalize_url)
    if settings.round_numbers:
        rounded: _Doc = json.loads(json.dumps(doc), parse_float=_round_number)
        doc = rounded | ({"sortOrder": doc["sortOrder"]} if "sortOrder" in doc else {})
    return doc


def rewrite_sort_order(value: float, settings: EmulatorSettings) -> float:
    """Return a sort order as the site stores it, by `sort_order_precision`; raises OverflowError if it has no such form.

    1234567.8 → double 1234567.8, float32 1234567.75, six_digits 1234570.0, whole 1234568.0.
    """
    match settings.sort_order_precision:
        case "float32":
            return _round_to_float32(value)
        case "six_digits":
            return float(f"{value:.6g}")
        case "whole":
            return float(round(value))
        case "double":
            return float(value)


def keep_unwritten(settings: EmulatorSettings, entity: Literal["gallery", "item"], old: _Doc | None, new: _Doc) -> _Doc:
    """Return `new` with the old values of all that the switches leave unwritten; `old` is None for a create.

    `ignore_writes` ["item.link.text"]: old {"link": {"url": "u", "text": "t"}}, new {"link": {"url": "v"}}
    → {"link": {"url": "v", "text": "t"}}. A create leaves out what it ignores, unless the API requires it.

    `ignore_clears`: old {"title": "t", "tags": {"values": ["a"]}}, new {"tags": {"values": []}}
    → {"title": "t", "tags": {"values": ["a"]}}.
    """
    for name in settings.ignore_writes:
        owner, _, path = name.partition(".")
        is_required = old is None and any(required == path or required.startswith(f"{path}.") for required in _REQUIRED)
        if owner == entity and not is_required:
            new = _keep_path(old or {}, new, path.split("."))
    return _keep_cleared(old or {}, new) if settings.ignore_clears else new


def _keep_path(old: _Doc, new: _Doc, path: list[str]) -> _Doc:
    """Return `new` with the value that `old` has at the path, or without one."""
    name, *rest = path
    before, after = old.get(name), new.get(name)
    if not rest:
        is_kept, kept = name in old, before
    elif isinstance(before, dict) or isinstance(after, dict):
        kept = _keep_path(_as_object(before), _as_object(after), rest)
        is_kept = bool(kept) or after == {}
    else:
        return new
    return new | {name: kept} if is_kept else {other: value for other, value in new.items() if other != name}


def _as_object(value: Any) -> _Doc:
    return value if isinstance(value, dict) else {}


def _keep_cleared(old: _Doc, new: _Doc) -> _Doc:
    kept = dict(new)
    for name, before in old.items():
        after = new.get(name)
        if _is_cleared(after):
            kept |= {} if _is_cleared(before) else {name: before}
        elif isinstance(before, dict) and isinstance(after, dict) and _is_same_file(name, before, after):
            kept[name] = _keep_cleared(before, after)
    return kept


def _is_same_file(name: str, before: _Doc, after: _Doc) -> bool:
    """Return False if an `imageInfo` or `videoInfo` is that of another file, whose members are not clears."""
    return all(before.get(member) == after.get(member) for member in _FILE_MEMBERS.get(name, ()))


def _is_cleared(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _rewrite_at(doc: _Doc, path: _Path, rewrite: Callable[[Any], Any], kind: type = str) -> _Doc:
    """Return `doc` with the value at the path rewritten, if it is of this kind."""
    name, *rest = path
    value = doc.get(name)
    if rest:
        return doc | {name: _rewrite_at(value, tuple(rest), rewrite, kind)} if isinstance(value, dict) else doc
    return doc | {name: rewrite(value)} if isinstance(value, kind) else doc


def _rewrite_text(settings: EmulatorSettings, text: str, *, strip_tags: bool = False) -> str:
    """Apply what concerns a text until nothing changes: a removed tag can leave another one, or letters to compose.

    `<<b>i>e<b>` and U+0301 → `<i>e` and U+0301 → `e` and U+0301 → `é`.
    """
    before = None
    while text != before:
        before = text
        text = _TAG.sub("", text) if strip_tags else text
        text = unicodedata.normalize("NFC", text) if settings.normalize_unicode else text
        text = text.strip() if settings.trim_texts else text
    return text


def _rewrite_tags(settings: EmulatorSettings, tags: list[str]) -> list[str]:
    tags = [_rewrite_tag(settings, tag) for tag in tags]
    return list(dict.fromkeys(tags)) if settings.normalize_tags else tags


def _rewrite_tag(settings: EmulatorSettings, tag: str) -> str:
    before = None
    while tag != before:  # a letter in lower case can have parts to compose
        before = tag
        tag = _rewrite_text(settings, tag)
        tag = tag.lower() if settings.normalize_tags and not tag.startswith(_VENDOR_TAG_PREFIX) else tag
    return tag


def _add_html_class(html: str) -> str:
    def add_class(found: re.Match[str]) -> str:
        return found[0] if _CLASS.search(found[1]) else f'{found[0][:2]} class="font_8"{found[1]}>'

    return _PARAGRAPH.sub(add_class, html)


def _normalize_url(url: str) -> str:
    """Return a web URL with scheme and host in lower case, and `/` for an empty path."""
    found = _WEB_URL.fullmatch(url)
    if found is None:
        return url
    scheme, user, host, path, rest = found.groups(default="")
    return f"{scheme.lower()}{user}{host.lower()}{path or '/'}{rest}"


def _round_number(text: str) -> float:
    """Return a fraction of the JSON rounded to 32 bits; one beyond their range is kept."""
    try:
        return _round_to_float32(float(text))
    except OverflowError:
        return float(text)


def _round_to_float32(value: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", value))[0])
