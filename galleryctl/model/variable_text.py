"""Texts whose variables were replaced from the environment: they act as their value and are displayed with the names."""

from __future__ import annotations

import hashlib
from typing import Self


class VariableText(str):
    """A text with a value from the environment; it compares, hashes and is sent as its value.

    What is printed uses `displayed`, so that it does not show the value:

        folder = VariableText("/2027", shown="/${GALLERYCTL_VAR_YEAR}")
        folder == "/2027"; displayed(folder) == "/${GALLERYCTL_VAR_YEAR}"

    A text that is read from a plan has `shown` as its value until its variables are replaced; `sha256` is then the digest
    of the value that it had in the plan.
    """

    __slots__ = ("sha256", "shown")

    shown: str
    """The text with `${NAME}` in place of the values."""
    sha256: str
    """The digest of the value, in hex."""

    def __new__(cls, value: str, shown: str, sha256: str = "") -> Self:
        """Return the text with this value, which is displayed as `shown`."""
        text = super().__new__(cls, value)
        text.shown = shown
        text.sha256 = sha256 or hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()
        return text

    def __getnewargs__(self) -> tuple[str, str, str]:  # type: ignore[override]  # copies take all values
        return str(self), self.shown, self.sha256


def displayed(text: str) -> str:
    """Return the text as messages and documents show it: with `${NAME}` in place of values from the environment."""
    return text.shown if isinstance(text, VariableText) else text
