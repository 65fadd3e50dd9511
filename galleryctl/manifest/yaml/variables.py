"""`${NAME}` in values: masked during YAML parsing, then replaced from the environment; `$${` is a literal `${`.

Replaced values are not parsed again, neither as YAML nor for further variables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from galleryctl.model.variable_text import VariableText

MASK_OPEN, MASK_CLOSE = "\U0010fff1", "\U0010fff2"
"""Private-use characters that replace the braces, so that YAML parsers do not read a mapping."""

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_VARIABLE = re.compile(r"\$\{(" + _NAME + r")\}")
_TOKEN = re.compile(
    rf"(?P<escaped>\$\$[{{{MASK_OPEN}])|\${MASK_OPEN}(?P<name>{_NAME}){MASK_CLOSE}|(?P<broken>\$[{{{MASK_OPEN}])|(?P<close>{MASK_CLOSE})"
)


class VariableError(Exception):
    """A variable that cannot be replaced, or a malformed `${`; the message says why."""


def mask(text: str) -> str:
    """Return `text` with the braces of each `${NAME}` masked; the length does not change."""
    return _VARIABLE.sub(rf"${MASK_OPEN}\1{MASK_CLOSE}", text) if "${" in text else text


def unmask(text: str) -> str:
    """Return the original of a masked text."""
    return text.replace(MASK_OPEN, "{").replace(MASK_CLOSE, "}") if MASK_OPEN in text or MASK_CLOSE in text else text


def needs_substitution(text: str) -> bool:
    """Return True if a masked value has variables or escapes to replace."""
    return "${" in text or MASK_OPEN in text


def max_substituted_length(text: str, environ: Mapping[str, str]) -> int:
    """Return the maximum length of a masked value after its variables are replaced."""
    names = (found["name"] for found in _TOKEN.finditer(text))
    return len(text) + sum(len(environ.get(name, "")) for name in names if name)


def variable_names(text: str) -> frozenset[str]:
    """Return the names of all variables in a text that is not masked."""
    return frozenset(_VARIABLE.findall(text))


def masked_variable_names(masked: str) -> frozenset[str]:
    """Return the names of the variables in a masked value."""
    return frozenset(found["name"] for found in _TOKEN.finditer(masked) if found["name"])


def substitute(text: str, environ: Mapping[str, str]) -> str:
    """Return the masked value with its variables replaced, as a VariableText if it has any. Raises VariableError."""

    def replaced(found: re.Match[str]) -> str:
        if found["escaped"]:
            return "${"
        if found["close"]:
            return "}"
        if found["broken"]:
            raise VariableError("invalid variable: write ${NAME}, or $${ for a literal ${")
        name = found["name"]
        if name not in environ:
            raise VariableError(f"the environment variable {name} is not set")
        value = environ[name]
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise VariableError(f"the environment variable {name} is not valid UTF-8")
        return value

    value = _TOKEN.sub(replaced, text)
    return VariableText(value, shown=unmask(text)) if masked_variable_names(text) else value


def escape_variables(text: str) -> str:
    """Return `text` with each `${` escaped, so that a manifest with it yields `text` again."""
    return text.replace("${", "$${")
