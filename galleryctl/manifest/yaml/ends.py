"""The ends of the values of a YAML text. Nodes have only their starts: few texts are edited, and many are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from galleryctl.manifest.yaml import variables

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def value_ends(text: str) -> Mapping[int, int]:
    """Return the offset of each scalar and collection in brackets → the offset behind it.

    `text` must be valid YAML. An anchor is a part of its value.
    """
    loader = _LOADER(variables.mask(text))
    ends: dict[int, int] = {}
    started: list[int | None] = []
    try:
        while loader.check_event():
            event: Any = loader.get_event()
            start_mark, end_mark = event.start_mark, event.end_mark
            if isinstance(event, yaml.ScalarEvent):
                ends[start_mark.index] = end_mark.index
            elif isinstance(event, yaml.CollectionStartEvent):
                started.append(start_mark.index if event.flow_style else None)
            elif isinstance(event, yaml.CollectionEndEvent) and (start := started.pop()) is not None:
                ends[start] = end_mark.index
    finally:
        loader.dispose()
    return ends
