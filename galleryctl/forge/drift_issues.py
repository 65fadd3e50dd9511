"""One drift issue for each site: created, updated when the drift changed, reopened, and closed when it is gone.

Its body begins with a marker that has the site, the digest of the drift, and the scope of the check that found it:

    <!-- galleryctl:drift {"key": "galleries", "site": "north", "digest": "…", "scope": []} -->

An issue is updated or closed only by a check that covered its scope. A check that failed changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from galleryctl.forge.client import Forge, ForgeIssue
from galleryctl.forge.markers import hidden_marker, marker_object
from galleryctl.model.fields import Json

_MARKER = re.compile(r"<!-- galleryctl:drift (\{[^\n]*\}) -->")


class IssueResult(StrEnum):
    """The result for the issue of a site."""

    CREATED = "created"
    UPDATED = "updated"
    REOPENED = "reopened"
    CLOSED = "closed"
    UNCHANGED = "unchanged"
    NOT_COVERED = "not covered"
    """The check covered only a part of what the issue is about."""
    OVER_LIMIT = "over the limit"
    NONE = "no drift"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDrift:
    """The result of a successful check of a site; `scope` are its targets, () for all of it.

    `is_complete` is False if it could not check some of these resources.
    """

    site: str
    title: str
    text: str
    digest: str
    scope: tuple[str, ...]
    has_drift: bool
    is_complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncedIssue:
    """The result for a site, and the address of its issue."""

    site: str
    result: IssueResult
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    issue: ForgeIssue
    digest: str
    scope: tuple[str, ...]


async def sync_issues(
    forge: Forge, key: str, checks: Sequence[SiteDrift], *, labels: Sequence[str], max_new: int
) -> tuple[SyncedIssue, ...]:
    """Let the issues say what the checks found; at most `max_new` are created or reopened. Raises ForgeError."""
    login = await forge.login()
    issues = [issue for issue in await forge.issues(login) if issue.author == login]
    synced: list[SyncedIssue] = []
    for check in checks:
        known = sorted(_issues_of(issues, key, check.site), key=lambda each: each.issue.number)
        opened = sum(each.result in (IssueResult.CREATED, IssueResult.REOPENED) for each in synced)
        synced.append(await _sync(forge, key, check, known, labels=labels, may_open=opened < max_new))
        for extra in known[1:]:
            if extra.issue.is_open and _covers(check.scope, extra.scope):
                await forge.update_issue(extra.issue.number, is_open=False)
    return tuple(synced)


async def _sync(
    forge: Forge, key: str, check: SiteDrift, known: Sequence[_Known], *, labels: Sequence[str], may_open: bool
) -> SyncedIssue:
    found = known[0] if known else None
    result = _decide(check, found, may_open=may_open)
    url = found.issue.url if found else ""
    if result is IssueResult.CREATED:
        url = (await forge.create_issue(check.title, _issue_body(key, check), labels)).url
    elif found is not None and result is IssueResult.CLOSED:
        await forge.update_issue(found.issue.number, is_open=False)
    elif found is not None and result in (IssueResult.UPDATED, IssueResult.REOPENED):
        body = None if found.digest == check.digest and found.scope == check.scope else _issue_body(key, check)
        is_open = True if result is IssueResult.REOPENED else None
        await forge.update_issue(found.issue.number, body=body, is_open=is_open)
    return SyncedIssue(site=check.site, result=result, url=url)


def _decide(check: SiteDrift, found: _Known | None, *, may_open: bool) -> IssueResult:
    if found is None or not found.issue.is_open:
        if not check.has_drift:
            return IssueResult.NONE
        if not may_open:
            return IssueResult.OVER_LIMIT
        return IssueResult.CREATED if found is None else IssueResult.REOPENED
    if not _covers(check.scope, found.scope) or not (check.has_drift or check.is_complete):
        return IssueResult.NOT_COVERED
    if not check.has_drift:
        return IssueResult.CLOSED
    return IssueResult.UNCHANGED if found.digest == check.digest else IssueResult.UPDATED


def _issue_body(key: str, check: SiteDrift) -> str:
    head: dict[str, Json] = {"key": key, "site": check.site, "digest": check.digest, "scope": list(check.scope)}
    return f"{hidden_marker('drift', head)}\n{check.text}"


def _issues_of(issues: Iterable[ForgeIssue], key: str, site: str) -> Iterable[_Known]:
    for issue in issues:
        found = _MARKER.match(issue.body)
        head = marker_object(found[1]) if found else {}
        if head.get("key") == key and head.get("site") == site:
            scope = head.get("scope")
            targets = tuple(map(str, scope)) if isinstance(scope, list) else ()
            yield _Known(issue=issue, digest=str(head.get("digest", "")), scope=targets)


def _covers(scope: Sequence[str], other: Sequence[str]) -> bool:
    """Return True if a check of `scope` covered all of `other`; () is the whole site, a gallery includes its items."""
    if not scope:
        return True
    return bool(other) and all(each in scope or each.partition("/")[0] in scope for each in other)
