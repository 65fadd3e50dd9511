"""Values, media and numbers as text for any format: short, on one line, without control characters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from galleryctl.model.address import Address
from galleryctl.model.characters import is_hidden
from galleryctl.model.fields import Json
from galleryctl.model.media import HostedVideo, LocalFile, Media, RemoteFile, WixFile
from galleryctl.model.variable_text import displayed

_MAX_ADDRESSES = 20
_MAX_NAMES = 10
_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape_control(text: str) -> str:
    """Return `text` as it is displayed, on one line, with control and invisible characters written as escapes."""
    text = displayed(text)
    return text if text.isprintable() else "".join(map(_escape_character, text))


def quote(text: str) -> str:
    """Return `text` in double quotes, as it is displayed, with a backslash before its own double quotes."""
    return '"' + escape_control(text).replace('"', '\\"') + '"'


def escaped_lines(text: str) -> list[str]:
    """Return the lines of a message, escaped and without indentation; [] for ""."""
    return [escape_control(line.strip()) for line in text.split("\n")] if text else []


def escape_workflow_commands(text: str) -> str:
    """Return `text` with a backslash before each workflow command that starts a line: the runner ignores it then."""
    return re.sub(r"^(\s*)(?=::|##\[)", r"\1\\", text, flags=re.MULTILINE)


def shorten(text: str, limit: int) -> str:
    """Return `text` in at most `limit` characters (8 or more); a longer one loses its middle."""
    if len(text) <= limit:
        return text
    tail = (limit - 1) // 3
    return f"{text[: limit - 1 - tail]}…{text[-tail:]}"


def format_value(value: Json, limit: int) -> str:
    """Return a field's value for people, in at most `limit` characters."""
    return shorten(_format_full_value(value), limit)


def format_media(media: Media) -> str:
    """Return the path, the URL or the `wix:` reference of a medium."""
    match media:
        case LocalFile():
            return escape_control(media.path)
        case RemoteFile() | HostedVideo():
            return escape_control(media.url)
        case WixFile():
            return escape_control(f"wix:{media.id} ({media.filename})" if media.filename else f"wix:{media.id}")
        case None:
            return "none"


def pluralize(count: int, one: str, many: str = "") -> str:
    """Return the count with its noun: `1 change`, `2,000 changes`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def list_addresses(addresses: Sequence[Address]) -> str:
    """Return the addresses in one line, the first 20 if there are more."""
    shown = ", ".join(map(str, addresses[:_MAX_ADDRESSES]))
    left = len(addresses) - _MAX_ADDRESSES
    return f"{shown} and {left:,} more" if left > 0 else shown


def list_names(names: Sequence[str]) -> str:
    """Return the names in one line, escaped, the first 10 if there are more."""
    more = [f"and {len(names) - _MAX_NAMES:,} more"] if len(names) > _MAX_NAMES else []
    return ", ".join([*map(escape_control, names[:_MAX_NAMES]), *more])


def _format_full_value(value: Json) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, Mapping):
        members = (f"{escape_control(name)}: {_format_full_value(member)}" for name, member in value.items())
        return f"{{{', '.join(members)}}}"
    if isinstance(value, int | float):
        return repr(value)
    return "[" + ", ".join(map(_format_full_value, value)) + "]"


def _escape_character(character: str) -> str:
    if not is_hidden(character):
        return character
    code = ord(character)
    return _SHORT_ESCAPES.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")  # noqa: PLR2004 - a byte
