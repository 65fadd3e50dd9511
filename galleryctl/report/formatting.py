"""How values, media and numbers are told, in any format: short, on one line, without control characters."""

from __future__ import annotations

import re
from collections.abc import Mapping

from galleryctl.model.characters import is_hidden
from galleryctl.model.fields import Json
from galleryctl.model.media import HostedVideo, LocalFile, Media, RemoteFile, WixFile

_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape_control(text: str) -> str:
    """`text` on one line, with what a terminal would obey or not show written as an escape."""
    return text if text.isprintable() else "".join(map(_escape_character, text))


def escaped_lines(text: str) -> list[str]:
    """The lines of a message, each clean and without its indentation; [] for ""."""
    return [escape_control(line.strip()) for line in text.split("\n")] if text else []


def escape_workflow_commands(text: str) -> str:
    """`text` with a backslash before what the runner of a workflow would obey at the beginning of a line of its log."""
    return re.sub(r"^(\s*)(?=::|##\[)", r"\1\\", text, flags=re.MULTILINE)


def shorten(text: str, limit: int) -> str:
    """`text` in at most `limit` characters (8 or more), without its middle where it is longer."""
    if len(text) <= limit:
        return text
    tail = (limit - 1) // 3
    return f"{text[: limit - 1 - tail]}…{text[-tail:]}"


def format_value(value: Json, limit: int) -> str:
    """A field's value as people read it, in about `limit` characters."""
    return shorten(_format_full_value(value), limit)


def format_media(media: Media) -> str:
    """What an item shows: a path, a URL, or a file of the site."""
    match media:
        case LocalFile():
            return escape_control(media.path)
        case RemoteFile() | HostedVideo():
            return escape_control(media.url)
        case WixFile():
            return escape_control(f"wix:{media.id} ({media.filename})" if media.filename else f"wix:{media.id}")
        case None:
            return "nothing"


def pluralize(count: int, one: str, many: str = "") -> str:
    """`1 change`, `2,000 changes`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _format_full_value(value: Json) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{escape_control(value)}"'
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{escape_control(name)}: {_format_full_value(part)}" for name, part in value.items()) + "}"
        )
    if isinstance(value, int | float):
        return repr(value)
    return "[" + ", ".join(map(_format_full_value, value)) + "]"


def _escape_character(character: str) -> str:
    if not is_hidden(character):
        return character
    code = ord(character)
    return _SHORT_ESCAPES.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")  # noqa: PLR2004 - a byte
