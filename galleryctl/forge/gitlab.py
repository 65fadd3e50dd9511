"""The REST API of GitLab, version 4, for one project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from galleryctl.forge.client import ForgeComment, ForgeIssue, ForgeMark, ForgePull, NewCommit
from galleryctl.forge.errors import ForgeError, ForgeNotFound
from galleryctl.forge.fields import age_of, number_of, object_of, text_of
from galleryctl.forge.job import CiJob
from galleryctl.forge.rest import RestApi
from galleryctl.model.fields import Json

_MARK = "eyes"
_ALREADY = "has already been taken"
"""The message of the 404 for an emoji that this account has on the note."""


class GitLab:
    """The project of a job on GitLab; pull requests are its merge requests."""

    def __init__(self, api: RestApi, job: CiJob, *, login: str = "") -> None:
        self._api, self._login = api, login
        self._project = f"/projects/{job.repository}"

    async def login(self) -> str:
        """Return the user name of the token's account."""
        if not self._login:
            self._login = text_of((await self._api.send("GET", "/user")).value, "username")
        return self._login

    async def comments(self, pull: int) -> Sequence[ForgeComment]:
        """Return the notes on a merge request."""
        path = self._notes(pull)
        found = await self._api.pages(path, {"sort": "asc", "order_by": "created_at"})
        return [_note(each, f"GET {path}") for each in found]

    async def comment(self, pull: int, comment: int) -> ForgeComment:
        """Return a note."""
        path = f"{self._notes(pull)}/{comment}"
        return _note((await self._api.send("GET", path)).value, f"GET {path}")

    async def create_comment(self, pull: int, body: str) -> ForgeComment:
        """Create a note."""
        path = self._notes(pull)
        return _note((await self._api.send("POST", path, json={"body": body})).value, f"POST {path}")

    async def update_comment(self, pull: int, comment: int, body: str) -> None:
        """Replace the body of a note."""
        await self._api.send("PUT", f"{self._notes(pull)}/{comment}", json={"body": body})

    async def delete_comment(self, pull: int, comment: int) -> None:
        """Delete a note."""
        await self._api.send("DELETE", f"{self._notes(pull)}/{comment}")

    async def add_mark(self, pull: int, comment: int) -> int | None:
        """Add the emoji; GitLab answers 404 if this account had it there."""
        path = f"{self._notes(pull)}/{comment}/award_emoji"
        try:
            reply = await self._api.send("POST", path, json={"name": _MARK})
        except ForgeNotFound as error:
            if _ALREADY not in error.why:
                raise
            return None
        return number_of(reply.value, "id", f"POST {path}")

    async def marks(self, pull: int, comment: int, login: str) -> Sequence[ForgeMark]:
        """Return the emoji of an account."""
        path = f"{self._notes(pull)}/{comment}/award_emoji"
        found = await self._api.pages(path)
        own = (each for each in found if text_of(each, "user", "username") == login and text_of(each, "name") == _MARK)
        now = self._api.server_time
        marks = (ForgeMark(id=number_of(each, "id", f"GET {path}"), age=age_of(each, now)) for each in own)
        return sorted(marks, key=lambda mark: mark.id)

    async def remove_mark(self, pull: int, comment: int, mark: int) -> None:
        """Remove an emoji."""
        await self._api.send("DELETE", f"{self._notes(pull)}/{comment}/award_emoji/{mark}")

    async def issues(self, login: str) -> Sequence[ForgeIssue]:
        """Return the issues of an account."""
        path = f"{self._project}/issues"
        params = {"scope": "all", "author_username": login, "order_by": "created_at", "sort": "asc"}
        return [_issue(each, f"GET {path}") for each in await self._api.pages(path, params)]

    async def create_issue(self, title: str, body: str, labels: Sequence[str]) -> ForgeIssue:
        """Create an issue."""
        path = f"{self._project}/issues"
        json: dict[str, Any] = {"title": title, "description": body, "labels": ",".join(labels)}
        return _issue((await self._api.send("POST", path, json=json)).value, f"POST {path}")

    async def update_issue(self, number: int, *, body: str | None = None, is_open: bool | None = None) -> None:
        """Replace the description or the state of an issue."""
        event = None if is_open is None else "reopen" if is_open else "close"
        json: dict[str, Any] = {k: v for k, v in (("description", body), ("state_event", event)) if v is not None}
        await self._api.send("PUT", f"{self._project}/issues/{number}", json=json)

    async def pulls_of_commit(self, commit: str) -> Sequence[ForgePull]:
        """Return the merge requests that contain a commit."""
        path = f"{self._project}/repository/commits/{commit}/merge_requests"
        return [_merge_request(each, f"GET {path}") for each in await self._api.pages(path)]

    async def open_pull(self, branch: str, base: str) -> ForgePull | None:
        """Return the open merge request from a branch of this project."""
        path = f"{self._project}/merge_requests"
        params = {"state": "opened", "source_branch": branch, "target_branch": base}
        own = [each for each in await self._api.pages(path, params) if _is_of_this_project(each)]
        return _merge_request(own[0], f"GET {path}") if own else None

    async def create_pull(self, branch: str, base: str, title: str, body: str) -> ForgePull:
        """Create a merge request."""
        path = f"{self._project}/merge_requests"
        json: dict[str, Any] = {
            "source_branch": branch,
            "target_branch": base,
            "title": title,
            "description": body,
            "remove_source_branch": True,
        }
        return _merge_request((await self._api.send("POST", path, json=json)).value, f"POST {path}")

    async def update_pull(self, number: int, title: str, body: str) -> None:
        """Replace the title and the description of a merge request."""
        await self._api.send(
            "PUT", f"{self._project}/merge_requests/{number}", json={"title": title, "description": body}
        )

    async def branch_message(self, branch: str) -> str | None:
        """Return the message of the last commit of a branch."""
        path = f"{self._project}/repository/branches/{quote(branch, safe='')}"
        try:
            reply = await self._api.send("GET", path)
        except ForgeNotFound:
            return None
        return text_of(reply.value, "commit", "message")

    async def push_commit(self, commit: NewCommit) -> None:
        """Make the commit on the branch, which starts again at the parent."""
        actions: list[Any] = [_action(path, text, commit.existing) for path, text in sorted(commit.files.items())]
        json: dict[str, Any] = {
            "branch": commit.branch,
            "start_sha": commit.parent,
            "force": True,
            "commit_message": commit.message,
            "actions": actions,
        }
        await self._api.send("POST", f"{self._project}/repository/commits", json=json)

    async def commits_behind(self, base: str, head: str) -> int:
        """Return how many commits of `base` the commit `head` lacks."""
        path = f"{self._project}/repository/compare"
        reply = await self._api.send("GET", path, params={"from": head, "to": base, "straight": "false"})
        commits = object_of(reply.value, f"GET {path}").get("commits")
        if not isinstance(commits, Sequence) or isinstance(commits, str):
            raise ForgeError("the response has no list of commits", call=f"GET {path}")
        return len(commits)

    def _notes(self, pull: int) -> str:
        return f"{self._project}/merge_requests/{pull}/notes"


def _action(path: str, text: str | None, existing: frozenset[str]) -> dict[str, Json]:
    if text is None:
        return {"action": "delete", "file_path": path}
    return {"action": "update" if path in existing else "create", "file_path": path, "content": text}


def _note(value: Json, call: str) -> ForgeComment:
    found = object_of(value, call)
    return ForgeComment(
        id=number_of(found, "id", call), author=text_of(found, "author", "username"), body=text_of(found, "body")
    )


def _issue(value: Json, call: str) -> ForgeIssue:
    found = object_of(value, call)
    return ForgeIssue(
        number=number_of(found, "iid", call),
        author=text_of(found, "author", "username"),
        title=text_of(found, "title"),
        body=text_of(found, "description"),
        is_open=text_of(found, "state") == "opened",
        url=text_of(found, "web_url"),
    )


def _is_of_this_project(value: Json) -> bool:
    """Return True unless the merge request comes from a fork, whose branch may have any name."""
    return isinstance(value, Mapping) and value.get("source_project_id") == value.get("target_project_id")


def _merge_request(value: Json, call: str) -> ForgePull:
    found = object_of(value, call)
    return ForgePull(
        number=number_of(found, "iid", call),
        title=text_of(found, "title"),
        body=text_of(found, "description"),
        is_merged=text_of(found, "state") == "merged",
        url=text_of(found, "web_url"),
    )
