"""Which live gallery a person means: by key, id or name."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from galleryctl.manifest.keys import key_from_title, unique_key
from galleryctl.model.address import KEY_PATTERN
from galleryctl.model.errors import MatchError, Refused
from galleryctl.model.live import LiveGallery


@dataclass(frozen=True, slots=True, kw_only=True)
class GallerySelector:
    """What was asked for: `text` is a key, an id or a name; `id` and `name` say which of these they are."""

    text: str | None = None
    id: str | None = None
    name: str | None = None


def select_gallery(
    galleries: Sequence[LiveGallery], keys: Mapping[str, str], selector: GallerySelector
) -> tuple[LiveGallery, str]:
    """The live gallery, and the key that it has or shall have; `keys` is live id → key of the managed ones.

    Raises MatchError when none or several fit, Refused when it has another key than the one asked for.
    """
    if selector.id is not None:
        live = _exactly_one([g for g in galleries if g.id == selector.id], galleries, selector.id, "the id")
    elif selector.name is not None:
        live = _exactly_one([g for g in galleries if g.name == selector.name], galleries, selector.name, "the name")
    else:
        live = find_gallery(galleries, keys, selector.text or "")
    known = keys.get(live.id)
    key = selector.text if selector.text and KEY_PATTERN.match(selector.text) and selector.text != live.id else None
    if known is not None and key not in (None, known, live.name):
        raise Refused(
            f"gallery {live.name or live.id} is managed as {known}, not as {key}",
            do=f"galleryctl import {known}; to rename it: galleryctl state mv {known} {key}, and `gallery:` in its manifest",
        )
    key = known or key or free_key(live, set(keys.values()))
    if key in keys.values() and known is None:
        (other,) = (id_ for id_, taken in keys.items() if taken == key)
        raise Refused(f"{key} is another gallery, {other}", why=f"asked for was {live.id}", do="give it another key")
    return live, key


def find_gallery(galleries: Sequence[LiveGallery], keys: Mapping[str, str], text: str) -> LiveGallery:
    """The gallery with this key; else with this id; else with this name; else with a name that makes this key."""
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
    """A key from the gallery's name, `gallery` without one, that is not taken."""
    return unique_key(key_from_title(gallery.name) or "gallery", taken)


def _exactly_one(found: Sequence[LiveGallery], galleries: Sequence[LiveGallery], text: str, field: str) -> LiveGallery:
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(sorted(gallery.id for gallery in found))
        raise MatchError(
            f"{len(found)} galleries of the site have {field} {text!r}",
            why=f"their ids: {ids}",
            do="give the id",
        )
    names = [name for gallery in galleries for name in (gallery.name, gallery.id) if name]
    close = get_close_matches(text, names, n=3)
    raise MatchError(
        f"the site has no gallery with {field} {text!r}",
        do=f"did you mean {' or '.join(map(repr, close))}?" if close else "see: galleryctl show --live",
    )
