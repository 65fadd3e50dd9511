"""`validate` lists every problem of every file, or a summary; it accesses neither network nor state."""

from __future__ import annotations

import pytest

from tests.support.cli_harness import CliHarness
from tests.support.reports import parse_report

BROKEN = "gallery: weddings\nbind: {create: true}\nitems:\n  - {image: photos/none.jpg, quality: 20}\n  - {key: a, text: hi, titel: A}\n"
FORMATS = ["text", "json", "markdown", "html", "github"]


def test_a_valid_workspace_is_summed_up(wedding: CliHarness) -> None:
    ran = wedding.run("validate")
    assert ran.code == 0
    assert ran.out == (
        "galleries/weddings.yaml: weddings  4 items (3 images, 1 text)\nValid: 1 gallery, 4 items, 3 files (0.0 MB).\n"
    )
    assert ran.err == ""
    assert not (wedding.root / ".galleryctl").exists()


def test_a_photo_that_two_items_show_is_one_file(studio: CliHarness) -> None:
    studio.write_photo("photos/a.jpg", 1)
    studio.write_gallery(["{key: one, image: photos/a.jpg}", "{key: two, image: photos/a.jpg}"])
    assert "2 items, 1 file (" in studio.run("validate").out


def test_quiet_prints_nothing_when_all_is_well(wedding: CliHarness) -> None:
    ran = wedding.run("validate", "-q")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_json_of_a_valid_workspace(wedding: CliHarness) -> None:
    document = parse_report(wedding.run("validate", "--format", "json").out)
    assert document["kind"] == "validation"
    assert document["sites"] == ["main"]
    assert document["galleries"] == [
        {
            "gallery": "weddings",
            "file": "galleries/weddings.yaml",
            "items": {"image": 3, "video": 0, "text": 1},
        }
    ]
    assert document["media"]["files"] == 3


@pytest.mark.parametrize("format_", ["markdown", "html", "github"])
def test_every_format_says_that_it_is_valid(wedding: CliHarness, format_: str) -> None:
    ran = wedding.run("validate", "--format", format_)
    assert ran.code == 0
    assert "Valid: 1 gallery, 4 items, 3 files (0.0 MB)." in ran.out.replace("\\", "")


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_lists_every_problem_with_its_place(studio: CliHarness, format_: str) -> None:
    studio.write("galleries/weddings.yaml", BROKEN)
    studio.write("galleries/other.yaml", "gallery: other\nbind: {name: A}\nunmanaged: all\nitems: []\n")
    ran = studio.run("validate", "--format", format_)
    assert ran.code == 1
    text = ran.out + ran.err
    assert all(told in text for told in ("photos/none.jpg", "quality", "titel", "other.yaml"))
    if format_ == "text":
        places = [line.split(": ")[0] for line in ran.err.splitlines()[:4]]
        assert places == [
            "galleries/other.yaml:3:12",
            "galleries/weddings.yaml:4:13",
            "galleries/weddings.yaml:4:39",
            "galleries/weddings.yaml:5:24",
        ]
        assert "4 problems in 2 files." in ran.err
    if format_ == "json":
        problems = parse_report(ran.out)["problems"]
        assert (problems[0]["file"], problems[0]["line"]) == ("galleries/other.yaml", 3)
        assert len(problems) == 4
    if format_ == "github":
        assert ran.out.count("::error file=galleries/") == 4


def test_problems_of_galleryctl_yaml_and_of_manifests_are_told_together(studio: CliHarness) -> None:
    studio.write("galleryctl.yaml", "galleryctl: 1\nbackend: {type: locl}\ngalleries: galleries/*.yaml\n")
    studio.write("galleries/weddings.yaml", BROKEN)
    ran = studio.run("validate")
    assert ran.code == 1
    assert "galleryctl.yaml:2:17" in ran.err
    assert "galleries/weddings.yaml:4:13" in ran.err
    assert "galleries/weddings.yaml:5:24" in ran.err


def test_no_workspace(studio: CliHarness) -> None:
    (studio.root / "galleryctl.yaml").unlink()
    ran = studio.run("validate")
    assert ran.code == 1
    assert f"{studio.root / 'galleryctl.yaml'} does not exist" in ran.err
    assert studio.copyable("init") in ran.err


def test_a_folder_that_does_not_exist(studio: CliHarness) -> None:
    assert "galleryctl.yaml does not exist" in studio.run("-C", str(studio.root / "none"), "validate").err


def test_a_file_instead_of_a_folder_is_wrong_usage(studio: CliHarness) -> None:
    ran = studio.run("-C", str(studio.root / "galleryctl.yaml"), "validate")
    assert ran.code == 1
    assert "is a file" in ran.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("items: [", "galleries/weddings.yaml:"),
        ("", "galleries/weddings.yaml:1:1: the file is empty"),
        ("- a\n- b\n", "galleries/weddings.yaml:1:1"),
        ("gallery: \x00", "is not allowed in YAML"),
    ],
)
def test_a_manifest_that_cannot_be_read_has_a_place_too(studio: CliHarness, text: str, told: str) -> None:
    studio.write("galleries/weddings.yaml", text)
    ran = studio.run("validate")
    assert ran.code == 1
    assert told in ran.err


def test_a_manifest_that_is_no_utf8(studio: CliHarness) -> None:
    (studio.root / "galleries").mkdir()
    (studio.root / "galleries" / "a.yaml").write_bytes(b"gallery: \xff\n")
    assert "galleries/a.yaml:1:10: the byte 0xff is not valid UTF-8" in studio.run("validate").err


def test_a_manifest_that_is_a_folder_is_not_found(studio: CliHarness) -> None:
    (studio.root / "galleries" / "a.yaml").mkdir(parents=True)
    assert "galleries: galleries/*.yaml matches no files" in studio.run("validate").err


SITES = """\
galleryctl: 1
backend: {type: local}
sites: {north: {}, south: {}}
galleries: galleries/*.yaml
state: ".galleryctl/state-{site}.json"
"""


def test_all_sites_are_meant_unless_one_is_named(wedding: CliHarness) -> None:
    wedding.write("galleryctl.yaml", SITES)
    assert parse_report(wedding.run("validate", "--format", "json").out)["sites"] == ["north", "south"]
    assert "for 2 sites" in wedding.run("validate").out
    assert parse_report(wedding.run("--site", "south", "validate", "--format", "json").out)["sites"] == ["south"]
    ran = wedding.run("validate", "--site", "west")
    assert ran.code == 1
    assert "unknown site 'west'" in ran.err


def test_outside_of_a_workspace_there_is_one_problem(studio: CliHarness) -> None:
    (studio.root / "galleryctl.yaml").unlink()
    ran = studio.run("validate")
    assert ran.code == 1
    assert "galleryctl.yaml does not exist\n" in ran.err


def test_a_mistake_in_yaml_is_shown_with_its_line_and_a_mark_below_it(studio: CliHarness) -> None:
    studio.write("galleries/weddings.yaml", "name: 日本\nitems:\n  - key: a\n    title: 東京: 夜\n    text: x\n")
    ran = studio.run("validate")
    assert ran.code == 1
    assert ran.err.splitlines()[:3] == [
        "galleries/weddings.yaml:4:14: quote the text: it contains ': '",
        "      title: 東京: 夜",
        "                 ^",
    ]


def test_a_long_line_is_shown_around_the_mistake(studio: CliHarness) -> None:
    studio.write("galleries/weddings.yaml", f"name: {'a' * 300}\x1b[2J: {'b' * 300}\n".replace("\x1b[2J", "\u202e"))
    _, shown, mark, *_ = studio.run("validate").err.splitlines()
    assert len(shown) < 120
    assert shown[mark.index("^")] == ":"
    assert "\u202e" not in shown


def test_a_line_that_may_have_a_credential_is_not_shown(studio: CliHarness) -> None:
    studio.write("galleryctl.yaml", "galleryctl: 1\nsites: {main: {auth: {api_key: IST.abc: def}}}\n")
    ran = studio.run("validate")
    assert "galleryctl.yaml:2:39: quote the text" in ran.err
    assert "IST.abc" not in ran.err


COMMENTED = """\
gallery: weddings  # the first
bind: {create: true}  # in the Editor
name: Weddings # 2026
items:  # all
  - key: words  # for a
    text: hi
    title: No. #1
"""


@pytest.mark.parametrize("format_", FORMATS)
def test_a_comment_after_a_text_that_visitors_see_is_a_warning(studio: CliHarness, format_: str) -> None:
    studio.write("galleries/weddings.yaml", COMMENTED)
    ran = studio.run("validate", "--format", format_)
    assert ran.code == 0
    if format_ == "json":
        first, second = parse_report(ran.out)["warnings"]
        assert (first["line"], second["line"], second["column"]) == (3, 7, 16)
    elif format_ == "github":
        assert ran.out.startswith(
            '::warning file=galleries/weddings.yaml,line=3,col=16::name is published as "Weddings"'
        )
        assert ran.out.count("::warning") == 2
    elif format_ == "text":
        assert 'warn galleries/weddings.yaml:7:16 title is published as "No.": # begins a comment; quote' in " ".join(
            ran.out.split()
        )


def test_plan_shows_the_first_warnings_about_manifests(studio: CliHarness) -> None:
    studio.write("galleries/weddings.yaml", COMMENTED)
    assert 'title is published as "No."' in " ".join(studio.run("plan").out.split())
    more = "".join(f"  - {{key: n{n}, text: hi, title: x #\n    }}\n" for n in range(9))
    studio.write("galleries/weddings.yaml", COMMENTED + more)
    out = " ".join(studio.run("plan").out.split())
    assert out.count("is published as") == 5
    assert "6 more warnings about manifests; see them all: galleryctl" in out
