"""`fmt` rewrites manifests in place and atomically, or shows the changes."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from tests.support.cli_harness import CliHarness, CommandResult
from tests.support.reports import parse_report

UNTIDY = """\
items:
  # the first one
    - {title: Cake,   key: cake, text: <p>Cake</p>}
gallery:   weddings
bind: {create: true}
name: Weddings
"""
TIDY = """\
gallery: weddings
bind: {create: true}
name: Weddings
items:
  # the first one
  - {key: cake, text: <p>Cake</p>, title: Cake}
"""
FILE = "galleries/weddings.yaml"


@pytest.fixture
def untidy(studio: CliHarness) -> CliHarness:
    studio.write(FILE, UNTIDY)
    return studio


def text(studio: CliHarness, name: str = FILE) -> str:
    return (studio.root / name).read_bytes().decode()


def piped(studio: CliHarness, monkeypatch: pytest.MonkeyPatch, given: bytes, *args: str) -> CommandResult:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    return studio.run("fmt", *args, "-")


def test_all_files_of_the_workspace_are_formatted_and_comments_kept(untidy: CliHarness) -> None:
    untidy.write("galleryctl.yaml", "galleries: galleries/*.yaml\ngalleryctl: 1\nbackend: {type: local}\n")
    ran = untidy.run("fmt")
    assert ran.code == 0
    assert ran.out == f"formatted galleryctl.yaml\nformatted {FILE}\nFormatted 2 files.\n"
    assert text(untidy) == TIDY
    assert text(untidy, "galleryctl.yaml").startswith("galleryctl: 1\n")
    again = untidy.run("fmt")
    assert again.out == "Formatted 0 files, 2 unchanged.\n"
    assert untidy.run("fmt", "--check").code == 0


def test_files_that_are_fine_are_not_written(untidy: CliHarness) -> None:
    untidy.write(FILE, TIDY)
    before = (untidy.root / FILE).stat()
    untidy.run("fmt")
    after = (untidy.root / FILE).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_only_the_files_that_are_named(untidy: CliHarness) -> None:
    untidy.write("galleries/other.yaml", UNTIDY)
    assert untidy.run("fmt", "galleries/other.yaml").code == 0
    assert text(untidy) == UNTIDY
    assert text(untidy, "galleries/other.yaml") == TIDY


def test_neither_variables_nor_validity_are_asked_for(untidy: CliHarness) -> None:
    untidy.write(
        "galleryctl.yaml",
        'galleryctl: 1\nsites: {main: {site_id: "${UNSET}"}}\ngalleries: galleries/*.yaml\n',
    )
    assert untidy.run("fmt").code == 0
    assert text(untidy) == TIDY


def test_check_lists_what_is_not_formatted_and_writes_nothing(untidy: CliHarness) -> None:
    ran = untidy.run("fmt", "--check")
    assert ran.code == 1
    assert ran.err.splitlines()[0] == f"{FILE}:1:1: not formatted"
    assert "1 problem in 1 file." in ran.err
    assert text(untidy) == UNTIDY


@pytest.mark.parametrize("format_", ["json", "markdown", "html", "github"])
def test_check_in_every_format(untidy: CliHarness, format_: str) -> None:
    ran = untidy.run("fmt", "--check", "--format", format_)
    assert ran.code == 1
    assert "not formatted" in ran.out + ran.err
    if format_ == "github":
        assert ran.out == f"::error file={FILE},line=1,col=1::not formatted\n"
    if format_ == "json":
        assert parse_report(ran.out)["problems"][0]["file"] == FILE


def test_json_of_what_was_formatted(untidy: CliHarness) -> None:
    document = parse_report(untidy.run("fmt", "--format", "json").out)
    assert (document["action"], document["files"], document["unchanged"]) == ("formatted", [FILE], 1)


def test_diff_shows_what_would_change_and_writes_nothing(untidy: CliHarness) -> None:
    ran = untidy.run("fmt", "--diff")
    assert ran.code == 0
    assert ran.out.startswith(f"--- {FILE}\n+++ {FILE}\n@@ ")
    assert "+  - {key: cake, text: <p>Cake</p>, title: Cake}\n" in ran.out
    assert text(untidy) == UNTIDY
    assert untidy.run("fmt", "--diff", "--check").code == 1
    untidy.write(FILE, TIDY)
    ran = untidy.run("fmt", "--diff", "--check")
    assert (ran.code, ran.out) == (0, "")


def test_diff_of_a_file_without_a_last_line_end(studio: CliHarness) -> None:
    studio.write(FILE, TIDY.rstrip("\n"))
    out = studio.run("fmt", "--diff").out
    assert "title: Cake}\n\\ No newline at end of file\n+" in out


def test_standard_input_goes_to_standard_output(untidy: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = piped(untidy, monkeypatch, UNTIDY.replace("Weddings", "Hochzeiten ü 😀").encode())
    assert ran.code == 0
    assert ran.out == TIDY.replace("Weddings", "Hochzeiten ü 😀")
    assert ran.err == ""
    assert piped(untidy, monkeypatch, TIDY.encode(), "--check").code == 0
    ran = piped(untidy, monkeypatch, UNTIDY.encode(), "--check")
    assert ran.code == 1
    assert "-:1:1: not formatted" in ran.err
    assert piped(untidy, monkeypatch, UNTIDY.encode(), "--diff").out.startswith("--- -\n+++ -\n")


def test_invalid_standard_input(untidy: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = piped(untidy, monkeypatch, b"a: [\n")
    assert ran.code == 1
    assert ran.out == ""
    assert "-:1:4: the bracket '[' that opens here is not closed" in ran.err
    assert "-:1:4: the byte 0xff is not valid UTF-8" in piped(untidy, monkeypatch, b"a: \xff").err
    assert "-:1:1: the file is empty" in piped(untidy, monkeypatch, b"").err


def test_standard_input_stands_alone(untidy: CliHarness) -> None:
    ran = untidy.run("fmt", "-", FILE)
    assert ran.code == 1
    assert "- (standard input) cannot be combined with files" in ran.err


def test_nothing_is_written_when_one_file_is_not_valid(untidy: CliHarness) -> None:
    untidy.write("galleries/broken.yaml", "items: [\n")
    ran = untidy.run("fmt")
    assert ran.code == 1
    assert "galleries/broken.yaml:1:8" in ran.err
    assert "nothing was written" in ran.err
    assert text(untidy) == UNTIDY


@pytest.mark.parametrize("format_", ["--format=json", "--format=github"])
def test_a_format_means_nothing_where_text_is_printed(untidy: CliHarness, format_: str) -> None:
    ran = untidy.run("fmt", "--diff", format_)
    assert ran.code == 1
    assert "--format has no effect on `fmt`" in ran.out + ran.err


def test_a_missing_file_a_folder_and_no_workspace(untidy: CliHarness) -> None:
    ran = untidy.run("fmt", "none.yaml", "galleries")
    assert ran.code == 1
    assert "galleries:1:1: cannot read the file: Is a directory" in ran.err
    assert "none.yaml:1:1: cannot read the file: No such file or directory" in ran.err
    (untidy.root / "galleryctl.yaml").unlink()
    ran = untidy.run("fmt")
    assert ran.code == 1
    assert "galleryctl.yaml does not exist" in ran.err
    assert untidy.run("fmt", FILE).code == 0


def test_galleryctl_yaml_that_is_no_yaml(untidy: CliHarness) -> None:
    untidy.write("galleryctl.yaml", "a: [\n")
    ran = untidy.run("fmt")
    assert ran.code == 1
    assert "galleryctl.yaml:1:4" in ran.err


def test_rights_and_links_stay(untidy: CliHarness, tmp_path: Path) -> None:
    real = untidy.root / FILE
    real.chmod(0o640)
    link = untidy.root / "link.yaml"
    link.symlink_to(real)
    assert untidy.run("fmt", "link.yaml").code == 0
    assert link.is_symlink()
    assert text(untidy) == TIDY
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in real.parent.iterdir()) == ["weddings.yaml"]


def test_a_file_that_cannot_be_written_stays_as_it_is(untidy: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    ran = untidy.run("fmt")
    assert ran.code == 1
    assert f"{FILE}: the file cannot be written\n  No space left on device" in ran.err
    assert text(untidy) == UNTIDY
    assert sorted(path.name for path in (untidy.root / "galleries").iterdir()) == ["weddings.yaml"]
