"""Manifests load as the desired state of a site, or report all problems of all files at once."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles
from galleryctl.model.address import Address
from galleryctl.model.desired import Bind, UnmanagedPolicy
from galleryctl.model.errors import InvalidInput
from galleryctl.model.media import HostedVideo, Kind, LocalFile, RemoteFile, VideoHost, WixFile

if TYPE_CHECKING:
    from tests.unit.manifest.conftest import ScratchWorkspace

DOCUMENTED = """\
gallery: weddings                 # the key: its address in plans and state
bind: {id: 2f0c}
name: Weddings 2026
protect: true                     # never deleted, the default; items have it too
unmanaged: keep                   # items that no manifest names: keep | delete | report
ignore: [exif]                    # fields left to people in the Editor
defaults: {quality: 90, tags: [wedding]}
items:
  - key: first-dance              # default: from the file's name
    image: photos/first-dance.jpg # a file, an https URL to import, or wix:image://…
    title: First dance
    description: ...
    link: {url: https://example.com, text: Book}
    tags: [dance]
    focal_point: {x: 0.5, y: 0.3}
  - {key: film, video: https://vimeo.com/378840916}
  - {key: words, text: "<p>Thank you</p>"}
  - from: photos/ceremony/*.jpg
"""


def test_the_documented_manifest(scratch: ScratchWorkspace) -> None:
    scratch.picture("photos/first-dance.jpg")
    for name in ("a10", "a2", "b"):
        scratch.picture(f"photos/ceremony/{name}.jpg")
    scratch.write("galleries/weddings.yaml", DOCUMENTED)
    (gallery,) = scratch.load().galleries
    assert gallery.address == Address("weddings")
    assert gallery.bind == Bind(id="2f0c")
    assert gallery.fields == {"name": "Weddings 2026"}
    assert (gallery.protect, gallery.unmanaged) == (True, UnmanagedPolicy.KEEP)
    assert [str(item.address) for item in gallery.items] == [
        "weddings/first-dance", "weddings/film", "weddings/words", "weddings/a2", "weddings/a10", "weddings/b",
    ]  # fmt: skip
    dance, film, words, ceremony = gallery.items[:4]
    assert isinstance(dance.media, LocalFile)
    assert (dance.media.path, dance.media.mime_type) == ("photos/first-dance.jpg", "image/jpeg")
    assert dance.fields == {
        "title": "First dance", "description": "...", "link.url": "https://example.com", "link.text": "Book",
        "tags": ("dance",), "focal_point": {"x": 0.5, "y": 0.3}, "quality": 90,
    }  # fmt: skip
    assert film.media == HostedVideo(host=VideoHost.VIMEO, url="https://vimeo.com/378840916")
    assert film.fields == {"tags": ("wedding",)}
    assert (words.kind, words.media) == (Kind.TEXT, None)
    assert words.fields == {"tags": ("wedding",), "html": "<p>Thank you</p>"}
    assert ceremony.fields == {"tags": ("wedding",), "quality": 90}
    assert all(item.ignore == {"exif"} and not item.protect for item in gallery.items)


def test_items_and_fields_know_where_they_stand(scratch: ScratchWorkspace) -> None:
    (item,) = scratch.items("  - key: a\n    text: x\n    link: {url: u, text: t}\n    tags: [b]\n")
    assert str(item.at) == "galleries/g.yaml:3:5"
    assert {name: str(at) for name, at in item.field_positions.items()} == {
        "html": "galleries/g.yaml:4:11",
        "link.url": "galleries/g.yaml:5:17",
        "link.text": "galleries/g.yaml:5:26",
        "tags": "galleries/g.yaml:6:11",
    }


def test_a_key_that_ends_with_a_line_end_is_told_at_its_place(scratch: ScratchWorkspace) -> None:
    texts = {
        'gallery: "g\\n"\nbind: {create: true}\nitems: []\n': "galleries/g.yaml:1:10: ",
        'gallery: g\nbind: {create: true}\nitems:\n  - {key: "a\\n", text: x}\n': "galleries/g.yaml:4:11: ",
    }
    for text, place in texts.items():
        (problem,) = scratch.problems(text)
        assert problem.startswith(place)
    (problem,) = scratch.problems('bind: {create: true}\nitems: []\nmoved: [{from: "g/b\\n", to: g/a}]\n')
    assert problem.startswith("galleries/g.yaml:3:16: ")
    bare = (scratch.root / "galleryctl.yaml").read_text(encoding="utf-8")
    scratch.write("galleryctl.yaml", bare + 'sites: {"main\\n": {site_id: x}}\nmedia: {folder: "/a\\n"}\n')
    with pytest.raises(InvalidInput) as caught:
        scratch.config()
    assert [str(problem.at) for problem in caught.value.problems] == [
        "galleryctl.yaml:4:9",
        "galleryctl.yaml:5:17",
    ]


def test_fields_that_are_not_named_are_absent_and_null_clears(scratch: ScratchWorkspace) -> None:
    entries = "  - {key: a, text: x}\n"
    entries += (
        "  - {image: wix:image://v1/id, title: null, link: ~, tags: , focal_point: null, quality: null, exif: {}}\n"
    )
    bare, cleared = scratch.items(entries)
    assert bare.fields == {"html": "x"}
    assert cleared.fields == {
        "title": "", "link.url": "", "link.text": "", "tags": (), "focal_point": None, "quality": None, "exif": None,
    }  # fmt: skip


def test_defaults_apply_where_they_fit_and_items_replace_them(scratch: ScratchWorkspace) -> None:
    head = "defaults: {quality: 80, css: {color: red}, tags: [d], title: T, link: u, protect: true}\n"
    entries = "  - {image: wix:image://v1/a, tags: [x]}\n  - {key: t, text: x, title: null, protect: false}\n"
    image, text = scratch.items(entries, head=head)
    assert image.fields == {"quality": 80, "tags": ("x",), "title": "T", "link.url": "u"}
    assert text.fields == {"css": {"color": "red"}, "tags": ("d",), "title": "", "link.url": "u", "html": "x"}
    assert (image.protect, text.protect) == (True, False)


def test_ignored_fields_are_not_wanted(scratch: ScratchWorkspace) -> None:
    head = "name: Nm\nignore: [name, link]\n"
    (item,) = scratch.items("  - {key: a, text: x, title: t, link: u, tags: [b], ignore: [tags, media]}\n", head=head)
    assert item.fields == {"html": "x", "title": "t"}
    assert item.ignore == {"name", "link.url", "link.text", "tags", "media"}
    assert scratch.load().galleries[0].fields == {}


@pytest.mark.parametrize(
    ("written", "media", "key"),
    [
        ("image: https://example.com/a/My%20pic.jpg?x=1", RemoteFile(url="https://example.com/a/My%20pic.jpg?x=1"), "My-pic"),
        ("image: 'wix:image://v1/ab~mv2.jpg/My%20pic.jpg#originWidth=12&originHeight=8'", WixFile(id="ab~mv2.jpg", filename="My pic.jpg", width=12, height=8), "My-pic"),
        ("image: wix:image://v1/ab~mv2.jpg/ab~mv2.jpg", WixFile(id="ab~mv2.jpg"), "ab-mv2"),
        ("video: 'wix:video://v1/v_1/a.mp4#posterUri=p&posterWidth=1&posterHeight=2'", WixFile(id="v_1", filename="a.mp4"), "a"),
        ("video: https://example.com/a.mp4", RemoteFile(url="https://example.com/a.mp4"), "a"),
        ("video: https://vimeo.com/12", HostedVideo(host=VideoHost.VIMEO, url="https://vimeo.com/12"), "vimeo-12"),
        ("video: https://player.vimeo.com/video/12?h=1", HostedVideo(host=VideoHost.VIMEO, url="https://player.vimeo.com/video/12?h=1"), "vimeo-12"),
        ("video: https://youtu.be/ab_1", HostedVideo(host=VideoHost.YOUTUBE, url="https://youtu.be/ab_1"), "youtube-ab_1"),
        ("video: https://www.youtube.com/watch?v=x&t=1", HostedVideo(host=VideoHost.YOUTUBE, url="https://www.youtube.com/watch?v=x&t=1"), "youtube-x"),
        ("video: https://m.youtube.com/shorts/x", HostedVideo(host=VideoHost.YOUTUBE, url="https://m.youtube.com/shorts/x"), "youtube-x"),
        ("video: https://www.youtube-nocookie.com/embed/x", HostedVideo(host=VideoHost.YOUTUBE, url="https://www.youtube-nocookie.com/embed/x"), "youtube-x"),
    ],
)  # fmt: skip
def test_media_and_the_keys_made_from_them(scratch: ScratchWorkspace, written: str, media: object, key: str) -> None:
    (item,) = scratch.items(f"  - {written}\n")
    assert item.media == media
    assert item.address.item == key


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("image: photos/dnace.jpg", "3:12: photos/dnace.jpg does not exist; did you mean photos/dance.jpg?"),
        ("image: dance.jpg", "3:12: dance.jpg does not exist; did you mean photos/dance.jpg?"),
        ("image: photos/Dance.JPG", "3:12: photos/Dance.JPG does not exist; did you mean photos/dance.jpg?"),
        ("image: photos/rings.jpg", "3:12: photos/rings.jpg does not exist"),
        ("image: ../x.jpg", "3:12: ../x.jpg contains ..; use a path relative to the workspace, without .."),
        ("image: /etc/passwd", "3:12: /etc/passwd is not a relative path; use a path relative to the workspace"),
        ("image: out/x.jpg", "3:12: out/x.jpg is outside the workspace"),
        ("video: www.youtube.com/watch?v=a", "3:12: www.youtube.com/watch?v=a does not exist; if it is a URL, add https://"),
        ("image: photos\\a.jpg", "3:12: photos\\a.jpg contains a backslash; use / in paths"),
        ("image: photos", "3:12: photos is a folder, not a file; use from: for the files of a folder"),
        ("image: photos/*.jpg", "3:12: photos/*.jpg is a pattern; use from: for the files of a pattern"),
        ("from: photos/**", "3:11: photos/** matches no files; ** matches folders: write photos/**/*, or photos for all files in it"),
        ("from: 'photos/*.{jpg,png}'", "3:11: photos/*.{jpg,png} matches no files; braces are not supported: write a list with one pattern for each part"),
        ("image: photos/dance.jpg/x", "3:12: photos/dance.jpg/x does not exist; did you mean photos/dance.jpg?"),
        ("image: photos/empty.jpg", "3:12: photos/empty.jpg is empty"),
        ("image: photos/text.jpg", "3:12: photos/text.jpg is not a supported image (JPEG, PNG, GIF, WebP, HEIC, AVIF)"),
        ("video: photos/dance.jpg", "3:12: photos/dance.jpg is not a supported video (MP4, MOV, WebM, AVI, MKV …)"),
        ("image: http://example.com/a.jpg", "3:12: http://example.com/a.jpg is not an https URL; only https URLs can be imported"),
        ("image: file:///etc/passwd", "3:12: file:///etc/passwd is not an https URL; only https URLs can be imported"),
        ("image: https://user:pw@example.com/a.jpg", "3:12: the URL of example.com contains a user name or password; remove it, as plans and state would expose it"),
        ("image: https://vimeo.com/1", "3:12: https://vimeo.com/1 is a video; use video: instead of image:"),
        ("image: https://[x", "3:12: https://[x is not a valid URL: Invalid IPv6 URL"),
        ("video: https://vimeo.com/about", "3:12: https://vimeo.com/about is not the URL of a Vimeo video"),
        ("video: https://example.com/page.html", "3:12: https://example.com/page.html is neither a video file nor a YouTube or Vimeo video"),
        ("image: wix:video://v1/a", "3:12: wix:video://v1/a is not a valid Media Manager URI; expected wix:image://v1/ID or wix:image://v1/ID/NAME"),
        ("image: 'wix:image://v1/a/b#originWidth=x'", "3:12: wix:image://v1/a/b#originWidth=x: originWidth and originHeight must be numbers of pixels"),
        ("image: 12", '3:12: image must be a string; quote it: "12"'),
        ("image:", "3:11: image has no value; it must be a string"),
        ("text: x", "3:5: missing key: required for a text item"),
        ("title: x", "3:5: missing source: specify image, video, text or from"),
        ("from: photos/*.tif", "3:11: photos/*.tif matches no files"),
        ("from: ../*.jpg", "3:11: ../*.jpg contains ..; use a path relative to the workspace, without .."),
    ],
)  # fmt: skip
def test_what_no_item_can_show(scratch: ScratchWorkspace, entry: str, expected: str) -> None:
    scratch.picture("photos/dance.jpg")
    scratch.write("photos/empty.jpg", "")
    scratch.write("photos/text.jpg", "hello")
    outside = scratch.root.parent / f"{scratch.root.name}-outside"
    outside.mkdir(exist_ok=True)
    (outside / "x.jpg").write_bytes(b"\xff\xd8\xff")
    (scratch.root / "out").symlink_to(outside)
    assert scratch.item_problems(f"  - {entry}\n") == [f"galleries/g.yaml:{expected}".replace("OUTSIDE", str(outside))]


def test_a_loop_of_links_is_a_problem(scratch: ScratchWorkspace) -> None:
    (scratch.root / "a").symlink_to("b")
    (scratch.root / "b").symlink_to("a")
    (message,) = scratch.item_problems("  - image: a/x.jpg\n")
    assert message.startswith("galleries/g.yaml:3:12: a/x.jpg cannot be read: ")


def test_an_unreadable_file_is_a_problem(scratch: ScratchWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch.picture("a.jpg")
    tree, opens = WorkspaceFiles(scratch.root), os.open

    def opened(path: str, flags: int) -> int:
        if path.endswith("a.jpg"):
            raise PermissionError(errno.EACCES, "Permission denied")  # what root would not meet
        return opens(path, flags)

    monkeypatch.setattr(os, "open", opened)
    with pytest.raises(WorkspaceFileError, match=r"a\.jpg cannot be read: permission denied"):
        tree.local_file("a.jpg", Kind.IMAGE)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("titel: x", "unknown key 'titel'; did you mean 'title'?"),
        ("quality: 20", "quality 20 is below 30"),
        ("quality: 101", "quality 101 is above 100"),
        ("quality: high", 'quality must be an integer, not "high"'),
        ("quality: 50.5", "quality must be an integer, not 50.5"),
        ("focal_point: {x: 2, y: 0}", "focal_point.x 2 is above 1"),
        ("focal_point: {x: 1}", "missing y in focal_point"),
        ("focal_point: [1, 2]", "focal_point must be a mapping; write focal_point: {x: 0.5, y: 0.3}"),
        ("sharpen: {amount: 6}", "sharpen.amount 6 is above 5"),
        ("sharpen: {radius: -1}", "sharpen.radius -1 is below 0"),
        ("sharpen: {threshold: 1.5}", "sharpen.threshold 1.5 is above 1"),
        ("title: 2026", 'title must be a string; quote it: "2026"'),
        ("title: 1.50", 'title must be a string; quote it: "1.50"'),
        ("title: true", 'title must be a string; quote it: "true"'),
        ("title: yes", 'ambiguous scalar yes: YAML parsers may read it as true; write "yes" or true'),
        ("title: [a]", "title must be a string"),
        ("tags: dance", 'tags must be a list, not "dance"'),
        ("tags: [1]", 'an entry of tags must be a string; quote it: "1"'),
        ("link: {href: x}", "unknown key 'href'"),
        ("protect: 'no'", 'protect must be true or false, not "no"'),
        ("ignore: [titel]", 'an entry of ignore "titel" is not one of name, title'),
        ("css: {}", "css is for texts; this is an image item"),
        ("order: name", "order is for items from files; this is an image item"),
        ("video: x", "an item must have one of image, video, text and from, not image and video"),
        ("key: a/b", 'invalid key "a/b": use letters, digits, \'.\', \'_\' or \'-\''),
    ],
)  # fmt: skip
def test_what_the_schema_refuses_is_told_for_people(scratch: ScratchWorkspace, entry: str, expected: str) -> None:
    (message,) = scratch.item_problems(f"  - image: wix:image://v1/a\n    {entry}\n")
    assert message.startswith("galleries/g.yaml:4:")
    assert message.partition(": ")[2].startswith(expected)


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        ("items: []\n", "1:1: missing bind: specify {id: …}, {name: …} or {create: true}"),
        ("bind: {}\nitems: []\n", "1:7: bind is empty"),
        ("bind: Weddings\nitems: []\n", '1:7: bind must be a mapping, not "Weddings"; write bind: {name: Weddings}'),
        ("bind: {id: a, name: b}\nitems: []\n", "1:7: bind has both id and name; remove the name"),
        ("bind: {id: a, create: true}\nitems: []\n", "1:7: bind has both id and create; remove one of them"),
        ("bind: {id: ../../../x}\nitems: []\n", '1:12: invalid bind.id "../../../x": use the id of a gallery: `galleryctl show --live` prints it; the Editor shows it in the gallery\'s Settings, Support'),
        ('bind: {id: "a\\n"}\nitems: []\n', '1:12: invalid bind.id "a\\n": use the id of a gallery: `galleryctl show --live` prints it; the Editor shows it in the gallery\'s Settings, Support'),
        ("bind: {create: false}\nitems: []\n", "1:7: bind requires id, name or create: true"),
        ("name: x\n", "1:1: missing items: use items: [] for an empty gallery"),
        ("name: x\nitems:\n", "2:7: items has no value; it must be a list"),
        ("name: x\nitems: []\nunmanaged: kep\n", '3:12: unmanaged "kep" is not one of keep, delete, report; did you mean'),
        ("gallery: 'a b'\nname: x\nitems: []\n", '1:10: invalid gallery "a b"'),
        ("- x\n", "1:1: the file must be a mapping"),
        ("# nothing\n", "1:1: the file is empty"),
        ("name: x\nitems: [1]\n", "2:9: an entry of items must be a mapping, not 1"),
        ("name: x\nitems: []\nmoved: [{from: a/b/c, to: d}]\n", "3:16: 'a/b/c' is not a valid address; use GALLERY or GALLERY/ITEM"),
        ("name: x\nitems: []\nmoved: [{from: a, to: a}]\n", "3:9: from and to are both g/a"),
        ("name: x\nitems: []\nmoved: [{from: h/a, to: a}]\n", "3:9: cannot move h/a to g/a"),
        ("name: x\nitems: []\nmoved: [{from: h/a}]\n", "3:9: missing to in an entry of moved"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_gallery(scratch: ScratchWorkspace, manifest: str, expected: str) -> None:
    found = scratch.problems(manifest)
    assert found[0].startswith(f"galleries/g.yaml:{expected}"), found


def test_binding_by_the_name_is_the_default(scratch: ScratchWorkspace) -> None:
    scratch.write("galleries/a b.yaml", "name: Nm\nitems: []\n")
    (gallery,) = scratch.load().galleries
    assert (gallery.address.gallery, gallery.bind) == ("a-b", Bind(name="Nm"))


def test_renames(scratch: ScratchWorkspace) -> None:
    scratch.write(
        "galleryctl.yaml",
        "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\nmoved: [{from: old, to: g}]\n",
    )
    scratch.write("galleries/g.yaml", "name: Nm\nmoved: [{from: a, to: b}, {from: g/c, to: g/d}]\nitems: []\n")
    assert [(str(m.source), str(m.target)) for m in scratch.load().moved] == [
        ("old", "g"),
        ("g/a", "g/b"),
        ("g/c", "g/d"),
    ]


def test_repeated_keys_are_told_with_both_places(scratch: ScratchWorkspace) -> None:
    scratch.write("galleries/a.yaml", "gallery: x\nname: Nm\nitems: [{key: k, text: a}, {key: k, text: b}]\n")
    scratch.write("galleries/b.yaml", "name: M\ngallery: x\nitems: []\n")
    assert scratch.problems() == [
        "galleries/a.yaml:3:28: duplicate key 'k', first defined at galleries/a.yaml:3:9",
        "galleries/b.yaml:2:1: duplicate gallery 'x', first defined at galleries/a.yaml:1:1",
    ]


def test_all_problems_of_all_files_come_at_once_and_in_order(scratch: ScratchWorkspace) -> None:
    scratch.write("galleries/b.yaml", "name: Nm\nitems:\n  - {image: no.jpg, titel: x}\n  - {image: no2.jpg}\n")
    scratch.write("galleries/a.yaml", "a: [\n")
    scratch.write("galleries/c.yaml", "name: yes\nitems: [{key: t, text: ${GALLERYCTL_VAR_X}}]\n")
    places = [message.split(": ")[0] for message in scratch.problems()]
    assert places == [
        "galleries/a.yaml:1:4", "galleries/b.yaml:3:13", "galleries/b.yaml:3:21", "galleries/b.yaml:4:13",
        "galleries/c.yaml:1:7", "galleries/c.yaml:2:24",
    ]  # fmt: skip


def test_a_pattern_without_manifests_is_a_problem(scratch: ScratchWorkspace) -> None:
    assert scratch.problems() == [
        "galleryctl.yaml: galleries: galleries/*.yaml matches no files; write a manifest, or import the galleries of the site: galleryctl import --all"
    ]


def test_html_and_nested_structures_are_kept_as_they_are(scratch: ScratchWorkspace) -> None:
    entries = '  - {key: a, text: "<p>\\n &nbsp;x </p>"}\n  - {image: wix:image://v1/b, exif: {ISO: 100, A: [1, {b: null}], C: null}}\n'
    text, image = scratch.items(entries)
    assert text.fields["html"] == "<p>\n &nbsp;x </p>"
    assert image.fields["exif"] == {"ISO": 100, "A": (1, {"b": None})}


def test_a_photo_that_is_there_twice_is_named(scratch: ScratchWorkspace) -> None:
    scratch.picture("photos/rings.jpg")
    (problem,) = scratch.item_problems("  - image: photos/rings.jpg\n  - image: photos/rings.jpg\n")
    assert problem == (
        "galleries/g.yaml:4:5: duplicate key 'rings', first defined at galleries/g.yaml:3:5: both show photos/rings.jpg; "
        "give one of them a key of its own, or remove it"
    )


def test_entries_that_find_the_same_files_are_one_problem(scratch: ScratchWorkspace) -> None:
    for name in "abc":
        scratch.picture(f"photos/{name}.jpg")
    (problem,) = scratch.item_problems("  - from: photos\n  - from: photos/*.jpg\n")
    assert problem == (
        "galleries/g.yaml:4:5: photos/a.jpg and 2 more are also found by the entry at galleries/g.yaml:3:5; "
        "exclude these files from one of them with except:"
    )


@pytest.mark.parametrize(
    "link", ["www.example.com", "{url: example.com/booking}", "{url: https://example.com}", "/book"]
)
def test_a_link_without_a_scheme_is_a_warning(scratch: ScratchWorkspace, link: str) -> None:
    scratch.picture("a.jpg")
    scratch.items(f"  - {{image: a.jpg, link: {link}}}\n")
    warned = [warning.message for warning in scratch.load().warnings]
    url = link.strip("{}").removeprefix("url: ")
    is_whole = url.startswith(("https:", "/"))
    assert warned == ([] if is_whole else [f"the link {url} is not a whole URL; add https://"])


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("a.mkv", b"\x1aE\xdf\xa3" + b"\0" * 40 + b"matroska", "convert it to MP4"),
        ("a.jpg", b"\xff\xd8\xff\xe1\x40\x00Exif", "the file is incomplete: copy it again"),
    ],
)
def test_a_file_that_cannot_be_searched_has_advice(
    scratch: ScratchWorkspace, name: str, content: bytes, advice: str
) -> None:
    scratch.write(name, content)
    (problem,) = scratch.problems(f"bind: {{create: true}}\nprivacy: {{gps: strip}}\nitems:\n  - from: {name}\n")
    assert (
        f"; {advice}, or publish it as it is: privacy: {{gps: keep}} in the manifest, for the whole gallery" in problem
    )


def test_the_severity_of_a_fixed_rule_cannot_be_set(scratch: ScratchWorkspace) -> None:
    scratch.write(
        "galleryctl.yaml", "galleryctl: 1\nbackend: {type: local}\ngalleries: []\nlint:\n  unusable-file: note\n"
    )
    with pytest.raises(InvalidInput, match="5:3: the severity of unusable-file is always error, and cannot be set"):
        scratch.config()
