"""A document with its variables replaced; values that came from the environment are marked hidden."""

from __future__ import annotations

from collections.abc import Mapping

from galleryctl.manifest import variables
from galleryctl.manifest.nodes import Document, Node
from galleryctl.model.errors import Problem
from galleryctl.model.fields import Json


def replace_variables(
    document: Document, environ: Mapping[str, str], *, lenient: frozenset[str] = frozenset()
) -> Document:
    """`document` with `${NAME}` replaced in every text. Unset ones are problems, except under the `lenient` keys."""
    if document.root is None:
        return document
    problems: list[Problem] = []
    root = document.root
    if root.parts is None:
        root = _replaced(root, document, environ, problems)
    else:
        parts = {}
        for key, part in root.parts.items():
            found: list[Problem] = []
            parts[key] = _replaced(part, document, environ, found)
            if key not in lenient:
                problems += found
        root = root._replace(parts=parts, value={key: part.value for key, part in parts.items()})
    return document._replace(root=root, problems=(*document.problems, *problems))


def _replaced(node: Node, document: Document, environ: Mapping[str, str], problems: list[Problem]) -> Node:
    if isinstance(node.value, str):
        return _text(node, node.value, document, environ, problems)
    if node.parts is not None:
        parts = {key: _replaced(part, document, environ, problems) for key, part in node.parts.items()}
        if all(part is node.parts[key] for key, part in parts.items()):
            return node
        return node._replace(parts=parts, value={key: part.value for key, part in parts.items()})
    if node.items is not None:
        items = tuple(_replaced(item, document, environ, problems) for item in node.items)
        if all(new is old for new, old in zip(items, node.items, strict=True)):
            return node
        values: Json = [item.value for item in items]
        return node._replace(items=items, value=values)
    return node


def _text(
    node: Node, value: str, document: Document, environ: Mapping[str, str], problems: list[Problem]
) -> Node:
    if not variables.concerns(value):
        return node
    hidden = variables.names_variable(value)
    try:
        return node._replace(value=variables.substitute(value, environ), hidden=hidden)
    except variables.UnsetVariableError as error:
        problems.append(Problem(document.at(node), str(error)))
        return node._replace(value=variables.unmask(value), hidden=hidden)
