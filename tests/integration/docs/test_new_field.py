"""The guide "Add a field of an item" in CONTRIBUTING.md: its edits, made in a copy, are enough for a new field.

This file is also the program that uses the new fields: it runs in a process of its own, which imports the copy.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import galleryctl
from galleryctl.cli.main import run
from galleryctl.manifest.schema import load_schema
from galleryctl.model.fields import FIELDS, FIELDS_BY_KIND
from galleryctl.model.media import Kind
from tests.support.cli_harness import Doc, call_emulator

ROOT = Path(__file__).parents[3]
SUBTITLE = '"subtitle": {"$ref": "#/$defs/subtitle"}'
BRIGHTNESS = '"brightness": {"$ref": "#/$defs/brightness"}'
EDITS: dict[str, list[tuple[str, str]]] = {
    "galleryctl/model/fields.py": [
        (
            '    Field(name="description",',
            '    Field(name="subtitle", kinds=_ALL, type="string", path=("subtitle",)),\n',
        ),
        (
            '    Field(name="sharpen",',
            '    Field(name="brightness", kinds=_IMAGE, type="number", path=("image", "brightness")),\n',
        ),
    ],
    "schemas/gallery.schema.json": [
        ('"description": {"$ref": "#/$defs/description"}', f"{SUBTITLE},\n"),
        ('"sharpen": {"$ref": "#/$defs/sharpen"}', f"{BRIGHTNESS},\n"),
        ('"description", "link", "link.url"', '"subtitle", '),
        ('"sharpen", "exif", "html"', '"brightness", '),
        (
            '    "description": {\n      "description": "The description that',
            '    "subtitle": {"description": "A second title.", "type": ["string", "null"]},\n',
        ),
        (
            '    "sharpen": {\n      "description"',
            '    "brightness": {"description": "Percent.", "type": ["number", "null"], "minimum": 0},\n',
        ),
    ],
    "docs/reference/manifest.md": [
        ("| `description` | all |", "| `subtitle` | all | text or null | | a second title |\n"),
        ("| `sharpen` | images |", "| `brightness` | images | number or null | 0 or more | percent |\n"),
    ],
    "galleryctl/emulator/api/validation.py": [
        (
            '    yield from check_string(f"{at}.description"',
            '    yield from check_string(f"{at}.subtitle", sent.get("subtitle"))\n',
        ),
        (
            '    yield from check_object(f"{at}.exif"',
            '    yield from check_number(f"{at}.brightness", image.get("brightness"), 0, 100)\n',
        ),
    ],
}
"""File → what is put in front of which text; in the schema in front of each."""
HEAD = "gallery: w\nbind: {create: true}\nname: W\nitems:\n"
UNTIDY = f"""{HEAD}\
  - key: dance
    quality: 90
    brightness: 40
    description: Lanterns
    subtitle: At night
    image: dance.jpg
  - {{text: <p>x</p>, subtitle: Thanks, key: words}}
"""
TIDY = f"""{HEAD}\
  - key: dance
    image: dance.jpg
    subtitle: At night
    description: Lanterns
    quality: 90
    brightness: 40
  - {{key: words, text: <p>x</p>, subtitle: Thanks}}
"""


def test_the_table_the_schema_and_the_reference_name_the_same_fields() -> None:
    check_names(ROOT)


def test_the_edits_of_the_guide_are_enough_for_a_new_field(tmp_path: Path) -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = guide.partition("## Add a field of an item")[2].partition("\n## ")[0]
    assert re.findall(r"^\d\. `([^`]+)`", section, re.MULTILINE) == list(EDITS)
    for folder in ("galleryctl", "schemas"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "docs/reference").mkdir(parents=True)
    shutil.copy(ROOT / "docs/reference/manifest.md", tmp_path / "docs/reference")
    for name, edits in EDITS.items():
        text = (tmp_path / name).read_text(encoding="utf-8")
        for before, new in edits:
            assert before in text, f"{name}: {before}"
            text = text.replace(before, new + before)
        (tmp_path / name).write_text(text, encoding="utf-8")
    walked = subprocess.run(
        [sys.executable, __file__, tmp_path],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert walked.returncode == 0, walked.stdout + walked.stderr


def check_names(root: Path) -> None:
    """The fields of the table are those of the schema, each by a reference, and of the reference pages."""
    schema: Any = load_schema("gallery")
    keys = {
        kind: list(dict.fromkeys(field.key for field in fields if not field.is_source))
        for kind, fields in FIELDS_BY_KIND.items()
    }
    every = list(dict.fromkeys(field.key for field in FIELDS if field.kinds and not field.is_source))
    expected = {
        **{kind.value: keys[kind] for kind in Kind},
        **dict.fromkeys(("files", "sidecar"), keys[Kind.IMAGE]),
        "defaults": every,
    }
    definitions = {**schema["$defs"], "defaults": schema["properties"]["defaults"]}
    for name, fields in expected.items():
        found = definitions[name]["properties"]
        assert [key for key in found if key in every] == fields, name
        assert all(found[key] == {"$ref": f"#/$defs/{key}"} for key in fields), name
    parts = ((field.key, field.name) if field.is_part else (field.name,) for field in FIELDS)
    ignored = dict.fromkeys(name for names in parts for name in names)
    assert schema["$defs"]["ignore"]["items"]["enum"] == [*ignored, "media"]
    page = (root / "docs/reference/manifest.md").read_text(encoding="utf-8")
    for key in every:
        assert re.search(rf"^\| `{key}` \|", page, re.MULTILINE), key


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A workspace with one gallery and one photo."""

    root: Path

    def __post_init__(self) -> None:
        self.manifest.parent.mkdir(parents=True)
        settings = "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\n"
        (self.root / "galleryctl.yaml").write_text(settings, encoding="utf-8")
        Image.new("RGB", (8, 8)).save(self.root / "dance.jpg")

    @property
    def manifest(self) -> Path:
        return self.root / "galleries/w.yaml"

    @property
    def lines(self) -> list[str]:
        """The lines of the manifest but for the one that says which gallery it is."""
        lines = self.manifest.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if not line.startswith("bind:")]

    def run(self, *args: str, code: int = 0, text: str | None = None) -> str:
        """Write the manifest if `text` is given, and run a command that must end with `code`."""
        if text is not None:
            self.manifest.write_text(text, encoding="utf-8")
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            ended = run(["-C", str(self.root), *args])
        assert ended == code, (args, ended, out.getvalue())
        return out.getvalue()

    def call(self, method: str, path: str, body: Doc | None = None) -> Doc:
        return call_emulator(self.root / ".galleryctl/emulator/main", method, path, body)

    def live(self) -> tuple[str, list[Doc]]:
        """The id of the gallery, and its items."""
        (gallery,) = self.call("GET", "/progallery/v2/galleries?limit=10")["galleries"]
        return gallery["id"], self.call("GET", f"/progallery/v2/galleries/{gallery['id']}/items")["items"]


def validate_and_format(workspace: Workspace) -> None:
    wrong = UNTIDY.replace("brightness: 40", "brightness: -1").replace("subtitle: Thanks", "brightness: 1")
    said = workspace.run("validate", code=1, text=wrong)
    assert "brightness -1 is below 0" in said
    assert "brightness is for images; this is a text item" in said
    workspace.run("validate", text=UNTIDY)
    workspace.run("fmt")
    assert workspace.manifest.read_text(encoding="utf-8") == TIDY


def apply(workspace: Workspace) -> None:
    too_much = TIDY.replace("brightness: 40", "brightness: 101")
    assert "image.brightness" in workspace.run("apply", "--auto-approve", code=3, text=too_much)
    workspace.run("apply", "--auto-approve", text=TIDY)
    gallery, (dance, words) = workspace.live()
    path = f"/progallery/v2/galleries/{gallery}/items/{words['id']}"
    with pytest.raises(AssertionError, match=r"item\.subtitle"):
        workspace.call("PATCH", path, {"item": {"id": words["id"], "subtitle": 5}})
    assert (dance["subtitle"], dance["image"]["brightness"], words["subtitle"]) == ("At night", 40, "Thanks")
    workspace.run("plan", "--detailed-exitcode")


def write_back_what_was_edited(workspace: Workspace) -> None:
    gallery, (dance, _) = workspace.live()
    body = {"subtitle": "At dawn", "image": {**dance["image"], "brightness": 55}}
    edits = [{"gallery": gallery, "item": dance["id"], "set": body}]
    workspace.call("POST", "/_emulator/edit", {"edits": edits})
    workspace.run("drift", code=2)
    ignored = TIDY.replace("name: W\n", "name: W\nignore: [subtitle, brightness]\n")
    assert "no longer managed: brightness, subtitle" in workspace.run("plan", text=ignored)
    workspace.run("import", "w", text=TIDY)
    edited = TIDY.replace("At night", "At dawn").replace("brightness: 40", "brightness: 55")
    assert workspace.lines == [line for line in edited.splitlines() if not line.startswith("bind:")]
    workspace.manifest.unlink()
    workspace.run("import", "w")
    anew = "\n".join(workspace.lines)
    assert "    subtitle: At dawn\n    description: Lanterns\n    quality: 90\n    brightness: 55\n" in anew


def take_out_and_clear(workspace: Workspace) -> None:
    workspace.run("apply", "--auto-approve")
    text = workspace.manifest.read_text(encoding="utf-8")
    left = re.sub(r" +(subtitle|brightness): .*\n", "", text)
    plan = workspace.run("plan", text=left)
    assert 'subtitle: "Thanks" → ""  (cleared)' in plan
    assert "w/dance: no longer managed: brightness, subtitle" in plan  # a person wrote these
    cleared = re.sub("(subtitle|brightness): .*", r"\1: null", text)
    workspace.run("apply", "--auto-approve", text=cleared)
    _, (dance, words) = workspace.live()
    assert [dance.get("subtitle"), dance["image"].get("brightness"), words.get("subtitle")] == [None] * 3
    workspace.run("plan", "--detailed-exitcode")


if __name__ == "__main__":
    ours = Path(sys.argv[1])
    assert Path(galleryctl.__file__).is_relative_to(ours)
    check_names(ours)
    new = Workspace(root=ours / "workspace")
    for step in (validate_and_format, apply, write_back_what_was_edited, take_out_and_clear):
        step(new)
