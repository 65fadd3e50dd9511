"""The published JSON Schemas, as validators."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft202012Validator

_FOLDER = Path(__file__).parents[2] / "schemas"


def schema_validator(name: str) -> Draft202012Validator:
    """Return the validator of the schema with this name."""
    return Draft202012Validator(json.loads((_FOLDER / f"{name}.schema.json").read_text(encoding="utf-8")))
