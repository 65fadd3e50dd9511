"""An import moves comments with their entries."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.manifest.write.placement import KnownKeys
from galleryctl.manifest.write.update import render_manifest
from galleryctl.manifest.yaml.parse import parse_yaml_text
from galleryctl.model.errors import InvalidInput
from galleryctl.model.fields import FIELDS_BY_KIND, Fields, canonical
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import HostedVideo, Kind, VideoHost

HEAD = "# our party\ngallery: party\nbind: {id: g-1}\nname: Party\nitems:  # in order\n"


def text_item(key: str, tags: Sequence[str] = ()) -> LiveItem:
    values = {"html": f"<p>{key}</p>", "title": key.upper(), "tags": tuple(tags)}
    fields = {each.name: canonical(each.name, values.get(each.name)) for each in FIELDS_BY_KIND[Kind.TEXT]}
    return LiveItem(id=key, kind=Kind.TEXT, media=None, fields=fields, sort_order=None, raw={})


def imported(text: str, items: Sequence[LiveItem]) -> str:
    """Return the manifest after an import; the id of each item is its key, and all were applied before."""
    gallery = LiveGallery(
        id="g-1", fields={"name": "Party"}, sort_order=1.0, total_items=len(items), items=tuple(items), raw={}
    )
    keys = {item.id: item.id for item in items}
    declared = re.findall(r"key: (\w+)", text)
    known = KnownKeys(by_id=keys, in_state=keys, declared=declared, applied=declared)
    return render_manifest("party", gallery, known, text, site="main").text


FORMS = (
    "  # above {0}\n  - key: {0}  # beside {0}\n    text: <p>{0}</p>\n    title: {1}  # last of {0}\n",
    "  - {{key: {0}, title: {1}, text: '<p>{0}</p>'}}  # beside {0}\n",
    "\n  # far above {0}\n\n  # above {0}\n  - # next above {0}\n    title: {1}\n    text: <p>{0}</p>\n    key: {0}\n    # inside {0}\n",
    "# above {0}\n  - key: {0}\n    # inside {0}\n    title: {1}\n    text: |-\n      <p>{0}</p>\n",
    "  - key: {0}\n    text: <p>{0}</p>\n    title: {1}\n    tags:  # inside {0}\n      - x\n      # inside {0}, too\n      - z\n",
    "  - key: {0}\n    text: <p>{0}</p>\n    title: {1}\n",
    "\n  - key: {0}\n    text: <p>{0}</p>\n    title: {1}\n",
)  # fmt: skip


def entry_of(text: str, comment: str) -> str:
    """Return the key of the entry that a comment belongs to: the next one below one above, else the one it is in."""
    lines = text.splitlines()
    (index,) = [n for n, line in enumerate(lines) if line.endswith(comment)]
    if "above" in comment:
        below = "\n".join(lines[index:])
        keys = re.findall(r"key: (\w+)", below)
        return keys[0] if keys else ""
    dashes = [n for n, line in enumerate(lines) if line.startswith("  -")]
    start = max(n for n in dashes if n <= index)
    end = min((n for n in dashes if n > index), default=len(lines))
    (key,) = re.findall(r"key: (\w+)", "\n".join(lines[start:end]))
    return str(key)


@given(data=st.data())
def test_each_comment_stays_with_its_entry(data: st.DataObject) -> None:
    forms = data.draw(st.lists(st.sampled_from(FORMS), min_size=1, max_size=6))
    keys = "abcdef"[: len(forms)]
    end = data.draw(st.sampled_from(["", "# the end\n", "\n  # the end\n\n", "# the end\nforeign: [x]\n"]))
    text = HEAD + "".join(form.format(key, key.upper()) for form, key in zip(forms, keys, strict=True)) + end
    live = data.draw(st.permutations([*keys, "p", "q"]))[: data.draw(st.integers(0, len(keys) + 2))]
    tags = {key: ("x", "z") if "tags" in form else () for key, form in zip(keys, forms, strict=True)}
    retagged = data.draw(st.sets(st.sampled_from(keys)))
    items = [text_item(key, ("new",) if key in retagged else tags.get(key, ())) for key in live]

    result = imported(text, items)

    assert re.findall(r"key: (\w+)", result) == live
    for comment, key in re.findall(r"(# (?:far above|next above|above|beside|inside|last of) (\w).*)", text):
        if key not in live:
            assert comment not in result
        elif not (tags[key] and key in retagged):  # otherwise its value is gone
            assert entry_of(result, comment) == key
    assert result.startswith("# our party\n")
    assert "# in order" in result
    assert not end or "key:" not in result.partition("# the end")[2]
    assert result.count("# the end") == bool(end)
    assert imported(result, items) == result


def test_a_manifest_as_people_write_it() -> None:
    text = """\
bind: {id: g-1}
name: Party
items:
  # do not publish before May (bride)
  - key: bride
    text: <p>bride</p>
    title: BRIDE
  # print ordered 2026-03
  - key: groom
    text: <p>groom</p>
    title: GROOM
  - {key: cake, title: CAKE, text: '<p>cake</p>'}  # licence paid
  # more to come
"""
    result = """\
bind: {id: g-1}
name: Party
items:
  # print ordered 2026-03
  - key: groom
    text: <p>groom</p>
    title: GROOM
  # do not publish before May (bride)
  - key: bride
    text: <p>bride</p>
    title: BRIDE
  - key: dance
    text: "<p>dance</p>"
    title: DANCE
  - {key: cake, title: CAKE, text: '<p>cake</p>'}  # licence paid
  # more to come
"""
    assert imported(text, [text_item(key) for key in ("groom", "bride", "dance", "cake")]) == result


@pytest.mark.parametrize(
    "items",
    [
        "[{key: a, text: <p>a</p>, title: A}, {key: b, text: <p>b</p>, title: B}]",
        "\n  - &a {key: a, text: <p>a</p>, title: A}\n  - {<<: *a, key: b, text: <p>b</p>, title: B}",
    ],
)
def test_entries_that_cannot_move_as_lines_are_put_in_order(items: str) -> None:
    result = imported(f"bind: {{id: g-1}}\nname: Party\nitems: {items}\n", [text_item("b"), text_item("a")])
    value: Any = parse_yaml_text(result, "party.yaml").root
    assert [entry["key"] for entry in value.value["items"]] == ["b", "a"]


@pytest.mark.parametrize(
    ("items", "refused"),
    [
        ("[{key: a, text: <p>a</p>, title: 'A #1'}, {key: b, text: <p>b</p>, title: B}]  # two", False),
        ("[{key: a, text: <p>a</p>, title: A}, # the first\n  {key: b, text: <p>b</p>, title: B}]", True),
    ],
)
def test_a_list_whose_comments_would_be_lost_is_refused(items: str, refused: bool) -> None:
    text = f"bind: {{id: g-1}}\nname: Party\nitems: {items}\n"
    if not refused:
        value: Any = parse_yaml_text(imported(text, [text_item("b"), text_item("a")]), "party.yaml").root
        assert [entry["key"] for entry in value.value["items"]] == ["b", "a"]
        return
    with pytest.raises(InvalidInput) as caught:
        imported(text, [text_item("b"), text_item("a")])
    (problem,) = caught.value.problems
    assert "comments in items: would be lost" in problem.message


@pytest.mark.parametrize(
    ("entry", "title", "result"),
    [
        ("- {key: a, text: <p>a</p>, title: Old}  # c", "A", "- {key: a, text: <p>a</p>, title: A}  # c"),
        ("- {key: a,text: <p>a</p>,title: 'Old'}", "A: 1", "- {key: a,text: <p>a</p>,title: 'A: 1'}"),
        ('- {"key":"a","text":"<p>a</p>","title":"Old"}', 'A"', '- {"key":"a","text":"<p>a</p>","title":"A\\""}'),
        ("- {key: a, title: &t Old, text: <p>a</p>}", "A", "- {key: a, title: &t A, text: <p>a</p>}"),
        ("- {key: a, text: <p>a</p>}", "A", "- {key: a, text: <p>a</p>, title: A}"),
        ("- {text: <p>a</p>, key: a, description: null}", "A", None),
        (
            "- key: a  # k\n    text: <p>a</p>  # t\n    # q",
            "A",
            "- key: a  # k\n    text: <p>a</p>  # t\n    title: A\n    # q",
        ),
        (
            "- key: a\n    title:   # none\n    text: <p>a</p>",
            "A",
            "- key: a\n    title: A   # none\n    text: <p>a</p>",
        ),
        (
            "- key: a\n    title: |  # old\n      Old\n      text\n    text: <p>a</p>",
            "A",
            "- key: a\n    title: A\n    text: <p>a</p>",
        ),
        (
            "- key: a\n    title: Old  # c\n    text: <p>a</p>",
            "a\nb\nc\n",
            '- key: a\n    title: "a\\nb\\nc\\n"  # c\n    text: <p>a</p>',
        ),
        (
            "- key: a\n    title: Old\n    text: <p>a</p>",
            "a\nb\nc\n",
            "- key: a\n    title: |\n      a\n      b\n      c\n    text: <p>a</p>",
        ),
        (
            "- key: a\n    title: Old\n     and more\n    text: <p>a</p>",
            "A",
            "- key: a\n    title: A\n    text: <p>a</p>",
        ),
    ],
)
def test_only_the_value_changes(entry: str, title: str, result: str | None) -> None:
    text = f"bind: {{id: g-1}}\nname: Party  # n\nitems:\n  {entry}\n"
    item = text_item("a")
    item = replace(item, fields={**item.fields, "title": title})
    written = imported(text, [item])
    assert imported(written, [item]) == written
    if result is not None:
        assert written == text.replace(entry, result)


@pytest.mark.parametrize(
    ("entry", "fields", "result"),
    [
        (
            "- {key: a, text: <p>a</p>, link: { url: \"https://example.com/a\", text: 'x' }} # c",
            {"link.url": "https://example.com/a", "link.text": "it's"},
            "- {key: a, text: <p>a</p>, link: { url: \"https://example.com/a\", text: 'it''s' }} # c",
        ),
        (
            "- {key: a, text: <p>a</p>, link: { url: \"https://example.com/a\", text: 'x' }}",
            {"link.url": "https://example.com/a"},
            '- {key: a, text: <p>a</p>, link: { url: "https://example.com/a", text: null }}',
        ),
        (
            "- key: a\n    text: <p>a</p>\n    link: # of a\n      text:   'x'  # shown\n      url: https://example.com/a",
            {"link.url": "https://example.com/b", "link.text": "x"},
            "- key: a\n    text: <p>a</p>\n    link: # of a\n      text:   'x'  # shown\n      url: https://example.com/b",
        ),
        (
            "- {key: a, text: <p>a</p>, css: { color: 'red', font: {size: 1, unit: px}, weight: bold }}",
            {"css": {"color": "red", "font": {"size": 2, "unit": "px"}, "width": 3}},
            "- {key: a, text: <p>a</p>, css: { color: 'red', font: {size: 2, unit: px}, width: 3 }}",
        ),
        (
            "- {key: a, text: <p>a</p>, tags: [ 'zoo',\n      b, \"y\" ]} # c",
            {"tags": ("a: 1", "b", "zoo")},
            "- {key: a, text: <p>a</p>, tags: [ 'zoo',\n      b, \"a: 1\" ]} # c",
        ),
        (
            "- {key: a, text: <p>a</p>, tags: [ 'x', b, c ]}",
            {"tags": ("c",)},
            "- {key: a, text: <p>a</p>, tags: [ c ]}",
        ),
        (
            "- key: a\n    text: <p>a</p>\n    tags: # all\n    # first\n    - 'p'  # of p\n    # between\n    - q\n    # after",
            {"tags": ("p", "r")},
            "- key: a\n    text: <p>a</p>\n    tags: # all\n    # first\n    - 'p'  # of p\n    - r\n    # after",
        ),
        (
            "- key: a\n    text: <p>a</p>\n    tags:\n      - p\n      # of q\n      - q # too",
            {"tags": ("q",)},
            "- key: a\n    text: <p>a</p>\n    tags:\n      # of q\n      - q # too",
        ),
        (
            "- {key: a, text: <p>a</p>, tags: [x, z]}",
            {"tags": ("new",)},
            "- {key: a, text: <p>a</p>, tags: [new]}",
        ),
    ],
)
def test_what_stays_of_a_value_keeps_its_spelling(entry: str, fields: Fields, result: str) -> None:
    text = f"bind: {{id: g-1}}\nname: Party\nitems:\n  {entry}\n"
    item = text_item("a")
    item = replace(item, fields={**item.fields, "title": "", **fields})
    assert imported(text, [item]) == text.replace(entry, result)


@pytest.mark.parametrize(
    ("entry", "result"),
    [
        ("- {text: <p>a</p>, key: a, css: {color: red}, title: A}", "- {video: https://vimeo.com/1, key: a, title: A}"),
        ("- {css: {color: red}, key: a, text: <p>a</p>, title: A}", "- {key: a, video: https://vimeo.com/1, title: A}"),
        ("- {key: a, text: <p>a</p>, css: {color: red}}", "- {key: a, video: https://vimeo.com/1, title: A}"),
        (
            "- key: a  # k\n    text: |-  # t\n      <p>a</p>\n    # c\n    css:  # d\n      color: red\n    # e",
            "- key: a  # k\n    video: https://vimeo.com/1\n    title: A\n    # c\n    # e",
        ),
        (
            "- {key: a, text: <p>a</p>, css: {color: red}, ignore: [title]}",
            "- {key: a, video: https://vimeo.com/1, ignore: [title]}",
        ),
    ],
)
def test_the_kind_changes_in_place(entry: str, result: str) -> None:
    text = f"bind: {{id: g-1}}\nname: Party\nitems:\n  {entry}\n"
    fields = {each.name: canonical(each.name, None) for each in FIELDS_BY_KIND[Kind.VIDEO]}
    video = HostedVideo(host=VideoHost.VIMEO, url="https://vimeo.com/1")
    film = LiveItem(id="a", kind=Kind.VIDEO, media=video, fields={**fields, "title": "A"}, sort_order=None, raw={})
    assert imported(text, [film]) == text.replace(entry, result)


FLOW = """\
bind: {id: g-1}
name: Party
items: [ # two of them
  # above a
  {key: a, text: <p>a</p>, title: A}, # beside a
  {key: b, text: <p>b</p>, title: B}, # beside b
  {key: c, text: <p>c</p>, title: C}
]
# the end
"""
ANCHORED = """\
bind: {id: g-1}
name: Party
items:
  # above a
  - &a
    key: a
    text: <p>a</p>
    title: A
  - <<: *a
    key: b
    text: <p>b</p>  # in b
    title: B
"""


@pytest.mark.parametrize(
    ("text", "keys", "line"),
    [(FLOW, "bac", 3), (FLOW, "ac", 3), (FLOW, "abcd", 3)],
)
def test_a_list_whose_comments_cannot_move_with_their_entries_is_rejected(text: str, keys: str, line: int) -> None:
    with pytest.raises(InvalidInput) as rejected:
        imported(text, [text_item(key) for key in keys])
    (problem,) = rejected.value.problems
    assert (problem.at and problem.at.line, "comments in items:" in problem.message) == (line, True)


@pytest.mark.parametrize(("text", "keys"), [(FLOW, "abc"), (ANCHORED, "ab")])
def test_a_list_that_stays_keeps_its_comments(text: str, keys: str) -> None:
    assert imported(text, [text_item(key) for key in keys]) == text


def test_a_value_of_an_entry_with_an_anchor_can_change() -> None:
    result = imported(ANCHORED, [text_item("a"), text_item("b", ("new",))])
    assert "tags: [new]" in result
    assert result.index("# above a") < result.index("key: a") < result.index("key: b") < result.index("# in b")


@pytest.mark.parametrize(
    ("entries", "keys", "result"),
    [
        (  # an alias moves before its anchor
            """\
  # above a
  - key: a  # of a
    text: &p <p>{0}</p>
    title: &t 'A'
  - {key: b, text: <p>b</p>, title: *t}  # of b
  # above c
  - {key: c, text: &c <p>c</p>, title: C}
  - {key: d, text: <p>d</p>, description: *c, title: D}
""",
            "bacd",
            """\
  - {key: b, text: <p>b</p>, title: 'A'}  # of b
  # above a
  - key: a  # of a
    text: &p <p>{0}</p>
    title: 'A'
  # above c
  - {key: c, text: &c <p>c</p>, title: C}
  - {key: d, text: <p>d</p>, description: *c, title: D}
""",
        ),
        (  # an entry that merges another one moves before it
            """\
  # above a
  - &a
    key: a
    text: <p>a</p>
    title: A
    tags: # all
      - x
      - 'b, c'
  - <<: *a  # like a
    key: b
    text: <p>b</p>  # in b
""",
            "ba",
            """\
  - title: A
    tags: [x, 'b, c']  # like a
    key: b
    text: <p>b</p>  # in b
  # above a
  -
    key: a
    text: <p>a</p>
    title: A
    tags: # all
      - x
      - 'b, c'
""",
        ),
        (  # the entry with the anchor is removed
            """\
  # above a
  - &a {key: a, text: <p>a</p>, title: A, link: &l {url: "https://example.com", text: x}}  # one
  - {key: b, text: <p>b</p>, <<: *a}  # two
  - {key: c, text: <p>c</p>, link: *l}  # three
""",
            "bc",
            """\
  - {key: b, text: <p>b</p>, title: A, link: {url: "https://example.com", text: x}}  # two
  - {key: c, text: <p>c</p>, link: {url: "https://example.com", text: x}}  # three
""",
        ),
    ],
)
def test_an_alias_that_cannot_stay_becomes_its_value(entries: str, keys: str, result: str) -> None:
    text = f"bind: {{id: g-1}}\nname: Party\nitems:\n{entries}"
    root: Any = parse_yaml_text(text, "party.yaml").root
    values = {entry["key"]: entry for entry in root.value["items"]}
    written = imported(text, [_as_written(values[key]) for key in keys])
    assert written == f"bind: {{id: g-1}}\nname: Party\nitems:\n{result}"


def test_a_value_that_others_share_changes_alone() -> None:
    entries = "  - {key: a, text: <p>a</p>, title: &t Old}  # a\n  - {key: b, text: <p>b</p>, title: *t}  # b\n"
    text = f"bind: {{id: g-1}}\nname: Party\nitems:\n{entries}"
    written = imported(
        text, [text_item("a"), replace(text_item("b"), fields={**text_item("b").fields, "title": "Old"})]
    )
    changed = "  - {key: a, text: <p>a</p>, title: A}  # a\n  - {key: b, text: <p>b</p>, title: Old}  # b\n"
    assert written == text.replace(entries, changed)


def _as_written(entry: Mapping[str, Any]) -> LiveItem:
    """Return the live item that an entry declares."""
    link = entry.get("link") or {}
    values = {
        "html": entry["text"],
        "title": entry.get("title"),
        "description": entry.get("description"),
        "tags": entry.get("tags"),
        "link.url": link.get("url"),
        "link.text": link.get("text"),
    }
    fields = {each.name: canonical(each.name, values.get(each.name)) for each in FIELDS_BY_KIND[Kind.TEXT]}
    return LiveItem(id=entry["key"], kind=Kind.TEXT, media=None, fields=fields, sort_order=None, raw={})


def test_comments_around_a_list_on_one_line_stay() -> None:
    entries = "{key: a, text: <p>a</p>, title: A}, {key: b, text: '<p>b</p>', title: B}"
    text = f"# head\nbind: {{id: g-1}}\nname: Party\nitems: [{entries}] # two\n# the end\n"
    result = imported(text, [text_item("b"), text_item("a")])
    assert result.startswith("# head\n")
    assert result.endswith("] # two\n# the end\n")
