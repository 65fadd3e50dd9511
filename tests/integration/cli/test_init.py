"""`init` creates a workspace that works at once, and never overwrites anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli_harness import CliHarness
from tests.support.reports import parse_report

FILES = {
    "galleryctl.yaml",
    "galleries/first.yaml",
    "schemas/workspace.schema.json",
    "schemas/gallery.schema.json",
    "schemas/tolerated.schema.json",
    ".gitignore",
}


@pytest.fixture
def empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> CliHarness:
    return CliHarness(tmp_path, capsys)


def files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_a_new_workspace_validates_plans_and_applies_at_once(empty: CliHarness) -> None:
    ran = empty.run("init")
    assert ran.code == 0
    assert files(empty.root) == FILES
    assert all(f"created {empty.root / name}" in ran.out for name in FILES)
    assert ran.out.endswith("Created 6 files.\n")
    assert f"galleryctl -C {empty.root} plan" in ran.err
    validated, planned = empty.run("validate"), empty.run("plan")
    assert (validated.code, planned.code) == (0, 0)
    assert "warn" not in validated.out
    assert "Notes" not in planned.out
    assert empty.run("fmt", "--check").code == 0
    assert empty.run("plan", "--detailed-exitcode").code == 2
    empty.apply()
    assert empty.titles("First gallery") == ["A film", ""]
    empty.assert_no_changes()


def test_the_folder_is_made(empty: CliHarness) -> None:
    assert empty.run("init", "photos/2026").code == 0
    assert files(empty.root / "photos" / "2026") == FILES


def test_editors_find_the_schemas_beside_the_files(empty: CliHarness) -> None:
    empty.run("init")
    for name in ("galleryctl.yaml", "galleries/first.yaml"):
        path = empty.root / name
        line = path.read_text(encoding="utf-8").splitlines()[0]
        assert line.startswith("# yaml-language-server: $schema=")
        assert (path.parent / line.partition("=")[2]).is_file()


def test_a_workspace_for_wix_asks_for_its_variables_and_makes_no_gallery(
    empty: CliHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WIX_SITE_ID", "WIX_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    ran = empty.run("init", "--backend", "wix")
    assert ran.code == 0
    assert files(empty.root) == FILES - {"galleries/first.yaml"}
    assert "First, set WIX_API_KEY (from the API Keys Manager of the account" in ran.err
    ran = empty.run("import", "--all")
    assert ran.code == 1
    assert "WIX_SITE_ID is not set" in ran.err
    assert "the site id is the part of the address of the site's dashboard after /dashboard/" in ran.err
    monkeypatch.setenv("WIX_SITE_ID", "site")
    ran = empty.run("import", "--all")
    assert "WIX_API_KEY is not set" in ran.err
    assert "the API Keys Manager of the account, which only its owner and co-owners can open" in ran.err


@pytest.mark.parametrize("name", sorted(FILES))
def test_nothing_is_written_where_anything_would_be_overwritten(empty: CliHarness, name: str) -> None:
    empty.write(name, "mine")
    ran = empty.run("init")
    assert ran.code == 1
    assert str(empty.root / name) in ran.err
    assert "nothing was written" in ran.err
    assert files(empty.root) == {name}
    assert (empty.root / name).read_text(encoding="utf-8") == "mine"


def test_a_link_that_leads_nowhere_is_not_overwritten(empty: CliHarness) -> None:
    (empty.root / "galleryctl.yaml").symlink_to(empty.root / "elsewhere.yaml")
    assert empty.run("init").code == 1
    assert not (empty.root / "elsewhere.yaml").exists()


def test_a_file_where_the_folder_should_be_is_told_and_nothing_stays(empty: CliHarness) -> None:
    empty.write("taken", "a file")
    ran = empty.run("init", "taken")
    assert ran.code == 1
    assert f"Error: {empty.root / 'taken'}: cannot write the file" in ran.err
    empty.write("galleries", "a file")
    ran = empty.run("init")
    assert ran.code == 1
    assert files(empty.root) == {"taken", "galleries"}


def test_quiet_prints_nothing(empty: CliHarness) -> None:
    ran = empty.run("init", "-q")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_json_lists_the_files(empty: CliHarness) -> None:
    ran = empty.run("init", "--format", "json")
    document = parse_report(ran.out)
    assert document["kind"] == "written"
    assert document["action"] == "created"
    assert set(document["files"]) == {str(empty.root / name) for name in FILES}
    assert ran.err == ""
    failure = parse_report(empty.run("init", "--format", "json").out)
    assert failure["kind"] == "failure"
    assert "exist already" in failure["what"]


@pytest.mark.parametrize("format_", ["markdown", "html", "github"])
def test_every_format_tells_how_many_files(empty: CliHarness, format_: str) -> None:
    assert "Created 6 files." in empty.run("init", "--format", format_).out


def test_an_unknown_backend_is_wrong_usage(empty: CliHarness) -> None:
    ran = empty.run("init", "--backend", "s3")
    assert ran.code == 1
    assert "'s3' is not one of 'local', 'wix'" in ran.err
    assert files(empty.root) == set()
