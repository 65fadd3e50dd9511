"""ruamel's reader and writer, set up so that what is not changed is written as it was."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.representer import RoundTripRepresenter

from galleryctl.manifest.scalars import written_float

_FLOAT = "tag:yaml.org,2002:float"
_NULL = "tag:yaml.org,2002:null"


class _WrittenFloat(float):
    """A number with the text that it was written as; ruamel's own rounds exponents."""

    text: str


class _Constructor(RoundTripConstructor):
    """Reads numbers with their text."""


class _Representer(RoundTripRepresenter):
    """Writes numbers as they were read, and null as a word."""


def _read_float(constructor: Any, node: Any) -> float:
    text = constructor.construct_scalar(node)
    number = _WrittenFloat(text)
    number.text = text
    return number


_Constructor.add_constructor(_FLOAT, _read_float)
_Representer.add_representer(
    _WrittenFloat, lambda representer, value: representer.represent_scalar(_FLOAT, value.text)
)
_Representer.add_representer(
    float, lambda representer, value: representer.represent_scalar(_FLOAT, written_float(value))
)
_Representer.add_representer(type(None), lambda representer, _: representer.represent_scalar(_NULL, "null"))


def round_trip() -> YAML:
    """A reader and writer that keeps comments: two spaces, lists indented, nothing wrapped."""
    yaml = YAML(typ="rt", pure=True)
    yaml.Constructor = _Constructor
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    yaml.width = 1_000_000_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
