"""The examples load, are in canonical format, and have images with captions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from examples.drawing import landscapes, studio, weddings
from examples.drawing.shot import save
from galleryctl.manifest.load import load_manifests
from galleryctl.manifest.schema import load_schema, schema_names, schema_problems
from galleryctl.manifest.workspace import load_workspace
from galleryctl.manifest.write.format import format_text
from galleryctl.manifest.yaml.interpolate import replace_variables
from galleryctl.manifest.yaml.parse import parse_yaml_text
from galleryctl.manifest.yaml.places import MANIFEST_PLACES, WORKSPACE_PLACES, AllowedVariables
from galleryctl.manifest.yaml.variables import variable_names
from galleryctl.model.desired import Desired
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.media import Kind, LocalFile
from galleryctl.photo.metadata.dates import parse_date
from galleryctl.photo.read import read_photo

EXAMPLES = Path(__file__).parents[3] / "examples"
ENVIRON = {"WIX_SITE_ID": "s", "WIX_API_KEY": "k", "WIX_GALLERY_ID": "g"}


def desired(name: str) -> Desired:
    return load_manifests(load_workspace(EXAMPLES / name, ENVIRON), "main")


@pytest.mark.parametrize(("name", "galleries", "items"), [("portfolio", 3, 45), ("minimal", 1, 3), ("wix", 1, 2)])
def test_the_examples_load(name: str, galleries: int, items: int) -> None:
    loaded = desired(name)
    assert len(loaded.galleries) == galleries
    assert sum(len(gallery.items) for gallery in loaded.galleries) == items


@pytest.mark.parametrize("file", sorted(EXAMPLES.rglob("*.yaml")), ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_the_examples_are_in_the_one_format(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert format_text(text, file.name) == text
    first = text.splitlines()[0]
    assert (file.parent / first.partition("$schema=")[2]).is_file()


SHOTS = (*weddings.SHOTS, *landscapes.SHOTS, *studio.SHOTS)


def test_what_was_drawn_is_what_the_portfolio_shows_with_its_captions_in_the_files() -> None:
    photos = EXAMPLES / "portfolio" / "photos"
    assert {f"photos/{path.relative_to(photos).as_posix()}" for path in photos.rglob("*.jpg")} == {
        entry.path for entry in SHOTS
    }
    for entry in SHOTS:
        with (EXAMPLES / "portfolio" / entry.path).open("rb") as picture:
            facts = read_photo(picture)
        found = facts.captions
        assert (found.title, found.description, set(found.tags)) == (
            entry.title,
            entry.description,
            set(entry.tags),
        )
        assert facts.captured == parse_date(entry.captured)


@pytest.mark.parametrize("name", ["landscapes/blue-hills", "weddings/rings", "studio/still-life/still-6"])
def test_a_photo_comes_out_of_the_drawing_as_it_is(name: str, tmp_path: Path) -> None:
    (entry,) = (entry for entry in SHOTS if entry.path == f"photos/{name}.jpg")
    save(entry, tmp_path)
    with Image.open(tmp_path / entry.path) as drawn, Image.open(EXAMPLES / "portfolio" / entry.path) as kept:
        assert drawn.getexif() == kept.getexif()
        assert drawn.info["xmp"] == kept.info["xmp"]
        difference = ImageStat.Stat(ImageChops.difference(drawn, kept)).mean
    assert max(difference) < 2  # encoders differ a little


def test_the_portfolio_is_small_and_captioned() -> None:
    galleries = desired("portfolio").galleries
    items = [item for gallery in galleries for item in gallery.items]
    files = {item.media.path: item.media.size for item in items if isinstance(item.media, LocalFile)}
    assert sum(files.values()) < 1_000_000
    assert all(item.fields.get("title") for item in items if item.kind is Kind.IMAGE)
    (landscapes,) = (gallery for gallery in galleries if gallery.address.gallery == "landscapes")
    keys = [item.address.item for item in landscapes.items]
    assert keys[:4] == ["about", "IMG_23", "dunes", "IMG_2"]


@pytest.mark.parametrize(("page", "schema"), [("manifest", "gallery"), ("workspace", "workspace")])
def test_the_examples_of_the_reference_are_valid(page: str, schema: str) -> None:
    text = (EXAMPLES.parent / "docs" / "reference" / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) > 1
    for block in blocks:
        places = WORKSPACE_PLACES if schema == "workspace" else MANIFEST_PLACES
        values = dict.fromkeys(variable_names(block), "x")
        document = replace_variables(parse_yaml_text(block, page), places, AllowedVariables(), values)
        assert document.root is not None
        other = re.search(r"\$schema=schemas/(\w+)\.schema\.json", block)
        assert [*document.problems, *schema_problems(document, other[1] if other else schema)] == []


def described(part: object, schema: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every property of a schema by name, with its `$ref` resolved."""
    if isinstance(part, dict):
        for name, value in part.get("properties", {}).items():
            reference = value.get("$ref", "")
            yield name, {**(schema["$defs"][reference.rpartition("/")[2]] if reference else {}), **value}
        for value in part.values():
            yield from described(value, schema)


@pytest.mark.parametrize(("page", "name"), [("manifest", "gallery"), ("workspace", "workspace")])
def test_the_reference_says_every_choice_bound_and_default(page: str, name: str) -> None:
    text = (EXAMPLES.parent / "docs" / "reference" / f"{page}.md").read_text(encoding="utf-8")
    schema = load_schema(name)
    for key, value in described(schema, schema):
        rows = [row for row in text.splitlines() if row.startswith("|") and re.search(rf"\b{key}\b", row)]
        assert rows, key
        cells = "\n".join(rows)
        default = re.search(r"Default: ([\w./]+[\w/])", value.get("description", ""))
        expected = [str(value[bound]) for bound in ("minimum", "maximum") if bound in value]
        expected += [choice for choice in value.get("enum", []) if isinstance(choice, str)]
        expected += [default[1]] if default and default[1] not in ("the", "derived", "no") else []
        assert [word for word in expected if word not in cells] == [], key


@pytest.mark.parametrize("name", ["workspace", "gallery"])
def test_every_property_of_a_schema_is_described(name: str) -> None:
    schema = load_schema(name)
    assert schema["$id"] == f"urn:galleryctl:schema:{name}:1"
    assert [key for key, value in described(schema, schema) if "description" not in value] == []

    def visit(part: object) -> None:
        if isinstance(part, dict):
            if "properties" in part:
                assert part.get("additionalProperties") in (False, True)
            for value in part.values():
                visit(value)
        elif isinstance(part, list):
            for value in part:
                visit(value)

    visit(schema)


def test_a_schema_that_is_not_there() -> None:
    assert {"gallery", "workspace", "plan"} <= set(schema_names())
    for name in ("nothing", "../gallery", "gallery.schema"):
        with pytest.raises(GalleryctlError, match="unknown schema"):
            load_schema(name)
