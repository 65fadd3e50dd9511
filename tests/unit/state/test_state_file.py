"""The state document: it round-trips, each binding has its own lines, and invalid content is reported."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import StateError
from galleryctl.model.json_document import MAX_SAFE_INTEGER
from galleryctl.model.last_applied import FieldBase, LastApplied, Origin, SortOrderFormat
from galleryctl.state.state_file import State, decode_state, encode_state

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas/state.schema.json").read_text(encoding="utf-8"))

KEYS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,8}", fullmatch=True)
ADDRESSES = st.builds(Address, KEYS, st.none() | KEYS)
IDS = st.uuids().map(str)
STATES = st.builds(
    State,
    site_id=st.text(),
    lineage=st.text(),
    serial=st.integers(0, MAX_SAFE_INTEGER),
    bindings=st.builds(
        Bindings,
        ids=st.dictionaries(ADDRESSES, IDS, max_size=6),
        media=st.dictionaries(st.text(), IDS, max_size=4),
        protected=st.frozensets(ADDRESSES, max_size=4),
        deposed=st.dictionaries(IDS, st.builds(Address, KEYS, KEYS), max_size=3),
        released=st.dictionaries(ADDRESSES, st.none() | IDS, max_size=3),
        approvals=st.frozensets(st.text(), max_size=2),
    ),
)
DIGESTS = st.text("abcXYZ019+/", min_size=8, max_size=8)
RECORDS = st.builds(
    LastApplied,
    origin=st.sampled_from(Origin),
    fields=st.dictionaries(
        st.text(),
        st.builds(
            FieldBase,
            sent=DIGESTS,
            answered=DIGESTS,
            wrote=st.booleans(),
            doubt=st.booleans(),
            ours=st.lists(DIGESTS, max_size=2).map(tuple),
        ),
        max_size=3,
    ),
    sort_order=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    revision=st.just("") | DIGESTS,
)


@st.composite
def states(draw: st.DrawFn) -> State:
    """A state with last applied values of some of its resources."""
    state = draw(STATES)
    ids = state.bindings.ids
    records = {address: draw(RECORDS) for address in ids if draw(st.booleans())}
    formats = {a: draw(st.sampled_from(SortOrderFormat)) for a in ids if a.item is None and draw(st.booleans())}
    return replace(state, bindings=replace(state.bindings, records=records, sort_order_formats=formats))


@given(states())
def test_what_is_encoded_decodes_to_the_same(state: State) -> None:
    assert decode_state(json.loads(json.dumps(encode_state(state)))) == state


@given(states())
def test_what_is_encoded_follows_the_published_schema(state: State) -> None:
    Draft202012Validator(SCHEMA).validate(encode_state(state))


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_a_document_reads_as_galleries_with_their_items(state: State) -> None:
    document = encode_state(state)
    assert list(document) == [
        "version",
        "lineage",
        "serial",
        "site_id",
        "galleries",
        "media",
        "deposed",
        "released",
        "approvals",
    ]
    assert document["galleries"] == {
        "weddings": {
            "id": "g-1",
            "protect": True,
            "items": {"cake": {"id": "i-2"}, "first-dance": {"id": "i-1", "protect": True}},
        }
    }


def test_the_order_of_learning_does_not_show(state: State) -> None:
    reversed_ids = dict(reversed(list(state.bindings.ids.items())))
    other = State(
        site_id=state.site_id,
        lineage=state.lineage,
        serial=state.serial,
        bindings=Bindings(
            ids=reversed_ids,
            media=state.bindings.media,
            protected=state.bindings.protected,
            deposed=state.bindings.deposed,
        ),
    )
    assert json.dumps(encode_state(other)) == json.dumps(encode_state(state))


def test_a_new_state_is_always_the_same_so_that_a_plan_from_it_stays_valid() -> None:
    assert State.new("s") == State.new("s")


def test_the_first_version_begins_a_lineage_and_the_next_ones_keep_it() -> None:
    first = State.new("s").next_version(Bindings())
    second = first.next_version(Bindings())
    assert (first.serial, second.serial) == (1, 2)
    assert first.lineage == second.lineage != ""
    assert State.new("s").next_version(Bindings()).lineage != first.lineage


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ({"serial": -1}, "serial is not an integer from 0 to"),
        ({"serial": True}, "serial is not an integer from 0 to"),
        ({"site_id": None}, "site_id is not a string"),
        ({"galleries": []}, "galleries is not an object"),
        ({"galleries": {"../x": {"id": None, "protect": False, "items": {}}}}, "galleries.../x is not a valid key"),
        ({"galleries": {"a": {"id": 3, "protect": False, "items": {}}}}, "galleries.a.id is not a string"),
        ({"galleries": {"a": {"id": None, "protect": 1, "items": {}}}}, "galleries.a.protect is not true or false"),
        ({"galleries": {"a": {"id": None, "protect": True}}}, "galleries.a has no member items"),
        ({"galleries": {"a/b": {"id": None, "protect": False, "items": {}}}}, "galleries.a/b is not a valid key"),
        (
            {"galleries": {"a": {"id": None, "protect": False, "items": {"b": {"id": 1, "protect": 2}}}}},
            "galleries.a.items.b.id is not a string",
        ),
        ({"media": {"sha256:ab": None}}, "media.sha256:ab is not a string"),
        ({"deposed": {"x": "a/b/c/"}}, "is not a valid address"),
        ({"lineage": "l\ud800"}, "lineage contains half of a surrogate pair"),
        ({"site_id": "\udfff"}, "site_id contains half of a surrogate pair"),
        ({"media": {"sha256:ab": "\ud83d"}}, "media.sha256:ab contains half of a surrogate pair"),
        (
            {"galleries": {"a": {"id": "\ud83d", "protect": False, "items": {}}}},
            "galleries.a.id contains half of a surrogate pair",
        ),
        ({"extra": 1}, "the document has the unknown member 'extra'"),
        ({"version": True}, "version is not an integer"),
        ({"version": 0}, "unsupported version 0"),
    ],
)
def test_what_is_wrong_is_named(state: State, edit: dict[str, Any], told: str) -> None:
    with pytest.raises(StateError) as caught:
        decode_state({**encode_state(state), **edit}, where="state.json")
    assert "state.json: this is not a galleryctl state" in str(caught.value)
    assert told in str(caught.value)
    assert "galleryctl state rebuild" in str(caught.value)


def test_format_1_is_read_without_last_applied_values() -> None:
    item = {"id": "i-1", "protect": True}
    document: Any = {
        "version": 1,
        "lineage": "l",
        "serial": 3,
        "site_id": "s",
        "galleries": {"g": {"id": "G", "protect": False, "items": {"a": item}}},
        "media": {"sha256:ab": "f"},
        "deposed": {"old": "g/a"},
    }
    state = decode_state(document)
    ids = {Address("g"): "G", Address("g", "a"): "i-1"}
    protected = frozenset({Address("g", "a")})
    assert state.bindings == Bindings(
        ids=ids, protected=protected, media={"sha256:ab": "f"}, deposed={"old": Address("g", "a")}
    )
    assert encode_state(state)["version"] == 2
    with pytest.raises(StateError, match="unknown member"):
        decode_state({**document, "approvals": []})


@pytest.mark.parametrize("document", [None, [], "x", 3, {}])
def test_what_is_no_state_at_all_is_refused(document: Any) -> None:
    with pytest.raises(StateError, match="not a galleryctl state"):
        decode_state(document)


def test_a_newer_version_is_left_alone(state: State) -> None:
    with pytest.raises(StateError) as caught:
        decode_state({**encode_state(state), "version": 3, "unheard-of": True}, where="state.json")
    assert "version 3, written by a newer galleryctl" in str(caught.value)
    assert "upgrade galleryctl" in str(caught.value)
