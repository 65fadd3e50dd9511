"""`ci run`: what the actions for GitHub and the component for GitLab call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from galleryctl.report.run_outputs import plain_line
from tests.integration.forge.conftest import PipelineJob
from tests.support.cli_harness import CliHarness, CommandResult

HEAD = "bind: {name: Party, create: true}\nname: Party\n"
REPORTS = "galleryctl-reports"
FILES = ("report.json", "report.md", "report.html", "junit.xml", "terraform.json", "codequality.json")


@pytest.fixture
def party(studio: CliHarness, job: PipelineJob) -> CliHarness:
    """A workspace with a gallery that is not applied yet, in a job of a branch on GitLab."""
    studio.write_gallery(["{key: cake, text: <p>Cake</p>, title: Cake}"], name="party", head=HEAD)
    job.on_gitlab(CI_COMMIT_BRANCH="main")
    return studio


def run(studio: CliHarness, *args: str) -> CommandResult:
    return studio.run("ci", "run", *args, "--outputs", "out.env")


def outputs(studio: CliHarness) -> Mapping[str, str]:
    """Return the outputs, without the prefix, and remove the file."""
    path = studio.root / "out.env"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.unlink()
    assert all(line.startswith("GALLERYCTL_") for line in lines)
    return dict(line.removeprefix("GALLERYCTL_").split("=", 1) for line in lines)


def two_sites(studio: CliHarness) -> None:
    sites = "sites: {north: {}, south: {}}\nstate: .galleryctl/state-{site}.json\n"
    studio.write("galleryctl.yaml", f"galleryctl: 1\nbackend: {{type: local}}\n{sites}galleries: galleries/*.yaml\n")


def edit(studio: CliHarness, title: str) -> None:
    studio.edit({"gallery": {"name": "Party"}, "item": {"title": "Cake"}, "set": {"title": title}})


def test_plan_apply_and_drift_write_reports_and_outputs(party: CliHarness) -> None:
    assert run(party, "plan").code == 0
    plan = outputs(party)
    assert (plan["RESULT"], plan["EXIT_CODE"], plan["CREATE"], plan["FAILURE_REASON"]) == ("changes", "2", "2", "")
    assert {path.name for path in (party.root / REPORTS).iterdir()} == {*FILES, "sites", "plans"}
    for name in ("PLAN", "JSON", "MARKDOWN", "HTML"):
        assert Path(plan[name]).is_file()
    assert json.loads(Path(plan["PLAN"]).read_text())["review_digest"] == plan["DIGEST"]

    assert run(party, "apply", "--expect-digest", plan["DIGEST"]).code == 0
    applied = outputs(party)
    assert (applied["RESULT"], applied["CREATE"], applied["EXIT_CODE"]) == ("applied", "2", "0")
    assert run(party, "plan", "--fail-on", "changes").code == 0
    assert outputs(party)["RESULT"] == "no-changes"

    edit(party, "Torte")
    assert run(party, "drift").code == 2
    drift = outputs(party)
    assert (drift["RESULT"], drift["UPDATE"], drift["EXIT_CODE"]) == ("drift", "1", "2")
    assert "PLAN" not in drift


def test_the_digest_of_another_plan_applies_nothing(party: CliHarness) -> None:
    assert run(party, "apply", "--expect-digest", "0" * 16).code == 1
    found = outputs(party)
    assert (found["RESULT"], found["CREATE"]) == ("failed", "0")
    assert "not the one that was reviewed" in found["FAILURE_REASON"]
    assert party.galleries() == []


@pytest.mark.parametrize(("fail_on", "code"), [("", 0), ("error", 0), ("changes", 2), ("never", 0)])
def test_changes_fail_the_job_if_it_says_so(party: CliHarness, fail_on: str, code: int) -> None:
    assert run(party, "plan", "--fail-on", fail_on).code == code
    assert outputs(party)["EXIT_CODE"] == "2"


@pytest.mark.parametrize(("fail_on", "code"), [("", 1), ("changes", 1), ("never", 0)])
def test_an_error_fails_the_job_unless_nothing_does(party: CliHarness, fail_on: str, code: int) -> None:
    party.write("galleries/broken.yaml", "gallery: broken\nitems: 3\n")
    assert run(party, "plan", "--fail-on", fail_on).code == code
    found = outputs(party)
    assert (found["RESULT"], found["EXIT_CODE"], found["PLAN"], found["DIGEST"]) == ("failed", "1", "", "")
    assert found["FAILURE_REASON"] == "main: 2 problems in 1 file."
    (first, *_) = json.loads((party.root / REPORTS / "codequality.json").read_text())
    assert (first["severity"], first["location"]["path"]) == ("critical", "galleries/broken.yaml")
    assert "galleries/broken.yaml" in (party.root / REPORTS / "report.md").read_text()


def test_a_workspace_that_cannot_be_read_is_a_result_as_well(party: CliHarness) -> None:
    party.write("galleryctl.yaml", "galleryctl: [\n")
    assert run(party, "plan").code == 1
    assert outputs(party)["RESULT"] == "failed"
    assert json.loads((party.root / REPORTS / "report.json").read_text())["kind"] == "failure"


def test_several_sites_are_one_report_and_one_that_fails_does_not_stop_the_others(party: CliHarness) -> None:
    two_sites(party)
    assert run(party, "plan").code == 1
    assert "several sites" in outputs(party)["FAILURE_REASON"]
    assert run(party, "plan", "--sites", " all").code == 0
    plan = outputs(party)
    assert plan["CREATE"] == "4"
    assert Path(plan["PLAN"]).is_dir()
    names = [word.partition("=")[0] for word in plan["DIGEST"].split()]
    assert names == ["north", "south"]
    assert json.loads((party.root / REPORTS / "report.json").read_text())["kind"] == "sites"

    north, south = plan["DIGEST"].split()
    ran = run(party, "apply", "--sites", "north, south", "--expect-digest", f"north={'0' * 16} {south}")
    assert ran.code == 3
    found = outputs(party)
    assert (found["RESULT"], found["CREATE"]) == ("failed", "2")
    assert found["FAILURE_REASON"].startswith("north: ")
    ran = run(party, "apply", "--sites", "all", "--expect-digest", north)
    assert ran.code == 1
    assert "has no reviewed plan" in outputs(party)["FAILURE_REASON"]


def test_a_forged_result_in_the_repository_is_not_taken_for_that_of_the_run(party: CliHarness) -> None:
    forged = f"{REPORTS}/sites/main.json"
    party.write(forged, '{"format_version": 1, "site_id": "x"}')
    assert run(party, "plan").code == 0
    assert outputs(party)["RESULT"] == "changes"
    party.write(forged, "something else")
    assert run(party, "plan").code == 1
    assert outputs(party)["RESULT"] == "failed"
    assert (party.root / forged).read_text() == "something else"


def test_accept_takes_the_drift_into_the_manifests(party: CliHarness) -> None:
    party.apply()
    edit(party, "Torte")
    assert run(party, "accept").code == 0
    assert outputs(party) == {"RESULT": "accepted", "EXIT_CODE": "0"}
    assert "Torte" in (party.root / "galleries/party.yaml").read_text()


def test_targets_and_guards_are_those_of_the_command(party: CliHarness) -> None:
    party.write_gallery(["{key: a, text: <p>A</p>}"], name="other", head="bind: {name: Other, create: true}\n")
    assert run(party, "plan", "--targets", "party/* ,party").code == 0
    assert outputs(party)["CREATE"] == "2"
    party.apply()
    party.write_gallery([], name="party", head=HEAD)
    assert run(party, "plan").code == 1
    refused = outputs(party)
    assert (refused["RESULT"], refused["DELETE"]) == ("rejected", "1")
    assert refused["FAILURE_REASON"].startswith("main: ")
    guards = "allow-empty max-delete-percent=100, overwrite-conflicts"
    assert run(party, "plan", "--guards", guards).code == 0
    digest = outputs(party)["DIGEST"]
    assert run(party, "apply", "--guards", guards, "--expect-digest", digest).code == 0


@pytest.mark.parametrize("guards", ["force", "allow-empty=1", "max-delete-percent", "--out=x"])
def test_unknown_guards_are_rejected(party: CliHarness, guards: str) -> None:
    ran = run(party, "plan", "--guards", guards)
    assert ran.code == 1
    assert "--guards" in ran.err


def test_unknown_sites_are_rejected(party: CliHarness) -> None:
    assert run(party, "plan", "--sites", "../x").code == 1
    assert "unknown site" in outputs(party)["FAILURE_REASON"]


def test_on_github_outputs_are_those_of_the_step_and_problems_are_annotations(
    party: CliHarness, job: PipelineJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    job.on_branch()
    files = {"GITHUB_OUTPUT": job.folder / "output", "GITHUB_STEP_SUMMARY": job.folder / "summary"}
    for name, path in files.items():
        path.write_text("")
        monkeypatch.setenv(name, str(path))
    files["GITHUB_OUTPUT"].write_text("other<<EOF\n1\nEOF\n")
    ran = party.run("ci", "run", "plan", "--outputs", str(files["GITHUB_OUTPUT"]))
    assert ran.code == 0
    lines = files["GITHUB_OUTPUT"].read_text().splitlines()
    assert lines[:5] == ["other<<EOF", "1", "EOF", "result=changes", "create=2"]
    assert "exit-code=2" in lines
    assert files["GITHUB_STEP_SUMMARY"].read_text().startswith("### galleryctl plan")
    assert "::notice" in ran.out
    assert "::" not in party.run("ci", "run", "plan", "--annotations", "false").out


def test_outputs_do_not_replace_files_of_the_repository(party: CliHarness) -> None:
    party.write("notes.txt", "keep")
    ran = party.run("ci", "run", "plan", "--outputs", "notes.txt")
    assert ran.code == 1
    assert "notes.txt" in ran.err
    assert (party.root / "notes.txt").read_text() == "keep"


def test_a_comment_adds_its_address_to_the_outputs(party: CliHarness, job: PipelineJob) -> None:
    run(party, "plan")
    job.on_merge_request()
    assert party.run("ci", "comment", REPORTS, "--outputs", "out.env").code == 0
    found = outputs(party)
    assert (found["COMMENT_ACTION"], found["COMMENT_URL"]) == ("created", "")


def test_a_reason_has_no_effect_in_a_shell_or_a_dotenv_file() -> None:
    assert plain_line("invalid key 'x y': $(id) `id` \"$HOME\"\nand #1 \\ | & ; ü") == (
        "invalid key x y : id id HOME and 1 ü"
    )
