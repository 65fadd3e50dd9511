"""Workflows run by act on this machine, without containers: our actions at the commit of this checkout.

act does not know `$/`, which is replaced by the name of the repository and a commit, as GitHub resolves it. Actions of
third parties are stand-ins in tests/e2e/act. Not enforced by act: permissions, environments and their reviewers,
concurrency, and the limits of summaries and annotations.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import needs
from tests.support.processes import GALLERYCTL_COMMAND, PROJECT_ROOT

COPIED_WORKFLOW = PROJECT_ROOT / "docs/how-to/galleries-workflow.yml"
OWN = "OWNER/galleryctl"
COMMIT = COPIED_WORKFLOW.read_text(encoding="utf-8").partition(f"uses: {OWN}/")[2].partition("@")[2][:40]
"""The commit that the workflow to copy names."""
REPOSITORY = "studio/galleries"
STAND_INS = PROJECT_ROOT / "tests/e2e/act"
SECONDS = 300
_USES = re.compile(r"uses: (actions/[a-z-]+)@([0-9a-f]{40})")
_OUTPUT = re.compile(r"::set-output:: ([a-z-]+)=(.*)")
_LOG = re.compile(r"^\[[^\]]*\]\s+\| ?", re.MULTILINE)
_SHARED = ("PATH", "HOME", "LANG", "TMPDIR")
_PIP = ("PIP_", "SSL_", "REQUESTS_", "NO_PROXY", "HTTPS_PROXY", "no_proxy", "https_proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRun:
    """A run that has ended: its exit code, all that it printed, and the artifacts it kept."""

    code: int
    text: str
    artifacts: Path

    @property
    def log(self) -> str:
        """The output of the steps."""
        return "".join(_LOG.sub("", line) for line in self.text.splitlines(keepends=True) if _LOG.match(line))

    def outputs(self) -> dict[str, str]:
        """Return the last value of each output of a step."""
        return {match[1]: match[2] for match in _OUTPUT.finditer(self.text)}

    def jobs(self) -> dict[str, str]:
        """Return the result of each job that was run, by the last part of its name."""
        ended = re.findall(r"^\[(?:[^\]]*/)?([^\]/]+?)\s*\] 🏁  Job (succeeded|failed)", self.text, re.MULTILINE)
        return {name.strip(): result for name, result in ended}

    def kept(self) -> dict[str, str]:
        """Return the text of each file of the artifacts."""
        files = (path for path in self.artifacts.rglob("*") if path.is_file())
        return {path.relative_to(self.artifacts).as_posix(): path.read_text("utf-8", "replace") for path in files}


@dataclass(slots=True, kw_only=True)
class ActRepository:
    """A repository with manifests and workflows, in which act runs them. `environment` is that of each step."""

    root: Path
    own: Path
    """A copy of galleryctl's repository for the runner."""
    environment: dict[str, str] = field(default_factory=dict)
    uses_real_setup: bool = False
    runs: int = 0

    def write(self, name: str, text: str) -> None:
        """Write a file of the repository."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def git(self, *words: str) -> str:
        """Run git in the repository, and return what it prints."""
        command = ["git", "-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", *words]
        return subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self) -> str:
        """Commit all files, and return the commit."""
        if not (self.root / ".git").exists():
            self.git("init", "--quiet", "--initial-branch", "main")
            self.git("remote", "add", "origin", f"https://github.com/{REPOSITORY}.git")
        self.git("add", "--all")
        if self.git("status", "--porcelain") or not self.git("branch", "--list"):
            self.git("commit", "--quiet", "--message", "Change manifests")
        return self.git("rev-parse", "HEAD")

    def run(
        self,
        workflow: str,
        event: str,
        payload: Mapping[str, Any],
        *,
        secrets: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        extra: Sequence[str] = (),
    ) -> ActRun:
        """Commit, and run a workflow with an event."""
        self.commit()
        self.runs += 1
        folder = self.root.parent / f"run{self.runs}"
        artifacts = folder / "artifacts"
        artifacts.mkdir(parents=True)
        (folder / "event.json").write_text(json.dumps(payload))
        given = {
            **self.environment,
            "ARTIFACTS": str(artifacts),
            "TESTED_GALLERYCTL": str(_command_folder(self.own.parent)),
            "GITHUB_RUN_ID": str(self.runs + 10),
            "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache/pip")),
        }
        command = [
            needs.act(), event, "--platform", "ubuntu-latest=-self-hosted", "--action-cache-path", str(folder / "cache"),
            "--no-cache-server", "--pull=false", "--eventpath", str(folder / "event.json"),
            "--workflows", f".github/workflows/{workflow}", "--defaultbranch", "main", "--actor", "somebody",
            *_words("--env", given), *_words("--secret", secrets or {}), *_words("--var", variables or {}),
            *(word for each in self._local_repositories() for word in ("--local-repository", each)), *extra,
        ]  # fmt: skip
        environ = {name: value for name, value in os.environ.items() if name in _SHARED or name.startswith(_PIP)}
        ran = subprocess.run(
            command, cwd=self.root, env=environ, check=False, capture_output=True, text=True, timeout=SECONDS
        )
        return ActRun(code=ran.returncode, text=ran.stdout + ran.stderr, artifacts=artifacts)

    def _local_repositories(self) -> list[str]:
        """Return the repositories that act takes from this machine, with the reference that selects each."""
        texts = [
            path.read_text("utf-8") for path in (*self.own.rglob("*.yml"), *(self.root / ".github").rglob("*.yml"))
        ]
        third = sorted({match.groups() for text in texts for match in _USES.finditer(text)})
        found = [f"{OWN}@{COMMIT}={self.own}"]
        return [*found, *(f"{name}@{ref}={STAND_INS / name.partition('/')[2]}" for name, ref in third)]


def copy_own_repository(folder: Path, *, real_setup: bool) -> Path:
    """Copy what the actions need to a new folder, as it would be at a commit, and return it."""
    copy = folder / "own"
    names = ["actions", ".github/workflows/galleries.yml"]
    if real_setup:
        names += ["galleryctl", "schemas", "pyproject.toml", "README.md", "LICENSE", "requirements.lock"]
    for name in names:
        source, target = PROJECT_ROOT / name, copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    if not real_setup:
        shutil.copy(STAND_INS / "setup/action.yml", copy / "actions/setup/action.yml")
    workflow = copy / ".github/workflows/galleries.yml"
    at_commit = re.sub(r"uses: \$/(\S+)", rf"uses: {OWN}/\1@{COMMIT}", workflow.read_text("utf-8"))
    workflow.write_text(at_commit, encoding="utf-8")
    return copy


def _command_folder(folder: Path) -> Path:
    """Return a folder with the command `galleryctl`, which runs this checkout."""
    made = folder / "bin"
    if not made.exists():
        made.mkdir()
        script = made / "galleryctl"
        script.write_text(
            f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(PROJECT_ROOT)!r})\n{GALLERYCTL_COMMAND[2]}\n"
        )
        script.chmod(0o755)
    return made


def _words(option: str, values: Mapping[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in (option, f"{name}={value}")]
