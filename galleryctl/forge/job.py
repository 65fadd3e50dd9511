"""The CI job as its environment describes it: the forge, the commit, the pull request, the token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from galleryctl.model.errors import GalleryctlError
from galleryctl.model.fields import Json
from galleryctl.model.secret import Secret
from galleryctl.model.secure_url import is_secure_url

_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PULL_REF = re.compile(r"refs/pull/([0-9]{1,18})/merge")


class ForgeKind(StrEnum):
    """The forges with a client."""

    GITHUB = "github"
    GITLAB = "gitlab"


@dataclass(frozen=True, slots=True, kw_only=True)
class CiJob:
    """A job of a pipeline. Texts are "" where the environment has none."""

    forge: ForgeKind
    api_url: str
    """Without a trailing slash. The token goes there, and nowhere else."""
    repository: str
    """`OWNER/NAME` on GitHub, the id of the project on GitLab."""
    run: int
    """The number of the run or pipeline; later ones have higher numbers."""
    attempt: int
    commit: str
    branch: str
    """The branch that the job runs on; "" for a pull request or a tag."""
    base: str
    """The branch into which the pull request is to be merged."""
    pull_request: int | None
    is_pull_request: bool
    """True if a pull request started the job, with no more rights than that has."""
    is_fork: bool
    """True if the pull request comes from another repository."""
    page: str
    """The address of the page of the job."""
    token: Secret | None
    token_variable: str

    def required_token(self) -> Secret:
        """Return the token. Raises GalleryctlError if it is not set, or cannot be sent."""
        if self.token is None:
            scope = "permissions: pull-requests: write" if self.forge is ForgeKind.GITHUB else "the scope api"
            raise GalleryctlError(
                f"{self.token_variable} is not set",
                where="the environment",
                why=f"the API of the forge at {self.api_url} needs a token",
                do=f"set {self.token_variable} for this step only, to a token with {scope}",
            )
        value = self.token.reveal()
        if not (value.isascii() and value.isprintable() and " " not in value):
            raise GalleryctlError(
                f"{self.token_variable} contains a space, a line break or a non-ASCII character",
                where="the environment",
                do="check how it is set",
            )
        return self.token


def read_job(environ: Mapping[str, str], event: Json) -> CiJob:
    """Return the job; `event` is the document of the event on GitHub, else None. Raises GalleryctlError outside of CI."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return _github_job(environ, event)
    if environ.get("GITLAB_CI") == "true":
        return _gitlab_job(environ)
    raise GalleryctlError(
        "no CI job was detected",
        where="the environment",
        why="neither GITHUB_ACTIONS nor GITLAB_CI is true",
        do="run this command in a job of GitHub Actions or GitLab CI",
    )


def _github_job(environ: Mapping[str, str], event: Json) -> CiJob:
    name = environ.get("GITHUB_EVENT_NAME", "")
    repository = _checked(environ, "GITHUB_REPOSITORY", _REPOSITORY)
    pull = _member(event, "pull_request")
    is_pull_request = name == "pull_request"
    return CiJob(
        forge=ForgeKind.GITHUB,
        api_url=_api_url(environ, "GITHUB_API_URL"),
        repository=repository,
        run=_number(environ.get("GITHUB_RUN_ID", "")) or 0,
        attempt=_number(environ.get("GITHUB_RUN_ATTEMPT", "")) or 0,
        commit=_checked(environ, "GITHUB_SHA", _COMMIT),
        branch=environ.get("GITHUB_REF_NAME", "") if environ.get("GITHUB_REF", "").startswith("refs/heads/") else "",
        base=environ.get("GITHUB_BASE_REF", ""),
        pull_request=_github_number(event, environ.get("GITHUB_REF", "")),
        is_pull_request=is_pull_request,
        is_fork=_is_github_fork(event, repository, has_pull=is_pull_request or bool(pull)),
        page=_github_page(environ, repository),
        token=_secret(environ, "GITHUB_TOKEN"),
        token_variable="GITHUB_TOKEN",  # noqa: S106 - a name
    )


def _github_number(event: Json, ref: str) -> int | None:
    """Return the number of the pull request of an event: its own, or that of a comment on it."""
    issue = _member(event, "issue")
    sources = (_member(event, "pull_request"), issue if _member(issue, "pull_request") else {})
    numbers = [source.get("number") for source in sources]
    found = next((number for number in numbers if isinstance(number, int)), None)
    by_ref = _PULL_REF.fullmatch(ref)
    return found if found is not None else int(by_ref[1]) if by_ref else None


def _is_github_fork(event: Json, repository: str, *, has_pull: bool) -> bool:
    """Return True unless the head of the pull request, if there is one, is known to be in this repository."""
    if run := _member(event, "workflow_run"):
        return _member(run, "head_repository").get("full_name") != repository
    head = _member(_member(_member(event, "pull_request"), "head"), "repo")
    return has_pull and head.get("full_name") != repository


def _github_page(environ: Mapping[str, str], repository: str) -> str:
    server, run = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_RUN_ID", "")
    return f"{server}/{repository}/actions/runs/{run}" if server and run.isdecimal() else ""


def _gitlab_job(environ: Mapping[str, str]) -> CiJob:
    number = _number(environ.get("CI_MERGE_REQUEST_IID", ""))
    project = _checked(environ, "CI_PROJECT_ID", re.compile("[0-9]{1,18}"))
    target = environ.get("CI_MERGE_REQUEST_PROJECT_ID", project)
    source = environ.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", project if number is None else "")
    return CiJob(
        forge=ForgeKind.GITLAB,
        api_url=_api_url(environ, "CI_API_V4_URL"),
        repository=target if target.isdecimal() else project,
        run=_number(environ.get("CI_PIPELINE_ID", "")) or 0,
        attempt=0,
        commit=_checked(environ, "CI_COMMIT_SHA", _COMMIT),
        branch=environ.get("CI_COMMIT_BRANCH", ""),
        base=environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", ""),
        pull_request=number,
        is_pull_request=number is not None,
        is_fork=number is not None and not project == source == target,
        page=environ.get("CI_PIPELINE_URL", ""),
        token=_secret(environ, "GITLAB_TOKEN"),
        token_variable="GITLAB_TOKEN",  # noqa: S106 - a name
    )


def _api_url(environ: Mapping[str, str], name: str) -> str:
    url = environ.get(name, "").rstrip("/")
    if not is_secure_url(url):
        raise GalleryctlError(
            f"{name} is not a valid address of the forge's API",
            where="the environment",
            do="use an https URL, or an http URL of this machine (127.0.0.1), without a user name and a query",
        )
    return url


def _checked(environ: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> str:
    value = environ.get(name, "")
    if not pattern.fullmatch(value):
        raise GalleryctlError(
            f"{name} is not set or not valid", where="the environment", do="check how the job sets it"
        )
    return value


def _secret(environ: Mapping[str, str], name: str) -> Secret | None:
    return Secret(environ[name]) if environ.get(name) else None


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else None


def _member(value: Json, name: str) -> Mapping[str, Json]:
    member = value.get(name) if isinstance(value, Mapping) else None
    return member if isinstance(member, Mapping) else {}
