"""Propose changed files as one pull request, by the API of the forge alone.

git is not asked to commit or to push: that would need the token in a URL or a helper, and would run what the
configuration of the checkout says. The API makes the commit from texts and names, and sets one branch, which is ours.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from galleryctl.forge.client import Forge, NewCommit

_TRAILER = re.compile(r"^Galleryctl-Proposal: ([0-9a-f]{64})$", re.MULTILINE)


class ProposalResult(StrEnum):
    """The result of a write."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FOREIGN_COMMITS = "foreign commits"
    """Somebody has committed to the branch; it was left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The files to propose, by their paths in the repository; None deletes one."""

    branch: str
    base: str
    parent: str
    title: str
    body: str
    files: Mapping[str, str | None]
    existing: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """The result, and the address of the pull request."""

    result: ProposalResult
    url: str = ""


async def write_proposal(forge: Forge, proposal: Proposal) -> Proposed:
    """Set the branch, and open or update its pull request. Raises ForgeError."""
    digest = _digest(proposal)
    message = await forge.branch_message(proposal.branch)
    trailer = None if message is None else _TRAILER.search(message)
    pull = await forge.open_pull(proposal.branch, proposal.base)
    if message is not None and trailer is None:
        return Proposed(result=ProposalResult.FOREIGN_COMMITS, url=pull.url if pull else "")
    is_new = trailer is None or trailer[1] != digest or pull is None
    if is_new:
        commit = NewCommit(
            branch=proposal.branch,
            parent=proposal.parent,
            message=f"{proposal.title}\n\nGalleryctl-Proposal: {digest}\n",
            files=proposal.files,
            existing=proposal.existing,
        )
        await forge.push_commit(commit)
    if pull is None:
        created = await forge.create_pull(proposal.branch, proposal.base, proposal.title, proposal.body)
        return Proposed(result=ProposalResult.CREATED, url=created.url)
    if is_new or (pull.title, pull.body.rstrip()) != (proposal.title, proposal.body.rstrip()):
        await forge.update_pull(pull.number, proposal.title, proposal.body)
        return Proposed(result=ProposalResult.UPDATED, url=pull.url)
    return Proposed(result=ProposalResult.UNCHANGED, url=pull.url)


def blob_hash(content: bytes, like: str) -> str:
    """Return the hash that git gives a file; `like` is one of the repository, which says the algorithm."""
    algorithm = hashlib.sha256 if len(like) == 64 else hashlib.sha1  # noqa: PLR2004 - hex digits
    return algorithm(b"blob %d\0" % len(content) + content).hexdigest()


def _digest(proposal: Proposal) -> str:
    hashed = hashlib.sha256()
    for path, text in sorted(proposal.files.items()):
        for part in (path, "-" if text is None else f"+{text}"):
            content = part.encode()
            hashed.update(b"%d:" % len(content) + content)
    return hashed.hexdigest()
