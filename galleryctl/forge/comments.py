"""Write the section of one leg into the comment that all legs share.

1. List the comments. Without one of ours, create it, and list again: another leg may have done the same.
2. The comment with the lowest id counts. If it is the only one and has the section, the work is done.
3. Otherwise hold its lock, read it again, add the section and those of the other comments, delete the others. Go to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Literal

from galleryctl.forge.client import Forge, ForgeComment
from galleryctl.forge.errors import ForgeError, ForgeNotFound, ForgeResponseLost, ForgeTextTooLong
from galleryctl.forge.lock import CommentLockLost, hold_comment
from galleryctl.forge.rest import ForgeTiming
from galleryctl.forge.sections import MAX_COMMENT, Section, comment_body, merge_sections, parse_sections

_MAX_ROUNDS = 50
_LEAST_LIMIT = 4_000


class CommentMode(StrEnum):
    """When the comment is written."""

    UPDATE = "update"
    """One comment, updated in place."""
    NEW = "new"
    """One comment for each run."""
    CHANGES_ONLY = "changes-only"
    """As `update`, but a comment is not created for a result without changes."""
    OFF = "off"


class CommentResult(StrEnum):
    """The result of a write."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"
    """A later run has commented; nothing was written."""
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentTarget:
    """The comment to write: that of this key on this pull request."""

    pull: int
    key: str
    more: str
    """Markdown that says where to find what did not fit."""
    may_create: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenComment:
    """The result, and the address of the comment, "" if there is none."""

    result: CommentResult
    url: str = ""


async def write_section(forge: Forge, target: CommentTarget, own: Section, timing: ForgeTiming) -> WrittenComment:
    """Let the one comment have the section. Raises ForgeError."""
    login = await forge.login()
    result, limit = CommentResult.UNCHANGED, MAX_COMMENT
    for _ in range(_MAX_ROUNDS):
        found = await _own_comments(forge, target, login)
        if (finished := _finished(found, target, own)) is not None:
            return WrittenComment(result=finished or result, url=found[0].url if found else "")
        try:
            if found:
                await _merge(forge, target, own, found, login=login, limit=limit, timing=timing)
                result = result if result is CommentResult.CREATED else CommentResult.UPDATED
            else:
                await forge.create_comment(target.pull, _body(target, [own], limit))
                result = CommentResult.CREATED
        except ForgeTextTooLong:
            limit //= 2
            if limit < _LEAST_LIMIT:
                raise
        except (ForgeNotFound, CommentLockLost):
            if not found:
                raise  # the pull request is not found, not a comment that another leg has deleted
        except ForgeResponseLost:
            continue  # the next list shows if the comment was created
    raise ForgeError("the comment kept changing; the section was not written", call=f"pull request {target.pull}")


def _finished(found: Sequence[ForgeComment], target: CommentTarget, own: Section) -> CommentResult | Literal[""] | None:
    """Return None if something is to be written, "" if all was, else why nothing is."""
    if not found and not target.may_create:
        return CommentResult.SKIPPED
    if len(found) != 1:
        return None
    sections = parse_sections(found[0].body, target.key) or ()
    if any(section.run > own.run for section in sections):
        return CommentResult.SUPERSEDED
    is_written = any(_is_at_least(section, own) for section in sections) and len({s.run for s in sections}) == 1
    return "" if is_written else None


def _is_at_least(section: Section, own: Section) -> bool:
    same = (section.name, section.run) == (own.name, own.run)
    return same and (section.attempt > own.attempt or (section.attempt, section.digest) == (own.attempt, own.digest))


async def _own_comments(forge: Forge, target: CommentTarget, login: str) -> Sequence[ForgeComment]:
    """Return our comments with the key, the lowest id first."""
    comments = await forge.comments(target.pull)
    own = (each for each in comments if each.author == login and parse_sections(each.body, target.key) is not None)
    return sorted(own, key=lambda comment: comment.id)


async def _merge(
    forge: Forge,
    target: CommentTarget,
    own: Section,
    found: Sequence[ForgeComment],
    *,
    login: str,
    limit: int,
    timing: ForgeTiming,
) -> None:
    """Write the sections of all comments into the first one, and delete the others."""
    first, others = found[0], found[1:]
    async with hold_comment(forge, target.pull, first.id, login, timing):
        current = await forge.comment(target.pull, first.id)
        known = [parse_sections(comment.body, target.key) or () for comment in (current, *others)]
        body = _body(target, merge_sections([*chain.from_iterable(known), own]), limit)
        if current.body.rstrip() != body.rstrip():
            await forge.update_comment(target.pull, first.id, body)
        for other in others:
            try:
                await forge.delete_comment(target.pull, other.id)
            except ForgeNotFound:
                continue  # another leg was faster


def _body(target: CommentTarget, sections: Sequence[Section], limit: int) -> str:
    return comment_body(target.key, sections, more=target.more, limit=limit)
