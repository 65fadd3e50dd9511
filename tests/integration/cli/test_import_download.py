"""`import --download` fetches originals; imported manifests are short and readable."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from galleryctl.manifest.schema import load_schema
from tests.support.cli_harness import CliHarness


@pytest.fixture
def live(wedding: CliHarness) -> CliHarness:
    """Return a workspace without manifests and state, for a site with one gallery of three photos and a text."""
    wedding.apply()
    (wedding.root / "galleries/weddings.yaml").unlink()
    (wedding.root / ".galleryctl/state.json").unlink()
    return wedding


def manifest(studio: CliHarness) -> str:
    return (studio.root / "galleries/weddings.yaml").read_text(encoding="utf-8")


def originals(studio: CliHarness) -> dict[str, bytes]:
    folder = studio.root / "originals"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_originals_are_downloaded_beside_the_manifest(live: CliHarness) -> None:
    ran = live.run("import", "--all", "--download", "originals")
    assert ran.code == 0, ran.err
    photos = {name: (live.root / f"photos/{name}.jpg").read_bytes() for name in ("first-dance", "cake", "rings")}
    assert originals(live) == {f"weddings/{name}.jpg": data for name, data in photos.items()}
    assert "Downloading 3 files (0.0 MB) to " in ran.err
    assert "Downloaded 3 files (0.0 MB) to " in ran.err
    assert "image: wix:image://v1/" in manifest(live)
    again = live.run("import", "weddings", "--download", "originals", "-vv")
    assert "Downloaded 0 files (0.0 MB) to" in again.err
    assert "3 there already" in again.err
    assert not [call for call in again.requests if "download" in call]


def test_only_what_the_media_manager_has_alone_is_downloaded(wedding: CliHarness) -> None:
    wedding.apply()
    assert wedding.run("import", "weddings", "--download", "originals").code == 0
    assert originals(wedding) == {}


def test_one_failure_costs_one_file(live: CliHarness) -> None:
    cake = next(file["id"] for file in live.files() if file["displayName"].startswith("cake"))
    live.write("originals/weddings/rings.jpg", "mine")
    live.call_api("POST", "/site-media/v1/bulk/files/delete", {"fileIds": [cake]})
    ran = live.run("import", "--all", "--download", "originals", "--format", "json")
    assert ran.code == 3
    document = json.loads(ran.out)
    Draft202012Validator(load_schema("import")).validate(document)
    downloads = document["downloads"]
    assert sorted(downloads["failed"]) == ["weddings/cake", "weddings/rings"]
    assert "the Media Manager does not have the file" in downloads["failed"]["weddings/cake"]
    assert "another file is there" in downloads["failed"]["weddings/rings"]
    assert originals(live)["weddings/rings.jpg"] == b"mine"
    assert sorted(originals(live)) == ["weddings/first-dance.jpg", "weddings/rings.jpg"]
    again = live.run("import", "weddings", "--download", "originals")
    assert again.code == 3
    assert "not downloaded: weddings/cake: the Media Manager does not have the file" in again.err


def test_originals_go_neither_to_git_nor_through_links(
    live: CliHarness, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ran = live.run("import", "--all", "--download", ".github/x")
    assert ran.code == 1
    assert "output may not go to this file" in ran.err
    assert not (live.root / "galleries/weddings.yaml").exists()
    outside = tmp_path_factory.mktemp("outside")
    (live.root / "originals").mkdir()
    os.symlink(outside, live.root / "originals/weddings")  # noqa: PTH211 - its arguments are in the order of ln
    ran = live.run("import", "--all", "--download", "originals")
    assert ran.code == 3
    assert "a symbolic link points outside" in ran.err
    assert list(outside.iterdir()) == []


def test_a_dry_run_downloads_nothing(live: CliHarness) -> None:
    ran = live.run("import", "--all", "--download", "originals", "--dry-run")
    assert ran.code == 1
    assert "--download and --dry-run cannot be combined" in ran.err


def test_an_imported_manifest_is_short_and_names_its_schema(live: CliHarness) -> None:
    ids = {item["title"]: item["id"] for item in live.items()}
    gallery = live.galleries()[0]["id"]
    text = '<p class="font_8">Lanterns <span style="color: red">over</span> the meadow</p>\n<p>and a song</p>'
    title = "A very long title that nobody wants to read as the name of a file or in a plan"
    live.edit(
        {"gallery": gallery, "item": ids["Words"], "set": {"text": {"html": text}}},
        {"gallery": gallery, "item": ids["Cake"], "set": {"title": title, "description": "One\n\nTwo: three # four"}},
    )
    live.write("schemas/gallery.schema.json", "{}")
    assert live.run("import", "--all").code == 0
    lines = manifest(live).splitlines()
    assert lines[0] == "# yaml-language-server: $schema=../schemas/gallery.schema.json"
    assert (Path(live.root / "galleries") / lines[0].partition("=")[2]).is_file()
    assert "#originWidth" not in manifest(live)
    assert "  - key: a-very-long-title-that-nobody-wants-to" in lines
    assert "    description: |-\n      One\n\n      Two: three # four\n" in manifest(live)
    assert '    text: |-\n      <p class="font_8">Lanterns' in manifest(live)
    live.apply()
    live.assert_no_changes()
    assert live.run("fmt", "--check").code == 0
    assert "warn" not in live.run("validate").out
