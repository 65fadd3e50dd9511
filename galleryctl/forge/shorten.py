"""Shorten Markdown so that its structure stays valid, and what is dangerous, which comes first, stays."""

from __future__ import annotations

import re
from collections.abc import Sequence

_DETAILS = re.compile(r"\n*<details>.*?</details>", re.DOTALL)
_HALF_ESCAPE = re.compile(r"(?:\\|&[#\w]*)$")


def text_units(text: str) -> int:
    """Return the length of a text in UTF-16 code units, the largest of the numbers that a forge may count."""
    return len(text) + sum(character > "\uffff" for character in text)


def cut_inline(text: str, limit: int) -> str:
    """Return Markdown of one line in at most `limit` characters, without half an escape at its end."""
    if len(text) <= limit:
        return text
    return _HALF_ESCAPE.sub("", text[: max(limit - 1, 0)]).rstrip() + "…" if limit else ""


def fit_texts(texts: Sequence[str], limit: int, more: str) -> list[str]:
    """Return the texts, shortened so that the sum of their lengths is at most `limit`; `more` ends a shortened one."""
    fitted = list(texts)
    for index in sorted(range(len(fitted)), key=lambda index: -text_units(fitted[index])):
        if sum(map(text_units, fitted)) <= limit:
            return fitted
        fitted[index] = _without_details(fitted[index], more)
    return _cut_to_shares(fitted, limit, more)


def _without_details(text: str, more: str) -> str:
    """Return the text without its collapsed parts."""
    short, count = _DETAILS.subn("", text)
    return f"{short.rstrip()}\n\n{more}" if count else text


def _cut_to_shares(texts: Sequence[str], limit: int, more: str) -> list[str]:
    """Return the texts so that none is cut below an equal share; what short ones leave goes to the others.

    limit 100, lengths 10, 60, 70   → 10, 45, 45
    """
    fitted, left = list(texts), max(limit, 0)
    for done, index in enumerate(sorted(range(len(texts)), key=lambda index: text_units(texts[index]))):
        fitted[index] = _first_lines(texts[index], left // (len(texts) - done), more)
        left -= text_units(fitted[index])
    return fitted


def _first_lines(text: str, limit: int, more: str) -> str:
    """Return the first lines of a text, and where the rest is; "" if nothing fits."""
    if text_units(text) <= limit:
        return text
    end = f"\n\n{more}"
    left, lines = limit - text_units(end) - len("\n\n</details>"), list[str]()
    for line in text.split("\n"):
        left -= text_units(line) + 1
        if left < 0:
            break
        lines.append(line)
    short = "\n".join(lines).rstrip()
    closing = "\n\n</details>" if short.count("<details>") > short.count("</details>") else ""
    return f"{short}{closing}{end}" if short else ""
