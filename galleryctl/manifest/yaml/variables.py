"""`${NAME}` in values: masked while YAML is parsed, then replaced from the environment, `$${` for a literal `${`.

What replaces it is never parsed again, neither as YAML nor for further variables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

MASK_OPEN, MASK_CLOSE = "\U0010fff1", "\U0010fff2"
"""Private characters that stand for the braces: no YAML parser sees a mapping in them."""

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_VARIABLE = re.compile(r"\$\{(" + _NAME + r")\}")
_TOKEN = re.compile(
    rf"(?P<escaped>\$\$[{{{MASK_OPEN}])|\${MASK_OPEN}(?P<name>{_NAME}){MASK_CLOSE}|(?P<broken>\$[{{{MASK_OPEN}])|(?P<close>{MASK_CLOSE})"
)

_SECRET = re.compile(
    r"(?:^|_)(?:\w*(?:SECRET|TOKEN|PASSWORD|PASSPHRASE|PASSWD|CREDENTIAL)|(?:API|ACCESS|PRIVATE)?KEY|AUTH)S?(?:_|$)",
    re.IGNORECASE,
)


class VariableError(Exception):
    """A variable that cannot be replaced, or a `${` that names none; the message says why."""


def mask(text: str) -> str:
    """`text` with the braces of each `${NAME}` masked; as long as before."""
    return _VARIABLE.sub(rf"${MASK_OPEN}\1{MASK_CLOSE}", text) if "${" in text else text


def unmask(text: str) -> str:
    """`text` as it was written."""
    return text.replace(MASK_OPEN, "{").replace(MASK_CLOSE, "}") if MASK_OPEN in text or MASK_CLOSE in text else text


def needs_substitution(text: str) -> bool:
    """Whether a masked value has anything to replace."""
    return "${" in text or MASK_OPEN in text


def uses_environment(text: str) -> bool:
    """Whether a masked value takes anything from the environment."""
    return any(found["name"] for found in _TOKEN.finditer(text))


def max_substituted_length(text: str, environ: Mapping[str, str]) -> int:
    """How many characters the masked value has at most, once its variables are replaced."""
    names = (found["name"] for found in _TOKEN.finditer(text))
    return len(text) + sum(len(environ.get(name, "")) for name in names if name)


def variable_names(text: str) -> frozenset[str]:
    """The names of all variables in a text that is not masked."""
    return frozenset(_VARIABLE.findall(text))


def masked_variable_names(masked: str) -> frozenset[str]:
    """The names of the variables that a masked value takes from the environment."""
    return frozenset(found["name"] for found in _TOKEN.finditer(masked) if found["name"])


def looks_secret(name: str) -> bool:
    """Whether a variable of that name holds what nobody may see, as `WIX_API_KEY` and `GITHUB_TOKEN` do."""
    return bool(_SECRET.search(name))


def substitute(text: str, environ: Mapping[str, str]) -> str:
    """The masked value with its variables replaced. Raises BadVariableError."""

    def replaced(found: re.Match[str]) -> str:
        if found["escaped"]:
            return "${"
        if found["close"]:
            return "}"
        if found["broken"]:
            raise VariableError("after ${ comes a name and }, as in ${NAME}; a literal ${ is written $${")
        name = found["name"]
        if name not in environ:
            raise VariableError(f"the environment variable {name} is not set")
        value = environ[name]
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise VariableError(f"the environment variable {name} is not valid UTF-8")
        return value

    return _TOKEN.sub(replaced, text)


def escape_variables(text: str) -> str:
    """`text` as it is written in a manifest, so that it is read back as it is."""
    return text.replace("${", "$${")
