"""Replaces variables in a document, where their place takes them, and marks the values from the environment."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from galleryctl.manifest.yaml import variables
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.manifest.yaml.places import AllowedVariables, Path, Place, PlaceTable
from galleryctl.model.errors import Problem
from galleryctl.model.fields import Json
from galleryctl.model.position import SourcePosition

_MAX_CHARACTERS = 10_000_000
"""Limit of the strings of one file, variables replaced: a long value, used many times, would exhaust memory."""


def replace_variables(
    document: YamlDocument,
    table: PlaceTable,
    allowed: AllowedVariables,
    environ: Mapping[str, str],
    *,
    keep_unset: bool = False,
) -> YamlDocument:
    """Return `document` with `${NAME}` replaced in every string.

    A variable at a place that does not take it is a problem. So is one that is not set, unless `keep_unset` is True: a
    text with such a variable then stays as it is, and its position is added to `unresolved`.
    """
    if document.root is None:
        return document
    interpolator = _Interpolator(document, table, allowed, environ, keep_unset=keep_unset)
    root = interpolator.replace(document.root, ())
    return document._replace(
        root=root,
        problems=(*document.problems, *interpolator.problems),
        unresolved=frozenset(interpolator.unresolved),
    )


def keep_variables(document: YamlDocument, names: Collection[str]) -> YamlDocument:
    """Return `document` with each of the variables as it is written: only escapes change, `$${` to `${`."""
    anywhere, allowed = PlaceTable(default=Place.VALUE), AllowedVariables(listed=dict.fromkeys(names, Place.VALUE))
    return replace_variables(document, anywhere, allowed, {name: f"${{{name}}}" for name in names})


class _Interpolator:
    """Replaces the variables of one document and collects problems."""

    def __init__(
        self,
        document: YamlDocument,
        table: PlaceTable,
        allowed: AllowedVariables,
        environ: Mapping[str, str],
        *,
        keep_unset: bool,
    ) -> None:
        self.problems: list[Problem] = []
        self.unresolved: list[SourcePosition] = []
        self._document = document
        self._table = table
        self._allowed = allowed
        self._environ = environ
        self._keep_unset = keep_unset
        self._characters_left = _MAX_CHARACTERS

    def replace(self, node: YamlNode, path: Path) -> YamlNode:
        """Return the node at `path` with its variables replaced; the same object if it has none."""
        if isinstance(node.value, str):
            return self._replace_text(node, node.value, path)
        if node.parts is not None:
            parts = {key: self.replace(part, (*path, key)) for key, part in node.parts.items()}
            if all(part is node.parts[key] for key, part in parts.items()):
                return node
            return node._replace(parts=parts, value={key: part.value for key, part in parts.items()})
        if node.items is not None:
            below = (*path, "*")
            items = tuple(self.replace(item, below) for item in node.items)
            if all(new is old for new, old in zip(items, node.items, strict=True)):
                return node
            values: Json = [item.value for item in items]
            return node._replace(items=items, value=values)
        return node

    def _replace_text(self, node: YamlNode, value: str, path: Path) -> YamlNode:
        if not variables.needs_substitution(value):
            return node
        names = sorted(variables.masked_variable_names(value))
        kept = node._replace(value=variables.unmask(value), hidden=bool(names))
        place = self._table.find(path) if names else None
        if why := next(filter(None, (self._allowed.problem(name, place) for name in names)), ""):
            self.problems.append(Problem(self._document.at(node), why))
            return kept
        self._characters_left -= variables.max_substituted_length(value, self._environ)
        if self._characters_left < 0:
            message = f"more than {_MAX_CHARACTERS:,} characters, with variables replaced"
            self.problems.append(Problem(self._document.at(node), message))
            return kept._replace(value="")
        if self._keep_unset and any(name not in self._environ for name in names):
            self.unresolved.append(self._document.at(node))
            return kept
        try:
            return kept._replace(value=variables.substitute(value, self._environ))
        except variables.VariableError as error:
            self.problems.append(Problem(self._document.at(node), str(error)))
            return kept
