"""Replaces the `from:` entries of a manifest by the entries that they stand for, and moves no other line.

    items:                                     items:
      # the ceremony                             # the ceremony
      - from: photos/ceremony/*.jpg     →        - {image: photos/ceremony/kiss.jpg, captions: true, quality: 85}
        quality: 85                              - {image: photos/ceremony/vows.jpg, captions: true, quality: 85}

The items keep their keys and values. Captions stay in the files of the photos, which the entries still read. A field is
written only if the entry would have another value without it, such as tags beside `from:` to which keywords were added.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from galleryctl.manifest.captions import reads_captions, reads_sidecars
from galleryctl.manifest.files.atomic_write import with_line_ends_of, with_unix_line_ends
from galleryctl.manifest.load import Manifest
from galleryctl.manifest.media_source import source_base_name
from galleryctl.manifest.write.comments import comments_of_entry, count_comments
from galleryctl.manifest.write.entries import set_key
from galleryctl.manifest.write.format import ITEM_KEY_ORDER
from galleryctl.manifest.write.item_lines import EntryLines, split_items
from galleryctl.manifest.yaml.dump import dump_round_trip, load_round_trip, to_yaml_value
from galleryctl.manifest.yaml.interpolate import keep_variables
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.manifest.yaml.parse import parse_yaml_text
from galleryctl.manifest.yaml.variables import variable_names
from galleryctl.model.address import Address, key_from_text
from galleryctl.model.desired import DesiredGallery, DesiredItem
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.fields import FIELD_BY_NAME, Fields, Json
from galleryctl.model.media import Kind, LocalFile
from galleryctl.model.position import SourcePosition
from galleryctl.model.publishing import PublishWindow, format_instant

Reread = Callable[[str], Manifest]
"""Returns the manifest as it is with another text."""

_COMMENT_LOST = "expanding from: would lose a comment; move it to a line of its own"
_NOWHERE = SourcePosition("", 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """A manifest with entries in place of `from:`; `entries` is the number of entries that replaced them, 0 if it had none."""

    text: str
    entries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pattern:
    """A `from:` entry: its index, and its items."""

    index: int
    node: YamlNode
    items: tuple[DesiredItem, ...]


def expand_patterns(
    text: str,
    manifest: Manifest,
    reread: Reread,
    order: Sequence[str] = (),
    only: Collection[int] | None = None,
) -> Expansion:
    """Return the manifest with an entry for each file that a `from:` entry finds.

    `manifest` is that of the text, without problems. The entries that replace one `from:` are sorted by `order`, keys of
    items; without it, they stay in their order. `only` are the indexes of the entries to expand, by default all. Raises
    InvalidInput if the text cannot be written with the same items and comments.
    """
    before, text = text, with_unix_line_ends(text)
    document, gallery = _parse(text, manifest.file), manifest.gallery
    if document.root is None or gallery is None:
        raise InvalidInput((*document.problems, *manifest.problems))
    gallery = _in_order(gallery, order)
    patterns = tuple(each for each in _find_patterns(document, gallery) if only is None or each.index in only)
    if not patterns:
        return Expansion(text=before)
    writer = _Writer(text, document, patterns)
    drafts = {item.address: _bare_entry(pattern, item) for pattern in patterns for item in pattern.items}
    written = writer.write(drafts)
    for use_own in (True, False):  # first what is written beside `from:`, then what it results in
        found = reread(written).gallery
        if found is None or [item.address for item in found.items] != [item.address for item in gallery.items]:
            break
        entries = {item.address: item for item in found.items}
        for pattern in patterns:
            for item in pattern.items:
                if _values(item) != _values(entries[item.address]):
                    writer.add_values(pattern, drafts[item.address], item, entries[item.address], use_own=use_own)
        written = writer.write(drafts)
    _check_same(gallery, reread(written), writer)
    return Expansion(text=with_line_ends_of(written, before), entries=sum(len(pattern.items) for pattern in patterns))


def pattern_keys(text: str, manifest: Manifest) -> Mapping[int, tuple[str, ...]]:
    """Return the index of each `from:` entry → the keys of its items in their order; `manifest` is that of the text."""
    if manifest.gallery is None:
        return {}
    patterns = _find_patterns(_parse(text, manifest.file), manifest.gallery)
    return {each.index: tuple(item.address.item or "" for item in each.items) for each in patterns}


def _parse(text: str, file: str) -> YamlDocument:
    """Return the document with each variable as it is written."""
    return keep_variables(parse_yaml_text(text, file), variable_names(text))


def _find_patterns(document: YamlDocument, gallery: DesiredGallery) -> Iterator[_Pattern]:
    items = document.root.part("items") if document.root else None
    for index, node in enumerate((items.items or ()) if items else ()):
        if node.part("from") and not any(node.part(kind.value) for kind in Kind):
            at = document.at(node)
            found = tuple(item for item in gallery.items if item.at == at)
            yield _Pattern(index=index, node=node, items=found)


def _in_order(gallery: DesiredGallery, order: Sequence[str]) -> DesiredGallery:
    """Return the gallery with the items of each entry sorted by `order`; those that are not in it stay at their index."""
    rank = {key: index for index, key in enumerate(order)}
    by_entry: dict[SourcePosition, list[DesiredItem]] = {}
    for item in sorted((i for i in gallery.items if i.address.item in rank), key=lambda i: rank[i.address.item or ""]):
        by_entry.setdefault(item.at, []).append(item)
    queues = {at: iter(items) for at, items in by_entry.items()}
    return replace(gallery, items=tuple(next(queues[i.at]) if i.address.item in rank else i for i in gallery.items))


def _values(item: DesiredItem) -> tuple[object, ...]:
    return (
        item.address, item.kind, item.media, item.fields, item.protect, item.ignore, item.publish, item.held is not None
    )  # fmt: skip


def _bare_entry(pattern: _Pattern, item: DesiredItem) -> Any:
    """Return the entry of an item with its source and key only; it reads captions if its `from:` entry does."""
    path = item.media.path if isinstance(item.media, LocalFile) else item.held.path if item.held else ""
    entry = to_yaml_value({item.kind.value: path}, flow=True)
    key = item.address.item or ""
    if key_from_text(source_base_name(path, item.kind)) != key:
        set_key(entry, "key", to_yaml_value(key, flow=True), ITEM_KEY_ORDER)
    if item.kind is Kind.IMAGE and reads_captions(pattern.node, default=True):
        setting = True if reads_sidecars(pattern.node) else "file"
        set_key(entry, "captions", to_yaml_value(setting), ITEM_KEY_ORDER)
    return entry


def _check_same(gallery: DesiredGallery, written: Manifest, writer: _Writer) -> None:
    """Raise InvalidInput unless the written manifest declares the same as before."""
    after = written.gallery
    if after is not None and not written.problems:
        same_items = [*map(_values, gallery.items)] == [*map(_values, after.items)]
        if same_items and replace(gallery, items=(), at=_NOWHERE) == replace(after, items=(), at=_NOWHERE):
            return
    message = "from: cannot be expanded without changing an item; write its entries by hand"
    raise InvalidInput((writer.problem(message),))


class _Writer:
    """Writes a manifest with other entries in place of its `from:` entries."""

    def __init__(self, text: str, document: YamlDocument, patterns: Sequence[_Pattern]) -> None:
        self.text, self._document, self._patterns = text, document, patterns
        self._tree = load_round_trip(text, document.file)

    def problem(self, message: str) -> Problem:
        """Return a problem at the first `from:` entry."""
        return Problem(self._document.at(self._patterns[0].node), message)

    def add_values(
        self, pattern: _Pattern, entry: Any, wanted: DesiredItem, found: DesiredItem, *, use_own: bool
    ) -> None:
        """Write the values that an entry lacks: as they are beside `from:` if `use_own`, else as they result."""
        missing = object()
        names = [name for name, value in wanted.fields.items() if found.fields.get(name, missing) != value]
        flags: dict[str, Json] = {}
        if found.protect != wanted.protect:
            flags["protect"] = wanted.protect
        if found.ignore != wanted.ignore:
            flags["ignore"] = tuple(sorted(wanted.ignore))
        if found.publish != wanted.publish:
            flags["publish"] = _publish_value(wanted.publish)
        if use_own:
            own = self._tree["items"][pattern.index]
            for key in dict.fromkeys((*(FIELD_BY_NAME[name].key for name in names), *flags)):
                if key in own:
                    set_key(entry, key, _plain(own[key]), ITEM_KEY_ORDER)
            return
        self._check_visible(pattern, names, wanted)
        for name in names:
            if FIELD_BY_NAME[name].is_part:
                set_key(entry, "link", _link(wanted.fields), ITEM_KEY_ORDER)
            else:
                set_key(entry, name, to_yaml_value(wanted.fields[name], flow=True), ITEM_KEY_ORDER)
        for key, value in flags.items():
            set_key(entry, key, to_yaml_value(value, flow=True), ITEM_KEY_ORDER)

    def _check_visible(self, pattern: _Pattern, names: Sequence[str], item: DesiredItem) -> None:
        """Raise InvalidInput if a value would be written that comes from the environment."""
        root = self._document.root
        defaults = root.part("defaults") if root else None
        for name in names:
            key = FIELD_BY_NAME[name].key
            nodes = [node for node in (pattern.node.part(key), defaults and defaults.part(key)) if node]
            if any(node.has_hidden_values() for node in nodes):
                message = (
                    f"the {key} of {item.address.item} come from the environment and from its file; write its entry"
                )
                raise InvalidInput((Problem(self._document.at(pattern.node), message),))

    def write(self, drafts: Mapping[Address, Any]) -> str:
        """Return the text with the entries of `drafts`, address → entry."""
        entries = {p.index: [drafts[item.address] for item in p.items] for p in self._patterns}
        return self._write_lines(entries) or self._write_tree(entries)

    def _write_lines(self, entries: Mapping[int, Sequence[Any]]) -> str | None:
        """Return the text with the lines of other entries; None if entries have no lines, as in a list written `[…]`."""
        root, file = self._document.root, self._document.file
        before = split_items(self.text, root) if root else None
        if before is None:
            return None
        written: list[EntryLines] = []
        for index, lines in enumerate(before.entries):
            if index not in entries:
                written.append(lines)
                continue
            comments = [" " * before.indent + comment for comment in comments_of_entry(lines.lines, file)]
            above = (*lines.above, *comments)
            new = [EntryLines(lines=_lines(tree, before.indent, file)) for tree in entries[index]]
            if not new and any(map(str.strip, above)):
                raise InvalidInput((self.problem(_COMMENT_LOST),))
            written += [replace(entry, above=() if number else above) for number, entry in enumerate(new)]
        after = replace(before, entries=tuple(written))
        return after.text()

    def _write_tree(self, entries: Mapping[int, Sequence[Any]]) -> str:
        tree = load_round_trip(self.text, self._document.file)
        sequence = tree["items"]
        for pattern in reversed(self._patterns):
            del sequence[pattern.index]
            for entry in reversed(entries[pattern.index]):
                sequence.insert(pattern.index, entry)
        text = dump_round_trip(tree, self._document.file)
        if count_comments(text) < count_comments(self.text):
            raise InvalidInput((self.problem(_COMMENT_LOST),))
        return text


def _lines(tree: Any, indent: int, file: str) -> tuple[str, ...]:
    """Return the lines of an entry whose dash is indented by `indent` spaces."""
    lines = dump_round_trip([tree], file).rstrip("\n").split("\n")
    drop = len(lines[0]) - len(lines[0].lstrip())
    return tuple(line and " " * indent + line[drop:] for line in lines)


def _link(fields: Fields) -> Any:
    """Return the value of `link` that sets exactly the parts in `fields`."""
    parts = {name.partition(".")[2]: fields[name] or None for name in ("link.url", "link.text") if name in fields}
    return to_yaml_value(parts["url"] if parts.keys() == {"url"} and parts["url"] else parts, flow=True)


def _publish_value(window: PublishWindow | None) -> Json:
    times = {"from": window.start, "until": window.end} if window else {}
    return {name: format_instant(time) for name, time in times.items() if time is not None} or None


def _plain(value: Any) -> Any:
    """Return a copy of a value that was read, on one line and without comments."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq  # noqa: PLC0415 - heavy
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString  # noqa: PLC0415 - as above

    if isinstance(value, str) and "\n" in value:
        return DoubleQuotedScalarString(str(value))
    if not isinstance(value, dict | list):
        return value
    copy: Any
    if isinstance(value, dict):
        copy = CommentedMap({key: _plain(part) for key, part in value.items()})
    else:
        copy = CommentedSeq(map(_plain, value))
    copy.fa.set_flow_style()
    return copy
