"""State of ours in the text of a comment or an issue: JSON in an HTML comment, which no reader sees."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from json import JSONDecodeError

from galleryctl.model.fields import Json

_ACTIVE = re.compile(r"[<>@#`()/!*~$&|]|-(?=-)")
"""Characters that could end the HTML comment, or that a forge could take for a mention, a reference or a link."""


def escaped_json(value: Json) -> str:
    """Return JSON on one line in which nothing has an effect in Markdown."""
    return _ACTIVE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, separators=(",", ":")))


def hidden_marker(kind: str, members: Mapping[str, Json]) -> str:
    """Return the HTML comment of a kind with these members."""
    return f"<!-- galleryctl:{kind} {escaped_json(members)} -->"


def marker_json(text: str) -> Json:
    """Return the value in a marker, None if it is not JSON: somebody may have edited it."""
    try:
        value: Json = json.loads(text)
    except (JSONDecodeError, RecursionError):
        return None
    return value


def marker_object(text: str) -> Mapping[str, Json]:
    """Return the object in a marker, {} if it is none."""
    value = marker_json(text)
    return value if isinstance(value, dict) else {}
