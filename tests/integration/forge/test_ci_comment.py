"""`ci comment`: one comment on the pull request, from the JSON of plans, applies and drift checks."""

from __future__ import annotations

import json

import pytest

from tests.integration.forge.conftest import PipelineJob
from tests.support.cli_harness import CliHarness, CommandResult
from tests.support.forge_stand_in import READ_TOKEN, TOKEN, error
from tests.support.json_schemas import schema_validator

HEAD = "bind: {name: Party, create: true}\nname: Party\n"
CAKE = "{key: cake, text: <p>Cake</p>, title: Cake}"
HOSTILE = "<!-- galleryctl:end --> @everyone <img src=x> [a](https://evil) ```"


@pytest.fixture(params=["github", "gitlab"])
def pull(request: pytest.FixtureRequest, job: PipelineJob) -> PipelineJob:
    job.on_pull_request() if request.param == "github" else job.on_merge_request()
    return job


def write_plan(studio: CliHarness, *items: str) -> None:
    studio.write_gallery(items, name="party", head=HEAD)
    ran = studio.run("plan", "--format", "json")
    studio.write("plan.json", ran.out)


def comment(studio: CliHarness, *args: str) -> CommandResult:
    return studio.run("ci", "comment", "main=plan.json", *args)


def test_a_plan_becomes_one_comment_that_follows_it(studio: CliHarness, pull: PipelineJob) -> None:
    write_plan(studio, CAKE)
    ran = comment(studio)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Created the comment.")
    write_plan(studio, CAKE, "{key: dance, text: <p>Dance</p>, title: Dance}")
    assert comment(studio).out.startswith("Updated the comment.")
    assert comment(studio).out.startswith("The comment is up to date.")
    (body,) = pull.forge.bodies()
    assert "### galleryctl plan" in body
    assert "3 to create" in body


def test_what_a_title_contains_has_no_effect(studio: CliHarness, pull: PipelineJob) -> None:
    write_plan(studio, json.dumps({"key": "cake", "text": "<p>x</p>", "title": HOSTILE}))
    assert comment(studio, "--section", HOSTILE).code == 0
    (body,) = pull.forge.bodies()
    assert body.count("<!-- galleryctl:end -->") == 1
    for active in ("@everyone", "<img", "](https://evil", "```"):
        assert active not in body, body
    assert comment(studio, "--section", HOSTILE).out.startswith("The comment is up to date.")


def test_several_documents_are_one_report(studio: CliHarness, pull: PipelineJob) -> None:
    write_plan(studio, CAKE)
    studio.run("validate")
    studio.write("bad.yaml", "")
    failed = studio.run("plan", "--target", "nope", "--format", "json")
    studio.write("failed.json", failed.out)
    ran = studio.run("ci", "comment", "north=plan.json", "south=failed.json", "--format", "json")
    assert json.loads(ran.out)["action"] == "created"
    schema_validator("ci").validate(json.loads(ran.out))
    (body,) = pull.forge.bodies()
    assert "north" in body
    assert "south" in body
    assert "2 sites" in body


def test_a_fork_gets_no_request_and_no_failure(studio: CliHarness, job: PipelineJob) -> None:
    write_plan(studio, CAKE)
    for fork in ("github", "gitlab"):
        job.on_pull_request("stranger/galleries") if fork == "github" else job.on_merge_request("8")
        ran = comment(studio)
        assert ran.code == 0
        assert "fork" in ran.err
    assert job.forge.calls == []


def test_a_token_that_may_only_read_is_a_note(studio: CliHarness, pull: PipelineJob) -> None:
    write_plan(studio, CAKE)
    pull.token(READ_TOKEN)
    ran = comment(studio)
    assert ran.code == 0
    assert "the token may not comment here" in ran.err
    assert pull.forge.comments == {}


@pytest.mark.parametrize("token", ["a-wrong-token-do-not-print", None, "with space"])
def test_a_token_that_cannot_be_used_is_an_error_that_does_not_show_it(
    studio: CliHarness, pull: PipelineJob, token: str | None
) -> None:
    write_plan(studio, CAKE)
    pull.token(token)
    ran = comment(studio)
    assert ran.code == 1
    assert "token" in ran.err.lower()
    assert (token or "nothing") not in ran.out + ran.err


def test_an_error_of_the_forge_does_not_repeat_the_token(studio: CliHarness, pull: PipelineJob) -> None:
    write_plan(studio, CAKE)
    pull.forge.answers = [error(400, f"no {TOKEN}")] * 3
    ran = comment(studio)
    assert ran.code == 1
    assert TOKEN not in ran.out + ran.err


def test_modes(studio: CliHarness, job: PipelineJob) -> None:
    job.on_pull_request()
    write_plan(studio, CAKE)
    assert comment(studio, "--mode", "off").out == "Comments are off.\n"
    assert job.forge.calls == []
    studio.apply()
    write_plan(studio, CAKE)
    assert comment(studio, "--mode", "changes-only").out == "No changes; no comment was created.\n"
    for run in (12, 13):
        job.on_pull_request(run=run)
        comment(studio, "--mode", "new")
        comment(studio, "--mode", "new")
    assert len(job.forge.comments) == 2
    comment(studio, "--mode", "update", "--key", "galleries")
    assert len(job.forge.comments) == 3


def test_an_apply_after_the_merge_comments_on_the_merged_pull_request(studio: CliHarness, job: PipelineJob) -> None:
    write_plan(studio, CAKE)
    job.forge.pulls[5] = {
        "number": 5,
        "title": "",
        "body": "",
        "branch": "x",
        "base": "main",
        "merged": True,
        "commits": [job.commit],
    }
    job.on_branch("push")
    assert comment(studio).code == 0
    assert [each["pull"] for each in job.forge.comments.values()] == [5]
    job.forge.pulls.clear()
    ran = comment(studio)
    assert (ran.code, ran.out) == (0, "No comment was written.\n")
    assert "belongs to no pull request; name it with --pull-request" in ran.err


def test_outside_of_a_job_and_with_other_files_it_is_an_error(studio: CliHarness, job: PipelineJob) -> None:
    write_plan(studio, CAKE)
    job._set()
    assert "no CI job was detected" in comment(studio).err
    job.on_pull_request()
    studio.write("other.json", '{"kind": "validation"}')
    studio.write("text.json", "hello")
    ran = studio.run("ci", "comment", "other.json", "text.json", "missing.json", "plan.json", "x/plan.json")
    assert ran.code == 1
    for part in ("cannot be merged", "is not JSON", "cannot read"):
        assert part in ran.err
    assert job.forge.calls == []


@pytest.mark.parametrize("url", ["http://forge.example.com", "https://user@forge.example.com", "ftp://x", ""])
def test_the_token_goes_to_https_only(studio: CliHarness, job: PipelineJob, url: str) -> None:
    write_plan(studio, CAKE)
    job.on_pull_request()
    job.patch.setenv("GITHUB_API_URL", url)
    ran = comment(studio)
    assert ran.code == 1
    assert "GITHUB_API_URL is not a valid address" in ran.err
