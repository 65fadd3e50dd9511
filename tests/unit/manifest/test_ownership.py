"""`adopt`, `foreign` and `removed` in manifests and in galleryctl.yaml, and `approvals`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from galleryctl.manifest.load import load_manifests
from galleryctl.manifest.validate import validate
from galleryctl.model.address import Address
from galleryctl.model.errors import InvalidInput
from tests.unit.manifest.conftest import LOCAL

if TYPE_CHECKING:
    from tests.unit.manifest.conftest import ScratchWorkspace

ITEMS = "items: [{key: dance, text: a}, {key: cake, text: b}]\n"
SITES = "sites: {live: {}, stage: {}}\nstate: .galleryctl/{site}.json\n"


def gallery(scratch: ScratchWorkspace, head: str, *, sites: str = "") -> list[str]:
    """Return the problems of a gallery `g` with two items."""
    scratch.write("galleryctl.yaml", LOCAL + sites)
    return scratch.problems(f"name: Nm\n{head}{ITEMS}")


def test_without_these_keys_nothing_is_adopted_or_given_up(scratch: ScratchWorkspace) -> None:
    assert gallery(scratch, "") == []
    desired = scratch.load()
    (loaded,) = desired.galleries
    assert (loaded.adopt, loaded.removed, loaded.foreign) == ({}, frozenset(), frozenset())
    assert (desired.removed, desired.approvals) == (frozenset(), ())


def test_the_short_form_for_one_site(scratch: ScratchWorkspace) -> None:
    head = "adopt: {dance: 6f1c-1, cake: 6f1c-2}\nforeign: [c81d-1, c81d-2]\nremoved: [old]\n"
    assert gallery(scratch, head) == []
    (loaded,) = scratch.load().galleries
    assert loaded.adopt == {Address("g", "dance"): "6f1c-1", Address("g", "cake"): "6f1c-2"}
    assert str(loaded.adopt_positions[Address("g", "cake")]) == "galleries/g.yaml:2:24"
    assert loaded.foreign == {"c81d-1", "c81d-2"}
    assert loaded.removed == {Address("g", "old")}


def test_the_form_by_site_is_resolved_for_the_site_that_is_planned(scratch: ScratchWorkspace) -> None:
    head = "adopt: {live: {dance: id-1}, stage: {dance: id-2, cake: id-3}}\nforeign: {stage: [id-4]}\n"
    assert gallery(scratch, head, sites=SITES) == []
    config = scratch.config()
    (live,) = load_manifests(config, "live").galleries
    (stage,) = load_manifests(config, "stage").galleries
    assert live.adopt == {Address("g", "dance"): "id-1"}
    assert live.foreign == frozenset()
    assert stage.adopt == {Address("g", "dance"): "id-2", Address("g", "cake"): "id-3"}
    assert stage.foreign == {"id-4"}


def test_the_form_by_site_is_allowed_with_one_site(scratch: ScratchWorkspace) -> None:
    assert gallery(scratch, "adopt: {main: {dance: id-1}}\nforeign: {main: [id-2]}\n") == []
    (loaded,) = scratch.load().galleries
    assert loaded.adopt == {Address("g", "dance"): "id-1"}
    assert loaded.foreign == {"id-2"}


def test_the_key_of_an_item_from_files_can_be_adopted(scratch: ScratchWorkspace) -> None:
    scratch.picture("photos/IMG 7.jpg")
    text = "name: Nm\nadopt: {IMG-7: id-1}\nitems: [{from: photos/*.jpg}]\n"
    assert scratch.problems(text) == []
    assert scratch.load().galleries[0].adopt == {Address("g", "IMG-7"): "id-1"}


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("adopt: {danse: id-1}\n", "2:9: adopt names 'danse', which the manifest does not declare; add the item, or remove this line"),
        ("adopt: {a b: id-1}\n", "2:9: invalid key in adopt \"a b\": use letters, digits, '.', '_' or '-'"),
        ("adopt: {dance: a b}\n", '2:16: invalid id "a b" in adopt.dance: use the id of an item, as `galleryctl show --live GALLERY` prints it'),
        ("adopt: {dance: https://example.com/x}\n", '2:16: invalid id "https://example.com/x" in adopt.dance'),
        ("adopt: {dance: 12}\n", '2:16: adopt.dance must be a string; quote it: "12"'),
        ("adopt: {dance: }\n", "2:16: adopt.dance has no value; it must be a string or a mapping"),
        ("adopt: [dance]\n", "2:8: adopt must be a mapping"),
        ("adopt: {dance: id-1, cake: id-1}\n", "2:22: g/cake has the same id as g/dance at galleries/g.yaml:2:9; an item has one key"),
        ("adopt: {dance: id-1}\nforeign: [id-1]\n", "3:11: the id of g/dance is in adopt and in foreign, see galleries/g.yaml:2:9; remove one of them"),
        ("adopt: {main: {dance: id-1}, cake: id-2}\n", "2:30: adopt has sites here, so 'cake' must be below the name of a site"),
        ("adopt: {mian: {dance: id-1}}\n", "2:9: unknown site 'mian'; did you mean 'main'?"),
        ("adopt: {main: {dance: {a: b}}}\n", "2:23: adopt.main.dance must be a string"),
        ("adopt: {main: {a b: id-1}}\n", '2:16: invalid key in adopt.main "a b"'),
        ("foreign: [id-1, id-1]\n", "2:17: duplicate id in foreign, first at galleries/g.yaml:2:11"),
        ("foreign: [a b]\n", '2:11: invalid id "a b" in foreign'),
        ("foreign: {west: [id-1]}\n", "2:11: unknown site 'west'"),
        ("foreign: {main: id-1}\n", '2:17: foreign.main must be a list, not "id-1"'),
        ("foreign: id-1\n", '2:10: foreign must be a list or a mapping, not "id-1"'),
        ("removed: [dance]\n", "2:11: removed names g/dance, which is declared at galleries/g.yaml:3:9; delete that entry, or this line"),
        ("removed: [old, old]\n", "2:16: duplicate entry of removed, first at galleries/g.yaml:2:11"),
        ("removed: [g/old]\n", '2:11: invalid entry of removed "g/old": use letters'),
        ("removed: [7]\n", '2:11: an entry of removed must be a string; quote it: "7"'),
    ],
)  # fmt: skip
def test_what_is_wrong_with_ownership(scratch: ScratchWorkspace, head: str, expected: str) -> None:
    (problem,) = gallery(scratch, head)
    assert problem.startswith(f"galleries/g.yaml:{expected}")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("adopt: {dance: id-1}\n", "2:8: adopt needs the names of sites, because ids differ between sites: use adopt: {SITE: {KEY: ID}}; the sites are live, stage"),
        ("foreign: [id-1]\n", "2:10: foreign needs the names of sites, because ids differ between sites: use foreign: {SITE: [ID]}; the sites are live, stage"),
        ("adopt: {stge: {dance: id-1}}\n", "2:9: unknown site 'stge'; did you mean 'stage'?"),
        ("adopt: {stage: {danse: id-1}}\n", "2:17: adopt names 'danse', which the manifest does not declare"),
        ("adopt: {stage: {dance: id-1, cake: id-1}}\n", "2:30: g/cake has the same id as g/dance"),
    ],
)  # fmt: skip
def test_problems_of_all_sites_are_found_for_any_site(scratch: ScratchWorkspace, head: str, expected: str) -> None:
    (problem,) = gallery(scratch, head, sites=SITES)
    assert problem.startswith(f"galleries/g.yaml:{expected}")


def test_one_id_may_be_used_on_two_sites(scratch: ScratchWorkspace) -> None:
    assert gallery(scratch, "adopt: {live: {dance: id-1}, stage: {cake: id-1}}\n", sites=SITES) == []


def test_one_id_in_two_galleries_is_a_problem(scratch: ScratchWorkspace) -> None:
    scratch.write("galleries/a.yaml", f"name: A\nadopt: {{dance: id-1}}\nforeign: [id-2]\n{ITEMS}")
    scratch.write("galleries/b.yaml", f"name: B\nadopt:\n  dance: id-1\n  cake: id-2\n{ITEMS}")
    assert scratch.problems() == [
        "galleries/b.yaml:3:3: b/dance has the same id as a/dance at galleries/a.yaml:2:9; an item has one key",
        (
            "galleries/b.yaml:4:3: the id of b/cake is in adopt and in foreign, see galleries/a.yaml:3:11; "
            "remove one of them"
        ),
    ]


def test_an_invalid_entry_does_not_make_its_adoption_look_wrong(scratch: ScratchWorkspace) -> None:
    text = "name: Nm\nadopt: {photo: id-1}\nitems: [{image: photo.jpg}]\n"
    assert scratch.problems(text) == ["galleries/g.yaml:3:17: photo.jpg does not exist"]


def test_a_value_from_the_environment_is_not_shown(scratch: ScratchWorkspace) -> None:
    scratch.write(
        "galleries/g.yaml", f"name: Nm\nadopt: {{dance: '${{ID}}', cake: '${{ID}}'}}\nforeign: ['${{ID}}']\n{ITEMS}"
    )
    problems = scratch.problems(environ={"ID": "hidden value"})
    assert len(problems) == 5
    assert "hidden value" not in "".join(problems)


def test_sites_are_known_though_another_setting_is_invalid(scratch: ScratchWorkspace) -> None:
    text = f"name: Nm\nadopt: {{stage: {{dance: id-1}}}}\n{ITEMS}"
    scratch.write("galleries/g.yaml", text)
    scratch.write("galleryctl.yaml", LOCAL + SITES + "limits: {concurrency: 0}\n")
    with pytest.raises(InvalidInput) as caught:
        validate(scratch.root, {})
    assert [str(problem) for problem in caught.value.problems] == [
        "galleryctl.yaml:6:23: limits.concurrency 0 is below 1"
    ]


def test_removed_galleries(scratch: ScratchWorkspace) -> None:
    scratch.write("galleryctl.yaml", LOCAL + "removed: [old, older]\n")
    assert scratch.problems(f"name: Nm\n{ITEMS}") == []
    assert scratch.load().removed == {Address("old"), Address("older")}


def test_a_removed_gallery_has_no_manifest(scratch: ScratchWorkspace) -> None:
    scratch.write("galleryctl.yaml", LOCAL + "removed: [old, g]\n")
    assert scratch.problems(f"gallery: g\nname: Nm\n{ITEMS}") == [
        "galleryctl.yaml:4:16: removed names g, which is declared at galleries/g.yaml:1:1; delete that manifest, or this line"
    ]


def test_a_rename_onto_a_removed_key_is_valid(scratch: ScratchWorkspace) -> None:
    assert gallery(scratch, "removed: [old]\nmoved: [{from: older, to: old}]\n") == []


def test_approvals(scratch: ScratchWorkspace) -> None:
    entries = "approvals:\n  - {digest: 4be1f7c09a2d, deletes: 42, reason: The archive has them}\n"
    scratch.write("galleryctl.yaml", LOCAL + entries + f"  - {{digest: '{'0' * 64}', deletes: 0, reason: x}}\n")
    assert scratch.problems(f"name: Nm\n{ITEMS}") == []
    first, second = scratch.load().approvals
    assert (first.digest, first.deletes, first.reason) == ("4be1f7c09a2d", 42, "The archive has them")
    assert str(first.at) == "galleryctl.yaml:5:5"
    assert (second.digest, second.deletes) == ("0" * 64, 0)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("removed: [a b]\n", '4:11: invalid entry of removed "a b"'),
        ("removed: [a, a]\n", "4:14: duplicate entry of removed, first at galleryctl.yaml:4:11"),
        ("removed: {a: b}\n", "4:10: removed must be a list"),
        ("approvals: [{digest: 4be1f7c09a2d, deletes: 1}]\n", "4:13: missing reason in an entry of approvals"),
        ("approvals: [{digest: 4be1f7c09a2, deletes: 1, reason: x}]\n", '4:22: invalid digest "4be1f7c09a2": use 12 to 64 of the digits 0-9 and a-f'),
        ("approvals: [{digest: 4BE1F7C09A2D, deletes: 1, reason: x}]\n", '4:22: invalid digest "4BE1F7C09A2D"'),
        ("approvals: [{digest: 123456789012, deletes: 1, reason: x}]\n", '4:22: digest must be a string; quote it: "123456789012"'),
        ("approvals: [{digest: 4be1f7c09a2d, deletes: -1, reason: x}]\n", "4:45: deletes -1 is below 0"),
        ("approvals: [{digest: 4be1f7c09a2d, deletes: true, reason: x}]\n", "4:45: deletes must be an integer, not true"),
        ("approvals: [{digest: 4be1f7c09a2d, deletes: 1.5, reason: x}]\n", "4:45: deletes must be an integer, not 1.5"),
        ("approvals: [{digest: 4be1f7c09a2d, deletes: 1.0e+400, reason: x}]\n", "4:45: "),
        ("approvals: [{digest: 4be1f7c09a2d, deletes: 1, reason: ' '}]\n", "4:56: reason is empty"),
        ("approvals: [&a {digest: 4be1f7c09a2d, deletes: 1, reason: x}, {<<: *a, deletes: 2}]\n", "4:63: duplicate digest in approvals, first at galleryctl.yaml:4:13"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_galleryctl_yaml(scratch: ScratchWorkspace, setting: str, expected: str) -> None:
    scratch.write("galleryctl.yaml", LOCAL + setting)
    with pytest.raises(InvalidInput) as caught:
        scratch.config()
    (problem,) = map(str, caught.value.problems)
    assert problem.startswith(f"galleryctl.yaml:{expected}")


def test_cyclic_renames_are_refused_with_all_their_positions(scratch: ScratchWorkspace) -> None:
    moved = "moved:\n  - {from: a, to: b}\n  - {from: x, to: a}\n  - {from: b, to: c}\n  - {from: c, to: a}\n"
    assert gallery(scratch, moved) == [
        (
            "galleries/g.yaml:3:5: moved entries form a cycle: g/a -> g/b, g/b -> g/c at galleries/g.yaml:5:5, "
            "g/c -> g/a at galleries/g.yaml:6:5; keep only the latest rename"
        )
    ]
    assert gallery(scratch, moved.replace("  - {from: c, to: a}\n", "")) == []


def test_a_cycle_can_span_files(scratch: ScratchWorkspace) -> None:
    scratch.write("galleryctl.yaml", LOCAL + "moved: [{from: g/b, to: g/a}, {from: h, to: k}, {from: k, to: h}]\n")
    assert scratch.problems(f"name: Nm\nmoved: [{{from: a, to: b}}]\n{ITEMS}") == [
        (
            "galleries/g.yaml:2:9: moved entries form a cycle: g/a -> g/b, g/b -> g/a at galleryctl.yaml:4:9; "
            "keep only the latest rename"
        ),
        "galleryctl.yaml:4:31: moved entries form a cycle: h -> k, k -> h at galleryctl.yaml:4:49; keep only the latest rename",
    ]


def test_one_source_is_renamed_once(scratch: ScratchWorkspace) -> None:
    assert gallery(scratch, "moved: [{from: a, to: b}, {from: a, to: c}]\n") == [
        ("galleries/g.yaml:2:27: moved has another entry from g/a at galleries/g.yaml:2:9; keep only the latest rename")
    ]
