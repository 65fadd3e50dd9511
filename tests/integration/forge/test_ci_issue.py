"""`ci issue`: one drift issue for each site, which follows the drift."""

from __future__ import annotations

import pytest

from tests.integration.forge.conftest import PipelineJob
from tests.support.cli_harness import CliHarness, CommandResult

HEAD = "bind: {name: Party, create: true}\nname: Party\n"
ITEMS = ("{key: cake, text: <p>Cake</p>, title: Cake}", "{key: dance, text: <p>Dance</p>, title: Dance}")


@pytest.fixture(params=["github", "gitlab"])
def nightly(request: pytest.FixtureRequest, job: PipelineJob, studio: CliHarness) -> PipelineJob:
    studio.write_gallery(ITEMS, name="party", head=HEAD)
    studio.apply()
    job.on_branch() if request.param == "github" else job.on_gitlab(CI_COMMIT_BRANCH="main")
    return job


def retitle(studio: CliHarness, index: int, title: str) -> None:
    former = studio.titles("Party")[index]
    studio.edit({"gallery": {"name": "Party"}, "item": {"title": former}, "set": {"title": title}})


def check(studio: CliHarness, *args: str, target: tuple[str, ...] = ()) -> CommandResult:
    studio.write("drift.json", studio.run("drift", "--format", "json", *target).out)
    return studio.run("ci", "issue", "main=drift.json", *args)


def states(job: PipelineJob) -> list[str]:
    return [issue["state"] for issue in job.forge.issues.values()]


def test_the_life_of_an_issue(studio: CliHarness, nightly: PipelineJob) -> None:
    assert check(studio).out == "The issues are up to date.\n"
    retitle(studio, 0, "Torte")
    assert check(studio, "--label", "drift").out.startswith("Issues: 1 created.")
    issue = nightly.forge.issues[1]
    assert issue["title"] == "Drift on main"
    assert "Torte" in issue["body"]
    assert "drift" in issue["labels"]
    writes = [call for call in nightly.forge.calls if not call.startswith("GET")]
    assert check(studio).out == "The issues are up to date.\n"
    assert [call for call in nightly.forge.calls if not call.startswith("GET")] == writes
    retitle(studio, 1, "Ball")
    assert check(studio).out.startswith("Issues: 1 updated.")
    assert "Ball" in issue["body"]
    studio.apply()
    assert check(studio).out.startswith("Issues: 1 closed.")
    retitle(studio, 1, "Waltz")
    assert check(studio).out.startswith("Issues: 1 reopened.")
    assert states(nightly) == ["open"]
    assert "Waltz" in issue["body"]


def test_a_check_that_failed_or_saw_a_part_closes_nothing(studio: CliHarness, nightly: PipelineJob) -> None:
    retitle(studio, 0, "Torte")
    check(studio)
    studio.apply()
    ran = check(studio, target=("--target", "party/dance"))
    assert "covered only a part" in ran.err
    ran = check(studio, target=("--target", "nope"))
    assert ran.code == 0
    assert "because the check failed" in ran.err
    assert states(nightly) == ["open"]
    check(studio)
    assert states(nightly) == ["closed"]


def test_a_held_item_keeps_the_issue_open(studio: CliHarness, nightly: PipelineJob) -> None:
    photo = studio.root / "photos/cake.jpg"
    studio.write_photo("photos/cake.jpg", 1)
    studio.write_gallery(["{key: cake, image: photos/cake.jpg, title: Cake}"], name="party", head=HEAD)
    studio.apply("--max-delete-percent", "100")
    retitle(studio, 0, "Torte")
    check(studio)
    content = photo.read_bytes()
    photo.write_bytes(b"")
    ran = check(studio)
    assert "covered only a part" in ran.err
    assert states(nightly) == ["open"]
    photo.write_bytes(content)
    studio.apply()
    check(studio)
    assert states(nightly) == ["closed"]


def test_tolerated_drift_is_left_out_and_listed(studio: CliHarness, nightly: PipelineJob) -> None:
    retitle(studio, 0, "Torte")
    retitle(studio, 1, "Ball")
    studio.run("drift", "party/cake", "--tolerate-until", "2099-01-01", "--reason", "Season @all <b>")
    check(studio)
    body = nightly.forge.issues[1]["body"]
    drift, _, tolerated = body.partition("#### Tolerated")
    assert "Ball" in drift
    assert "2099-01-01" in tolerated
    assert "Season" in tolerated
    assert "@all" not in body
    assert "<b>" not in body
    studio.run("drift", "party/dance", "--tolerate-until", "2099-01-01", "--reason", "Season")
    assert check(studio).out.startswith("Issues: 1 closed.")


def test_only_so_many_are_opened(studio: CliHarness, nightly: PipelineJob) -> None:
    retitle(studio, 0, "Torte")
    ran = check(studio, "--max-issues", "0")
    assert ran.code == 0
    assert "main has drift, but no issue" in ran.err
    assert nightly.forge.issues == {}


def test_a_fork_gets_no_request(studio: CliHarness, nightly: PipelineJob) -> None:
    retitle(studio, 0, "Torte")
    nightly.on_pull_request("stranger/galleries")
    assert check(studio).code == 0
    assert nightly.forge.calls == []
