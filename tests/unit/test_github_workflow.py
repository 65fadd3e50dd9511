"""Rules of the workflow and the actions for GitHub that no runner enforces: rights, approvals, where keys go."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from galleryctl.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
COPIED = ROOT / "docs/how-to/galleries-workflow.yml"
CALLED = ROOT / ".github/workflows/galleries.yml"
ACTIONS = {path.parent.name: path for path in sorted(ROOT.glob("actions/*/action.yml"))}
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), COPIED]
EXTRAS = ("object-store", "encryption")
"""The extras that requirements.lock covers."""
SHARED = {"path", "site", "sites", "target", "comment-mode", "comment-key", "artifact", "annotations", "fail-on"}
OUTPUTS = {
    "result", "exit-code", "create", "update", "replace", "delete", "json", "markdown", "html", "comment-url",
    "failure-reason",
}  # fmt: skip


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def jobs() -> dict[str, dict[str, Any]]:
    """Return the jobs of the workflow that is called."""
    found: dict[str, dict[str, Any]] = read(CALLED)["jobs"]
    return found


def steps(name: str) -> list[dict[str, Any]]:
    """Return the steps of an action."""
    found: list[dict[str, Any]] = read(ACTIONS[name])["runs"]["steps"]
    return found


def pins() -> Iterator[tuple[str, str]]:
    """Yield what the workflows, actions and pages use, and at which reference."""
    for path in (CALLED, COPIED, *ACTIONS.values(), *PAGES):
        yield from re.findall(r"uses: ([^\s@]+)@(\S+)", path.read_text(encoding="utf-8"))


def name_of(requirement: str) -> str:
    """Return the normalized name of a distribution."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[;<>=!~]", requirement, maxsplit=1)[0]).lower()


def version_of(text: str) -> tuple[int, ...]:
    """Return the numbers of a version."""
    return tuple(int(part) for part in re.findall(r"\d+", text))


def test_each_job_has_the_fewest_rights() -> None:
    assert read(CALLED)["permissions"] == read(COPIED)["permissions"] == {}
    assert {name: job["permissions"] for name, job in jobs().items()} == {
        "validate": {"contents": "read"},
        "plan": {"contents": "read", "pull-requests": "write"},
        "apply": {"contents": "read", "pull-requests": "write"},
        "drift": {"contents": "read", "issues": "write"},
    }
    (caller,) = read(COPIED)["jobs"].values()
    needed = {right: level for job in jobs().values() for right, level in job["permissions"].items()}
    assert caller["permissions"] == needed, "a called workflow gets no more than the caller has"


def test_keys_are_given_to_the_one_step_that_needs_them() -> None:
    for name, job in jobs().items():
        assert "secrets." not in str({key: value for key, value in job.items() if key != "steps"}), name
        with_keys = [step["uses"] for step in job["steps"] if "secrets." in str(step)]
        assert with_keys == ([] if name == "validate" else [f"$/actions/{name}"])
        others = [step for step in job["steps"] if "secrets." not in str(step)]
        assert "vars." not in str(others)


def test_keys_that_can_write_are_in_the_environment_whose_reviewers_approve() -> None:
    found = jobs()
    with_environment = [name for name, job in found.items() if "environment" in job]
    assert with_environment == ["apply"]
    writing = re.findall(r"secrets\.(WIX_API_KEY|STATE_KEY_ID|STATE_SECRET_KEY)", str(found["apply"]))
    assert len(writing) == 3
    assert not re.search(
        r"secrets\.(WIX_API_KEY|STATE_KEY_ID|STATE_SECRET_KEY)", str([found[n] for n in found if n != "apply"])
    )


def test_photos_in_git_lfs_are_checked_out() -> None:
    checkouts = {
        name: [step for step in job["steps"] if "checkout@" in str(step.get("uses"))] for name, job in jobs().items()
    }
    assert {name: [step["with"]["lfs"] for step in found] for name, found in checkouts.items()} == {
        name: [True] for name in jobs()
    }


def test_pull_requests_from_forks_are_validated_without_secrets() -> None:
    validate = jobs()["validate"]
    assert validate["if"] == "github.event_name == 'pull_request'"
    assert "validate --report github=/dev/stdout" in validate["steps"][-1]["run"]
    assert "head.repo.full_name == github.repository" in jobs()["plan"]["if"]
    assert {name for name, job in jobs().items() if "pull_request" in str(job.get("if"))} == {"validate", "plan"}


def test_only_the_default_branch_is_applied_and_only_the_plan_that_was_made_before() -> None:
    apply = jobs()["apply"]
    assert apply["needs"] == "plan"
    assert "refs/heads/{0}', github.event.repository.default_branch" in jobs()["plan"]["if"]
    inputs = apply["steps"][-1]["with"]
    assert inputs["expect-digest"] == "${{ needs.plan.outputs.digest }}"
    assert inputs["require-undiverged"] is True
    assert apply["concurrency"]["cancel-in-progress"] is False


def test_the_token_is_given_to_the_steps_that_speak_to_the_forge() -> None:
    for name, path in ACTIONS.items():
        with_token = [step["id"] for step in steps(name) if "inputs.token" in str(step)]
        speaking = [step["id"] for step in steps(name) if re.search(r"ci (comment|issue) ", str(step.get("run")))]
        assert with_token == (["run", *speaking] if name == "apply" else speaking)
        assert "secrets." not in path.read_text(encoding="utf-8")


def test_inputs_reach_a_shell_through_the_environment_only() -> None:
    scripts = [step["run"] for name in ACTIONS for step in steps(name) if "run" in step]
    scripts += [step["run"] for job in jobs().values() for step in job["steps"] if "run" in step]
    assert [script for script in scripts if "${{" in script] == []


def test_the_actions_have_the_same_inputs_and_outputs() -> None:
    assert list(ACTIONS) == ["apply", "drift", "plan", "setup"]
    for name in ("plan", "apply", "drift"):
        action = read(ACTIONS[name])
        assert action["inputs"].keys() >= SHARED
        assert action["outputs"].keys() >= OUTPUTS
        assert "guards" in action["inputs"] or name == "drift"
        used = {step["id"] for step in steps(name) if "id" in step}
        sources = re.findall(r"steps\.(\w+)\.outputs\.([\w-]+)", str(action["outputs"]))
        assert {step for step, _ in sources} <= used
    assert {"digest", "plan"} <= read(ACTIONS["plan"])["outputs"].keys()


@pytest.mark.parametrize("name", [*ACTIONS, "workflow"])
def test_the_reference_lists_all_inputs_and_outputs(name: str) -> None:
    page = (ROOT / "docs/reference/github-actions.md").read_text(encoding="utf-8")
    heading = "## The workflow" if name == "workflow" else f"## `{name}`"
    section = page.partition(f"{heading}")[2].partition("\n## ")[0]
    # YAML 1.1 reads the key `on` as True
    about = read(CALLED)[True]["workflow_call"] if name == "workflow" else read(ACTIONS[name])  # type: ignore[index]
    listed = re.findall(r"^\| `([\w-]+)` \|(?: `?([^`|]*?)`? \|)?", section, re.MULTILINE)
    names = [name for name, _ in listed]
    assert names == [*about["inputs"], *about.get("secrets", {}), *about["outputs"]]
    for each, described in about["inputs"].items():
        assert f"| {described['description'].rstrip('.')} |" in section, each


def test_what_others_make_is_pinned_by_hash_and_ours_by_one_commit() -> None:
    others = {(name, ref) for name, ref in pins() if not name.startswith("OWNER/")}
    assert all(re.fullmatch("[0-9a-f]{40}", ref) or ref == "<commit>" for _, ref in others)
    ours = {ref for name, ref in pins() if name.startswith("OWNER/")} - {"<commit>"}
    assert len(ours) == 1


def test_setup_installs_its_own_checkout_with_hashes() -> None:
    (step,) = steps("setup")
    script = step["run"]
    assert 'source=$(cd "$GITHUB_ACTION_PATH/../.." && pwd)' in script
    assert '--require-hashes --requirement "$source/requirements.lock"' in script
    assert "--no-deps" in script
    assert re.findall(r"(?:python|PYTHON)\" (?!-I)", script) == []
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"^\s*(-i|--index-url|--extra-index-url|--find-links|-e)\b", lock, re.MULTILINE)


def test_the_hooks_run_commands() -> None:
    hooks: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert [hook["id"] for hook in hooks] == ["galleryctl-fmt", "galleryctl-validate", "galleryctl-lint"]
    for hook in hooks:
        program, command = hook["entry"].split()
        assert (program, hook["language"], hook["pass_filenames"]) == ("galleryctl", "python", False)
        assert command in (*COMMANDS, "lint")


def test_no_document_installs_the_name_from_an_index() -> None:
    install = re.compile(r"pip install (?:-\S+ )*['\"]?galleryctl")
    lines = ((page.name, line) for page in PAGES for line in page.read_text("utf-8").splitlines())
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
