"""Writes YAML that parsers of version 1.1 and 1.2 read alike; ruamel keeps the comments."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from galleryctl.manifest.yaml import variables
from galleryctl.manifest.yaml.anchor_comments import keep_anchors, mask_anchor_comments, unmask_anchor_comments
from galleryctl.manifest.yaml.scalars import format_float, is_plain
from galleryctl.model.characters import is_hidden
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.fields import FIELDS, Json
from galleryctl.model.position import SourcePosition

_PLAIN_SAFE = re.compile(r"\w(?:[\w .'()/&+!;-]*[\w.')/!])?\Z")
_URL = re.compile(r"(?:https|wix:image|wix:video)://[A-Za-z0-9./~%&=+_#-]+\Z")
_BLOCK_SAFE = re.compile(
    r"(?! )(?:(?: *[^\s#][^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]*)?(?<![ \t])(?:\n|\Z))+\Z"
)
"""Texts of lines that do not look like comments, and whose spaces at the ends no editor can remove unseen."""
_MAX_QUOTED = 40
"""Characters of a text with double quotes that is written on one line."""
_FIELD_MEMBERS = frozenset(member for field in FIELDS for member in field.members)


def load_round_trip(text: str, file: str) -> Any:
    """Return the text as a ruamel mapping with comments. Raises InvalidInput if ruamel cannot read it."""
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - heavy

    from galleryctl.manifest.yaml.round_trip import round_trip_yaml  # noqa: PLC0415 - as above

    try:
        tree = round_trip_yaml().load(mask_anchor_comments(variables.mask(text)))
    except (YAMLError, *_RUAMEL_ERRORS) as error:
        raise _round_trip_error(file, error) from error
    keep_anchors(tree)
    return tree


def dump_round_trip(tree: Any, file: str) -> str:
    """Return the text of a ruamel mapping with comments. Raises InvalidInput if ruamel cannot write it."""
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - heavy

    from galleryctl.manifest.yaml.round_trip import round_trip_yaml  # noqa: PLC0415 - as above

    out = io.StringIO()
    try:
        round_trip_yaml().dump(tree, out)
        # ruamel drops a line break after comments in some places, which joins two values.
        if round_trip_yaml().load(out.getvalue()) != tree:
            raise ValueError("the values would change")
    except (YAMLError, *_RUAMEL_ERRORS) as error:
        raise _round_trip_error(file, error) from error
    return variables.unmask(unmask_anchor_comments(out.getvalue()))


# ruamel raises any of these for a comment in a place that it does not support.
_RUAMEL_ERRORS = (ValueError, TypeError, AttributeError, LookupError, AssertionError, NotImplementedError)


def _round_trip_error(file: str, error: Exception) -> InvalidInput:
    first = (str(error).splitlines() or [type(error).__name__])[0]
    message = f"this YAML cannot be written back with its comments ({first}); simplify it"
    return InvalidInput((Problem(SourcePosition(file, 1, 1), message),))


def to_yaml_value(value: Json, *, flow: bool = False) -> Any:
    """Return a value for ruamel to write; with `flow` on one line."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq  # noqa: PLC0415 - heavy

    if isinstance(value, str):
        return _yaml_string(value, variables.escape_variables(value), flow=flow)
    collection: Any
    if isinstance(value, Mapping):
        # keys are not escaped: variables are not replaced in them
        parts = {_yaml_key(key): to_yaml_value(part, flow=flow) for key, part in value.items()}
        collection = CommentedMap(parts)
    elif isinstance(value, Sequence):
        collection = CommentedSeq([to_yaml_value(part, flow=flow) for part in value])
    else:
        return value
    if flow:
        collection.fa.set_flow_style()
    return collection


def _yaml_key(key: str) -> Any:
    """Return a key in the plainest safe style; `y` of a focal point is plain, as people write it and parsers read it."""
    return key if key in _FIELD_MEMBERS else _yaml_string(key, key, flow=True)


def _yaml_string(value: str, escaped: str, *, flow: bool) -> Any:
    """Return a string in the plainest safe style: plain, block or double-quoted."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString  # noqa: PLC0415 - heavy

    if _is_plain_safe(value):
        return value
    if not flow and is_block_text(value):
        return LiteralScalarString(escaped)
    return DoubleQuotedScalarString(escaped)


def _is_plain_safe(value: str) -> bool:
    return bool(_URL.match(value) or (_PLAIN_SAFE.match(value) and is_plain(value)))


def is_block_text(value: Json) -> bool:
    """Return True for a text that is easier to read below `|`: of several lines, or long and with double quotes."""
    if not isinstance(value, str) or value.startswith("\n") or value.endswith("\n\n"):
        return False
    if "\n" not in value.rstrip("\n") and ('"' not in value or len(value) <= _MAX_QUOTED):
        return False
    return bool(_BLOCK_SAFE.match(value)) and not any(map(is_hidden, value.replace("\n", "")))


def inline_text(value: Json, quote: str = "") -> str:
    """Return a value on one line; `quote` is the quotation mark of the string that it replaces, "" if it had none.

    It is what ruamel writes, which takes some milliseconds for each value.
    """
    if isinstance(value, str):
        return _inline_string(value, variables.escape_variables(value), quote)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{inline_key(key)}: {inline_text(part)}" for key, part in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(inline_text, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return format_float(value) if isinstance(value, float) else str(value)


def inline_source(text: str) -> str:
    """Return a string as it is in a manifest, with its variables, on one line."""
    return _inline_string(text, text)


def inline_key(key: str) -> str:
    """Return a key on one line."""
    return key if key in _FIELD_MEMBERS else _inline_string(key, key)


def _inline_string(value: str, escaped: str, quote: str = "") -> str:
    if not quote and _is_plain_safe(value):
        return value
    if not escaped.isprintable():
        from ruamel.yaml.scalarstring import DoubleQuotedScalarString  # noqa: PLC0415 - heavy

        return dump_round_trip([DoubleQuotedScalarString(escaped)], "").strip().removeprefix("- ")
    if quote == "'":
        return "'" + escaped.replace("'", "''") + "'"
    return '"' + escaped.replace("\\", "\\\\").replace('"', '\\"') + '"'
