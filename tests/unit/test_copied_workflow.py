"""The workflow that users copy, and the locked dependencies that it installs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "docs/how-to/galleries-workflow.yml"
EXTRAS = ("object-store", "encryption")
"""The extras that requirements.lock covers."""


def jobs() -> dict[str, dict[str, Any]]:
    """Return the jobs of the workflow."""
    document: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    assert "secrets." not in str(document["env"])
    found: dict[str, dict[str, Any]] = document["jobs"]
    return found


def name_of(requirement: str) -> str:
    """Return the normalized name of a distribution."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[;<>=!~]", requirement, maxsplit=1)[0]).lower()


def version_of(text: str) -> tuple[int, ...]:
    """Return the numbers of a version."""
    return tuple(int(part) for part in re.findall(r"\d+", text))


def test_keys_are_given_to_the_one_step_that_needs_them() -> None:
    for name, job in jobs().items():
        assert "secrets." not in str({key: value for key, value in job.items() if key != "steps"}), name
        with_keys = [step for step in job["steps"] if "secrets." in str(step)]
        assert [step["run"].split()[1] for step in with_keys] == ([] if name == "validate" else [name])


def test_pull_requests_from_forks_are_validated_without_secrets() -> None:
    validate = jobs()["validate"]
    assert validate["if"] == "github.event_name == 'pull_request'"
    assert "vars." not in str(validate)
    assert validate["steps"][-1]["run"] == "galleryctl validate --format github"


def test_photos_in_git_lfs_are_checked_out() -> None:
    for name, job in jobs().items():
        manifests, source = (step["with"] for step in job["steps"] if "actions/checkout" in step.get("uses", ""))
        assert manifests["lfs"] is True, name
        assert "lfs" not in source


def test_what_is_installed_is_pinned_and_hashed_and_not_from_the_pull_request() -> None:
    for name, job in jobs().items():
        source = next(step["with"] for step in job["steps"] if step.get("with", {}).get("repository"))
        assert source["ref"] == "${{ env.GALLERYCTL_COMMIT }}", name
        (install,) = (step["run"] for step in job["steps"] if "pip" in step.get("run", ""))
        lines = install.splitlines()
        assert all(line.startswith("python -I -m pip install ") for line in lines)
        assert "--require-hashes" in lines[0]
        assert "--no-deps --no-build-isolation" in lines[1]


def test_no_document_installs_the_name_from_an_index() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), WORKFLOW]
    install = re.compile(r"pip install (?:-\S+ )*['\"]?galleryctl")
    lines = ((page.name, line) for page in pages for line in page.read_text("utf-8").splitlines())
    found = [(page, line) for page, line in lines if install.search(line)]
    assert found == []


def test_the_lock_has_every_dependency_within_its_bound_and_with_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    needed += [each for extra in EXTRAS for each in project["project"]["optional-dependencies"][extra]]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.findall(
        r"^([a-z0-9.-]+)==(\S+)[^\n]*\\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", lock, re.MULTILINE
    )
    locked = {name_of(name): version_of(version) for name, version, _ in entries}
    assert len(locked) == len(re.findall(r"^[a-z]", lock, re.MULTILINE))
    missing = [each for each in needed if name_of(each) not in locked]
    assert missing == []
    outdated = [each for each in needed if locked[name_of(each)] < version_of(each.partition(">=")[2])]
    assert outdated == []
