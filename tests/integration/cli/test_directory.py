"""`-C DIR`: every path on the command line is relative to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli_harness import CliHarness


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(folder)
    return folder


def test_plans_manifests_and_code_are_written_and_read_below_the_workspace(
    wedding: CliHarness, elsewhere: Path
) -> None:
    planned = wedding.run("plan", "--out", "saved.json")
    assert f"galleryctl -C {wedding.root} apply saved.json" in planned.err
    named = wedding.run("--site", "main", "plan", "--out", "my plan.json")
    assert f"run: galleryctl -C {wedding.root} --site main apply 'my plan.json'\n" in named.err
    assert wedding.run("show", "saved.json").code == 0
    assert wedding.run("apply", "saved.json").code == 0
    assert wedding.run("import", "weddings", "--out", "galleries/weddings.yaml").code == 0
    assert wedding.run("velo", "weddings", "--out", "code").code == 0
    assert {path.name for path in wedding.root.iterdir()} >= {"saved.json", "code"}
    assert list(elsewhere.iterdir()) == []


def test_what_is_asked_about_is_shown(wedding: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    asked = wedding.run("apply", "--format", "json")
    assert asked.code == 1
    assert "--format json is not supported here" in asked.out
    assert wedding.galleries() == []
