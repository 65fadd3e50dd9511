from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest

from galleryctl.cli.run import plan
from galleryctl.manifest.schema import load_schema
from tests.support.cli_harness import CliHarness, CommandResult, Doc


def document(ran: CommandResult, schema: str) -> Doc:
    assert ran.code == 0, ran.err
    found: Doc = json.loads(ran.out)
    jsonschema.validate(found, load_schema(schema))
    return found


def refused(ran: CommandResult, *words: str) -> None:
    assert (ran.code, ran.out) == (1, "")
    for word in words:
        assert word in ran.err


@pytest.fixture
def applied(wedding: CliHarness) -> CliHarness:
    """The weddings on the site, an unmanaged item before them, and an unmanaged gallery."""
    wedding.apply()
    gallery = wedding.galleries()[0]["id"]
    stranger = {"type": "TEXT", "title": "By hand", "sortOrder": 0.5, "text": {"html": "x"}}
    wedding.edit({"gallery": gallery, "item": None, "set": stranger}, {"set": {"name": "Notes / old", "sortOrder": 9}})
    return wedding


@pytest.mark.parametrize("format_", ["text", "json", "markdown", "html", "github"])
def test_a_saved_plan_is_shown_as_it_was_made(wedding: CliHarness, format_: str) -> None:
    path = wedding.root / "plan.json"
    made = wedding.run("plan", "--out", str(path), "--format", format_)
    shown = wedding.run("show", str(path), "--format", format_)
    assert shown.code == 0
    assert shown.out == made.out
    assert ("5 to create" if format_ == "github" else "weddings") in shown.out, "annotations only count"


def test_whoever_reads_a_plan_file_sees_what_turns_a_text_around(wedding: CliHarness) -> None:
    wedding.write_gallery([r'{key: a, text: x, title: "\u202Egnp.\u2066tide\U000E0041"}'])
    assert wedding.run("plan", "--out", "plan.json").code == 0
    text = (wedding.root / "plan.json").read_text(encoding="utf-8")
    assert r'"title": "\u202egnp.\u2066tide\udb40\udc41"' in text
    wedding.apply()
    assert wedding.run("plan", "--out", "plan.json", "--detailed-exitcode").code == 0


def test_a_plan_needs_no_workspace(wedding: CliHarness, tmp_path: Path) -> None:
    path = wedding.root / "plan.json"
    wedding.run("plan", "--out", str(path))
    (wedding.root / "galleryctl.yaml").unlink()
    assert "5 to create" in wedding.run("show", str(path)).out


def test_what_is_wrong_with_a_plan_names_its_file(wedding: CliHarness) -> None:
    wedding.write("old.json", '{"format_version": 7}')
    assert "old.json: format_version 7 is not supported; this galleryctl" in wedding.run("show", "old.json").err
    assert "none.json: No such file or directory\n" in wedding.run("apply", "none.json").err


def test_a_plan_that_may_never_end_is_not_read(wedding: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(wedding.root / "pipe.json")
    for path in ("pipe.json", "/dev/zero"):
        refused(wedding.run("apply", path), f"cannot read {wedding.root / path}: ")
    monkeypatch.setattr(plan, "MAX_PLAN_FILE_BYTES", 20)
    wedding.write("plan.json", "[]" + " " * 18)
    refused(wedding.run("apply", "plan.json"), "the document is not an object")
    wedding.write("plan.json", "[]" + " " * 19)
    refused(wedding.run("apply", "plan.json"), "plan.json is not a galleryctl plan file: longer than 20 bytes")


def test_what_is_no_plan_is_told(wedding: CliHarness) -> None:
    wedding.write("plan.json", "{")
    refused(wedding.run("show", str(wedding.root / "plan.json")), "not a galleryctl plan file", "plan --out FILE")
    (wedding.root / "plan.json").unlink()
    wedding.run("plan", "--out", str(wedding.root / "plan.json"))
    text = (wedding.root / "plan.json").read_text(encoding="utf-8")
    wedding.write("plan.json", text.replace("First dance", "Last dance"))
    refused(wedding.run("show", str(wedding.root / "plan.json")), "changed after it was saved")
    refused(wedding.run("show", "nothing.json"), "nothing.json: plan file not found", "plan --out FILE")


@pytest.mark.parametrize("args", [[], ["--state"]])
def test_state_is_shown_when_nothing_is_asked_for(applied: CliHarness, args: list[str]) -> None:
    ran = applied.run("show", *args)
    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.splitlines()] == [
        "weddings", "weddings/cake", "weddings/first-dance", "weddings/rings", "weddings/words",
    ]  # fmt: skip
    assert document(applied.run("show", *args, "--format", "json"), "state") == applied.state()


def test_without_state_nothing_is_shown_and_that_is_said(wedding: CliHarness) -> None:
    ran = wedding.run("show")
    assert (ran.code, ran.out) == (0, "")
    assert "No state has been written" in ran.err


def test_the_site_is_shown_with_the_keys_of_what_is_managed(applied: CliHarness) -> None:
    ran = applied.run("show", "--live")
    assert [line.split()[0] for line in ran.out.splitlines()[2:]] == ["weddings", "unmanaged"]
    galleries = document(applied.run("show", "--live", "--format", "json"), "live")["galleries"]
    assert [(g["key"], g["name"], g["items"]) for g in galleries] == [
        ("weddings", "Weddings", None), (None, "Notes / old", None),
    ]  # fmt: skip


def test_a_gallery_is_shown_in_order_with_its_fields(applied: CliHarness) -> None:
    live = applied.items()
    ran = applied.run("show", "weddings")
    assert [line.split()[1] for line in ran.out.splitlines()[2:]] == [
        "unmanaged", "first-dance", "cake", "rings", "words",
    ]  # fmt: skip
    (gallery,) = document(applied.run("show", "weddings", "--format", "json"), "live")["galleries"]
    assert [item["id"] for item in gallery["items"]] == [item["id"] for item in live]
    assert [item["place"] for item in gallery["items"]] == [1, 2, 3, 4, 5]
    rings = gallery["items"][3]
    assert rings["fields"]["focal_point"] == {"x": 0.5, "y": 0.25}
    assert (rings["media"]["width"], rings["sort_order"]) == (64, live[3]["sortOrder"])


def test_a_descending_site_is_shown_from_its_other_end(applied: CliHarness) -> None:
    config = (applied.root / "galleryctl.yaml").read_text(encoding="utf-8")
    applied.write("galleryctl.yaml", config + "item_order: descending\n")
    ran = applied.run("show", "weddings")
    assert [line.split()[1] for line in ran.out.splitlines()[2:]] == [
        "words", "rings", "cake", "first-dance", "unmanaged",
    ]  # fmt: skip


def test_an_item_is_shown_field_by_field(applied: CliHarness) -> None:
    ran = applied.run("show", "weddings/cake")
    assert ran.out.startswith("weddings/cake\n")
    assert '"https://example.com"' in ran.out
    assert "3 of 5" in ran.out
    (gallery,) = document(applied.run("show", "weddings/cake", "--format", "json"), "live")["galleries"]
    (item,) = gallery["items"]
    assert (item["key"], item["place"]) == ("cake", 3)
    stranger = applied.items()[0]["id"]
    assert "weddings: unmanaged" in applied.run("show", f"weddings/{stranger}").out


def test_without_state_the_manifests_tell_the_keys(applied: CliHarness) -> None:
    (applied.root / ".galleryctl/state.json").unlink()
    (gallery,) = document(applied.run("show", "weddings", "--format", "json"), "live")["galleries"]
    assert [item["key"] for item in gallery["items"]] == [None, "first-dance", "cake", "rings", "words"]


def test_a_name_may_have_a_slash_and_markdown_is_harmless(applied: CliHarness) -> None:
    notes = applied.galleries()[1]["id"]
    hostile = {"type": "TEXT", "title": "<b>|`@x`\x1b[2J", "sortOrder": 1, "text": {"html": ""}}
    applied.edit({"gallery": notes, "item": None, "set": hostile})
    assert "\x1b" not in applied.run("show", "Notes / old").out
    out = applied.run("show", notes, "--format", "markdown").out
    assert "<b>" not in out
    assert "@x" not in out


def test_what_is_not_there_is_told(applied: CliHarness) -> None:
    applied.edit({"set": {"name": "Notes / old", "sortOrder": 10}})
    refused(applied.run("show", "weding"), "no gallery")
    refused(applied.run("show", "weddings/nope"), "no item with the key or id 'nope'", "show weddings")
    refused(applied.run("show", "Notes / old"), "2 galleries", "select one by its id")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--state", "--live"], "--state"),
        (["weddings", "--state"], "--state"),
        (["weddings", "--format", "github"], "--format github is not supported here"),
        (["--state", "--format", "markdown"], "--format markdown is not supported here"),
    ],
)
def test_options_that_make_no_sense_are_refused(applied: CliHarness, args: list[str], words: str) -> None:
    ran = applied.run("show", *args)
    assert ran.code == 1
    assert words in ran.out + ran.err


def test_showing_only_reads(applied: CliHarness) -> None:
    for args, count in ((["--live"], 1), (["weddings"], 2), ([], 0)):
        ran = applied.run("show", *args, "-vv")
        assert [request.split()[0] for request in ran.requests] == ["GET"] * count
