"""`ci matrix`: the workspaces and sites that a change touches."""

from __future__ import annotations

import json

import pytest

from tests.integration.forge.conftest import Repository
from tests.support.cli_harness import CliHarness

WORKSPACE = "galleryctl: 1\nbackend: {type: local}\nsites: {SITES}\ngalleries: galleries/*.yaml\n"


@pytest.fixture
def clients(repository: Repository) -> Repository:
    studio = repository.studio
    (studio.root / "galleryctl.yaml").unlink()
    for name, sites in (("nord", "a: {}, b: {}"), ("lux", "main: {}"), ("lux/inner", "x: {}")):
        studio.write(f"clients/{name}/galleryctl.yaml", WORKSPACE.replace("SITES", sites))
        studio.write(f"clients/{name}/galleries/party.yaml", "gallery: party\n")
    studio.write("README.md", "Clients")
    repository.commit()
    return repository


def legs(studio: CliHarness, *args: str) -> list[str]:
    ran = studio.run("ci", "matrix", "--for", "github", *args)
    assert ran.code == 0, ran.err
    return [f"{leg['path']}:{leg['site']}" for leg in json.loads(ran.out)["include"]]


def test_all_workspaces_and_sites(clients: Repository) -> None:
    assert legs(clients.studio) == ["clients/lux:main", "clients/lux/inner:x", "clients/nord:a", "clients/nord:b"]


def test_for_gitlab(clients: Repository) -> None:
    ran = clients.studio.run("-C", str(clients.studio.root / "clients/lux"), "ci", "matrix", "--for", "gitlab")
    assert json.loads(ran.out) == [
        {"GALLERYCTL_PATH": ["."], "GALLERYCTL_SITE": ["main"]},
        {"GALLERYCTL_PATH": ["inner"], "GALLERYCTL_SITE": ["x"]},
    ]


@pytest.mark.parametrize(
    ("file", "touched"),
    [
        ("clients/nord/photos/new.jpg", ["clients/nord:a", "clients/nord:b"]),
        ("clients/lux/galleryctl.yaml", ["clients/lux:main"]),
        ("clients/lux/inner/x", ["clients/lux/inner:x"]),
        ("README.md", []),
    ],
)
def test_only_what_a_change_touches(clients: Repository, file: str, touched: list[str]) -> None:
    clients.git("tag", "base")
    path = clients.studio.root / file
    text = path.read_text() if path.exists() else ""
    clients.studio.write(file, f"{text}# changed\n")
    clients.commit()
    assert legs(clients.studio, "--since", "base") == touched
    assert legs(clients.studio, "--since", "HEAD") == []


def test_a_moved_file_touches_both_workspaces_and_newer_commits_of_the_base_none(clients: Repository) -> None:
    clients.git("checkout", "--quiet", "-b", "feature")
    clients.git("mv", "clients/nord/galleries/party.yaml", "clients/lux/galleries/moved.yaml")
    clients.commit()
    clients.git("checkout", "--quiet", "main")
    clients.studio.write("clients/lux/inner/x", "changed")
    clients.commit()
    clients.git("checkout", "--quiet", "feature")
    assert legs(clients.studio, "--since", "main") == ["clients/lux:main", "clients/nord:a", "clients/nord:b"]


@pytest.mark.parametrize("ref", ["nope", "--output=/tmp/x", "HEAD^9", "", "-"])
def test_an_unknown_commit_is_an_error(clients: Repository, ref: str) -> None:
    ran = clients.studio.run("ci", "matrix", f"--since={ref}")
    assert ran.code == 1
    assert "unknown commit" in ran.err


def test_too_many_legs_and_odd_names_are_errors(clients: Repository) -> None:
    sites = ", ".join(f"s{number}: {{}}" for number in range(257))
    clients.studio.write("clients/nord/galleryctl.yaml", WORKSPACE.replace("SITES", sites))
    ran = clients.studio.run("ci", "matrix", "--for", "github")
    assert ran.code == 1
    assert "259 jobs" in ran.err
    clients.studio.write("clients/$(id)/galleryctl.yaml", "galleryctl: 1\n")
    assert "folder of this name" in clients.studio.run("ci", "matrix").err


def test_a_workspace_that_cannot_be_read_has_a_leg_that_will_fail(clients: Repository) -> None:
    clients.studio.write("clients/lux/inner/galleryctl.yaml", "a: [")
    assert "clients/lux/inner:" in legs(clients.studio)
