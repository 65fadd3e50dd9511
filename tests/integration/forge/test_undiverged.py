"""`apply --require-undiverged`: an apply of an old commit writes nothing."""

from __future__ import annotations

import pytest

from tests.integration.forge.conftest import Repository

CAKE = "{key: cake, text: <p>Cake</p>, title: Cake}"
HEAD = "bind: {name: Party, create: true}\nname: Party\n"


@pytest.fixture(params=["github", "gitlab", "pull request"])
def merged(request: pytest.FixtureRequest, repository: Repository) -> Repository:
    repository.studio.write_gallery([CAKE], name="party", head=HEAD)
    repository.commit()
    job = repository.job
    {
        "github": job.on_branch,
        "gitlab": lambda: job.on_gitlab(CI_COMMIT_BRANCH="main"),
        "pull request": job.on_pull_request,
    }[request.param]()
    return repository


def test_an_apply_behind_its_base_writes_nothing(merged: Repository) -> None:
    merged.forge.behind = 2
    ran = merged.studio.run("apply", "--auto-approve", "--require-undiverged")
    assert ran.code == 1
    assert f"main has 2 commits that {merged.job.commit[:12]} does not have" in ran.err
    assert merged.studio.galleries() == []
    merged.forge.behind = 0
    merged.studio.apply("--require-undiverged")
    assert merged.studio.titles("Party") == ["Cake"]


def test_without_an_answer_nothing_is_written(merged: Repository) -> None:
    merged.job.token("wrong")
    ran = merged.studio.run("apply", "--auto-approve", "--require-undiverged")
    assert ran.code == 1
    assert "rejected the token" in ran.err
    assert merged.studio.galleries() == []
