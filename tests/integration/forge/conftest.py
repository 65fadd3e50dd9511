"""A job of GitHub Actions or GitLab CI, whose forge is a stand-in on a loopback port."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from galleryctl.forge.job import ForgeKind
from tests.support.cli_harness import CliHarness
from tests.support.forge_stand_in import TOKEN, ForgeStandIn
from tests.support.listening import serve_app


@dataclass(slots=True)
class PipelineJob:
    """The job: its forge, its event, its environment."""

    forge: ForgeStandIn
    url: str
    folder: Path
    patch: pytest.MonkeyPatch
    commit: str = "a" * 40

    def on_github(self, event: str, payload: dict[str, Any] | None = None, *, run: int = 12, **more: str) -> None:
        self.forge.kind = ForgeKind.GITHUB
        path = self.folder / "event.json"
        path.write_text(json.dumps(payload or {}))
        self._set(
            GITHUB_ACTIONS="true", GITHUB_API_URL=self.url, GITHUB_REPOSITORY="studio/galleries",
            GITHUB_RUN_ID=str(run), GITHUB_RUN_ATTEMPT="1", GITHUB_SHA=self.commit, GITHUB_EVENT_NAME=event,
            GITHUB_EVENT_PATH=str(path), GITHUB_SERVER_URL="https://forge", GITHUB_TOKEN=TOKEN, **more,
        )  # fmt: skip

    def on_pull_request(self, head: str = "studio/galleries", *, run: int = 12) -> None:
        pull = {"number": 5, "head": {"repo": {"full_name": head}}}
        self.on_github(
            "pull_request", {"pull_request": pull}, run=run, GITHUB_REF="refs/pull/5/merge", GITHUB_BASE_REF="main"
        )

    def on_branch(self, event: str = "schedule", *, run: int = 12) -> None:
        self.on_github(event, run=run, GITHUB_REF="refs/heads/main", GITHUB_REF_NAME="main")

    def on_gitlab(self, **more: str) -> None:
        self.forge.kind = ForgeKind.GITLAB
        self._set(
            GITLAB_CI="true", CI_API_V4_URL=self.url + "/api/v4", CI_PROJECT_ID="7", CI_PIPELINE_ID="12",
            CI_COMMIT_SHA=self.commit, CI_PIPELINE_URL="https://forge/pipelines/12", GITLAB_TOKEN=TOKEN, **more,
        )  # fmt: skip

    def on_merge_request(self, source: str = "7") -> None:
        self.on_gitlab(
            CI_MERGE_REQUEST_IID="5", CI_MERGE_REQUEST_PROJECT_ID="7", CI_MERGE_REQUEST_SOURCE_PROJECT_ID=source,
            CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main",
        )  # fmt: skip

    def token(self, value: str | None) -> None:
        for name in ("GITHUB_TOKEN", "GITLAB_TOKEN"):
            self.patch.delenv(name, raising=False) if value is None else self.patch.setenv(name, value)

    def _set(self, **variables: str) -> None:
        for name in [name for name in os.environ if name.startswith(("GITHUB_", "GITLAB_", "CI_"))]:
            self.patch.delenv(name)
        for name, value in variables.items():
            self.patch.setenv(name, value)


@pytest.fixture
def job(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[PipelineJob]:
    forge = ForgeStandIn()
    with serve_app(forge) as url:
        forge.base_url = url
        yield PipelineJob(forge, url, tmp_path_factory.mktemp("job"), monkeypatch)


@dataclass(slots=True)
class Repository:
    """The workspace as a git repository, whose commits the stand-in has, too."""

    studio: CliHarness
    forge: ForgeStandIn
    job: PipelineJob

    def git(self, *arguments: str) -> str:
        environ = {"PATH": os.environ["PATH"], "HOME": "/dev/null", "GIT_CONFIG_GLOBAL": "/dev/null"}
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"]
        ran = subprocess.run(
            ["git", *who, *arguments], cwd=self.studio.root, env=environ, check=True, capture_output=True, text=True
        )
        return ran.stdout.strip()

    def commit(self) -> str:
        """Commit all files, and let the forge and the job have the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "Change galleries")
        head = self.git("rev-parse", "HEAD")
        names = self.git("ls-files").splitlines()
        files = {name: (self.studio.root / name).read_text(errors="replace") for name in names}
        self.forge.trees[f"tree-{head}"] = files
        self.forge.commits[head] = {"message": "Change galleries", "tree": f"tree-{head}", "parents": []}
        self.forge.branches["main"] = head
        self.job.commit = head
        return head

    def check_out(self, branch: str) -> None:
        """Write the files of a branch of the forge, as a merge and a new checkout would."""
        for name, text in self.forge.trees[self.forge.commits[self.forge.branches[branch]]["tree"]].items():
            if name.endswith(".yaml"):
                self.studio.write(name, text)


@pytest.fixture
def repository(studio: CliHarness, job: PipelineJob) -> Repository:
    studio.write(".gitignore", ".galleryctl\n*.json\n")
    found = Repository(studio, job.forge, job)
    found.git("init", "--quiet")
    return found
