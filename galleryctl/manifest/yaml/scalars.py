"""What a plain YAML scalar means, and the ones on which YAML readers disagree.

Read as YAML 1.2's core schema does. Whatever YAML 1.1 reads differently is a trap and has to be quoted: many tools
that people point at the same files still read 1.1. A key is a text however it looks.
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
"""Digits; what is longer is no number that a gallery has, and slow to convert."""

_MAX_WITHOUT_EXPONENT = 10**15
"""Whole numbers below it are suggested without an exponent."""

_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+\Z")
_OTHER_BASE = re.compile(r"[-+]?0(?:x[0-9a-fA-F_]+|o[0-7_]+|b[01_]+)\Z")
_WITH_UNDERSCORES = re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?\Z|[-+]?\.[0-9]+_[0-9_]*\Z")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}.*)?\Z")
_YAML_1_1_STRINGS = re.compile(
    r"[-+]?(?:[0-9]+[eE][-+]?[0-9]+|[0-9]*\.[0-9]*[eE][0-9]+|(?<=[-+])\.[0-9]+(?:[eE][-+][0-9]+)?)\Z"
)
"""Numbers that YAML 1.1 takes for texts: an exponent needs a point before it and a sign, a sign needs a digit."""
_SPECIAL = {"=": "the default value of a mapping", "<<": "a merge"}
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")

_AMBIGUOUS_NUMBERS = (
    (_LEADING_ZERO, "a number in base 8 to some YAML readers"),
    (_OTHER_BASE, "a number in another base to YAML readers"),
    (_SEXAGESIMAL, "a number in base 60 to some YAML readers"),
    (_DATE, "a date to some YAML readers"),
    (_WITH_UNDERSCORES, "a number to some YAML readers"),
    (_NOT_FINITE, "not a finite number"),
)
_NUMBER_START = frozenset("-+.0123456789")


def resolve_scalar(text: str) -> _Scalar:
    """The value of a plain scalar. Raises ValueError, saying what to write, for what readers disagree on."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text in _YAML_1_1_BOOLEANS:
        meaning = _YAML_1_1_BOOLEANS[text]
        raise ValueError(f'a bare {text} is {meaning} to some YAML readers; write "{text}" or {meaning}')
    if text in _SPECIAL:
        raise ValueError(f'a bare {text} is {_SPECIAL[text]} to some YAML readers; quote it: "{text}"')
    if text[0] not in _NUMBER_START:
        return text
    for pattern, meaning in _AMBIGUOUS_NUMBERS:
        if pattern.match(text):
            shown = text if len(text) <= _MAX_NUMBER_LENGTH else f"{text[:_MAX_NUMBER_LENGTH]}…"
            raise ValueError(f'a bare {shown} is {meaning}; quote it: "{shown}"')
    if _YAML_1_1_STRINGS.match(text):
        raise ValueError(
            f"a bare {text[:_MAX_NUMBER_LENGTH]} is a text to some YAML readers; quote it, or write {_format_number(text)}"
        )
    if _FLOAT.match(text):
        return _parse_number(text)
    return text


def _parse_number(text: str) -> int | float:
    if len(text) > _MAX_NUMBER_LENGTH:
        raise ValueError(f"a number of {len(text)} characters; quote it if it is a text")
    if _INT.match(text):
        return int(text)
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f'{text} is too large a number; quote it if it is a text: "{text}"')
    return value


def _format_number(text: str) -> str:
    """A number as every reader reads it."""
    value = float(_parse_number(text))
    return f"{value:.0f}" if value.is_integer() and abs(value) < _MAX_WITHOUT_EXPONENT else format_float(value)


def format_float(value: float) -> str:
    """A finite number as every reader reads it: an exponent has a point before it and a sign."""
    text = repr(value)
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


def is_plain(text: str) -> bool:
    """Whether `text`, written bare, is read back as this very text (its characters are not looked at)."""
    try:
        return resolve_scalar(text) == text
    except ValueError:
        return False
