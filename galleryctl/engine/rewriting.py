"""The course of a rewrite of one manifest: expand `from:` where necessary, write other values, and say what could not be.

`drift --accept` and `undo` follow it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from galleryctl.engine.importing.unapplied import named_values
from galleryctl.engine.manifest_texts import ManifestTexts
from galleryctl.manifest.files.atomic_write import read_text, replace_texts
from galleryctl.manifest.files.symlinks import ensure_inside
from galleryctl.manifest.load import Manifest
from galleryctl.manifest.write.expand import expand_patterns, pattern_keys
from galleryctl.manifest.write.representable import representable_fields, source_text
from galleryctl.manifest.write.update import ManifestText
from galleryctl.model.address import Address
from galleryctl.model.desired import DesiredGallery, DesiredItem
from galleryctl.model.errors import InvalidInput
from galleryctl.model.fields import FIELD_BY_NAME, Json
from galleryctl.model.live import LiveItem
from galleryctl.model.variable_text import VariableText
from galleryctl.model.waiting import Waiting, WaitKind

READING = Waiting(kind=WaitKind.MANIFESTS, what="the manifests to be read")
WRITING = Waiting(kind=WaitKind.MANIFESTS, what="the new texts of the manifests")
"""The parts of a rewrite that can take longer than three seconds: 10,000 entries, or as many captions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewrittenManifest:
    """A manifest before and after; None if there is none."""

    gallery: str
    file: str
    before: str | None
    after: str | None
    values: tuple[str, ...] = ()
    """The values that are others now: `KEY NAME`, or `name` or `order` of the gallery."""
    removed: tuple[str, ...] = ()
    """The keys of the entries that it no longer has."""
    added: tuple[str, ...] = ()
    """The keys of its new entries."""
    expanded: int = 0
    """The number of entries that replaced `from:`."""

    @property
    def is_changed(self) -> bool:
        """True if it says something else: an expansion alone does not."""
        return self.before != self.after and (bool(self.values or self.removed or self.added) or self.before is None)


PatternKeys = Mapping[int, Sequence[str]]
"""The index of each `from:` entry → the keys of its items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftChange:
    """A change that a manifest does not get, and why."""

    address: Address
    why: str


def why_invalid(error: InvalidInput) -> str:
    """Return the reason for which a manifest cannot be written: the first problem."""
    return str(error.problems[0]) if error.problems else error.what


def rewrite(
    texts: ManifestTexts,
    manifest: Manifest,
    *,
    needs_entries: Callable[[Sequence[str]], bool],
    order: Sequence[str],
    render: Callable[[str, DesiredGallery, PatternKeys], ManifestText],
) -> RewrittenManifest:
    """Return the manifest of a gallery as `render` writes it, from its text and what that declares.

    It has entries in place of each `from:` for whose keys `needs_entries` is True, in the `order` of these keys. Raises InvalidInput if it cannot be written with its comments.
    """
    before = text = read_text(texts.config.root / manifest.file)
    reread = texts.reread(manifest.file)
    expanded, gallery = 0, manifest.gallery
    patterns = pattern_keys(text, manifest)
    if only := [index for index, keys in patterns.items() if needs_entries(keys)]:
        expansion = expand_patterns(text, manifest, reread, order, only)
        after = reread(expansion.text)
        text, expanded, gallery = expansion.text, expansion.entries, after.gallery
        patterns = pattern_keys(text, after)
    if gallery is None:
        raise AssertionError(f"{manifest.file} was read before")
    rendered = render(text, gallery, patterns)
    values = named_values(rendered.updated, rendered.keys)
    # The entries that replace `from:` are in another order already, which the rendering cannot notice.
    order_of_expansion = ("order",) if manifest.gallery and _is_reordered(manifest.gallery, gallery) else ()
    entries = {item.address.item for item in gallery.items}
    return RewrittenManifest(
        gallery=gallery.address.gallery,
        file=manifest.file,
        before=before,
        after=rendered.text,
        values=tuple(dict.fromkeys((*values, *order_of_expansion))),
        removed=rendered.removed,
        added=tuple(key for key in rendered.keys.values() if key not in entries),
        expanded=expanded,
    )


def stay_together(keys: Sequence[str], order: Sequence[str]) -> bool:
    """Return True if the items of a `from:` entry are displayed one after another, and in its order."""
    items = {*keys}
    indexes = [index for index, key in enumerate(order) if key in items]
    shown = [order[index] for index in indexes]
    present = {*shown}
    is_together = not indexes or indexes[-1] - indexes[0] + 1 == len(indexes)
    return is_together and shown == [key for key in keys if key in present]


def _is_reordered(before: DesiredGallery, after: DesiredGallery) -> bool:
    """Return True if items that are in both have another order."""
    keys, others = ({item.address: None for item in gallery.items} for gallery in (before, after))
    return [key for key in keys if key in others] != [key for key in others if key in keys]


def write_manifests(texts: ManifestTexts, files: Sequence[RewrittenManifest]) -> None:
    """Write the manifests: all of them, or in case of an error none."""
    root = texts.config.root
    replace_texts({ensure_inside(root, root / each.file): (each.before, each.after) for each in files})


def why_not_written(entry: DesiredItem, name: str, item: LiveItem) -> str:
    """Return the reason for which an entry does not have a field of an item, "" if there is none."""
    label = FIELD_BY_NAME[name].key
    if name in entry.ignore:
        return f"{label}: the manifest ignores it"
    if shown := _variable_text(entry.fields.get(name)):
        return f"{label}: its value comes from the environment: {shown}"
    is_source = FIELD_BY_NAME[name].is_source
    if (source_text(item) is None) if is_source else (name not in representable_fields(item)):
        return f"{label}: a manifest cannot have the value"
    return ""


def _variable_text(value: Json) -> str:
    """Return the first text from the environment in a value as it is written, "" if there is none."""
    if isinstance(value, VariableText):
        return value.shown
    if isinstance(value, dict):
        value = list(value.values())
    parts = value if isinstance(value, list | tuple) else ()
    return next(filter(None, map(_variable_text, parts)), "")
