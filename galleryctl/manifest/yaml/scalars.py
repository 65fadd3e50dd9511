"""Values of plain YAML scalars, read by the core schema of YAML 1.2.

Scalars that YAML 1.1 reads differently must be quoted, because many tools still use 1.1. Keys are always strings.
"""

from __future__ import annotations

import math
import re

_Scalar = None | bool | int | float | str

CORE_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null"))
STRING_TAGS = frozenset({"tag:yaml.org,2002:str", "!"})

_CONSTANTS: dict[str, _Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_YAML_1_1_BOOLEANS = {
    form: meaning
    for words, meaning in ((("yes", "on", "y"), "true"), (("no", "off", "n"), "false"))
    for word in words
    for form in (word, word.capitalize(), word.upper())
}
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_MAX_NUMBER_LENGTH = 100
"""Characters; longer numbers are mistakes, and slow to convert."""
_MAX_WITHOUT_EXPONENT = 10**15
"""Integers below it are suggested without an exponent."""
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+\Z")
_OTHER_BASE = re.compile(r"[-+]?0(?:x[0-9a-fA-F_]+|o[0-7_]+|b[01_]+)\Z")
_WITH_UNDERSCORES = re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?\Z|[-+]?\.[0-9]+_[0-9_]*\Z")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}.*)?\Z")
_YAML_1_1_STRINGS = re.compile(
    r"[-+]?(?:[0-9]+[eE][-+]?[0-9]+|[0-9]*\.[0-9]*[eE][0-9]+|(?<=[-+])\.[0-9]+(?:[eE][-+][0-9]+)?)\Z"
)
"""Numbers that YAML 1.1 reads as strings: it requires a point and a sign for an exponent, and a digit after a sign."""
_SPECIAL = {"=": "the default value of a mapping", "<<": "a merge key"}
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")

_AMBIGUOUS_NUMBERS = (
    (_LEADING_ZERO, "an octal number"),
    (_OTHER_BASE, "a number in another base"),
    (_SEXAGESIMAL, "a number in base 60"),
    (_DATE, "a date"),
    (_WITH_UNDERSCORES, "a number"),
    (_NOT_FINITE, "a non-finite number"),
)
_NUMBER_START = frozenset("-+.0123456789")


def resolve_scalar(text: str) -> _Scalar:
    """Return the value of a plain scalar. Raises ValueError, with a correction, if parsers disagree on it."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text in _YAML_1_1_BOOLEANS:
        meaning = _YAML_1_1_BOOLEANS[text]
        raise ValueError(f'ambiguous scalar {text}: YAML parsers may read it as {meaning}; write "{text}" or {meaning}')
    if text in _SPECIAL:
        raise ValueError(f'ambiguous scalar {text}: YAML parsers may read it as {_SPECIAL[text]}; quote it: "{text}"')
    if text[0] not in _NUMBER_START:
        return text
    for pattern, meaning in _AMBIGUOUS_NUMBERS:
        if pattern.match(text):
            shown = text if len(text) <= _MAX_NUMBER_LENGTH else f"{text[:_MAX_NUMBER_LENGTH]}…"
            raise ValueError(f'ambiguous scalar {shown}: YAML parsers may read it as {meaning}; quote it: "{shown}"')
    if _YAML_1_1_STRINGS.match(text):
        start = f"ambiguous scalar {text[:_MAX_NUMBER_LENGTH]}: YAML parsers may read it as a string"
        raise ValueError(f"{start}; quote it, or write {_format_number(text)}")
    if _FLOAT.match(text):
        return _parse_number(text)
    return text


def _parse_number(text: str) -> int | float:
    if len(text) > _MAX_NUMBER_LENGTH:
        raise ValueError(f"a number with {len(text)} characters is too long; quote it if it is a string")
    if _INT.match(text):
        return int(text)
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f'the number {text} is too large; quote it if it is a string: "{text}"')
    return value


def _format_number(text: str) -> str:
    """Return a number in a form that all parsers read alike."""
    value = float(_parse_number(text))
    return f"{value:.0f}" if value.is_integer() and abs(value) < _MAX_WITHOUT_EXPONENT else format_float(value)


def format_float(value: float) -> str:
    """Return a finite number in a form that all parsers read alike: 1e+20 becomes 1.0e+20."""
    text = repr(value)
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


def is_plain(text: str) -> bool:
    """Return True if `text`, unquoted, resolves to itself; characters special to YAML are not checked."""
    try:
        return resolve_scalar(text) == text
    except ValueError:
        return False
