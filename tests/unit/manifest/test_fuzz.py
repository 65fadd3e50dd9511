"""Random content of files raises no exception but InvalidInput."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.unit.manifest.conftest import ScratchWorkspace

MANIFEST = """\
gallery: g
bind: {name: x, create: true}
name: Weddings
ignore: [exif]
defaults: &d {quality: 90, tags: [a]}
adopt: {first: id-1, film: id-2}
foreign: {main: [id-3]}
removed: [old]
moved: [{from: a, to: b}]
items:
  - key: first
    image: p.jpg
    title: ${GALLERYCTL_VAR_T}
    link: {url: https://example.com, text: Book}
    focal_point: {x: 0.5, y: 0.3}
  - {key: film, video: https://vimeo.com/378840916, <<: *d}
  - {key: words, text: "<p>Thank you</p>", css: {a: 1}}
  - from: photos/**/*.jpg
    order: captured
"""
WORKSPACE = """\
galleryctl: 1
backend: {type: local}
sites: {main: {site_id: ${WIX_SITE_ID}, auth: {api_key: "${WIX_API_KEY}"}}}
galleries: [galleries/*.yaml]
state: .galleryctl/state.json
limits: {max_delete_percent: 30}
removed: [old]
moved: [{from: a, to: b}]
approvals: [{digest: 4be1f7c09a2d, deletes: 7, reason: x}]
"""
PIECES = [
    "[", "]", "{", "}", ":", "- ", "\n", "  ", "'", '"', "&a ", "*a", "!!x ", "|", ">", "#", "${", "~", "yes", "12", "-1", "1e9",
    "[]", "{}", "null", "../", "/", "*", "**", "**/..", "?", "[a-", "\0", "\t", "\ud7ff", "é", "https://", "wix:image://v1/a", "<<: ", "---",
    ": 1", "- - ", "%", "@", "file:", "C:", "~/", "a" * 300, "/../", "..", ".", "wix:image://v1/%00#originWidth=1&originWidth", "https://[",
    "https://youtube.com/watch?v=", "https://a:99999999", "99999999999999999999999999", "1e308", "\x7f", "\u2028",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, text: str) -> bytes:
    """Return the text with pieces removed, inserted or replaced."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        text = text[:start] + draw(st.sampled_from(PIECES)) + text[end:]
    return text.encode("utf-8", "surrogatepass")


quiet = settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)


@quiet
@given(data=st.one_of(mutated(MANIFEST), mutated("name: x\nitems:\n  - from: '*.jpg'\n"), st.binary(max_size=50)))
def test_no_manifest_raises_anything_else(scratch: ScratchWorkspace, data: bytes) -> None:
    scratch.write("galleries/g.yaml", data)
    problems = scratch.problems(environ={"GALLERYCTL_VAR_T": "t"})
    assert all(problem.startswith(("galleries/g.yaml:", "galleryctl.yaml")) for problem in problems)


@quiet
@given(data=st.one_of(mutated(WORKSPACE), st.binary(max_size=50)))
@example(WORKSPACE.replace("main", "other").encode())
@example(WORKSPACE.replace(".galleryctl/state.json", "a" * 300).encode())
def test_no_workspace_raises_anything_else(scratch: ScratchWorkspace, data: bytes) -> None:
    scratch.write("galleries/g.yaml", "name: x\nitems: []\n")
    scratch.write("galleryctl.yaml", data)
    scratch.problems(environ={"WIX_SITE_ID": "planted-secret"})


@quiet
@given(data=st.data())
def test_no_picture_or_sidecar_raises_anything_else(scratch: ScratchWorkspace, data: st.DataObject) -> None:
    picture = bytearray(
        scratch.picture(
            "p.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x0e\0\x02\0\0\0\x04abc\0\0\0\0\0"
        ).read_bytes()
    )
    for _ in range(data.draw(st.integers(0, 6))):
        picture[data.draw(st.integers(0, min(len(picture) - 1, 120)))] = data.draw(st.integers(0, 255))
    scratch.write("p.jpg", bytes(picture))
    scratch.write("p.yaml", data.draw(mutated("title: x\ntags: [a]\n")))
    scratch.write(
        "p.xmp",
        data.draw(mutated("<x xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:title>t</dc:title></x>")),
    )
    scratch.item_problems("  - {from: '*.jpg', order: captured}\n")
