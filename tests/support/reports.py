"""Read the output of `--format json`, checked against the published schema."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator

from galleryctl.manifest.schema import load_schema


def parse_report(printed: str) -> dict[str, Any]:
    """Return the document that a command printed, after validating it by `schemas/report.schema.json`."""
    document: dict[str, Any] = json.loads(printed)
    Draft202012Validator(load_schema("report")).validate(document)
    return document
