"""`${NAME}` in values: masked while YAML is parsed, then replaced from the environment, `$${` for a literal `${`.

What replaces it is never parsed again, neither as YAML nor for further variables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

OPEN, CLOSE = "\U0010fff1", "\U0010fff2"
"""Private characters that stand for the braces: no YAML parser sees a mapping in them."""

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_WRITTEN = re.compile(r"\$\{(" + _NAME + r")\}")
_PART = re.compile(
    rf"(?P<escaped>\$\$[{{{OPEN}])|\${OPEN}(?P<name>{_NAME}){CLOSE}|(?P<broken>\$[{{{OPEN}])|(?P<close>{CLOSE})"
)

_SECRET = re.compile(
    r"(?:^|_)(?:\w*(?:SECRET|TOKEN|PASSWORD|PASSPHRASE|PASSWD|CREDENTIAL)|(?:API|ACCESS|PRIVATE)?KEY|AUTH)S?(?:_|$)",
    re.IGNORECASE,
)


class BadVariableError(Exception):
    """A variable that cannot be replaced, or a `${` that names none; the message says why."""


def mask(text: str) -> str:
    """`text` with the braces of each `${NAME}` masked; as long as before."""
    return _WRITTEN.sub(rf"${OPEN}\1{CLOSE}", text) if "${" in text else text


def unmask(text: str) -> str:
    """`text` as it was written."""
    return text.replace(OPEN, "{").replace(CLOSE, "}") if OPEN in text or CLOSE in text else text


def concerns(text: str) -> bool:
    """Whether a masked value has anything to replace."""
    return "${" in text or OPEN in text


def names_variable(text: str) -> bool:
    """Whether a masked value takes anything from the environment."""
    return any(found["name"] for found in _PART.finditer(text))


def length(text: str, environ: Mapping[str, str]) -> int:
    """How many characters the masked value has at most, once its variables are replaced."""
    names = (found["name"] for found in _PART.finditer(text))
    return len(text) + sum(len(environ.get(name, "")) for name in names if name)


def names_in(text: str) -> frozenset[str]:
    """The names of all variables in a text that is not masked."""
    return frozenset(_WRITTEN.findall(text))


def names_of(masked: str) -> frozenset[str]:
    """The names of the variables that a masked value takes from the environment."""
    return frozenset(found["name"] for found in _PART.finditer(masked) if found["name"])


def sounds_secret(name: str) -> bool:
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
            raise BadVariableError("after ${ comes a name and }, as in ${NAME}; a literal ${ is written $${")
        name = found["name"]
        if name not in environ:
            raise BadVariableError(f"the environment variable {name} is not set")
        value = environ[name]
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise BadVariableError(f"the environment variable {name} is not valid UTF-8")
        return value

    return _PART.sub(replaced, text)


def escape(text: str) -> str:
    """`text` as it is written in a manifest, so that it is read back as it is."""
    return text.replace("${", "$${")
