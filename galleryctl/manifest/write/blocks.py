"""The lines of a block mapping: which belong to which key, with the comments above it."""

from __future__ import annotations

from collections.abc import Sequence

from galleryctl.manifest.yaml.nodes import YamlNode


def is_block(node: YamlNode, lines: Sequence[str]) -> bool:
    """Return True if each key begins its own line; False for `{…}` and keys merged with `<<`."""
    positions = list((node.keys or {}).values())
    return positions == sorted(set(positions)) and all(
        column == node.column and not lines[line - 1][: column - 1].strip(" -") and node.line <= line
        for line, column in positions
    )


def block_starts(lines: Sequence[str], node: YamlNode, *, above: tuple[int, int] | None = None) -> list[int]:
    """Return the index of the first line of each key of a block mapping: the line of the key, or a comment above it.

    A comment above the first key belongs to the mapping, unless `above`, the position of the mapping's own key, says that
    it is below that key.
    """
    indent = " " * (node.column - 1)
    starts = [] if above is None else [above[0] - 1]
    for line, _ in (node.keys or {}).values():
        start = line - 1
        while starts and start - 1 > starts[-1] and lines[start - 1].startswith(indent + "#"):
            start -= 1
        starts.append(start)
    return starts if above is None else starts[1:]


def block_end(lines: Sequence[str], node: YamlNode) -> int:
    """Return the index of the line after the mapping, without trailing blank lines and comments."""
    indent = node.column - 1
    last = end = max((line for line, _ in (node.keys or {}).values()), default=node.line)
    while end < len(lines) and (not lines[end].strip() or _indentation(lines[end]) >= indent):
        end += 1
    while end > last and (
        not lines[end - 1].strip()
        or (lines[end - 1].lstrip().startswith("#") and _indentation(lines[end - 1]) <= indent)
    ):
        end -= 1
    return end


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
