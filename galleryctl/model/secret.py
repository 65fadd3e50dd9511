"""Strings that must not be printed: keys, tokens, passwords."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that prints, logs and formats as `***`."""

    _value: str

    def reveal(self) -> str:
        """Return the plaintext; call this only where the secret is sent."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__
