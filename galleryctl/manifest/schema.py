"""The published JSON Schemas, and validation of documents against them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from galleryctl.manifest.schema_messages import problems_from_error
from galleryctl.manifest.yaml.compose import MAX_PROBLEMS_PER_FILE
from galleryctl.manifest.yaml.nodes import YamlDocument
from galleryctl.model.errors import GalleryctlError, Problem
from galleryctl.model.fields import Json

if TYPE_CHECKING:
    import jsonschema_rs


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
    if _is_valid(values, name, definition):
        return frozenset()
    errors = _validator(name, definition).iter_errors(values)
    return frozenset(str(error.absolute_path[0]) for error in errors if error.absolute_path)


def _schemas_folder() -> Traversable:
    """Return the folder of the schemas: inside an installed package, beside it in a checkout."""
    packaged = resources.files("galleryctl") / "schemas"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "schemas"


def schema_problems(document: YamlDocument, name: str, definition: str = "") -> Iterator[Problem]:
    """Yield violations of the schema, or of a definition in it, except at positions that have a problem or an unknown value."""
    if document.root is None or _is_valid(document.root.value, name, definition):
        return
    skipped = document.unresolved.union(problem.at for problem in document.problems if problem.at is not None)
    errors = _validator(name, definition).iter_errors(document.root.value)
    problems = (problem for error in errors for problem in problems_from_error(error, document))
    yield from islice((problem for problem in problems if problem.at not in skipped), MAX_PROBLEMS_PER_FILE)


def _is_valid(value: object, name: str, definition: str) -> bool:
    """Return whether the value matches; False also for a value that only `_validator` can judge.

    This takes a hundredth of the time of `_validator`, which has the better messages. It may refuse more than `_validator`
    does, never less: the patterns of the schemas are written so that both regular expression engines agree.
    """
    # JSON turns the texts with variables into plain ones, which alone are accepted.
    try:
        return _fast_validator(name, definition).is_valid(json.loads(json.dumps(value)))
    except ValueError:  # half of a surrogate pair, or too many levels
        return False


@cache
def _fast_validator(name: str, definition: str) -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs  # noqa: PLC0415 - this module is imported at start-up

    return jsonschema_rs.Draft202012Validator(_part(name, definition))


@cache
def _validator(name: str, definition: str) -> Any:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - heavy, and most documents are valid

    return Draft202012Validator(_part(name, definition))


def _part(name: str, definition: str) -> dict[str, Json]:
    """Return a definition of the schema as a schema of its own, or the whole schema."""
    schema = load_schema(name)
    return {"$ref": f"#/$defs/{definition}", "$defs": schema["$defs"]} if definition else {**schema}
