"""The actions and the workflow for GitHub, run by act against the emulator, a bucket and a stand-in for the forge.

`.ci/act` runs them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from tests.support.act import COMMIT, COPIED_WORKFLOW, OWN, REPOSITORY, ActRepository, ActRun, copy_own_repository
from tests.support.e2e_harness import ServedWorkspace
from tests.support.forge_stand_in import READ_TOKEN, TOKEN, ForgeStandIn, error
from tests.support.listening import serve_app
from tests.support.object_store import FakeObjectStore

pytestmark = [pytest.mark.act, pytest.mark.timeout(600)]
WORKSPACE = """\
galleryctl: 1
backend: {{type: wix}}
sites: {{main: {{site_id: "${{WIX_SITE_ID}}", auth: {{api_key: "${{WIX_API_KEY}}"}}}}}}
galleries: galleries/*.yaml
state: "s3://{bucket}/{{site}}.json"
limits: {{max_requests_per_minute: 1000000}}
"""
KEYS = """\
        env:
          WIX_SITE_ID: ${{ vars.WIX_SITE_ID }}
          WIX_API_KEY: ${{ secrets.WIX_API_KEY }}
          AWS_ACCESS_KEY_ID: ${{ secrets.STATE_KEY_ID }}
          AWS_SECRET_ACCESS_KEY: ${{ secrets.STATE_SECRET_KEY }}
"""


@dataclass(slots=True, kw_only=True)
class Pipeline:
    """A repository on the forge, whose workflows act on the emulator's site."""

    repository: ActRepository
    emulator: ServedWorkspace
    forge: ForgeStandIn
    store: FakeObjectStore
    secrets: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    def write_items(self, *titles: str, name: str = "party", more: str = "") -> None:
        items = "".join(f"  - {{key: {each.lower()}, title: {each}, text: <p>{each}</p>}}\n" for each in titles)
        start = f"gallery: {name}\nbind: {{name: {name.title()}, create: true}}\nname: {name.title()}\n{more}"
        self.repository.write(f"clients/north/galleries/{name}.yaml", f"{start}items:\n{items or '  []'}\n")

    def job(self, steps: str, *, name: str = "test", more: str = "") -> None:
        """Write a workflow with one job, whose steps follow a checkout and the setup."""
        start = f"on: [pull_request, push, schedule]\njobs:\n{job_text('test', steps)}{more}"
        self.repository.write(f".github/workflows/{name}.yml", start)

    def run(self, event: str, workflow: str = "galleries.yml", *, fork: bool = False, **secrets: str) -> ActRun:
        payloads: dict[str, dict[str, Any]] = {
            "pull_request": {
                "action": "synchronize",
                "number": 5,
                "pull_request": {
                    "number": 5,
                    "head": {"ref": "feature", "repo": {"full_name": "somebody/galleries" if fork else REPOSITORY}},
                    "base": {"ref": "main"},
                },
            },
            "push": {"ref": "refs/heads/main"},
            "schedule": {},
        }
        about = {"repository": {"full_name": REPOSITORY, "default_branch": "main"}}
        given = {"GITHUB_TOKEN": READ_TOKEN} if fork else {"GITHUB_TOKEN": TOKEN, **self.secrets}
        ran = self.repository.run(
            workflow, event, {**about, **payloads[event]}, secrets={**given, **secrets}, variables=self.variables
        )
        print(ran.text)  # noqa: T201 - shown if a test fails, and with -s
        return ran

    def edit(self, former: str, title: str) -> None:
        edit = {"gallery": {"name": "Party"}, "item": {"title": former}, "set": {"title": title}}
        self.emulator.call_control("edit", {"edits": [edit]})

    def requests(self) -> Mapping[str, Any]:
        """Return the requests for the site's API, by endpoint."""
        stats: dict[str, Any] = self.emulator.http.get("/_emulator/stats").json()
        return stats


def job_text(name: str, steps: str) -> str:
    own = f"      - uses: {OWN}/actions/setup@{COMMIT}\n"
    checkout = "      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1\n"
    return f"  {name}:\n    runs-on: ubuntu-latest\n    steps:\n{checkout}{own}{steps}"


def step(action: str, *, inputs: str = "", keys: str = KEYS) -> str:
    lines = "".join(f"          {line}\n" for line in ("path: clients/north", *inputs.splitlines()))
    return f"      - id: {action}\n        uses: {OWN}/actions/{action}@{COMMIT}\n        with:\n{lines}{keys}"


@pytest.fixture
def pipeline(
    emulator: ServedWorkspace, reach: Callable[[str], FakeObjectStore], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Pipeline]:
    emulator.call_control("reset", {})
    store = reach("s3")
    bucket = re.sub("[^a-z0-9]", "", tmp_path.name.lower())[-30:] + "bucket"
    store.make_bucket(bucket)
    forge = ForgeStandIn()
    own = copy_own_repository(tmp_path, real_setup="real_setup" in request.keywords)
    repository = ActRepository(root=tmp_path / "repository", own=own)
    with serve_app(forge) as url:
        forge.base_url = url
        repository.environment = {
            "GITHUB_API_URL": url,
            "GALLERYCTL_API_URL": str(emulator.ready["base_url"]),
            **{
                name: value
                for name, value in store.environment.items()
                if not name.startswith("AWS_ACCESS") and "SECRET" not in name
            },
        }
        found = Pipeline(repository=repository, emulator=emulator, forge=forge, store=store)
        key, secret = store.secrets
        api_key = str(emulator.ready["api_key"])
        found.secrets = {
            "WIX_API_KEY": api_key, "WIX_READ_API_KEY": api_key, "STATE_KEY_ID": key, "STATE_SECRET_KEY": secret,
            "STATE_READ_KEY_ID": key, "STATE_READ_SECRET_KEY": secret,
        }  # fmt: skip
        found.variables = {"WIX_SITE_ID": str(emulator.ready["site_id"]), "AWS_REGION": "eu-central-1"}
        repository.write("clients/north/galleryctl.yaml", WORKSPACE.format(bucket=bucket))
        copied = COPIED_WORKFLOW.read_text(encoding="utf-8").replace("path: .", "path: clients/north")
        repository.write(".github/workflows/galleries.yml", copied)
        found.write_items("Cake", "Pie")
        yield found


def test_the_workflow_from_the_pull_request_to_the_drift_issue(pipeline: Pipeline) -> None:
    planned = pipeline.run("pull_request")
    assert planned.code == 0
    assert planned.jobs() == {"Validate": "succeeded", "Plan": "succeeded"}
    (body,) = pipeline.forge.bodies()
    assert "3 to create, 0 to update, 0 to replace, 0 to delete" in body
    assert "galleries-plan/plans/main.json" in planned.kept()

    pipeline.forge.pulls[5] = {
        "number": 5,
        "branch": "feature",
        "base": "main",
        "title": "",
        "body": "",
        "commits": [pipeline.repository.commit()],
    }
    applied = pipeline.run("push")
    assert applied.code == 0
    assert applied.jobs() == {"Plan": "succeeded", "Apply": "succeeded"}
    assert pipeline.emulator.titles("Party") == ["Cake", "Pie"]
    assert "Applied: 3 created" in pipeline.forge.bodies()[-1]
    again = pipeline.run("push")
    assert again.jobs() == {"Plan": "succeeded"}

    assert pipeline.run("schedule").code == 0
    assert pipeline.forge.issues == {}
    pipeline.edit("Cake", "Torte")
    drifted = pipeline.run("schedule")
    assert (drifted.code, drifted.jobs()) == (1, {"Drift": "failed"})
    (issue,) = pipeline.forge.issues.values()
    assert "Torte" in issue["body"]
    pipeline.edit("Torte", "Cake")
    assert pipeline.run("schedule").code == 0
    assert issue["state"] == "closed"

    texts = [planned, applied, again, drifted]
    kept = "".join(text for ran in texts for text in [ran.text, *ran.kept().values()])
    for secret in (*pipeline.secrets.values(), TOKEN):
        assert secret not in kept


def test_a_pull_request_from_a_fork_is_validated_without_a_credential(pipeline: Pipeline) -> None:
    pipeline.emulator.call_control("stats/reset", {})
    pipeline.store.requests.clear()
    ran = pipeline.run("pull_request", fork=True)
    assert (ran.code, ran.jobs()) == (0, {"Validate": "succeeded"})
    assert "Valid" in ran.log
    assert pipeline.forge.calls == []
    assert pipeline.store.requests == []
    assert not any("/v2/" in name for name in map(str, pipeline.requests()))


def test_a_problem_in_a_pull_request_from_a_fork_is_shown_at_its_line(pipeline: Pipeline) -> None:
    pipeline.repository.write("clients/north/galleries/party.yaml", "bind: {name: Party}\nitems:\n  - {key: x y}\n")
    ran = pipeline.run("pull_request", fork=True)
    assert ran.code == 1
    assert re.search(r"::error file=clients/north/galleries/party\.yaml,line=3,col=\d+", ran.text)
    assert pipeline.forge.calls == []


def test_outputs_comment_and_artifact_of_the_action_plan(pipeline: Pipeline) -> None:
    shown = "      - run: echo 'shown ${{ steps.plan.outputs.result }} ${{ steps.plan.outputs.create }} ${{ steps.plan.outputs.comment-url }}'\n"
    pipeline.job(step("plan", inputs="artifact: reports\nguards: allow-empty") + shown)
    ran = pipeline.run("pull_request", "test.yml")
    outputs = ran.outputs()
    assert ran.code == 0
    assert {name: outputs[name] for name in ("result", "exit-code", "create", "update", "replace", "delete")} == {
        "result": "changes", "exit-code": "2", "create": "3", "update": "0", "replace": "0", "delete": "0",
    }  # fmt: skip
    assert re.fullmatch("[0-9a-f]{64}", outputs["digest"])
    assert "shown changes 3 https://forge/c/" in ran.log
    assert outputs["failure-reason"] == ""
    assert {"reports/report.json", "reports/report.md", "reports/report.html", "reports/plans/main.json"} <= set(
        ran.kept()
    )
    assert "Summary - ### galleryctl plan" in ran.text


def test_the_comment_is_updated_in_place_and_a_rejected_plan_fails_with_its_reason(pipeline: Pipeline) -> None:
    pipeline.job(step("apply", inputs="comment-mode: 'off'"), name="apply")
    assert pipeline.run("push", "apply.yml").code == 0
    pipeline.job(step("plan"))
    pipeline.write_items("Cake", "Pie", "Jam")
    pipeline.run("pull_request", "test.yml")
    pipeline.write_items()
    ran = pipeline.run("pull_request", "test.yml")
    assert ran.code == 1
    assert (ran.outputs()["result"], ran.outputs()["exit-code"]) == ("rejected", "1")
    assert ran.outputs()["failure-reason"] != ""
    (body,) = pipeline.forge.bodies()
    assert "Jam" not in body
    assert "2 to delete" in body
    assert "::error" in ran.text


def test_nothing_is_applied_but_the_plan_that_was_reviewed(pipeline: Pipeline) -> None:
    pipeline.job(
        step("plan", inputs="comment-mode: 'off'")
        + step(
            "apply",
            inputs="comment-mode: 'off'\nexpect-digest: ${{ steps.plan.outputs.digest }}\nrequire-undiverged: true",
        )
    )
    pipeline.forge.behind = 1
    behind = pipeline.run("push", "test.yml")
    assert behind.code == 1
    assert "the branch is behind its base" in behind.text
    pipeline.forge.behind = 0
    pipeline.job(step("apply", inputs=f"comment-mode: 'off'\nexpect-digest: {'0' * 64}"), name="other")
    other = pipeline.run("push", "other.yml")
    assert (other.code, other.outputs()["result"]) == (1, "failed")
    assert pipeline.emulator.call_api("GET", "/progallery/v2/galleries?limit=10")["galleries"] == []
    assert pipeline.run("push", "test.yml").code == 0
    assert pipeline.emulator.titles("Party") == ["Cake", "Pie"]


def test_two_jobs_of_a_matrix_share_one_comment(pipeline: Pipeline) -> None:
    pipeline.job(
        step("plan", inputs="comment-section: north"),
        more=job_text("second", step("plan", inputs="comment-section: south")),
    )
    ran = pipeline.run("pull_request", "test.yml")
    assert ran.code == 0
    (body,) = pipeline.forge.bodies()
    assert "**north**" in body
    assert "**south**" in body
    assert pipeline.forge.marks == {}


@pytest.mark.parametrize(
    ("answer", "said", "code"),
    [
        (error(429, "slow down", {"retry-after": "1"}), "Created the comment.", 0),
        (error(403, "Resource not accessible by integration"), "the token may not comment here", 0),
        (error(401, "Bad credentials"), "the forge rejected the token", 1),
        (error(404, "Not Found"), "not found, or the token may not see it", 1),
    ],
)
def test_what_the_forge_answers_is_handled(pipeline: Pipeline, answer: Response, said: str, code: int) -> None:
    pipeline.job(step("plan"))
    pipeline.forge.answers = [None, answer]
    ran = pipeline.run("pull_request", "test.yml")
    assert (ran.code, said in ran.text) == (code, True)


def test_a_large_plan_stays_within_the_limits_of_the_forge(pipeline: Pipeline) -> None:
    for gallery in range(30):
        pipeline.write_items(*(f"Photo{number}" for number in range(100)), name=f"g{gallery}")
    pipeline.job(step("plan", inputs="artifact: reports"))
    ran = pipeline.run("pull_request", "test.yml")
    assert ran.code == 0
    levels = [re.findall(f"::{level} ", ran.text) for level in ("error", "warning", "notice")]
    assert max(map(len, levels)) <= 10
    (body,) = pipeline.forge.bodies()
    assert 10_000 < len(body) <= 60_000
    assert len(ran.kept()["reports/report.md"]) <= 60_000


def test_an_edit_in_the_editor_becomes_a_pull_request_and_merged_the_next_plan_is_empty(pipeline: Pipeline) -> None:
    pipeline.job(step("apply", inputs="comment-mode: 'off'"), name="apply")
    assert pipeline.run("push", "apply.yml").code == 0
    pipeline.edit("Cake", "Torte")
    accept = f"      - run: galleryctl -C clients/north ci run accept\n{KEYS}"
    propose = (
        "      - run: galleryctl -C clients/north ci propose\n        env: {GITHUB_TOKEN: '${{ github.token }}'}\n"
    )
    pipeline.job(accept + propose, name="propose")
    head = pipeline.repository.commit()
    files = {
        name: (pipeline.repository.root / name).read_text() for name in pipeline.repository.git("ls-files").splitlines()
    }
    pipeline.forge.commits[head] = {"message": "", "tree": "t", "parents": []}
    pipeline.forge.trees["t"] = files
    pipeline.forge.branches["main"] = head
    ran = pipeline.run("schedule", "propose.yml")
    assert ran.code == 0
    (pull,) = pipeline.forge.pulls.values()
    merged = pipeline.forge.trees[pipeline.forge.commits[pipeline.forge.branches[pull["branch"]]]["tree"]]
    assert {name for name in merged if merged[name] != files.get(name)} == {"clients/north/galleries/party.yaml"}
    pipeline.repository.write("clients/north/galleries/party.yaml", merged["clients/north/galleries/party.yaml"])
    pipeline.job(step("apply", inputs="comment-mode: 'off'") + step("plan", inputs="comment-mode: 'off'"))
    ran = pipeline.run("push", "test.yml")
    assert "Applied: 0 created" in ran.text or "No changes" in ran.text
    assert ran.outputs()["result"] == "no-changes"
    assert pipeline.emulator.titles("Party") == ["Torte", "Pie"]


@pytest.mark.real_setup
def test_setup_installs_the_commit_of_the_action_with_locked_dependencies(pipeline: Pipeline) -> None:
    which = '      - id: after\n        run: |\n          echo "command $(command -v galleryctl)"\n          echo "python $(command -v python3)"\n'
    pipeline.job(which + step("plan", inputs="comment-mode: 'off'"))
    ran = pipeline.run("push", "test.yml")
    assert ran.code == 0
    assert re.search(r"command \S+/tmp/galleryctl\.\w+/bin/galleryctl", ran.log)
    assert "galleryctl." not in re.findall(r"python (\S+)", ran.log)[-1]
    assert ran.outputs()["result"] == "changes"
