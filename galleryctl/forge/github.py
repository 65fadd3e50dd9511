"""The REST API of GitHub, version 2022-11-28, for one repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from galleryctl.forge.client import ForgeComment, ForgeIssue, ForgeMark, ForgePull, NewCommit
from galleryctl.forge.errors import ForgeError, ForgeForbidden, ForgeNotFound
from galleryctl.forge.fields import age_of, number_of, object_of, text_of
from galleryctl.forge.job import CiJob
from galleryctl.forge.rest import RestApi
from galleryctl.model.fields import Json

GITHUB_HEADERS: Mapping[str, str] = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}
_ACTIONS_LOGIN = "github-actions[bot]"
"""The account of GITHUB_TOKEN in a workflow."""
_MARK = "eyes"


class GitHub:
    """The repository of a job on GitHub."""

    def __init__(self, api: RestApi, job: CiJob, *, login: str = "") -> None:
        self._api, self._login = api, login
        self._repository = f"/repos/{job.repository}"
        self._owner = job.repository.partition("/")[0]

    async def login(self) -> str:
        """Return the login of the token's account: that of the workflow's token if the forge does not tell."""
        if not self._login:
            try:
                self._login = text_of((await self._api.send("GET", "/user")).value, "login")
            except (ForgeForbidden, ForgeNotFound):
                self._login = await self._installation_login()
        return self._login or _ACTIONS_LOGIN

    async def _installation_login(self) -> str:
        """Return the login of the GitHub App whose token it is, which only the GraphQL API tells, or ""."""
        try:
            reply = await self._api.graphql("{viewer{login}}")
        except ForgeError:
            return ""
        return text_of(reply.value, "data", "viewer", "login")

    async def comments(self, pull: int) -> Sequence[ForgeComment]:
        """Return the comments on a pull request."""
        path = f"{self._repository}/issues/{pull}/comments"
        return [_comment(each, f"GET {path}") for each in await self._api.pages(path)]

    async def comment(self, pull: int, comment: int) -> ForgeComment:  # noqa: ARG002 - ids are unique in a repository
        """Return a comment."""
        path = f"{self._repository}/issues/comments/{comment}"
        return _comment((await self._api.send("GET", path)).value, f"GET {path}")

    async def create_comment(self, pull: int, body: str) -> ForgeComment:
        """Create a comment."""
        path = f"{self._repository}/issues/{pull}/comments"
        return _comment((await self._api.send("POST", path, json={"body": body})).value, f"POST {path}")

    async def update_comment(self, pull: int, comment: int, body: str) -> None:  # noqa: ARG002
        """Replace the body of a comment."""
        await self._api.send("PATCH", f"{self._repository}/issues/comments/{comment}", json={"body": body})

    async def delete_comment(self, pull: int, comment: int) -> None:  # noqa: ARG002
        """Delete a comment."""
        await self._api.send("DELETE", f"{self._repository}/issues/comments/{comment}")

    async def add_mark(self, pull: int, comment: int) -> int | None:  # noqa: ARG002
        """Add the reaction: the status is 201 if it is new, 200 if this account had it there."""
        path = f"{self._repository}/issues/comments/{comment}/reactions"
        reply = await self._api.send("POST", path, json={"content": _MARK})
        return number_of(reply.value, "id", f"POST {path}") if reply.status == 201 else None  # noqa: PLR2004 - created

    async def marks(self, pull: int, comment: int, login: str) -> Sequence[ForgeMark]:  # noqa: ARG002
        """Return the reactions of an account."""
        path = f"{self._repository}/issues/comments/{comment}/reactions"
        found = await self._api.pages(path, {"content": _MARK})
        own = (each for each in found if text_of(each, "user", "login") == login and text_of(each, "content") == _MARK)
        now = self._api.server_time
        marks = (ForgeMark(id=number_of(each, "id", f"GET {path}"), age=age_of(each, now)) for each in own)
        return sorted(marks, key=lambda mark: mark.id)

    async def remove_mark(self, pull: int, comment: int, mark: int) -> None:  # noqa: ARG002
        """Remove a reaction."""
        await self._api.send("DELETE", f"{self._repository}/issues/comments/{comment}/reactions/{mark}")

    async def issues(self, login: str) -> Sequence[ForgeIssue]:
        """Return the issues of an account, without pull requests."""
        path = f"{self._repository}/issues"
        found = await self._api.pages(path, {"state": "all", "creator": login, "sort": "created", "direction": "asc"})
        own = (each for each in found if isinstance(each, Mapping) and not each.get("pull_request"))
        return [_issue(each, f"GET {path}") for each in own]

    async def create_issue(self, title: str, body: str, labels: Sequence[str]) -> ForgeIssue:
        """Create an issue."""
        path = f"{self._repository}/issues"
        json: dict[str, Any] = {"title": title, "body": body, "labels": list(labels)}
        return _issue((await self._api.send("POST", path, json=json)).value, f"POST {path}")

    async def update_issue(self, number: int, *, body: str | None = None, is_open: bool | None = None) -> None:
        """Replace the body or the state of an issue."""
        state = None if is_open is None else "open" if is_open else "closed"
        json: dict[str, Any] = {k: v for k, v in (("body", body), ("state", state)) if v is not None}
        await self._api.send("PATCH", f"{self._repository}/issues/{number}", json=json)

    async def pulls_of_commit(self, commit: str) -> Sequence[ForgePull]:
        """Return the pull requests that contain a commit."""
        path = f"{self._repository}/commits/{commit}/pulls"
        return [_pull(each, f"GET {path}") for each in await self._api.pages(path)]

    async def open_pull(self, branch: str, base: str) -> ForgePull | None:
        """Return the open pull request from a branch of this repository."""
        path = f"{self._repository}/pulls"
        params = {"state": "open", "head": f"{self._owner}:{branch}", "base": base}
        found = [_pull(each, f"GET {path}") for each in await self._api.pages(path, params)]
        return found[0] if found else None

    async def create_pull(self, branch: str, base: str, title: str, body: str) -> ForgePull:
        """Create a pull request."""
        path = f"{self._repository}/pulls"
        json = {"head": branch, "base": base, "title": title, "body": body}
        return _pull((await self._api.send("POST", path, json=json)).value, f"POST {path}")

    async def update_pull(self, number: int, title: str, body: str) -> None:
        """Replace the title and the body of a pull request."""
        await self._api.send("PATCH", f"{self._repository}/pulls/{number}", json={"title": title, "body": body})

    async def branch_message(self, branch: str) -> str | None:
        """Return the message of the last commit of a branch."""
        path = f"{self._repository}/branches/{quote(branch, safe='')}"
        try:
            reply = await self._api.send("GET", path)
        except ForgeNotFound:
            return None
        return text_of(reply.value, "commit", "commit", "message")

    async def push_commit(self, commit: NewCommit) -> None:
        """Make a tree and a commit, and let the branch point at it."""
        git = f"{self._repository}/git"
        tree = text_of((await self._api.send("GET", f"{git}/commits/{commit.parent}")).value, "tree", "sha")
        entries: list[Any] = [_tree_entry(path, text) for path, text in sorted(commit.files.items())]
        made = await self._api.send("POST", f"{git}/trees", json={"base_tree": tree, "tree": entries})
        described = {"message": commit.message, "tree": text_of(made.value, "sha"), "parents": [commit.parent]}
        sha = text_of((await self._api.send("POST", f"{git}/commits", json=described)).value, "sha")
        if await self.branch_message(commit.branch) is None:
            await self._api.send("POST", f"{git}/refs", json={"ref": f"refs/heads/{commit.branch}", "sha": sha})
        else:
            path = f"{git}/refs/heads/{quote(commit.branch)}"
            await self._api.send("PATCH", path, json={"sha": sha, "force": True})

    async def commits_behind(self, base: str, head: str) -> int:
        """Return how many commits of `base` the commit `head` lacks."""
        path = f"{self._repository}/compare/{quote(base, safe='')}...{head}"
        return number_of((await self._api.send("GET", path, params={"per_page": "1"})).value, "behind_by", path)


def _tree_entry(path: str, text: str | None) -> dict[str, Json]:
    entry: dict[str, Json] = {"path": path, "mode": "100644", "type": "blob"}
    return {**entry, "sha": None} if text is None else {**entry, "content": text}


def _comment(value: Json, call: str) -> ForgeComment:
    found = object_of(value, call)
    return ForgeComment(
        id=number_of(found, "id", call),
        author=text_of(found, "user", "login"),
        body=text_of(found, "body"),
        url=text_of(found, "html_url"),
    )


def _issue(value: Json, call: str) -> ForgeIssue:
    found = object_of(value, call)
    return ForgeIssue(
        number=number_of(found, "number", call),
        author=text_of(found, "user", "login"),
        title=text_of(found, "title"),
        body=text_of(found, "body"),
        is_open=text_of(found, "state") == "open",
        url=text_of(found, "html_url"),
    )


def _pull(value: Json, call: str) -> ForgePull:
    found = object_of(value, call)
    return ForgePull(
        number=number_of(found, "number", call),
        title=text_of(found, "title"),
        body=text_of(found, "body"),
        is_merged=bool(text_of(found, "merged_at")),
        url=text_of(found, "html_url"),
    )
