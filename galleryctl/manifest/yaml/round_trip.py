"""ruamel's reader and writer, set up so that what is not changed is written as it was."""

from __future__ import annotations

import io
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.emitter import Emitter
from ruamel.yaml.representer import RoundTripRepresenter

from galleryctl.manifest.yaml.scalars import format_float
from galleryctl.model.characters import is_hidden

_FLOAT = "tag:yaml.org,2002:float"
_NULL = "tag:yaml.org,2002:null"


class _FloatWithText(float):
    """A number with the text that it was written as; ruamel's own rounds exponents."""

    text: str


class _Constructor(RoundTripConstructor):
    """Reads numbers with their text."""


class _Representer(RoundTripRepresenter):
    """Writes numbers as they were read, and null as a word."""


class _Emitter(Emitter):
    """Writes in double quotes as an escape what a reviewer would not see, or see at another place than it stands."""

    def write_double_quoted(self, text: Any, split: Any = True) -> None:
        stream, self.stream = self.stream, io.StringIO()
        super().write_double_quoted(text, split)
        raw, self.stream = self.stream.getvalue(), stream
        shown = raw if raw.isprintable() else "".join(map(_escape_hidden, raw))
        self.column += len(shown) - len(raw)
        self.stream.write(shown)


def _escape_hidden(character: str) -> str:
    if character < " " or not is_hidden(character):  # ruamel escapes controls by itself; a line end is its own
        return character
    code = ord(character)
    return f"\\U{code:08X}" if code > 0xFFFF else f"\\u{code:04X}"  # noqa: PLR2004 - what four digits hold


def _construct_float(constructor: Any, node: Any) -> float:
    text = constructor.construct_scalar(node)
    number = _FloatWithText(text)
    number.text = text
    return number


_Constructor.add_constructor(_FLOAT, _construct_float)
_Representer.add_representer(
    _FloatWithText, lambda representer, value: representer.represent_scalar(_FLOAT, value.text)
)
_Representer.add_representer(
    float, lambda representer, value: representer.represent_scalar(_FLOAT, format_float(value))
)
_Representer.add_representer(type(None), lambda representer, _: representer.represent_scalar(_NULL, "null"))


def round_trip_yaml() -> YAML:
    """A reader and writer that keeps comments: two spaces, lists indented, nothing wrapped."""
    yaml = YAML(typ="rt", pure=True)
    yaml.Constructor = _Constructor
    yaml.Emitter = _Emitter
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    yaml.width = 1_000_000_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
