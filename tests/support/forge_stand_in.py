"""A stand-in for the REST APIs of GitHub and GitLab, as an ASGI application: in process, or on a loopback port.

It keeps comments, reactions, issues, branches and pull requests of one repository, and answers as the forges do: pages
with a Link header, 401 for an unknown token, 403 for one that may only read, 404, 422 for a text above 65,536
characters. `answers` are sent instead of the next answers (with `serve_before_answer`, the request has its effect); `turn` is awaited before each request is served.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from galleryctl.forge.job import ForgeKind

Doc = dict[str, Any]
TOKEN = "forge-token-do-not-print"
READ_TOKEN = "forge-read-token-do-not-print"
GITHUB = "/repos/studio/galleries"
GITLAB = "/projects/7"
MAX_TEXT = 65_536


async def no_wait(_label: str) -> None:
    """Serve each request at once."""


@dataclass(slots=True, kw_only=True)
class ForgeStandIn:
    """The repository and what was asked of it; `calls` are `METHOD path` of each request, `tokens` what came with it."""

    kind: ForgeKind = ForgeKind.GITHUB
    logins: dict[str, str] = field(default_factory=lambda: {TOKEN: "galleries-bot", READ_TOKEN: "galleries-bot"})
    answers: list[Response | None] = field(default_factory=list)
    serve_before_answer: bool = False
    turn: Callable[[str], Awaitable[None]] = no_wait
    racy_marks: bool = False
    base_url: str = "http://127.0.0.1:9"
    calls: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    comments: dict[int, Doc] = field(default_factory=dict)
    marks: dict[int, Doc] = field(default_factory=dict)
    issues: dict[int, Doc] = field(default_factory=dict)
    pulls: dict[int, Doc] = field(default_factory=dict)
    commits: dict[str, Doc] = field(default_factory=dict)
    trees: dict[str, dict[str, str]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    behind: int = 0
    last_id: int = 0
    clock: Callable[[], float] | None = None
    """Epoch seconds; without it, neither responses nor reactions have a time."""
    viewer: str = ""
    """The account that GraphQL tells, for tokens that may not ask the REST API."""

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def add_comment(self, body: str, author: str = "galleries-bot", pull: int = 5) -> int:
        number = self.next_id()
        self.comments[number] = {"id": number, "body": body, "author": author, "pull": pull}
        return number

    def bodies(self) -> list[str]:
        return [comment["body"] for comment in self.comments.values()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        path = scope.get("raw_path", scope["path"].encode()).decode().partition("?")[0]
        path = path.removeprefix("/api/v4").removeprefix("/api/v3")
        self.calls.append(f"{request.method} {path}")
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or request.headers.get(
            "private-token", ""
        )
        self.tokens.append(token)
        body = await request.body()
        await self.turn(f"{request.method} {path}")
        response = self.answers.pop(0) if self.answers else None
        if response is None or self.serve_before_answer:
            served = await self.serve(request, path, token, json.loads(body) if body else {})
            response = response or served
        if self.clock is not None:
            response.headers["date"] = formatdate(self.clock(), usegmt=True)
        await response(scope, receive, send)

    async def serve(self, request: Request, path: str, token: str, body: Doc) -> Response:
        if token not in self.logins:
            return error(401, "Bad credentials")
        login = self.logins[token]
        if token == READ_TOKEN and request.method != "GET":
            return error(403, "Resource not accessible by integration")
        texts = (value for name, value in body.items() if name in ("body", "description") and isinstance(value, str))
        if any(len(text) > MAX_TEXT for text in texts):
            return error(422, "Validation Failed", errors=["body is too long (maximum is 65536 characters)"])
        routes = GITHUB_ROUTES if self.kind is ForgeKind.GITHUB else GITLAB_ROUTES
        for method, pattern, handler in routes:
            found = re.fullmatch(pattern, path)
            if method == request.method and found:
                if self.racy_marks and method == "POST" and handler is add_mark:
                    taken = held_mark(self, login, int(found[1]))
                    await self.turn("the database inserts")
                    return add_mark(self, Call(request, login, found, body), taken=taken)
                answer: Response = handler(self, Call(request, login, found, body))
                return answer
        return error(404, "Not Found")


@dataclass(slots=True)
class Call:
    request: Request
    login: str
    match: re.Match[str]
    body: Doc

    def number(self, index: int = 1) -> int:
        return int(self.match[index])

    def text(self, index: int = 1) -> str:
        return unquote(self.match[index])


def error(status: int, message: str, headers: dict[str, str] | None = None, **members: Any) -> Response:
    return JSONResponse({"message": message, **members}, status, headers)


def page(forge: ForgeStandIn, call: Call, entries: list[Doc]) -> Response:
    query = call.request.query_params
    number, size = int(query.get("page", "1")), int(query.get("per_page", "30"))
    shown = entries[(number - 1) * size : number * size]
    is_last = number * size >= len(entries)
    link = f'<{forge.base_url}/?page=1>; rel="first", <{forge.base_url}/?page={number + 1}>; rel="next"'
    return JSONResponse(shown, headers={} if is_last else {"link": link})


def user(forge: ForgeStandIn, login: str) -> Doc:
    return {"login": login} if forge.kind is ForgeKind.GITHUB else {"username": login}


def comment_doc(forge: ForgeStandIn, comment: Doc) -> Doc:
    by = {"user" if forge.kind is ForgeKind.GITHUB else "author": user(forge, comment["author"])}
    return {"id": comment["id"], "body": comment["body"], "html_url": f"https://forge/c/{comment['id']}", **by}


def who(forge: ForgeStandIn, call: Call) -> Response:
    if forge.viewer:
        return error(403, "Resource not accessible by integration")
    return JSONResponse(user(forge, call.login))


def graphql(forge: ForgeStandIn, call: Call) -> Response:
    assert call.body == {"query": "{viewer{login}}"}
    return JSONResponse({"data": {"viewer": {"login": forge.viewer}}})


def list_comments(forge: ForgeStandIn, call: Call) -> Response:
    found = [comment_doc(forge, each) for each in forge.comments.values() if each["pull"] == call.number()]
    return page(forge, call, found)


def create_comment(forge: ForgeStandIn, call: Call) -> Response:
    number = forge.add_comment(call.body["body"], call.login, call.number())
    return JSONResponse(comment_doc(forge, forge.comments[number]), 201)


def one_comment(forge: ForgeStandIn, call: Call) -> Response:
    number = call.number()
    if number not in forge.comments:
        return error(404, "Not Found")
    match call.request.method:
        case "DELETE":
            del forge.comments[number]
            forge.marks = {key: mark for key, mark in forge.marks.items() if mark["comment"] != number}
            return Response(status_code=204)
        case "PATCH" | "PUT":
            forge.comments[number]["body"] = call.body["body"]
    return JSONResponse(comment_doc(forge, forge.comments[number]))


def held_mark(forge: ForgeStandIn, login: str, comment: int) -> Doc | None:
    return next((m for m in forge.marks.values() if (m["login"], m["comment"]) == (login, comment)), None)


def add_mark(forge: ForgeStandIn, call: Call, taken: Doc | None = None) -> Response:
    comment = call.number()
    if comment not in forge.comments:
        return error(404, "Not Found")
    taken = taken if forge.racy_marks else held_mark(forge, call.login, comment)
    if taken is not None and forge.kind is ForgeKind.GITLAB:
        return error(404, "404 Award Emoji Name has already been taken Not Found")
    if taken is not None:
        return JSONResponse(mark_doc(forge, taken), 200)
    mark: Doc = {"id": forge.next_id(), "login": call.login, "comment": comment}
    if forge.clock is not None:
        mark["created_at"] = datetime.fromtimestamp(forge.clock(), UTC).isoformat()
    forge.marks[mark["id"]] = mark
    return JSONResponse(mark_doc(forge, mark), 201)


def mark_doc(forge: ForgeStandIn, mark: Doc) -> Doc:
    made = {"created_at": mark["created_at"]} if "created_at" in mark else {}
    return {"id": mark["id"], "content": "eyes", "name": "eyes", "user": user(forge, mark["login"]), **made}


def list_marks(forge: ForgeStandIn, call: Call) -> Response:
    if call.number() not in forge.comments:
        return error(404, "Not Found")
    return page(forge, call, [mark_doc(forge, m) for m in forge.marks.values() if m["comment"] == call.number()])


def remove_mark(forge: ForgeStandIn, call: Call) -> Response:
    return Response(status_code=204) if forge.marks.pop(call.number(2), None) else error(404, "Not Found")


def issue_doc(forge: ForgeStandIn, issue: Doc) -> Doc:
    if forge.kind is ForgeKind.GITHUB:
        return {**issue, "html_url": f"https://forge/i/{issue['number']}", "user": user(forge, issue["author"])}
    state = "opened" if issue["state"] == "open" else "closed"
    described = {"iid": issue["number"], "description": issue["body"], "title": issue["title"], "state": state}
    return {**described, "author": user(forge, issue["author"]), "web_url": f"https://forge/i/{issue['number']}"}


def list_issues(forge: ForgeStandIn, call: Call) -> Response:
    query = call.request.query_params
    author = query.get("creator") or query.get("author_username")
    return page(forge, call, [issue_doc(forge, i) for i in forge.issues.values() if i["author"] == author])


def create_issue(forge: ForgeStandIn, call: Call) -> Response:
    number = len(forge.issues) + 1
    text = call.body.get("body", call.body.get("description"))
    forge.issues[number] = {
        "number": number, "title": call.body["title"], "body": text, "author": call.login, "state": "open",
        "labels": call.body["labels"],
    }  # fmt: skip
    return JSONResponse(issue_doc(forge, forge.issues[number]), 201)


def update_issue(forge: ForgeStandIn, call: Call) -> Response:
    issue = forge.issues[call.number()]
    issue["body"] = call.body.get("body", call.body.get("description", issue["body"]))
    issue["state"] = call.body.get("state", issue["state"])
    if event := call.body.get("state_event"):
        issue["state"] = "open" if event == "reopen" else "closed"
    return JSONResponse(issue_doc(forge, issue))


def pull_doc(forge: ForgeStandIn, pull: Doc) -> Doc:
    number, url = pull["number"], f"https://forge/p/{pull['number']}"
    if forge.kind is ForgeKind.GITHUB:
        merged = "2026-01-01T00:00:00Z" if pull.get("merged") else None
        return {"number": number, "title": pull["title"], "body": pull["body"], "merged_at": merged, "html_url": url}
    project = {"source_project_id": pull.get("source", 7), "target_project_id": 7}
    state = "merged" if pull.get("merged") else "opened"
    return {
        "iid": number,
        "title": pull["title"],
        "description": pull["body"],
        "state": state,
        "web_url": url,
        **project,
    }


def list_pulls(forge: ForgeStandIn, call: Call) -> Response:
    query = call.request.query_params
    branch = (query.get("head") or "").removeprefix("studio:") or query.get("source_branch")
    found = [each for each in forge.pulls.values() if each["branch"] == branch and not each.get("merged")]
    return page(forge, call, [pull_doc(forge, each) for each in found])


def create_pull(forge: ForgeStandIn, call: Call) -> Response:
    number, body = 100 + len(forge.pulls), call.body
    forge.pulls[number] = {
        "number": number, "title": body["title"], "body": body.get("body", body.get("description")),
        "branch": body.get("head", body.get("source_branch")), "base": body.get("base", body.get("target_branch")),
    }  # fmt: skip
    return JSONResponse(pull_doc(forge, forge.pulls[number]), 201)


def update_pull(forge: ForgeStandIn, call: Call) -> Response:
    pull = forge.pulls[call.number()]
    pull |= {"title": call.body["title"], "body": call.body.get("body", call.body.get("description"))}
    return JSONResponse(pull_doc(forge, pull))


def pulls_of_commit(forge: ForgeStandIn, call: Call) -> Response:
    found = [each for each in forge.pulls.values() if call.text() in each.get("commits", ())]
    return page(forge, call, [pull_doc(forge, each) for each in found])


def branch(forge: ForgeStandIn, call: Call) -> Response:
    head = forge.branches.get(call.text())
    if head is None:
        return error(404, "Branch not found")
    message = forge.commits[head]["message"]
    commit: Doc = {"sha": head, "id": head, "message": message, "commit": {"message": message}}
    return JSONResponse({"name": call.text(), "commit": commit})


def git_commit(forge: ForgeStandIn, call: Call) -> Response:
    commit = forge.commits.get(call.text())
    return JSONResponse({"tree": {"sha": commit["tree"]}}) if commit else error(404, "Not Found")


def create_tree(forge: ForgeStandIn, call: Call) -> Response:
    files = dict(forge.trees[call.body["base_tree"]])
    for entry in call.body["tree"]:
        if entry.get("sha", "") is None:
            files.pop(entry["path"], None)
        else:
            files[entry["path"]] = entry["content"]
    sha = f"tree{forge.next_id()}"
    forge.trees[sha] = files
    return JSONResponse({"sha": sha}, 201)


def create_commit(forge: ForgeStandIn, call: Call) -> Response:
    sha = f"commit{forge.next_id()}"
    forge.commits[sha] = {k: call.body[k] for k in ("message", "tree", "parents")}
    return JSONResponse({"sha": sha}, 201)


def create_ref(forge: ForgeStandIn, call: Call) -> Response:
    forge.branches[call.body["ref"].removeprefix("refs/heads/")] = call.body["sha"]
    return JSONResponse({}, 201)


def update_ref(forge: ForgeStandIn, call: Call) -> Response:
    forge.branches[call.text()] = call.body["sha"]
    return JSONResponse({})


def gitlab_commit(forge: ForgeStandIn, call: Call) -> Response:
    files = dict(forge.trees[forge.commits[call.body["start_sha"]]["tree"]])
    for action in call.body["actions"]:
        path, name = action["file_path"], action["action"]
        if (path in files) is (name == "create"):
            return error(400, "A file with this name already exists" if path in files else "does not exist")
        if name == "delete":
            del files[path]
        else:
            files[path] = action["content"]
    tree, sha = f"tree{forge.next_id()}", f"commit{forge.next_id()}"
    forge.trees[tree] = files
    forge.commits[sha] = {"message": call.body["commit_message"], "tree": tree, "parents": [call.body["start_sha"]]}
    forge.branches[call.body["branch"]] = sha
    return JSONResponse({"id": sha}, 201)


def compare(forge: ForgeStandIn, _call: Call) -> Response:
    return JSONResponse({"behind_by": forge.behind, "commits": [{}] * forge.behind})


GITHUB_ROUTES: list[tuple[str, str, Callable[..., Response]]] = [
    ("GET", "/user", who),
    ("POST", "/graphql", graphql),
    ("GET", rf"{GITHUB}/issues/(\d+)/comments", list_comments),
    ("POST", rf"{GITHUB}/issues/(\d+)/comments", create_comment),
    *((method, rf"{GITHUB}/issues/comments/(\d+)", one_comment) for method in ("GET", "PATCH", "DELETE")),
    ("POST", rf"{GITHUB}/issues/comments/(\d+)/reactions", add_mark),
    ("GET", rf"{GITHUB}/issues/comments/(\d+)/reactions", list_marks),
    ("DELETE", rf"{GITHUB}/issues/comments/(\d+)/reactions/(\d+)", remove_mark),
    ("GET", f"{GITHUB}/issues", list_issues),
    ("POST", f"{GITHUB}/issues", create_issue),
    ("PATCH", rf"{GITHUB}/issues/(\d+)", update_issue),
    ("GET", f"{GITHUB}/pulls", list_pulls),
    ("POST", f"{GITHUB}/pulls", create_pull),
    ("PATCH", rf"{GITHUB}/pulls/(\d+)", update_pull),
    ("GET", rf"{GITHUB}/commits/(\w+)/pulls", pulls_of_commit),
    ("GET", rf"{GITHUB}/branches/([^/]+)", branch),
    ("GET", rf"{GITHUB}/git/commits/(\w+)", git_commit),
    ("POST", f"{GITHUB}/git/commits", create_commit),
    ("POST", f"{GITHUB}/git/trees", create_tree),
    ("POST", f"{GITHUB}/git/refs", create_ref),
    ("PATCH", rf"{GITHUB}/git/refs/heads/(.+)", update_ref),
    ("GET", rf"{GITHUB}/compare/(.+)", compare),
]
GITLAB_ROUTES: list[tuple[str, str, Callable[..., Response]]] = [
    ("GET", "/user", who),
    ("GET", rf"{GITLAB}/merge_requests/(\d+)/notes", list_comments),
    ("POST", rf"{GITLAB}/merge_requests/(\d+)/notes", create_comment),
    *((method, rf"{GITLAB}/merge_requests/\d+/notes/(\d+)", one_comment) for method in ("GET", "PUT", "DELETE")),
    ("POST", rf"{GITLAB}/merge_requests/\d+/notes/(\d+)/award_emoji", add_mark),
    ("GET", rf"{GITLAB}/merge_requests/\d+/notes/(\d+)/award_emoji", list_marks),
    ("DELETE", rf"{GITLAB}/merge_requests/\d+/notes/(\d+)/award_emoji/(\d+)", remove_mark),
    ("GET", f"{GITLAB}/issues", list_issues),
    ("POST", f"{GITLAB}/issues", create_issue),
    ("PUT", rf"{GITLAB}/issues/(\d+)", update_issue),
    ("GET", f"{GITLAB}/merge_requests", list_pulls),
    ("POST", f"{GITLAB}/merge_requests", create_pull),
    ("PUT", rf"{GITLAB}/merge_requests/(\d+)", update_pull),
    ("GET", rf"{GITLAB}/repository/commits/(\w+)/merge_requests", pulls_of_commit),
    ("GET", rf"{GITLAB}/repository/branches/([^/]+)", branch),
    ("POST", f"{GITLAB}/repository/commits", gitlab_commit),
    ("GET", f"{GITLAB}/repository/compare", compare),
]
