"""Settings of galleryctl.yaml whose variables are replaced when they are used: a command needs only those that it uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.manifest.yaml.variables import VariableError, mask, substitute
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.position import SourcePosition

SETTING_ADVICE = "correct the variable in the shell or the job"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A text of galleryctl.yaml, as it is written there."""

    text: str
    at: SourcePosition
    uses_variables: bool = False

    @classmethod
    def read(cls, document: YamlDocument, node: YamlNode | None) -> Setting | None:
        """Return the setting at a node, None if there is no text."""
        if node is None or not isinstance(node.value, str):
            return None
        return cls(text=node.value, at=document.at(node), uses_variables=node.hidden)

    def __str__(self) -> str:
        return self.text

    def value(self, environ: Mapping[str, str]) -> str:
        """Return the text with its variables replaced, then as a VariableText. Raises InvalidInput if one is not set."""
        if not self.uses_variables:
            return self.text
        try:
            return substitute(mask(self.text), environ)
        except VariableError as error:
            raise invalid_setting(self, str(error)) from error


def invalid_setting(setting: Setting, message: str) -> InvalidInput:
    """Return the error about the value of a setting; the message must not show the value."""
    return InvalidInput((Problem(setting.at, message),), do=SETTING_ADVICE)
