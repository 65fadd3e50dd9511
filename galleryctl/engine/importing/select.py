"""Select a live gallery by key, id or name."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from galleryctl.manifest.keys import key_from_title, unique_key
from galleryctl.model.address import KEY_PATTERN
from galleryctl.model.command import command_line
from galleryctl.model.errors import MatchError, Refused
from galleryctl.model.live import LiveGallery


@dataclass(frozen=True, slots=True, kw_only=True)
class GallerySelector:
    """The gallery to select: `text` is a key, an id or a name; with `id` or `name`, it is the key."""

    text: str | None = None
    id: str | None = None
    name: str | None = None


def select_gallery(
    galleries: Sequence[LiveGallery], keys: Mapping[str, str], selector: GallerySelector, unapplied: Mapping[str, str]
) -> tuple[LiveGallery, str]:
    """Return the live gallery, and its present or future key; `keys` is live id → key of the managed ones.

    `unapplied` is key → manifest of those that state does not have.

    Raises MatchError unless exactly one gallery fits, Refused if the gallery has another key than the requested one.
    """
    if selector.id is not None:
        live = _exactly_one([g for g in galleries if g.id == selector.id], galleries, selector.id, "the id")
    elif selector.name is not None:
        live = _exactly_one([g for g in galleries if g.name == selector.name], galleries, selector.name, "the name")
    else:
        live = find_gallery(galleries, keys, selector.text or "")
    current = keys.get(live.id)
    key = selector.text if selector.text and KEY_PATTERN.match(selector.text) and selector.text != live.id else None
    is_other = current is not None and key not in (None, current, live.name)
    if current is not None and is_other and current in unapplied:
        raise Refused(
            f"{unapplied[current]} already declares gallery {live.name or live.id}, as {current}, not as {key}",
            do=f"import {current}; or rename it: write `gallery: {key}` in {unapplied[current]}, and import {key}",
        )
    if is_other:
        raise Refused(
            f"gallery {live.name or live.id} is managed as {current}, not as {key}",
            do=f"import {current}; or rename it: "
            + command_line("state", "mv", str(current), str(key))
            + ", and `gallery:` in its manifest",
        )
    key = current or key or free_key(live, set(keys.values()))
    if key in keys.values() and current is None:
        (other,) = (id_ for id_, taken in keys.items() if taken == key)
        why = f"the gallery to import is {live.id}"
        raise Refused(f"the key {key} belongs to another gallery, {other}", why=why, do="choose another key")
    return live, key


def find_gallery(galleries: Sequence[LiveGallery], keys: Mapping[str, str], text: str) -> LiveGallery:
    """Return the gallery with this key, else id, else name, else a name that would give it this key."""
    for fits in (
        [g for g in galleries if keys.get(g.id) == text],
        [g for g in galleries if g.id == text],
        [g for g in galleries if g.name == text],
        [g for g in galleries if key_from_title(g.name) == text],
    ):
        if fits:
            return _exactly_one(fits, galleries, text, "the name")
    return _exactly_one([], galleries, text, "the key, id or name")


def free_key(gallery: LiveGallery, taken: Container[str]) -> str:
    """Return an unused key made from the gallery's name, or from "gallery" if it has none."""
    return unique_key(key_from_title(gallery.name) or "gallery", taken)


def _exactly_one(found: Sequence[LiveGallery], galleries: Sequence[LiveGallery], text: str, field: str) -> LiveGallery:
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(sorted(gallery.id for gallery in found))
        message = f"{len(found)} galleries of the site have {field} {text!r}"
        raise MatchError(message, why=f"their ids: {ids}", do="select one by its id")
    names = [name for gallery in galleries for name in (gallery.name, gallery.id) if name]
    close = get_close_matches(text, names, n=3)
    raise MatchError(
        f"the site has no gallery with {field} {text!r}",
        do=f"did you mean {' or '.join(map(repr, close))}?" if close else "see: " + command_line("show", "--live"),
    )
