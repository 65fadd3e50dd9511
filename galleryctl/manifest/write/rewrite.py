"""Rewrites a manifest with other values and entries: in its lines, or by ruamel if its values have no lines of their own.

items:
# by Ada                                           # by Ada
- {key: cake, title: Torte}            →           - {key: cake, title: Cake}
- {key: dance, text: <p>dance</p>}
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from galleryctl.manifest.write.anchors import anchor_names, without_anchors
from galleryctl.manifest.write.comments import has_comment_in_items
from galleryctl.manifest.write.entries import EntryEdit, edit_tree, entry_tree, is_inline, set_key
from galleryctl.manifest.write.format import GALLERY_KEY_ORDER, ITEM_KEY_ORDER
from galleryctl.manifest.write.item_lines import EntryLines, split_items
from galleryctl.manifest.write.text_edits import NotEditableError, TextEdits, entry_lines
from galleryctl.manifest.yaml.dump import dump_round_trip, load_round_trip, to_yaml_value
from galleryctl.manifest.yaml.interpolate import keep_variables
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.manifest.yaml.parse import parse_yaml_text
from galleryctl.manifest.yaml.variables import variable_names
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.fields import Json

_COMMENTS_LOST = (
    "comments in items: would be lost or move to other entries, because the list is written as […]; "
    "write each entry on lines of its own"
)
_MAX_ANCHORS_TO_KEEP = 20
"""The number of anchors that are tried to be kept; the manifest is read again for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEdit:
    """The changes of a manifest.

    `order` are the entries afterwards: key and index in the former list, or key and members of a new entry. `entry_edits`
    are changes of former entries by their index, `header` new values of the gallery's own keys.
    """

    document: YamlDocument
    order: Sequence[tuple[str, Any]]
    entry_edits: Mapping[int, EntryEdit]
    header: Mapping[str, Json]

    @property
    def entries(self) -> Sequence[YamlNode]:
        """The entries of the manifest before."""
        items = self.document.root.part("items") if self.document.root else None
        return (items.items if items else None) or ()

    @property
    def has_moves(self) -> bool:
        """True if entries change their order."""
        former = [place for _, place in self.order if isinstance(place, int)]
        return former != sorted(former)

    @property
    def is_rearranged(self) -> bool:
        """True if entries are moved, removed or added."""
        return [place for _, place in self.order] != [*range(len(self.entries))]

    @property
    def result(self) -> Json:
        """The values of the manifest afterwards."""
        root = self.document.root.value if self.document.root else None
        before = root if isinstance(root, Mapping) else {}
        entries = [
            _edited(self.entries[place].value, self.entry_edits.get(place)) if isinstance(place, int) else place
            for _, place in self.order
        ]
        return {**before, **self.header, **({"items": entries} if entries or "items" in before else {})}


def _edited(members: Json, edit: EntryEdit | None) -> Json:
    return edit.applied_to(members) if edit and isinstance(members, Mapping) else members


def rewrite_manifest(text: str, edit: ManifestEdit) -> str:
    """Return the manifest after the edit. Raises InvalidInput if that would lose or move a comment."""
    return _write_lines(text, edit) or _write_without_anchors(text, edit) or _write_tree(text, edit)


def _write_without_anchors(text: str, edit: ManifestEdit) -> str | None:
    """Return the manifest without the anchors that prevent the edit of its lines; None if that does not help.

    The values of their aliases are written out. As few anchors as possible are removed.
    """
    removed = list(anchor_names(text))
    written = _write_without(text, edit, removed) if removed else None
    for name in anchor_names(text)[:_MAX_ANCHORS_TO_KEEP] if written else ():
        fewer = [each for each in removed if each != name]
        if fewer and (again := _write_without(text, edit, fewer)):
            removed, written = fewer, again
    return written


def _write_lines(text: str, edit: ManifestEdit) -> str | None:
    """Return the manifest with other values and lines; None if it has no such text, as with aliases."""
    root, file = edit.document.root, edit.document.file
    try:
        edited = _with_values(text, root, edit) if root else text
    except NotEditableError:
        return None
    if edit.is_rearranged:
        parsed = parse_with_variables(edited, file).root
        before = split_items(edited, parsed) if parsed else None
        if before is None:
            return None
        order = [
            place if isinstance(place, int) else EntryLines(lines=tuple(entry_lines(place, before.indent)))
            for _, place in edit.order
        ]
        edited = before.arranged(order).text()
    written = parse_with_variables(edited, file)
    is_same = not written.problems and written.root is not None and written.root.value == edit.result
    return edited if is_same else None


def _write_without(text: str, edit: ManifestEdit, names: Collection[str]) -> str | None:
    without = without_anchors(text, names)
    document, former = parse_with_variables(without, edit.document.file), edit.document.root
    if document.problems or document.root is None or former is None or document.root.value != former.value:
        return None
    return _write_lines(without, replace(edit, document=document))


def _with_values(text: str, root: YamlNode, edit: ManifestEdit) -> str:
    if not (edit.entry_edits or edit.header):
        return text
    edits = TextEdits(text)
    for key, value in edit.header.items():
        node = root.part(key)
        if isinstance(value, Mapping) and node is not None:
            for name, part in value.items():
                if (former := node.part(name)) and former.value != part:
                    edits.set(node, name, part, (), inline=True)
        else:
            edits.set(root, key, value, GALLERY_KEY_ORDER, inline=True)
    for index, entry_edit in edit.entry_edits.items():
        _set_values(edits, edit.entries[index], entry_edit)
    return edits.result()


def _set_values(edits: TextEdits, entry: YamlNode, edit: EntryEdit) -> None:
    if edit.renamed:
        edits.rename(entry, *edit.renamed)
    for key in edit.dropped:
        edits.drop(entry, key)
    for key, value in edit.values.items():
        written_as = edit.renamed[0] if edit.renamed and key == edit.renamed[1] else key
        edits.set(entry, written_as, value, ITEM_KEY_ORDER, inline=is_inline(key))


def _write_tree(text: str, edit: ManifestEdit) -> str:
    """Return the manifest written by ruamel. Raises InvalidInput if comments would be lost or at other entries."""
    root, file = edit.document.root, edit.document.file
    lost = Problem(edit.document.at_key(root, "items"), _COMMENTS_LOST) if root else None
    may_lose = edit.is_rearranged or not _entry_comments(text, edit.document)
    if root and lost and may_lose and has_comment_in_items(text, root, file):
        raise InvalidInput((lost,))
    tree = load_round_trip(text, edit.document.file)
    for key, value in edit.header.items():
        set_key(tree, key, to_yaml_value(value, flow=True), GALLERY_KEY_ORDER)
    if not isinstance(tree.get("items"), list):
        tree["items"] = to_yaml_value(())
    for index, entry_edit in edit.entry_edits.items():
        edit_tree(tree["items"][index], entry_edit)
    nodes = list(tree["items"])
    entries = [nodes[place] if isinstance(place, int) else entry_tree(place) for _, place in edit.order]
    _replace_entries(tree["items"], entries)
    result = dump_round_trip(tree, edit.document.file)
    written = parse_with_variables(result, edit.document.file)
    if lost and not edit.is_rearranged and _entry_comments(result, written) != _entry_comments(text, edit.document):
        raise InvalidInput((lost,))
    return result


def _entry_comments(text: str, document: YamlDocument) -> Sequence[Sequence[str]]:
    """Return the comments above each entry; none if the entries have no lines of their own."""
    lines = split_items(text, document.root) if document.root else None
    return [[line.strip() for line in entry.above if line.strip()] for entry in lines.entries] if lines else []


def parse_with_variables(text: str, file: str) -> YamlDocument:
    """Return the document with each variable as itself: only the escapes change, `$${` to `${`, as in live values."""
    return keep_variables(parse_yaml_text(text, file), variable_names(text))


def _replace_entries(sequence: Any, nodes: Sequence[Any]) -> None:
    """Replace the entries of the list, keeping the others in place, since ruamel loses comments of moved entries."""
    if not len(sequence):
        sequence.fa.set_block_style()
    kept = {id(node) for node in nodes}
    for index in reversed(range(len(sequence))):
        if id(sequence[index]) not in kept:
            del sequence[index]
    for index in range(len(sequence)):
        if sequence[index] is not nodes[index]:
            sequence[index] = nodes[index]
    sequence.extend(nodes[len(sequence) :])
