"""Plan files: they come back whole or are refused, and the published schema says the same."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from galleryctl.cli.run.plan import read_plan, write_plan
from galleryctl.model.errors import InvalidInput
from galleryctl.model.json_document import parse_json
from galleryctl.model.media import HostedVideo, Kind, RemoteFile, VideoHost, WixFile
from galleryctl.plan.changes import Action, Change, FieldChange, MatchedBy, Notice, Plan, Refusal
from galleryctl.plan.file.canonical import digest
from galleryctl.plan.file.codec import decode_plan, encode_plan, plan_digest
from tests.unit.plan.memory_site import at, local_photo

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas/plan.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


SIGNATURE = "0" * 32 + ":" + "a" * 64


def change(address: str, action: Action, **parts: Any) -> Change:
    live = {} if action is Action.CREATE else {"id": f"id-{address}", "fingerprint": "0" * 32}
    if action in (Action.DELETE, Action.REPLACE):
        live["deleted_content"] = "1" * 32
    kind = {"kind": Kind.IMAGE} if "/" in address else {}
    return Change(address=at(address), action=action, **{**kind, **live, **parts})


def with_digest(document: Any) -> Any:
    rest = {name: value for name, value in document.items() if name not in ("digest", "signature")}
    return {**document, "digest": digest(rest)}


PLAN = Plan(
    site_id="site-1",
    lineage="lineage",
    serial=3,
    targets=(at("g"), at("h/x")),
    unchanged=4,
    moves={at("f"): at("g"), at("f/a"): at("g/a")},
    ids={at("g"): "G", at("g/a"): "A"},
    media={"sha256:ab": "file-1"},
    protected=frozenset({at("g"), at("h/x")}),
    forget=frozenset({at("g/gone")}),
    refusals=(Refusal(address=None, why="too many", allow="--max-delete-percent 40"),),
    notices=(Notice(address=at("g/a"), message="guessed"),),
    changes=(
        change("h", Action.CREATE, write={"name": "H"}, sort_order=2.0),
        change("h/x", Action.CREATE, media=local_photo("x"), sort_order=1.0, position=(0, 1)),
        change("g", Action.UPDATE, write={"name": "G"}, matched_by=MatchedBy.BOUND_NAME),
        change(
            "g/a",
            Action.UPDATE,
            write={"exif": {"lens": {"mm": 50}, "iso": (1, 2.5, None, True)}},
            fields=(FieldChange(path="exif.iso", before=None, after=(1, 2.5, None, True)),),
            media=RemoteFile(url="https://example.com/a.jpg"),
            media_before="file-0",
        ),
        change("g/b", Action.REPLACE, kind=Kind.TEXT, sort_order=-0.5, position=(2, 3), reason="its kind"),
        change("g/c", Action.UPDATE, media=WixFile(id="f", width=3, height=2)),
        change("g/d", Action.UPDATE, kind=Kind.VIDEO, media=HostedVideo(host=VideoHost.VIMEO, url="https://v")),
        change("g/e", Action.DELETE, reason="gone"),
        change("old", Action.DELETE, matched_by=MatchedBy.STATE, deleted_items=7),
    ),
)


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_a_plan_comes_back_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "plan.json").touch(mode=0o644)
    write_plan(PLAN, tmp_path / "plan.json")
    assert read_plan(tmp_path / "plan.json") == PLAN
    assert (tmp_path / "plan.json").stat().st_mode & 0o077 == 0
    VALIDATOR.validate(encode_plan(PLAN))


def test_a_signature_comes_back_and_is_of_all_the_rest() -> None:
    signed = replace(PLAN, signature=SIGNATURE)
    VALIDATOR.validate(encode_plan(signed))
    assert decode_plan(json.loads(json.dumps(encode_plan(signed)))) == signed
    assert plan_digest(signed) == plan_digest(PLAN) == encode_plan(signed)["digest"]
    assert plan_digest(replace(PLAN, ids={at("g"): "other"})) != plan_digest(PLAN)


def test_half_a_surrogate_pair_in_a_title_comes_back_too(tmp_path: Path) -> None:
    plan = replace(PLAN, notices=(Notice(address=None, message="caf\u00e9 \ud83d cut"),))
    write_plan(plan, tmp_path / "plan.json")
    assert read_plan(tmp_path / "plan.json") == plan


def other(value: Any) -> Any:
    """A value of the same type that means something else, or of another type where there is none."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "x"
        case list():
            return [*value, *(value[:1] or ["x"])]
        case dict():
            return {**value, "more": "x"}
        case _:
            return "x"


def paths(value: Any) -> Iterator[tuple[str | int, ...]]:
    """The path of each member and element."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in members:
        yield (name,)
        yield from ((name, *path) for path in paths(part))


def edited(document: Any, path: tuple[str | int, ...], edit: Callable[[Any, Any], None]) -> Any:
    document = copy.deepcopy(document)
    parent = document
    for step in path[:-1]:
        parent = parent[step]
    edit(parent, path[-1])
    return document


def changed(parent: Any, name: Any) -> None:
    parent[name] = other(parent[name])


def dropped(parent: Any, name: Any) -> None:
    del parent[name]


def nulled(parent: Any, name: Any) -> None:
    parent[name] = "null" if parent[name] is None else None


@pytest.mark.parametrize("edit", [changed, dropped, nulled])
def test_a_change_of_any_member_is_rejected(edit: Callable[[Any, Any], None]) -> None:
    document = json.loads(json.dumps(encode_plan(PLAN)))
    tampered = [edited(document, path, edit) for path in paths(document)]
    assert len(tampered) > 150
    for forged in tampered:
        with pytest.raises(InvalidInput):
            decode_plan(forged)


def single_changes() -> Iterator[tuple[Any, tuple[str | int, ...]]]:
    """A document for each change alone, with the paths in that; and one without any, with all other paths."""
    for changes in ((), *((one,) for one in PLAN.changes)):
        document = json.loads(json.dumps(encode_plan(replace(PLAN, changes=changes))))
        for path in paths(document):
            if bool(changes) is (path[0] == "changes"):
                yield document, path


@pytest.mark.parametrize("edit", [changed, dropped, nulled])
def test_what_the_schema_accepts_is_read_and_the_rest_is_refused(edit: Callable[[Any, Any], None]) -> None:
    """Whoever edits a plan and mends its digest gets no further than the schema allows."""
    both = set()
    for whole, path in single_changes():
        if path == ("digest",):
            continue
        forged = with_digest(edited(whole, path, edit))
        valid = VALIDATOR.is_valid(forged)
        both.add(valid)
        try:
            decode_plan(forged)
        except InvalidInput as error:
            # What one change says against another is beyond a schema.
            beyond = any(text in str(error) for text in ("duplicate step", "duplicate change"))
            assert beyond or not valid, (path, str(error))  # noqa: PT017 - both ways are compared
        else:
            assert valid, path
    assert both == {True, False}


WRONG: dict[str, Callable[[Any], None]] = {
    "an address with a line end": lambda d: d["targets"].append("g\n"),
    "a path as address": lambda d: d["forget"].append("g/../x"),
    "an address twice": lambda d: d["forget"].append(d["forget"][0]),
    "a truth as version": lambda d: d.update(format_version=True),
    "a truth as serial": lambda d: d.update(serial=True),
    "half a serial": lambda d: d.update(serial=1.5),
    "a negative serial": lambda d: d.update(serial=-1),
    "a huge serial": lambda d: d.update(serial=10**400),
    "a huge sort order": lambda d: d["changes"][0].update(sort_order=10**400),
    "a no-op": lambda d: d["changes"][2].update(action="no-op"),
    "a create with an id": lambda d: d["changes"][0].update(id="x"),
    "an update without an id": lambda d: d["changes"][2].update(id=None),
    "a delete without a fingerprint": lambda d: d["changes"][7].update(fingerprint=None),
    "a delete without the digest of its content": lambda d: d["changes"][7].update(deleted_content=None),
    "a replacement without the digest of its content": lambda d: d["changes"][4].update(deleted_content=None),
    "a negative number of items": lambda d: d["changes"][8].update(deleted_items=-1),
    "a create without a sort order": lambda d: d["changes"][1].update(sort_order=None),
    "a replacement of a gallery": lambda d: d["changes"][2].update(action="replace", sort_order=1.0),
    "an item without a kind": lambda d: d["changes"][7].update(kind=None),
    "a gallery with a kind": lambda d: d["changes"][2].update(kind="image"),
    "three places": lambda d: d["changes"][1].update(place=[0, 1, 2]),
    "one place": lambda d: d["changes"][1].update(place=[0]),
    "a medium of no type": lambda d: d["changes"][1].update(media={"type": "film"}),
    "half a signature": lambda d: d.update(signature="0" * 32),
    "an empty signature": lambda d: d.update(signature=""),
    "a signature with a line end": lambda d: d.update(signature=f"{SIGNATURE}\n"),
    "an object of changes": lambda d: d.update(changes={}),
}


@pytest.mark.parametrize("edit", WRONG.values(), ids=WRONG.keys())
def test_schema_and_reader_refuse_the_same(edit: Callable[[Any], None]) -> None:
    document = json.loads(json.dumps(encode_plan(PLAN)))
    edit(document)
    forged = with_digest(document)
    assert not VALIDATOR.is_valid(forged)
    with pytest.raises(InvalidInput) as caught:
        decode_plan(forged)
    assert caught.value.problems
    assert "galleryctl plan --out" in caught.value.do


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda d: d["changes"][1]["media"].update(sha256=7), "changes[1].media.sha256 is not a string"),
        (lambda d: d["changes"][1]["media"].pop("size"), "changes[1].media has no member size"),
        (lambda d: d["changes"][1].update(place=[0, "1"]), "changes[1].place[1] is not an integer from 0 to 900719"),
        (lambda d: d["ids"].update({"no address!": "x"}), "ids.no address! is not a valid address; use GALLERY or GAL"),
        (lambda d: d["changes"][0].update(id="x"), "changes[0] is a create, which must not have an id"),
    ],
)
def test_a_problem_is_told_with_its_path(edit: Callable[[Any], None], problem: str) -> None:
    document: Any = json.loads(json.dumps(encode_plan(PLAN)))
    edit(document)
    with pytest.raises(InvalidInput) as caught:
        decode_plan(document)
    assert caught.value.problems[0].message.startswith(problem)


def test_two_changes_that_are_one_step_are_refused() -> None:
    for twice in (PLAN.changes[1], PLAN.changes[3], PLAN.changes[7]):
        with pytest.raises(InvalidInput, match=r"duplicate (step|change)"):
            decode_plan(encode_plan(replace(PLAN, changes=(*PLAN.changes, twice))))


def test_two_resources_that_move_to_one_address_are_refused() -> None:
    with pytest.raises(InvalidInput, match="duplicate move to g/a"):
        decode_plan(encode_plan(replace(PLAN, moves={at("g/x"): at("g/a"), at("g/y"): at("g/a")})))


@pytest.mark.parametrize("version", [3, 0, "1", None, True, pytest.param(10**5000, id="huge"), -1, {}])
def test_another_version_is_told_before_all_else(version: Any) -> None:
    problem = r"format_version (. is not supported; this galleryctl reads version 2|is not an integer)"
    with pytest.raises(InvalidInput, match=problem) as caught:
        decode_plan({"format_version": version})
    assert len(caught.value.problems) == 1
    assert len(str(caught.value)) < 200


def nested(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels):
        value = {"deeper": [value]}
    return value


@pytest.mark.parametrize(
    "value",
    [
        nan,
        inf,
        -inf,
        10**400,
        10**5000,
        nested(40),
        nested(400),
        nested(100_000),
        {1: 2},
        {"a": {None: 1}},
        b"x",
        {"a": {1, 2}},
    ],
    ids=["nan", "inf", "-inf", "huge", "huger", "deep", "deeper", "deepest", "key", "keys", "bytes", "set"],
)
@pytest.mark.parametrize("member", ["write", "fields", "site_id", "ids", "notices", "changes", "digest", "serial"])
def test_what_no_json_file_holds_is_one_clear_error(member: str, value: Any) -> None:
    document: Any = copy.deepcopy(encode_plan(PLAN))
    change_: Any = document["changes"][3]
    if member == "write":
        change_["write"]["exif"] = value
    elif member == "fields":
        change_["fields"][0]["after"] = value
    else:
        document[member] = value
    with pytest.raises(InvalidInput):
        decode_plan(document)
    wholes: tuple[Any, ...] = (value, [value], {"format_version": 1, "changes": [value]})
    for whole in wholes:
        with pytest.raises(InvalidInput):
            decode_plan(whole)


FILES = {
    "empty": "",
    "no json": "galleryctl: 1\n",
    "cut off": json.dumps(encode_plan(PLAN))[:-20],
    "twice": json.dumps(encode_plan(PLAN))[:-1] + ', "site_id": "site-1"}',
    "twice inside": json.dumps(encode_plan(PLAN)).replace('"reason": "gone"', '"reason": "gone", "id": "other"'),
    "nan": json.dumps(encode_plan(PLAN)).replace("-0.5", "NaN"),
    "infinity": json.dumps(encode_plan(PLAN)).replace("-0.5", "-Infinity"),
    "overflow": json.dumps(encode_plan(PLAN)).replace("-0.5", "1e999"),
    "many digits": json.dumps(encode_plan(PLAN)).replace("-0.5", "9" * 10_000),
    "deep arrays": "[" * 200_000 + "]" * 200_000,
    "deep objects": '{"format_version": 1, "a": ' * 100_000 + "1" + "}" * 100_000,
    "byte order mark": "\ufeff" + json.dumps(encode_plan(PLAN)),
    "array": "[]",
    "word": '"plan"',
    "null": "null",
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
def test_a_hostile_file_is_one_clear_error(text: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_plan(file)
    assert "galleryctl plan --out FILE" in str(caught.value)
    assert len(str(caught.value)) < 2000


def test_what_is_no_text_or_no_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name, problem in (
        ("binary", "is not a galleryctl plan file"),
        ("missing", "No such file"),
        (".", "cannot read .*: Is a directory"),
    ):
        with pytest.raises(InvalidInput, match=problem):
            read_plan(tmp_path / name)


def test_a_plan_written_by_another_json_tool_is_still_the_same() -> None:
    document: Any = json.loads(json.dumps(encode_plan(PLAN)))
    document["changes"][0]["sort_order"] = 2
    document["serial"] = 3.0
    again = dict(reversed(document.items()))
    assert decode_plan(parse_json(json.dumps(again))) == PLAN
