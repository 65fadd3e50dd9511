"""Parts of Markdown in which text from a site or a file has no effect."""

from __future__ import annotations

import re
from collections.abc import Iterable

from galleryctl.report.formatting import escape_control

_UNSAFE = re.compile(r"[`<|]")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()|~$!])")
_MAX_LINK = 500


def code_span(text: str) -> str:
    """Return `text` as code: a span, or entities if a backtick or tag in it could end the span in some renderers."""
    shown = escape_control(text)
    if shown and shown.strip() == shown and not _UNSAFE.search(shown):
        return f"`{shown}`"
    return f"<code>{_PUNCTUATION.sub(lambda match: f'&#{ord(match[0])};', shown)}</code>"


def escape_markdown(text: str) -> str:
    """Return `text` escaped: no markup, HTML, mention, reference or link takes effect."""
    escaped = _SPECIAL.sub(r"\\\1", escape_control(text))
    escaped = escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = re.sub(r"(?<!&)#", "#&#8203;", escaped.replace("@", "@&#8203;"))
    return escaped.replace("://", ":&#8203;//").replace("www.", "www&#8203;.")


def link_target(url: str) -> str:
    """Return an address that can be the target of a link, "" if it cannot."""
    is_safe = re.fullmatch(r"https?://[A-Za-z0-9._~:/?#@!$&'*+,;=%-]+", url) and len(url) <= _MAX_LINK
    return url if is_safe else ""


def table_row(cells: Iterable[str]) -> str:
    """Return a row of a table; the cells are escaped."""
    return f"| {' | '.join(cells)} |"


def table_head(columns: Iterable[str]) -> str:
    """Return the two lines of a head; all columns but the first are numbers."""
    names = list(columns)
    return f"{table_row(names)}\n{table_row(['---', *['---:'] * (len(names) - 1)])}\n"
