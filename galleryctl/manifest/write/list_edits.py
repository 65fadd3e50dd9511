"""The text of a list with other elements: those that stay keep their spelling and comments, new ones are appended.

[ 'zoo', bay, "old" ] with the elements zoo, bay and new    →    [ 'zoo', bay, new ]
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise

from galleryctl.manifest.yaml.dump import inline_text
from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.model.fields import Json


def list_edit(
    text: str, starts: Sequence[int], ends: Mapping[int, int], node: YamlNode, value: Json
) -> tuple[int, int, str] | None:
    """Return the offsets of the elements of a list, and the text that gives them the value.

    `starts` are the offsets of the lines, `ends` those behind each scalar by its start. The result is None if the list
    has to be written as a whole: no element stays, those that stay are not the first ones, or one is not a scalar.
    """
    former = node.items or ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        return None
    stay = [index for index, each in enumerate(former) if each.value in value]
    if not stay or [former[index].value for index in stay] != [*value[: len(stay)]]:
        return None
    spans = [_span(starts, ends, each) for each in former]
    known = [span for span in spans if span is not None]
    offsets = [offset for span in known for offset in span]
    if len(known) < len(spans) or offsets != sorted(offsets):
        return None  # an alias has the position of its anchor
    new = [inline_text(each) for each in value[len(stay) :]]
    offset = starts[node.line - 1] + node.column - 1
    is_block = text[offset] == "-"
    return _block(text, starts, known, stay, new, node.column - 1) if is_block else _flow(text, known, stay, new)


def _span(starts: Sequence[int], ends: Mapping[int, int], node: YamlNode) -> tuple[int, int] | None:
    start = starts[node.line - 1] + node.column - 1
    is_scalar = node.parts is None and node.items is None
    return (start, ends[start]) if is_scalar and start in ends else None


def _flow(
    text: str, spans: Sequence[tuple[int, int]], stay: Sequence[int], new: Sequence[str]
) -> tuple[int, int, str] | None:
    between = ["", *(text[end:start] for (_, end), (start, _) in pairwise(spans))]
    dropped = {*range(len(spans))} - {*stay[1:]}
    if any("#" in between[index] for index in dropped):
        return None
    parts = [f"{between[index] if number else ''}{text[slice(*spans[index])]}" for number, index in enumerate(stay)]
    return spans[0][0], spans[-1][1], "".join((*parts, *(f", {each}" for each in new)))


def _block(
    text: str,
    starts: Sequence[int],
    spans: Sequence[tuple[int, int]],
    stay: Sequence[int],
    new: Sequence[str],
    indent: int,
) -> tuple[int, int, str] | None:
    """Return the edit of whole lines; the comments above a dash belong to its element."""
    dash = " " * indent + "-"
    first_lines = [bisect_right(starts, start) - 1 for start, _ in spans]
    last_lines = [bisect_right(starts, end) - 1 for _, end in spans]
    is_lines = all(text.startswith(dash, starts[line]) for line in first_lines)
    if not is_lines or len({*first_lines}) < len(spans) or any(text[start] in "|>" for start, _ in spans):
        return None
    bounds = [first_lines[0], *(line + 1 for line in last_lines)]
    kept = [text[starts[bounds[index]] : starts[bounds[index + 1]]].rstrip("\n") for index in stay]
    lines = [*kept, *(f"{dash} {each}" for each in new)]
    end = starts[bounds[-1]]
    return starts[bounds[0]], end, "\n".join(lines) + "\n" * text.endswith("\n", 0, end)
