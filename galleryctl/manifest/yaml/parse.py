"""Parses YAML into plain values with the position of every key and value, and problems.

`${NAME}` is masked before parsing (see `variables`), so that it needs no quotes in `{…}`. Columns do not change.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from galleryctl.manifest.yaml import variables
from galleryctl.manifest.yaml.compose import TOO_DEEP_MESSAGE, Composer, ParseAborted, source_position
from galleryctl.manifest.yaml.nodes import YamlDocument
from galleryctl.model.errors import Problem
from galleryctl.model.position import SourcePosition

MAX_YAML_BYTES = 10_000_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Everything but the characters that YAML allows, and the two characters of the mask.
_FORBIDDEN = re.compile(
    f"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[{variables.MASK_OPEN}{variables.MASK_CLOSE}]"
)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


def parse_yaml(data: bytes, file: str) -> YamlDocument:
    """Return the YAML document in `data`; all problems, encoding and syntax errors too, are in `problems`."""
    if len(data) > MAX_YAML_BYTES:
        return _unreadable(file, "", f"the file has {len(data):,} bytes; the limit is {MAX_YAML_BYTES:,}")
    if data.startswith(_UTF_16):
        return _unreadable(file, "", "the file is UTF-16; save it as UTF-8")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        return _unreadable(file, before, f"the byte 0x{data[error.start]:02x} is not valid UTF-8")
    return parse_yaml_text(text, file)


def parse_yaml_text(text: str, file: str) -> YamlDocument:
    """Return the YAML document in `text`, like `parse_yaml`."""
    text = text.removeprefix("\ufeff")
    if forbidden := _FORBIDDEN.search(text):
        message = f"the character U+{ord(forbidden[0]):04X} is not allowed in YAML"
        return _unreadable(file, text[: forbidden.start()], message)
    composer = Composer(file)
    loader = _LOADER(variables.mask(text))
    root = None
    try:
        root = composer.compose(loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        composer.problems.append(Problem(source_position(file, mark), _syntax_error_message(error, text, mark)))
    except yaml.YAMLError as error:
        composer.problems.append(Problem(SourcePosition(file, 1, 1), f"invalid YAML: {error}"))
    except ParseAborted:
        pass
    finally:
        loader.dispose()
    return YamlDocument(file, root, tuple(composer.problems))


def _unreadable(file: str, before: str, message: str) -> YamlDocument:
    """Return a document with one problem, at the position after the text `before`."""
    lines = _LINE_BREAK.split(before)
    return YamlDocument(file, None, (Problem(SourcePosition(file, len(lines), len(lines[-1]) + 1), message),))


def _syntax_error_message(error: yaml.MarkedYAMLError, text: str, mark: Any) -> str:
    lines = _LINE_BREAK.split(text) if mark is not None else []
    character = lines[mark.line][mark.column : mark.column + 1] if mark is not None and mark.line < len(lines) else ""
    if character == "\t":
        return "tabs are not allowed for indentation"
    if character in ("@", "`", "%"):
        return f"a string that begins with {character} must be quoted"
    if "nesting depth" in (error.problem or ""):
        return TOO_DEEP_MESSAGE  # the limit of the parser itself, which looks ahead of the composer
    context = f" ({error.context})" if error.context else ""
    return f"invalid YAML: {error.problem or 'unexpected end'}{context}"
