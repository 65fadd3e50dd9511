"""A manifest without `from:` declares the same items: keys, values, order, and the comments are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.manifest.files.tree import WorkspaceFiles
from galleryctl.manifest.load import read_manifest
from galleryctl.manifest.write.expand import Expansion, expand_patterns
from galleryctl.model.desired import DesiredGallery
from galleryctl.model.errors import InvalidInput
from galleryctl.model.position import SourcePosition

if TYPE_CHECKING:
    import pathlib

    from tests.unit.manifest.conftest import ScratchWorkspace

FILE = "galleries/g.yaml"
XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Kiss</rdf:li></rdf:Alt></dc:title>
<dc:subject><rdf:Bag><rdf:li>church</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"""
VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"


@pytest.fixture
def folder(scratch: ScratchWorkspace) -> ScratchWorkspace:
    """Photos without, with embedded and with two kinds of separate metadata, and a video."""
    scratch.picture("p/IMG_10.jpg", color="blue")
    scratch.picture("p/IMG_2.jpg", color="green", xmp=XMP)
    scratch.picture("p/sidecar.jpg", color="yellow")
    scratch.write("p/sidecar.xmp", XMP)
    scratch.picture("p/yaml.jpg", color="white")
    scratch.write("p/yaml.jpg.yaml", "key: other\ntitle: Mine\nprotect: true\nignore: [quality]\n")
    scratch.write("v/film.mp4", VIDEO)
    scratch.write("v/film.yaml", "title: Film\nlink: https://example.com/film\ndescription: Two minutes\n")
    return scratch


def expand(scratch: ScratchWorkspace, text: str, environ: Mapping[str, str] | None = None) -> Expansion:
    """Return the expansion of a manifest, and check that it declares the same."""
    scratch.write(FILE, text)
    config, tree = scratch.config(environ), WorkspaceFiles(scratch.root)
    before = read_manifest(config, FILE, tree, site="main")
    assert before.problems == ()
    expanded = expand_patterns(text, before, lambda text: read_manifest(config, FILE, tree, site="main", text=text))
    scratch.write(FILE, expanded.text)
    after = read_manifest(config, FILE, WorkspaceFiles(scratch.root), site="main")
    assert after.problems == ()
    assert content(after.gallery) == content(before.gallery)
    return expanded


def content(gallery: DesiredGallery | None) -> DesiredGallery:
    """Return the gallery without positions."""
    assert gallery is not None
    at = SourcePosition("", 1, 1)
    return replace(gallery, at=at, items=tuple(replace(item, at=at) for item in gallery.items))


@pytest.mark.parametrize(
    "entry",
    [
        "- from: p/*.jpg",
        "- from: [p/I*.jpg, v/*]\n    quality: 80",
        "- {from: p/*.jpg, order: captured, tags: [wedding], title: 'All: of them'}",
        "- from: p/*.jpg\n    captions: false\n    description: |\n      Two\n      # lines\n      and more\n",
        "- from: p/*.jpg\n    ignore: [title, link]\n    protect: true",
        "- from: '*/*'\n    link: {url: https://example.com, text: Book}\n    exif: {lens: {mm: 50}}",
        "- from: v/*\n    link: https://example.com",
        "-   tags:\n      - a\n      - b\n      from:\n      - p/IMG_*.jpg",
    ],
)
@pytest.mark.parametrize("defaults", ["", "defaults: {tags: [default], quality: 70, title: T}\n", "ignore: [tags]\n"])
def test_the_items_stay_the_same(folder: ScratchWorkspace, entry: str, defaults: str) -> None:
    text = f"bind: {{create: true}}\n{defaults}items:\n  - {{key: a, text: A}}\n  {entry}\n  - {{key: z, text: Z}}\n"
    expanded = expand(folder, text)
    assert "from:" not in expanded.text
    assert expanded.entries == expanded.text.count("\n  - {image:") + expanded.text.count("\n  - {video:") + (
        expanded.text.count("\n  - {key: other")
    )


def test_the_entries_are_short_and_comments_stay(folder: ScratchWorkspace) -> None:
    expanded = expand(
        folder,
        """\
bind: {create: true}   # the first one
items:
  # before

  # the ceremony
  - from: p/IMG_*.jpg  # all of them
    # why not
    tags: [wedding]
    # after

  # the end
  - {key: z,   text: Z}
""",
    )
    assert expanded.entries == 2
    assert expanded.text == (
        """\
bind: {create: true}   # the first one
items:
  # before

  # the ceremony
  # all of them
  # why not
  # after
  - {image: p/IMG_2.jpg, captions: true, tags: [church, wedding]}
  - {image: p/IMG_10.jpg, captions: true, tags: [wedding]}

  # the end
  - {key: z,   text: Z}
"""
    )


def test_several_patterns_in_one_gallery(folder: ScratchWorkspace) -> None:
    expanded = expand(folder, "bind: {create: true}\nitems:\n- from: p/IMG_2.jpg\n- from: p/[sy]*.jpg\n")
    assert expanded.text == (
        "bind: {create: true}\nitems:\n- {image: p/IMG_2.jpg, captions: true}\n"
        "- {image: p/sidecar.jpg, captions: true}\n- {key: other, image: p/yaml.jpg, captions: true}\n"
    )


def test_the_entries_of_a_pattern_can_be_sorted(folder: ScratchWorkspace) -> None:
    text = "bind: {create: true}\nitems:\n  # all\n  - from: p/*.jpg\n  - {key: z, text: Z}\n"
    folder.write(FILE, text)
    config, tree = folder.config(), WorkspaceFiles(folder.root)
    before = read_manifest(config, FILE, tree, site="main")
    expanded = expand_patterns(
        text,
        before,
        lambda text: read_manifest(config, FILE, tree, site="main", text=text),
        ["z", "sidecar", "IMG_10", "IMG_2"],
    )
    images = [line for line in expanded.text.splitlines() if "image:" in line or "#" in line]
    assert images[0] == "  # all"
    assert [line.partition("image: p/")[2].partition(".jpg")[0] for line in images[1:]] == [
        "sidecar",
        "IMG_10",
        "IMG_2",
        "yaml",
    ]


def test_a_list_on_one_line(folder: ScratchWorkspace) -> None:
    expanded = expand(folder, "bind: {create: true}\nitems: [{from: p/IMG_*.jpg}, {key: z, text: Z}]\n")
    assert "items: [{image: p/IMG_2.jpg, captions: true}, {image: p/IMG_10.jpg" in expanded.text


def test_line_ends_stay(folder: ScratchWorkspace) -> None:
    expanded = expand(folder, "bind: {create: true}\r\nitems:\r\n  - from: p/IMG_2.jpg\r\n")
    assert expanded.text == "bind: {create: true}\r\nitems:\r\n  - {image: p/IMG_2.jpg, captions: true}\r\n"


def test_variables_stay_variables(folder: ScratchWorkspace) -> None:
    text = "bind: {create: true}\nitems:\n  - from: p/IMG_10.jpg\n    title: ${GALLERYCTL_VAR_NAME} $${x}\n"
    expanded = expand(folder, text, {"GALLERYCTL_VAR_NAME": "Ada"})
    assert "title: ${GALLERYCTL_VAR_NAME} $${x}" in expanded.text


def test_a_value_from_the_environment_is_not_written_out(folder: ScratchWorkspace) -> None:
    text = "bind: {create: true}\nitems:\n  - from: p/IMG_2.jpg\n    tags: ['${GALLERYCTL_VAR_NAME}']\n"
    with pytest.raises(InvalidInput, match="the tags of IMG_2 come from the environment and from its file") as caught:
        expand(folder, text, {"GALLERYCTL_VAR_NAME": "Ada"})
    assert str(caught.value).startswith(f"{FILE}:3:5: ")


def test_a_manifest_without_patterns_stays(folder: ScratchWorkspace) -> None:
    text = "bind: {create: true}\nitems:\n  - {key: z,   text: Z}\n"
    assert expand(folder, text) == Expansion(text=text)


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["One", "a: b", "# no", ""]),
        "tags": st.sampled_from(["[a]", "[church, b]", "null"]),
        "link": st.sampled_from(["https://example.com", "{url: https://example.com, text: x}", "null"]),
        "focal_point": st.sampled_from(["{x: 0.5, y: 0.25}", "null"]),
        "captions": st.sampled_from(["true", "false"]),
        "protect": st.sampled_from(["true", "false"]),
        "ignore": st.sampled_from(["[tags]", "[link, title]"]),
    },
)


@given(fields=FIELDS, defaults=FIELDS)
def test_any_fields_beside_from_and_in_defaults(
    fields: dict[str, str], defaults: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = workspace(tmp_path_factory.mktemp("any"))
    lines = "".join(f"    {name}: {quoted(name, value)}\n" for name, value in fields.items())
    head = "".join(
        f"  {name}: {quoted(name, value)}\n" for name, value in defaults.items() if name not in ("captions", "ignore")
    )
    text = f"bind: {{create: true}}\n{'defaults:' if head else ''}\n{head}items:\n  - from: p/*.jpg\n{lines}"
    assert "from:" not in expand(folder, text).text


def quoted(name: str, value: str) -> str:
    return f'"{value}"' if name == "title" else value


def workspace(root: pathlib.Path) -> ScratchWorkspace:
    """Return a workspace with two photos, one of which has captions."""
    from tests.unit.manifest.conftest import LOCAL, ScratchWorkspace  # noqa: PLC0415 - a fixture lasts for all examples

    made = ScratchWorkspace(root=root)
    made.write("galleryctl.yaml", LOCAL)
    made.picture("p/plain.jpg")
    made.picture("p/titled.jpg", xmp=XMP)
    return made
