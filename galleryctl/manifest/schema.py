"""The published JSON Schemas, and validation of documents against them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import islice
from pathlib import Path
from typing import Any

from galleryctl.manifest.schema_messages import problems_from_error
from galleryctl.manifest.yaml.compose import MAX_PROBLEMS_PER_FILE
from galleryctl.manifest.yaml.nodes import YamlDocument
from galleryctl.model.errors import GalleryctlError, Problem
from galleryctl.model.fields import Json


def load_schema(name: str) -> Mapping[str, Json]:
    """Return the schema `workspace`, `gallery`, `plan` … as JSON. Raises GalleryctlError for an unknown name."""
    file = _schemas_folder() / f"{name}.schema.json"
    if not name.isidentifier() or not file.is_file():
        raise GalleryctlError(f"unknown schema {name!r}", do=f"use one of: {', '.join(schema_names())}")
    schema: Mapping[str, Json] = json.loads(file.read_text(encoding="utf-8"))
    return schema


def schema_names() -> tuple[str, ...]:
    """Return the sorted names of all schemas."""
    suffix = ".schema.json"
    files = sorted(file.name for file in _schemas_folder().iterdir())
    return tuple(name.removesuffix(suffix) for name in files if name.endswith(suffix))


def invalid_keys(values: Mapping[str, Json], name: str, definition: str) -> frozenset[str]:
    """Return the keys of `values` whose values violate a definition of the schema."""
    errors = _validator(name, definition).iter_errors(values)
    return frozenset(str(error.absolute_path[0]) for error in errors if error.absolute_path)


def _schemas_folder() -> Traversable:
    """Return the folder of the schemas: inside an installed package, beside it in a checkout."""
    packaged = resources.files("galleryctl") / "schemas"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "schemas"


def schema_problems(document: YamlDocument, name: str, definition: str = "") -> Iterator[Problem]:
    """Yield violations of the schema, or of a definition in it, except at positions that have a problem or an unknown value."""
    if document.root is None:
        return
    skipped = document.unresolved.union(problem.at for problem in document.problems if problem.at is not None)
    errors = _validator(name, definition).iter_errors(document.root.value)
    problems = (problem for error in errors for problem in problems_from_error(error, document))
    yield from islice((problem for problem in problems if problem.at not in skipped), MAX_PROBLEMS_PER_FILE)


@cache
def _validator(name: str, definition: str) -> Any:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - heavy, and this is imported at start-up

    schema = load_schema(name)
    part: Json = {"$ref": f"#/$defs/{definition}"} if definition else schema
    return Draft202012Validator(_inline_references(part, schema))


def _inline_references(part: Json, schema: Mapping[str, Json]) -> Any:
    """Return `part` with references inlined, which halves the time of validation. No schema refers to itself."""
    if isinstance(part, Mapping):
        reference = part.get("$ref")
        if isinstance(reference, str):
            definitions: Any = schema["$defs"]
            target = definitions[reference.removeprefix("#/$defs/")]
            part = {**target, **{key: value for key, value in part.items() if key != "$ref"}}
        return {key: _inline_references(value, schema) for key, value in part.items() if key != "$defs"}
    if isinstance(part, list):
        return [_inline_references(value, schema) for value in part]
    return part
