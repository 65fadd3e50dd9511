"""Readable messages and positions for violations of a schema."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.model.errors import Problem
from galleryctl.model.fields import FIELDS
from galleryctl.model.media import Kind
from galleryctl.model.variable_text import VariableText
from galleryctl.model.wix_places import GALLERY_ID_PLACE

_TYPE_NAMES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
_SOURCE_KEYS = ("image", "video", "text", "from")
_ONLY_FOR = {
    **{
        field.key: " and ".join(f"{kind}s" for kind in field.kinds)
        for field in FIELDS
        if 0 < len(field.kinds) < len(Kind) and not field.is_source
    },
    **dict.fromkeys(("except", "where", "order"), "items from files"),
}
_EXAMPLES = {
    "bind": "{name: Weddings}",
    "backend": "{type: local}",
    "privacy": "{gps: strip}",
    "focal_point": "{x: 0.5, y: 0.3}",
}
"""How to write mappings, by their names."""
_FIXED_RULES = ("unusable-file", "invalid-manifest")
"""The lint rules whose severity cannot be set."""
_MAX_VALUE_LENGTH = 60
"""Characters of a value that a message shows."""


def problems_from_error(error: Any, document: YamlDocument) -> Iterator[Problem]:
    """Yield the problems for a jsonschema ValidationError."""
    path = list(error.absolute_path)
    node = _node_at(document, path)
    label = _label(path)
    match error.validator:
        case "additionalProperties":
            yield from _unknown_keys(error, node, document)
        case "required":
            yield from _missing_keys(error, node, document, label)
        case "propertyNames" | "pattern" | "minLength" if not path or not isinstance(error.instance, str):
            yield Problem(document.at(node), f"{label}: {_display_value(error.instance, node)} is not allowed here")
        case "pattern" | "enum" | "const" | "type" | "minimum" | "maximum" | "minLength" | "minItems":
            if key_at := _key_position(document, path, error.instance):
                label = f"key in {label}"
            yield Problem(key_at or document.at(node), _value_message(error, node, label))
        case "minProperties":
            yield Problem(document.at(node), f"{label} is empty")
        case _:
            yield Problem(document.at(node), f"{label}: {_display_value(error.instance, node)} is not allowed")


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean …?` with the most similar known word, "" if none is similar."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.7)
    return f"; did you mean {near[0]!r}?" if near else ""


def _node_at(document: YamlDocument, path: Sequence[str | int]) -> YamlNode:
    node = document.root
    assert node is not None  # noqa: S101 - only what was read is validated
    for step in path:
        if isinstance(step, int) and node.items is not None:
            node = node.items[step]
        elif node.parts is not None:
            node = node.parts[str(step)]
    return node


def _label(path: Sequence[str | int]) -> str:
    """Return the name of a value in messages: items.0.link.url is `link.url`, tags.1 is `an entry of tags`."""
    names: list[str] = []
    for step in path:
        if isinstance(step, int):
            names = [f"an entry of {names[-1]}" if names else "an entry"]
        elif names and names[-1].startswith("an entry"):
            names = [step]
        else:
            names.append(step)
    return ".".join(names) or "the file"


def _key_position(document: YamlDocument, path: Sequence[str | int], instance: object) -> Any:
    """Return the key's position for a `propertyNames` violation, whose instance is a key, else None."""
    node = _node_at(document, path)
    if isinstance(instance, str) and node.parts is not None and instance in node.parts:
        return document.at_key(node, instance)
    return None


def _unknown_keys(error: Any, node: YamlNode, document: YamlDocument) -> Iterator[Problem]:
    known = error.schema.get("properties", {})
    kinds = [kind for kind in _SOURCE_KEYS if kind in (node.parts or {})]
    title = error.schema.get("title", "")
    for key in error.instance:
        if key in known:
            continue
        at = document.at_key(node, key)
        if kinds and key in _SOURCE_KEYS:
            yield Problem(at, f"an item must have one of image, video, text and from, not {' and '.join(kinds)}")
        elif kinds and key in _ONLY_FOR:
            yield Problem(at, f"{key} is for {_ONLY_FOR[key]}; this is {_with_article(title)}")
        elif not kinds and key == "key" and title.startswith("items"):
            continue  # the missing source is reported
        elif key in _FIXED_RULES and "tiny-picture" in known:
            yield Problem(at, f"the severity of {key} is always error, and cannot be set; remove this line")
        elif kinds == ["from"] and key == "key":
            yield Problem(at, "key is not allowed with from: items from files get their keys from the file names")
        else:
            advice = suggestion(key, known) or _layout_advice(key, node, known)
            yield Problem(at, f"unknown key {_truncate(repr(key))}{advice}")


def _layout_advice(key: str, node: YamlNode, known: Mapping[str, Any]) -> str:
    """Return advice for a key that is at a wrong place, or is a part of a text."""
    keys = node.keys or {}
    above = next((name for name, following in pairwise(keys) if following == key), None)
    if above is None:
        return ""
    before, own = (node.part(name) for name in (above, key))
    if before and before.value is None and _has_property(known.get(above), key):
        return f"; indent it, so that it is below {above}"
    if own and own.value is None and keys[key][0] == keys[above][0]:
        return f"; quote the text of {above} if it contains a comma"
    return ""


def _has_property(schema: Any, name: str) -> bool:
    if isinstance(schema, Mapping):
        return name in schema.get("properties", ()) or any(_has_property(part, name) for part in schema.values())
    return isinstance(schema, list) and any(_has_property(part, name) for part in schema)


def _with_article(title: str) -> str:
    return title if title.startswith("items") else f"{'an' if title[:1] in 'aeiou' else 'a'} {title}"


def _missing_keys(error: Any, node: YamlNode, document: YamlDocument, label: str) -> Iterator[Problem]:
    # jsonschema reports each missing key separately; the message begins with its quoted name
    missing = next((key for key in error.validator_value if error.message.startswith(repr(key))), "")
    if missing == "from":
        yield Problem(document.at(node), "missing source: specify image, video, text or from")
    elif missing == "items":
        yield Problem(document.at(node), "missing items: use items: [] for an empty gallery")
    else:
        where = "" if label == "the file" else f" in {label}"
        yield Problem(document.at(node), f"missing {missing}{where}")


def _value_message(error: Any, node: YamlNode, label: str) -> str:  # noqa: PLR0911 - one return for each rule
    value = _display_value(error.instance, node)
    rule = error.validator_value
    match error.validator:
        case "minimum":
            return f"{label} {value} is below {rule}"
        case "maximum":
            return f"{label} {value} is above {rule}"
        case "enum":
            words = [str(word) for word in rule]
            near = suggestion(str(error.instance), words) if not node.hidden else ""
            return f"{label} {value} is not one of {', '.join(words)}{near}"
        case "const":
            return f"{label} {value} is not supported; this version of galleryctl reads {json.dumps(rule)}"
        case "type":
            return _type_message(error.instance, node, label, rule)
        case "minLength" | "minItems":
            return f"{label} is empty"
        case _:
            return _pattern_message(str(rule), label, value)


def _pattern_message(pattern: str, label: str, value: str) -> str:
    name = label.removeprefix("an ")
    if "A-Za-z0-9._-" in pattern:
        advice = "use letters, digits, '.', '_' or '-', at most 100 characters, starting with a letter or digit"
        return f"invalid {name} {value}: {advice}"
    if "!-.0-~" in pattern and name == "bind.id":
        return f"invalid {name} {value}: use the id of a gallery: {GALLERY_ID_PLACE}"
    if "!-.0-~" in pattern:
        return f"invalid id {value} in {name.removeprefix('entry of ')}: use the id of an item, as `galleryctl show --live GALLERY` prints it"
    if "0-9a-f" in pattern:
        return f"invalid {name} {value}: use 12 to 64 of the digits 0-9 and a-f, as the rejected plan shows them"
    if pattern.startswith(r"[^\u0009"):
        return f"{label} is empty"
    return f"{label} {value} must begin with /"


def _type_message(instance: object, node: YamlNode, label: str, allowed_types: str | Sequence[str]) -> str:
    types = [allowed_types] if isinstance(allowed_types, str) else list(allowed_types)
    words = [_TYPE_NAMES[name] for name in types]
    if len(words) > 1 and "null" in types:
        words.remove("null")
    expected = " or ".join(words)
    if "string" in types and node.raw is not None and instance is not None:
        return f'{label} must be a string; quote it: "{_truncate(node.raw)}"'
    if instance is None:
        return f"{label} has no value; it must be {expected}"
    actual = "" if isinstance(instance, Mapping | list) else f", not {_display_value(instance, node)}"
    example = _EXAMPLES.get(label, "") if expected == "a mapping" else ""
    return f"{label} must be {expected}{actual}{example and f'; write {label}: {example}'}{_list_advice(instance) if 'array' in types else ''}"


def _list_advice(instance: object) -> str:
    """Return how to write a value as a list."""
    if isinstance(instance, Mapping):
        return "; begin each entry with '- '"
    if isinstance(instance, str) and instance.startswith("-"):
        return "; add a space after each dash"
    return "; put brackets around it: [a, b]" if isinstance(instance, str) else ""


def _display_value(instance: object, node: YamlNode) -> str:
    """Return the value for a message: shortened, and with the names of its variables."""
    if isinstance(instance, VariableText):
        return _truncate(json.dumps(instance.shown, ensure_ascii=False))
    if node.has_hidden_values():
        return "(from the environment)"
    return _truncate(json.dumps(instance, ensure_ascii=False, default=str))


def _truncate(text: str) -> str:
    return text if len(text) <= _MAX_VALUE_LENGTH else f"{text[:_MAX_VALUE_LENGTH]}…"
