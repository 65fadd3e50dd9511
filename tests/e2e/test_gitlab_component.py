"""The component for GitLab, run by gitlab-ci-local: against the emulator, an S3, and a stand-in of GitLab's REST API."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from starlette.responses import Response

from galleryctl.forge.job import ForgeKind
from tests.support.e2e_harness import ServedWorkspace
from tests.support.forge_stand_in import MAX_TEXT, READ_TOKEN, TOKEN, ForgeStandIn, error
from tests.support.gitlab_pipeline import (
    GitLabProject,
    documented_file,
    documented_variables,
    make_project,
    make_source,
)
from tests.support.listening import serve_app
from tests.support.object_store import SECRET_KEY, FakeObjectStore

JOBS = ("galleryctl-validate", "galleryctl-plan", "galleryctl-comment")
"""The jobs of a merge request."""
APPLY_JOBS = ("galleryctl-plan", "galleryctl-apply")
"""The jobs of the default branch."""
PROPOSING = ("WIX_API_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "GITLAB_TOKEN")
"""The variables that the how-to adds to the environment of proposals."""
pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def forge() -> Iterator[ForgeStandIn]:
    made = ForgeStandIn(kind=ForgeKind.GITLAB)
    with serve_app(made) as made.base_url:
        yield made


@pytest.fixture
def project(
    served: ServedWorkspace,
    stores: Callable[[str], FakeObjectStore],
    forge: ForgeStandIn,
    tmp_path_factory: pytest.TempPathFactory,
) -> GitLabProject:
    """A project with one gallery that is not applied yet, set up as the how-to says."""
    store = stores("s3")
    folder = tmp_path_factory.mktemp("project")
    store.make_bucket(folder.name)
    values = {
        "WIX_SITE_ID": served.ready["site_id"],
        "WIX_API_KEY": served.ready["api_key"],
        "GITLAB_TOKEN": TOKEN,
        **store.environment,
    }
    not_of_gitlab = [(name, "*") for name in ("AWS_ENDPOINT_URL", "AWS_ALLOW_HTTP")]
    proposing = [(name, "galleries/propose") for name in PROPOSING]
    variables: dict[str, dict[str, str]] = {"GALLERYCTL_API_URL": {"*": served.ready["base_url"]}}
    for name, environment in (*documented_variables(), *proposing, *not_of_gitlab):
        variables.setdefault(name, {})[environment] = values[name]
    made = make_project(folder, forge=forge, url=forge.base_url, variables=variables)
    made.write("galleryctl.yaml", documented_file("galleryctl.yaml").replace("our-bucket", folder.name))
    write_gallery(made, "T00", "T01")
    made.configure()
    made.commit()
    return made


def write_gallery(project: GitLabProject, *titles: str, folder: str = "") -> None:
    items = "".join(f"  - {{key: {t.lower()}, title: {t}, text: <p>{t}</p>}}\n" for t in titles)
    project.write(
        f"{folder}galleries/party.yaml",
        f"gallery: party\nbind: {{name: Party, create: true}}\nname: Party\nitems:\n{items}",
    )


def own_notes(forge: ForgeStandIn) -> list[str]:
    return [comment["body"] for comment in forge.comments.values() if comment["author"] == "galleries-bot"]


def secrets(served: ServedWorkspace) -> list[str]:
    return [str(served.ready["api_key"]), SECRET_KEY, TOKEN, READ_TOKEN]


def has_gallery(served: ServedWorkspace) -> bool:
    return bool(served.call_api("GET", "/progallery/v2/galleries?limit=10")["galleries"])


def stats(served: ServedWorkspace) -> int:
    """Return how many requests the emulator has answered."""
    total: int = served.http.get("/_emulator/stats").json()["total"]
    return total


def test_a_merge_request_is_validated_planned_and_commented_on(
    project: GitLabProject, served: ServedWorkspace, forge: ForgeStandIn
) -> None:
    for number in range(130):  # more than a page
        forge.add_comment(f"note {number}", author="ada")
    ran = project.merge_request()
    assert (ran.code, ran.jobs) == (0, dict.fromkeys(JOBS, "PASS")), ran.log
    plan, comment = project.outputs("plan"), project.outputs("comment")
    assert (plan["GALLERYCTL_RESULT"], plan["GALLERYCTL_CREATE"], plan["GALLERYCTL_DELETE"]) == ("changes", "3", "0")
    assert len(plan["GALLERYCTL_DIGEST"]) == 64
    assert (plan["GALLERYCTL_EXIT_CODE"], plan["GALLERYCTL_FAILURE_REASON"]) == ("2", "")
    for name in ("PLAN", "JSON", "MARKDOWN", "HTML"):
        assert project.artifact("galleryctl-plan", plan[f"GALLERYCTL_{name}"])
    counts = json.loads(project.artifact("galleryctl-plan", "galleryctl-reports/plan/terraform.json"))
    assert counts == {"create": 3, "update": 0, "delete": 0}
    assert comment["GALLERYCTL_COMMENT_ACTION"] == "created"
    assert project.files_with(["T00"])
    (note,) = own_notes(forge)
    assert "T00" in note
    assert project.files_with(secrets(served)) == []
    assert not has_gallery(served)

    write_gallery(project, "T00", "T01", "T02")
    project.commit()
    assert project.merge_request(run=13).code == 0
    (note,) = own_notes(forge)
    assert "T02" in note


@pytest.mark.parametrize("runs_in", ["7", "9"], ids=["the project", "the fork"])
def test_a_merge_request_from_a_fork_is_validated_without_credentials(
    project: GitLabProject,
    served: ServedWorkspace,
    stores: Callable[[str], FakeObjectStore],
    forge: ForgeStandIn,
    runs_in: str,
) -> None:
    served.http.post("/_emulator/stats/reset")
    stores("s3").reset()
    ran = project.merge_request(project=runs_in, source="9")
    assert (ran.code, ran.jobs) == (0, {"galleryctl-validate": "PASS"}), ran.log
    assert stats(served) == 0
    assert (forge.calls, forge.tokens, stores("s3").requests) == ([], [], [])
    assert not any(secret in ran.log for secret in secrets(served))
    assert project.files_with(secrets(served)) == []


def test_invalid_manifests_of_a_fork_fail_at_their_lines(project: GitLabProject) -> None:
    project.write("galleries/broken.yaml", "gallery: broken\nitems: 3\n")
    project.commit()
    ran = project.merge_request(source="9")
    assert (ran.code, ran.jobs) == (1, {"galleryctl-validate": "FAIL"})
    (problem, *_) = json.loads(project.artifact("galleryctl-validate", "galleryctl-reports/validate/codequality.json"))
    assert problem["location"]["path"] == "galleries/broken.yaml"


def test_the_default_branch_is_applied_when_someone_runs_the_job_and_only_what_was_planned(
    project: GitLabProject, served: ServedWorkspace, forge: ForgeStandIn
) -> None:
    ran = project.push()
    assert (ran.code, ran.jobs) == (0, {"galleryctl-plan": "PASS"}), ran.log
    assert not has_gallery(served)
    served.call_api("POST", "/progallery/v2/galleries", {"gallery": {"name": "Party"}})  # the plan is another one now
    ran = project.continue_push("galleryctl-apply")
    assert ran.jobs["galleryctl-apply"] == "FAIL", ran.log
    assert "not the one that was reviewed" in project.outputs("apply")["GALLERYCTL_FAILURE_REASON"]
    assert served.titles("Party") == []

    ran = project.push("--manual", "galleryctl-apply", run=14)
    assert (ran.code, ran.jobs) == (0, dict.fromkeys(APPLY_JOBS, "PASS")), ran.log
    assert project.outputs("apply")["GALLERYCTL_RESULT"] == "applied"
    assert served.titles("Party") == ["T00", "T01"]
    assert project.push(run=15).code == 0
    assert project.outputs("plan")["GALLERYCTL_RESULT"] == "no-changes"
    assert forge.calls == []
    assert project.files_with(secrets(served)) == []


def test_a_schedule_keeps_one_issue_and_proposes_the_edit_which_merged_leaves_nothing_to_do(
    project: GitLabProject, served: ServedWorkspace, forge: ForgeStandIn
) -> None:
    project.configure(propose=True, apply="on_success")
    project.commit()
    assert project.push().code == 0
    edit = {"gallery": {"name": "Party"}, "item": {"title": "T01"}, "set": {"title": "Torte"}}
    served.call_control("edit", {"edits": [edit]})

    for run in (14, 15):
        ran = project.schedule(run=run)
        passed = dict.fromkeys(("galleryctl-issue", "galleryctl-propose"), "PASS")
        assert ran.jobs == {"galleryctl-drift": "FAIL", **passed}, ran.log
        assert project.outputs("drift")["GALLERYCTL_RESULT"] == "drift"
        (issue,) = forge.issues.values()
        assert (issue["state"], issue["labels"]) == ("open", "drift")
        assert "Torte" in issue["body"]
        (merge_request,) = forge.pulls.values()
        assert (merge_request["branch"], merge_request["base"]) == ("galleryctl/proposal", "main")
    assert project.files_with(secrets(served)) == []

    tree = forge.commits[forge.branches["galleryctl/proposal"]]["tree"]
    proposed = forge.trees[tree]["galleries/party.yaml"]
    assert "Torte" in proposed
    project.write("galleries/party.yaml", proposed)
    project.commit()
    assert project.push(run=16).code == 0
    counts = [project.outputs("plan")[f"GALLERYCTL_{action}"] for action in ("CREATE", "UPDATE", "REPLACE", "DELETE")]
    assert counts == ["0"] * 4  # it only records what was accepted
    assert project.push(run=17).code == 0
    assert project.outputs("plan")["GALLERYCTL_RESULT"] == "no-changes"
    assert served.titles("Party") == ["T00", "Torte"]
    assert project.schedule(run=18).code == 0
    assert [issue["state"] for issue in forge.issues.values()] == ["closed"]
    assert len(forge.pulls) == 1


def test_a_failed_plan_is_commented_on(project: GitLabProject, forge: ForgeStandIn) -> None:
    project.write("galleries/broken.yaml", "gallery: broken\nitems: 3\n")
    project.commit()
    ran = project.merge_request()
    assert ran.jobs == dict(zip(JOBS, ("FAIL", "FAIL", "PASS"), strict=True))
    plan = project.outputs("plan")
    assert (plan["GALLERYCTL_RESULT"], plan["GALLERYCTL_EXIT_CODE"]) == ("failed", "1")
    assert plan["GALLERYCTL_FAILURE_REASON"]
    (note,) = own_notes(forge)
    assert "galleries/broken.yaml" in note


@pytest.mark.parametrize(
    ("token", "answers", "status", "shown"),
    [
        (READ_TOKEN, [], "PASS", "the token may not comment here"),
        ("unknown-token", [], "FAIL", "has not expired"),
        (TOKEN, [error(404, "404 Not Found")], "FAIL", "404"),
        (TOKEN, [error(422, "Validation Failed")], "FAIL", "422"),
        (TOKEN, [error(429, "Too Many Requests", {"retry-after": "1"})], "PASS", "Created the comment."),
    ],
    ids=["403", "401", "404", "422", "429"],
)
def test_the_job_that_comments_meets_errors_of_the_forge(
    project: GitLabProject, forge: ForgeStandIn, token: str, answers: list[Response], status: str, shown: str
) -> None:
    project.variables["GITLAB_TOKEN"] = {"galleries/report": token}
    forge.answers = list(answers)
    ran = project.merge_request()
    assert ran.jobs["galleryctl-plan"] == "PASS"
    assert ran.jobs["galleryctl-comment"] == status, ran.log
    assert shown in ran.log
    assert token not in ran.log


def test_a_note_about_a_long_plan_is_within_the_limit(project: GitLabProject, forge: ForgeStandIn) -> None:
    write_gallery(project, *(f"T{number:04}" for number in range(2_000)))
    project.commit()
    assert project.merge_request().code == 0
    (note,) = own_notes(forge)
    assert 20_000 < len(note) <= MAX_TEXT


def test_a_workspace_in_a_folder_with_two_sites_has_jobs_and_a_comment_of_its_own(
    project: GitLabProject, forge: ForgeStandIn
) -> None:
    sites = "sites: {north: {}, south: {}}\ngalleries: galleries/*.yaml\nstate: .galleryctl/state-{site}.json\n"
    project.write("clients/nord/galleryctl.yaml", f"galleryctl: 1\nbackend: {{type: local}}\n{sites}")
    write_gallery(project, "T00", folder="clients/nord/")
    project.configure(prefix="nord", path="clients/nord", sites="all", **{"comment-key": "nord"})
    project.commit()
    ran = project.merge_request()
    assert ran.jobs == dict.fromkeys(("nord-validate", "nord-plan", "nord-comment"), "PASS"), ran.log
    plan = project.outputs("plan", path="clients/nord", prefix="nord")
    assert plan["GALLERYCTL_CREATE"] == "4"
    assert re.fullmatch("north=[0-9a-f]{16} south=[0-9a-f]{16}", plan["GALLERYCTL_DIGEST"])
    assert json.loads(project.artifact("nord-plan", plan["GALLERYCTL_JSON"]))["kind"] == "sites"
    (note,) = own_notes(forge)
    assert "north" in note
    assert "south" in note


def test_the_jobs_of_two_workspaces_can_write_one_comment_at_once(project: GitLabProject, forge: ForgeStandIn) -> None:
    legs = [{"prefix": name, "path": f"clients/{name}"} for name in ("north", "south")]
    for leg in legs:
        site = f"sites: {{{leg['prefix']}: {{}}}}\ngalleries: galleries/*.yaml\n"
        project.write(f"{leg['path']}/galleryctl.yaml", f"galleryctl: 1\nbackend: {{type: local}}\n{site}")
        write_gallery(project, leg["prefix"].title(), folder=f"{leg['path']}/")
    project.configure(legs[1], **legs[0])
    project.commit()
    ran = project.merge_request()
    assert (ran.code, len(ran.jobs)) == (0, 6), ran.log
    (note,) = own_notes(forge)
    assert "North" in note
    assert "South" in note


def test_the_component_installs_a_commit_with_hashed_dependencies(
    project: GitLabProject, served: ServedWorkspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    repository, commit = make_source(tmp_path_factory.mktemp("source"))
    project.installs = True
    project.configure(repository=repository, commit=commit)
    project.commit()
    ran = project.merge_request(source="9")
    assert (ran.code, ran.jobs) == (0, {"galleryctl-validate": "PASS"}), ran.log
    assert "--require-hashes" in ran.log


@pytest.mark.parametrize(
    "inputs", [{"path": "x'; id; '"}, {"commit": "main"}, {"comment-mode": "always"}, {"site": "$(id)"}], ids=str
)
def test_inputs_cannot_add_commands(project: GitLabProject, inputs: dict[str, str]) -> None:
    project.configure(**inputs)
    ran = project.merge_request(source="9")
    assert (ran.code, ran.jobs) == (1, {})
    assert f"`{next(iter(inputs))}` input" in ran.log


def test_the_runner_checks_the_schema_of_gitlab(project: GitLabProject) -> None:
    path = project.folder / ".gitlab-ci.yml"
    path.write_text(path.read_text() + "job:\n  script: [id]\n  artifact: {}\n")
    ran = project.merge_request(source="9")
    assert ran.code == 1
    assert "Invalid .gitlab-ci.yml configuration" in ran.log
