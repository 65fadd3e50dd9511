"""Texts with values from the environment in the plan document: the names of their variables, and a digest of the value.

    title: VariableText("Season 2027", shown="Season ${GALLERYCTL_VAR_YEAR}")
    →   {"variables": "Season ${GALLERYCTL_VAR_YEAR}", "sha256": "4b1f…"}

An apply of the plan reads the variables again, and rejects the plan if a value has another digest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from galleryctl.model import json_document as doc
from galleryctl.model.fields import Json
from galleryctl.model.variable_text import VariableText

_TEXT, _DIGEST = "variables", "sha256"
_HEX = re.compile("[0-9a-f]{64}")


def encode_value(value: Json) -> Json:
    """Return `value` as JSON without values from the environment, and with lists instead of tuples."""
    if isinstance(value, VariableText):
        return {_TEXT: value.shown, _DIGEST: value.sha256}
    if isinstance(value, Mapping):
        return {name: encode_value(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [encode_value(part) for part in value]
    return value


def read_value(value: Json) -> Json:
    """Return the value in a document; the inverse of `encode_value`, but for the values from the environment."""
    value = doc.json_value(value)
    return _with_texts(value)


def read_variable_text(value: Json) -> str:
    """Return the text in a document. Raises InvalidDocumentError if it is something else."""
    text = _variable_text(value) if isinstance(value, Mapping) else None
    return doc.string(value) if text is None else text


def _variable_text(value: Mapping[str, Json]) -> VariableText | None:
    """Return the text that an object describes, None if it is another object."""
    shown, sha256 = value.get(_TEXT), value.get(_DIGEST)
    if value.keys() != {_TEXT, _DIGEST} or not (isinstance(shown, str) and isinstance(sha256, str)):
        return None
    if not _HEX.fullmatch(sha256):
        raise doc.InvalidDocumentError("has an invalid digest")
    return VariableText(shown, shown, sha256)


def _with_texts(value: Json) -> Json:
    if isinstance(value, Mapping):
        if text := _variable_text(value):
            return text
        return {name: _with_texts(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return tuple(map(_with_texts, value))
    return [_with_texts(part) for part in value] if isinstance(value, list) else value
