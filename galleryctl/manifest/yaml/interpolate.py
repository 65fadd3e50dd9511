"""Replaces variables in a document and marks values that came from the environment as hidden."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from galleryctl.manifest.yaml import variables
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.model.errors import Problem
from galleryctl.model.fields import Json

_MAX_CHARACTERS = 10_000_000
"""Limit of the strings of one file, variables replaced: a long value, used many times, would exhaust memory."""


def replace_variables(
    document: YamlDocument,
    environ: Mapping[str, str],
    *,
    lenient: frozenset[str] = frozenset(),
    is_secret: Callable[[str], bool] | None = None,
) -> YamlDocument:
    """Return `document` with `${NAME}` replaced in every string.

    Unset variables are problems, except below the top-level keys in `lenient`. Variables for which `is_secret` returns
    True are problems, too: the values of a gallery are public.
    """
    if document.root is None:
        return document
    interpolator = _Interpolator(document, environ, is_secret)
    root = document.root
    if root.parts is None:
        root = interpolator.replace(root)
    else:
        parts = {}
        for key, part in root.parts.items():
            count_before = len(interpolator.problems)
            parts[key] = interpolator.replace(part)
            if key in lenient:
                del interpolator.problems[count_before:]
        root = root._replace(parts=parts, value={key: part.value for key, part in parts.items()})
    return document._replace(root=root, problems=(*document.problems, *interpolator.problems))


class _Interpolator:
    """Replaces the variables of one document and collects problems."""

    def __init__(
        self, document: YamlDocument, environ: Mapping[str, str], is_secret: Callable[[str], bool] | None
    ) -> None:
        self.problems: list[Problem] = []
        self._document = document
        self._environ = environ
        self._is_secret = is_secret
        self._characters_left = _MAX_CHARACTERS

    def replace(self, node: YamlNode) -> YamlNode:
        """Return the node with its variables replaced; the same object if it has none."""
        if isinstance(node.value, str):
            return self._replace_text(node, node.value)
        if node.parts is not None:
            parts = {key: self.replace(part) for key, part in node.parts.items()}
            if all(part is node.parts[key] for key, part in parts.items()):
                return node
            return node._replace(parts=parts, value={key: part.value for key, part in parts.items()})
        if node.items is not None:
            items = tuple(self.replace(item) for item in node.items)
            if all(new is old for new, old in zip(items, node.items, strict=True)):
                return node
            values: Json = [item.value for item in items]
            return node._replace(items=items, value=values)
        return node

    def _replace_text(self, node: YamlNode, value: str) -> YamlNode:
        if not variables.needs_substitution(value):
            return node
        hidden = variables.uses_environment(value)
        self._characters_left -= variables.max_substituted_length(value, self._environ)
        if self._characters_left < 0:
            message = f"more than {_MAX_CHARACTERS:,} characters, with variables replaced"
            self.problems.append(Problem(self._document.at(node), message))
            return node._replace(value="", hidden=hidden)
        if self._is_secret and (names := sorted(filter(self._is_secret, variables.masked_variable_names(value)))):
            message = f"the environment variable {names[0]} is a secret; gallery content is public"
            self.problems.append(Problem(self._document.at(node), message))
            return node._replace(value=variables.unmask(value), hidden=hidden)
        try:
            return node._replace(value=variables.substitute(value, self._environ), hidden=hidden)
        except variables.VariableError as error:
            self.problems.append(Problem(self._document.at(node), str(error)))
            return node._replace(value=variables.unmask(value), hidden=hidden)
