"""What the commands that plan have in common."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.manifest.files.tree import open_regular_file
from galleryctl.model.address import Address
from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.plan.changes import Plan
from galleryctl.plan.file.codec import decode_plan, encode_plan
from galleryctl.plan.file.decode import parse_plan_json
from galleryctl.plan.make import PlanOptions
from galleryctl.report.json import dump_safe_json
from galleryctl.report.render import render

MAX_PLAN_FILE_BYTES = 100_000_000
"""Bytes of a plan file: what several ten thousand changes take."""


def plan_options(
    targets: Sequence[str],
    *,
    max_delete_percent: float | None,
    allow_empty: bool,
    allow_recreate: bool,
    destroy: bool = False,
) -> PlanOptions:
    """The options as the planner takes them. Raises click.UsageError for a target that is no address."""
    return PlanOptions(
        targets=tuple(map(parse_address, targets)),
        max_delete_percent=max_delete_percent,
        allow_empty=allow_empty,
        allow_recreate=allow_recreate,
        destroy=destroy,
    )


def parse_address(text: str) -> Address:
    """The address that an argument writes. Raises click.UsageError when it is none."""
    try:
        return Address.parse(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def print_plan(plan: Plan, settings: CliSettings, *, drift: bool = False) -> None:
    """Print the plan in the format that the options name."""
    output.result(
        render(
            plan,
            settings.format,
            drift=drift,
            color=output.use_color(settings),
            width=output.terminal_width(),
            verbose=settings.verbose > 0,
        )
    )


def write_plan(plan: Plan, path: Path) -> None:
    """Write the plan for a later `apply`; only its owner may read it."""
    text = dump_safe_json(encode_plan(plan))

    def open_private(name: str, flags: int) -> int:
        descriptor = os.open(name, flags, 0o600)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)  # one that is there may be readable for others
        return descriptor

    try:
        with open(path, "w", encoding="utf-8", opener=open_private) as out:
            out.write(text)
    except OSError as error:
        raise GalleryctlError("the plan cannot be written", where=path, why=str(error)) from error


def read_plan(path: Path) -> Plan:
    """The plan in a file. Raises InvalidInput when it is none, or was changed since it was written."""
    try:
        return decode_plan(parse_plan_json(_read_limited(path).decode()))
    except InvalidInput as error:
        named = (replace(problem, message=f"{path}: {problem.message}") for problem in error.problems)
        raise InvalidInput(tuple(named), do=error.do) from error
    except OSError as error:
        problem = Problem(None, f"{path} cannot be read: {error.strerror or error}")
    except ValueError as error:
        problem = Problem(None, f"{path}: this is no plan file: {error}")
    raise InvalidInput((problem,), do="make one with: galleryctl plan --out FILE")


def _read_limited(path: Path) -> bytes:
    """Raises OSError when it is no file, ValueError when it is too long: whoever made it may be nobody we know."""
    with open_regular_file(path) as stream:
        content = stream.read(MAX_PLAN_FILE_BYTES + 1)
    if len(content) > MAX_PLAN_FILE_BYTES:
        raise ValueError(f"it is longer than {MAX_PLAN_FILE_BYTES:,} bytes")
    return content
