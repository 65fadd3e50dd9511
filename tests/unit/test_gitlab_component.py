"""The component for GitLab: what no runner on this machine enforces."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from galleryctl.cli.main import galleryctl
from galleryctl.model.errors import GalleryctlError
from galleryctl.report.results import SiteResult
from galleryctl.report.run_outputs import result_outputs
from tests.support.report_plans import ALL_ACTIONS, plan_of

ROOT = Path(__file__).parents[2]
HEADER, BODY = yaml.safe_load_all((ROOT / "templates/galleries/template.yml").read_text(encoding="utf-8"))
INPUTS: dict[str, dict[str, Any]] = HEADER["spec"]["inputs"]
BASE: dict[str, Any] = BODY[".$[[ inputs.prefix ]]"]
JOBS: dict[str, dict[str, Any]] = {
    name.removeprefix("$[[ inputs.prefix ]]-"): job for name, job in BODY.items() if not name.startswith(".")
}
HOW_TO = (ROOT / "docs/how-to/ci-gitlab.md").read_text(encoding="utf-8")
IN_THIS_PROJECT = (
    "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID && $CI_MERGE_REQUEST_PROJECT_ID == $CI_PROJECT_ID"
)
DOTENV_BYTES, DOTENV_VARIABLES = 5 * 1024, 20
"""The limits of GitLab for a dotenv report, in the default configuration."""


def script_lines() -> Iterator[tuple[str, str]]:
    for name, job in {"before": {"script": BASE["before_script"]}, **JOBS}.items():
        for line in job["script"]:
            yield name, line


def command_lines() -> list[str]:
    """Return the commands of galleryctl in the scripts, with the defaults of the inputs."""

    def default(found: re.Match[str]) -> str:
        value = INPUTS[found[1]].get("default", "")
        return str(value).lower() if isinstance(value, bool) else str(value)

    lines = [re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", default, line) for _, line in script_lines()]
    return [found[0] for line in lines if (found := re.search(r"galleryctl (?:-C|ci) [^|]+", line))]


def parse(words: list[str]) -> click.Context:
    """Return the context of a command line. Raises click.ClickException if it is not valid."""
    command: click.Command = galleryctl
    context: click.Context | None = None
    while True:
        context = command.make_context(words[0], words[1:], parent=context)
        if not isinstance(command, click.Group):
            return context
        _, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None
        command, words = found, [found.name or "", *rest]


def test_every_job_calls_one_command_that_exists_with_those_options() -> None:
    lines = command_lines()
    for line in lines:
        parse(shlex.split(line.replace("${GALLERYCTL_DIGEST:?the job that plans has left no digest}", "0" * 16)))
    assert len(lines) == len(JOBS) + 1  # propose has two


def test_an_unknown_option_would_be_found() -> None:
    with pytest.raises(click.UsageError):
        parse(["galleryctl", "ci", "run", "plan", "--no-such-option"])


def test_merge_requests_from_forks_get_no_credential() -> None:
    for name, job in JOBS.items():
        conditions = [rule["if"] for rule in job["rules"]]
        assert all(conditions), name
        if name == "validate":
            assert conditions == ['$CI_PIPELINE_SOURCE == "merge_request_event"']
            assert "environment" not in job
            assert "secrets" not in job
            continue
        for condition in conditions:
            is_of_merge_requests = '$CI_PIPELINE_SOURCE == "merge_request_event"' in condition
            is_of_others = re.search(r'\$CI_PIPELINE_SOURCE (?:!= "merge_request_event"|== "schedule")', condition)
            assert is_of_merge_requests is not bool(is_of_others), (name, condition)
            assert is_of_others or IN_THIS_PROJECT in condition


def test_each_job_has_the_variables_of_one_environment() -> None:
    environments = {name: job["environment"] for name, job in JOBS.items() if name != "validate"}
    suffixes = {name: each["name"].removeprefix("$[[ inputs.environment ]]/") for name, each in environments.items()}
    assert suffixes == {
        "plan": "plan", "comment": "report", "apply": "apply", "drift": "plan", "issue": "report", "propose": "propose",
    }  # fmt: skip
    deploying = [name for name, each in environments.items() if "action" not in each]
    assert deploying == ["apply"]
    assert "variables" not in BODY
    assert all("variables" not in job for job in (BASE, *JOBS.values()))


def test_the_propose_job_gives_each_command_its_own_credential() -> None:
    accept, propose, _ = JOBS["propose"]["script"]
    assert accept.startswith("env -u GITLAB_TOKEN galleryctl ")
    assert propose.startswith("env -u WIX_API_KEY -u AWS_SECRET_ACCESS_KEY galleryctl ")


def test_only_the_reviewed_plan_is_applied_on_the_default_branch_and_applies_take_turns() -> None:
    job = JOBS["apply"]
    (rule,) = job["rules"]
    assert "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" in rule["if"]
    assert rule["when"] == "$[[ inputs.apply ]]"
    assert INPUTS["apply"]["default"] == "manual"
    assert '--expect-digest "${GALLERYCTL_DIGEST:?' in job["script"][0]
    assert job["needs"] == ["$[[ inputs.prefix ]]-plan"]
    assert job["resource_group"]
    assert job["interruptible"] is False


def test_what_is_installed_is_pinned_and_hashed() -> None:
    script = BASE["before_script"]
    assert [line for line in script if "fetch" in line] == [
        'git -C "$GALLERYCTL_HOME/source" fetch --quiet --depth 1 "$[[ inputs.repository ]]" $[[ inputs.commit ]]'
    ]
    installs = [line for line in script if "pip install" in line]
    assert all(line.startswith("python -I -m pip install ") for line in installs)
    assert "--require-hashes --no-deps -r" in installs[0]
    assert "--no-deps --no-build-isolation" in installs[1]
    assert not re.search("index|https?:|find-links", " ".join(script))
    assert "default" not in INPUTS["repository"]
    assert INPUTS["commit"] == {"description": INPUTS["commit"]["description"], "regex": "^[0-9a-f]{40}$"}


def test_no_input_can_add_a_command() -> None:
    used = {name for _, line in script_lines() for name in re.findall(r"inputs\.([a-z-]+)", line)}
    assert used
    for name in used:
        each = INPUTS[name]
        if "regex" not in each:
            assert "options" in each or each["type"] == "boolean", name
            continue
        for text in ("a'b", 'a"b', "a`b", "$(id)", "a;b", "a|b", "a&b", "a\nb", "a>b", "a#b", "a\\b"):
            assert not re.search(each["regex"].removesuffix("$") + r"\Z", text), name


def test_artifacts_are_for_developers_and_expire() -> None:
    for name, job in JOBS.items():
        artifacts = job["artifacts"]
        assert (artifacts["access"], artifacts["expire_in"]) == ("developer", "30 days"), name
        assert artifacts["name"].startswith("$[[ inputs.artifact ]]-")
        if name in ("validate", "plan", "apply", "drift"):  # a failure has a report as well
            assert artifacts["when"] == "always"


def test_the_how_to_lists_the_inputs_and_their_defaults() -> None:
    section = HOW_TO.split("\n## Inputs\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+) \| ([^|]+) \|", section, re.MULTILINE)
    documented = {name: default for names, default in rows for name in re.findall("`([a-z-]+)`", names)}
    assert set(documented) == set(INPUTS)
    for name, default in documented.items():
        value = INPUTS[name].get("default")
        assert (default == f"`{str(value).lower() if isinstance(value, bool) else value}`") is (value not in (None, ""))


def test_the_workflow_for_github_has_no_input_that_the_component_lacks() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/galleries.yml").read_text(encoding="utf-8"))
    call = workflow.get("on", workflow.get(True))["workflow_call"]  # YAML 1.1 reads `on` as true
    assert set(call["inputs"]) - set(INPUTS) == set()
    shared = {name: each["default"] for name, each in call["inputs"].items()}
    assert {name: INPUTS[name]["default"] for name in shared} == shared


def test_the_outputs_fit_into_a_dotenv_report() -> None:
    plans = [SiteResult(subject=plan_of(9, *ALL_ACTIONS), site=f"site-{number:03}") for number in range(120)]
    failed = SiteResult(subject=GalleryctlError("x" * 10_000), site="south")
    outputs = result_outputs([*plans, failed])
    assert len(outputs) + len(("exit-code", "plan", "json", "markdown", "html")) < DOTENV_VARIABLES
    assert sum(len(f"GALLERYCTL_{name}={value}\n".encode()) for name, value in outputs.items()) < DOTENV_BYTES
    assert outputs["result"] == "failed"
