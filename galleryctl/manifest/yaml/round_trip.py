"""ruamel's reader and writer, configured to write unchanged values as they were."""

from __future__ import annotations

import io
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.emitter import Emitter
from ruamel.yaml.events import MappingEndEvent, SequenceEndEvent
from ruamel.yaml.representer import RoundTripRepresenter

from galleryctl.manifest.yaml.scalars import format_float
from galleryctl.model.characters import is_hidden

_FLOAT = "tag:yaml.org,2002:float"
_NULL = "tag:yaml.org,2002:null"


class _FloatWithText(float):
    """A number with its source text; ruamel's own class rounds exponents."""

    text: str


class _Constructor(RoundTripConstructor):
    """Reads numbers with their source text."""


class _Representer(RoundTripRepresenter):
    """Writes numbers as they were read, and None as `null`."""


class _Emitter(Emitter):
    """Escapes characters in double quotes that are invisible or change the order of text, for reviewers."""

    def write_post_comment(self, event: Any) -> Any:
        written = super().write_post_comment(event)
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            self.no_newline = False  # else, after a comment above the list, the next line break would be left out
        return written

    def write_double_quoted(self, text: Any, split: Any = True) -> None:
        stream, self.stream = self.stream, io.StringIO()
        super().write_double_quoted(text, split)
        raw, self.stream = self.stream.getvalue(), stream
        shown = raw if raw.isprintable() else "".join(map(_escape_hidden, raw))
        self.column += len(shown) - len(raw)
        self.stream.write(shown)


def _escape_hidden(character: str) -> str:
    if character < " " or not is_hidden(
        character
    ):  # ruamel escapes control characters itself; the line breaks are its own
        return character
    return f"\\U{ord(character):08X}" if character > "\uffff" else f"\\u{ord(character):04X}"


def _construct_float(constructor: Any, node: Any) -> float:
    text = constructor.construct_scalar(node)
    number = _FloatWithText(text)
    number.text = text
    return number


_Constructor.add_constructor(_FLOAT, _construct_float)
_Representer.add_representer(_FloatWithText, lambda dumper, value: dumper.represent_scalar(_FLOAT, value.text))
_Representer.add_representer(float, lambda dumper, value: dumper.represent_scalar(_FLOAT, format_float(value)))
_Representer.add_representer(type(None), lambda dumper, _: dumper.represent_scalar(_NULL, "null"))


def round_trip_yaml() -> YAML:
    """Return a reader and writer that keeps comments: two spaces, lists indented, no line wrapping."""
    yaml = YAML(typ="rt", pure=True)
    yaml.Constructor = _Constructor
    yaml.Emitter = _Emitter
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    yaml.width = 1_000_000_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
