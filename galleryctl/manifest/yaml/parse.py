"""YAML text as plain values, with the place of every key and value; what is wrong with it as problems.

`${NAME}` is masked before parsing (see `variables`), one character for one, so that it may stand bare in `{…}` and
columns stay right.
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
# What YAML allows in a stream, less the two characters of the mask.
_FORBIDDEN = re.compile(
    f"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[{variables.MASK_OPEN}{variables.MASK_CLOSE}]"
)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


def parse_yaml(data: bytes, file: str) -> YamlDocument:
    """The one YAML document in `data`; everything that is wrong with it is in `problems`. Never raises."""
    if len(data) > MAX_YAML_BYTES:
        message = f"the file has {len(data):,} bytes; at most {MAX_YAML_BYTES:,} are read"
        return YamlDocument(file, None, (Problem(SourcePosition(file, 1, 1), message),))
    if data.startswith(_UTF_16):
        message = "the file is UTF-16; save it as UTF-8"
        return YamlDocument(file, None, (Problem(SourcePosition(file, 1, 1), message),))
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        problem = _problem_after(before, file, f"the byte 0x{data[error.start]:02x} is not valid UTF-8")
        return YamlDocument(file, None, (problem,))
    return parse_yaml_text(text, file)


def parse_yaml_text(text: str, file: str) -> YamlDocument:
    """The one YAML document in `text`, as `parse`."""
    text = text.removeprefix("\ufeff")
    if wrong := _FORBIDDEN.search(text):
        problem = _problem_after(
            text[: wrong.start()], file, f"the character U+{ord(wrong[0]):04X} must not stand in YAML"
        )
        return YamlDocument(file, None, (problem,))
    builder = Composer(file)
    loader = _LOADER(variables.mask(text))
    try:
        root = builder.compose(loader)
    except yaml.MarkedYAMLError as error:
        root = None
        mark = error.problem_mark or error.context_mark
        builder.problems.append(Problem(source_position(file, mark), _syntax_error_message(error, text, mark)))
    except yaml.YAMLError as error:
        root = None
        builder.problems.append(Problem(SourcePosition(file, 1, 1), f"this is not valid YAML: {error}"))
    except ParseAborted:
        root = None
    finally:
        loader.dispose()
    return YamlDocument(file, root, tuple(builder.problems))


def _problem_after(before: str, file: str, message: str) -> Problem:
    lines = _LINE_BREAK.split(before)
    return Problem(SourcePosition(file, len(lines), len(lines[-1]) + 1), message)


def _syntax_error_message(error: yaml.MarkedYAMLError, text: str, mark: Any) -> str:
    lines = _LINE_BREAK.split(text) if mark is not None else []
    character = lines[mark.line][mark.column : mark.column + 1] if mark is not None and mark.line < len(lines) else ""
    if character == "\t":
        return "a tab stands where YAML wants spaces"
    if character in ("@", "`", "%"):
        return f"a text that begins with {character} has to be quoted"
    if "nesting depth" in (error.problem or ""):
        return TOO_DEEP_MESSAGE  # a parser with a limit of its own, which it meets while it looks ahead
    context = f" ({error.context})" if error.context else ""
    return f"this is not valid YAML: {error.problem or 'unexpected end'}{context}"
