"""The requests that galleryctl makes to a forge; `galleryctl.forge.github` and `galleryctl.forge.gitlab` implement it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeComment:
    """A comment on a pull request."""

    id: int
    author: str
    body: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeMark:
    """A reaction that marks a comment as being updated; `age` is in seconds by the forge's clock, None if it says none."""

    id: int
    age: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeIssue:
    """An issue; `number` is the one that people see."""

    number: int
    author: str
    title: str
    body: str
    is_open: bool
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgePull:
    """A pull request, or a merge request of GitLab."""

    number: int
    title: str
    body: str
    is_merged: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCommit:
    """A commit to make on top of `parent`, as the only one of `branch`; None as a text deletes the file."""

    branch: str
    parent: str
    message: str
    files: Mapping[str, str | None]
    existing: frozenset[str]
    """The files that the parent has."""


class Forge(Protocol):
    """The requests of one repository. All raise ForgeError; listings read all pages."""

    async def login(self) -> str:
        """Return the name of the account that the token belongs to."""
        ...

    async def comments(self, pull: int) -> Sequence[ForgeComment]:
        """Return the comments on a pull request, oldest first."""
        ...

    async def comment(self, pull: int, comment: int) -> ForgeComment:
        """Return a comment. Raises ForgeNotFound."""
        ...

    async def create_comment(self, pull: int, body: str) -> ForgeComment:
        """Create a comment. Raises ForgeTextTooLong, ForgeResponseLost."""
        ...

    async def update_comment(self, pull: int, comment: int, body: str) -> None:
        """Replace the body of a comment. Raises ForgeNotFound, ForgeTextTooLong."""
        ...

    async def delete_comment(self, pull: int, comment: int) -> None:
        """Delete a comment. Raises ForgeNotFound."""
        ...

    async def add_mark(self, pull: int, comment: int) -> int | None:
        """Add the reaction that marks a comment as being updated, and return its id; None if the account has it there."""
        ...

    async def marks(self, pull: int, comment: int, login: str) -> Sequence[ForgeMark]:
        """Return these reactions of the account, oldest first: at most one, except after a race."""
        ...

    async def remove_mark(self, pull: int, comment: int, mark: int) -> None:
        """Remove a reaction. Raises ForgeNotFound."""
        ...

    async def issues(self, login: str) -> Sequence[ForgeIssue]:
        """Return the open and closed issues of an account."""
        ...

    async def create_issue(self, title: str, body: str, labels: Sequence[str]) -> ForgeIssue:
        """Create an issue. Raises ForgeTextTooLong, ForgeResponseLost."""
        ...

    async def update_issue(self, number: int, *, body: str | None = None, is_open: bool | None = None) -> None:
        """Replace the body, reopen or close an issue."""
        ...

    async def pulls_of_commit(self, commit: str) -> Sequence[ForgePull]:
        """Return the pull requests that contain a commit."""
        ...

    async def open_pull(self, branch: str, base: str) -> ForgePull | None:
        """Return the open pull request from a branch of this repository."""
        ...

    async def create_pull(self, branch: str, base: str, title: str, body: str) -> ForgePull:
        """Create a pull request."""
        ...

    async def update_pull(self, number: int, title: str, body: str) -> None:
        """Replace the title and the body of a pull request."""
        ...

    async def branch_message(self, branch: str) -> str | None:
        """Return the message of the last commit of a branch, None if there is no such branch."""
        ...

    async def push_commit(self, commit: NewCommit) -> None:
        """Make a commit, and let its branch have it as the only one on top of the parent."""
        ...

    async def commits_behind(self, base: str, head: str) -> int:
        """Return how many commits of a branch or commit `base` are missing in the commit `head`."""
        ...
