"""`ci propose`: an edit in the Editor becomes a pull request; merged, the next plan is empty."""

from __future__ import annotations

import pytest

from tests.integration.forge.conftest import Repository
from tests.support.cli_harness import CommandResult
from tests.support.forge_stand_in import TOKEN

HEAD = "bind: {name: Party, create: true}\nname: Party\n"
BRANCH = "galleryctl/proposal"


@pytest.fixture(params=["github", "gitlab"])
def edited(request: pytest.FixtureRequest, repository: Repository) -> Repository:
    """A repository whose site somebody has edited, with the drift accepted in the checkout of a scheduled job."""
    studio = repository.studio
    studio.write_gallery(["{key: cake, text: <p>Cake</p>, title: Cake}"], name="party", head=HEAD)
    studio.apply()
    repository.commit()
    edit(repository, "Cake", "Torte")
    repository.job.on_branch() if request.param == "github" else repository.job.on_gitlab(CI_COMMIT_BRANCH="main")
    return repository


def edit(repository: Repository, former: str, title: str) -> None:
    repository.studio.edit({"gallery": {"name": "Party"}, "item": {"title": former}, "set": {"title": title}})
    assert repository.studio.run("drift", "--accept").code == 0


def propose(repository: Repository, *args: str) -> CommandResult:
    return repository.studio.run("ci", "propose", *args)


def test_an_edit_becomes_a_pull_request_and_merged_the_next_plan_is_empty(edited: Repository) -> None:
    ran = propose(edited)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Opened the pull request.")
    (pull,) = edited.forge.pulls.values()
    assert (pull["branch"], pull["base"]) == (BRANCH, "main")
    assert "galleries/party.yaml" in pull["body"]
    commit = edited.forge.commits[edited.forge.branches[BRANCH]]
    assert commit["parents"] == [edited.job.commit]
    former, proposed = (edited.forge.trees[tree] for tree in (f"tree-{edited.job.commit}", commit["tree"]))
    assert {name for name in proposed if proposed[name] != former.get(name)} == {"galleries/party.yaml"}
    edited.git("checkout", "--quiet", "--", ".")
    edited.check_out(BRANCH)
    assert "0 to create, 0 to update, 0 to replace, 0 to delete" in edited.studio.run("plan").out
    edited.studio.apply()
    edited.studio.assert_no_changes()
    assert edited.studio.titles("Party") == ["Torte"]


def test_a_second_run_updates_the_same_pull_request_only_if_something_changed(edited: Repository) -> None:
    propose(edited)
    writes = [call for call in edited.forge.calls if not call.startswith("GET")]
    assert propose(edited).out.startswith("The pull request is up to date.")
    assert [call for call in edited.forge.calls if not call.startswith("GET")] == writes
    edit(edited, "Torte", "Pie")
    assert propose(edited).out.startswith("Updated the pull request.")
    assert len(edited.forge.pulls) == 1
    tree = edited.forge.commits[edited.forge.branches[BRANCH]]["tree"]
    assert "Pie" in edited.forge.trees[tree]["galleries/party.yaml"]


def test_commits_of_somebody_else_are_not_lost(edited: Repository) -> None:
    propose(edited)
    edited.forge.commits["theirs"] = {"message": "Fix a typo", "tree": "x", "parents": []}
    edited.forge.branches[BRANCH] = "theirs"
    ran = propose(edited)
    assert ran.code == 1
    assert "commits of somebody else" in ran.err
    assert edited.forge.branches[BRANCH] == "theirs"


def test_an_imported_gallery_is_a_new_file(edited: Repository) -> None:
    edited.studio.write("galleries/new.yaml", "gallery: new\nbind: {name: New, create: true}\nname: New\nitems: []\n")
    assert propose(edited).out.startswith("Opened the pull request.")
    tree = edited.forge.commits[edited.forge.branches[BRANCH]]["tree"]
    assert edited.forge.trees[tree]["galleries/new.yaml"].startswith("gallery: new")


def test_each_workspace_of_a_repository_has_its_own_branch(edited: Repository) -> None:
    workspace = edited.studio.root / "clients/studio lux"
    edited.studio.write(
        "clients/studio lux/galleryctl.yaml", "galleryctl: 1\nbackend: {type: local}\ngalleries: '*.y'\n"
    )
    edited.studio.write("clients/studio lux/new.y", "gallery: new\n")
    assert edited.studio.run("-C", str(workspace), "ci", "propose").code == 0
    (branch,) = (name for name in edited.forge.branches if name != "main")
    assert branch == "galleryctl/proposal-clients-studio_lux"
    files = edited.forge.trees[edited.forge.commits[edited.forge.branches[branch]]["tree"]]
    assert "clients/studio lux/new.y" in files


def test_without_a_change_there_is_nothing_to_propose(edited: Repository) -> None:
    edited.git("checkout", "--quiet", "--", ".")
    assert propose(edited).out == "No manifest has changed; nothing was proposed.\n"
    assert edited.forge.calls == []


def test_nothing_is_proposed_from_a_pull_request(edited: Repository) -> None:
    for head in ("studio/galleries", "stranger/galleries"):
        edited.job.on_pull_request(head)
        ran = propose(edited)
        assert (ran.code, ran.out) == (0, "Nothing was proposed.\n")
    assert edited.forge.calls == []


@pytest.mark.parametrize("branch", ["main", "-x", "a..b", "a b", "x.lock", "refs/heads/"])
def test_the_branch_must_be_another_one_and_valid(edited: Repository, branch: str) -> None:
    ran = propose(edited, "--branch", branch)
    assert ran.code == 1
    assert "--branch" in ran.err
    assert edited.forge.calls == []


def test_git_runs_nothing_that_the_checkout_names(edited: Repository) -> None:
    """The configuration and the attributes of a checkout name programs; none of them may see the token, or run."""
    root = edited.studio.root
    for name in ("core.fsmonitor", "diff.external", "filter.x.clean", "diff.x.textconv", "core.sshCommand"):
        edited.git("config", name, f"touch {root}/ran-{name}; env > {root}/ran-{name}; cat")
    hook = root / ".git/hooks/post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {root}/ran-hook\n")
    hook.chmod(0o755)
    edited.studio.write(".gitattributes", "*.yaml filter=x diff=x\n")
    assert propose(edited).code == 0
    assert not [path.name for path in root.glob("ran-*")]
    assert TOKEN in edited.forge.tokens
