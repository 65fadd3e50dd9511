"""Writes the `adopt` lines of a manifest, and moves no other line.

With the lines {cake: 2, dance: 1}:

    name: Party                   name: Party
                                  adopt:
    # our photos          →         cake: 2
    items: …                        dance: 1

                                  # our photos
                                  items: …
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping
from itertools import accumulate
from typing import Any

from galleryctl.manifest.write.blocks import block_end, block_starts, is_block
from galleryctl.manifest.write.entries import set_key
from galleryctl.manifest.write.format import GALLERY_KEY_ORDER
from galleryctl.manifest.yaml.dump import dump_round_trip, load_round_trip, to_yaml_value
from galleryctl.manifest.yaml.interpolate import keep_variables
from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.manifest.yaml.parse import parse_yaml_text
from galleryctl.manifest.yaml.variables import variable_names
from galleryctl.model.errors import InvalidInput
from galleryctl.model.fields import Json

_Rank = Callable[[str], Any]
_Values = Mapping[str, Json]


def write_adopted(
    text: str, file: str, adopted: Mapping[str, str], *, site: str, by_site: bool, dropped: Collection[str] = ()
) -> str:
    """Return a manifest whose `adopt` has exactly the lines `adopted`, key → live id, for one site.

    `by_site` writes them below the name of the site; a manifest that has such lines keeps the form. Lines of other sites
    stay, except those of the keys in `dropped`, which the manifest no longer declares. Raises InvalidInput if the
    manifest cannot be written.
    """
    root = _parse(text, file)
    before = root.part("adopt")
    current = _mapping(before.value) if before else {}
    if by_site or any(isinstance(part, Mapping) for part in current.values()):
        lines_by_site = {name: _without(_mapping(lines), dropped) for name, lines in current.items() if name != site}
        lines_by_site[site] = _with_variables_kept(before.part(site) if before else None, adopted)
        wanted: _Values = {name: lines for name, lines in lines_by_site.items() if lines}
    else:
        wanted = _with_variables_kept(before, adopted)
    if wanted == current:
        return text
    result: dict[str, Json] = {name: value for name, value in _mapping(root.value).items() if name != "adopt"}
    if wanted:
        result["adopt"] = wanted
    written = _write_lines(text, root, result, file)
    return written if written is not None else _write_tree(text, wanted, current, file)


def _parse(text: str, file: str) -> YamlNode:
    """Return the root with each variable as it is written, and without escapes."""
    document = keep_variables(parse_yaml_text(text, file), variable_names(text))
    if document.problems or document.root is None:
        raise InvalidInput(document.problems)
    return document.root


def _mapping(value: Json) -> _Values:
    return value if isinstance(value, Mapping) else {}


def _without(lines: _Values, keys: Collection[str]) -> _Values:
    return {key: id_ for key, id_ in lines.items() if key not in keys}


def _with_variables_kept(node: YamlNode | None, adopted: Mapping[str, str]) -> _Values:
    """Return `adopted`; an id that the manifest takes from the environment stays there."""
    parts = (node.parts if node else None) or {}
    return {
        key: str(parts[key].value) if key in parts and parts[key].hidden else id_
        for key, id_ in sorted(adopted.items())
    }


def _write_lines(text: str, root: YamlNode, wanted: _Values, file: str) -> str | None:
    """Return the text with changed lines; None if that is not possible, as in a mapping written as `{…}`."""
    lines = text.split("\n")
    adopt = root.part("adopt")
    sites = _mapping(wanted.get("adopt"))
    parts = [part for site, part in (adopt.parts or {}).items() if part.value != sites.get(site)] if adopt else []
    if not root.keys or not all(is_block(node, lines) for node in (root, adopt, *parts) if node and node.keys):
        return None
    first, end = block_starts(lines, root)[0], block_end(lines, root)
    lines[first:end] = _BlockMapping(lines, root, file, _gallery_rank).with_values(wanted)
    result = "\n".join(lines)
    try:
        return result if _parse(result, file).value == wanted else None
    except InvalidInput:
        return None


def _gallery_rank(key: str) -> int:
    return GALLERY_KEY_ORDER.index(key) if key in GALLERY_KEY_ORDER else len(GALLERY_KEY_ORDER)


class _BlockMapping:
    """The lines of a block mapping; `above` is the position of its own key in the mapping that contains it."""

    def __init__(
        self, lines: list[str], node: YamlNode, file: str, rank: _Rank, *, above: tuple[int, int] | None = None
    ) -> None:
        self._lines, self._file, self._rank = lines, file, rank
        self._parts, self._keys = node.parts or {}, node.keys or {}
        self._indent = " " * (node.column - 1)
        self.starts, self.end = block_starts(lines, node, above=above), block_end(lines, node)

    def with_values(self, wanted: _Values) -> list[str]:
        """Return the lines with these values; those of equal values, and all comments above a key, stay."""
        changed = {key: value for key, value in wanted.items() if self._value(key) != value}
        nested = {key for key, value in changed.items() if isinstance(value, Mapping) and self._has_keys(key)}
        rendered = _rendered(_without(changed, nested), self._file, self._indent)
        blocks: list[list[str]] = [[]]
        ranks: list[Any] = []
        for key, start, stop in zip(self._keys, self.starts, [*self.starts[1:], self.end], strict=True):
            before, remarks = self._remarks(key, start, stop)
            if key not in wanted:
                blocks[-1] += [*before, *remarks]
                continue
            ranks.append(self._rank(key))
            if key in nested:
                blocks.append(self._with_nested(key, start, stop, _mapping(wanted[key])))
            elif key in changed:
                blocks.append([*before, *rendered[key], *remarks])
            else:
                blocks.append(self._lines[start:stop])
        lowest_after = [*accumulate(reversed(ranks), min)][::-1]
        for key in sorted(changed.keys() - self._keys.keys(), key=self._rank):
            block = blocks[bisect_left(lowest_after, self._rank(key))]  # that of the last key with a lower rank
            index = _content_end(block)
            block[index:index] = rendered[key]
        return [line for block in blocks for line in block]

    def _value(self, key: str) -> Json:
        return self._parts[key].value if key in self._parts else None

    def _has_keys(self, key: str) -> bool:
        return key in self._parts and bool(self._parts[key].keys)

    def _remarks(self, key: str, start: int, stop: int) -> tuple[list[str], list[str]]:
        """Return the lines above a key, and the blank lines and comments below it."""
        line = self._keys[key][0] - 1
        below = [each for each in self._lines[line + 1 : stop] if _is_remark(each)]
        return self._lines[start:line], [self._indent + each.strip() if each.strip() else each for each in below]

    def _with_nested(self, key: str, start: int, stop: int, wanted: _Values) -> list[str]:
        part = _BlockMapping(self._lines, self._parts[key], self._file, str, above=self._keys[key])
        return [*self._lines[start : part.starts[0]], *part.with_values(wanted), *self._lines[part.end : stop]]


def _is_remark(line: str) -> bool:
    """Return True for a blank line or a comment."""
    return not line.strip() or line.lstrip().startswith("#")


def _content_end(block: list[str]) -> int:
    """Return the index of the first blank line after the last value, else of the end."""
    last = max((index for index, line in enumerate(block) if not _is_remark(line)), default=-1)
    return next((index for index in range(last + 1, len(block)) if not block[index].strip()), len(block))


def _rendered(values: _Values, file: str, indent: str) -> Mapping[str, list[str]]:
    """Return the lines of each key with its value, sorted and indented."""
    if not values:
        return {}
    ordered = {k: dict(sorted(part.items())) if isinstance(part, Mapping) else part for k, part in values.items()}
    lines = [indent + line for line in dump_round_trip(to_yaml_value(ordered), file).splitlines()]
    first = [index for index, line in enumerate(lines) if not line.startswith(f"{indent} ")]
    return {key: lines[start:stop] for key, start, stop in zip(ordered, first, [*first[1:], len(lines)], strict=True)}


def _write_tree(text: str, wanted: _Values, current: _Values, file: str) -> str:
    tree = load_round_trip(text, file)
    if not wanted:
        del tree["adopt"]
    elif not current:
        set_key(tree, "adopt", to_yaml_value(wanted), GALLERY_KEY_ORDER)
    else:
        _update_tree(tree["adopt"], wanted, current)
    return dump_round_trip(tree, file)


def _update_tree(tree: Any, wanted: _Values, current: _Values) -> None:
    for key in current.keys() - wanted.keys():
        del tree[key]
    for key, value in wanted.items():
        before = current.get(key)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            _update_tree(tree[key], value, before)
        elif value != before:
            tree[key] = to_yaml_value(value, flow=bool(tree.fa.flow_style()))
    if tree.fa.flow_style() and not tree.merge:
        for key in sorted(wanted):
            tree.move_to_end(key)
