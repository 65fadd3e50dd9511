"""`--target`: what a plan may touch, and targets that mean nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.model.address import Address
from galleryctl.model.errors import MatchError
from galleryctl.plan.changes import Action, Change
from galleryctl.plan.targets import contains_target, expand_targets, filter_targeted, is_targeted
from tests.unit.plan.memory_site import at


def test_without_targets_all_is_meant() -> None:
    assert is_targeted(at("g/a"), ())
    assert contains_target(at("g"), ())


def test_a_gallery_means_its_items_and_an_item_only_itself() -> None:
    assert is_targeted(at("g/a"), (at("g"),))
    assert not is_targeted(at("g"), (at("g/a"),))
    assert not is_targeted(at("g/b"), (at("g/a"),))
    assert contains_target(at("g"), (at("g/a"),))
    assert not contains_target(at("h"), (at("g/a"),))


KNOWN = {at(text) for text in ("party", "party/cake", "party/dance", "weddings", "weddings/dance")}


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ("weddings/dance", "weddings/dance"),
        ("we*", "weddings"),
        ("*", "party weddings"),
        ("party/*", "party/cake party/dance"),
        ("*/dance", "party/dance weddings/dance"),
        ("*/*", "party/cake party/dance weddings/dance"),
        ("party/c?ke", "party/cake"),
        ("[o-q]*/[!c]*", "party/dance"),
        ("party/* */dance party", "party party/cake party/dance weddings/dance"),
    ],
)
def test_patterns_match_each_part_of_the_addresses(targets: str, expected: str) -> None:
    patterns = [Address.parse_pattern(text) for text in targets.split()]
    assert sorted(expand_targets(patterns, KNOWN)) == [at(text) for text in expected.split()]


@pytest.mark.parametrize(
    ("target", "similar"),
    [("weddings/danse", "weddings/dance"), ("wedings*", "weddings"), ("party/[", "party")],
)
def test_an_unknown_target_is_an_error_that_names_what_is_close(target: str, similar: str) -> None:
    targets = [at("party"), Address.parse_pattern(target)]
    with pytest.raises(MatchError) as caught:
        expand_targets(targets, KNOWN)
    assert caught.value.what == f"unknown target {target}: no manifest or state entry has this address"
    assert similar in caught.value.do


def test_a_target_without_similar_addresses_names_the_list() -> None:
    with pytest.raises(MatchError, match=r"unknown target z\*z: no manifest or state entry") as caught:
        expand_targets([Address.parse_pattern("z*z")], KNOWN)
    assert "state list" in caught.value.do


@pytest.mark.parametrize("text", ["", "/", "a/", "/a", "a/b/c", "*/*/*", "a b*", "**/", ".a", "a/-b", "*\n", "a{b,c}*"])
def test_what_is_not_an_address_with_patterns(text: str) -> None:
    with pytest.raises(ValueError, match="is not a valid address"):
        Address.parse_pattern(text)


keys = st.from_regex(r"[a-c][a-c.-]{0,3}", fullmatch=True)
globs = st.text("abc.-*?[]!", min_size=1, max_size=5)


@given(st.sets(st.builds(Address, keys, st.none() | keys), max_size=8), st.builds(Address, globs, st.none() | globs))
def test_a_pattern_matches_known_addresses_of_its_own_level(addresses: set[Address], pattern: Address) -> None:
    found = pattern.matching(addresses)
    assert set(found) <= addresses
    assert list(found) == sorted(found)
    assert all((address.item is None) == (pattern.item is None) for address in found)
    assert all(address.matching(addresses) == (address,) for address in found)


def test_ten_thousand_targets_are_looked_up_at_once() -> None:
    addresses = [Address("party", f"k{i}") for i in range(10_000)]
    targets = expand_targets([Address("party", "*")], addresses)
    assert all(is_targeted(address, targets) for address in addresses)


def test_a_gallery_that_is_to_be_made_comes_along_with_its_item() -> None:
    made = Change(address=at("g"), action=Action.CREATE)
    changed = Change(address=at("h"), action=Action.UPDATE)
    items = [Change(address=at(a), action=Action.CREATE) for a in ("g/a", "g/b", "h/a")]
    assert filter_targeted([made, changed, *items], (at("g/a"), at("h/a"))) == (made, items[0], items[2])
