"""The work of `plan`, shared with the other commands that plan: options, addresses and plan files."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import replace
from json import JSONDecodeError
from pathlib import Path

import click

from galleryctl.manifest.files.tree import open_regular_file
from galleryctl.model.address import Address
from galleryctl.model.command import command_line
from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.model.json_document import parse_json
from galleryctl.plan.changes import Plan
from galleryctl.plan.file.codec import decode_plan, encode_plan
from galleryctl.plan.make import PlanOptions
from galleryctl.report.json import dump_safe_json
from galleryctl.session.open import WorkspaceSite
from galleryctl.session.outputs import check_output

DIGEST_PREFIX = re.compile(r"[0-9a-f]{12,64}")
"""A review digest, or enough of its start."""
_PLAN_START = re.compile(rb'\s*\{\s*"format_version":\s*[0-9]+,\s*"(?:site_id|lineage)"')
"""The first two members of a plan file; those of other documents begin with a kind or a version."""
MAX_PLAN_FILE_BYTES = 100_000_000
"""Limit for the size of a plan file; tens of thousands of changes fit."""


def plan_options(
    targets: Sequence[str],
    *,
    max_delete_percent: float | None,
    allow_empty: bool,
    allow_recreate: bool,
    adopt_guesses: bool = False,
    destroy: bool = False,
) -> PlanOptions:
    """Return the planner's options. Raises click.UsageError if a target is not a valid address."""
    return PlanOptions(
        targets=tuple(map(parse_pattern, targets)),
        max_delete_percent=max_delete_percent,
        allow_empty=allow_empty,
        allow_recreate=allow_recreate,
        adopt_guesses=adopt_guesses,
        destroy=destroy,
    )


def parse_address(text: str) -> Address:
    """Return the address in an argument. Raises click.UsageError if it is not valid."""
    try:
        return Address.parse(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def parse_pattern(text: str) -> Address:
    """Return the address or pattern in an argument. Raises click.UsageError if it is not valid."""
    try:
        return Address.parse_pattern(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def check_plan_file(path: Path, workspace: WorkspaceSite) -> None:
    """Raise GalleryctlError unless a plan may be written to `path`."""
    root, patterns = workspace.config.root, workspace.config.manifest_patterns
    check_output(path, root=root, patterns=patterns, start=_PLAN_START, on_wait=workspace.on_wait)


def write_plan(plan: Plan, path: Path) -> None:
    """Write the plan for a later `apply`, readable by the owner only; call `check_plan_file` first."""
    text = dump_safe_json(encode_plan(plan))

    def open_private(name: str, flags: int) -> int:
        descriptor = os.open(name, flags, 0o600)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)  # an existing file may be readable by others
        return descriptor

    try:
        with open(path, "w", encoding="utf-8", opener=open_private) as out:
            out.write(text)
    except OSError as error:
        raise GalleryctlError("cannot write the plan", where=path, why=str(error)) from error


def read_plan(path: Path) -> Plan:
    """Return the plan in a file. Raises InvalidInput if it is not a plan file or was modified after it was written."""
    try:
        return decode_plan(parse_json(_read_limited(path)))
    except InvalidInput as error:
        named = (replace(problem, message=f"{path}: {problem.message}") for problem in error.problems)
        raise InvalidInput(tuple(named), do=error.do) from error
    except OSError as error:
        problem = Problem(None, f"cannot read {path}: {error.strerror or error}")
    except (UnicodeDecodeError, JSONDecodeError):
        problem = Problem(None, f"{path} is not a galleryctl plan file")
    except ValueError as error:
        problem = Problem(None, f"{path} is not a galleryctl plan file: {error}")
    raise InvalidInput((problem,), do="create one: " + command_line("plan", "--out", "FILE"))


def _read_limited(path: Path) -> bytes:
    """Read a file that may come from anywhere. Raises OSError if it is not a regular file, ValueError if it is too long."""
    with open_regular_file(path) as stream:
        content = stream.read(MAX_PLAN_FILE_BYTES + 1)
    if len(content) > MAX_PLAN_FILE_BYTES:
        raise ValueError(f"longer than {MAX_PLAN_FILE_BYTES:,} bytes")
    return content
