"""Parses YAML into plain values with the position of every key and value, and problems.

`${NAME}` is masked before parsing (see `variables`), so that it needs no quotes in `{…}`. Columns do not change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import yaml

from galleryctl.manifest.yaml import variables
from galleryctl.manifest.yaml.compose import TOO_DEEP_MESSAGE, Composer, ParseAborted, source_position
from galleryctl.manifest.yaml.mistakes import find_mistake
from galleryctl.manifest.yaml.nodes import YamlDocument
from galleryctl.manifest.yaml.remarks import RemarkFinder, split_lines
from galleryctl.model.errors import Problem
from galleryctl.model.position import SourcePosition

MAX_YAML_BYTES = 10_000_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Everything but the characters that YAML allows, and the two characters of the mask.
_FORBIDDEN = re.compile(
    f"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[{variables.MASK_OPEN}{variables.MASK_CLOSE}]"
)
_CREDENTIAL = re.compile(r"(?i)key\b|secret|token|passphrase|password|authorization")
"""Lines that may have a credential are not shown."""
_ENCODINGS = (
    (re.compile(rb"\xff\xfe\0\0|\0\0\xfe\xff"), "UTF-32"),
    (re.compile(rb"\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0]"), "UTF-16"),
)
"""The first bytes of other encodings, with or without a byte order mark."""


def parse_yaml(data: bytes, file: str) -> YamlDocument:
    """Return the YAML document in `data`; all problems, encoding and syntax errors too, are in `problems`."""
    if len(data) > MAX_YAML_BYTES:
        return _unreadable(file, "", f"the file has {len(data):,} bytes; the limit is {MAX_YAML_BYTES:,}")
    if name := _other_encoding(data):
        return _unreadable(file, "", f"the file is {name}; save it as UTF-8")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        return _unreadable(
            file, before, f"the byte 0x{data[error.start]:02x} is not valid UTF-8; save the file as UTF-8"
        )
    return parse_yaml_text(text, file)


def parse_yaml_text(text: str, file: str) -> YamlDocument:
    """Return the YAML document in `text`, like `parse_yaml`."""
    text = text.removeprefix("\ufeff")
    if forbidden := _FORBIDDEN.search(text):
        message = f"the character U+{ord(forbidden[0]):04X} is not allowed in YAML"
        return _unreadable(file, text[: forbidden.start()], message)
    remarks = RemarkFinder(text)
    composer = Composer(file, remarks)
    loader = _LOADER(variables.mask(text))
    root = None
    try:
        root = composer.compose(loader)
    except yaml.MarkedYAMLError as error:
        composer.problems.append(_syntax_problem(error, text, file))
    except yaml.YAMLError as error:
        composer.problems.append(Problem(SourcePosition(file, 1, 1), f"invalid YAML: {error}"))
    except ParseAborted:
        pass
    finally:
        loader.dispose()
    return YamlDocument(file, root, tuple(_with_sources(composer.problems, text)), remarks=remarks.found())


def _other_encoding(data: bytes) -> str:
    return next((name for start, name in _ENCODINGS if start.match(data)), "")


def _unreadable(file: str, before: str, message: str) -> YamlDocument:
    """Return a document with one problem, at the position after the text `before`."""
    lines = split_lines(before)
    return YamlDocument(file, None, (Problem(SourcePosition(file, len(lines), len(lines[-1]) + 1), message),))


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    """Return the mistake that the parser stopped at, which is often above that place, and what to write instead."""
    mark = error.problem_mark or error.context_mark
    at = source_position(file, mark)
    if "nesting depth" in (error.problem or ""):
        return Problem(at, TOO_DEEP_MESSAGE)  # the limit of the parser itself, which looks ahead of the composer
    if mistake := find_mistake(split_lines(variables.mask(text))[: at.line]):
        place = SourcePosition(file, mistake.line + 1, mistake.column + 1)
        return Problem(place, variables.unmask(mistake.message))
    detail = f"{error.problem or 'unexpected end'}{f' ({error.context})' if error.context else ''}"
    return Problem(at, f"invalid YAML: check the quotes, brackets and indentation here and above: {detail}")


def _with_sources(problems: Sequence[Problem], text: str) -> Iterator[Problem]:
    """Yield the problems with the lines that they are in."""
    lines = split_lines(text) if problems else []
    for problem in dict.fromkeys(problems):
        line = lines[problem.at.line - 1] if problem.at is not None and problem.at.line <= len(lines) else ""
        yield replace(problem, source="" if _CREDENTIAL.search(line) else line)
