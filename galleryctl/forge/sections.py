"""The body of the one comment: a line and a text for each leg of a matrix, with markers, and what fits of them.

    <!-- galleryctl:comment {"key":"galleries"} -->
    ### galleryctl: 2 reports
    - **north**: Plan: 3 to create ... <!-- galleryctl:leg {"name":"north","run":12,…} -->
    - **south**: No changes. ... <!-- galleryctl:leg {"name":"south","run":12,…} -->

    <!-- galleryctl:text "north" -->
    ## north
    ...
    <!-- galleryctl:end -->

A leg contributes its own section and keeps those of the others. Only sections of the latest run are kept. The digest is
that of the whole section, also if its text was shortened. No text from a site can contain a marker: `<` is escaped there,
and here once more.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from galleryctl.forge.markers import escaped_json, hidden_marker, marker_json, marker_object
from galleryctl.forge.shorten import cut_inline, fit_texts, text_units
from galleryctl.model.fields import Json

MAX_COMMENT = 60_000
"""UTF-16 code units of a body: a comment on GitHub has at most 65,536 characters."""
KEY_FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")
MAX_SECTION_NAME = 60
_HEAD = re.compile(r"<!-- galleryctl:comment (\{[^\n]*\}) -->\n")
_LEG = re.compile(r"^(?:- \*\*(.*?)\*\*: (.*) )?<!-- galleryctl:leg (\{[^\n]*\}) -->$", re.MULTILINE)
_TEXT = re.compile(r'<!-- galleryctl:text ("[^\n]*") -->\n(.*?)\n<!-- galleryctl:end -->', re.DOTALL)
_MAX_SUMMARY = 200
_SEPARATORS = 12
"""Line breaks and blanks around a section."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The part of a leg; `title`, `summary` and `text` are Markdown in which nothing takes effect that is not ours."""

    name: str
    run: int
    """The number of the run; the highest one counts."""
    attempt: int = 0
    digest: str = ""
    title: str = ""
    summary: str = ""
    text: str = ""


def parse_sections(body: str, key: str) -> tuple[Section, ...] | None:
    """Return the sections of the comment with this key, None if the body is not such a comment."""
    body = body.replace("\r\n", "\n")
    head = _HEAD.match(body)
    if head is None or marker_object(head[1]).get("key") != key:
        return None
    texts = {str(marker_json(match[1])): match[2] for match in _TEXT.finditer(body)}
    sections = (_section(match, texts) for match in _LEG.finditer(_TEXT.sub("", body)))
    return tuple(section for section in sections if section is not None)


def new_section(*, name: str, run: int, attempt: int, title: str, summary: str, text: str) -> Section:
    """Return the section of a leg, with its digest."""
    digest = hashlib.sha256(f"{title}\x00{summary}\x00{text}".encode(errors="replace")).hexdigest()[:10]
    return Section(name=name, run=run, attempt=attempt, digest=digest, title=title, summary=summary, text=text)


def merge_sections(sections: Iterable[Section]) -> tuple[Section, ...]:
    """Return the sections of the latest run, by name; of two with one name the later attempt, and then the last."""
    all_of_them = list(sections)
    latest = max((section.run for section in all_of_them), default=0)
    merged: dict[str, Section] = {}
    for section in all_of_them:
        former = merged.get(section.name)
        if section.run == latest and (former is None or former.attempt <= section.attempt):
            merged[section.name] = section
    return tuple(merged[name] for name in sorted(merged))


def comment_body(key: str, sections: Sequence[Section], *, more: str, limit: int = MAX_COMMENT) -> str:
    """Return the body in at most `limit` code units; `more` is Markdown that says where the rest is.

    First the collapsed parts go, of the longest texts first, then the ends of texts, which begin with what is dangerous.
    The summaries of all sections stay at the top.
    """
    if len(sections) == 1:
        (one,) = sections
        start = f"{hidden_marker('comment', {'key': key})}\n{_leg(one, with_texts=True)}"
    else:
        room = limit // max(len(sections), 1) - _SEPARATORS
        lines = (_line(section, room) for section in sections)
        start = "\n".join(
            [hidden_marker("comment", {"key": key}), f"### galleryctl: {len(sections)} reports\n", *lines]
        )
    heads = [_text_head(section, several=len(sections) > 1) for section in sections]
    left = limit - text_units(start) - sum(text_units(head) + len(_END) + _SEPARATORS for head in heads)
    texts = fit_texts([section.text.replace("<!--", "&lt;!--").strip("\n") for section in sections], left, more)
    blocks = (f"{head}{text}{_END}" for head, text in zip(heads, texts, strict=True) if text)
    return "\n\n".join([start, *blocks]) + "\n"


_END = "\n<!-- galleryctl:end -->"


def _text_head(section: Section, *, several: bool) -> str:
    name = escaped_json(section.name)
    return f"<!-- galleryctl:text {name} -->\n" + (f"{_heading(section.title)}" if several else "")


def _heading(title: str) -> str:
    return f"## {cut_inline(title, MAX_SECTION_NAME)}\n\n"


def _line(section: Section, room: int) -> str:
    """Return the line of a section in at most `room` code units, as far as its name allows."""
    title, leg = cut_inline(section.title, MAX_SECTION_NAME), _leg(section, with_texts=False)
    left = room - text_units(title) - text_units(leg)
    return f"- **{title}**: {cut_inline(section.summary, max(0, min(left, _MAX_SUMMARY)))} {leg}"


def _leg(section: Section, *, with_texts: bool) -> str:
    head: dict[str, Json] = {"name": section.name, "run": section.run, "attempt": section.attempt}
    head["digest"] = section.digest
    if with_texts:
        head |= {"title": section.title, "summary": cut_inline(section.summary, _MAX_SUMMARY)}
    return hidden_marker("leg", head)


def _section(match: re.Match[str], texts: Mapping[str, str]) -> Section | None:
    head = marker_object(match[3])
    name, run, attempt = head.get("name"), head.get("run"), head.get("attempt")
    if not (isinstance(name, str) and type(run) is int and type(attempt) is int):
        return None
    title, summary = (
        match[index] if match[index] is not None else str(head.get(part, ""))
        for index, part in ((1, "title"), (2, "summary"))
    )
    text = texts.get(name, "").removeprefix(_heading(title))
    digest = str(head.get("digest", ""))
    return Section(name=name, run=run, attempt=attempt, digest=digest, title=title, summary=summary, text=text)
